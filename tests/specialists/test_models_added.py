"""Providers that come and go while the platform runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from openai import APIConnectionError, AsyncOpenAI
from pydantic_ai.models.openai import OpenAIChatModel

from bot.domain.errors import SettingsError
from bot.domain.reply import TextDelta
from specialists.added import KINDS, AddedProvider, RetiringClient
from specialists.emulator import Say, Stall
from specialists.models import Credentials, Models
from tests.fakes.clock import ManualClock
from tests.specialists.minds import Stage, a_stage, prompt

NAME = "acme:gpt-5.4"
NOWHERE = AddedProvider("acme", "openai-chat", "http://127.0.0.1:1/v1", "sk-acme")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(ManualClock()) as made:
        yield made


@pytest.fixture
async def models() -> AsyncIterator[Models]:
    made = Models.build(Credentials(), ManualClock())
    yield made
    await made.close()


def _client(models: Models, name: str = NAME) -> AsyncOpenAI:
    model = models.get(name)
    assert isinstance(model, OpenAIChatModel)
    assert isinstance(model.client, AsyncOpenAI)
    return model.client


def _connections(models: Models) -> RetiringClient:
    client = _client(models)._client
    assert isinstance(client, RetiringClient)
    return client


@pytest.mark.parametrize("kind", KINDS)
async def test_a_provider_of_every_kind_answers_under_its_own_name(stage: Stage, kind: str) -> None:
    url = stage.first.anthropic_url if kind == "anthropic" else stage.first.openai_url
    stage.models.adopt([AddedProvider("acme", kind, url, "sk-acme")])
    stage.first.then(Say("Hello from acme."))
    told = await stage.hear(prompt(), NAME)
    assert told.text == "Hello from acme."
    assert [(usage.provider, usage.model, usage.cost_usd) for usage in told.usages] == [("acme", "gpt-5.4", None)]
    await stage.models.close()


async def test_what_is_adopted_is_known_until_it_is_gone(models: Models) -> None:
    with pytest.raises(SettingsError, match="provider:model"):
        models.check(NAME)
    models.adopt([NOWHERE])
    models.check(NAME)
    assert models.known(NAME)
    assert models.get(NAME) is models.get(NAME)
    assert _client(models).max_retries == 0
    with pytest.raises(SettingsError, match="with one of acme, anthropic"):
        models.check("nobody:knows")
    models.adopt([])
    assert not models.known(NAME)
    with pytest.raises(SettingsError, match="provider:model"):
        models.get(NAME)


async def test_without_an_address_it_is_the_kind_s_own(models: Models) -> None:
    models.adopt([AddedProvider("acme", "openai-chat", "", "sk-acme")])
    assert str(_client(models).base_url) == "https://api.openai.com/v1/"


async def test_a_provider_that_cannot_be_asked_says_why(models: Models) -> None:
    models.adopt(
        [
            AddedProvider("acme", "openai", "", trouble="ENCRYPTION_KEYS lacks the key of version 1"),
            AddedProvider("later", "telepathy", "https://later.example"),
        ]
    )
    assert models.known(NAME)
    for name, why in ((NAME, "lacks the key of version 1"), ("later:one", "does not speak 'telepathy'")):
        with pytest.raises(SettingsError, match=why):
            models.check(name)
        with pytest.raises(SettingsError, match=why):
            models.get(name)


async def test_what_is_built_in_stays_what_it_is() -> None:
    models = Models.build(Credentials(openai_api_key="sk-own"), ManualClock())
    models.adopt([AddedProvider("openai-chat", "openai-chat", "https://thief.example/v1", "sk-acme")])
    assert str(_client(models, "openai-chat:gpt-5.4").base_url) == "https://api.openai.com/v1/"
    models.adopt([])
    models.check("openai-chat:gpt-5.4")
    await models.close()


async def test_what_did_not_change_keeps_its_connections_and_what_did_has_new_ones(models: Models) -> None:
    models.adopt([NOWHERE])
    first = models.get(NAME)
    models.refuse(NAME, "temperature")
    models.failed(NAME)
    models.adopt([AddedProvider("acme", "openai-chat", "http://127.0.0.1:1/v1", "sk-acme")])
    assert models.get(NAME) is first
    assert models.refused(NAME) == {"temperature"}
    models.adopt([AddedProvider("acme", "openai-chat", "http://127.0.0.1:1/v1", "sk-another")])
    assert models.get(NAME) is not first
    assert _client(models).api_key == "sk-another"
    assert models.refused(NAME) == frozenset(), "what was learned of another machine is not true of this one"
    assert models.order([NAME, "openai:gpt"]) == [NAME, "openai:gpt"]


async def test_a_running_reply_ends_in_peace_before_its_connections_are_closed(stage: Stage) -> None:
    stage.models.adopt([AddedProvider("acme", "openai-chat", stage.first.openai_url, "sk-acme")])
    connections = _connections(stage.models)
    stage.first.then(Say("The first half, "), Stall(), Say("the second half."))
    heard: list[str] = []

    async def listen() -> None:
        async with aclosing(stage.engine(NAME).reply(prompt())) as events:
            heard.extend([event.text async for event in events if isinstance(event, TextDelta)])

    reply = asyncio.create_task(listen())
    await stage.clock.until(lambda: stage.first.stalled == 1)
    stage.models.adopt([])
    await stage.clock.advance(45)
    assert not connections.is_closed
    stage.first.release()
    await stage.clock.until(reply.done)
    assert "".join(heard) == "The first half, the second half."
    assert not connections.is_closed, "the reply might have asked once more"
    await stage.clock.advance(40)
    assert connections.is_closed


async def test_a_client_that_nobody_uses_is_closed_soon(models: Models) -> None:
    clock = ManualClock()
    models = Models({}, clock)
    models.adopt([NOWHERE])
    connections = _connections(models)
    models.adopt([])
    await clock.advance(31)
    assert connections.is_closed
    await models.close()


async def test_the_end_of_the_platform_waits_for_nobody(models: Models) -> None:
    models.adopt([NOWHERE, AddedProvider("other", "openai-chat", "http://127.0.0.1:1/v1")])
    leaving = _connections(models)
    models.adopt([AddedProvider("other", "openai-chat", "http://127.0.0.1:1/v1")])
    await models.close()
    assert leaving.is_closed


async def test_a_broken_request_does_not_keep_its_client_busy() -> None:
    clock = ManualClock()
    models = Models({}, clock)
    models.adopt([NOWHERE])
    connections = _connections(models)
    with pytest.raises(APIConnectionError):
        await _client(models).models.list()
    models.adopt([])
    await clock.advance(31)
    assert connections.is_closed
    await models.close()


async def test_a_key_is_not_in_what_is_printed() -> None:
    assert "sk-acme" not in repr(NOWHERE)
