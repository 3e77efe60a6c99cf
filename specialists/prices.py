"""What a model's work costs, by the price list that is shipped with genai-prices; no network."""

from decimal import Decimal

from genai_prices import Usage as Priced
from genai_prices import calc_price
from pydantic_ai.usage import RequestUsage

from bot.domain.reply import Usage

_LISTS = {
    "openai": "openai",
    "openai-chat": "openai",
    "anthropic": "anthropic",
    "deepseek": "deepseek",
    "xai": "x-ai",
    "openrouter": "openrouter",
    "google": "google",
}
"""Provider of a model's name → the list it is looked up in. What runs at home (`ollama`) has no price."""


_CHARS_PRICED = ("tts-1",)
"""Speech models whose price is by characters of the text, by the beginning of their names."""


def split(name: str) -> tuple[str, str]:
    """Provider and model of `provider:model`."""
    provider, _, model = name.partition(":")
    return provider, model


def cost_usd(name: str, taken: RequestUsage) -> Decimal | None:
    """The price of one request to the model `name` (`provider:model`); None when it is not known.

    Unknown is a model that is not in its provider's list, and any model of a provider without a list. Behind another
    base URL than the provider's own, the provider's price is taken for the models it has: a gateway passes it on; what
    a gateway calls by names of its own has no price. Cached input is a part of the input and priced as such, reasoning
    is a part of the output. Importing the list takes 0.17 s, which pydantic-ai has spent already; a look-up 0.07 ms.
    """
    provider, model = split(name)
    listed = _LISTS.get(provider)
    if listed is None:
        return None
    priced = Priced(
        input_tokens=taken.input_tokens,
        cache_read_tokens=taken.cache_read_tokens,
        cache_write_tokens=taken.cache_write_tokens,
        output_tokens=taken.output_tokens,
    )
    try:
        return calc_price(priced, model, provider_id=listed).total_price
    except (LookupError, ValueError):
        return None


def sound_cost_usd(
    name: str, *, seconds: float = 0.0, input_tokens: int = 0, audio_tokens: int = 0, output_tokens: int = 0
) -> Decimal | None:
    """The price of hearing `seconds` of speech; None when it is not known.

    `audio_tokens` are a part of `input_tokens`. The list has `whisper-1` and `gpt-transcribe` by the second, where
    tokens cost nothing, and the others by tokens, where seconds cost nothing; so both are given, and a price of
    nothing means that the list lacks what the provider charges for.
    """
    counted = {
        "audio_seconds": seconds,
        "input_tokens": input_tokens,
        "input_audio_tokens": audio_tokens,
        "output_tokens": output_tokens,
    }
    return _sound_price(name, counted)


def speech_cost_usd(name: str, chars: int) -> Decimal | None:
    """The price of speaking a text of so many characters; None when it is not known.

    Newer models charge for the tokens of the sound, which a plain response does not tell: then it is not known.
    """
    _, model = split(name)
    return _sound_price(name, {"input_characters": chars}) if model.startswith(_CHARS_PRICED) else None


def _sound_price(name: str, counted: dict[str, int | float]) -> Decimal | None:
    provider, model = split(name)
    listed = _LISTS.get(provider)
    if listed is None:
        return None
    try:
        price = calc_price(Priced(**{key: value for key, value in counted.items() if value}), model, provider_id=listed)
    except (LookupError, ValueError):
        return None
    return price.total_price or None


def usage(name: str, taken: RequestUsage, *, specialist: str = "", estimated: bool = False) -> Usage:
    """What one request took, in our terms."""
    provider, model = split(name)
    return Usage(
        provider=provider,
        model=model,
        input_tokens=taken.input_tokens,
        output_tokens=taken.output_tokens,
        cached_tokens=min(taken.cache_read_tokens, taken.input_tokens),
        reasoning_tokens=min(taken.output_reasoning_tokens or 0, taken.output_tokens),
        cost_usd=cost_usd(name, taken),
        specialist=specialist,
        estimated=estimated,
    )


def total(first: Usage, second: Usage) -> Usage:
    """Both together, of one specialist and one model; the cost is known only when both are."""
    known = first.cost_usd is not None and second.cost_usd is not None
    return Usage(
        provider=first.provider,
        model=first.model,
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        reasoning_tokens=first.reasoning_tokens + second.reasoning_tokens,
        cost_usd=(first.cost_usd or Decimal()) + (second.cost_usd or Decimal()) if known else None,
        specialist=first.specialist,
        estimated=first.estimated or second.estimated,
        audio_seconds=first.audio_seconds + second.audio_seconds,
    )
