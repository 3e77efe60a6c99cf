"""A specialist: the persona that answers."""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

Effort = Literal["none", "low", "medium", "high"]
"""How long a model that can reason should do so before it answers."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What users see of a specialist, in another language than English."""

    locale: str
    title: str = ""
    description: str = ""
    starters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a human should be called in, besides the user's own wish."""

    keywords: tuple[str, ...] = ()
    confidence_below: float | None = None


@dataclass(frozen=True, slots=True)
class BriefField:
    """One answer that an order needs. `question` and `choices` are given per language, English always."""

    name: str
    question: tuple[tuple[str, str], ...]
    """(locale, question) pairs."""
    kind: Literal["text", "choice", "number"] = "text"
    required: bool = True
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(locale, choices) pairs, the choices of all languages in the same order."""
    max_chars: int = 1_000
    least: float | None = None
    most: float | None = None


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
    fallback_models: tuple[str, ...] = ()
    """Asked in this order when the model fails; after them come the platform's own."""
    temperature: float | None = None
    top_p: float | None = None
    """Hints: a model that does not take them is asked without."""
    max_tokens: int | None = None
    """Longest reply."""
    effort: Effort | None = None
    tools: tuple[str, ...] = ()
    """Names of the tools it may use; no others are shown to its model."""
    mcp_servers: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    """Words that its users say and a transcriber would not guess."""
    escalation: Escalation = Escalation()
    daily_quota: int | None = None
    """Replies per user and day; None for no limit of its own."""
    price: int | None = None
    """Of an order, in Telegram Stars."""
    brief: tuple[BriefField, ...] = ()
    """What an order specialist must know before the work can begin, in the order it asks."""
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


class Team(Protocol):
    """The specialists in force now; what it says may change between two calls, an answer never does."""

    def get(self, name: str) -> Specialist | None:
        """The specialist `name`; None when there is none (any more)."""
        ...

    def all(self) -> tuple[Specialist, ...]:
        """Everyone: the default first, the others by name."""
        ...

    @property
    def default(self) -> Specialist:
        """Who answers when nobody was chosen."""
        ...
