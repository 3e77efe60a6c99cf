"""What an engine is asked, and the stream of events it answers with."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from bot.domain.errors import EngineError
from bot.domain.media import Document, Picture
from bot.domain.messenger import File
from bot.domain.ports import Actions
from bot.domain.specialist import Specialist


@dataclass(frozen=True, slots=True)
class Utterance:
    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that a reply may do only when a person says yes."""

    call: str
    """The engine's id of the call."""
    tool: str
    arguments: str
    """Readable, one line per argument, without secrets; shown to whoever decides."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a pause: all its requests are granted, or none."""

    state: str
    """`Paused.state`, as the engine gave it."""
    granted: bool
    begun: bool = False
    """An earlier attempt began to do what was granted and died; whether it was done nobody knows, so it is not done
    again."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """All an engine may know about the turn it replies to."""

    turn: int
    specialist: Specialist
    text: str
    """What the user said in this turn, a burst joined."""
    history: tuple[Utterance, ...] = ()
    """Earlier utterances of the thread, oldest first, without this turn; those before are in `summary`."""
    user_name: str = ""
    locale: str = "en"
    thread: int = 0
    user: int = 0
    summary: str = ""
    """What was said in the thread before `history`, in short."""
    facts: tuple[str, ...] = ()
    """What the user asked to keep in mind."""
    today: date | None = None
    passed_on: str = ""
    """Why another specialist handed this turn over, in its words; empty when none did."""
    said: str = ""
    """The part of this very reply that the user has read already and that stays: go on after it."""
    decision: Decision | None = None
    """What was decided about the pause in which this reply ended before."""
    actions: Actions | None = None
    """What tools may cause; None where nothing may be caused."""
    speaker: str = ""
    """Who said `text`, as `history` names them; empty unless several people speak."""
    pictures: tuple[Picture, ...] = ()
    """Of this turn, or, when it has none, of a recent one of the thread."""
    old_pictures: bool = False
    """They came with an earlier turn, and what was to be said of them was said then."""
    documents: tuple[Document, ...] = ()
    """All of the thread that can be looked into, the newest first."""
    unread: tuple[str, ...] = ()
    """Names of files that came with this turn and could not be used; the user is told why."""

    @property
    def spoken(self) -> str:
        """`text` in the form of `history`."""
        return spoken(self.text, self.speaker)


def spoken(text: str, speaker: str) -> str:
    """What somebody said, behind their name where there is one to tell."""
    return f"{speaker}: {text}" if speaker else text


@dataclass(frozen=True, slots=True)
class Usage:
    """What one specialist's share of a reply took from one model."""

    provider: str = ""
    model: str = ""
    input_tokens: int = 0
    """All of the input, the cached part included."""
    output_tokens: int = 0
    """All of the output, reasoning included."""
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    """None when the price is not known."""
    specialist: str = ""
    estimated: bool = False
    """The provider never told; counted from the text, because the reply was cut short."""
    audio_seconds: float = 0.0
    """Of speech that was heard or spoken."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A model begins to work on the reply; `usage` estimates its input, in case the end never comes."""

    usage: Usage


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
    """Fluent key `tool-NAME` of what is being done, or the name of a foreign tool."""


@dataclass(frozen=True, slots=True)
class ToolFinished:
    call: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Unseen:
    """The model that answers cannot look at the turn's pictures, and answers without; said once, before any text. When
    they are all there is to the turn, `Finished` follows without text."""

    pictures: int


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that belongs to the reply and is shown below it."""

    file: File


@dataclass(frozen=True, slots=True)
class Handover:
    """Another specialist is to answer this turn; the engine still ends with `Finished`."""

    specialist: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    usages: tuple[Usage, ...] = ()
    """One for each model that took part, broken attempts included."""
    confidence: float | None = None
    """How sure the engine is of its answer, 0 to 1; None when it cannot tell."""
    suggestions: tuple[str, ...] = ()
    """Questions the user may want to ask next."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The reply cannot go on before a person decides; it is continued with `Prompt.decision`."""

    requests: tuple[Request, ...]
    state: str
    """Text of the engine's own, from which any process can continue."""
    usages: tuple[Usage, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    error: EngineError
    usages: tuple[Usage, ...] = ()


ReplyEvent = (
    Asked
    | ThinkingDelta
    | TextDelta
    | ToolStarted
    | ToolFinished
    | Unseen
    | Attached
    | Handover
    | Finished
    | Paused
    | Failed
)


class Engine(Protocol):
    def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        """Stream the reply; the last event is `Finished`, `Paused` or `Failed`.

        Closing the generator early ends all work for the reply, the provider's connection included.
        """
        ...
