"""What goes over the wire besides the words: caches, lengths, other providers; and how it is cut."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from typing import Any

import pytest

from bot.domain.reply import TextDelta
from specialists.emulator import ModelEmulator, Say, Stall
from specialists.models import Credentials, Models
from tests.fakes.clock import ManualClock
from tests.specialists.minds import CHAT, CLAUDE, RESPONSES, WIRES, Stage, a_stage, prompt, with_hints


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(ManualClock()) as made:
        yield made


async def test_anthropic_is_asked_to_cache_and_for_a_sane_length(stage: Stage) -> None:
    await stage.hear(prompt(), CLAUDE)
    body = stage.second.asked[0].body
    assert "cache_control" in str(body)
    assert body["max_tokens"] < 20_000
    assert "temperature" not in body


async def test_a_thread_of_responses_has_its_cache_key_and_is_not_stored(stage: Stage) -> None:
    await stage.hear(prompt(), RESPONSES)
    body = stage.first.asked[0].body
    assert body["prompt_cache_key"] == "switchboard-5"
    assert body["store"] is False


async def test_the_next_turn_finds_the_first_one_in_the_cache(stage: Stage) -> None:
    long = with_hints(instructions="You are a mentor. " * 400)
    await stage.hear(prompt("One", specialist=long, facts=("likes tea",)), CHAT)
    await stage.hear(prompt("Two", specialist=long, facts=("likes tea",)), CHAT)
    first, second = stage.first.asked
    assert first.used is not None
    assert second.cached_tokens > 0.9 * first.used.input


@pytest.mark.parametrize("provider", ["deepseek:deepseek-chat", "xai:grok-4", "openrouter:a/b", "ollama:qwen3"])
async def test_other_providers_speak_openais_protocol(provider: str) -> None:
    clock = ManualClock()
    async with ModelEmulator(clock=clock) as machine:
        url = machine.openai_url
        models = Models.build(
            Credentials(
                deepseek_base_url=url,
                xai_base_url=url,
                openrouter_base_url=url,
                ollama_base_url=url,
            ),
            clock,
        )
        machine.then(Say("Hello from elsewhere."))
        stage = Stage(clock, machine, machine, models)
        told = await stage.hear(prompt(specialist=with_hints(temperature=0.3, max_tokens=400)), provider)
        assert told.text == "Hello from elsewhere."
        assert machine.asked[0].model == provider.partition(":")[2]
        assert not machine.violations
        await models.close()


@pytest.mark.parametrize("wire", WIRES)
async def test_a_cancelled_task_closes_the_connection(stage: Stage, wire: str) -> None:
    (stage.second if wire == CLAUDE else stage.first).then(Say("Some words."), Stall())
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(stage.engine(wire).reply(prompt())) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    heard.set()

    task = asyncio.create_task(listen())
    await heard.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    machine = stage.second if wire == CLAUDE else stage.first
    await stage.clock.until(lambda: machine.asked[0].closed_early)
    assert stage.clock.monotonic() == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_many_replies_share_the_clients(stage: Stage, wire: str) -> None:
    replies = await stage.run(_together([stage.hear_alone(prompt(f"number {n}"), wire) for n in range(30)]))
    assert len(replies) == 30
    assert all(f"number {n}" in text for n, text in enumerate(replies))


async def _together(work: list[Coroutine[Any, Any, str]]) -> list[str]:
    return list(await asyncio.gather(*work))
