"""The web messenger: what is said to a browser travels over the bus as small events, and the chat page shows them.

A place is `web:<visitor>:<conversation>`, both 32 hexadecimal digits. The page decodes the events with `decode` and
makes the visitor's own events with `said`, `edited` and `pressed`; it never sees the JSON between.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TypeVar, assert_never
from uuid import uuid4

from bot.domain.incoming import Command, Incoming, Payload, Press, Sender, UserEdit, UserMessage
from bot.domain.job import Json
from bot.domain.messenger import Button, Capabilities, Delta, File, Outgoing, Rate, Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Bus
from bot.markdown.plain import clean

NAME = "web"
MAX_TEXT_BYTES = 200_000
"""Longest reply that is one message, and longest message that the page lets the visitor send."""

_COMMAND = re.compile(r"/([a-z][a-z0-9_]{0,31})(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_PIECE_BYTES = 3_000
_THINKING_BYTES = 1_200
_STATUS_BYTES = 400
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


def web_place(visitor: str, conversation: str) -> Place:
    return Place(NAME, visitor, conversation)


def topic(place: Place) -> str:
    """The bus topic of everything that is said in `place`."""
    return str(place)


def decode(message: str) -> WebEvent | None:
    """The event in a bus message; None for anything that this module did not write."""
    try:
        return _event(json.loads(message))
    except (KeyError, TypeError, ValueError):
        return None


def said(place: Place, name: str, locale: str, text: str, now: datetime) -> Incoming:
    """The visitor wrote `text`; `/name arguments` is a command."""
    ref, text = Ref(place, uuid4().hex), clean(text)
    command = _COMMAND.fullmatch(text.strip())
    if command is None:
        return _incoming(place, name, locale, now, UserMessage(ref, text))
    arguments = (command[2] or "").strip()
    return _incoming(place, name, locale, now, Command(ref, command[1].lower(), arguments))


def edited(ref: Ref, name: str, locale: str, text: str, now: datetime) -> Incoming:
    """The visitor changed their own message `ref` to `text`."""
    return _incoming(ref.place, name, locale, now, UserEdit(ref, clean(text)))


def pressed(place: Place, name: str, locale: str, action: str, now: datetime, *, ref: Ref | None = None) -> Incoming:
    """The visitor pressed the button that carries `action`, on the message `ref` when one is known."""
    return _incoming(place, name, locale, now, Press(action, ref))


class WebMessenger:
    """Says things to the chat page. Nothing can be flooded and nothing is ever refused."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    @property
    def name(self) -> str:
        return NAME

    @property
    def budget(self) -> tuple[Rate, ...]:
        return ()

    def capabilities(self, place: Place) -> Capabilities:
        return Capabilities(
            streaming="appends",
            bursts=False,
            pace_seconds=(0.0, 0.1),
            long_code_chars=MAX_TEXT_BYTES,
            speaker=True,
            file_bytes=50_000_000,
        )

    def fits(self, place: Place, text: str) -> bool:
        return len(text.encode("utf-8", "replace")) <= MAX_TEXT_BYTES

    async def run(self, take: Take) -> None:
        """Nothing to receive here: the chat page calls `take` itself."""

    async def send(self, place: Place, outgoing: Outgoing) -> Ref:
        ref = Ref(place, uuid4().hex)
        await self._publish_whole(Sent, ref, outgoing)
        return ref

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        long = len(outgoing.text.encode("utf-8", "replace")) > _PIECE_BYTES
        if long and not outgoing.streaming:
            await self._publish(ref.place, Changed(ref.message))
        else:
            await self._publish_whole(Edited, ref, outgoing)

    async def append(self, ref: Ref, delta: Delta) -> None:
        await self._publish_growth(ref, delta)

    async def delete(self, ref: Ref) -> None:
        await self._publish(ref.place, Deleted(ref.message))

    async def close(self) -> None:
        """Nothing to let go of: the bus belongs to the store."""

    async def _publish_whole(self, kind: type[Sent | Edited], ref: Ref, outgoing: Outgoing) -> None:
        head = next(_pieces(outgoing.text), "")
        event = kind(
            ref.message,
            head,
            _fitting(outgoing.buttons),
            outgoing.streaming,
            _tail(outgoing.thinking, _THINKING_BYTES),
            _tail(outgoing.status, _STATUS_BYTES),
        )
        if isinstance(event, Sent) and outgoing.file is not None:
            event = replace(event, file=_shown(outgoing.file))
        await self._publish(ref.place, event)
        if rest := outgoing.text[len(head) :]:
            await self._publish_growth(ref, Delta(len(head), rest, outgoing.thinking, outgoing.status))

    async def _publish_growth(self, ref: Ref, delta: Delta) -> None:
        thinking, status = _tail(delta.thinking, _THINKING_BYTES), _tail(delta.status, _STATUS_BYTES)
        offset = delta.offset
        for piece in _pieces(delta.text) if delta.text else [""]:
            await self._publish(ref.place, Grew(ref.message, offset, piece, thinking, status))
            offset += len(piece)

    async def _publish(self, place: Place, event: WebEvent) -> None:
        await self._bus.publish(topic(place), _encode(event))


def _incoming(place: Place, name: str, locale: str, now: datetime, payload: Payload) -> Incoming:
    return Incoming(f"{NAME}:{uuid4().hex}", place, Sender(place.chat, name, locale), now, payload)


def _size_bytes(text: str) -> int:
    """What `text` takes inside a JSON document."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) - 2


def _pieces(text: str) -> Iterator[str]:
    """`text` cut so that each piece leaves room for its envelope on the bus."""
    start, size = 0, 0
    for at in range(0, len(text), _SLICE_CHARS):
        more = _size_bytes(text[at : at + _SLICE_CHARS])
        if size + more > _PIECE_BYTES:
            yield text[start:at]
            start, size = at, 0
        size += more
    if start < len(text):
        yield text[start:]


def _tail(text: str, limit_bytes: int) -> str:
    """The end of `text`, as much as takes `limit_bytes`."""
    while (size := _size_bytes(text)) > limit_bytes:
        text = text[max(1, (size - limit_bytes) // 6) :]
    return text


def _fitting(rows: Rows) -> Rows:
    """The first rows of buttons that find room."""
    kept: list[tuple[Button, ...]] = []
    size = 0
    for row in rows:
        size += sum(_size_bytes(button.label) + _size_bytes(button.action) + 24 for button in row)
        if size > _BUTTONS_BYTES:
            break
        kept.append(row)
    return tuple(kept)


def _shown(file: File) -> Shown:
    return Shown(file.name[:_FILE_NAME_CHARS], file.media_type[:_FILE_NAME_CHARS], len(file.content), file.link)


def _encode(event: WebEvent) -> str:
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
    return Shown(name, media_type, int(fields["size_bytes"]), link)
