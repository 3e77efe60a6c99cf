"""Threads, their turns and messages, and which state may follow which."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.domain.place import Place, Ref


class TurnState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    REQUIRES_ACTION = "requires_action"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        return self in _OPEN

    def may_become(self, state: "TurnState") -> bool:
        """Whether `state` may follow; a finished turn may only be queued again (edit, regenerate)."""
        return state in _NEXT[self]


_OPEN = frozenset({TurnState.QUEUED, TurnState.RUNNING, TurnState.REQUIRES_ACTION})
_ENDS = frozenset({TurnState.COMPLETED, TurnState.STOPPED, TurnState.FAILED})
_NEXT: dict[TurnState, frozenset[TurnState]] = {
    # A running turn may be run once more after its process died, and a queued one stopped before it began.
    TurnState.QUEUED: frozenset({TurnState.QUEUED, TurnState.RUNNING}) | _ENDS,
    TurnState.RUNNING: frozenset({TurnState.QUEUED, TurnState.RUNNING, TurnState.REQUIRES_ACTION}) | _ENDS,
    TurnState.REQUIRES_ACTION: frozenset({TurnState.QUEUED, TurnState.RUNNING}) | _ENDS,
    TurnState.COMPLETED: frozenset({TurnState.QUEUED}),
    TurnState.STOPPED: frozenset({TurnState.QUEUED}),
    TurnState.FAILED: frozenset({TurnState.QUEUED}),
}


Thinking = Literal["off", "brief", "full"]
"""How much of a model's reasoning a user wants to see while it works."""


@dataclass(frozen=True, slots=True)
class User:
    """A person; may own several messenger identities."""

    id: int
    name: str
    locale: str
    """Two-letter language, one we have texts for."""
    thinking: Thinking = "brief"
    voice: bool = False
    """Replies are spoken too."""


@dataclass(frozen=True, slots=True)
class Thread:
    id: int
    user_id: int
    """Whoever began it."""
    place: Place
    title: str
    """Empty until the first exchange gave one."""
    specialist: str
    """Who answers here; empty until somebody was chosen, by the user or by the router."""
    reachable: bool
    """False after the user blocked us or the chat is gone: nothing is sent."""
    created_at: datetime
    active_at: datetime
    archived: bool = False
    shared: bool = False
    """Everybody who speaks at its place takes part in it, and it goes on nowhere else."""
    title_turn: int = 0
    """The turn whose words the title is made of; 0 when a user chose it, or there is none."""


@dataclass(frozen=True, slots=True)
class Turn:
    id: int
    thread_id: int
    state: TurnState
    created_at: datetime
    finished_at: datetime | None
    specialist: str
    """Who answers it; empty until the router has decided."""
    version: int
    """1 for the first reply; an edit or 'regenerate' counts it up, and earlier replies stay stored."""
    reply_refs: tuple[Ref, ...]
    """The messages of the messenger that show the text of the reply, in order."""
    confidence: float | None
    error: str
    """Fluent key of the sentence the user got when the turn failed, or besides the reply."""
    rating: int
    """1 thumbs up, -1 thumbs down, 0 none; in a shared thread the sum of everybody's."""
    file_refs: tuple[Ref, ...] = ()
    """The messages below those, each with a file of the reply."""
    asker: int = 0
    """The user who said what it answers; in a thread that is not shared, its owner."""


@dataclass(frozen=True, slots=True)
class Message:
    """One stored utterance. A turn has one or more of the user (a burst) and one of the assistant per version."""

    id: int
    thread_id: int
    turn_id: int
    role: Literal["user", "assistant"]
    text: str
    version: int
    ref: Ref | None
    created_at: datetime
    cut: bool = False
    """The next message of the same turn continues this one without a break."""
