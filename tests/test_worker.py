"""The worker against a real database of each kind: what is claimed, run, retried, given up, lost and handed over."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from itertools import pairwise
from random import Random

import pytest

from bot.domain.errors import LeaseLost, NotAllowed, RateLimited, StorageError
from bot.domain.job import Job
from bot.telemetry import Metrics
from bot.work import Handler, Work
from bot.worker import Worker
from storage.store import Store
from tests.fakes.clock import ManualClock, WatchedLoop
from tests.postgres import postgres_server, postgres_url
from tests.storage.conftest import OpenStore, clock, open_store, sqlite_template, sqlite_url, store, url

__all__ = ["clock", "open_store", "postgres_server", "postgres_url", "sqlite_template", "sqlite_url", "store", "url"]

LEASE = 5.0
SOON = LEASE + 2.0
"""A lease and the first backoff, with the second between two looks."""


class Acting(Handler):
    """Does with each job what the test says, and remembers."""

    def __init__(self, clock: ManualClock, act: Callable[[Work], Awaitable[None]]) -> None:
        self._clock = clock
        self._act = act
        self.runs: list[tuple[str, float]] = []
        self.ended: list[str] = []
        self.cancelled: list[str] = []
        self.given_up: list[tuple[str, str]] = []
        self.at_once = 0
        self.most_at_once = 0

    async def run(self, work: Work) -> None:
        name = work.job.payload["name"]
        self.runs.append((name, self._clock.monotonic()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._act(work)
            self.ended.append(name)
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        finally:
            self.at_once -= 1

    async def give_up(self, work: Work, error: Exception) -> None:
        self.given_up.append((work.job.payload["name"], type(error).__name__))

    def times(self, name: str) -> list[float]:
        return [time for run, time in self.runs if run == name]


async def nothing(work: Work) -> None:
    """Done at once."""


async def forever(work: Work) -> None:
    await asyncio.Event().wait()


class Crew:
    """The workers of a test; each has `Acting` for the kind "act"."""

    def __init__(self, clock: ManualClock, stack: AsyncExitStack) -> None:
        self.clock = clock
        self._stack = stack

    async def works(
        self,
        store: Store,
        act: Callable[[Work], Awaitable[None]],
        *,
        concurrency: int = 100,
        lease_seconds: float = LEASE,
    ) -> tuple[Worker, Acting]:
        handler = Acting(self.clock, act)
        worker = await self._stack.enter_async_context(
            working(store, {"act": handler}, self.clock, concurrency=concurrency, lease_seconds=lease_seconds)
        )
        return worker, handler


@asynccontextmanager
async def working(
    store: Store, handlers: Mapping[str, Handler], clock: ManualClock, *, concurrency: int, lease_seconds: float
) -> AsyncIterator[Worker]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    loop.busy.append(lambda: store.open_transactions > 0)
    worker = Worker(
        store,
        handlers,
        clock=clock,
        metrics=Metrics(),
        random=Random(7),
        concurrency=concurrency,
        lease_seconds=lease_seconds,
    )
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await clock.advance(0)  # nobody is cut off in the middle of a transaction
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def crew(clock: ManualClock, store: Store) -> AsyncIterator[Crew]:
    async with AsyncExitStack() as stack:
        yield Crew(clock, stack)


async def put(store: Store, name: str, *, lane: str = "", kind: str = "act") -> int:
    async with store.begin() as tx:
        job = await tx.jobs.put(lane or name, kind, {"name": name})
    assert job is not None
    return job.id


async def claim(store: Store, owner: str = "next", *, lease_seconds: float = 600.0) -> list[Job]:
    async with store.begin() as tx:
        return await tx.jobs.claim(owner, 100, lease_seconds=lease_seconds)


async def steal(url: str, store: Store, clock: ManualClock) -> tuple[Store, list[Job]]:
    """A thief, and what it took from the process of `store`, as after a pause in which the leases ran out."""
    thief = await Store.open(url, clock=clock, name="thief", exclusive=False)
    async with thief.begin() as tx:
        await tx.jobs.release(f"{store.process}/")
        return thief, await tx.jobs.claim(thief.owner, 100, lease_seconds=600.0)


async def open_jobs(store: Store) -> int:
    async with store.begin() as tx:
        return sum((await tx.jobs.depth()).values())


# --- A handler that leaves without a word ---------------------------------------------------------------------------


@pytest.mark.parametrize("error", [StorageError("gone"), LeaseLost("perhaps")])
async def test_a_job_left_without_a_word_runs_again_soon_although_another_keeps_the_worker_busy(
    error: Exception, crew: Crew, store: Store
) -> None:
    async def act(work: Work) -> None:
        if work.job.payload["name"] == "long":
            await forever(work)
        elif work.job.attempts == 1:
            raise error

    _, handler = await crew.works(store, act)
    await put(store, "long")
    await put(store, "left")
    await crew.clock.until(lambda: len(handler.times("left")) == 2, within_seconds=SOON)
    assert handler.ended == ["left"]
    assert len(handler.times("long")) == 1


async def test_a_job_left_without_a_word_keeps_its_place_in_the_lane(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        if work.job.attempts == 1 and work.job.payload["name"] == "first":
            raise StorageError("gone")

    _, handler = await crew.works(store, act)
    await put(store, "first", lane="lane")
    await put(store, "second", lane="lane")
    await crew.clock.until(lambda: "second" in handler.ended, within_seconds=SOON)
    assert [name for name, _ in handler.runs] == ["first", "first", "second"]


async def test_heartbeats_extend_only_what_is_in_hand(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        if work.job.payload["name"] == "long":
            await forever(work)

    _, handler = await crew.works(store, act)
    await put(store, "long")
    await crew.clock.until(lambda: bool(handler.runs))
    async with store.begin() as tx:  # a claim whose answer never came
        await tx.jobs.put("lane", "act", {"name": "unknown"})
        await tx.jobs.claim(store.owner, 1, lease_seconds=LEASE)
    await crew.clock.until(lambda: "unknown" in handler.ended, within_seconds=SOON)
    assert len(handler.times("long")) == 1


async def test_a_long_job_is_kept_through_many_leases(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        await crew.clock.sleep(20 * LEASE)

    _, handler = await crew.works(store, act)
    await put(store, "long")
    await crew.clock.until(lambda: handler.ended == ["long"])
    await crew.clock.advance(0)
    assert len(handler.runs) == 1
    assert await open_jobs(store) == 0


# --- Leases ---------------------------------------------------------------------------------------------------------


async def test_a_job_that_was_taken_is_cancelled(crew: Crew, store: Store, url: str) -> None:
    worker, handler = await crew.works(store, forever)
    await put(store, "mine")
    await crew.clock.until(lambda: worker.jobs_in_hand == 1)
    thief, stolen = await steal(url, store, crew.clock)
    await thief.close()
    assert len(stolen) == 1
    await crew.clock.until(lambda: handler.cancelled == ["mine"], within_seconds=LEASE)
    await crew.clock.until(lambda: worker.jobs_in_hand == 0)
    assert len(handler.runs) == 1
    assert handler.given_up == []


async def test_the_late_end_of_a_job_that_was_taken_is_refused(crew: Crew, store: Store, url: str) -> None:
    late = asyncio.Event()

    async def act(work: Work) -> None:
        await late.wait()

    worker, handler = await crew.works(store, act)
    await put(store, "mine")
    await crew.clock.until(lambda: worker.jobs_in_hand == 1)
    thief, (stolen,) = await steal(url, store, crew.clock)
    late.set()
    await crew.clock.until(lambda: worker.jobs_in_hand == 0)
    assert handler.ended == ["mine"]
    await crew.clock.advance(3 * LEASE)
    async with thief.begin() as tx:
        await tx.jobs.finish(stolen)  # LeaseLost, had the late end or anything else touched the job
    await thief.close()
    assert len(handler.runs) == 1


async def test_a_job_is_silent_once_its_lease_ran_out_in_a_dead_database(
    sqlite_url: str, open_store: OpenStore, clock: ManualClock
) -> None:
    store = await open_store(sqlite_url)
    async with AsyncExitStack() as stack:
        worker, handler = await Crew(clock, stack).works(store, forever)
        await put(store, "mine")
        await clock.until(lambda: worker.jobs_in_hand == 1)
        await clock.advance(0)
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as locking:
            locking.execute("BEGIN IMMEDIATE")
            await clock.until(lambda: handler.cancelled == ["mine"], within_seconds=LEASE * 1.3)
            locking.execute("ROLLBACK")
        await clock.until(lambda: len(handler.runs) == 2, within_seconds=SOON)


# --- Stopping -------------------------------------------------------------------------------------------------------


async def test_a_stop_reaches_the_handler_by_the_bus_before_any_heartbeat(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        await work.stop.wait()

    _, handler = await crew.works(store, act, lease_seconds=3_600)
    await put(store, "mine")
    await put(store, "other")
    await crew.clock.until(lambda: len(handler.runs) == 2)
    async with store.begin() as tx:
        assert await tx.jobs.stop("mine") == 1
    await crew.clock.until(lambda: handler.ended == ["mine"], within_seconds=10)
    await crew.clock.advance(10)
    assert handler.ended == ["mine"]


async def test_a_stop_is_still_set_when_the_job_runs_again(crew: Crew, store: Store) -> None:
    stopped: list[bool] = []

    async def act(work: Work) -> None:
        stopped.append(work.stop.is_set())
        if len(stopped) == 1:
            await work.stop.wait()
            raise RuntimeError("crashed while stopping")

    _, handler = await crew.works(store, act)
    await put(store, "mine")
    await crew.clock.until(lambda: len(stopped) == 1)
    async with store.begin() as tx:
        await tx.jobs.stop("mine")
    await crew.clock.until(lambda: handler.ended == ["mine"])
    assert stopped == [False, True]


# --- Failing --------------------------------------------------------------------------------------------------------


async def test_a_failing_job_is_tried_again_ever_later_and_given_up_once_before_its_lane_moves_on(
    crew: Crew, store: Store
) -> None:
    async def act(work: Work) -> None:
        if work.job.payload["name"] == "fails":
            raise RuntimeError("always")

    _, handler = await crew.works(store, act)
    await put(store, "fails", lane="lane")
    await put(store, "follows", lane="lane")
    await crew.clock.until(lambda: handler.ended == ["follows"])
    assert handler.given_up == [("fails", "RuntimeError")]
    assert [name for name, _ in handler.runs] == [*["fails"] * 5, "follows"]
    times = handler.times("fails")
    for tries, (earlier, later) in enumerate(pairwise(times)):
        assert 0.5 * 2**tries <= later - earlier <= 1.0 * 2**tries + 1.0
    await crew.clock.advance(60)
    assert len(handler.given_up) == 1
    assert await open_jobs(store) == 0


async def test_a_failure_that_will_not_pass_is_given_up_at_once(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        raise NotAllowed("never")

    _, handler = await crew.works(store, act)
    await put(store, "fails")
    await crew.clock.until(lambda: bool(handler.given_up))
    await crew.clock.advance(60)
    assert (len(handler.runs), handler.given_up) == (1, [("fails", "NotAllowed")])
    assert await open_jobs(store) == 0


async def test_who_asked_for_a_pause_gets_it(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        if work.job.attempts == 1:
            raise RateLimited("slowly", retry_after_seconds=42)

    _, handler = await crew.works(store, act)
    await put(store, "patient")
    await crew.clock.until(lambda: handler.ended == ["patient"])
    first, second = handler.times("patient")
    assert 42 <= second - first <= 43


async def test_a_job_with_which_every_process_dies_is_given_up_without_another_run(crew: Crew, store: Store) -> None:
    await put(store, "deadly")
    for number in range(5):
        (job,) = await claim(store, f"dead {number}", lease_seconds=1)
        assert job.attempts == number + 1
        await crew.clock.advance(2)
    _, handler = await crew.works(store, nothing)
    await crew.clock.until(lambda: bool(handler.given_up))
    await crew.clock.advance(60)
    assert (handler.runs, len(handler.given_up)) == ([], 1)
    assert await open_jobs(store) == 0


async def test_a_job_that_cannot_even_be_given_up_ends(crew: Crew, store: Store) -> None:
    class Hopeless(Acting):
        async def give_up(self, work: Work, error: Exception) -> None:
            await super().give_up(work, error)
            raise RuntimeError("that too")

    async def act(work: Work) -> None:
        raise NotAllowed("never")

    handler = Hopeless(crew.clock, act)
    async with working(store, {"act": handler}, crew.clock, concurrency=5, lease_seconds=LEASE):
        await put(store, "fails")
        await crew.clock.until(lambda: bool(handler.given_up))
        await crew.clock.advance(60)
    assert len(handler.given_up) == 1
    assert await open_jobs(store) == 0


async def test_a_job_of_unknown_kind_is_buried_and_its_lane_moves_on(crew: Crew, store: Store) -> None:
    _, handler = await crew.works(store, nothing)
    await put(store, "what?", lane="lane", kind="unheard-of")
    await put(store, "follows", lane="lane")
    await crew.clock.until(lambda: handler.ended == ["follows"], within_seconds=5)
    await crew.clock.advance(5)
    assert await open_jobs(store) == 0
    assert handler.given_up == []


# --- Draining -------------------------------------------------------------------------------------------------------


async def test_a_drain_lets_short_jobs_end_and_puts_long_ones_back_at_once(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        await crew.clock.sleep(3 if work.job.payload["name"] == "short" else 3_600)

    worker, handler = await crew.works(store, act)
    await put(store, "short")
    await put(store, "long")
    await crew.clock.until(lambda: len(handler.runs) == 2)
    began = crew.clock.monotonic()
    draining = asyncio.create_task(worker.drain(10))
    await crew.clock.until(draining.done)
    assert (handler.ended, handler.cancelled) == (["short"], ["long"])
    assert crew.clock.monotonic() - began <= 10.5
    assert [job.payload["name"] for job in await claim(store)] == ["long"]


async def test_a_drain_ends_as_soon_as_the_last_job_does(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        await crew.clock.sleep(3)

    worker, handler = await crew.works(store, act)
    await put(store, "short")
    await crew.clock.until(lambda: len(handler.runs) == 1)
    draining = asyncio.create_task(worker.drain(600))
    await crew.clock.until(draining.done)
    assert handler.ended == ["short"]
    assert crew.clock.monotonic() <= 5


async def test_who_drains_claims_nothing_more(crew: Crew, store: Store) -> None:
    worker, handler = await crew.works(store, nothing)
    await crew.clock.advance(1)
    await worker.drain(1)
    await put(store, "late")
    await crew.clock.advance(5)
    assert handler.runs == []
    assert len(await claim(store)) == 1


async def test_a_job_that_many_processes_put_back_while_draining_is_not_given_up(crew: Crew, store: Store) -> None:
    await put(store, "long")
    for _ in range(7):
        worker, handler = await crew.works(store, forever)
        await crew.clock.until(lambda handler=handler: len(handler.runs) == 1)  # type: ignore[misc]
        draining = asyncio.create_task(worker.drain(0.1))
        await crew.clock.until(draining.done)
        assert handler.given_up == []
    _, handler = await crew.works(store, nothing)
    await crew.clock.until(lambda: handler.ended == ["long"], within_seconds=2)
    assert handler.given_up == []


async def test_a_job_claimed_while_the_drain_begins_is_put_back_too(
    sqlite_url: str, open_store: OpenStore, clock: ManualClock
) -> None:
    store = await open_store(sqlite_url)
    async with AsyncExitStack() as stack:
        worker, _ = await Crew(clock, stack).works(store, forever)
        await put(store, "early")
        async with store.begin() as tx:  # on SQLite the next claim waits behind this writer
            await tx.jobs.put("lane", "act", {"name": "late"})
            await clock.until(lambda: store.open_transactions == 2, within_seconds=2)
            draining = asyncio.create_task(worker.drain(3))
            await asyncio.sleep(0)
        await clock.until(draining.done)
        assert worker.jobs_in_hand == 0
        assert len(await claim(store)) == 2


# --- Crowds ---------------------------------------------------------------------------------------------------------


async def test_no_more_jobs_run_at_once_than_there_is_room_for(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        await crew.clock.sleep(2)

    _, handler = await crew.works(store, act, concurrency=3)
    for number in range(10):
        await put(store, f"{number}")
    await crew.clock.until(lambda: len(handler.ended) == 10, within_seconds=30)
    assert handler.most_at_once == 3


async def test_a_lane_is_worked_in_order_while_other_lanes_run(crew: Crew, store: Store) -> None:
    async def act(work: Work) -> None:
        await crew.clock.sleep(10 if work.job.lane == "slow" else 1)

    _, handler = await crew.works(store, act)
    for number in range(3):
        await put(store, f"slow {number}", lane="slow")
        await put(store, f"quick {number}", lane="quick")
    await crew.clock.until(lambda: len(handler.ended) == 6, within_seconds=40)
    assert handler.ended == ["quick 0", "quick 1", "quick 2", "slow 0", "slow 1", "slow 2"]
    assert handler.most_at_once == 2


async def test_a_job_is_begun_as_soon_as_it_was_put(crew: Crew, store: Store) -> None:
    _, handler = await crew.works(store, nothing)
    await crew.clock.advance(1.5)
    await put(store, "now")
    await crew.clock.until(lambda: handler.ended == ["now"], within_seconds=0.4)


# --- Returning ------------------------------------------------------------------------------------------------------


async def test_who_returns_under_its_name_has_its_jobs_at_once(
    url: str, open_store: OpenStore, clock: ManualClock
) -> None:
    dead = await open_store(url)
    await put(dead, "orphan")
    assert len(await claim(dead, dead.owner)) == 1
    await dead.close()
    returned = await open_store(url)
    assert returned.process == dead.process
    async with AsyncExitStack() as stack:
        _, handler = await Crew(clock, stack).works(returned, nothing)
        await clock.until(lambda: handler.ended == ["orphan"], within_seconds=2)


async def test_who_comes_beside_a_living_process_takes_nothing_from_it(
    postgres_url: str, open_store: OpenStore, clock: ManualClock
) -> None:
    one, other = await open_store(postgres_url), await open_store(postgres_url)
    assert one.process != other.process
    async with AsyncExitStack() as stack:
        crew = Crew(clock, stack)
        _, busy = await crew.works(one, forever)
        await put(one, "held")
        await clock.until(lambda: len(busy.runs) == 1)
        _, idle = await crew.works(other, nothing)
        await clock.advance(5 * LEASE)
        assert (idle.runs, busy.cancelled) == ([], [])
