"""Whom the words of a user are for, when they name a specialist."""

import re
from dataclasses import replace

from bot.domain.incoming import UserMessage
from bot.domain.specialist import Specialist, Team

_ADDRESSED = re.compile(r"[@/]([A-Za-z][A-Za-z0-9_-]{0,31})[,:]?\s+(\S.*)", re.DOTALL)
"""`@name …`, and `/name …` where it comes in an edit and not as a command."""


class Addressees:
    def __init__(self, team: Team) -> None:
        self._team = team

    def named(self, name: str) -> Specialist | None:
        """The specialist of that name, as messengers let it be written: `_` for `-`, in any case."""
        return self._team.get(name.lower().replace("_", "-"))

    def called(self, text: str) -> Specialist | None:
        """Who is called by `@name` and nothing more."""
        name = text.strip()
        return self.named(name[1:]) if name.startswith("@") else None

    def addressed(self, said: UserMessage) -> tuple[Specialist | None, UserMessage]:
        """Whom `@name …` speaks to, and what is said to them."""
        match = _ADDRESSED.fullmatch(said.text.strip())
        specialist = None if match is None else self.named(match[1])
        return (None, said) if match is None or specialist is None else (specialist, replace(said, text=match[2]))

    def in_force(self, name: str) -> Specialist | None:
        """Who answers a thread that has chosen `name`; None when that is for the router to say."""
        return None if not name else self._team.get(name) or self._team.default
