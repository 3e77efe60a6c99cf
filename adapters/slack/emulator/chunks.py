"""The chunks of a streamed message; https://docs.slack.dev/reference/methods/chat.appendStream#arg_chunks."""

from collections.abc import Callable

from adapters.slack.emulator.blocks import MAX_MESSAGE_BLOCKS, read_blocks
from adapters.slack.emulator.shapes import anything, as_list, list_of, one_of, shape, tagged, text, url
from adapters.slack.emulator.wire import Json, Refusal

MAX_STREAM_TEXT = 12_000
"""Characters of markdown in one call."""
MAX_CARD_TEXT = 256
_SOURCE = shape({"type": one_of("url"), "url": url(), "text": text(MAX_CARD_TEXT)})
_CHUNKS = list_of(
    tagged(
        {
            "markdown_text": shape({"type": anything, "text": text(MAX_STREAM_TEXT)}),
            "task_update": shape(
                {
                    "type": anything,
                    "id": text(255),
                    "title": text(MAX_CARD_TEXT),
                    "status": one_of("pending", "in_progress", "complete", "error"),
                },
                {
                    "details": text(MAX_CARD_TEXT, 0),
                    "output": text(MAX_CARD_TEXT, 0),
                    "sources": list_of(_SOURCE, 1, 10),
                },
            ),
            "plan_update": shape({"type": anything, "title": text(MAX_CARD_TEXT)}),
            "blocks": shape({"type": anything, "blocks": list_of(anything, 1, MAX_MESSAGE_BLOCKS)}),
        }
    ),
    0,
    1000,
)


def read_chunks(value: object, name: Callable[[], str]) -> list[Json]:
    """The chunks of one call, blocks with their ids; Refusal `invalid_chunks` or `msg_too_long`."""
    try:
        _CHUNKS(value, "/chunks")
        chunks = [_with_ids(one, f"/chunks/{index}", name) for index, one in enumerate(as_list(value, "/chunks"))]
    except Refusal as refusal:
        raise Refusal("invalid_chunks", detail=refusal.detail) from refusal
    if sum(len(chunk["text"]) for chunk in chunks if chunk["type"] == "markdown_text") > MAX_STREAM_TEXT:
        raise Refusal("msg_too_long")
    if sum(len(chunk["blocks"]) for chunk in chunks if chunk["type"] == "blocks") > MAX_MESSAGE_BLOCKS:
        raise Refusal("invalid_chunks", detail=f"no more than {MAX_MESSAGE_BLOCKS} blocks allowed")
    return chunks


def _with_ids(chunk: Json, pointer: str, name: Callable[[], str]) -> Json:
    if chunk["type"] != "blocks":
        return chunk
    return chunk | {"blocks": read_blocks(chunk["blocks"], "message", name, pointer=f"{pointer}/blocks")}
