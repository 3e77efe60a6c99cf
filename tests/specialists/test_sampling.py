"""Hints reach only the models that take them."""

import warnings
from collections.abc import AsyncIterator

import pytest
from pydantic_ai.models import ModelRequestParameters

from specialists.models import Models
from specialists.sampling import Hints, settings
from tests.fakes.clock import ManualClock
from tests.specialists.test_models import ALL, KEYS

WARM = Hints(temperature=0.4, top_p=0.8, max_tokens=500)


@pytest.fixture
async def models() -> AsyncIterator[Models]:
    made = Models.build(KEYS, ManualClock())
    yield made
    await made.close()


@pytest.mark.parametrize("name", ["openai:gpt-5.4", "openai-chat:gpt-5.4", "deepseek:deepseek-chat", "ollama:qwen3"])
async def test_a_model_that_takes_a_temperature_gets_it(models: Models, name: str) -> None:
    chosen = settings(models.get(name), WARM)
    assert (chosen["temperature"], chosen["top_p"], chosen["max_tokens"]) == (0.4, 0.8, 500)


@pytest.mark.parametrize("name", ["openai:gpt-5.5", "openai-chat:o3", "anthropic:claude-sonnet-5-5"])
async def test_a_model_that_refuses_a_temperature_is_spared_it(models: Models, name: str) -> None:
    chosen = settings(models.get(name), WARM)
    assert "temperature" not in chosen
    assert "top_p" not in chosen


async def test_a_model_that_reasons_gets_room_for_it(models: Models) -> None:
    plain = settings(models.get("openai:gpt-5.4"), Hints(max_tokens=500, effort="none"))
    deep = settings(models.get("openai:gpt-5.4"), Hints(max_tokens=500, effort="high"))
    assert plain["max_tokens"] == 500
    assert deep["max_tokens"] > 10_000
    assert plain["thinking"] is False
    assert deep["thinking"] == "high"


async def test_anthropic_is_asked_for_a_sane_length_and_a_cache(models: Models) -> None:
    chosen = settings(models.get("anthropic:claude-sonnet-5-5"), Hints())
    assert chosen["max_tokens"] < 20_000
    assert chosen["cache"] is True


async def test_a_thread_has_a_cache_key_where_there_is_one(models: Models) -> None:
    chosen: dict[str, object] = {**settings(models.get("openai:gpt-5.4"), Hints(), cache_key="switchboard-5")}
    assert chosen["openai_prompt_cache_key"] == "switchboard-5"
    refused: dict[str, object] = {
        **settings(models.get("openai:gpt-5.4"), Hints(), refused={"cache"}, cache_key="switchboard-5")
    }
    assert "openai_prompt_cache_key" not in refused


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("effort", [None, "none", "low", "medium", "high"])
async def test_no_model_warns_about_a_hint(models: Models, name: str, effort: str) -> None:
    hints = Hints(0.5, 0.9, 700, effort)  # type: ignore[arg-type]
    model = models.get(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.prepare_request(settings(model, hints, cache_key="k"), ModelRequestParameters())


@pytest.mark.parametrize("hint", ["temperature", "top_p", "max_tokens", "effort"])
async def test_what_was_refused_once_is_left_out(models: Models, hint: str) -> None:
    hints = Hints(0.5, 0.9, 700, "none")
    chosen = settings(models.get("openai:gpt-5.4"), hints, refused={hint})
    assert {"effort": "thinking"}.get(hint, hint) not in chosen
