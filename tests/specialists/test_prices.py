"""What a request costs, without any network."""

from decimal import Decimal

import pytest
from pydantic_ai.usage import RequestUsage

from bot.domain.reply import Usage
from specialists.prices import cost_usd, sound_cost_usd, speech_cost_usd, total, usage

TAKEN = RequestUsage(input_tokens=1_000, cache_read_tokens=400, output_tokens=100, output_reasoning_tokens=60)


@pytest.mark.parametrize(
    "name",
    ["openai:gpt-5.4", "openai-chat:gpt-5.4", "anthropic:claude-sonnet-5-5", "deepseek:deepseek-chat", "xai:grok-4"],
)
def test_a_listed_model_has_a_price(name: str) -> None:
    price = cost_usd(name, TAKEN)
    assert price is not None
    assert Decimal(0) < price < Decimal(1)


@pytest.mark.parametrize("name", ["openai:in-house-7b", "ollama:qwen3", "nobody:gpt-5.4", ""])
def test_what_is_not_listed_has_no_price_rather_than_none_to_pay(name: str) -> None:
    assert cost_usd(name, TAKEN) is None


def test_the_cached_part_is_cheaper_and_inside_the_input() -> None:
    cold = cost_usd("openai:gpt-5.4", RequestUsage(input_tokens=1_000, output_tokens=100))
    warm = cost_usd("openai:gpt-5.4", TAKEN)
    assert cold is not None
    assert warm is not None
    assert warm < cold


def test_reasoning_is_paid_once() -> None:
    plain = RequestUsage(input_tokens=1_000, cache_read_tokens=400, output_tokens=100)
    assert cost_usd("openai:gpt-5.4", TAKEN) == cost_usd("openai:gpt-5.4", plain)
    taken = usage("openai:gpt-5.4", TAKEN, specialist="mentor")
    assert (taken.output_tokens, taken.reasoning_tokens, taken.cached_tokens) == (100, 60, 400)
    assert (taken.provider, taken.model, taken.specialist) == ("openai", "gpt-5.4", "mentor")


def test_a_sum_is_known_only_when_all_of_it_is() -> None:
    known, unknown = usage("openai:gpt-5.4", TAKEN), usage("openai:in-house", TAKEN, estimated=True)
    both = total(known, known)
    assert known.cost_usd is not None
    assert both.cost_usd == 2 * known.cost_usd
    assert both.input_tokens == 2_000
    assert total(known, unknown).cost_usd is None
    assert total(known, unknown).estimated


def test_what_is_heard_costs_by_the_second_or_by_the_token() -> None:
    assert sound_cost_usd("openai:whisper-1", seconds=60) == Decimal("0.006")
    assert sound_cost_usd("openai:gpt-transcribe", seconds=60) == Decimal("0.0045")
    by_token = sound_cost_usd("openai:gpt-4o-transcribe", input_tokens=100, audio_tokens=90, output_tokens=20)
    assert by_token == Decimal("0.000765")
    assert sound_cost_usd("openai:gpt-4o-transcribe", seconds=60) is None, "seconds are not what it charges for"
    assert sound_cost_usd("openai:at-home", seconds=60) is None
    assert sound_cost_usd("local:small", seconds=60) is None


def test_what_is_spoken_costs_by_the_character_or_nobody_knows() -> None:
    assert speech_cost_usd("openai:tts-1", 1_000) == Decimal("0.015")
    assert speech_cost_usd("openai:tts-1-hd", 1_000) == Decimal("0.03")
    assert speech_cost_usd("openai:gpt-4o-mini-tts", 1_000) is None


def test_seconds_add_up() -> None:
    assert total(Usage(audio_seconds=1.5), Usage(audio_seconds=2.0)).audio_seconds == 3.5
