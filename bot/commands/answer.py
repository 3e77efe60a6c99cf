"""What a command is given, what it gives back, and the two buttons of a question."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.domain.action import CommandAction
from bot.domain.job import Json
from bot.domain.messenger import Button, Buttons, File
from bot.domain.place import Place
from bot.domain.thread import User
from bot.texts import Texts
from storage.store import Store, Tx

_CONSENT = re.compile(r"(yes|no) ([0-9]{1,18})(?: (\S{1,20}))?")


@dataclass(frozen=True, slots=True)
class Given:
    """A command as it is carried out; `name` is in lower case."""

    user: User
    place: Place
    name: str
    arguments: str = ""
    stopped: int = 0
    """How many running replies the intake stopped for it at once."""
    is_press: bool = False
    """A button was pressed, nothing was written."""
    is_private: bool = True
    """Only the user reads the answer."""
    is_shared: bool = False
    """Everybody at the place takes part in one conversation."""

    @property
    def locale(self) -> str:
        return self.user.locale


@dataclass(frozen=True, slots=True)
class Answer:
    """One message in return. Without `text` nothing is posted."""

    text: str = ""
    """Markdown; what users wrote is escaped in it."""
    buttons: Buttons = ()
    file: File | None = None
    toast: str = ""
    """Plain words shown at the pressed button, to the presser only."""
    replaces: bool = False
    """It takes the place of the message whose button was pressed, where nobody else reads that."""
    is_secret: bool = False
    """It is not written down: after a crash the command is carried out again instead."""
    is_farewell: bool = False
    """When it is said, everything that is known about the user is erased."""

    def dump(self, file_id: int | None) -> Json:
        """For the job's steps. The file itself is kept in storage, as `file_id`."""
        return {
            "text": self.text,
            "buttons": [[[button.label, button.action, button.style] for button in row] for row in self.buttons],
            "file": file_id,
            "toast": self.toast,
            "replaces": self.replaces,
            "is_farewell": self.is_farewell,
        }

    @classmethod
    def load(cls, value: Json, file: File | None) -> "Answer":
        """What `dump` wrote, with the file that it names."""
        return cls(
            text=value["text"],
            buttons=tuple(tuple(Button(*button) for button in row) for row in value["buttons"]),
            file=file,
            toast=value["toast"],
            replaces=value["replaces"],
            is_farewell=value["is_farewell"],
        )


Verb = Callable[[Tx, Given], Awaitable[Answer]]
"""Carries a command out in the transaction that also writes its answer down: both happen once or not at all.

Raises `Refused` when it must not be done; nothing of the transaction is kept then.
"""

Gathering = Callable[[Store, Given], Awaitable[Answer]]
"""Reads much, in short transactions of its own, and changes nothing."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The arguments behind the two buttons of a question: the answer, who was asked, and about what (no spaces)."""

    granted: bool
    user_id: int
    subject: str = ""

    def __str__(self) -> str:
        return f"{'yes' if self.granted else 'no'} {self.user_id} {self.subject}".rstrip()

    @classmethod
    def parse(cls, arguments: str) -> "Consent | None":
        """None for arguments that are no answer to a question."""
        match = _CONSENT.fullmatch(arguments)
        return None if match is None else cls(match[1] == "yes", int(match[2]), match[3] or "")


def question_buttons(given: Given, subject: str, *, yes: str, no: str) -> Buttons:
    """Two buttons, labelled `yes` and `no`, that run the same command with a `Consent` of this very user."""
    agree, decline = (
        str(CommandAction(given.name, str(Consent(granted, given.user.id, subject)))) for granted in (True, False)
    )
    return ((Button(yes, agree, "danger"), Button(no, decline)),)


def choice(command: str, argument: str, label: str, is_now: bool) -> Button:
    """A button that gives the command with the argument, ticked when that is how things are now."""
    return Button(f"✓ {label}" if is_now else label, str(CommandAction(command, argument)))


def page_of(arguments: str) -> int:
    """The page that the last word of the arguments names, from 1."""
    last = arguments.rpartition(" ")[2]
    return max(1, int(last)) if last.isascii() and last.isdecimal() and len(last) < 6 else 1


def page_buttons(texts: Texts, given: Given, page: int, last: int, words: str) -> Buttons:
    """A row that leads to the pages before and after `page`: the same command with `words` and the page's number."""
    around = ((page - 1, texts.say(given.locale, "button-newer")), (page + 1, texts.say(given.locale, "button-older")))
    row = tuple(
        Button(label, str(CommandAction(given.name, f"{words} {number}".strip())))
        for number, label in around
        if 1 <= number <= last
    )
    return (row,) if row else ()


def in_rows(buttons: Sequence[Button], width: int) -> Buttons:
    """`width` buttons in a row."""
    return tuple(tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))


def shortened(text: str, most_chars: int) -> str:
    """One line of at most `most_chars`, with an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= most_chars else line[: most_chars - 1].rstrip() + "…"
