"""The hints of a specialist (temperature and the like) as one model takes them."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.settings import ModelSettings

from bot.domain.specialist import Effort, Specialist

_ANTHROPIC_TOKENS = 8_192
"""Longest reply of models that want to be told one."""
_THINKING_TOKENS: dict[Effort | None, int] = {
    "none": 2_048,
    "low": 4_096,
    "medium": 12_288,
    "high": 20_480,
    None: 8_192,
}
"""Room for reasoning above the longest reply, where a provider counts both together."""


@dataclass(frozen=True, slots=True)
class Hints:
    """None: as the model likes."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    effort: Effort | None = None

    @classmethod
    def of(cls, specialist: Specialist) -> "Hints":
        return cls(specialist.temperature, specialist.top_p, specialist.max_tokens, specialist.effort)


def settings(
    model: Model, hints: Hints, *, refused: AbstractSet[str] = frozenset(), cache_key: str = ""
) -> ModelSettings:
    """Only what `model` takes, so that nothing is refused or warned about; `refused` names more to leave out.

    `cache_key` stands for requests that begin alike (a thread); it brings them to the same prompt cache.
    """
    reasons = thinks(model, hints.effort)
    chosen = _common(model, hints, refused, thinks=reasons)
    match model:
        case AnthropicModel():
            own = _of_anthropic(model, hints.effort, refused, thinks=reasons)
            if "anthropic_thinking" in own:
                chosen.pop("thinking", None)
            return chosen | own
        case OpenAIResponsesModel():
            return chosen | _of_responses(refused, cache_key, thinks=reasons)
        case _:
            return chosen


def _common(model: Model, hints: Hints, refused: AbstractSet[str], *, thinks: bool) -> ModelSettings:
    chosen = ModelSettings()
    if "effort" not in refused and hints.effort is not None:
        chosen["thinking"] = False if hints.effort == "none" else hints.effort
    longest = hints.max_tokens or (_ANTHROPIC_TOKENS if isinstance(model, AnthropicModel) else None)
    if longest is not None and "max_tokens" not in refused:
        chosen["max_tokens"] = longest + (_THINKING_TOKENS[hints.effort] if thinks else 0)
    if _takes_sampling(model, thinks=thinks):
        if hints.temperature is not None and "temperature" not in refused:
            chosen["temperature"] = hints.temperature
        if hints.top_p is not None and "top_p" not in refused:
            chosen["top_p"] = hints.top_p
    return chosen


def _of_anthropic(
    model: AnthropicModel, effort: Effort | None, refused: AbstractSet[str], *, thinks: bool
) -> AnthropicModelSettings:
    """Caching must be asked for; and newer models keep their reasoning to themselves unless asked to show it."""
    own = AnthropicModelSettings()
    if "cache" not in refused:
        own["cache"] = True
    adaptive = model.profile.get("anthropic_supports_adaptive_thinking", False)
    if thinks and adaptive and effort != "none" and "effort" not in refused:
        own["anthropic_thinking"] = {"type": "adaptive", "display": "summarized"}
        if effort is not None and model.profile.get("anthropic_supports_effort", False):
            own["anthropic_effort"] = effort
    return own


def _of_responses(refused: AbstractSet[str], cache_key: str, *, thinks: bool) -> OpenAIResponsesModelSettings:
    own = OpenAIResponsesModelSettings()
    if thinks and "summary" not in refused:
        own["openai_reasoning_summary"] = "auto"
    if cache_key and "cache" not in refused:
        own["openai_prompt_cache_key"] = cache_key
    return own


def thinks(model: Model, effort: Effort | None) -> bool:
    """Whether the model will reason before it answers."""
    profile = model.profile
    if not profile.get("supports_thinking", False):
        return False
    if effort is None:
        return profile.get("thinking_always_enabled", False) or profile.get("thinking_enabled_by_default", False)
    return effort != "none" or profile.get("thinking_always_enabled", False)


def _takes_sampling(model: Model, *, thinks: bool) -> bool:
    """Anthropic's API takes no temperature any more; OpenAI's models take one only while they do not reason."""
    if isinstance(model, AnthropicModel):
        return False
    if not isinstance(model, OpenAIChatModel | OpenAIResponsesModel):
        return True
    profile = model.profile
    if not profile.get("openai_supports_reasoning", False):
        return True
    efforts = profile.get("openai_reasoning_efforts")
    can_rest = "none" in efforts if efforts is not None else profile.get("openai_supports_reasoning_effort_none", False)
    return can_rest and not thinks
