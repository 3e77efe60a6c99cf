"""The platform under measurement: the real Switchboard in this process, with an engine that knows what time it is."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Protocol

from adapters.web import said, web_place
from bench.emulated import Seen
from bot.clock import SystemClock
from bot.domain.reply import Engine, Finished, Prompt, ReplyEvent, TextDelta
from bot.main import Switchboard, build
from bot.settings import Settings
from specialists.scripted import Script, ScriptedEngine

SECRET = "a secret of the benches, long enough to sign with"
_LOOK_SECONDS = 0.2


class Outside(Protocol):
    """An emulated messenger in a process of its own, and the people who talk to the bot there."""

    @property
    def settings(self) -> Mapping[str, str]:
        """What the platform needs to know of it."""
        ...

    async def people(self, count: int, *, in_groups: bool = False) -> list[str]:
        """New people; the names of their conversations with the bot, which are private or in groups."""
        ...

    async def say(self, chat: str, text: str) -> None: ...

    async def seen(self) -> Sequence[Seen]:
        """Every call of the bot so far, the oldest first."""
        ...


class TimedEngine:
    """Plays scripts and notes when it was asked, when it said its first word, and when it ended.

    Times are monotonic seconds, by the last word of what the user said.
    """

    def __init__(self, choose: Callable[[Prompt], Script]) -> None:
        self._choose = choose
        self._clock = SystemClock()
        self.asked: dict[str, float] = {}
        self.first_text: dict[str, float] = {}
        self.ended: dict[str, float] = {}

    async def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent]:
        key = prompt.text.split()[-1]
        self.asked.setdefault(key, time.monotonic())
        # An engine of its own for each reply: the scripted one remembers every reply it gave.
        async with aclosing(ScriptedEngine(self._clock, self._choose).reply(prompt)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    self.first_text.setdefault(key, time.monotonic())
                elif isinstance(event, Finished):
                    self.ended[key] = time.monotonic()
                yield event


@asynccontextmanager
async def platform(
    url: str, engine: Engine | None, outside: Outside | None = None, **more: Any
) -> AsyncIterator[Switchboard]:
    """A working platform on the database at `url`: web chat, and a messenger when there is one. Bursts are
    off.

    Without an `engine` it makes its own. `more` are settings by their names.
    """
    settings = Settings(
        _env_file=None,
        database_url=url,
        burst_seconds=0,
        process_name="bench",
        **{"telegram_api_base": "http://localhost", **(outside.settings if outside else {}), **more},
    )
    chosen = None if engine is None else lambda _: engine
    async with build(settings, SECRET, SystemClock(), engine=chosen) as board:
        working = asyncio.create_task(board.work(asyncio.Event()))
        try:
            yield board
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def web_says(board: Switchboard, conversation: int, text: str) -> None:
    """The visitor of conversation number `conversation` says `text` on the chat page."""
    place = web_place(f"{conversation:032x}", f"{conversation:032x}")
    await board.intake.take(said(place, "Ann", "en", text, board.clock.now()))


async def turns_are_over(board: Switchboard, within_seconds: float) -> bool:
    """Wait until no turn is open; whether that happened in time."""
    deadline = time.monotonic() + within_seconds
    while True:
        async with board.store.begin() as tx:
            depth = await tx.jobs.depth()
        if not depth.get("turn"):
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
