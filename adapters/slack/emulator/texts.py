"""What a message may be made of: its text, blocks and metadata, within their limits."""

import json
import re
from dataclasses import dataclass

from adapters.slack.emulator.blocks import read_blocks
from adapters.slack.emulator.request import Request
from adapters.slack.emulator.wire import Json, Refusal

MAX_POST_TEXT = 40_000
"""chat.postMessage; https://docs.slack.dev/changelog/2018-truncating-really-long-messages."""
MAX_UPDATE_TEXT = 4_000
"""chat.update answers `msg_too_long` for more."""
MAX_MARKDOWN_TEXT = 12_000
MAX_METADATA_BYTES = 8_000
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_.\-]{1,255}")


@dataclass(frozen=True, slots=True)
class Content:
    """What a call gives as the content of a message; `None` is what it does not speak of."""

    text: str | None = None
    blocks: list[Json] | None = None
    metadata: Json | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.text or "").strip() and not self.blocks


def read_content(request: Request, longest: int) -> Content:
    """The content of a message-making call; Refusal for each limit it breaks, and when there is nothing to show."""
    content = Content(_text(request, longest), _blocks(request), read_metadata(request))
    if content.is_empty:
        raise Refusal("no_text")
    return content


def _text(request: Request, longest: int) -> str | None:
    if request.has("markdown_text"):
        if request.has("text") or request.has("blocks"):
            raise Refusal("markdown_text_conflict")
        if len(request.text("markdown_text")) > MAX_MARKDOWN_TEXT:
            raise Refusal("msg_too_long")
        return request.text("markdown_text")
    if not request.has("text"):
        return None
    if len(request.text("text")) > longest:
        raise Refusal("msg_too_long")
    return request.text("text")


def _blocks(request: Request) -> list[Json] | None:
    return read_blocks(request.value("blocks"), "message", request.name_part) if request.has("blocks") else None


def read_metadata(request: Request) -> Json | None:
    """The metadata of a message: an event type and its payload; https://docs.slack.dev/messaging/message-metadata/."""
    if not request.has("metadata"):
        return None
    metadata = request.value("metadata")
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata["event_type"], str) or not _EVENT_TYPE.fullmatch(metadata["event_type"]):
        raise Refusal("invalid_metadata_schema", detail="event_type")
    if not isinstance(metadata["event_payload"], dict):
        raise Refusal("invalid_metadata_schema", detail="event_payload")
    if len(json.dumps(metadata["event_payload"]).encode()) > MAX_METADATA_BYTES:
        raise Refusal("metadata_too_large")
    return metadata
