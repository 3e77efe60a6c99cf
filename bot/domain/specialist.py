"""A specialist: the persona that answers."""

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Translation:
    """What users see of a specialist, in another language than English."""

    locale: str
    title: str = ""
    description: str = ""
    starters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Specialist:
    """What a file of `specialists/team` says, validated. `name` is its id: lower case, digits, dashes.

    `title`, `description` and `starters` are in English; `localised` gives them in another language.
    """

    name: str
    title: str
    description: str
    instructions: str
    emoji: str = ""
    kind: Literal["chat", "order"] = "chat"
    model: str = ""
    """`provider:model`; empty for the platform's default."""
    knowledge: tuple[str, ...] = ()
    """Collections its answers may draw on."""
    examples: tuple[str, ...] = ()
    starters: tuple[str, ...] = ()
    interrupt: bool = False
    """A new message stops the running reply instead of waiting for its end."""
    translations: tuple[Translation, ...] = ()

    def localised(self, locale: str) -> "Specialist":
        """The same specialist with what users see in the language `locale`, in English where that is missing."""
        for words in self.translations:
            if words.locale == locale:
                return replace(
                    self,
                    title=words.title or self.title,
                    description=words.description or self.description,
                    starters=words.starters or self.starters,
                )
        return self
