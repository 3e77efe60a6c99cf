"""What our buttons mean: the one codec of `Button.action` and `Press.action`."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

Verb = Literal["stop", "again", "up", "down"]

_OPEN_FORM = re.compile(r"open:([0-9]{1,18})")
_FORM = re.compile(rf"({'|'.join(get_args(Verb))}):([0-9]{{1,18}})")


@dataclass(frozen=True, slots=True)
class TurnAction:
    """Do `verb` to a turn: stop its reply, answer again, thumb it up or down."""

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
