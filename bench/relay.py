"""CPU seconds that a turn with a reply of 200 chunks costs the platform."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Literal

from bench.databases import fresh
from bench.emulated import emulated
from bench.emulated_slack import emulated_slack
from bench.platform import Outside, TimedEngine, platform, turns_are_over, web_says
from bench.report import Measure, Section, number
from specialists.scripted import Say

CHUNKS = 200
CHUNK_CHARS = 20
PACE_SECONDS = 0.025
SENTENCE = "The bridge opens at **nine**, and on Sundays at `ten`. "
TEXT = (SENTENCE * (CHUNKS * CHUNK_CHARS // len(SENTENCE) + 1))[: CHUNKS * CHUNK_CHARS]

_BUDGET = "platform CPU per turn, 200-chunk reply"

Where = Literal["web", "Telegram private", "Telegram group", "Slack thread", "Slack DM"]
_OUTSIDE: dict[Where, Callable[[], AbstractAsyncContextManager[Outside]]] = {
    "Telegram private": emulated,
    "Telegram group": emulated,
    "Slack thread": emulated_slack,
    "Slack DM": emulated_slack,
}


@dataclass(frozen=True, slots=True)
class Case:
    where: Where
    pause_seconds: float
    turns: int
    per_second: float

    @property
    def pace(self) -> str:
        return f"a chunk every {self.pause_seconds * 1000:.0f} ms" if self.pause_seconds else "all chunks at once"


CASES = (
    Case("web", 0.0, 40, 10),
    Case("web", PACE_SECONDS, 30, 10),
    Case("Telegram private", 0.0, 30, 5),
    Case("Telegram private", PACE_SECONDS, 10, 5),
    Case("Telegram group", PACE_SECONDS, 20, 5),
    # Not more than one workspace can show at its pace: what grows more slowly, or comes whole, is cheaper.
    Case("Slack thread", 0.0, 12, 5),
    Case("Slack thread", PACE_SECONDS, 6, 0.5),
    Case("Slack DM", 0.0, 12, 5),
    Case("Slack DM", PACE_SECONDS, 6, 0.5),
)


async def run() -> Section:
    rows: list[tuple[str, ...]] = []
    measures: list[Measure] = []
    for case in CASES:
        cpu_ms, calls, ended = await _measure(case)
        rows.append((case.where, case.pace, str(case.turns), str(ended), calls, f"{number(cpu_ms)} ms"))
        measures.append(Measure(_BUDGET, f"{case.where}, {case.pace}", cpu_ms, 10, "ms"))
    return Section(
        "CPU of a turn",
        f"{CHUNKS} chunks of {CHUNK_CHARS} characters of Markdown, SQLite. CPU time of the whole process, its SQLite "
        "thread, logging at INFO, the messenger's client library (aiogram, slack_sdk) and the scripted engine "
        "included, less what it uses when idle; the emulated messengers have no limits and run in processes of their "
        "own. In a Slack thread a reply grows by a stream, in a Slack DM by edits. For the web, the bus is the end: "
        "no page renders what is said. Calls: all that the bot made, polls included.",
        ("messenger", "the engine gives", "turns", "ended", "calls per turn", "CPU per turn"),
        rows,
        measures,
    )


async def _measure(case: Case) -> tuple[float, str, int]:
    """CPU milliseconds per turn, calls per turn, and how many turns ended."""
    engine = TimedEngine(lambda _: (Say(TEXT, CHUNK_CHARS, case.pause_seconds),))
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(fresh("SQLite"))
        outside = await stack.enter_async_context(_OUTSIDE[case.where]()) if case.where in _OUTSIDE else None
        board = await stack.enter_async_context(platform(url, engine, outside))
        say: Callable[[str], Awaitable[None]]
        if outside is None:
            places = [f"{number}" for number in range(case.turns + 1)]

            async def say(place: str) -> None:
                await web_says(board, int(place), f"when? {place}")
        else:
            emulator = outside
            in_groups = case.where in ("Telegram group", "Slack thread")
            places = await emulator.people(case.turns + 1, in_groups=in_groups)

            async def say(place: str) -> None:
                await emulator.say(place, f"when? {place}")

        await say(places[0])  # warms up
        await asyncio.sleep(1)
        await turns_are_over(board, 20)
        idle = await idle_share()
        before = len(await outside.seen()) if outside else 0
        started, cpu = time.monotonic(), time.process_time()
        for place in places[1:]:
            await say(place)
            await asyncio.sleep(1 / case.per_second)
        await turns_are_over(board, 30)
        used = time.process_time() - cpu - idle * (time.monotonic() - started)
        calls = f"{(len(await outside.seen()) - before) / case.turns:.1f}" if outside else "–"
    return used / case.turns * 1000, calls, len(engine.ended) - 1


async def idle_share(seconds: float = 1.5) -> float:
    """CPU seconds a second of a platform that has nothing to do, watched for `seconds`."""
    started, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - cpu) / (time.monotonic() - started)
