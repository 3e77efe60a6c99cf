"""What is said to a browser, as small events on the bus: their values, their sizes and their one text codec."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TypeVar, assert_never

from bot.domain.job import Json
from bot.domain.messenger import Button, File

PIECE_BYTES = 3_000
"""Longest text of one event, so that its envelope finds room on the bus as well."""
_BUTTONS_BYTES = 1_000
_FILE_NAME_CHARS = 200
_SLICE_CHARS = 64

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as a page shows it; its content is fetched from `link`, and cannot be when that is empty."""

    name: str
    media_type: str
    size_bytes: int
    link: str
    is_speech: bool = False
    """It is a text of ours, spoken: to be listened to rather than looked at."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A new message; when it is long, `Grew` events bring the rest."""

    message: str
    text: str
    buttons: Rows = ()
    streaming: bool = False
    thinking: str = ""
    status: str = ""
    file: Shown | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The message reads `text` now; when that is long, `Grew` events bring the rest."""

    message: str
    text: str
    buttons: Rows = ()
    streaming: bool = False
    thinking: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Grew:
    """`text` goes to `offset` (in characters) of the message, cutting off the rest."""

    message: str
    offset: int
    text: str
    thinking: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """The message has its final text, which is too long for the bus: the store holds it."""

    message: str


@dataclass(frozen=True, slots=True)
class Deleted:
    message: str


WebEvent = Sent | Edited | Grew | Changed | Deleted
WholeT = TypeVar("WholeT", Sent, Edited)


def decode(message: str) -> WebEvent | None:
    """The event in a bus message; None for anything that this module did not write."""
    try:
        return _event(json.loads(message))
    except (KeyError, TypeError, ValueError):
        return None


def _length_bytes(text: str) -> int:
    """What `text` takes inside a JSON document."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) - 2


def pieces(text: str) -> Iterator[str]:
    """`text` cut so that each piece leaves room for its envelope on the bus."""
    start, size = 0, 0
    for at in range(0, len(text), _SLICE_CHARS):
        more = _length_bytes(text[at : at + _SLICE_CHARS])
        if size + more > PIECE_BYTES:
            yield text[start:at]
            start, size = at, 0
        size += more
    if start < len(text):
        yield text[start:]


def tail(text: str, limit_bytes: int) -> str:
    """The end of `text`, as much as takes `limit_bytes`."""
    while (size := _length_bytes(text)) > limit_bytes:
        text = text[max(1, (size - limit_bytes) // 6) :]
    return text


def fitting(rows: Rows) -> Rows:
    """The first rows of buttons that find room."""
    kept: list[tuple[Button, ...]] = []
    size = 0
    for row in rows:
        size += sum(_length_bytes(button.label) + _length_bytes(button.action) + 24 for button in row)
        if size > _BUTTONS_BYTES:
            break
        kept.append(row)
    return tuple(kept)


def shown(file: File, *, is_speech: bool = False) -> Shown:
    """`file` as an event tells of it."""
    name, media_type = file.name[:_FILE_NAME_CHARS], file.media_type[:_FILE_NAME_CHARS]
    return Shown(name, media_type, len(file.content), file.link, is_speech)


def encode(event: WebEvent) -> str:
    """The bus message that `decode` reads."""
    fields: dict[str, Json]
    match event:
        case Sent() | Edited():
            fields = {
                "is": "sent" if isinstance(event, Sent) else "edited",
                "text": event.text,
                "buttons": [[[button.label, button.action, button.style] for button in row] for row in event.buttons],
                "streaming": event.streaming,
                "thinking": event.thinking,
                "status": event.status,
            }
            if isinstance(event, Sent) and event.file is not None:
                fields["file"] = asdict(event.file)
        case Grew():
            fields = {
                "is": "grew",
                "offset": event.offset,
                "text": event.text,
                "thinking": event.thinking,
                "status": event.status,
            }
        case Changed():
            fields = {"is": "changed"}
        case Deleted():
            fields = {"is": "deleted"}
        case _:
            assert_never(event)
    text = json.dumps({**fields, "message": event.message}, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def _event(fields: Json) -> WebEvent | None:
    message = str(fields["message"])
    match fields["is"]:
        case "sent":
            return replace(_whole(Sent, message, fields), file=_file(fields.get("file")))
        case "edited":
            return _whole(Edited, message, fields)
        case "grew":
            offset, text = int(fields["offset"]), str(fields["text"])
            return Grew(message, offset, text, str(fields["thinking"]), str(fields["status"]))
        case "changed":
            return Changed(message)
        case "deleted":
            return Deleted(message)
        case _:
            return None


def _whole(kind: type[WholeT], message: str, fields: Json) -> WholeT:
    return kind(
        message,
        str(fields["text"]),
        tuple(tuple(Button(label, action, style) for label, action, style in row) for row in fields["buttons"]),
        bool(fields["streaming"]),
        str(fields["thinking"]),
        str(fields["status"]),
    )


def _file(fields: Json) -> Shown | None:
    if fields is None:
        return None
    name, media_type, link = (str(fields[key]) for key in ("name", "media_type", "link"))
    return Shown(name, media_type, int(fields["size_bytes"]), link, bool(fields.get("is_speech")))
