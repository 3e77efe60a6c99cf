"""An engine that plays prepared replies: for tests, and for the sandbox."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import assert_never

from bot.domain.errors import EngineError
from bot.domain.messenger import File
from bot.domain.ports import Clock
from bot.domain.reply import (
    Attached,
    Failed,
    Finished,
    Handover,
    Paused,
    Prompt,
    ReplyEvent,
    Request,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolStarted,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Say:
    """Text, in pieces of `chunk_chars` with a pause after each."""

    text: str
    chunk_chars: int = 20
    pause_seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class Think:
    text: str
    chunk_chars: int = 20
    pause_seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class Use:
    """A tool call that takes `seconds`."""

    tool: str
    seconds: float = 0.2
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Pass:
    """Hand over to another specialist."""

    to: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attach:
    """A file of the reply."""

    file: File


@dataclass(frozen=True, slots=True)
class AskLeave:
    """End with a pause until somebody lets `tool` be used, or not."""

    tool: str
    arguments: str = ""
    state: str = "scripted"


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """End with `error`: as a `Failed` event, or raised out of the iterator as a crash would be."""

    error: EngineError
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Babble:
    """Say `text` again and again and never end."""

    text: str = "and so on, "
    pause_seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing until `ScriptedEngine.release` is called."""


@dataclass(frozen=True, slots=True)
class End:
    """What the reply ends with, when not with a plain `Finished()`."""

    finished: Finished


Step = Say | Think | Use | Pass | Attach | AskLeave | Pause | Fail | Babble | Hang | End
Script = tuple[Step, ...]


def echo(prompt: Prompt) -> Script:
    """Say what the user said."""
    return (
        Say(prompt.text or "…"),
        End(Finished((Usage(provider="scripted", model="echo", cost_usd=Decimal()),), confidence=1.0)),
    )


@dataclass(slots=True)
class Reply:
    """One reply that was asked for, as a test sees it afterwards."""

    prompt: Prompt
    ended: bool = False
    """The last event was taken."""
    closed_early: bool = False
    """The iterator was closed or cancelled before that."""


class ScriptedEngine:
    """Plays queued scripts first, in order, then whatever `choose` says; echoes by default."""

    def __init__(
        self, clock: Clock, choose: Callable[[Prompt], Script] = echo, *, queue: Iterable[Script] = ()
    ) -> None:
        self._clock = clock
        self._choose = choose
        self._queue = deque(queue)
        self._released = asyncio.Event()
        self._calls = count(1)
        self.replies: list[Reply] = []

    @property
    def prompts(self) -> list[Prompt]:
        """What it was asked so far, in order."""
        return [reply.prompt for reply in self.replies]

    def then(self, *steps: Step) -> None:
        """Queue one more script."""
        self._queue.append(steps)

    def release(self) -> None:
        """Let everything that hangs, now or later, go on."""
        self._released.set()

    async def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent]:
        """Play one script; a script without an end of its own ends with `Finished()`."""
        reply = Reply(prompt)
        self.replies.append(reply)
        script = self._queue.popleft() if self._queue else self._choose(prompt)
        try:
            async with aclosing(self._play(script)) as events:
                async for event in events:
                    reply.ended = isinstance(event, Finished | Paused | Failed)
                    yield event
        finally:
            reply.closed_early = not reply.ended

    async def _play(self, script: Script) -> AsyncGenerator[ReplyEvent]:
        for step in script:
            async with aclosing(self._perform(step)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, Finished | Paused | Failed):
                        return
        yield Finished()

    async def _perform(self, step: Step) -> AsyncGenerator[ReplyEvent]:
        match step:
            case Say():
                for piece in _pieces(step.text, step.chunk_chars):
                    yield TextDelta(piece)
                    await self._clock.sleep(step.pause_seconds)
            case Think():
                for piece in _pieces(step.text, step.chunk_chars):
                    yield ThinkingDelta(piece)
                    await self._clock.sleep(step.pause_seconds)
            case Use():
                call = f"call-{next(self._calls)}"
                yield ToolStarted(call, step.tool)
                await self._clock.sleep(step.seconds)
                yield ToolFinished(call, step.ok)
            case Babble():
                while True:
                    yield TextDelta(step.text)
                    await self._clock.sleep(step.pause_seconds)
            case Pass() | Attach() | AskLeave() | Fail() | End():
                yield _event(step)
            case Pause():
                await self._clock.sleep(step.seconds)
            case Hang():
                await self._released.wait()
            case _:
                assert_never(step)


def _event(step: Pass | Attach | AskLeave | Fail | End) -> ReplyEvent:
    match step:
        case Pass():
            return Handover(step.to, step.reason)
        case Attach():
            return Attached(step.file)
        case AskLeave():
            return Paused((Request("call-0", step.tool, step.arguments),), step.state)
        case Fail():
            if step.raised:
                raise step.error
            return Failed(step.error)
        case End():
            return step.finished


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
