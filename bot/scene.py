"""All that is known about a turn when its reply begins, read in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.media import Document, Picture, Upload, UploadState
from bot.domain.reply import Decision, Prompt, Utterance, spoken
from bot.domain.specialist import Specialist
from bot.domain.thread import Message, Thread, Turn, User
from bot.markdown.plain import literal
from bot.mentions import mentions, short_name
from storage.pauses import Pause

_NAME_CHARS = 64


@dataclass(frozen=True, slots=True)
class Scene:
    turn: Turn
    thread: Thread
    user: User
    """Who asked the turn."""
    said: tuple[Message, ...]
    history: tuple[Message, ...]
    """What was said after `summary`, oldest first."""
    previous: Turn | None
    """The turn before, whose buttons disappear when this one is answered."""
    summary: str = ""
    facts: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    """Whom the user chose before, as (specialist, stems of the question); read only when somebody is to be chosen."""
    pause: Pause | None = None
    """Where this very reply paused, when it is to go on from there."""
    replaced: str = ""
    """The reply that this one replaces, if it stays to be read should this one fail."""
    ending: bool = False
    """The turn waits for a decision that will not come, and is to end."""
    recipient: str = ""
    """What the messenger calls whoever asked; read only where a reply is addressed to them."""
    speakers: Mapping[int, str] = field(default_factory=dict)
    """Who asked which of the turns in `history`; read only where several people speak."""
    uploads: tuple[Upload, ...] = ()
    """What came with the turn, in order."""
    shelf: tuple[Upload, ...] = ()
    """That and what came before it in the thread, the newest first, as far back as anybody is told."""
    pictures: tuple[Picture, ...] = ()
    old_pictures: bool = False
    """They came with an earlier turn."""
    documents: tuple[Document, ...] = ()

    @property
    def text(self) -> str:
        """The burst as one text; a paste that the client cut is whole again."""
        return joined(self.said)

    @property
    def question(self) -> str:
        """What whoever chooses a specialist reads: the text or, without any, what the files are called."""
        return self.text or "\n".join(map(short_name, self._files))

    @property
    def is_answerable(self) -> bool:
        """Whether anything is left to answer: words, or a file that could be used."""
        return bool(self.text.strip() or self._files)

    @property
    def refused(self) -> tuple[Upload, ...]:
        """What came with the turn and cannot be used."""
        return tuple(upload for upload in self.uploads if upload.state is UploadState.REFUSED)

    @property
    def _files(self) -> Sequence[Upload]:
        return [one for one in self.uploads if one.state is UploadState.READY and one.sort in ("picture", "document")]

    @property
    def has_files(self) -> bool:
        """Whether anything in the thread can be looked at or read, or was meant to be just now."""
        return bool(self.uploads) or any(upload.sort in ("picture", "document") for upload in self.shelf)

    @property
    def is_granted(self) -> bool | None:
        """What was decided about the pause; None when there was none, or no leave was asked for."""
        return self.pause.granted if self.pause is not None and self.pause.requests else None

    @property
    def read_already(self) -> str:
        """What of this reply the user has read and keeps."""
        return self.pause.text if self.pause is not None and self.pause.requests else ""

    @property
    def quote(self) -> str:
        """What the user said by a button, which no message of theirs shows."""
        if not self.said or self.said[0].ref is not None:
            return ""
        return "".join(f"> {literal(line)}\n" for line in self.text.splitlines()) + "\n"

    def assigned(self, specialist: str) -> "Scene":
        return replace(self, turn=replace(self.turn, specialist=specialist))

    @property
    def told(self) -> tuple[Utterance, ...]:
        """`history` as models read it: who says what, where several people speak, and what came with it."""
        notes = mentions(self.shelf)
        asked = (_noted(one, notes.get(one.id, "")) for one in still_asked(self.history))
        return tuple(Utterance(one.role, named(one, self.speakers)) for one in asked if one.text)

    def prompt(self, specialist: Specialist) -> Prompt:
        """What the specialist's engine is told, but for what its tools may cause. Where others listen, that is nothing
        that is only the user's, and its tools look up nothing of theirs."""
        decision = None
        if self.pause is not None and self.is_granted is not None:
            decision = Decision(self.pause.state, self.is_granted)
        return Prompt(
            turn=self.turn.id,
            specialist=specialist,
            text=self.text,
            history=self.told,
            speaker=_name(self.user.name) if self.thread.shared else "",
            user_name=self.user.name,
            locale=self.user.locale,
            thread=self.thread.id,
            user=0 if self.thread.shared else self.user.id,
            summary=self.summary,
            facts=() if self.thread.shared else self.facts,
            said=self.read_already,
            decision=decision,
            pictures=self.pictures,
            old_pictures=self.old_pictures,
            documents=self.documents,
            unread=tuple(map(short_name, self.refused)),
        )


def named(message: Message, speakers: Mapping[int, str]) -> str:
    """What the message says, behind the name of whoever said it where `speakers` tells."""
    name = _name(speakers.get(message.turn_id, "")) if message.role == "user" else ""
    return spoken(message.text, name)


def still_asked(messages: Sequence[Message]) -> Sequence[Message]:
    """Without replies whose questions were deleted."""
    asked = {message.turn_id for message in messages if message.role == "user"}
    return [message for message in messages if message.turn_id in asked]


def joined(said: Sequence[Message]) -> str:
    """A burst as one text."""
    parts = [message.text + ("" if message.cut else "\n") for message in said if message.text]
    return "".join(parts).removesuffix("\n")


def _noted(message: Message, note: str) -> Message:
    return replace(message, text="\n".join(filter(None, (message.text, note)))) if note else message


def _name(name: str) -> str:
    """As one of several people in a conversation is told from the others."""
    return " ".join(name.split())[:_NAME_CHARS]
