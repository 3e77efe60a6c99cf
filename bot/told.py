"""How the engine's part of a turn ended: what is still to be said and recorded, in a form that survives a crash."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bot.domain.job import Json
from bot.domain.reply import Usage
from bot.domain.thread import TurnState


@dataclass(frozen=True, slots=True)
class Told:
    state: TurnState
    """`completed`, `stopped` or `failed`."""
    text: str = ""
    sentence: str = ""
    """Fluent key of what the user is told about a failure; empty when there was none."""
    confidence: float | None = None
    usage: Usage = field(default_factory=Usage)

    def dump(self) -> Json:
        usage = self.usage
        return {
            "state": self.state.value,
            "text": self.text,
            "sentence": self.sentence,
            "confidence": self.confidence,
            "provider": usage.provider,
            "model": usage.model,
            "tokens": [usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens],
            "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd),
        }

    @classmethod
    def load(cls, value: Mapping[str, Json]) -> "Told":
        """The inverse of `dump`."""
        cost = value["cost_usd"]
        usage = Usage(value["provider"], value["model"], *value["tokens"])
        return cls(
            TurnState(value["state"]),
            value["text"],
            value["sentence"],
            value["confidence"],
            replace(usage, cost_usd=None if cost is None else Decimal(cost)),
        )
