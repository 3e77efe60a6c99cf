"""The loop of every process: claim, hand to the handler of the kind, heartbeat, finish; drain when told to stop."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from random import Random

from bot.domain.errors import LeaseLost, StorageError, SwitchboardError
from bot.domain.job import Job, backoff_seconds
from bot.domain.ports import Clock
from bot.telemetry import Metrics, bound
from bot.work import Handler, Work
from storage.store import Store

log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0
_CLAIM_AT_MOST = 50
_DROPPED_SECONDS = 0.5


class Worker:
    """Runs jobs of the kinds in `handlers`, up to `concurrency` at once."""

    def __init__(
        self,
        store: Store,
        handlers: Mapping[str, Handler],
        *,
        clock: Clock,
        metrics: Metrics,
        random: Random,
        concurrency: int = 1_000,
        lease_seconds: float = 5.0,
    ) -> None:
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._metrics = metrics
        self._random = random
        self._concurrency = concurrency
        self._lease_seconds = lease_seconds
        self._running: dict[int, tuple[Work, asyncio.Task[None]]] = {}
        self._dropped: list[Work] = []
        """Work that ended without a word to the database, which may believe that we still have it."""
        self._claiming = asyncio.Lock()
        self._wake = asyncio.Event()
        self._busy = asyncio.Event()
        self._draining = False

    @property
    def jobs_in_hand(self) -> int:
        """How many jobs run in this process now."""
        return len(self._running)

    async def run(self) -> None:
        """Work until cancelled. Jobs that run then are cancelled too; call `drain` first to be kind.

        What a dead process of our name held is free at once.
        """
        await self._inherit()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._beat())
                group.create_task(self._watch_leases())
                group.create_task(self._claim_forever())
        finally:
            tasks = [task for _, task in self._running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self, within_seconds: float) -> None:
        """Claim nothing more, let running jobs end, then hand the rest to whoever claims them next."""
        self._draining = True
        async with self._claiming:
            pass  # a claim on its way still counts
        tasks = {task for _, task in self._running.values()}
        if tasks:
            waiter = asyncio.ensure_future(asyncio.wait(tasks))
            timer = asyncio.ensure_future(self._clock.sleep(within_seconds))
            await asyncio.wait({waiter, timer}, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
            timer.cancel()
        left = list(self._running.values())
        for _, task in left:
            task.cancel()
        for work, task in left:
            with suppress(asyncio.CancelledError, Exception):
                await task
            await self._put_back(work, delay_seconds=0, counts=False)

    async def _inherit(self) -> None:
        try:
            async with self._store.begin() as tx:
                # A SQLite file has one process, so whoever held a job before is dead, whatever its name.
                dead = "" if self._store.dialect == "sqlite" else f"{self._store.process}/"
                inherited = await tx.jobs.release(dead)
        except StorageError:
            log.warning("jobs of a dead predecessor wait for their leases to run out")
        else:
            log.info("inherited", extra={"jobs": inherited})

    async def _listen(self) -> None:
        async with self._store.bus.subscribe("jobs", "stop") as messages:
            async for topic, message in messages:
                if topic == "stop" and (held := self._running.get(int(message))):
                    held[0].stop.set()
                self._wake.set()

    async def _claim_forever(self) -> None:
        while True:
            self._wake.clear()
            try:
                pause = await self._claim_once()
            except StorageError:
                log.exception("cannot claim jobs")
                pause = _POLL_SECONDS
            if pause > 0:
                await self._wait(pause)

    async def _give_back(self) -> None:
        while self._dropped:
            await self._put_back(self._dropped[-1], delay_seconds=_DROPPED_SECONDS)
            self._dropped.pop()

    async def _claim_once(self) -> float:
        """Claim what there is room for; seconds until the next look."""
        async with self._claiming:
            await self._give_back()
            return await self._claim()

    async def _claim(self) -> float:
        room = min(self._concurrency - len(self._running), _CLAIM_AT_MOST)
        if room <= 0 or self._draining:
            return _POLL_SECONDS
        started = self._clock.monotonic()
        async with self._store.begin() as tx:
            jobs = await tx.jobs.claim(self._store.owner, room, lease_seconds=self._lease_seconds)
            # Looked up at once: to claim again only to find nothing would take the database from what was claimed.
            due = None if len(jobs) == room else await tx.jobs.next_due_seconds()
        for job in jobs:
            self._start(job, started)
        if len(jobs) == room:
            return 0.0
        return min(_POLL_SECONDS, max(due, 0.005)) if due is not None else _POLL_SECONDS

    async def _wait(self, seconds: float) -> None:
        """Until something was put or finished, or `seconds` have passed."""
        waker = asyncio.ensure_future(self._wake.wait())
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({waker, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waker.cancel()
            timer.cancel()

    def _start(self, job: Job, claimed_at: float) -> None:
        work = Work(job, self._store, self._clock, leased_until=claimed_at + self._lease_seconds)
        if job.stop:
            work.stop.set()
        waited = self._clock.now() - job.due_at
        self._metrics.dispatch_seconds.observe(max(0.0, waited.total_seconds()))
        task = asyncio.get_running_loop().create_task(self._run(work))
        self._running[job.id] = work, task
        self._busy.set()

    async def _run(self, work: Work) -> None:
        job = work.job
        with bound(job=job.id, lane=job.lane, kind=job.kind, attempt=job.attempts):
            try:
                await self._handle(work)
            except LeaseLost:
                self._metrics.lease_lost_total.inc()
                log.warning("lost the lease and fell silent")
                self._dropped.append(work)
            except StorageError:
                log.exception("the database or the file store is out of reach")
                self._dropped.append(work)
            finally:
                self._running.pop(job.id, None)
                if not self._running:
                    self._busy.clear()
                self._wake.set()

    async def _handle(self, work: Work) -> None:
        handler = self._handlers.get(work.job.kind)
        if handler is None:
            log.error("no handler for this kind of job")
            await self._bury(work, "no-handler")
            return
        try:
            if work.job.attempts > handler.attempts(work):
                raise SwitchboardError("the process died with this job too often")
            await handler.run(work)
        except (LeaseLost, StorageError):
            raise
        except Exception as error:
            await self._after_failure(handler, work, error)
        if not work.ended:
            async with work.finishing():
                pass

    async def _after_failure(self, handler: Handler, work: Work, error: Exception) -> None:
        transient = error.retryable if isinstance(error, SwitchboardError) else True
        if transient and work.job.attempts < handler.attempts(work):
            log.warning("will try again", exc_info=error)
            asked = error.retry_after_seconds if isinstance(error, SwitchboardError) else None
            await self._put_back(work, delay_seconds=asked or backoff_seconds(work.job.attempts, self._random))
            return
        log.error("gave up", exc_info=error)
        try:
            await handler.give_up(work, error)
        except (LeaseLost, StorageError):
            raise
        except Exception:
            log.exception("could not even tell that it was given up")
        if not work.ended:
            await self._bury(work, type(error).__name__)

    async def _bury(self, work: Work, error: str) -> None:
        async with self._store.begin() as tx:
            await tx.jobs.bury(work.job, error)
        work.ended = True

    async def _put_back(self, work: Work, *, delay_seconds: float, counts: bool = True) -> None:
        if work.ended:
            return
        try:
            async with self._store.begin() as tx:
                await tx.jobs.retry(work.job, delay_seconds=delay_seconds, counts=counts)
        except LeaseLost:
            log.info("someone else has the job already")
        work.ended = True

    async def _beat(self) -> None:
        while True:
            await self._busy.wait()
            await self._clock.sleep(self._lease_seconds / 3)
            try:
                await self._heartbeat()
            except StorageError:
                log.exception("no heartbeat")

    async def _heartbeat(self) -> None:
        started = self._clock.monotonic()
        before = dict(self._running)
        async with self._store.begin() as tx:
            held = await tx.jobs.heartbeat(self._store.owner, before, lease_seconds=self._lease_seconds)
        for job_id, (work, task) in before.items():
            beat = held.get(job_id)
            if beat is not None and beat.attempts == work.job.attempts:
                work.leased_until = started + self._lease_seconds
                if beat.stop:
                    work.stop.set()
            elif not work.ended:
                work.leased_until = started
                task.cancel("lease lost")

    async def _watch_leases(self) -> None:
        """Cancel what our own clock says is no longer ours, should heartbeats not come through."""
        while True:
            await self._busy.wait()
            await self._clock.sleep(self._lease_seconds / 5)
            now = self._clock.monotonic()
            for work, task in list(self._running.values()):
                if now >= work.leased_until and not work.ended:
                    task.cancel("lease over")
