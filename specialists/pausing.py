"""A reply that waits for a person, as text from which any process can go on."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ToolCallPart,
    ToolReturnPart,
)

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Halted:
    """Where a reply stopped: in the middle of the calls of its last response."""

    own: list[ModelMessage]
    """The turn's messages; the last one is the response whose calls wait."""
    results: list[ToolReturnPart]
    """Of its calls that were carried out already."""
    waiting: list[ToolCallPart]

    @property
    def calls(self) -> list[ToolCallPart]:
        """All calls of that response, in order."""
        last = self.own[-1]
        return list(last.tool_calls) if isinstance(last, ModelResponse) else []


class _State(BaseModel):
    version: int
    own: str
    results: str
    waiting: list[str]


def written(halted: Halted) -> str:
    """`Paused.state`."""
    parts: Sequence[ModelRequestPart] = halted.results
    return _State(
        version=_VERSION,
        own=_json(halted.own),
        results=_json([ModelRequest(parts=list(parts))]),
        waiting=[call.tool_call_id for call in halted.waiting],
    ).model_dump_json()


def read(state: str) -> Halted | None:
    """What `written` wrote; None when it is not (any more) to be understood."""
    try:
        raw = _State.model_validate_json(state)
        own = ModelMessagesTypeAdapter.validate_json(raw.own)
        done = ModelMessagesTypeAdapter.validate_json(raw.results)
    except ValidationError:
        return None
    if raw.version != _VERSION or not own or not isinstance(own[-1], ModelResponse):
        return None
    results = [part for message in done for part in message.parts if isinstance(part, ToolReturnPart)]
    waiting = [call for call in own[-1].tool_calls if call.tool_call_id in raw.waiting]
    return Halted(own, results, waiting) if waiting else None


def _json(messages: list[ModelMessage]) -> str:
    return ModelMessagesTypeAdapter.dump_json(messages).decode()
