"""What users want made, as far as they have said it: one brief for each thread and order specialist."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from storage.tables import briefs, threads
from storage.wire import Wire

BriefList = list["Brief"]


@dataclass(frozen=True, slots=True)
class Brief:
    id: int
    user_id: int
    thread_id: int
    specialist: str
    values: Mapping[str, str]
    """By the names of the specialist's brief fields."""
    complete: bool
    """Nothing that is required is missing."""
    created_at: datetime
    updated_at: datetime


class Briefs:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def save(
        self, user_id: int, thread_id: int, specialist: str, values: Mapping[str, str], *, complete: bool
    ) -> Brief:
        """The thread's brief for that specialist reads `values` now."""
        now = self._wire.now()
        said = {"answers": dict(values), "complete": complete, "updated_at": now}
        brief = Wire.insert(briefs).values(
            user_id=user_id, thread_id=thread_id, specialist=specialist, created_at=now, **said
        )
        kept = brief.on_conflict_do_update(
            index_elements=[briefs.c.thread_id, briefs.c.specialist],
            set_={name: brief.excluded[name] for name in said},
        )
        (row,) = await self._wire.rows(kept.returning(briefs))
        return _brief(row)

    async def of_thread(self, thread_id: int, specialist: str) -> Brief | None:
        """The one that is being filled or waits to be ordered."""
        wanted = select(briefs).where(briefs.c.thread_id == thread_id, briefs.c.specialist == specialist)
        row = await self._wire.row(wanted)
        return None if row is None else _brief(row)

    async def list(self, user_id: int) -> BriefList:
        """Oldest first, but for those of shared threads: what they hold several people may have said."""
        alone = select(briefs).join(threads).where(briefs.c.user_id == user_id, ~threads.c.shared)
        theirs = alone.order_by(briefs.c.id)
        return [_brief(row) for row in await self._wire.rows(theirs)]


def _brief(row: Row[*tuple[Any, ...]]) -> Brief:
    return Brief(
        id=row.id,
        user_id=row.user_id,
        thread_id=row.thread_id,
        specialist=row.specialist,
        values=row.answers,
        complete=row.complete,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
