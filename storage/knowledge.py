"""Documents to answer from, and full-text search over their passages.

Both databases find the candidates by an index over the same stems, and the same rule ranks them here: Okapi BM25.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, cast, column, delete, func, insert, literal, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.stems import Stemmer
from storage.tables import documents, passages
from storage.types import dump_json
from storage.wire import Wire

LONGEST_QUERY_STEMS = 32
MOST_CANDIDATES = 2_000
STEMS_EDITION = 1
"""Counted up when `storage.stems` changes what it makes of a text, so that everything is indexed anew."""

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_SAME_LOCALE = 1.25
_HEADING_REPEATS = 2


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document that makes sense alone."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """`source` is its path or URL, unique in its collection; `locale` is empty when it has none."""

    source: str
    title: str
    locale: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    document_title: str
    source: str
    heading: str
    text: str
    score: float
    """Higher is better; only to be compared within one search."""
    coverage: float
    """0 to 1: the share of the query's distinct stems that the passage has, the rare ones weighing more."""


class Knowledge:
    def __init__(self, wire: Wire, stemmer: Stemmer) -> None:
        self._wire = wire
        self._stemmer = stemmer

    async def sync(self, collection: str, documents_now: Sequence[Document]) -> int:
        """Make the collection hold exactly these documents; how many were new, changed or gone."""
        await self._wire.lock(f"knowledge {collection}")
        stored = select(documents.c.source, documents.c.id, documents.c.digest)
        known = {row.source: row for row in await self._wire.rows(stored.where(documents.c.collection == collection))}
        wanted = {document.source: document for document in documents_now}
        changed = [
            document
            for document in wanted.values()
            if document.source not in known or known[document.source].digest != _digest(document)
        ]
        gone = [source for source in known if source not in wanted]
        stale = [known[source].id for source in (*gone, *(document.source for document in changed)) if source in known]
        if stale:
            await self._wire.count(delete(documents).where(documents.c.id.in_(stale)))
        for document in changed:
            await self._add(collection, document)
        if changed or gone:
            self._wire.notify("knowledge", collection)
        return len(changed) + len(gone)

    async def search(self, query: str, collections: Sequence[str], *, locale: str = "", limit: int = 5) -> list[Hit]:
        """The best passages first; none when the query has no word that says something. No query is an error.

        Documents in `locale`, when it is given, are preferred, not required.
        """
        asked = list(dict.fromkeys(self._stemmer.stems(query)))[:LONGEST_QUERY_STEMS]
        if not asked or not collections:
            return []
        rows = await self._candidates(asked, collections)
        total = await self._wire.scalar(
            select(func.count()).select_from(passages.join(documents)).where(documents.c.collection.in_(collections))
        )
        return _ranked(rows, asked, int(total), locale)[:limit]

    async def _add(self, collection: str, document: Document) -> None:
        entry = insert(documents).values(
            collection=collection,
            source=document.source,
            title=document.title,
            locale=document.locale,
            digest=_digest(document),
        )
        (row,) = await self._wire.rows(entry.returning(documents.c.id))
        title = self._stemmer.stems(document.title)
        for position, passage in enumerate(document.passages):
            stems = [
                *title,
                *self._stemmer.stems(passage.heading) * _HEADING_REPEATS,
                *self._stemmer.stems(passage.text),
            ]
            await self._wire.count(
                insert(passages).values(
                    document_id=row.id,
                    position=position,
                    heading=passage.heading,
                    text=passage.text,
                    stems=" ".join(stems),
                )
            )

    async def _candidates(self, asked: Sequence[str], collections: Sequence[str]) -> Sequence[Row[*tuple[Any, ...]]]:
        wanted = (
            select(
                documents.c.title,
                documents.c.source,
                documents.c.locale,
                passages.c.heading,
                passages.c.text,
                passages.c.stems,
            )
            .select_from(passages.join(documents))
            .where(self._matches(asked), documents.c.collection.in_(collections))
            .order_by(documents.c.source, passages.c.position)
            .limit(MOST_CANDIDATES)
        )
        return await self._wire.rows(wanted)

    def _matches(self, asked: Iterable[str]) -> ColumnElement[bool]:
        """Passages with any of the stems. A stem has letters and digits only, so quoting it is safe."""
        match self._wire.dialect:
            case "sqlite":
                index = table("passage_index", column("rowid"))
                query = " OR ".join(f'"{stem}"' for stem in asked)
                rows = select(index.c.rowid).where(text("passage_index MATCH :asked").bindparams(asked=query))
                return passages.c.id.in_(rows)
            case "postgresql":
                words = func.array_to_tsvector(func.string_to_array(passages.c.stems, text("' '")))
                query = " | ".join(f"'{stem}'" for stem in asked)
                found: ColumnElement[bool] = words.bool_op("@@")(cast(literal(query), TSQUERY))
                return found


def _digest(document: Document) -> bytes:
    parts = [[passage.heading, passage.text] for passage in document.passages]
    whole = dump_json([STEMS_EDITION, document.title, document.locale, parts])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()


def _ranked(rows: Sequence[Row[*tuple[Any, ...]]], asked: Sequence[str], total: int, locale: str) -> list[Hit]:
    """`rows` are all passages, of `total`, that have any stem of `asked`."""
    counts = [Counter(row.stems.split()) for row in rows]
    rarity = {stem: _rarity(sum(stem in count for count in counts), total) for stem in asked}
    average = sum(count.total() for count in counts) / max(len(counts), 1)
    hits = [
        Hit(
            document_title=row.title,
            source=row.source,
            heading=row.heading,
            text=row.text,
            score=_score(count, rarity, average) * (_SAME_LOCALE if locale and row.locale == locale else 1.0),
            coverage=sum(rarity[stem] for stem in asked if stem in count) / sum(rarity.values()),
        )
        for row, count in zip(rows, counts, strict=True)
    ]
    return sorted(hits, key=lambda hit: -hit.score)


def _rarity(passages_with: int, total: int) -> float:
    """A word that no passage has weighs as much as one that a single passage has: it may be mere chatter."""
    passages_with = max(passages_with, 1)
    return math.log(1 + (max(total, passages_with) - passages_with + 0.5) / (passages_with + 0.5))


def _score(count: Counter[str], rarity: dict[str, float], average: float) -> float:
    norm = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * count.total() / average)
    return sum(weight * count[stem] * (_SATURATION + 1) / (count[stem] + norm) for stem, weight in rarity.items())
