"""What a user has reached, by rules that anybody can check."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Record:
    """Counts of what a user did here."""

    questions: int
    conversations: int
    specialists: tuple[str, ...]
    days_active: int
    streak: int


@dataclass(frozen=True, slots=True)
class _Ladder:
    what: str
    steps: tuple[tuple[int, str], ...]

    def count(self, record: Record) -> int:
        match self.what:
            case "questions":
                return record.questions
            case "conversations":
                return record.conversations
            case "specialists met":
                return len(record.specialists)
            case _:
                return record.streak


_LADDERS = (
    _Ladder("questions", ((1, "First question"), (10, "Curious"), (100, "Inquisitive"), (1_000, "Insatiable"))),
    _Ladder("conversations", ((5, "Many topics"), (25, "Wide horizon"), (100, "Encyclopaedist"))),
    _Ladder("specialists met", ((2, "Second opinion"), (4, "Knows the team"), (8, "Friend of the house"))),
    _Ladder("days in a row", ((3, "Warmed up"), (7, "A whole week"), (30, "A whole month"))),
)


def reached(record: Record) -> Iterator[JsonValue]:
    """The achievements the user has, easiest first."""
    for ladder in _LADDERS:
        for need, name in ladder.steps:
            if ladder.count(record) >= need:
                yield {"name": name, "for": f"{need} {ladder.what}"}


def upcoming(record: Record) -> Iterator[JsonValue]:
    """The next achievement of each kind, and how far it is."""
    for ladder in _LADDERS:
        have = ladder.count(record)
        step = next((step for step in ladder.steps if have < step[0]), None)
        if step is not None:
            yield {"name": step[1], "for": f"{step[0]} {ladder.what}", "missing": step[0] - have}
