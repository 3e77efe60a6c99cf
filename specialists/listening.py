"""One request to one model: its events as they come, within limits of time, and its connection closed in any case."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent, PartStartEvent, ThinkingPart
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from bot.domain.errors import TimedOut
from bot.domain.ports import Clock

_REASONING_PATIENCE = 3
"""So many stalls may a model take that reasons where nobody sees it, before its first word."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    first_event_seconds: float = 30.0
    """How long a model may take until it begins to answer."""
    reply_seconds: float = 300.0
    """How long a reply may take in all."""
    stall_seconds: float = 60.0
    """How long a model that has begun may be silent."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a model."""

    messages: Sequence[ModelMessage]
    settings: ModelSettings
    parameters: ModelRequestParameters


@dataclass(slots=True)
class Listening:
    """A request under way. The work is done by a task of its own, so whoever listens may be slow, or go away."""

    name: str
    model: Model
    request: Request
    clock: Clock
    timeouts: Timeouts
    deadline: float
    """Of the whole reply, on the clock's monotonic scale."""
    reasons: bool = False
    """The model thinks before it speaks, perhaps in silence."""
    _events: deque[ModelResponseStreamEvent] = field(default_factory=deque, init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _stream: StreamedResponse | None = field(default=None, init=False)
    _until: float = field(default=0.0, init=False)
    """When patience ends."""
    _overdue: str = field(default="", init=False)
    """Which limit was passed."""

    async def events(self) -> AsyncGenerator[Sequence[ModelResponseStreamEvent], None]:
        """Everything that has come since the last time, one or more. Raises what the request raised, or TimedOut.

        Closing the generator ends the request, its connection included, before it returns.
        """
        async with self._at_work() as task:
            while True:
                await self._news.wait()
                self._news.clear()
                if self._events:
                    ready, self._events = self._events, deque()
                    yield ready
                if task.done() and not self._events:
                    break
            if self._overdue:
                raise TimedOut(f"{self.name}: {self._overdue}")
            task.result()

    def response(self) -> ModelResponse | None:
        """What came, complete or not; None when nothing began."""
        return self._stream.get() if self._stream is not None else None

    @asynccontextmanager
    async def _at_work(self) -> "AsyncGenerator[asyncio.Task[None], None]":
        self._wait(self.timeouts.first_event_seconds)
        task = asyncio.create_task(self._listen())
        task.add_done_callback(lambda _: self._news.set())
        watch = asyncio.create_task(self._watch(task))
        try:
            yield task
        finally:
            for one in (watch, task):
                one.cancel()
            await asyncio.gather(watch, task, return_exceptions=True)

    async def _listen(self) -> None:
        request = self.request
        async with self.model.request_stream(
            list(request.messages), request.settings, request.parameters, None
        ) as stream:
            self._stream = stream
            patience = self.timeouts.stall_seconds * (_REASONING_PATIENCE if self.reasons else 1)
            self._wait(patience)
            async for event in stream:
                if isinstance(event, PartStartEvent) and not isinstance(event.part, ThinkingPart):
                    patience = self.timeouts.stall_seconds
                self._wait(patience)
                self._events.append(event)
                self._news.set()

    def _wait(self, seconds: float) -> None:
        self._until = self.clock.monotonic() + seconds

    async def _watch(self, task: "asyncio.Task[None]") -> None:
        """End the request when patience does. Wakes up once per limit, not per event."""
        while True:
            now, until = self.clock.monotonic(), min(self._until, self.deadline)
            if now >= until:
                break
            await self.clock.sleep(until - now)
        if now >= self.deadline:
            self._overdue = "the reply took too long in all"
        else:
            self._overdue = "fell silent" if self._stream is not None else "did not begin to answer"
        task.cancel()
