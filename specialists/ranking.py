"""How sure a full-text hit makes us: a passage whose heading speaks of the same thing counts for more."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from specialists.passages import PATH_MARK
from storage.knowledge import Hit
from storage.stems import Stemmer

_HEADING_WEIGHT = 0.8
_HEADING_SHARE = 0.2
_FOREIGN = 0.6
_OFF_TOPIC = 0.6
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


@dataclass(frozen=True, slots=True)
class Found:
    hit: Hit
    score: float
    """The hit's, raised by how alike question and heading are, lowered in another language."""
    confidence: float
    """0 to 1: how much of the question was found; low when the heading has nothing of it."""
    on_topic: bool
    """The heading or the title of the page has a word of the question."""
    topic: str
    """What the passage is about, in a line."""
    native: bool
    """It is in the language of the question, as far as the alphabet tells."""


def ranked(hits: Iterable[Hit], query: str, language: str, stemmer: Stemmer) -> list[Found]:
    """The best first."""
    asked = frozenset(stemmer.stems(query))
    return sorted((_found(hit, asked, language, stemmer) for hit in hits), key=lambda found: -found.score)


def is_cyrillic(text: str) -> bool:
    """Whether any letter is Cyrillic."""
    return _CYRILLIC.search(text) is not None


def _found(hit: Hit, asked: frozenset[str], language: str, stemmer: Stemmer) -> Found:
    topic = hit.heading.rpartition(PATH_MARK)[2] or hit.document_title
    native = is_cyrillic(topic) == (language == "ru")
    heading = frozenset(stemmer.stems(hit.heading))
    about = heading | frozenset(stemmer.stems(hit.document_title))
    alike = len(asked & heading) / max(len(asked | heading), 1)
    named = len(asked & about) / max(len(asked), 1)
    return Found(
        hit=hit,
        score=hit.score * (1 + _HEADING_WEIGHT * alike) * (1 if native else _FOREIGN),
        confidence=hit.coverage * (1 - _HEADING_SHARE + _HEADING_SHARE * named) * (1 if named else _OFF_TOPIC),
        on_topic=bool(asked & about),
        topic=topic,
        native=native,
    )
