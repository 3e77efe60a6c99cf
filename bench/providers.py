"""Emulated model providers in a process of their own: run as a program it is that; `Providers` is the other end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.beside import Beside, beside, obey
from bot.clock import SystemClock
from specialists.emulator import Asked, Call, ModelEmulator, Say, Script, Stall

_SUMMARY = "The bridge opens at nine and Ann wanted to be told. " * 23
"""Of 253 words, about as many as a summary is allowed to have."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as the provider saw it; times are monotonic seconds."""

    wire: str
    at: float
    input_tokens: int
    """By the emulator's count: a token is four characters of instructions, tools and messages."""
    cached_tokens: int
    """What of them stood at the beginning of an earlier request, byte for byte."""
    output_tokens: int
    streamed: bool
    """A reply; the rest are small questions, such as for a summary."""
    ended: bool


class Providers:
    """The emulator's process, seen from the bench."""

    def __init__(self, process: Beside, openai_url: str, anthropic_url: str) -> None:
        self._process = process
        self.openai_url = openai_url
        self.anthropic_url = anthropic_url

    async def reply(
        self, text: str, *, chunk_chars: int = 20, pause_seconds: float = 0.0, think_seconds: float = 0.0
    ) -> None:
        """From now on say `text` to whatever is asked, after having been silent for `think_seconds`."""
        await self._process.ask(do="reply", text=text, chars=chunk_chars, pause=pause_seconds, think=think_seconds)

    async def asked(self) -> list[Request]:
        """Every request since the last time, the oldest first."""
        return [Request(*request) for request in await self._process.ask(do="asked")]


@asynccontextmanager
async def providers() -> AsyncIterator[Providers]:
    async with beside("bench.providers") as (process, hello):
        yield Providers(process, hello["openai"], hello["anthropic"])


class _Voice:
    """What the emulated models say."""

    def __init__(self, models: ModelEmulator) -> None:
        self._models = models
        self._reply: Script = (Say("Yes."),)

    async def obey(self, order: dict[str, Any]) -> object:
        match order["do"]:
            case "reply":
                silence = (Stall(order["think"]),) if order["think"] else ()
                self._reply = (*silence, Say(order["text"], order["chars"], order["pause"]))
                return None
            case "asked":
                requests = [_told(asked) for asked in self._models.asked]
                self._models.asked.clear()
                return requests
            case unknown:
                raise ValueError(f"not an order: {unknown!r}")

    def choose(self, asked: Asked) -> Script:
        """A summary of the greatest length where one is wanted, a title where that is, else the reply."""
        schema = asked.parameters[asked.forced[-1]] if asked.forced else asked.schema
        if schema is None:
            return self._reply
        fields = schema.get("properties", {})
        form = {"summary": _SUMMARY} if "summary" in fields else dict.fromkeys(fields, "The bridge")
        return (Call(asked.forced[-1], form),) if asked.forced else (Say(json.dumps(form)),)


def _told(asked: Asked) -> tuple[object, ...]:
    used = asked.used
    told = (0, 0, 0) if used is None else (used.input, asked.cached_tokens, used.output)
    return asked.wire, asked.at, *told, asked.stream, asked.ended


async def _serve() -> None:
    async with ModelEmulator(clock=SystemClock()) as models:
        voice = _Voice(models)
        models.choose = voice.choose
        await obey({"openai": models.openai_url, "anthropic": models.anthropic_url}, voice.obey)


if __name__ == "__main__":
    asyncio.run(_serve())
