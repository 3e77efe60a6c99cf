"""What a messenger heard: one immutable event per update, whatever the platform."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.place import Place, Ref

AttachmentKind = Literal[
    "photo", "voice", "audio", "video", "video_note", "document", "sticker", "location", "contact", "other"
]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or thing that came with a message; nothing of it has been downloaded yet."""

    kind: AttachmentKind
    file: str = ""
    """The messenger's own id of the file; empty for things that are no file."""
    name: str = ""
    media_type: str = ""
    size_bytes: int | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who acted, by the messenger's own id."""

    id: str
    name: str = ""
    locale: str = ""
    """An IETF language tag as the messenger gave it; empty when unknown."""


@dataclass(frozen=True, slots=True)
class UserMessage:
    """Text, attachments, or both, meant for us (in groups: a mention, a reply to us)."""

    ref: Ref | None
    """None when it was said by a button of ours, so that no message of the user's shows it."""
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    reply_to: Ref | None = None
    cut: bool = False
    """The client cut a longer paste after this message, so the next one continues it without a break."""
    album: str = ""
    """The platform's id of the album that the message is a part of; its other parts are messages of their own."""


@dataclass(frozen=True, slots=True)
class UserEdit:
    """The user changed the message `ref`, which now reads `text`."""

    ref: Ref
    text: str


@dataclass(frozen=True, slots=True)
class UserDeletion:
    """The user deleted their message `ref`."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Opened:
    """The user looks at us, and has said nothing yet: at their own page, or at the empty conversation."""

    view: Literal["home", "chat"]


@dataclass(frozen=True, slots=True)
class Command:
    """`/name arguments`, the name in lower case and without the slash."""

    ref: Ref | None
    """None when a button of ours gave the command and its message is not known any more."""
    name: str
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """A button of ours was pressed. `action` is whatever came back: trust nothing in it."""

    action: str
    ref: Ref | None = None
    """The message that carried the button; None when the platform no longer knows."""
    press: str = ""
    """The platform's id of the press, for the short answer shown at the button."""
    at_home: bool = False
    """It was pressed on the user's own page, not under a message."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A dialog of ours was filled in with `text`. Trust nothing in `action`, as with `Press`."""

    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Reaction:
    ref: Ref
    emoji: tuple[str, ...] = ()
    """All reactions of this user on the message now; empty when the last was taken away."""


@dataclass(frozen=True, slots=True)
class StopRequest:
    """The platform's own stop button; it may not say who pressed it."""


@dataclass(frozen=True, slots=True)
class Membership:
    change: Literal["blocked", "unblocked", "joined", "left"]


@dataclass(frozen=True, slots=True)
class Moved:
    """The chat of the event has a new address."""

    to: Place


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The user sent something that we cannot read at all; they deserve a sentence."""

    ref: Ref
    what: str


Payload = (
    UserMessage
    | UserEdit
    | UserDeletion
    | Opened
    | Command
    | Press
    | Filled
    | Reaction
    | StopRequest
    | Membership
    | Moved
    | Unsupported
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event of one messenger. Two deliveries of the same update have the same `id`."""

    id: str
    """The messenger's name and the platform's own update id, as in `telegram:42:9001` (bot 42, update 9001)."""
    place: Place
    sender: Sender
    at: datetime
    payload: Payload
