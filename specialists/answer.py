"""A reply of an engine without a model, before it is spoken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that is ready to be spoken."""

    text: str
    confidence: float
    suggestions: tuple[str, ...] = ()
    yields_above: float = 1.0
    """A page of the handbook that is surer of itself than this goes before it."""
