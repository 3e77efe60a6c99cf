"""How an `Outgoing` looks in Telegram's own terms: text with entities, rich message, keyboard, caption."""

import re
from dataclasses import dataclass

from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputRichMessage,
    MessageEntity,
    ReplyParameters,
)

from adapters.telegram.render import as_rich, as_text, utf16_length
from bot.domain.errors import Unrenderable
from bot.domain.messenger import Button, File, Outgoing
from bot.domain.place import Place, Ref
from bot.markdown.plain import clean

_ACTION_BYTES = 64
_PLACEHOLDER_CHARS = 64
_TEXT_UNITS = 4096
_CAPTION_UNITS = 1024
_STATUS_CHARS = 160
_PHOTO_BYTES = 10_000_000
_FILE_BYTES = 50_000_000
_NOTHING_YET = "…"


@dataclass(frozen=True, slots=True)
class Body:
    """Text of a message or caption and its entities, for calls without parse mode."""

    text: str
    entities: list[MessageEntity]


def text_body(outgoing: Outgoing) -> Body:
    """The message as text; while it grows, with what is being done as a short last line.

    Unrenderable when nothing would be seen: Telegram refuses empty messages.
    """
    body = _rendered(outgoing.text)
    if outgoing.streaming:
        return _with_status(body, _status(outgoing))
    if not body.text.strip():
        raise Unrenderable("the message would be empty")
    return body


def caption(outgoing: Outgoing) -> Body:
    """The text of a message with a file; Unrenderable over 1024 UTF-16 units."""
    body = _rendered(outgoing.text)
    if utf16_length(body.text) > _CAPTION_UNITS:
        raise Unrenderable(f"a caption holds at most {_CAPTION_UNITS} characters")
    return body


def rich_body(outgoing: Outgoing) -> InputRichMessage | None:
    """The message as rich message, without thinking and status; None when nothing would be seen."""
    html = as_rich(outgoing.text).html
    return InputRichMessage(html=html) if html.strip() else None


def rich_draft(outgoing: Outgoing) -> InputRichMessage:
    """The growing reply under its thinking block; never empty."""
    thinking = "\n".join(filter(None, (outgoing.thinking.strip(), outgoing.status)))
    html = as_rich(outgoing.text, thinking).html
    return InputRichMessage(html=html if html.strip() else as_rich("", _NOTHING_YET).html)


def is_photo(file: File) -> bool:
    """Whether Telegram shows the file as a picture."""
    return file.media_type in ("image/png", "image/jpeg") and len(file.content) <= _PHOTO_BYTES


def is_track(file: File) -> bool:
    """Whether Telegram's music player takes the file: MP3 and M4A only (https://core.telegram.org/bots/api#sendaudio)."""
    return file.media_type in ("audio/mpeg", "audio/mp4", "audio/x-m4a")


def upload(file: File) -> BufferedInputFile:
    """Unrenderable for a file that Telegram will not take."""
    if not 0 < len(file.content) <= _FILE_BYTES:
        raise Unrenderable(f"a file of {len(file.content)} bytes cannot be sent")
    # The name goes into a header of the multipart form.
    return BufferedInputFile(file.content, re.sub(r'[\s"\\/]+', "_", clean(file.name)) or "file")


def keyboard(buttons: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    """None when there are no buttons. ValueError for an action that Telegram cannot carry."""
    rows = [[_button(button) for button in row] for row in buttons if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def markup(place: Place, outgoing: Outgoing) -> InlineKeyboardMarkup | ForceReply | None:
    """The buttons, or the request for a reply: a message carries one of the two (Bot API, `reply_markup`).

    In a group a bot in privacy mode hears a user's words only when they reply to it, so there the reply is what
    matters. In private chats everything is heard, and the buttons are worth more than an open reply.
    """
    buttons = keyboard(outgoing.buttons)
    if not outgoing.asks or (buttons is not None and not place.chat.startswith("-")):
        return buttons
    placeholder = " ".join(clean(outgoing.asks).split())[:_PLACEHOLDER_CHARS].rstrip()
    # Of a selective request only whoever is answered by it sees anything; answering nobody, it would ask nobody.
    selective = reply_parameters(place, outgoing.reply_to) is not None
    return ForceReply(input_field_placeholder=placeholder or None, selective=selective or None)


def reply_parameters(place: Place, reply_to: Ref | None) -> ReplyParameters | None:
    """None for a message of another chat; a message that is gone does not hold up the answer."""
    if reply_to is None or reply_to.place.room != place.room:
        return None
    return ReplyParameters(message_id=int(reply_to.message), allow_sending_without_reply=True)


def _button(button: Button) -> InlineKeyboardButton:
    if not 0 < len(button.action.encode()) <= _ACTION_BYTES:
        raise ValueError(f"an action takes 1 to {_ACTION_BYTES} bytes, not {len(button.action.encode())}")
    return InlineKeyboardButton(text=clean(button.label), callback_data=button.action, style=button.style or None)


def _rendered(markdown: str) -> Body:
    text = as_text(markdown)
    return Body(text.text, [MessageEntity.model_validate(dict(entity)) for entity in text.entities])


def _with_status(body: Body, status: str) -> Body:
    if not body.text.strip():
        shown = status or _NOTHING_YET
        return Body(shown, [MessageEntity(type="italic", offset=0, length=utf16_length(shown))])
    offset = utf16_length(body.text) + 2
    if not status or offset + utf16_length(status) > _TEXT_UNITS:
        return body
    line = MessageEntity(type="italic", offset=offset, length=utf16_length(status))
    return Body(f"{body.text}\n\n{status}", [*body.entities, line])


def _status(outgoing: Outgoing) -> str:
    """One short line: the status, or else where the thinking has got to."""
    lines = [line.strip() for line in clean(outgoing.status or outgoing.thinking).splitlines() if line.strip()]
    line = lines[-1] if lines else ""
    return line if len(line) <= _STATUS_CHARS else line[: _STATUS_CHARS - 1] + "…"
