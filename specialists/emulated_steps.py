"""What a script of the model emulator is made of, and what the emulator remembers of each request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
WireName = Literal["chat", "responses", "anthropic", "transcription", "speech"]
Shot = tuple[str, bytes]
"""A picture of a request: its media type, and its content."""
ENDINGS = ("stop", "calls", "length", "refusal", "pause", "")


@dataclass(frozen=True, slots=True)
class Say:
    """Text in pieces of `chunk_chars`, with a pause after each; `Say("")` begins the answer and says nothing yet."""

    text: str
    chunk_chars: int = 20
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Think:
    """Reasoning; the wire shows as much of it as the request asked to see."""

    text: str
    chunk_chars: int = 20
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; `arguments` given as text go out as they are, well-formed or not. An empty `id` is made up."""

    tool: str
    arguments: Mapping[str, Any] | str
    id: str = ""
    chunk_chars: int = 12
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error response in the provider's shape instead of an answer.

    `code` is in OpenAI's words on every wire (`rate_limit_exceeded`, `insufficient_quota`, `context_length_exceeded`,
    `unsupported_value`, `content_policy_violation`); empty code and message are the provider's usual for that status.
    Once the answer has begun it is too late to refuse: then it is an error inside the stream.
    """

    status: int
    code: str = ""
    message: str = ""
    retry_after: str = ""
    """The header's value: seconds or a date."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is dropped here; what was said before arrives."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that the wire format does not allow, or anything else, sent as they are."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence on an open connection for `seconds`; None: until `ModelEmulator.release`."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Complain:
    """An error event inside the stream, after which nothing comes; `type` is in the provider's words.

    Where nothing is streamed it is an error response.
    """

    type: str = "server_error"
    message: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What the provider will say was used, instead of what is counted.

    `input` has the cached part in it, `output` the reasoning, on every wire.
    """

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0
    written: int = 0
    """What of the input was newly put into the cache; Anthropic alone tells, and asks for more money."""


@dataclass(frozen=True, slots=True)
class End:
    """The end and its reason: `stop`, `calls`, `length`, `refusal`, `pause`.

    The empty reason closes the stream cleanly without any end of the answer. A script without `End` ends with `stop`,
    or with `calls` when it called a tool. ValueError for a reason that is none.
    """

    reason: str = "stop"

    def __post_init__(self) -> None:
        if self.reason not in ENDINGS:
            raise ValueError(f"no such end: {self.reason!r}; there are {', '.join(ENDINGS[:-1])} and the empty one")


Step = Say | Think | Call | Refuse | Cut | Garbage | Stall | Complain | Used | End
Script = Sequence[Step]


@dataclass(slots=True)
class Asked:
    """One request that passed the provider's checks, and what became of it."""

    wire: WireName
    model: str
    system: str
    """The instructions that stand before the first message, joined by empty lines."""
    messages: tuple[tuple[str, str], ...]
    """(role, text): `user`, `assistant`, `system`, `thinking`, `call` (`tool {arguments}`) and `tool` (a result)."""
    tools: tuple[str, ...]
    body: Json
    stream: bool
    parameters: Mapping[str, Json]
    """The JSON Schema of each tool's arguments, by its name."""
    forced: tuple[str, ...] = ()
    """One of these tools must be called; empty when the model is free to answer."""
    pictures: tuple[Shot, ...] = ()
    """Of all messages, in order."""
    schema: Json | None = None
    """What the answer's JSON must look like; empty for any JSON object, None for free text."""
    at: float = 0.0
    """The clock's monotonic time of arrival."""
    used: Used | None = None
    """The usage at the end of the answer, told or not; None when the answer had no end."""
    cached_tokens: int = 0
    """How much of the prompt an earlier request to the same model began with, whether the wire tells or not."""
    closed_early: bool = False
    """The client closed the connection before the end of the script."""
    ended: bool = False
    """The script was played to its end, however bad."""
