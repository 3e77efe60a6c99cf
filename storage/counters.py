"""Counts by name and period: what quotas and rate limits look at."""

from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, func, literal, select

from storage.tables import counters
from storage.types import CleanText
from storage.wire import Wire

_ADD = Wire.insert(counters)
ADD = _ADD.on_conflict_do_update(
    index_elements=[counters.c.name, counters.c.period],
    set_={"amount": counters.c.amount + _ADD.excluded.amount},
).returning(counters.c.amount)
GET = select(counters.c.amount).where(
    counters.c.name == bindparam("counter"), counters.c.period == bindparam("counted_in")
)


class Counters:
    """A name tells who is counted, as in `turns:user:12`; a period is a date or a moment in ISO 8601, or a beginning of
    one: `2026-11-21`, `2026-11-21T10:33`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def add(self, name: str, period: str, amount: int = 1) -> int:
        """The new total."""
        return int(await self._wire.scalar(ADD, {"name": name, "period": period, "amount": amount}))

    async def get(self, name: str, period: str) -> int:
        return int(await self._wire.scalar(GET, {"counter": name, "counted_in": period}) or 0)

    async def prune(self, before: datetime) -> int:
        """Forget the periods that were over before `before` (aware); how many counts."""
        moment = literal(before.astimezone(UTC).isoformat(), CleanText)
        over = counters.c.period < func.substr(moment, 1, func.length(counters.c.period))
        return await self._wire.count(delete(counters).where(over))
