"""What our buttons mean: the one codec of `Button.action` and `Press.action`."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

Verb = Literal["stop", "again", "up", "down", "approve", "deny"]

_OPEN_FORM = re.compile(r"open:([0-9]{1,18})")
_FORM = re.compile(rf"({'|'.join(get_args(Verb))}):([0-9]{{1,18}})")
_FIX_FORM = re.compile(r"fix:([0-9]{1,18})")
_CHOICE_FORM = re.compile(r"pick:([0-9]{1,18}):([a-z][a-z0-9-]{0,31})")
_STARTER_FORM = re.compile(r"ask:([a-z][a-z0-9-]{0,31}):([0-9]{1,2})")
_COMMAND_FORM = re.compile(r"run:([a-z][a-z0-9_]{0,31})(?: (.{1,50}))?")


@dataclass(frozen=True, slots=True)
class TurnAction:
    """Do `verb` to a turn: stop its reply, answer again, thumb it up or down, let it do what it asked for or not."""

    verb: Verb
    turn: int

    def __str__(self) -> str:
        return f"{self.verb}:{self.turn}"

    @classmethod
    def parse(cls, text: str) -> "TurnAction | None":
        """The action with the text form `text`; None for anything that we never issued."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        verb = next(verb for verb in get_args(Verb) if verb == match[1])
        return cls(verb, int(match[2]))


@dataclass(frozen=True, slots=True)
class ThreadAction:
    """Go on with an earlier thread."""

    thread: int

    def __str__(self) -> str:
        return f"open:{self.thread}"

    @classmethod
    def parse(cls, text: str) -> "ThreadAction | None":
        """The action with the text form `text`; None for anything that we never issued."""
        match = _OPEN_FORM.fullmatch(text)
        return None if match is None else cls(int(match[1]))


@dataclass(frozen=True, slots=True)
class Choice:
    """Let `specialist` answer the turn, which waits for exactly that."""

    turn: int
    specialist: str

    def __str__(self) -> str:
        return f"pick:{self.turn}:{self.specialist}"

    @classmethod
    def parse(cls, text: str) -> "Choice | None":
        """The choice with the text form `text`; None for anything that we never issued."""
        match = _CHOICE_FORM.fullmatch(text)
        return None if match is None else cls(int(match[1]), match[2])


@dataclass(frozen=True, slots=True)
class FixAction:
    """Correct what was heard in the speech `upload`."""

    upload: int

    def __str__(self) -> str:
        return f"fix:{self.upload}"

    @classmethod
    def parse(cls, text: str) -> "FixAction | None":
        """The action with the text form `text`; None for anything that we never issued."""
        match = _FIX_FORM.fullmatch(text)
        return None if match is None else cls(int(match[1]))


@dataclass(frozen=True, slots=True)
class Starter:
    """Ask a specialist its starter number `index`, counted from 0, in the presser's language."""

    specialist: str
    index: int

    def __str__(self) -> str:
        return f"ask:{self.specialist}:{self.index}"

    @classmethod
    def parse(cls, text: str) -> "Starter | None":
        """The starter with the text form `text`; None for anything that we never issued."""
        match = _STARTER_FORM.fullmatch(text)
        return None if match is None else cls(match[1], int(match[2]))


@dataclass(frozen=True, slots=True)
class CommandAction:
    """As if the presser had written `/name arguments`. At most 50 characters of arguments; 64 bytes in all."""

    name: str
    arguments: str = ""

    def __str__(self) -> str:
        return f"run:{self.name} {self.arguments}".rstrip()

    @classmethod
    def parse(cls, text: str) -> "CommandAction | None":
        """The command with the text form `text`; None for anything that we never issued."""
        match = _COMMAND_FORM.fullmatch(text)
        return None if match is None else cls(match[1], match[2] or "")
