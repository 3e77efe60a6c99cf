"""Which passages of the documents that users sent answer a query best."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, select

from bot.domain.media import PartKind
from storage.ranking import asked_stems, matching, ranked
from storage.stems import Stemmer
from storage.tables import documents, passages, uploads
from storage.wire import Wire

LONGEST_SHEET_HEADER = 1_000
"""Characters of the first lines of a sheet that are shown before what was found further below."""
MOST_RANKED = 400
"""To rank them takes the event loop a few milliseconds."""

_MOST_COUNTED = 2_000
"""A stem that more passages have is as common as any."""
_JOINED = passages.join(documents).join(uploads, uploads.c.id == documents.c.upload_id)


class Found(NamedTuple):
    upload_id: int
    kind: PartKind
    number: int
    name: str
    text: str
    score: float
    coverage: float


class Shelf:
    def __init__(self, wire: Wire, stemmer: Stemmer) -> None:
        self._wire = wire
        self._stemmer = stemmer

    async def search(self, here: ColumnElement[bool], query: str, locale: str, limit: int) -> list[Found]:
        """`Uploads.search`, over the passages for which `here` is true."""
        asked = asked_stems(self._stemmer, query)
        if not asked or limit <= 0:
            return []
        ids = await self._newest(here, matching(self._wire.dialect, asked), MOST_RANKED + 1)
        frequency: dict[str, int] | None = None
        if len(ids) > MOST_RANKED:
            frequency = {stem: await self._count(here, matching(self._wire.dialect, [stem])) for stem in asked}
            ids = await self._telling(here, asked, frequency)
        total = await self._wire.scalar(select(func.count()).select_from(_JOINED).where(here))
        best = ranked(await self._stems(ids), asked, int(total), locale, frequency)[:limit]
        return [await self._found(row.id, score, coverage) for row, score, coverage in best]

    async def _telling(self, here: ColumnElement[bool], asked: Sequence[str], frequency: dict[str, int]) -> list[int]:
        """Of too many passages to rank: those with all stems, then those with the rare ones, the newest first."""
        found = dict.fromkeys(await self._newest(here, matching(self._wire.dialect, asked, every=True), MOST_RANKED))
        for stem in sorted(asked, key=lambda one: frequency[one]):
            if len(found) >= MOST_RANKED:
                break
            found |= dict.fromkeys(await self._newest(here, matching(self._wire.dialect, [stem]), MOST_RANKED))
        return list(found)[:MOST_RANKED]

    async def _newest(self, here: ColumnElement[bool], matches: ColumnElement[bool], limit: int) -> list[int]:
        wanted = select(passages.c.id).select_from(_JOINED).where(here, matches)
        newest = wanted.order_by(documents.c.id.desc(), passages.c.position).limit(limit)
        return [row.id for row in await self._wire.rows(newest)]

    async def _count(self, here: ColumnElement[bool], matches: ColumnElement[bool]) -> int:
        some = select(passages.c.id).select_from(_JOINED).where(here, matches).limit(_MOST_COUNTED)
        return int(await self._wire.scalar(select(func.count()).select_from(some.subquery())))

    async def _stems(self, ids: Sequence[int]) -> list[Row[*tuple[Any, ...]]]:
        """In that order."""
        wanted = select(passages.c.id, passages.c.stems, documents.c.locale).select_from(_JOINED)
        rows = {row.id: row for row in await self._wire.rows(wanted.where(passages.c.id.in_(ids)))}
        return [rows[one] for one in ids]

    async def _found(self, passage_id: int, score: float, coverage: float) -> Found:
        wanted = select(passages, documents.c.upload_id).select_from(_JOINED).where(passages.c.id == passage_id)
        (row,) = await self._wire.rows(wanted)
        header = await self._sheet_header(row) if row.part_kind == "sheet" else ""
        return Found(row.upload_id, row.part_kind, row.part_number, row.part_name, header + row.text, score, coverage)

    async def _sheet_header(self, row: Row[*tuple[Any, ...]]) -> str:
        """The first lines of the sheet that the passage is of, unless the passage has them itself."""
        of_it = and_(passages.c.document_id == row.document_id, passages.c.part_number == row.part_number)
        beginning = select(passages.c.id, passages.c.text).where(of_it).order_by(passages.c.position).limit(1)
        top = await self._wire.row(beginning)
        if top is None or top.id == row.id:
            return ""
        letters, first_row = (*top.text.splitlines(keepends=True), "", "")[:2]
        lines = [line for line in (letters, letters + first_row) if len(line) <= LONGEST_SHEET_HEADER]
        return lines[-1] if lines else ""
