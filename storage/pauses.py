"""Replies that wait for a person's yes or no: what is asked, and what was decided."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, null, select, update

from bot.domain.reply import Request
from bot.domain.thread import TurnState
from storage.tables import pauses, turns
from storage.types import NOW
from storage.wire import Wire


@dataclass(frozen=True, slots=True)
class Pause:
    turn_id: int
    text: str
    """What the reply reads so far."""
    requests: tuple[Request, ...]
    """Empty when the question is only who should answer."""
    state: str
    """`Paused.state`, as the engine gave it."""
    granted: bool | None
    """None until somebody decides."""


_PUT = Wire.insert(pauses).values(granted=null(), created_at=NOW)
PUT = _PUT.on_conflict_do_update(
    index_elements=[pauses.c.turn_id],
    set_={name: _PUT.excluded[name] for name in ("text", "requests", "state", "granted", "created_at")},
)
OF_TURN = select(pauses).where(pauses.c.turn_id == bindparam("turn"))
_WAITS = exists().where(turns.c.id == pauses.c.turn_id, turns.c.state == TurnState.REQUIRES_ACTION)
DECIDE = (
    update(pauses)
    .where(pauses.c.turn_id == bindparam("turn"), pauses.c.granted.is_(None), _WAITS)
    .values(granted=bindparam("decision"))
)
FORGET = delete(pauses).where(pauses.c.turn_id == bindparam("turn"))


class Pauses:
    """At most one for each turn; `Turns` is what others talk to."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def put(self, turn_id: int, text: str, requests: Sequence[Request], state: str) -> None:
        """A new pause, still undecided, in place of the one before."""
        asked = [asdict(request) for request in requests]
        await self._wire.count(PUT, {"turn_id": turn_id, "text": text, "requests": asked, "state": state})

    async def of(self, turn_id: int) -> Pause | None:
        row = await self._wire.row(OF_TURN, {"turn": turn_id})
        return None if row is None else _pause(row)

    async def decide(self, turn_id: int, granted: bool) -> bool:
        """Whether this decision is the one that counts: the first, of a turn that waits for it."""
        return await self._wire.count(DECIDE, {"turn": turn_id, "decision": granted}) == 1

    async def forget(self, turn_id: int) -> None:
        await self._wire.count(FORGET, {"turn": turn_id})


def _pause(row: Row[*tuple[Any, ...]]) -> Pause:
    return Pause(
        turn_id=row.turn_id,
        text=row.text,
        requests=tuple(Request(**request) for request in row.requests),
        state=row.state,
        granted=row.granted,
    )
