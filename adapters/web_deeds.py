"""What a visitor of the chat page does, as events of the web messenger."""

import re
from datetime import datetime
from uuid import uuid4

from bot.domain.incoming import Attachment, Command, Filled, Incoming, Payload, Press, Sender, UserEdit, UserMessage
from bot.domain.place import Place, Ref
from bot.markdown.plain import clean

NAME = "web"

_COMMAND = re.compile(r"/([a-z][a-z0-9_]{0,31})(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)


def web_place(visitor: str, conversation: str) -> Place:
    return Place(NAME, visitor, conversation)


def said(
    place: Place, name: str, locale: str, text: str, now: datetime, *, attachments: tuple[Attachment, ...] = ()
) -> Incoming:
    """The visitor wrote `text`, sent `attachments`, or both; `/name arguments` alone is a command."""
    ref, text = Ref(place, uuid4().hex), clean(text)
    command = None if attachments else _COMMAND.fullmatch(text.strip())
    if command is None:
        return _incoming(place, name, locale, now, UserMessage(ref, text, attachments))
    arguments = (command[2] or "").strip()
    return _incoming(place, name, locale, now, Command(ref, command[1].lower(), arguments))


def edited(ref: Ref, name: str, locale: str, text: str, now: datetime) -> Incoming:
    """The visitor changed their own message `ref` to `text`."""
    return _incoming(ref.place, name, locale, now, UserEdit(ref, clean(text)))


def pressed(place: Place, name: str, locale: str, action: str, now: datetime, *, ref: Ref | None = None) -> Incoming:
    """The visitor pressed the button that carries `action`, on the message `ref` when one is known."""
    return _incoming(place, name, locale, now, Press(action, ref))


def filled(place: Place, name: str, locale: str, action: str, text: str, now: datetime) -> Incoming:
    """The visitor filled in what `action` asked for with `text`."""
    return _incoming(place, name, locale, now, Filled(action, clean(text)))


def _incoming(place: Place, name: str, locale: str, now: datetime, payload: Payload) -> Incoming:
    return Incoming(f"{NAME}:{uuid4().hex}", place, Sender(place.chat, name, locale), now, payload)
