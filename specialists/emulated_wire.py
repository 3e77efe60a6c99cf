"""What the emulated wire formats share: requests, refusals, growing answers, tokens and the prompt cache."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, Protocol

from specialists.emulated_steps import Asked, Json, Used, WireName

_CHARS_PER_TOKEN = 4
_SMALLEST_PREFIX_CHARS = 64
_PROMPTS_KEPT = 64

Kind = Literal["text", "thinking", "call"]
Shown = Literal["shown", "hidden", "off"]


class Refusal(Exception):  # noqa: N818 - a provider's answer, not our failure
    """An error response: `body` is in the provider's shape."""

    def __init__(self, status: int, body: Json, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.body = body
        self.why = why


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request, and what the answer depends on."""

    asked: Asked
    prompt: str
    """Everything the model reads, in the order in which the provider caches it."""
    thinking: Shown = "shown"
    """Whether reasoning is shown, takes place unseen, or does not take place."""
    max_tokens: int | None = None
    marked: str | None = None
    """The part of the prompt that the request wants cached; None where the provider caches everything unasked."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The number of an answer within its emulator, and when it was made (Unix time, whole seconds)."""

    number: int
    created: int

    def id(self, prefix: str, part: int = 0) -> str:
        return f"{prefix}{self.number:08d}{part:04d}"


@dataclass(slots=True)
class Block:
    """One contiguous part of an answer, as far as it has grown."""

    kind: Kind
    index: int
    id: str = ""
    tool: str = ""
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Writer(ABC):
    """An answer in the making: each method returns the bytes that a stream carries for it."""

    content_type = "text/event-stream; charset=utf-8"
    """Of an answer that is streamed."""

    def __init__(self, request: Request, stamp: Stamp, counted: Used) -> None:
        """`counted` holds what is known before the answer: its input."""
        self.request = request
        self.stamp = stamp
        self.counted = counted
        self.blocks: list[Block] = []
        self.open = False

    @property
    def model(self) -> str:
        return self.request.asked.model

    def begin(self) -> bytes:
        """What comes before any content; nothing the second time."""
        if self.open:
            return b""
        self.open = True
        return self._begun()

    def block(self, kind: Kind, *, call: str = "", tool: str = "") -> bytes:
        """Make sure that the answer's last block is of this kind; a call is always a block of its own."""
        last = self.blocks[-1] if self.blocks else None
        if last is not None and last.kind == kind and kind != "call":
            return b""
        closing = self._closed(last) if last is not None else b""
        block = Block(kind, len(self.blocks), call, tool)
        self.blocks.append(block)
        return closing + self._opened(block)

    def grow(self, piece: str) -> bytes:
        """Add to the last block."""
        block = self.blocks[-1]
        block.pieces.append(piece)
        return self._grown(block, piece)

    def end(self, reason: str, used: Used) -> bytes:
        closing = self._closed(self.blocks[-1]) if self.blocks else b""
        return closing + self._ended(reason, used)

    def joined(self, kind: Kind) -> str:
        return "".join(block.text for block in self.blocks if block.kind == kind)

    @abstractmethod
    def whole(self, reason: str, used: Used) -> Json:
        """The answer for a client that does not stream."""

    @abstractmethod
    def complaint(self, kind: str, message: str) -> bytes:
        """An error event."""

    @abstractmethod
    def _begun(self) -> bytes: ...

    @abstractmethod
    def _opened(self, block: Block) -> bytes: ...

    @abstractmethod
    def _grown(self, block: Block, piece: str) -> bytes: ...

    @abstractmethod
    def _closed(self, block: Block) -> bytes: ...

    @abstractmethod
    def _ended(self, reason: str, used: Used) -> bytes: ...


class Service(Protocol):
    """What all services of a provider have in common."""

    @property
    def name(self) -> WireName: ...

    @property
    def call_prefix(self) -> str:
        """What the ids of tool calls begin with."""
        ...

    @property
    def request_header(self) -> str:
        """The response header with the request's id."""
        ...

    def admit(self, headers: Mapping[str, str]) -> None:
        """Refusal when the headers do not let the client in."""
        ...

    def refusal(self, status: int, code: str = "", message: str = "") -> Refusal:
        """What the provider says with this status; `code` in OpenAI's words, the rest may be empty."""
        ...


class Wire(Service, Protocol):
    """One wire format of one kind of provider, for conversations."""

    def blind(self, model: str) -> Refusal:
        """What the provider says of pictures for a model that cannot see."""
        ...

    def read(self, headers: Mapping[str, str], body: Json) -> Request:
        """Check a request as the provider does; Refusal when it would be refused."""
        ...

    def writer(self, request: Request, stamp: Stamp, counted: Used) -> Writer: ...


class PromptCache:
    """Remembers the newest prompts of each model, as providers do: only what begins alike is reused.

    Less than 16 tokens in common count as nothing; at most 64 prompts are kept for a model.
    """

    def __init__(self) -> None:
        self._prompts: dict[str, list[str]] = {}

    def reuse(self, model: str, prompt: str) -> int:
        """Tokens of the longest prefix shared with an earlier prompt, byte for byte; the prompt is then remembered."""
        kept = self._prompts.setdefault(model, [])
        shared = max((_common_prefix(earlier, prompt) for earlier in kept), default=0)
        kept[:] = [earlier for earlier in kept if not prompt.startswith(earlier)][1 - _PROMPTS_KEPT :]
        kept.append(prompt)
        return count_tokens(shared) if shared >= _SMALLEST_PREFIX_CHARS else 0


def _common_prefix(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def count_tokens(chars: int) -> int:
    """Tokens in that many characters, a started one included."""
    return -(-chars // _CHARS_PER_TOKEN)


def chars_of(tokens: int) -> int:
    return tokens * _CHARS_PER_TOKEN


def event(data: Json, name: str = "") -> bytes:
    """One server-sent event."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def rendered(value: Any) -> str:
    """A part of a prompt that is no text, such as tools or a picture, as text; big data is digested."""
    return json.dumps(_digested(value), ensure_ascii=False, separators=(",", ":"))


def _digested(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _digested(inner) for key, inner in value.items() if key != "cache_control"}
    if isinstance(value, list):
        return [_digested(inner) for inner in value]
    if isinstance(value, str) and (len(value) > 20_000 or value.startswith("data:")):
        return sha256(value.encode()).hexdigest()
    return value


def seal(text: str) -> str:
    """A signature that only this emulator gives for `text`."""
    return "EmU" + sha256(b"sealed by the emulator:" + text.encode()).hexdigest()
