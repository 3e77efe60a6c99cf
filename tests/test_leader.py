"""Several processes on one PostgreSQL, one of which leads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import text

from bot.leader import Leader
from storage.store import Store
from tests.fakes.clock import ManualClock, WatchedLoop
from tests.postgres import Server, postgres_server, postgres_url
from tests.storage.conftest import OpenStore, clock, open_store

__all__ = ["clock", "open_store", "postgres_server", "postgres_url"]

LEASE = 9.0
LOOK = LEASE / 3
NAME = "polling"


class Candidates:
    """Processes that want to lead, who does so now, and who ever did."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []
        self.leading: set[str] = set()
        self.history: list[str] = []

    def stands(self, who: str, store: Store, work: Callable[[], Awaitable[object]] | None = None) -> asyncio.Task[None]:
        async def body() -> None:
            self.leading.add(who)
            self.history.append(who)
            assert len(self.leading) == 1, "two lead"
            try:
                await (work or asyncio.Event().wait)()
            finally:
                self.leading.discard(who)

        loop = asyncio.get_running_loop()
        assert isinstance(loop, WatchedLoop)
        loop.busy.append(lambda: store.open_transactions > 0)
        self._tasks.append(asyncio.create_task(Leader(store, self._clock, lease_seconds=LEASE).lead(NAME, body)))
        return self._tasks[-1]

    async def until_leads(self, who: str, *, within_seconds: float) -> None:
        await self._clock.until(lambda: self.leading == {who}, within_seconds=within_seconds)

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def candidates(clock: ManualClock, open_store: OpenStore) -> AsyncIterator[Candidates]:
    candidates = Candidates(clock)
    yield candidates
    await candidates.leave()


async def give_lease(store: Store, to: str) -> None:
    """As if `store`'s process had been asleep, and somebody else had taken over."""
    async with store.begin() as tx:
        await tx.leases.drop(NAME, store.owner)
        assert await tx.leases.hold(NAME, to, lease_seconds=LEASE)


async def test_one_of_two_leads_for_as_long_as_it_lives(
    candidates: Candidates, clock: ManualClock, postgres_url: str, open_store: OpenStore
) -> None:
    candidates.stands("one", await open_store(postgres_url))
    await candidates.until_leads("one", within_seconds=LOOK)
    candidates.stands("two", await open_store(postgres_url))
    await clock.advance(10 * LEASE)
    assert (candidates.leading, candidates.history) == ({"one"}, ["one"])


async def test_the_other_takes_over_at_its_next_look_from_one_that_leaves(
    candidates: Candidates, clock: ManualClock, postgres_url: str, open_store: OpenStore
) -> None:
    one = candidates.stands("one", await open_store(postgres_url))
    await candidates.until_leads("one", within_seconds=LOOK)
    candidates.stands("two", await open_store(postgres_url))
    await clock.advance(LOOK)
    one.cancel()
    await candidates.until_leads("two", within_seconds=LOOK)
    assert one.cancelled()


async def test_the_other_takes_over_after_the_lease_of_one_that_died(
    candidates: Candidates, clock: ManualClock, postgres_url: str, open_store: OpenStore
) -> None:
    store = await open_store(postgres_url)
    async with store.begin() as tx:
        assert await tx.leases.hold(NAME, "dead/1", lease_seconds=LEASE)
    candidates.stands("two", store)
    await clock.advance(LEASE - 0.1)
    assert candidates.leading == set()
    await candidates.until_leads("two", within_seconds=LOOK)


async def test_the_body_is_cancelled_when_the_lease_is_lost_and_begins_anew_when_it_returns(
    candidates: Candidates, clock: ManualClock, postgres_url: str, open_store: OpenStore
) -> None:
    store = await open_store(postgres_url)
    candidates.stands("one", store)
    await candidates.until_leads("one", within_seconds=LOOK)
    await give_lease(store, "thief/1")
    await clock.until(lambda: candidates.leading == set(), within_seconds=LOOK)
    assert candidates.history == ["one"]
    await candidates.until_leads("one", within_seconds=LEASE + LOOK)


async def test_the_body_is_cancelled_before_the_lease_ends_in_a_database_out_of_reach(
    candidates: Candidates,
    clock: ManualClock,
    postgres_url: str,
    postgres_server: Server,
    open_store: OpenStore,
) -> None:
    store = await open_store(postgres_url)
    candidates.stands("one", store)
    await candidates.until_leads("one", within_seconds=LOOK)
    await clock.advance(2 * LEASE)
    async with store.begin() as tx:
        database = await tx.wire.scalar(text("SELECT current_database()"))
    postgres_server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    try:
        postgres_server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
        await clock.until(lambda: candidates.leading == set(), within_seconds=LEASE)
    finally:
        postgres_server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    await candidates.until_leads("one", within_seconds=2 * LEASE)


async def test_who_finishes_its_work_gives_the_lease_back(
    candidates: Candidates, clock: ManualClock, postgres_url: str, open_store: OpenStore
) -> None:
    async def work() -> None:
        await clock.sleep(1)

    one = candidates.stands("one", await open_store(postgres_url), work)
    await clock.until(one.done)
    candidates.stands("two", await open_store(postgres_url))
    await candidates.until_leads("two", within_seconds=LOOK / 2)


async def test_a_failure_of_the_body_is_the_callers_and_the_lease_is_given_back(
    candidates: Candidates, clock: ManualClock, postgres_url: str, open_store: OpenStore
) -> None:
    async def work() -> None:
        raise RuntimeError("broken")

    one = candidates.stands("one", await open_store(postgres_url), work)
    await clock.until(one.done)
    assert str(one.exception()) == "broken"
    candidates.stands("two", await open_store(postgres_url))
    await candidates.until_leads("two", within_seconds=LOOK / 2)
