"""Every update that was received, once: the public account."""

from datetime import datetime

from sqlalchemy import bindparam, update

from storage.tables import updates
from storage.types import NOW
from storage.wire import Wire

RECEIVE = (
    Wire.insert(updates)
    .values(received_at=NOW)
    .on_conflict_do_nothing(index_elements=[updates.c.id])
    .returning(updates.c.id)
)
EXPECT_REPLY = update(updates).where(updates.c.id == bindparam("update")).values(turn_id=bindparam("turn"))


class Updates:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def insert(self, id: str, kind: str, at: datetime) -> bool:  # noqa: A002
        """Enter the update; False when it was seen before."""
        return await self._wire.row(RECEIVE, {"id": id, "kind": kind, "at": at}) is not None

    async def expects_reply(self, id: str, turn_id: int) -> None:  # noqa: A002
        """The update waits for that turn."""
        await self._wire.count(EXPECT_REPLY, {"update": id, "turn": turn_id})

    async def refuse(self, id: str, reason: str) -> None:  # noqa: A002
        """The user was told at once that the update will not be answered; `reason` is a short code."""
        await self._wire.count(update(updates).where(updates.c.id == id).values(refusal=reason or "refused"))
