"""What holds of the lanes whatever workers do: overrun their leases, crash, freeze and come back, race."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import func, insert, literal, select, text

from bot.clock import SystemClock
from bot.domain.errors import LeaseLost
from bot.domain.job import Job
from storage.jobs import claiming
from storage.store import Store
from storage.tables import jobs
from storage.types import Moment
from tests.storage.conftest import OpenStore

LEASE = 10.0
CHATS = 4
ORDERS = 2
JOBS_PER_LANE = 8
WORKERS = 6
SEEDS = range(8)


class HastyClock(SystemClock):
    """Real time that many tasks at once may push forward, without waiting for anyone."""

    def __init__(self) -> None:
        self._start = self.now() - timedelta(seconds=self.monotonic())
        self._ahead = 0.0

    @property
    def database_time(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic() + self._ahead)

    def push(self, seconds: float) -> None:
        self._ahead += seconds


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


class KilledError(Exception):
    """The process dies with its transaction open."""


@dataclass(slots=True)
class Holder:
    """The last claim of a lane: which job, by whom, and until when at least."""

    job: Job
    earliest_end: datetime
    """The lease cannot have ended before that moment of the database's clock."""
    gave_back: bool = False

    def is_claim_of(self, job: Job) -> bool:
        return (self.job.id, self.job.owner, self.job.attempts) == (job.id, job.owner, job.attempts)


@dataclass(slots=True)
class World:
    """Lanes full of numbered jobs, and everything that was seen of them."""

    clock: HastyClock
    done: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    holders: dict[str, Holder] = field(default_factory=dict)
    refused: int = 0

    @property
    def lanes(self) -> list[str]:
        return [f"chat:{number}" for number in range(CHATS)] + [f"order:{number}" for number in range(ORDERS)]

    @property
    def finished(self) -> bool:
        return sum(map(len, self.done.values())) >= len(self.lanes) * JOBS_PER_LANE

    def saw_claim(self, job: Job, asked_at: datetime) -> None:
        before = self.holders.get(job.lane)
        assert before is None or before.gave_back or self.clock.database_time >= before.earliest_end, (
            f"{job.lane} has two live holders"
        )
        self.holders[job.lane] = Holder(job, asked_at + timedelta(seconds=LEASE))

    def saw_heartbeat(self, job: Job, asked_at: datetime) -> None:
        self.holders[job.lane].earliest_end = asked_at + timedelta(seconds=LEASE)

    def gives_back(self, job: Job) -> None:
        holder = self.holders[job.lane]
        holder.gave_back |= holder.is_claim_of(job)


@dataclass(slots=True)
class Worker:
    store: Store
    world: World
    random: Random
    name: str
    boot: int = 1

    @property
    def owner(self) -> str:
        return f"{self.name}/{self.boot}"

    async def work(self) -> None:
        while not self.world.finished:
            asked_at = self.world.clock.database_time
            async with self.store.begin() as tx:
                claimed = await tx.jobs.claim(self.owner, self.random.randint(1, 3), lease_seconds=LEASE)
            for job in claimed:
                self.world.saw_claim(job, asked_at)
            for job in claimed:
                await self.handle(job)
            self.world.clock.push(self.random.uniform(0.0, 1.0) if claimed else 1.0)

    async def handle(self, job: Job) -> None:
        try:
            match self.random.choice(("finish", "finish", "finish", "retry", "freeze", "killed", "reboot", "beat")):
                case "retry":
                    await self.retry(job)
                case "freeze":
                    self.world.clock.push(self.random.uniform(LEASE / 2, LEASE * 1.5))
                    await self.finish(job)
                case "killed":
                    await self.die_in_the_middle(job)
                case "reboot":
                    await self.reboot()
                case "beat":
                    await self.beat()
                    await self.finish(job)
                case _:
                    await self.finish(job)
        except LeaseLost:
            self.world.refused += 1

    async def finish(self, job: Job) -> None:
        self.world.gives_back(job)
        async with self.store.begin() as tx:
            await tx.jobs.record(job, "said", job.payload["number"])
            await tx.jobs.finish(job)
            self.world.done[job.lane].append(job.payload["number"])

    async def die_in_the_middle(self, job: Job) -> None:
        with suppress(KilledError):
            async with self.store.begin() as tx:
                await tx.jobs.finish(job)
                raise KilledError

    async def retry(self, job: Job) -> None:
        self.world.gives_back(job)
        holds = job.lane.startswith("chat:")
        async with self.store.begin() as tx:
            await tx.jobs.retry(job, delay_seconds=self.random.uniform(0.0, 3.0), hold_lane=holds)

    async def reboot(self) -> None:
        """Die with everything in hand, and return under the same name."""
        for holder in self.world.holders.values():
            holder.gave_back |= holder.job.owner == self.owner
        self.boot += 1
        async with self.store.begin() as tx:
            await tx.jobs.release(f"{self.name}/")

    async def beat(self) -> None:
        self.world.clock.push(self.random.uniform(0.0, LEASE / 2))
        asked_at = self.world.clock.database_time
        mine = [holder.job.id for holder in self.world.holders.values() if holder.job.owner == self.owner]
        async with self.store.begin() as tx:
            held = await tx.jobs.heartbeat(self.owner, mine, lease_seconds=LEASE)
        for holder in self.world.holders.values():
            beat = held.get(holder.job.id)
            if holder.job.owner == self.owner and beat is not None and beat.attempts == holder.job.attempts:
                self.world.saw_heartbeat(holder.job, asked_at)


async def fill(store: Store, lane: str, pause: Random) -> None:
    for number in range(JOBS_PER_LANE):
        async with store.begin() as tx:
            assert await tx.jobs.put(lane, "turn", {"number": number}, dedup=f"{lane}/{number}") is not None
        for _ in range(pause.randint(0, 20)):
            await asyncio.sleep(0)
        async with store.begin() as tx:
            assert await tx.jobs.put(lane, "turn", {"number": number}, dedup=f"{lane}/{number}") is None


async def stores_for(url: str, open_store: OpenStore) -> list[Store]:
    """Three processes on PostgreSQL; a SQLite file has one."""
    return [await open_store(url) for _ in range(1 if url.startswith("sqlite") else 3)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_workers_do_every_job_is_done_once_and_in_order(
    url: str, open_store: OpenStore, clock: HastyClock, seed: int
) -> None:
    stores = await stores_for(url, open_store)
    world = World(clock)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for number, lane in enumerate(world.lanes):
            group.create_task(fill(stores[number % len(stores)], lane, Random(f"{seed} {lane}")))
        for number in range(WORKERS):
            worker = Worker(stores[number % len(stores)], world, Random(f"{seed} {number}"), f"host-{number}")
            group.create_task(worker.work())
    for lane in world.lanes:
        done = world.done[lane] if lane.startswith("chat:") else sorted(world.done[lane])
        assert done == list(range(JOBS_PER_LANE)), lane
    async with stores[0].begin() as tx:
        assert await tx.jobs.depth() == {}


async def test_workers_that_race_share_the_jobs_without_overlap(url: str, open_store: OpenStore) -> None:
    stores = await stores_for(url, open_store)
    async with stores[0].begin() as tx:
        for number in range(60):
            await tx.jobs.put(f"lane {number % 40}", "turn", {})

    async def claim(number: int) -> list[Job]:
        async with stores[number % len(stores)].begin() as tx:
            return await tx.jobs.claim(f"worker {number}", 2, lease_seconds=LEASE)

    claims = await asyncio.gather(*map(claim, range(100)))
    lanes = [job.lane for claimed in claims for job in claimed]
    assert sorted(lanes) == sorted(f"lane {number}" for number in range(40))


async def test_a_hundred_tasks_that_write_at_once_all_succeed(url: str, open_store: OpenStore) -> None:
    stores = await stores_for(url, open_store)

    async def put(number: int) -> None:
        async with stores[number % len(stores)].begin() as tx:
            waiting = await tx.jobs.waiting("lane")
            assert await tx.jobs.put("lane", "turn", {"waiting": waiting}) is not None

    await asyncio.gather(*map(put, range(100)))
    async with stores[0].begin() as tx:
        assert await tx.jobs.waiting("lane") == 100


async def somebody_waits_for_a_lock(observer: Store) -> None:
    waiting = select(func.count()).select_from(text("pg_stat_activity")).where(text("wait_event_type = 'Lock'"))
    found = False
    async with asyncio.timeout(20):
        while not found:
            async with observer.begin() as tx:
                found = await tx.wire.scalar(waiting) > 0


async def test_puts_of_one_lane_take_their_turns_so_that_ids_commit_in_order(
    postgres_url: str, open_store: OpenStore
) -> None:
    first, second, observer = [await open_store(postgres_url) for _ in range(3)]

    async def put_second() -> Job | None:
        async with second.begin() as tx:
            return await tx.jobs.put("lane", "turn", {})

    async with first.begin() as tx:
        early = await tx.jobs.put("lane", "turn", {})
        later = asyncio.create_task(put_second())
        await asyncio.create_task(somebody_waits_for_a_lock(observer))
    late = await later
    assert early is not None
    assert late is not None
    assert early.id < late.id


async def test_a_retry_that_falls_due_during_the_claim_of_a_later_job_does_not_make_two_holders(
    postgres_url: str, open_store: OpenStore, clock: HastyClock
) -> None:
    first, second, observer = [await open_store(postgres_url) for _ in range(3)]
    async with first.begin() as tx:
        for number in range(2):
            await tx.jobs.put("order:1", "order", {"number": number})
        (job,) = await tx.jobs.claim("first", 1, lease_seconds=LEASE)
        await tx.jobs.retry(job, delay_seconds=5, hold_lane=False)

    async def claim_second() -> list[Job]:
        async with second.begin() as tx:
            return await tx.jobs.claim("second", 1, lease_seconds=LEASE)

    async with first.begin() as tx:
        (passing,) = await tx.jobs.claim("first", 1, lease_seconds=LEASE)
        clock.push(6)
        racing = asyncio.create_task(claim_second())
        await asyncio.create_task(somebody_waits_for_a_lock(observer))
    assert passing.payload == {"number": 1}
    assert await racing == []


async def test_a_claim_finds_its_jobs_by_index_among_thousands(store: Store) -> None:
    async with store.begin() as tx:
        now = await tx.wire.scalar(select(tx.wire.now()))
        same = {"kind": "turn", "payload": {}, "steps": {}, "priority": 0, "due_at": now, "created_at": now}
        backlog = [{"lane": f"lane {number % 250}", **same} for number in range(5_000)]
        await tx.wire.connection.execute(insert(jobs), backlog)
        await tx.wire.count(text("ANALYZE jobs"))
        claim = claiming(literal("owner"), literal(5), literal(LEASE), literal(now, Moment))
        sql = claim.compile(dialect=tx.wire.connection.dialect, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
        plan = "\n".join(str(row) for row in await tx.wire.rows(text(f"{explain} {sql}".replace(":", "\\:"))))
    assert "jobs_open_by_priority" in plan
    assert "jobs_open_by_lane" in plan
    assert "jobs_holder_key" in plan
    assert "Seq Scan on jobs" not in plan
    assert "SCAN jobs\n" not in plan
