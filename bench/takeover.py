"""Seconds from a `kill -9` in the middle of replies until they go on, and until they have ended."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg

from bench.databases import Kind, fresh
from bench.emulated import Emulated, Seen, emulated
from bench.program import program
from bench.report import Measure, Section, number, percentile
from bot.domain.place import Place

CONVERSATIONS = 6
REPLY_CHARS = 2_400
"""An echo of 20 characters every 50 ms: 6 s."""
KILL_AFTER_SECONDS = 3.0
LIMIT_SECONDS = 30.0
SENTENCE = "The bridge opens at nine, and on Sundays at ten. "


@dataclass(frozen=True, slots=True)
class Result:
    how: str
    open_at_kill: int
    goes_on_seconds: tuple[float, ...]
    ended_seconds: tuple[float, ...]
    lost: int
    said_twice: int

    def row(self) -> tuple[str, ...]:
        return (
            self.how,
            str(self.open_at_kill),
            f"{number(percentile(self.goes_on_seconds, 50))} s",
            f"{number(max(self.goes_on_seconds, default=float('nan')))} s",
            f"{number(max(self.ended_seconds, default=float('nan')))} s",
            str(self.lost),
            str(self.said_twice),
        )


async def run() -> Section:
    results = [
        await _measure("PostgreSQL", "a second process is there", restart=False),
        await _measure("SQLite", "it is started again", restart=True),
    ]
    return Section(
        "Takeover",
        f"A real `switchboard run` that streams {CONVERSATIONS} Telegram replies of "
        f"{REPLY_CHARS / 400:.0f} s is killed with signal 9 about {KILL_AFTER_SECONDS:.0f} s into them, on a Telegram "
        "with limits. Goes on: from the kill to the first call that shows text in the conversation; ended: to its "
        "final message, the whole reply being written anew. Lost: conversations without the whole reply; said twice: "
        "conversations with more than one message of it.",
        ("database and what happens", "open replies", "goes on p50", "goes on max", "ended max", "lost", "said twice"),
        [result.row() for result in results],
        [
            Measure("takeover after kill -9", result.how, max(result.goes_on_seconds, default=float("nan")), 15, "s")
            for result in results
        ],
    )


async def _measure(kind: Kind, how: str, *, restart: bool) -> Result:
    text = (SENTENCE * 100)[:REPLY_CHARS].strip()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(fresh(kind))
        telegram = await stack.enter_async_context(emulated("telegram"))
        first = await stack.enter_async_context(program(url, telegram, "one"))
        chats = await telegram.people(CONVERSATIONS)
        if not restart:
            # While the second one starts, the first one has the updates and, mostly, the jobs.
            second = await stack.enter_async_context(program(url, telegram, "two"))
        for chat in chats:
            await telegram.say(chat, text)
        await asyncio.sleep(KILL_AFTER_SECONDS)
        victim, orphans = first, set(chats)
        if not restart:
            # Whoever has more of the replies dies.
            held = await _held(url)
            victim = first if len(held["one"]) >= len(held["two"]) else second
            orphans = max(held["one"], held["two"], key=len)
        await victim.dies()
        killed = time.monotonic()
        if restart:
            await stack.enter_async_context(program(url, telegram, "one"))
        await _until_ended(telegram, len(chats))
        return await _judge(f"{kind}, {how}", telegram, chats, orphans, text, killed)


async def _held(url: str) -> dict[str, set[str]]:
    """The chats whose replies each process is writing."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT split_part(jobs.owner, '/', 1) AS process, threads.room FROM jobs"
            " JOIN turns ON turns.job_id = jobs.id JOIN threads ON threads.id = turns.thread_id"
            " WHERE jobs.ended_at IS NULL"
        )
    finally:
        await connection.close()
    held: dict[str, set[str]] = {"one": set(), "two": set()}
    for row in rows:
        held.setdefault(row["process"], set()).add(Place.parse(row["room"]).chat)
    return held


def _ended(calls: list[Seen]) -> dict[str, float]:
    """When the final message of each chat was sent."""
    return {call.chat: call.at for call in calls if call.status == 200 and call.method == "sendRichMessage"}


async def _until_ended(telegram: Emulated, count: int) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if len(_ended(await telegram.seen())) == count:
            return
        await asyncio.sleep(0.5)


async def _judge(how: str, telegram: Emulated, chats: list[str], orphans: set[str], text: str, killed: float) -> Result:
    """What became of the replies; times are those of the `orphans`, whose process died."""
    calls = await telegram.seen()
    ended = {chat: at for chat, at in _ended(calls).items() if at > killed and chat in orphans}
    goes_on: dict[str, float] = {}
    for call in calls:
        if call.shows_text and call.at > killed and call.chat in ended:
            goes_on.setdefault(call.chat, call.at)
    replies = [await telegram.replies(chat) for chat in chats]
    return Result(
        how,
        len(orphans),
        tuple(at - killed for at in goes_on.values()),
        tuple(at - killed for at in ended.values()),
        sum(text not in "".join(said) for said in replies),
        sum(len(said) > 1 for said in replies),
    )
