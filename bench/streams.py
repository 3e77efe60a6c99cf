"""Many replies that grow at once in one process: how late their edits are, and whether the messenger was flooded."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.databases import fresh
from bench.emulated import Emulated, emulated
from bench.platform import TimedEngine, platform, turns_are_over, web_says
from bench.report import Measure, Section, number, percentile
from bot.main import Switchboard
from specialists.scripted import Pause, Say

REPLY_SECONDS = 15.0
CHUNKS = 150
CHUNK_CHARS = 20
WEB_STREAMS = 1_000
TELEGRAM_STREAMS = (50, 1_000)
START_SECONDS = 5.0
"""Conversations begin spread over this time."""
START_SECONDS_AT_MOST = 10.0
"""A platform that cannot take the updates in so quickly gets no more after this time."""
LIMIT_SECONDS = 26.0
"""From the first update to the end of the measurement, whatever has not ended by then."""

_BUDGET = "1,000 concurrent replies: p99 edit lag"
_FLOODS = "1,000 concurrent replies: floods"
_SENTENCE = "The bridge opens at nine, and on Sundays at ten. "
_TEXT = (_SENTENCE * 100)[: CHUNKS * CHUNK_CHARS]
_WEB_PACE = (0.0, REPLY_SECONDS / CHUNKS)
"""Its own pace is 0.05 s; but edits cannot come sooner than the text does."""
_DRAFT_PACE = (0.0, 0.4, 0.4, 0.5, 0.5, 0.7, 1.0)


@dataclass(frozen=True, slots=True)
class Result:
    """Lags are in edit intervals of the place: 0 is an edit that came exactly at its pace."""

    where: str
    streams: int
    most_at_once: int
    lags: Sequence[float]
    edits: int
    floods: int
    ended: int
    cpu_share: float

    def row(self) -> tuple[str, ...]:
        return (
            self.where,
            str(self.streams),
            str(self.most_at_once),
            str(self.edits),
            number(percentile(self.lags, 50)),
            number(percentile(self.lags, 99)),
            str(self.floods),
            str(self.ended),
            f"{self.cpu_share:.0%}",
        )

    @property
    def reached(self) -> str:
        return f"only {self.most_at_once} at once" if self.most_at_once < self.streams else f"{self.streams} at once"

    def measures(self) -> list[Measure]:
        lag = Measure(_BUDGET, f"{self.where}, {self.reached}", percentile(self.lags, 99), 2, "intervals")
        if self.where == "web":
            return [lag]
        # None are allowed; a bearing of one makes the ratio a number.
        return [lag, Measure(_FLOODS, f"{self.where}, {self.reached} (none are allowed)", self.floods, 1, "× 429")]


async def run() -> Section:
    results = [await _web(WEB_STREAMS)]
    results += [await _telegram(count) for count in TELEGRAM_STREAMS]
    return Section(
        "Streams",
        f"Replies of {REPLY_SECONDS:.0f} s and {CHUNKS} chunks, begun within {START_SECONDS:.0f} s (as many of them as "
        f"could be begun in {START_SECONDS_AT_MOST:.0f} s), SQLite; measured "
        f"for at most {LIMIT_SECONDS:.0f} s. Lag: the time between two edits of one reply (for a reply that waits, "
        "until the end of the measurement) less the pace of the place, in intervals of that pace. Telegram is emulated "
        "with its limits enforced, in a process of its own; the web ends at the bus. At once: how many engines were "
        "replying at the same time, at most; replies that never began have no "
        "lag. CPU: of one core, during the measurement.",
        ("messenger", "replies", "at once", "edits", "lag p50", "lag p99", "floods", "ended", "CPU"),
        [result.row() for result in results],
        [measure for result in results for measure in result.measures() if result.streams == 1_000],
    )


def _engine() -> TimedEngine:
    return TimedEngine(lambda _: (Pause(0.3), Say(_TEXT, CHUNK_CHARS, REPLY_SECONDS / CHUNKS)))


async def _web(count: int) -> Result:
    engine = _engine()
    edits: dict[str, list[float]] = defaultdict(list)
    async with fresh("SQLite") as url, platform(url, engine) as board:

        async def watch() -> None:
            async with board.store.bus.subscribe("web:*") as messages:
                async for topic, message in messages:
                    event = json.loads(message)
                    # The final edit is no part of the stream.
                    if event["is"] == "grew" or event.get("streaming"):
                        edits[topic].append(time.monotonic())

        watching = asyncio.create_task(watch())
        began, cpu = time.monotonic(), time.process_time()
        for index in range(count):
            await web_says(board, index, f"when? {index}")
            if time.monotonic() > began + START_SECONDS_AT_MOST:
                break
            await asyncio.sleep(began + START_SECONDS * index / count - time.monotonic())
        end, cpu_share = await _end(board, began, cpu)
        watching.cancel()
        lags = _lags(edits, engine, _WEB_PACE, {f"{n}": f"web:{n:032x}:{n:032x}" for n in range(count)}, end)
    seen = sum(map(len, edits.values()))
    return Result("web", count, _most_at_once(engine), lags, seen, 0, len(engine.ended), cpu_share)


async def _telegram(count: int) -> Result:
    engine = _engine()
    async with fresh("SQLite") as url, emulated("telegram") as telegram, platform(url, engine, telegram) as board:
        chats = await telegram.people(count)
        began, cpu = time.monotonic(), time.process_time()
        for index, chat in enumerate(chats):
            await telegram.say(chat, f"when? {chat}")
            if time.monotonic() > began + START_SECONDS_AT_MOST:
                break
            await asyncio.sleep(began + START_SECONDS * index / count - time.monotonic())
        end, cpu_share = await _end(board, began, cpu)
        edits, floods = await _seen(telegram)
        lags = _lags(edits, engine, _DRAFT_PACE, {chat: chat for chat in chats}, end)
    seen = sum(map(len, edits.values()))
    where = "Telegram private"
    return Result(where, count, _most_at_once(engine), lags, seen, floods, len(engine.ended), cpu_share)


async def _end(board: Switchboard, began: float, cpu: float) -> tuple[float, float]:
    """When the measurement ended, and its share of a core."""
    await asyncio.sleep(min(REPLY_SECONDS, began + LIMIT_SECONDS - time.monotonic()))
    await turns_are_over(board, began + LIMIT_SECONDS - time.monotonic())
    end = time.monotonic()
    return end, (time.process_time() - cpu) / (end - began)


async def _seen(telegram: Emulated) -> tuple[dict[str, list[float]], int]:
    """When each chat saw its reply grow, and how many calls were refused by the limits."""
    edits: dict[str, list[float]] = defaultdict(list)
    calls = await telegram.seen()
    for call in calls:
        if call.shows_text and call.method.endswith("Draft"):
            edits[call.chat].append(call.at)
    return edits, sum(call.status == 429 for call in calls)


def _lags(
    edits: dict[str, list[float]], engine: TimedEngine, pace: Sequence[float], topics: dict[str, str], end: float
) -> list[float]:
    """How late each edit was, in intervals of its place's pace, while the engine was writing."""
    lags = []
    longest = pace[-1]
    for key, first in engine.first_text.items():
        until = min(engine.ended.get(key, end), end)
        times = [at for at in edits.get(topics[key], []) if at <= until]
        # What was written by the end and not shown is as late as it is then.
        points = [first, *times, until]
        for index, (before, after) in enumerate(pairwise(points)):
            interval = pace[min(index, len(pace) - 1)]
            if index < len(points) - 2 or after - before > interval:
                lags.append(max(0.0, after - before - interval) / (interval or longest))
    return lags


def _most_at_once(engine: TimedEngine) -> int:
    changes = [(at, 1) for at in engine.asked.values()] + [(at, -1) for at in engine.ended.values()]
    most = now = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most
