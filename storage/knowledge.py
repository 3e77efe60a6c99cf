"""Documents to answer from, and full-text search over their passages (`storage.ranking`)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from storage.ranking import MOST_CANDIDATES, asked_stems, matching, ranked
from storage.stems import Stemmer
from storage.tables import documents, passages
from storage.types import dump_json
from storage.wire import Wire

STEMS_EDITION = 1
"""Counted up when `storage.stems` changes what it makes of a text, so that everything is indexed anew."""

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
        asked = asked_stems(self._stemmer, query)
        if not asked or not collections:
            return []
        rows = await self._candidates(asked, collections)
        total = await self._wire.scalar(
            select(func.count()).select_from(passages.join(documents)).where(documents.c.collection.in_(collections))
        )
        return [
            Hit(row.title, row.source, row.heading, row.text, score, coverage)
            for row, score, coverage in ranked(rows, asked, int(total), locale)[:limit]
        ]

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
            .where(matching(self._wire.dialect, asked), documents.c.collection.in_(collections))
            .order_by(documents.c.source, passages.c.position)
            .limit(MOST_CANDIDATES)
        )
        return await self._wire.rows(wanted)


def _digest(document: Document) -> bytes:
    parts = [[passage.heading, passage.text] for passage in document.passages]
    whole = dump_json([STEMS_EDITION, document.title, document.locale, parts])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()
