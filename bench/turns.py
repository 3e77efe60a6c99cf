"""How soon a turn starts after its update, and what we add to the time until its first text is seen."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bench.databases import KINDS, Kind, fresh
from bench.emulated import emulated
from bench.emulated_slack import emulated_slack
from bench.platform import Outside, TimedEngine, platform, turns_are_over, web_says
from bench.report import Measure, Section, number, percentile
from bot.domain.reply import Prompt
from specialists.scripted import Pause, Say, Script

UPDATES = 250
UPDATES_PER_SECOND = 50
FIRST_TEXTS_PER_SECOND = 5
MODEL_SECONDS = 0.3
"""What a quick model thinks before its first word."""

_START = "update received → turn started, 50 updates/s"
_FIRST = "our share of time to first visible text"


@dataclass(frozen=True, slots=True)
class Where:
    """A kind of conversation in which first texts are timed, the first five of `count` only to warm up."""

    name: str
    outside: Callable[[], AbstractAsyncContextManager[Outside]]
    in_groups: bool
    count: int = 30


PLACES = (
    Where("Telegram private chat", emulated, in_groups=False),
    Where("Telegram group", emulated, in_groups=True),
    # A workspace streams 19 replies a minute, and some of them are kept back.
    Where("Slack thread", emulated_slack, in_groups=True, count=15),
    Where("Slack DM", emulated_slack, in_groups=False),
)


async def run() -> Section:
    """Measure both; the first on both databases, the second on SQLite."""
    rows: list[tuple[str, ...]] = []
    measures: list[Measure] = []
    for kind in KINDS:
        started_ms = await _starts(kind)
        p50, p99 = percentile(started_ms, 50), percentile(started_ms, 99)
        rows.append((f"{_START}, {kind}", f"{number(p50)} ms", f"{number(p99)} ms", str(len(started_ms))))
        measures += [Measure(_START, f"p50, {kind}", p50, 5, "ms"), Measure(_START, f"p99, {kind}", p99, 20, "ms")]
    for where in PLACES:
        for model, seconds in ((f"model thinks {MODEL_SECONDS} s", MODEL_SECONDS), ("model speaks at once", 0.0)):
            shares_ms = await _first_texts(where, seconds)
            p50, p99 = percentile(shares_ms, 50), percentile(shares_ms, 99)
            name = f"{where.name}, {model}"
            rows.append((f"first text, {name}", f"{number(p50)} ms", f"{number(p99)} ms", str(len(shares_ms))))
            measures.append(Measure(_FIRST, f"p50, {name}", p50, 20, "ms"))
    return Section(
        "Turns",
        f"Start: from the call of `intake.take` to the engine being asked, {UPDATES_PER_SECOND} web updates a second, "
        "each in a conversation of its own, no burst window. First text: from the engine's first text to the call that "
        "shows it being answered by an emulated messenger without limits in a process of its own, through aiogram or "
        "slack_sdk (a stream in a Slack thread, a message that is edited in a Slack DM), "
        f"{FIRST_TEXTS_PER_SECOND} turns a second on SQLite.",
        ("what", "p50", "p99", "samples"),
        rows,
        measures,
    )


async def _starts(kind: Kind) -> list[float]:
    """Milliseconds from update to start."""
    engine = TimedEngine(lambda _: (Say("Nine in the morning."),))
    taken: dict[str, float] = {}
    async with fresh(kind) as url, platform(url, engine) as board, asyncio.TaskGroup() as group:
        for update in range(-UPDATES_PER_SECOND, UPDATES):
            # The first second warms up and is not counted.
            taken[f"{update}"] = time.monotonic()
            group.create_task(web_says(board, update + UPDATES_PER_SECOND, f"when? {update}"))
            await asyncio.sleep(1 / UPDATES_PER_SECOND)
        await turns_are_over(board, 20)
    asked = engine.asked
    return [(asked[key] - at) * 1000 for key, at in taken.items() if key in asked and int(key) >= 0]


async def _first_texts(where: Where, model_seconds: float) -> list[float]:
    """Milliseconds from the engine's first text to the user's sight of it."""

    def script(_: Prompt) -> Script:
        return (Pause(model_seconds), Say("The bridge opens at nine. " * 3))

    engine = TimedEngine(script)
    async with fresh("SQLite") as url, where.outside() as outside, platform(url, engine, outside) as board:
        chats = await outside.people(where.count, in_groups=where.in_groups)
        for chat in chats:
            await outside.say(chat, f"when? {chat}")
            await asyncio.sleep(1 / FIRST_TEXTS_PER_SECOND)
        await asyncio.sleep(1)
        await turns_are_over(board, 20)
        seen_at = await _first_seen(outside)
    said = engine.first_text
    return [(seen_at[chat] - said[chat]) * 1000 for chat in chats[5:] if chat in seen_at and chat in said]


async def _first_seen(outside: Outside) -> dict[str, float]:
    first: dict[str, float] = {}
    for call in await outside.seen():
        if call.shows_text:
            first.setdefault(call.chat, call.at)
    return first
