"""A reply of an engine without a model, before it is spoken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that is ready to be spoken."""

    text: str
    confidence: float
    suggestions: tuple[str, ...] = ()
