"""The clock's own work: every process ticks, the first tick of a period puts the job, and one process does it."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.domain.errors import FilesAway, StorageError
from bot.domain.ports import Clock
from bot.work import Handler, Work
from storage.blobs import SWEEP
from storage.store import Store, Tx
from storage.vault import Vault

log = logging.getLogger(__name__)

_TICK_MINUTES = 10
_REDELIVERY_SECONDS = 48 * 3600
"""Finished jobs are kept this long: Telegram redelivers updates for 24 hours."""

_COUNTED = timedelta(days=2)
"""Limits look at a day at most."""


class Cron(Handler):
    """Ticks while entered, and handles jobs of the kinds `prune` (each hour) and `sweep` (when files became free)."""

    def __init__(self, store: Store, clock: Clock, *, vault: Vault, days: int | None = None) -> None:
        """`days`: how long what users said and sent is kept; for ever when None."""
        self._store = store
        self._clock = clock
        self._vault = vault
        self._days = days
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
        if work.job.kind != SWEEP:
            await self._prune()
            await self._forget_old(work)
        try:
            swept = await self._vault.sweep()
        except FilesAway as error:
            log.warning("what nobody needs is left to the next hour", extra={"detail": error.detail})
        else:
            log.info("swept", extra={"blobs": swept})

    async def _prune(self) -> None:
        async with self._store.begin() as tx:
            jobs = await tx.jobs.prune(older_than_seconds=_REDELIVERY_SECONDS)
            files = await tx.files.prune()
            counters = await tx.counters.prune(self._clock.now() - _COUNTED)
        log.info("pruned", extra={"jobs": jobs, "files": files, "counters": counters})

    async def _forget_old(self, work: Work) -> None:
        """In portions, so that others write between them."""
        days = self._days
        if days is None:
            return
        counts = {
            "threads": await self._in_portions(work, lambda tx: tx.retention.forget_threads(days)),
            "uploads": await self._in_portions(work, lambda tx: tx.retention.forget_uploads(days)),
            "files": await self._in_portions(work, lambda tx: tx.retention.forget_files(days)),
        }
        log.info("what was kept long enough is forgotten", extra=counts)

    async def _in_portions(self, work: Work, forget: Callable[[Tx], Awaitable[int]]) -> int:
        forgotten = 0
        while True:
            work.check()
            async with self._store.begin() as tx:
                count = await forget(tx)
            if not count:
                return forgotten
            forgotten += count

    async def give_up(self, work: Work, error: Exception) -> None:
        """The next hour's job does the same."""
