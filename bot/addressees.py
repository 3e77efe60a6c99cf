"""Whom the words of a user are for, when they name a specialist."""

import re
from dataclasses import replace

from bot.commands.names import ANYONE
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

    def chosen(self, name: str) -> str | None:
        """Who answers from now on when `name` is called: a specialist, or whoever fits best, whose name is empty. None
        when it is nobody's name."""
        if name.lower() == ANYONE:
            return ""
        specialist = self.named(name)
        return None if specialist is None else specialist.name

    def called(self, text: str) -> str | None:
        """Who is `chosen` by `@name` and nothing more, or by `/name` where it comes as a caption."""
        name = text.strip()
        return self.chosen(name[1:]) if name.startswith(("@", "/")) else None

    def addressed(self, said: UserMessage) -> tuple[str | None, UserMessage]:
        """Who is `chosen` by `@name …`, and what is said to them."""
        match = _ADDRESSED.fullmatch(said.text.strip())
        chosen = None if match is None else self.chosen(match[1])
        return (None, said) if match is None or chosen is None else (chosen, replace(said, text=match[2]))

    def in_force(self, name: str) -> Specialist | None:
        """Who answers a thread that has chosen `name`; None when that is for the router to say."""
        return None if not name else self._team.get(name) or self._team.default
