"""How fast the lanes are: 600 turns over 200 conversations, on SQLite and on PostgreSQL, in one process."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.databases import KINDS, Kind, fresh
from bench.report import Section, number, percentile
from bot.clock import SystemClock
from bot.domain.job import Job
from storage.store import Store

TURNS = 600
CONVERSATIONS = 200
PUTS_PER_SECOND = 100
LONE_LANE_TURNS = 200
CONCURRENCY = 20
LEASE_SECONDS = 30.0
POLL_SECONDS = 1.0
TIME_LIMIT_SECONDS = 90.0


@dataclass(slots=True)
class Timings:
    """Monotonic seconds by turn number; a conversation's turns finish in the order of their numbers."""

    put: dict[int, float] = field(default_factory=dict)
    claimed: dict[int, float] = field(default_factory=dict)
    finished: dict[int, float] = field(default_factory=dict)

    def dispatch_ms(self) -> list[float]:
        return sorted((self.claimed[turn] - at) * 1000 for turn, at in self.put.items())

    def next_in_lane_ms(self) -> list[float]:
        follows = ((turn, turn - CONVERSATIONS) for turn in self.claimed if turn - CONVERSATIONS in self.finished)
        return sorted((self.claimed[turn] - self.finished[before]) * 1000 for turn, before in follows)


async def run() -> Section:
    """Measure both databases."""
    rows = []
    for kind in KINDS:
        async with fresh(kind) as url, asyncio.timeout(TIME_LIMIT_SECONDS):
            rows.append(await _measure(kind, url))
    return Section(
        "Lanes",
        f"{TURNS:,} turns over {CONVERSATIONS} conversations, one process. Dispatch: from the put to the claim by a "
        f"waiting worker, {PUTS_PER_SECOND} turns a second. Next in lane: from a finish to the claim of the "
        "conversation's next turn. Turns per second: everything queued, turns that do nothing.",
        ("database", "dispatch p50", "dispatch p99", "next in lane p50", "turns per second"),
        rows,
    )


async def _measure(kind: Kind, url: str) -> tuple[str, ...]:
    store = await Store.open(url, clock=SystemClock(), name="bench")
    try:
        dispatch_ms = (await _paced(store)).dispatch_ms()
        next_ms = (await _lone_lane(store)).next_in_lane_ms()
        turns_per_second = await _flat_out(store)
    finally:
        await store.close()
    p50, p99 = percentile(dispatch_ms, 50), percentile(dispatch_ms, 99)
    times_ms = (p50, p99, percentile(next_ms, 50))
    return kind, *(f"{number(each)} ms" for each in times_ms), number(turns_per_second)


async def _paced(store: Store) -> Timings:
    """Turns arrive evenly; a turn takes as long as its finish."""
    timings = Timings()
    async with _worker(store, timings, TURNS):
        start = time.perf_counter()
        for turn in range(TURNS):
            await asyncio.sleep(start + turn / PUTS_PER_SECOND - time.perf_counter())
            await _put(store, f"paced:{turn % CONVERSATIONS}", turn, timings)
    return timings


async def _lone_lane(store: Store) -> Timings:
    """One conversation with everything queued: what passes between a finish and the next claim."""
    timings = Timings()
    for turn in range(0, LONE_LANE_TURNS * CONVERSATIONS, CONVERSATIONS):
        await _put(store, "lone", turn, timings)
    async with _worker(store, timings, LONE_LANE_TURNS):
        pass
    return timings


async def _flat_out(store: Store) -> float:
    """Turns per second when everything is queued and nothing but the lanes takes time."""
    timings = Timings()
    async with asyncio.TaskGroup() as group:
        for lane in range(CONVERSATIONS):
            group.create_task(_fill(store, lane, timings))
    start = time.perf_counter()
    async with _worker(store, timings, TURNS):
        pass
    return TURNS / (time.perf_counter() - start)


async def _fill(store: Store, lane: int, timings: Timings) -> None:
    for turn in range(lane, TURNS, CONVERSATIONS):
        await _put(store, f"full:{lane}", turn, timings)


async def _put(store: Store, lane: str, turn: int, timings: Timings) -> None:
    timings.put[turn] = time.perf_counter()
    async with store.begin() as tx:
        await tx.jobs.put(lane, "turn", {"turn": turn})


@asynccontextmanager
async def _worker(store: Store, timings: Timings, turns: int) -> AsyncIterator[None]:
    """Works beside the body, and after it until all turns are finished."""
    async with store.bus.subscribe("jobs") as wake_ups:
        working = asyncio.create_task(_work(store, timings, turns, wake_ups))
        yield
        await working


async def _work(store: Store, timings: Timings, turns: int, wake_ups: AsyncIterator[tuple[str, str]]) -> None:
    waking = asyncio.ensure_future(anext(wake_ups))
    running: set[asyncio.Task[None]] = set()
    async with asyncio.TaskGroup() as group:
        while len(timings.finished) < turns:
            if waking.done():
                waking = asyncio.ensure_future(anext(wake_ups))
            free = CONCURRENCY - len(running)
            for job in await _claim(store, free, timings):
                task = group.create_task(_finish(store, job, timings))
                running.add(task)
                task.add_done_callback(running.discard)
            if len(timings.finished) < turns:
                await asyncio.wait({waking, *running}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    waking.cancel()


async def _claim(store: Store, limit: int, timings: Timings) -> list[Job]:
    if not limit:
        return []
    async with store.begin() as tx:
        jobs = await tx.jobs.claim(store.owner, limit, lease_seconds=LEASE_SECONDS)
    now = time.perf_counter()
    timings.claimed.update((job.payload["turn"], now) for job in jobs)
    return jobs


async def _finish(store: Store, job: Job, timings: Timings) -> None:
    async with store.begin() as tx:
        await tx.jobs.finish(job)
    timings.finished[job.payload["turn"]] = time.perf_counter()
