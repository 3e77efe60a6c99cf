"""What a specialist is doing, and how sure it is of what it said: the words that every front-end uses for both."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.thread import TurnState

_HIGH_ABOVE = 0.8
_LOW_UP_TO = 0.5


class Status(StrEnum):
    """
    - `training`: it is being set up, and answers nobody yet
    - `learning`: its knowledge is being read in
    - `escalated`: a human was asked for, and nothing is being done until one comes
    - `reviewing`: a reply waits for a person's decision
    - `monitoring`: a reply waits for what a tool brings
    - `active`: a reply is in line or being written
    - `paused`: the last reply was stopped or failed; it goes on when somebody asks again
    - `confident`, `uncertain`: the last reply is complete, with high or low confidence
    - `idle`: nothing is going on, and there is nothing to say about the last reply
    """

    ACTIVE = "active"
    MONITORING = "monitoring"
    LEARNING = "learning"
    PAUSED = "paused"
    ESCALATED = "escalated"
    REVIEWING = "reviewing"
    CONFIDENT = "confident"
    UNCERTAIN = "uncertain"
    TRAINING = "training"
    IDLE = "idle"


class Level(StrEnum):
    """Confidence in three steps: above 0.8 is high, up to 0.5 is low."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known about a specialist where its status is shown."""

    turn: TurnState | None = None
    """Of the turn that is being answered or, when there is none, of the last one; None before the first."""
    uses_tool: bool = False
    confidence: float | None = None
    """Of the last reply, 0 to 1; None when it cannot tell."""
    is_escalated: bool = False
    """A human was asked for in this turn."""
    is_indexing: bool = False
    """Its knowledge is being read in."""
    is_draft: bool = False
    """It is not in force yet."""


def level_of(confidence: float | None) -> Level | None:
    """None when the specialist could not tell how sure it was."""
    if confidence is None:
        return None
    if confidence > _HIGH_ABOVE:
        return Level.HIGH
    return Level.LOW if confidence <= _LOW_UP_TO else Level.MEDIUM


def status_of(activity: Activity) -> Status:
    """The one word for `activity`. What is going on comes before what was said last."""
    if activity.is_draft:
        return Status.TRAINING
    match activity.turn:
        case TurnState.REQUIRES_ACTION:
            return Status.REVIEWING
        case TurnState.RUNNING:
            return Status.MONITORING if activity.uses_tool else Status.ACTIVE
        case TurnState.QUEUED:
            return Status.ACTIVE
        case _:
            return _at_rest(activity)


def _at_rest(activity: Activity) -> Status:
    if activity.is_escalated:
        return Status.ESCALATED
    if activity.is_indexing:
        return Status.LEARNING
    if activity.turn in (TurnState.STOPPED, TurnState.FAILED):
        return Status.PAUSED
    level = level_of(activity.confidence) if activity.turn is TurnState.COMPLETED else None
    if level is Level.HIGH:
        return Status.CONFIDENT
    return Status.UNCERTAIN if level is Level.LOW else Status.IDLE
