"""The clock's own work: every process ticks, the first tick of a period puts the job, and one process does it."""

import logging
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.domain.errors import StorageError
from bot.domain.ports import Clock
from bot.work import Handler, Work
from storage.store import Store

log = logging.getLogger(__name__)

_TICK_MINUTES = 10
_REDELIVERY_SECONDS = 48 * 3600
"""Finished jobs are kept this long: Telegram redelivers updates for 24 hours."""

_COUNTED = timedelta(days=2)
"""Limits look at a day at most."""


class Cron(Handler):
    """Ticks while entered, and handles jobs of kind `prune`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    async def __aenter__(self) -> "Cron":
        trigger = IntervalTrigger(minutes=_TICK_MINUTES, timezone="UTC")
        self._scheduler.add_job(self.tick, trigger, misfire_grace_time=None, coalesce=True)
        self._scheduler.start()
        await self.tick()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._scheduler.shutdown(wait=False)

    async def tick(self) -> None:
        """Put this hour's job, unless some process has."""
        hour = self._clock.now().strftime("%Y-%m-%dT%H")
        try:
            async with self._store.begin() as tx:
                await tx.jobs.put("cron", "prune", {}, dedup=f"cron:prune:{hour}")
        except StorageError:
            log.warning("a tick is skipped: the database is out of reach")

    async def run(self, work: Work) -> None:
        async with self._store.begin() as tx:
            jobs = await tx.jobs.prune(older_than_seconds=_REDELIVERY_SECONDS)
            files = await tx.files.prune()
            counters = await tx.counters.prune(self._clock.now() - _COUNTED)
        log.info("pruned", extra={"jobs": jobs, "files": files, "counters": counters})

    async def give_up(self, work: Work, error: Exception) -> None:
        """The next hour's job does the same."""
