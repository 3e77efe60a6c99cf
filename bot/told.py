"""How the engine's part of a turn ended: what is still to be said and recorded, in a form that survives a crash."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from bot.domain.job import Json
from bot.domain.reply import Request, Usage
from bot.domain.thread import TurnState

_HEARD = "heard:"


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
    unseen: int = 0
    """How many pictures the model that answered could not look at."""

    def dump(self) -> Json:
        return {
            "state": self.state.value,
            "text": self.text,
            "sentence": self.sentence,
            "arguments": dict(self.arguments),
            "confidence": self.confidence,
            "usages": [dump_usage(usage) for usage in self.usages],
            "requests": [asdict(request) for request in self.requests],
            "pause": self.pause,
            "lead": self.lead,
            "files": self.files,
            "unseen": self.unseen,
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
            tuple(load_usage(usage) for usage in value["usages"]),
            tuple(Request(**request) for request in value["requests"]),
            value["pause"],
            value["lead"],
            value["files"],
            value.get("unseen", 0),  # of a job that was put by an earlier version
        )


def heard_step(upload: int) -> str:
    """The job's step that says what looking at the upload took from a model: a dumped usage, or nothing."""
    return f"{_HEARD}{upload}"


def heard(steps: Mapping[str, Json]) -> tuple[Usage, ...]:
    """What the attempts at a job took from models to look at uploads."""
    return tuple(load_usage(value) for step, value in steps.items() if step.startswith(_HEARD) and value)


def dump_usage(usage: Usage) -> Json:
    """In a form that a job keeps."""
    return {**asdict(usage), "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd)}


def load_usage(value: Mapping[str, Json]) -> Usage:
    """The inverse of `dump_usage`."""
    cost = value["cost_usd"]
    return Usage(**{**value, "cost_usd": None if cost is None else Decimal(cost)})
