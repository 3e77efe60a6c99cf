"""Named leases: who polls Telegram."""

from sqlalchemy import delete, or_

from storage.tables import leases
from storage.wire import Wire


class Leases:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def hold(self, name: str, owner: str, *, lease_seconds: float) -> bool:
        """Take the lease, or extend it; False while someone else holds it."""
        until = self._wire.now(lease_seconds)
        wanted = self._wire.insert(leases).values(name=name, owner=owner, held_until=until)
        taken = wanted.on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"owner": wanted.excluded.owner, "held_until": wanted.excluded.held_until},
            where=or_(leases.c.owner == owner, leases.c.held_until <= self._wire.now()),
        )
        return await self._wire.row(taken.returning(leases.c.name)) is not None

    async def drop(self, name: str, owner: str) -> None:
        """Give the lease back, if `owner` has it."""
        await self._wire.count(delete(leases).where(leases.c.name == name, leases.c.owner == owner))
