"""Labelled utterances, where the router sends them, and how often that is right."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.domain.specialist import Specialist
from specialists.registry import DEFAULT
from specialists.router import Ambiguous, Question, Routed, Router
from storage.stems import Stemmer

UTTERANCES = Path(__file__).parent.parent / "tests" / "data" / "routing.yaml"
OUT_OF_SCOPE = "out-of-scope"


@dataclass(frozen=True, slots=True)
class Labelled:
    language: str
    right: frozenset[str]
    """Whoever may answer it."""
    kind: str
    """Of what stays with the concierge: small-talk, switchboard, out-of-scope; else empty."""
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    said: Labelled
    result: Routed | Ambiguous

    @property
    def goes_to(self) -> str:
        """Empty when the user is asked."""
        return self.result.specialist if isinstance(self.result, Routed) else ""

    @property
    def offered(self) -> frozenset[str]:
        return frozenset({self.result.first, self.result.second} if isinstance(self.result, Ambiguous) else ())

    @property
    def right(self) -> bool:
        """Gone to the right one; or asked, where either of two is right, and one of them was offered."""
        return self.goes_to in self.said.right or (len(self.said.right) > 1 and self.found_among_two)

    @property
    def found_among_two(self) -> bool:
        return bool(self.offered & self.said.right)

    @property
    def stays(self) -> bool:
        """Whether it should stay with the default."""
        return self.said.right == {DEFAULT}

    @property
    def helped(self) -> bool:
        """Right, or one press away from it."""
        return self.right or self.found_among_two


def utterances(part: str) -> list[Labelled]:
    """Those of one part of the file, in its order."""
    content: dict[str, Any] = yaml.safe_load(UTTERANCES.read_text(encoding="utf-8"))
    return [
        Labelled(
            language,
            frozenset(name.partition("/")[0].strip() for name in label.split("|")),
            label.partition("/")[2],
            text,
        )
        for language, labels in content[part].items()
        for label, texts in labels.items()
        for text in texts
    ]


async def route(team: Sequence[Specialist], said: Iterable[Labelled]) -> list[Outcome]:
    """Every utterance as the first of a conversation, without a model."""
    router = Router(lambda: team, ask=None, stemmer=Stemmer())
    return [Outcome(one, await router.route(Question(one.text, one.language))) for one in said]


def share(outcomes: Iterable[bool]) -> float:
    """How many of them are true, 0 to 1; NaN of none."""
    counted = Counter(outcomes)
    return counted[True] / counted.total() if counted else float("nan")


def accuracy(outcomes: Iterable[Outcome]) -> float:
    return share(one.right for one in outcomes)


def stays_recall(outcomes: Iterable[Outcome]) -> float:
    """Of what is nobody's work, small talk or about the platform: how much stays with the default."""
    return share(one.goes_to == DEFAULT for one in outcomes if one.stays)


def handoffs(outcomes: Sequence[Outcome]) -> tuple[float, float, float]:
    """Precision, recall and F1 of sending a message to somebody else than the default."""
    precision = share(one.right for one in outcomes if one.goes_to not in ("", DEFAULT))
    recall = share(one.right and one.goes_to != DEFAULT for one in outcomes if DEFAULT not in one.said.right)
    return precision, recall, 2 * precision * recall / (precision + recall)
