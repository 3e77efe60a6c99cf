"""How the engine's part of a turn ended: what is still to be said and recorded, in a form that survives a crash."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from bot.domain.job import Json
from bot.domain.reply import Request, Usage
from bot.domain.thread import TurnState


@dataclass(frozen=True, slots=True)
class Told:
    state: TurnState
    """`completed`, `stopped`, `failed`, or `requires_action` when the reply waits for a decision."""
    text: str = ""
    sentence: str = ""
    """Fluent key of what the user is told besides the text; empty when there is nothing."""
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    """Of the sentence."""
    confidence: float | None = None
    usages: tuple[Usage, ...] = ()
    requests: tuple[Request, ...] = ()
    """What the reply waits for leave to do."""
    pause: str = ""
    """What is needed to go on after a decision; empty when none is awaited."""
    lead: str = ""
    """What stands above the text and is no part of it."""
    files: int = 0
    """How many files of the reply are stored."""

    def dump(self) -> Json:
        return {
            "state": self.state.value,
            "text": self.text,
            "sentence": self.sentence,
            "arguments": dict(self.arguments),
            "confidence": self.confidence,
            "usages": [_dump_usage(usage) for usage in self.usages],
            "requests": [asdict(request) for request in self.requests],
            "pause": self.pause,
            "lead": self.lead,
            "files": self.files,
        }

    @classmethod
    def load(cls, value: Mapping[str, Json]) -> "Told":
        """The inverse of `dump`."""
        return cls(
            TurnState(value["state"]),
            value["text"],
            value["sentence"],
            value["arguments"],
            value["confidence"],
            tuple(_load_usage(usage) for usage in value["usages"]),
            tuple(Request(**request) for request in value["requests"]),
            value["pause"],
            value["lead"],
            value["files"],
        )


def _dump_usage(usage: Usage) -> Json:
    return {**asdict(usage), "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd)}


def _load_usage(value: Mapping[str, Json]) -> Usage:
    cost = value["cost_usd"]
    return Usage(**{**value, "cost_usd": None if cost is None else Decimal(cost)})
