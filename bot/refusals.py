"""What users are told at once instead of an answer."""

from bot.domain.incoming import Incoming
from bot.domain.ports import Clock
from bot.domain.thread import User
from bot.lanes import notice_lane
from bot.telemetry import Metrics
from storage.store import Tx

_NOTICE_SECONDS = 15


class Refusals:
    """Every method works in the transaction it is given."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics

    async def refuse(self, tx: Tx, incoming: Incoming, user: User, key: str, **arguments: str | int) -> None:
        """The event will not be answered, and `key` is the Fluent key of the sentence that says so."""
        await tx.updates.refuse(incoming.id, key)
        self._metrics.refusals_total.labels(key).inc()
        await self.notice(tx, incoming, user, key, **arguments)

    async def notice(self, tx: Tx, incoming: Incoming, user: User, key: str, **arguments: str | int) -> None:
        """Tell the user, once in a while however often the same happens."""
        place = str(incoming.place)
        moment = int(self._clock.now().timestamp() // _NOTICE_SECONDS)
        payload = {"place": place, "key": key, "arguments": arguments, "locale": user.locale}
        await tx.jobs.put(notice_lane(incoming.place), "notice", payload, dedup=f"notice:{place}:{key}:{moment}")
