"""The specialists as one page shows them: in its language, and as they are in force now."""

import re

from bot.domain.specialist import Specialist, Team

_ADDRESSED = re.compile(r"\s*@([A-Za-z][A-Za-z0-9_-]{0,31})[,:]?\s")


class Cast:
    def __init__(self, team: Team, locale: str) -> None:
        self._team = team
        self._locale = locale

    def get(self, name: str) -> Specialist | None:
        """None for nobody, and for one who is there no more."""
        found = self._team.get(name) if name else None
        return None if found is None else found.localised(self._locale)

    def all(self) -> tuple[Specialist, ...]:
        """The default first, and those who take orders after those who talk."""
        everyone = sorted(self._team.all(), key=lambda one: one.kind == "order")
        return tuple(one.localised(self._locale) for one in everyone)

    @property
    def default(self) -> Specialist:
        """Who receives visitors."""
        return self._team.default.localised(self._locale)

    def addresses(self, text: str) -> bool:
        """Whether `text` begins with the `@name` of a specialist."""
        match = _ADDRESSED.match(text)
        return match is not None and self.get(match[1].lower().replace("_", "-")) is not None
