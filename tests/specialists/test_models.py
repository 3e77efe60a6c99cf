"""Which models can be asked, and what is known of them."""

from collections.abc import AsyncIterator

import pytest
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.test import TestModel

from bot.domain.errors import SettingsError
from specialists.models import Credentials, Models
from tests.fakes.clock import ManualClock

KEYS = Credentials(
    openai_api_key="sk-openai",
    anthropic_api_key="sk-anthropic",
    deepseek_api_key="sk-deepseek",
    xai_api_key="sk-xai",
    openrouter_api_key="sk-openrouter",
    ollama_base_url="http://127.0.0.1:11434/v1",
)
ALL = (
    "openai:gpt-5.4",
    "openai-chat:gpt-5.4",
    "anthropic:claude-sonnet-5-5",
    "deepseek:deepseek-chat",
    "xai:grok-4",
    "openrouter:anthropic/claude-sonnet-4.5",
    "ollama:qwen3",
)


@pytest.fixture
async def models() -> AsyncIterator[Models]:
    made = Models.build(KEYS, ManualClock())
    yield made
    await made.close()


@pytest.mark.parametrize("name", ALL)
async def test_every_provider_with_a_key_has_models(models: Models, name: str) -> None:
    models.check(name)
    assert models.known(name)
    assert models.get(name) is models.get(name)
    assert models.context_tokens(name) >= 8_000


async def test_nothing_is_retried_by_a_sdk(models: Models) -> None:
    clients = [models.get(name).client for name in ALL]  # type: ignore[attr-defined]
    assert [client.max_retries for client in clients] == [0] * len(clients)


async def test_keys_are_not_in_what_is_printed() -> None:
    assert "sk-" not in repr(KEYS)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("openai:gpt-5.4", "OPENAI_API_KEY"),
        ("anthropic:claude-sonnet-5-5", "ANTHROPIC_API_KEY"),
        ("xai:grok-4", "XAI_API_KEY"),
        ("ollama:qwen3", "OLLAMA_BASE_URL"),
        ("google:gemini-2.5-pro", "pydantic-ai-slim[google]"),
        ("nobody:knows", "provider:model"),
        ("gpt-5.4", "provider:model"),
        ("openai:", "provider:model"),
    ],
)
async def test_what_is_missing_is_said_with_the_fix(name: str, told: str) -> None:
    models = Models.build(Credentials(), ManualClock())
    with pytest.raises(SettingsError, match=told.replace("[", r"\[")):
        models.check(name)
    with pytest.raises(SettingsError):
        models.get(name)
    await models.close()


async def test_another_address_may_do_without_a_key() -> None:
    models = Models.build(Credentials(openai_base_url="http://127.0.0.1:1/v1"), ManualClock())
    models.check("openai-chat:local")
    assert models.context_tokens("openai-chat:local") == 32_000
    await models.close()


async def test_an_extra_brings_its_provider_along() -> None:
    models = Models.build(Credentials(), ManualClock(), extra={"google": lambda name: TestModel(model_name=name)})
    assert models.get("google:gemini-2.5-pro").model_name == "gemini-2.5-pro"
    await models.close()


async def test_experience_is_remembered_for_a_while_or_for_good() -> None:
    clock = ManualClock()
    models = Models({"one": _silent, "two": _silent}, clock)
    assert models.order(["one:a", "two:b", "one:a"]) == ["one:a", "two:b"]
    models.failed("one:a")
    assert models.order(["one:a", "two:b"]) == ["two:b", "one:a"]
    await clock.advance(31)
    assert models.order(["one:a", "two:b"]) == ["one:a", "two:b"]
    models.failed("one:a")
    models.answered("one:a")
    assert models.order(["one:a", "two:b"]) == ["one:a", "two:b"]
    models.refuse("one:a", "temperature")
    assert models.refused("one:a") == {"temperature"}
    assert models.refused("two:b") == frozenset()


def _silent(_: str) -> FunctionModel:
    raise AssertionError("nobody asks it")
