"""Where specialists said that a human is needed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from storage.tables import escalations
from storage.wire import Wire


@dataclass(frozen=True, slots=True)
class Escalated:
    id: int
    user_id: int
    thread_id: int
    turn_id: int
    reason: str
    created_at: datetime


class Escalations:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def record(self, user_id: int, thread_id: int, turn_id: int, reason: str) -> None:
        entry = insert(escalations).values(
            user_id=user_id, thread_id=thread_id, turn_id=turn_id, reason=reason, created_at=self._wire.now()
        )
        await self._wire.count(entry)

    async def of_thread(self, thread_id: int) -> list[Escalated]:
        """Oldest first."""
        there = select(escalations).where(escalations.c.thread_id == thread_id).order_by(escalations.c.id)
        return [
            Escalated(row.id, row.user_id, row.thread_id, row.turn_id, row.reason, row.created_at)
            for row in await self._wire.rows(there)
        ]
