"""What a model reads in one reply: the thread so far, and what happened in this reply already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pydantic_ai.messages import (
    BinaryContent,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)

from bot.domain.media import Picture
from bot.domain.reply import Prompt, Utterance
from specialists.enclosed import enclosed, quoted_name
from specialists.instructions import GO_ON_AFTER_TOOLS, going_on
from specialists.memory import estimate_tokens, rough_tokens, shortened

_UNSPOKEN = "…"
"""Stands for a message without words."""
PICTURE_TOKENS = 1_500
"""What one takes at most of providers that we know, at the size to which pictures are brought down."""
_NAMED = "Picture {number}, named (data) {name}:"
_UNSEEN = (
    "With this message came {count} picture(s) that you cannot see: {names}. Say nothing about what they may show; "
    "answer what can be answered without them. The person is told by the platform that you cannot see them."
)


@dataclass(slots=True)
class Conversation:
    """`past` is the thread before this turn, `own` are the turn's own messages; both in order."""

    past: list[Utterance]
    own: list[ModelMessage]
    """Without pictures, so that what waits for a decision can be written down."""
    pictures: tuple[Picture, ...] = ()
    """They belong to the first of the turn's own messages."""
    _broken: str | None = field(default=None, init=False)
    """Text of a response that broke off, of which the user has read this much."""

    @classmethod
    def of(cls, prompt: Prompt) -> "Conversation":
        files = enclosed(prompt)
        text = f"{files}\n\n{prompt.spoken or _UNSPOKEN}" if files else prompt.spoken
        return cls(list(prompt.history), [_asked(text)], prompt.pictures)

    def messages(self, *, sees: bool = True) -> list[ModelMessage]:
        """As the next request should have them; a model that does not see is told what it misses."""
        whole = [*map(_message, self.past), *self._shown(sees=sees)]
        if self._broken is None:
            return whole
        text = [ModelResponse(parts=[TextPart(self._broken)])] if self._broken.strip() else []
        return [*whole, *text, _asked(going_on(self._broken) if text else GO_ON_AFTER_TOOLS)]

    def broke(self, said: str) -> None:
        """The response broke off after `said`, which the next one has to continue."""
        self._broken = said

    def answered(self, response: ModelResponse, said: str) -> None:
        """The response is complete; `said` is all its text, that of what it continues included."""
        self.own.append(response if self._broken is None else _joined(said, response))
        self._broken = None

    def heard(self, results: Iterable[ToolReturnPart]) -> None:
        """What the tools said that the last response called."""
        parts: list[ModelRequestPart] = list(results)
        self.own.append(ModelRequest(parts=parts))

    def without_thoughts(self) -> None:
        """Leave out the reasoning of this reply: another model goes on, to which it means nothing."""
        self.own = [_thoughtless(message) for message in self.own]

    def rough_tokens(self, *, sees: bool = True) -> int:
        """About what a model reads of this, instructions and tools apart."""
        past = sum(rough_tokens(utterance.text) for utterance in self.past)
        past += PICTURE_TOKENS * len(self.pictures) if sees else 0
        return past + sum(rough_tokens(text) for message in self.own for text in texts(message.parts))

    def fit(self, tokens: int, *, sees: bool = True) -> None:
        """Forget the oldest of the past until what is left takes at most `tokens`, as far as that goes."""
        if sees:
            tokens -= PICTURE_TOKENS * len(self.pictures)
        if 2 * self.rough_tokens(sees=False) <= tokens:
            return
        own = sum(estimate_tokens(text) for message in self.own for text in texts(message.parts))
        spare = own + sum(estimate_tokens(utterance.text) for utterance in self.past) - tokens
        while spare > 0 and self.past:
            spare -= estimate_tokens(self.past.pop(0).text)
            while self.past and self.past[0].role == "assistant":
                spare -= estimate_tokens(self.past.pop(0).text)

    def halve(self) -> bool:
        """Forget the older half of the past, or of long results of tools the middle; False when nothing is left."""
        if self.past:
            self.past = self.past[len(self.past) // 2 + len(self.past) % 2 :]
            while self.past and self.past[0].role == "assistant":
                self.past.pop(0)
            return True
        return self._shorten_results()

    def _shown(self, *, sees: bool) -> list[ModelMessage]:
        """The turn's messages, the first one with the pictures."""
        if not self.pictures or not self.own:
            return self.own
        first = self.own[0]
        if not isinstance(first, ModelRequest):
            return self.own
        parts = [_illustrated(part, self.pictures, sees=sees) for part in first.parts]
        return [replace(first, parts=parts), *self.own[1:]]

    def _shorten_results(self) -> bool:
        changed = False
        for index, message in enumerate(self.own):
            if isinstance(message, ModelRequest):
                parts = [_halved(part) for part in message.parts]
                changed = changed or parts != list(message.parts)
                self.own[index] = replace(message, parts=parts)
        return changed


def _asked(text: str) -> ModelRequest:
    return ModelRequest(parts=[UserPromptPart(text or _UNSPOKEN)])


def _illustrated(part: ModelRequestPart, pictures: Sequence[Picture], *, sees: bool) -> ModelRequestPart:
    if not isinstance(part, UserPromptPart) or not isinstance(part.content, str):
        return part
    words = [part.content] if part.content != _UNSPOKEN else []
    names = [quoted_name(picture.name) for picture in pictures]
    if not sees:
        words.append(_UNSEEN.format(count=len(pictures), names=", ".join(names)))
        return UserPromptPart("\n\n".join(words))
    content: list[UserContent] = [*words]
    for number, (name, picture) in enumerate(zip(names, pictures, strict=True), 1):
        content.append(_NAMED.format(number=number, name=name))
        content.append(BinaryContent(picture.content, media_type=picture.media_type))
    return UserPromptPart(content)


def _message(utterance: Utterance) -> ModelMessage:
    if utterance.role == "user":
        return _asked(utterance.text)
    return ModelResponse(parts=[TextPart(utterance.text or _UNSPOKEN)])


def _joined(said: str, response: ModelResponse) -> ModelResponse:
    """The response with the text in one piece, as the user read it."""
    thoughts = [part for part in response.parts if isinstance(part, ThinkingPart)]
    rest = [part for part in response.parts if not isinstance(part, TextPart | ThinkingPart)]
    return replace(response, parts=[*thoughts, TextPart(said), *rest])


def _thoughtless(message: ModelMessage) -> ModelMessage:
    if not isinstance(message, ModelResponse):
        return message
    return replace(message, parts=[part for part in message.parts if not isinstance(part, ThinkingPart)])


def _halved(part: ModelRequestPart) -> ModelRequestPart:
    if not isinstance(part, ToolReturnPart) or not isinstance(part.content, str):
        return part
    content = shortened(part.content, estimate_tokens(part.content) // 2)
    return ToolReturnPart(part.tool_name, content, part.tool_call_id, outcome=part.outcome)


def texts(parts: Sequence[object]) -> Iterable[str]:
    for part in parts:
        match part:
            case TextPart(content=text) | ThinkingPart(content=text):
                yield text
            case UserPromptPart(content=str(text)) | ToolReturnPart(content=str(text)):
                yield text
            case ToolCallPart():
                yield part.args_as_json_str()
            case _:
                pass
