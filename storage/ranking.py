"""Which passages have words of a query, and how well they answer it.

Both databases find the candidates by an index over the same stems, and the same rule ranks them here: Okapi BM25.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, cast, column, func, literal, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.database import Dialect
from storage.stems import Stemmer
from storage.tables import passages

LONGEST_QUERY_STEMS = 32
MOST_CANDIDATES = 2_000

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_SAME_LOCALE = 1.25

Ranked = tuple[Row[*tuple[Any, ...]], float, float]
"""A row, its score (higher is better; only to be compared within one search) and its coverage (0 to 1: the share of the
query's distinct stems that the passage has, the rare ones weighing more)."""


def asked_stems(stemmer: Stemmer, query: str) -> list[str]:
    return list(dict.fromkeys(stemmer.stems(query)))[:LONGEST_QUERY_STEMS]


def matching(dialect: Dialect, asked: Iterable[str], *, every: bool = False) -> ColumnElement[bool]:
    """Passages with any of the stems, or with every one. A stem has letters and digits only, so quoting it is safe."""
    match dialect:
        case "sqlite":
            index = table("passage_index", column("rowid"))
            query = (" AND " if every else " OR ").join(f'"{stem}"' for stem in asked)
            rows = select(index.c.rowid).where(text("passage_index MATCH :asked").bindparams(asked=query))
            return passages.c.id.in_(rows)
        case "postgresql":
            words = func.array_to_tsvector(func.string_to_array(passages.c.stems, text("' '")))
            query = (" & " if every else " | ").join(f"'{stem}'" for stem in asked)
            found: ColumnElement[bool] = words.bool_op("@@")(cast(literal(query), TSQUERY))
            return found


def ranked(
    rows: Sequence[Row[*tuple[Any, ...]]],
    asked: Sequence[str],
    total: int,
    locale: str,
    frequency: Mapping[str, int] | None = None,
) -> list[Ranked]:
    """The best first; those in `locale`, when it is given, are preferred. `rows`, with `stems` and `locale`, are all
    passages, of `total`, that have any stem of `asked`; or some, then `frequency` says how many have each."""
    counts = [Counter(row.stems.split()) for row in rows]
    if frequency is None:
        frequency = {stem: sum(stem in count for count in counts) for stem in asked}
    rarity = {stem: _rarity(frequency[stem], total) for stem in asked}
    average = sum(count.total() for count in counts) / max(len(counts), 1)
    found = [
        (
            row,
            _score(count, rarity, average) * (_SAME_LOCALE if locale and row.locale == locale else 1.0),
            sum(rarity[stem] for stem in asked if stem in count) / sum(rarity.values()),
        )
        for row, count in zip(rows, counts, strict=True)
    ]
    return sorted(found, key=lambda one: -one[1])


def _rarity(passages_with: int, total: int) -> float:
    """A word that no passage has weighs as much as one that a single passage has: it may be mere chatter."""
    passages_with = max(passages_with, 1)
    return math.log(1 + (max(total, passages_with) - passages_with + 0.5) / (passages_with + 0.5))


def _score(count: Counter[str], rarity: dict[str, float], average: float) -> float:
    norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * count.total() / average)
    return sum(weight * count[stem] * (_SATURATION + 1) / (count[stem] + norm) for stem, weight in rarity.items())
