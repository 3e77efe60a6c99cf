"""A stage for the model engine: real SDK clients, emulated providers over loopback, time that tests move."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.toolsets import AbstractToolset

from bot.domain.reply import (
    Engine,
    Failed,
    Finished,
    Paused,
    Prompt,
    ReplyEvent,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from bot.domain.specialist import Specialist
from specialists.emulator import ModelEmulator
from specialists.engine import ModelEngine
from specialists.listening import Timeouts
from specialists.models import Credentials, Models
from tests.fakes.clock import ManualClock, WatchedLoop

T = TypeVar("T")

CHAT = "openai-chat:gpt-5.4"
RESPONSES = "openai:gpt-5.4"
CLAUDE = "anthropic:claude-sonnet-5-5"
WIRES = (CHAT, RESPONSES, CLAUDE)

MENTOR = Specialist("mentor", "Mentor", "Helps you grow.", "You are a mentor.")


@dataclass
class Told:
    """A reply as it was heard."""

    events: list[ReplyEvent] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def thinking(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ThinkingDelta))

    @property
    def end(self) -> ReplyEvent:
        return self.events[-1]

    @property
    def finished(self) -> Finished:
        assert isinstance(self.end, Finished), self.end
        return self.end

    @property
    def failed(self) -> Failed:
        assert isinstance(self.end, Failed), self.end
        return self.end

    @property
    def paused(self) -> Paused:
        assert isinstance(self.end, Paused), self.end
        return self.end

    @property
    def usages(self) -> tuple[Usage, ...]:
        assert isinstance(self.end, Finished | Paused | Failed)
        return self.end.usages

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]


@dataclass
class Stage:
    """Two providers' machines: models of `openai…` live on the first, Anthropic's on the second."""

    clock: ManualClock
    first: ModelEmulator
    second: ModelEmulator
    models: Models
    toolsets: Callable[[Prompt], Sequence[AbstractToolset[object]]] = lambda _: ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: int = 2
    default: tuple[str, ...] = (CHAT,)
    last: Engine | None = None

    def engine(self, *chain: str) -> ModelEngine:
        return ModelEngine(
            self.models,
            chain=lambda _: chain or self.default,
            toolsets=self.toolsets,
            clock=self.clock,
            random=Random(7),
            timeouts=self.timeouts,
            retries=self.retries,
            last=self.last,
        )

    async def hear(self, prompt: Prompt, *chain: str) -> Told:
        """The whole reply; time moves on when nothing else can happen."""
        told = Told()
        await self.run(_listen(self.engine(*chain), prompt, told))
        return told

    async def hear_alone(self, prompt: Prompt, *chain: str) -> str:
        """The text of a reply, for whoever moves the clock."""
        told = Told()
        await _listen(self.engine(*chain), prompt, told)
        return told.text

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, with the clock moved for it."""
        task = asyncio.create_task(work)
        await self.clock.until(task.done, within_seconds=2_000)
        return task.result()


async def _listen(engine: Engine, prompt: Prompt, told: Told) -> None:
    async with aclosing(engine.reply(prompt)) as events:
        async for event in events:
            told.events.append(event)


def prompt(text: str = "Hello", **fields: Any) -> Prompt:
    specialist = fields.pop("specialist", MENTOR)
    return Prompt(turn=1, specialist=specialist, text=text, thread=5, **fields)


def with_hints(**hints: Any) -> Specialist:
    return replace(MENTOR, **hints)


@asynccontextmanager
async def a_stage(clock: ManualClock, *, text_only: Collection[str] = ()) -> AsyncIterator[Stage]:
    async with ModelEmulator(clock=clock) as first, ModelEmulator(clock=clock) as second:
        models = Models.build(
            Credentials(
                openai_api_key="sk-first",
                openai_base_url=first.openai_url,
                anthropic_api_key="sk-second",
                anthropic_base_url=second.anthropic_url,
            ),
            clock,
            text_only=text_only,
        )
        _count_callbacks()
        try:
            await _warm(models)
            yield Stage(clock, first, second, models)
        finally:
            await models.close()


def _count_callbacks() -> None:
    """An SDK may compute for longer than the clock waits; as long as a callback is ready, the moment is not over."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    ready = vars(loop)["_ready"]
    loop.busy.append(lambda: bool(ready))


async def _warm(models: Models) -> None:
    """SDKs look at their machine in a thread before the first request, which the tests' clock does not see."""
    for name in WIRES:
        model = models.get(name)
        assert isinstance(model, OpenAIChatModel | OpenAIResponsesModel | AnthropicModel)
        client = model.client
        assert isinstance(client, AsyncOpenAI | AsyncAnthropic)
        await client.models.list()
