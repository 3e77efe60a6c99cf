"""What an engine is asked, and the stream of events it answers with."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from bot.domain.errors import EngineError
from bot.domain.specialist import Specialist


@dataclass(frozen=True, slots=True)
class Utterance:
    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """All an engine may know about the turn it replies to."""

    turn: int
    specialist: Specialist
    text: str
    """What the user said in this turn, a burst joined."""
    history: tuple[Utterance, ...] = ()
    """Earlier utterances of the thread, oldest first, without this turn."""
    user_name: str = ""
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Usage:
    provider: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    """None when the price is not known."""


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    call: str
    title: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    call: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Handover:
    specialist: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    usage: Usage = Usage()
    confidence: float | None = None
    """How sure the engine is of its answer, 0 to 1; None when it cannot tell."""
    suggestions: tuple[str, ...] = ()
    """Questions the user may want to ask next."""


@dataclass(frozen=True, slots=True)
class Failed:
    error: EngineError


ReplyEvent = ThinkingDelta | TextDelta | ToolStarted | ToolFinished | Handover | Finished | Failed


class Engine(Protocol):
    def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        """Stream the reply; the last event is `Finished` or `Failed`.

        Closing the generator early ends all work for the reply, the provider's connection included.
        """
        ...
