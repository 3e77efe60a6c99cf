"""What a front-end can do, what it is asked to say, and the verbs it offers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from bot.domain.incoming import Incoming
from bot.domain.place import Place, Ref

Take = Callable[[Incoming], Awaitable[None]]
"""The door in: returns when the event is durable; only then may it be acknowledged to the platform."""


class Level(StrEnum):
    """How well a place supports something."""

    FULL = "full"
    PARTIAL = "partial"
    DROPPED = "dropped"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` calls in any `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Facts about one place, on which the relay and the courier decide."""

    streaming: Literal["drafts", "edits", "appends", "streams"]
    sends: tuple[Rate, ...] = ()
    """Budget of sends in the room (`Place.room`), all its topics together; of edits too, unless `edits` is given."""
    drafts: tuple[Rate, ...] = ()
    """Budget of draft updates in the room."""
    edits: tuple[Rate, ...] = ()
    """Budget of edits in the whole workspace (`Place.workspace`), where edits are counted by themselves."""
    streams: tuple[Rate, ...] = ()
    """Budget of streams begun in the whole workspace."""
    growths: tuple[Rate, ...] = ()
    """Budget of growths of all streams in the whole workspace."""
    draft_ttl_seconds: float = 0.0
    """How long a draft stays on the screen when it is not shown again."""
    pace_seconds: tuple[float, ...] = (1.0,)
    """Least time before the first, second, … preview of a reply; the last one holds for all further ones."""
    bursts: bool = True
    """Users tend to say one thing in several messages here, so those are gathered into one turn."""
    quotes: bool = False
    """A reply points to the message it answers, as several people speak here."""
    private: bool = True
    """Only the user reads what is said here."""
    speaker: bool = False
    """The place itself shows which specialist speaks."""
    transcripts: bool = True
    """What was heard in a user's voice is shown in a message of ours; elsewhere the place shows it as theirs."""
    shared: bool = False
    """Everybody who speaks here takes part in one conversation."""
    long_code_chars: int = 8_000
    """A code block longer than this goes out as a file beside the reply."""
    edit: Level = Level.FULL
    delete: Level = Level.FULL
    buttons: Level = Level.FULL
    files: Level = Level.FULL
    """PARTIAL: a message with a file has no buttons."""
    file_bytes: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Button:
    """A label for the user and an action for us, at most 64 bytes: what `Press.action` brings back."""

    label: str
    action: str
    style: Literal["", "primary", "danger", "success"] = ""


Buttons = tuple[tuple[Button, ...], ...]
"""Rows of buttons under a message."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to send along, whole in memory."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = "application/octet-stream"
    link: str = ""
    """Where a page of ours fetches it; places that take the content itself need none."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to say. `text` is Markdown that the adapter renders; it must fit (`Messenger.fits`).

    `thinking` and `status` are shown beside the text while a reply grows, where the place can, and are absent from
    a final message. A message with `file` carries `text` as its caption.
    """

    text: str
    buttons: Buttons = ()
    thinking: str = ""
    status: str = ""
    streaming: bool = False
    """The text will still grow."""
    reply_to: Ref | None = None
    file: File | None = None
    goes_on: bool = False
    """This message is whole, and more of the same reply follows in another one."""
    mark: str = ""
    """What `Finding.watermark` gave for this send; the message carries it unseen, where the platform lets it."""
    voice: bool = False
    """`file` is speech (OGG with Opus), shown as a voice message where the place has such; `VoiceRefused` where the
    user takes none."""
    asks: str = ""
    """A reply to this very message is wanted: what stands in the empty line for it, where the platform can."""


@dataclass(frozen=True, slots=True)
class ToolCard:
    """A tool at work on a reply, as the user is shown it."""

    call: str
    """Unique in its reply."""
    title: str
    state: Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Delta:
    """Growth of a reply for a place that appends: `text` goes to `offset` of what is there, cutting off the rest."""

    offset: int
    text: str
    thinking: str = ""
    status: str = ""
    tools: tuple[ToolCard, ...] = ()
    """Every tool of the reply so far, the oldest first."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The answer to what a platform posted to us."""

    status: int
    """Of HTTP."""
    body: str = ""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class HomeSection:
    """A part of a user's own page in the messenger."""

    title: str
    text: str = ""
    """Markdown."""
    buttons: Buttons = ()


@dataclass(frozen=True, slots=True)
class Dialog:
    """One text for the user to fill in or to change."""

    title: str
    label: str
    submit: str
    cancel: str
    action: str
    """What `Filled.action` brings back."""
    text: str = ""
    """What stands there already."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that a user may ask by a tap."""

    title: str
    message: str


class Messenger(Protocol):
    """A front-end. It never loops over retries, sleeps or queues: the courier does.

    Every verb raises from `MessengerError` only.
    """

    @property
    def name(self) -> str:
        """The first part of its places."""
        ...

    @property
    def budget(self) -> tuple[Rate, ...]:
        """What all places together may use."""
        ...

    def capabilities(self, place: Place) -> Capabilities: ...

    def fits(self, place: Place, text: str) -> bool:
        """Whether Markdown `text` can be one final message there."""
        ...

    async def run(self, take: Take) -> None:
        """Receive until cancelled: every event goes to `take`, and is acknowledged after that."""
        ...

    async def send(self, place: Place, outgoing: Outgoing) -> Ref: ...

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        """Replace the message `ref` whole, buttons included; `NotModified` when nothing would change."""
        ...

    async def delete(self, ref: Ref) -> None: ...

    async def close(self) -> None: ...


@runtime_checkable
class Drafting(Protocol):
    """Shows a growing reply as a preview that vanishes by itself."""

    async def draft(self, place: Place, draft: int, outgoing: Outgoing) -> None:
        """Show or change the preview `draft` (not zero); the user can stop it natively."""
        ...


@runtime_checkable
class Appending(Protocol):
    """Lets a message grow by what is new."""

    async def append(self, ref: Ref, delta: Delta) -> None: ...


@runtime_checkable
class Streaming(Protocol):
    """Lets a message grow by what is new, for as long as the platform keeps it open. `Messenger.edit` ends it."""

    async def begin_stream(self, place: Place, outgoing: Outgoing, recipient: str) -> Ref:
        """Begin a message that reads `outgoing` so far. `recipient` is `Sender.id` of whoever asked."""
        ...

    async def grow_stream(self, ref: Ref, delta: Delta) -> None:
        """Only ever at the end of what is there. `StreamEnded` when the platform has closed the message."""
        ...


@runtime_checkable
class Typing(Protocol):
    async def typing(self, place: Place, to: Ref | None = None) -> None:
        """Show that an answer is being written, to the message `to`; it fades after about 5 s."""
        ...


@runtime_checkable
class Homing(Protocol):
    """Has a page of its own for each user."""

    async def show_home(self, place: Place, owner: str, sections: tuple[HomeSection, ...]) -> None:
        """Make the page of `owner` (their `Sender.id`), who talks to us at `place`, show `sections`."""
        ...


@runtime_checkable
class Suggesting(Protocol):
    """Offers questions where nothing has been said yet."""

    async def suggest(self, place: Place, suggestions: tuple[Suggestion, ...]) -> None:
        """Show as many of them as the platform takes."""
        ...


@runtime_checkable
class Titling(Protocol):
    """Names conversations in the messenger's own list of them."""

    async def entitle(self, place: Place, title: str) -> None: ...


@runtime_checkable
class Acknowledging(Protocol):
    async def acknowledge(self, press: str, text: str) -> None:
        """End the wait shown at a pressed button, with a short plain text or none."""
        ...


@runtime_checkable
class Asking(Protocol):
    """Opens dialogs."""

    async def ask(self, place: Place, press: str, dialog: Dialog) -> None:
        """Show the dialog to whoever pressed (`Press.press`), at once: that right lasts seconds."""
        ...


@runtime_checkable
class Fetching(Protocol):
    """Hands out the files that users send."""

    async def fetch(self, place: Place, file: str, into: Path, *, limit_bytes: int) -> int:
        """Write the file `file` (`Attachment.file`), sent at `place`, to `into` piece by piece; its size in bytes.

        `FileTooLarge` as soon as it proves to be longer than `limit_bytes`, or than the platform hands out;
        `FileGone` when there is no such file (any more).
        """
        ...


@runtime_checkable
class Releasing(Protocol):
    """Keeps the files that users send until they are fetched."""

    async def release(self, place: Place, file: str) -> None:
        """Nobody will fetch the file again."""
        ...


@runtime_checkable
class Finding(Protocol):
    """Looks for a message whose sending ended in doubt, before it is sent again."""

    def watermark(self, place: Place) -> str:
        """Written down before a send; tells `find` where to begin. At most 64 characters."""
        ...

    async def find(self, place: Place, watermark: str, outgoing: Outgoing) -> Ref | None:
        """The message that carries `watermark` as its mark, or `outgoing`'s buttons and was sent after `watermark`;
        None when there is none."""
        ...


@runtime_checkable
class Unbuttoning(Protocol):
    async def clear_buttons(self, ref: Ref) -> None:
        """Take the buttons off a message and leave the rest as it is."""
        ...


@runtime_checkable
class Identifying(Protocol):
    async def identify(self) -> str:
        """Who we are there, as in `@name`; raises as any call does when the credentials are wrong."""
        ...


@runtime_checkable
class Spelling(Protocol):
    """Has commands written in a way of its own: the platform keeps names for itself, or knows no commands somewhere."""

    def spelled(self, place: Place, command: str) -> str:
        """How `/command` is written there."""
        ...


@runtime_checkable
class Menus(Protocol):
    async def publish_commands(self, commands: dict[str, tuple[tuple[str, str], ...]]) -> None:
        """Show the command menu: locale ('' is the default) → (name, description) pairs."""
        ...


@runtime_checkable
class Hooked(Protocol):
    """Receives by HTTP: the platform posts each update to `hook_path` of our own server."""

    @property
    def hook_path(self) -> str | None:
        """None when this messenger is set to receive in another way."""
        ...

    async def deliver(self, headers: Mapping[str, str], body: bytes, take: Take) -> Posted:
        """Verify, parse and take one posted update; what to answer. Header names are in lower case."""
        ...
