"""Questions about spreadsheets, answered without a model: columns are computed, rows and cells are shown."""

import asyncio
from collections.abc import Sequence

from bot.domain.media import Document
from specialists.answer import Answer
from specialists.columns import Computed, compute
from specialists.headings import body, left, meant, rows_with
from specialists.places import counted
from specialists.pointing import CellAsked, ColumnAsked, PlaceAsked
from specialists.sheets import Column, Row, Sheet, by_letter
from specialists.shelf import names, sheets
from specialists.telling import Telling
from specialists.vocabulary import Vocabulary
from storage.stems import folded_words
from storage.store import Store

SHEET_FILES = 3
HIGH = 0.8
MIDDLE = 0.5


class Tables:
    """Reading and computing a large sheet takes long, so it is done beside the event loop."""

    def __init__(self, store: Store, words: Vocabulary) -> None:
        self._store = store
        self._words = words

    async def place(self, asked: PlaceAsked, document: Document, text: str, telling: Telling) -> Answer:
        """A sheet, or rows of the one that is named, else of the first."""
        books = await sheets(self._store, document)
        known = await names(self._store, document)
        if asked.kind == "sheet":
            first, _ = counted(asked.first, asked.last, len(books))
            if not 0 < first <= len(books):
                return telling.none_there(document, known)
            return await asyncio.to_thread(telling.sheet, document, books[first - 1])
        book = _said(books, text)[0]
        rows = _rows_asked(asked, book)
        if not rows:
            return telling.none_there(document, known)
        return await asyncio.to_thread(telling.rows, document, book, rows)

    async def part(self, asked: PlaceAsked, document: Document, text: str, telling: Telling) -> Answer:
        """Rows of which something is to be computed, which is not done."""
        book = _said(await sheets(self._store, document), text)[0]
        rows = _rows_asked(asked, book)
        if not rows:
            return telling.none_there(document, await names(self._store, document))
        said = telling.spot("rows", [row.number for row in rows])
        return await asyncio.to_thread(telling.part, document, book, rows, [said], is_found=True)

    async def cell(self, asked: CellAsked, document: Document, text: str, telling: Telling) -> Answer:
        book = _said(await sheets(self._store, document), text)[0]
        column = await asyncio.to_thread(by_letter, book, asked.letter)
        row = next((row for row in book.rows if row.number == asked.row), Row(asked.row, ()))
        if column is None:
            return telling.none_there(document, await names(self._store, document))
        return await asyncio.to_thread(telling.cell, document, column, row)

    async def rows_in_all(self, document: Document, text: str, telling: Telling) -> Answer:
        """How many rows the sheets have."""
        books = _said(await sheets(self._store, document), text)
        counts = await asyncio.to_thread(lambda: [len(body(book)) for book in books])
        return telling.row_counts(document, books, counts)

    async def column(
        self, asked: ColumnAsked, place: PlaceAsked | None, text: str, books: Sequence[Document], telling: Telling
    ) -> Answer | None:
        """What a column comes to, or shows; None when no file has one that is meant, and none was named."""
        first: list[Sheet] = []
        for document in books[:SHEET_FILES]:
            found = await sheets(self._store, document)
            first = first or found
            there = await asyncio.to_thread(meant, asked, _asked_for(place, _said(found, text)), self._words)
            answer = await self._answered(asked, place, document, there, telling) if there else None
            if answer is not None:
                return answer
        if not asked.is_named and asked.rest:
            return None
        # Whoever says no more than column, or sum, has not said which one.
        ask = telling.no_column if asked.rest or asked.letters or asked.number else telling.which_column
        return await asyncio.to_thread(ask, books[0], first)

    async def _answered(
        self,
        asked: ColumnAsked,
        place: PlaceAsked | None,
        document: Document,
        there: Sequence[Sequence[Column]],
        telling: Telling,
    ) -> Answer | None:
        column = there[0][0]
        if asked.operation is None:
            shown = [one[0] for one in there if one[0].sheet is column.sheet]
            return await asyncio.to_thread(telling.columns, document, shown)
        rest = left(asked, column, self._words)
        if rest:
            return await asyncio.to_thread(self._part, asked, place, document, column, telling)
        operation = asked.operation
        results = await asyncio.to_thread(lambda: [compute(one[0], operation) for one in there])
        if not asked.is_named and results[0].value is None:
            return None
        told = [
            await asyncio.to_thread(telling.result, document, result, _others(one, result))
            for one, result in zip(there, results, strict=True)
        ]
        return Answer("\n\n".join(one.text for one in told), min(one.confidence for one in told))

    def _part(
        self, asked: ColumnAsked, place: PlaceAsked | None, document: Document, column: Column, telling: Telling
    ) -> Answer:
        """More was said than which column, so no number is given, but the rows with it."""
        rest = left(asked, column, self._words)
        is_rows = place is not None and place.kind == "lines"
        rows = _rows_asked(place, column.sheet) if place and is_rows else []
        rows = rows or rows_with(column.sheet, [token.stem for token in rest])
        said = [token.raw for token in rest]
        return telling.part(
            document,
            column.sheet,
            rows or body(column.sheet),
            said,
            is_found=bool(rows),
            yields_above=1.0 if asked.is_named else MIDDLE,
        )


def _rows_asked(asked: PlaceAsked, sheet: Sheet) -> list[Row]:
    first, last = counted(asked.first, asked.last, sheet.rows[-1].number if sheet.rows else 0)
    return [row for row in sheet.rows if first <= row.number <= last]


def _said(sheets: Sequence[Sheet], text: str) -> Sequence[Sheet]:
    """The sheets whose names are said; all when none is."""
    said = f" {' '.join(folded_words(text))} "
    return [one for one in sheets if one.name and f" {' '.join(folded_words(one.name))} " in said] or sheets


def _asked_for(place: PlaceAsked | None, sheets: Sequence[Sheet]) -> Sequence[Sheet]:
    """The one with the number that was said; else all."""
    if place is None or place.kind != "sheet":
        return sheets
    return [one for one in sheets if one.number == place.first] or sheets


def _others(columns: Sequence[Column], result: Computed) -> list[Column]:
    return [column for column in columns if column.sheet.number != result.column.sheet.number]
