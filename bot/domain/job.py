"""A job: work that must survive, kept as a row in a lane."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of them."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed or waiting job. Jobs of one lane run one at a time and in the order they were put."""

    id: int
    lane: str
    kind: str
    payload: Mapping[str, Json]
    priority: int
    attempts: int
    """How often it was claimed; with the owner it is the fence of every later write."""
    due_at: datetime
    owner: str = ""
    stop: bool = False
    steps: Mapping[str, Json] = field(default_factory=dict)
    """What earlier attempts recorded, by name."""


def backoff_seconds(attempts: int, random: Random, *, base: float = 1.0, cap: float = 300.0) -> float:
    """Wait before attempt `attempts + 1`: doubling from `base` to `cap`, spread over the upper half."""
    ceiling = min(cap, base * 2.0 ** min(max(attempts - 1, 0), 30))
    return ceiling * (0.5 + random.random() / 2)
