"""Where the CPU of a turn goes: to the platform, to our engine, or to the SDK of a model's provider."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Literal

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, FunctionModel

from adapters.web import Changed, Deleted, decode, topic, web_place
from bench.databases import fresh
from bench.platform import platform, turns_are_over, web_says
from bench.providers import Providers, providers
from bench.relay import CHUNK_CHARS, CHUNKS, TEXT, idle_share
from bench.report import Measure, Section, number, percentile
from bot.clock import SystemClock
from bot.domain.place import Place
from bot.domain.reply import Engine, Prompt, ReplyEvent
from bot.main import Switchboard
from bot.minds import build_models, thinking
from bot.settings import Settings
from specialists.models import Models
from specialists.scripted import Pause, Say, ScriptedEngine

Way = Literal["script", "scripted", "no SDK", "OpenAI chat", "OpenAI responses", "Anthropic"]
MODELS: dict[Way, str] = {
    "no SDK": "bench:voice",
    "OpenAI chat": "openai-chat:gpt-5.4-mini",
    "OpenAI responses": "openai:gpt-5.4-mini",
    "Anthropic": "anthropic:claude-sonnet-5-5",
}
NAMES: dict[Way, str] = {
    "script": "a script alone, no platform",
    "scripted": "a scripted engine",
    "no SDK": "ours, a model in this process",
    "OpenAI chat": "ours, OpenAI's SDK, Chat Completions",
    "OpenAI responses": "ours, OpenAI's SDK, Responses",
    "Anthropic": "ours, Anthropic's SDK",
}
PACE_SECONDS = 0.01
"""Between two chunks of a quick model."""
THINK_SECONDS = 0.1

_CPU = "CPU per turn, 200-chunk reply, without the SDK"
_FIRST = "our share of time to first visible text, from the update on"
_AT_ONCE_TURNS, _AT_ONCE_PER_SECOND = 12, 20.0
_PACED_TURNS, _PACED_PER_SECOND = 8, 10.0
_FIRST_TEXTS = 12
_FIRST_TEXTS_PER_SECOND = 6.0
_OVER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How the model speaks in a run."""

    text: str = TEXT
    pause_seconds: float = 0.0
    think_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    at_once_ms: float
    """CPU per turn."""
    paced_ms: float
    first_ms: Sequence[float] = ()


class _Voice:
    """The model that speaks at this moment, whoever brings its words, and the engine of the platform."""

    def __init__(self) -> None:
        self.manner = Manner()
        self.engine: Engine = ScriptedEngine(SystemClock())

    def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        return self.engine.reply(prompt)

    def scripted(self) -> ScriptedEngine:
        def script(_: Prompt) -> tuple[Pause, Say]:
            return Pause(self.manner.think_seconds), Say(self.manner.text, CHUNK_CHARS, self.manner.pause_seconds)

        return ScriptedEngine(SystemClock(), script)

    def model(self, name: str) -> FunctionModel:
        async def stream(_: list[ModelMessage], __: AgentInfo) -> AsyncIterator[str]:
            manner = self.manner
            await asyncio.sleep(manner.think_seconds)
            for start in range(0, len(manner.text), CHUNK_CHARS):
                yield manner.text[start : start + CHUNK_CHARS]
                await asyncio.sleep(manner.pause_seconds)

        return FunctionModel(stream_function=stream, model_name=name)


async def run() -> Section:
    results = await _measure()
    at_once = _split({way: result.at_once_ms for way, result in results.items()})
    paced = _split({way: result.paced_ms for way, result in results.items()})
    every = f"a chunk every {PACE_SECONDS * 1000:.0f} ms"
    rows = []
    measures = [
        Measure(_CPU, f"web, {who}, {when}", sum(parts), 10, "ms")
        for split, when in ((at_once, "all chunks at once"), (paced, every))
        for parts, who in ((split["scripted"], "the platform alone"), (split["no SDK"], "platform and engine"))
    ]
    for way, result in results.items():
        first = [
            f"{number(percentile(result.first_ms, percent))} ms" if result.first_ms else "" for percent in (50, 99)
        ]
        cpu = (f"{number(result.at_once_ms)} ms", _sum(at_once[way]), f"{number(result.paced_ms)} ms", _sum(paced[way]))
        rows.append((NAMES[way], *cpu, *first))
        if result.first_ms:
            measures.append(Measure(_FIRST, f"p50, web, {NAMES[way]}", percentile(result.first_ms, 50), 20, "ms"))
    return Section(
        "Engines",
        f"Replies of {CHUNKS} chunks of {CHUNK_CHARS} characters on the web, SQLite, each the first of its "
        "conversation, with the concierge and its tools; CPU of our process less what it uses when idle. Platform: "
        "what a turn takes with a scripted engine, less what the script itself takes. Engine: what ours adds "
        "to that with a model that is a function. "
        "SDK: what the provider's SDK, its HTTP client and its events add to that (chunks that come together are "
        "taken in together, so that the engine has less to do where the SDK is slow), with the provider emulated in a "
        f"process of its own. First text: from the call of `intake.take` until the first text is on the bus, less "
        f"the {THINK_SECONDS * 1000:.0f} ms for which the model is silent; an emulated provider's own work "
        "is in it.",
        (
            "engine",
            "all chunks at once: CPU per turn",
            "platform + engine + SDK",
            f"{every}: CPU per turn",
            "platform + engine + SDK",
            "first text p50",
            "p99",
        ),
        rows,
        measures,
    )


def _split(cpu_ms: dict[Way, float]) -> dict[Way, list[float]]:
    """What each way takes for the platform, the engine and the SDK, as far as it has them."""
    platform_ms = cpu_ms["scripted"] - cpu_ms["script"]
    engine_ms = cpu_ms["no SDK"] - cpu_ms["scripted"]
    split: dict[Way, list[float]] = {"script": [], "scripted": [platform_ms], "no SDK": [platform_ms, engine_ms]}
    return {way: split.get(way, [platform_ms, engine_ms, ms - cpu_ms["no SDK"]]) for way, ms in cpu_ms.items()}


def _sum(parts: Sequence[float]) -> str:
    return " + ".join(map(number, parts))


async def _measure() -> dict[Way, Result]:
    voice = _Voice()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(fresh("SQLite"))
        outside = await stack.enter_async_context(providers())
        board = await stack.enter_async_context(platform(url, voice, rate_per_minute=0))
        bench = _Bench(board, voice, outside)
        engines: dict[Way, Engine] = {"scripted": voice.scripted()}
        for way, model in MODELS.items():
            engines[way] = await stack.enter_async_context(_engine(board, voice, outside, model))
        results: dict[Way, Result] = {"script": await bench.script()}
        for way, engine in engines.items():
            voice.engine = engine
            results[way] = await bench.result()
    return results


@asynccontextmanager
async def _engine(board: Switchboard, voice: _Voice, outside: Providers, model: str) -> AsyncIterator[Engine]:
    """As the platform makes it for that model."""
    settings = Settings(
        _env_file=None,
        default_model=model,
        openai_api_key="none",
        openai_base_url=outside.openai_url,
        anthropic_api_key="none",
        anthropic_base_url=outside.anthropic_url,
    )
    is_ours = model == MODELS["no SDK"]
    models = Models({"bench": voice.model}, board.clock) if is_ours else build_models(settings, board.clock)
    try:
        async with thinking(settings, board.store, board.team, models, board.texts, board.clock, Random()) as minds:
            yield minds.engine(board.team.default)
    finally:
        await models.close()


class _Bench:
    def __init__(self, board: Switchboard, voice: _Voice, outside: Providers) -> None:
        self._board = board
        self._voice = voice
        self._outside = outside
        self._conversations = count()

    async def result(self) -> Result:
        """Of the voice's engine."""
        await self._cpu_ms(Manner(), 2, _AT_ONCE_PER_SECOND, 0.0)  # warms up
        idle = await idle_share(0.5)
        at_once = await self._cpu_ms(Manner(), _AT_ONCE_TURNS, _AT_ONCE_PER_SECOND, idle)
        paced = await self._cpu_ms(Manner(pause_seconds=PACE_SECONDS), _PACED_TURNS, _PACED_PER_SECOND, idle)
        return Result(at_once, paced, await self._first_texts_ms())

    async def script(self) -> Result:
        """CPU of the script alone, whose model in this process has to wait and to speak in any case."""

        async def drain() -> None:
            async for _ in self._voice.scripted().reply(Prompt(0, self._board.team.default, "when?")):
                pass

        async def cpu_ms(manner: Manner) -> float:
            self._voice.manner = manner
            cpu = time.process_time()
            await asyncio.gather(*(drain() for _ in range(_PACED_TURNS)))
            return (time.process_time() - cpu) / _PACED_TURNS * 1_000

        return Result(await cpu_ms(Manner()), await cpu_ms(Manner(pause_seconds=PACE_SECONDS)))

    async def _cpu_ms(self, manner: Manner, turns: int, per_second: float, idle: float) -> float:
        """CPU milliseconds of a turn."""
        await self._speak(manner)
        started, cpu = time.monotonic(), time.process_time()
        for _ in range(turns):
            await self._say(next(self._conversations))
            await asyncio.sleep(1 / per_second)
        await turns_are_over(self._board, _OVER_SECONDS)
        used = time.process_time() - cpu - idle * (time.monotonic() - started)
        requests = await self._outside.asked()
        if any(not request.ended for request in requests) or len(requests) not in (0, turns):
            raise RuntimeError(f"{len(requests)} requests were made for {turns} replies, or not all were heard out")
        async with self._board.store.begin() as tx:
            account = await tx.ledger.account()
        if account.answered != account.received:
            raise RuntimeError(f"of {account.received} updates, only {account.answered} were answered")
        return used / turns * 1_000

    async def _first_texts_ms(self) -> list[float]:
        """What we add to the model's own time until its first words are seen, by turn."""
        await self._speak(Manner(TEXT[: 4 * CHUNK_CHARS], think_seconds=THINK_SECONDS))
        said: dict[str, float] = {}
        seen: dict[str, float] = {}
        async with self._board.store.bus.subscribe("web:*") as news:

            async def watch() -> None:
                async for where, message in news:
                    if _shows_text(message):
                        seen.setdefault(where, time.monotonic())

            watching = asyncio.create_task(watch())
            for _ in range(_FIRST_TEXTS):
                conversation = next(self._conversations)
                said[topic(_place(conversation))] = time.monotonic()
                await self._say(conversation)
                await asyncio.sleep(1 / _FIRST_TEXTS_PER_SECOND)
            await turns_are_over(self._board, _OVER_SECONDS)
            watching.cancel()
        await self._outside.asked()
        return [(at - said[where] - THINK_SECONDS) * 1_000 for where, at in seen.items()]

    async def _speak(self, manner: Manner) -> None:
        """Whichever model is asked speaks like that from now on."""
        self._voice.manner = manner
        await self._outside.reply(
            manner.text,
            chunk_chars=CHUNK_CHARS,
            pause_seconds=manner.pause_seconds,
            think_seconds=manner.think_seconds,
        )

    async def _say(self, conversation: int) -> None:
        await web_says(self._board, conversation, f"when? {conversation}")


def _place(conversation: int) -> Place:
    return web_place(f"{conversation:032x}", f"{conversation:032x}")


def _shows_text(message: str) -> bool:
    event = decode(message)
    return event is not None and not isinstance(event, Changed | Deleted) and bool(event.text.strip())
