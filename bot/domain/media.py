"""What users send besides words, and what is made of it: files, and what can be read in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from bot.domain.incoming import Attachment
from bot.domain.place import Ref

Sort = Literal["", "speech", "picture", "document", "thing"]
"""What a file turned out to be, whatever it was called; empty before anybody looked, and when it is refused. A thing is
no file but a place, a contact or the like, which its text describes."""

PartKind = Literal["page", "slide", "sheet", "section", "lines"]


class UploadState(StrEnum):
    WAITING = "waiting"
    """Nobody has looked at it yet, or the attempt to failed for a reason that may pass."""
    READY = "ready"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Upload:
    """An attachment of a user's message, as it is stored."""

    id: int
    thread_id: int
    turn_id: int
    message_id: int
    attachment: Attachment
    state: UploadState = UploadState.WAITING
    sort: Sort = ""
    text: str = ""
    """What was said in it, or what thing it is; empty for pictures and documents."""
    caption: str = ""
    """What the user wrote with it: the text of its message without what was heard."""
    blob: int | None = None
    """Where its content is kept (`storage.vault`); speech is not kept."""
    media_type: str = ""
    """As its content shows, not as it was called."""
    size_bytes: int = 0
    parts: int = 0
    """How many pages, sheets or the like a document has that can be read."""
    part_kind: PartKind | None = None
    is_cut: bool = False
    """It was longer than we read."""
    refusal: str = ""
    """Fluent key of the sentence that says why it cannot be used."""
    arguments: dict[str, str | int] = field(default_factory=dict)
    """Of that sentence."""
    shown: Ref | None = None
    """The message of ours that shows what was heard."""

    @property
    def name(self) -> str:
        """As the user knows it; never empty."""
        return self.attachment.name or self.attachment.kind


@dataclass(frozen=True, slots=True)
class Part:
    """A page, slide, sheet, section or run of lines of a document, with all its text.

    A sheet's text is tab-separated: a first line of an empty cell and the letters of its columns, then for each row
    that is not empty its number and its cells. Tabs and line breaks within cells are spaces there.
    """

    kind: PartKind
    number: int
    """Counted from 1; of `lines` that of the first."""
    name: str = ""
    """Of a sheet or a section; of `lines` the number of the last."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of a document."""

    parts: tuple[Part, ...]
    is_cut: bool = False
    """Pages, cells or characters over the limit were left out."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as models take it: upright, at most so many pixels, without any data about its origin."""

    name: str
    content: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the thread, as an engine is told of it."""

    upload: int
    name: str
    parts: int
    part_kind: PartKind
    text: str = ""
    """All of it, each part behind its mark; empty when it is too long, or came with an earlier turn: then it must be
    looked into."""
    is_new: bool = False
    """It came with this very turn."""
    is_cut: bool = False


def worded(caption: str, uploads: Iterable[Upload]) -> str:
    """The text of a message: what was written with it, and what was said or is told by its attachments."""
    heard = (upload.text for upload in uploads if upload.sort in ("speech", "thing"))
    return "\n".join(text for text in (caption, *heard) if text)
