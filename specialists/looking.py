"""Questions about the documents of a conversation, answered without a model: read, computed, quoted, never made up."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from bot.domain.media import Document, Part, PartKind
from bot.domain.reply import Prompt
from bot.texts import Texts
from specialists.answer import Answer
from specialists.columns import Computed, compute
from specialists.excerpts import beginnings, excerpt
from specialists.places import end_of, items, parts_between
from specialists.pointing import ColumnAsked, PlaceAsked, Pointing
from specialists.quoting import named, quoted, table
from specialists.sheets import Column, Row, Sheet, by_heading, by_letter, columns
from specialists.shelf import names, parts, sheets
from specialists.telling import Telling
from storage.stems import Stemmer, folded_words
from storage.store import Store
from storage.uploads import PartHit

_HITS = 8
_QUOTES = 2
_QUOTE_CHARS = 900
_NEARLY = 0.9
"""A second place is quoted too when it has this share of what the first one has."""
_PARTS_QUOTED = 6
_PARTS_SHOWN = 10
_LINES_SHOWN = 60
_SHEET_FILES = 3
_LEAST_FOUND = 0.4
_SURE_ABOVE = 0.5
_SHORTEST_NAME = 3
_FITTING: dict[PartKind, tuple[PartKind, ...]] = {
    "page": ("page", "slide"),
    "slide": ("slide", "page"),
    "section": ("section",),
    "sheet": ("sheet",),
    "lines": ("lines", "sheet"),
}
"""What people may mean by the word."""


class Looking:
    def __init__(self, store: Store, texts: Texts, stemmer: Stemmer) -> None:
        self._store = store
        self._texts = texts
        self._stemmer = stemmer
        self._pointing = Pointing(texts, stemmer)

    def is_at_hand(self, prompt: Prompt) -> bool:
        """A file came with the question, or is named in it."""
        return bool(_first(prompt, self._named(prompt)))

    def is_meant(self, prompt: Prompt) -> bool:
        """The question is about files: one is at hand, or it speaks of them."""
        return self.is_at_hand(prompt) or self._pointing.speaks_of_files(prompt.text)

    async def pointed(self, prompt: Prompt, language: str) -> Answer | None:
        """The answer to a question that names a place, a column or nothing but the file; None for all others."""
        telling = Telling(self._texts, language)
        ordered = self._ordered(prompt)
        asked = self._pointing.of(prompt.text, sheets=await self._sheet_names(ordered))
        match asked:
            case PlaceAsked():
                return await self._place(asked, ordered, telling)
            case ColumnAsked():
                answer = await self._column(asked, prompt, ordered, telling)
                if answer is not None or asked.is_named:
                    return answer
        is_new = any(document.is_new for document in prompt.documents)
        said = bool(self._stemmer.stems(prompt.text))
        if not said and is_new:
            return await self._outlines([one for one in ordered if one.is_new], telling, asked=False)
        if said and self._pointing.is_outline(prompt.text, [document.name for document in ordered]):
            return await self._outlines(self._meant(prompt, ordered), telling, asked=True)
        return None

    async def described(self, prompt: Prompt, language: str) -> Answer:
        """What came with this turn, and what can be asked about it."""
        new = [document for document in prompt.documents if document.is_new]
        return await self._outlines(new, Telling(self._texts, language), asked=False)

    async def found(self, prompt: Prompt, words: str, language: str) -> Answer | None:
        """The places that say most about the question, quoted; the confidence is the share of it that they have."""
        ordered = self._ordered(prompt)
        query = self._pointing.query(words, [document.name for document in ordered])
        async with self._store.begin() as tx:
            hits = await tx.uploads.search(prompt.thread, query, locale=language, limit=_HITS)
        known = {document.upload: document for document in ordered}
        hits = [hit for hit in hits if hit.upload.id in known]
        meant = {document.upload for document in self._meant(prompt, ordered)}
        nearest = [hit for hit in hits if hit.upload.id in meant and hit.coverage >= _LEAST_FOUND]
        best = sorted(nearest or hits, key=lambda hit: -hit.coverage)
        if not best:
            return None
        told = [hit for hit in best[:_QUOTES] if hit.coverage >= _NEARLY * best[0].coverage]
        stems = frozenset(self._stemmer.stems(query))
        telling = Telling(self._texts, language)
        unsure = [telling.say("handbook-unsure")] if best[0].coverage <= _SURE_ABOVE else []
        blocks = unsure + [self._quotation(hit, known[hit.upload.id], stems, telling) for hit in told]
        return Answer("\n\n".join(blocks), round(best[0].coverage, 2))

    async def missed(self, prompt: Prompt, language: str) -> Answer:
        """Nothing was found in what was meant: say so, and what is there."""
        telling = Telling(self._texts, language)
        document = self._ordered(prompt)[0]
        there = await self._outlines([document], telling, asked=False)
        told = telling.say("reading-not-found", file=named(document.name))
        return Answer(f"{told}\n\n{there.text}", 0.2, there.suggestions)

    # Which document is meant.

    def _named(self, prompt: Prompt) -> list[Document]:
        said = f" {' '.join(folded_words(prompt.text[:2_000]))} "
        return [one for one in prompt.documents if any(f" {name} " in said for name in _spoken(one.name))]

    def _ordered(self, prompt: Prompt) -> list[Document]:
        """Those that the question names, then those that came with it, then the others, the newest first."""
        named = self._named(prompt)
        new = [document for document in prompt.documents if document.is_new]
        return list(dict.fromkeys((*named, *new, *prompt.documents)))

    def _meant(self, prompt: Prompt, ordered: Sequence[Document]) -> list[Document]:
        return _first(prompt, self._named(prompt)) or list(ordered[:1])

    # Places.

    async def _sheet_names(self, ordered: Iterable[Document]) -> list[str]:
        book = next((document for document in ordered if document.part_kind == "sheet"), None)
        return [] if book is None else [part.name for part in await names(self._store, book)]

    async def _place(self, asked: PlaceAsked, ordered: Sequence[Document], telling: Telling) -> Answer | None:
        fitting = [one for kind in _FITTING[asked.kind] for one in ordered if one.part_kind == kind]
        if not fitting and asked.kind == "section":
            return None
        document = min(fitting, key=ordered.index) if fitting else ordered[0]
        known = await names(self._store, document)
        if not fitting or not known:
            return telling.none_there(document, known)
        if document.part_kind == "sheet":
            return await self._sheet(asked, document, telling)
        first, last = _counted(asked, end_of(known[-1]))
        wanted = parts_between(known, first, last)[:_PARTS_QUOTED]
        if not wanted:
            return telling.none_there(document, known)
        found = await parts(self._store, document, wanted)
        if document.part_kind == "lines":
            lines = [(item.number, item.text) for item in items(found, first, last)]
            return telling.lines(document, lines[:_LINES_SHOWN])
        return telling.parts(document, found, known)

    async def _sheet(self, asked: PlaceAsked, document: Document, telling: Telling) -> Answer:
        """A sheet, or rows of the first one."""
        books = await sheets(self._store, document)
        if asked.kind == "sheet":
            first, _ = _counted(asked, len(books))
            if not 0 < first <= len(books):
                return telling.none_there(document, await names(self._store, document))
            return telling.rows(document, books[first - 1], books[first - 1].rows, whole=True)
        book = books[0]
        first, last = _counted(asked, book.rows[-1].number if book.rows else 0)
        rows = [row for row in book.rows if first <= row.number <= last]
        if not rows:
            return telling.none_there(document, await names(self._store, document))
        return telling.rows(document, book, rows)

    # Columns.

    async def _column(
        self, asked: ColumnAsked, prompt: Prompt, ordered: Sequence[Document], telling: Telling
    ) -> Answer | None:
        books = [document for document in ordered if document.part_kind == "sheet"]
        if not books:
            meant = asked.is_named and self.is_meant(prompt)
            return telling.no_sheets(ordered[0]) if meant else None
        if not asked.is_named and asked.operation in (None, "count"):
            return None
        first: list[Sheet] = []
        for document in books[:_SHEET_FILES]:
            found = await sheets(self._store, document)
            first = first or found
            there = await asyncio.to_thread(self._columns, asked, _sheet_said(found, prompt.text))
            if there and asked.operation is None:
                return telling.column(document, there[0])
            if there:
                result = await asyncio.to_thread(compute, there[0], asked.operation or "sum")
                if asked.is_named or result.value is not None:
                    return telling.result(document, result, _others(there, result))
        return telling.no_column(books[0], first) if asked.is_named else None

    def _columns(self, asked: ColumnAsked, sheets: Sequence[Sheet]) -> list[Column]:
        """The column that is meant, in each sheet that has it."""
        if asked.letter:
            return [found for sheet in sheets if (found := by_letter(sheet, asked.letter))]
        for words in asked.words:
            by_words = [found for sheet in sheets if (found := by_heading(sheet, words, self._stemmer.stems))]
            if by_words:
                return by_words
        if not asked.number:
            return []
        there = [columns(sheet) for sheet in sheets]
        at = asked.number - 1 if asked.number > 0 else -1
        return [known[at] for known in there if known and at < len(known)]

    # What is there.

    async def _outlines(self, documents: Sequence[Document], telling: Telling, *, asked: bool) -> Answer:
        answers = []
        for document in documents[:_SHEET_FILES]:
            known = await names(self._store, document)
            found = await parts(self._store, document, known[:_PARTS_SHOWN])
            answers.append(await asyncio.to_thread(telling.outline, document, found, known, asked=asked))
        suggestions = dict.fromkeys(question for answer in answers for question in answer.suggestions)
        return Answer("\n\n".join(answer.text for answer in answers), 1.0, tuple(suggestions)[:3])

    def _quotation(self, hit: PartHit, document: Document, stems: frozenset[str], telling: Telling) -> str:
        part = Part(hit.kind, hit.number, hit.name, hit.text)
        where = telling.place(Part(hit.kind, hit.number, hit.name))
        if hit.kind == "sheet":
            sheet = Sheet.of(part)
            rows = _rows_with(sheet, stems)
            spot = telling.spot("rows", [row.number for row in rows]) if rows else ""
            shown = table(sheet, rows)
            return f"{shown}\n\n{telling.source(document, where, spot, found=hit.coverage)}"
        shown = quoted(excerpt(hit.text, stems, _QUOTE_CHARS))
        return f"{shown}\n\n{telling.source(document, where, found=hit.coverage)}"


def _first(prompt: Prompt, named: Sequence[Document]) -> list[Document]:
    return list(named) or [document for document in prompt.documents if document.is_new]


def _spoken(name: str) -> list[str]:
    """How people name a file: whole, or without its ending."""
    ways = [" ".join(folded_words(name)), " ".join(folded_words(PurePath(name).stem))]
    return [way for way in ways if len(way) >= _SHORTEST_NAME]


def _counted(asked: PlaceAsked, end: int) -> tuple[int, int]:
    """With what was counted from the end counted from the beginning."""
    first, last = (number if number > 0 else max(end + 1 + number, 1) for number in (asked.first, asked.last))
    return first, last


def _sheet_said(sheets: Sequence[Sheet], text: str) -> Sequence[Sheet]:
    """The sheets whose names are said; all when none is."""
    said = f" {' '.join(folded_words(text))} "
    return [one for one in sheets if one.name and f" {' '.join(folded_words(one.name))} " in said] or sheets


def _others(columns: Sequence[Column], result: Computed) -> list[Column]:
    return [column for column in columns if column.sheet.number != result.column.sheet.number]


def _rows_with(sheet: Sheet, stems: frozenset[str]) -> list[Row]:
    """The rows with most of the words, in their order."""
    words = beginnings(stems)
    counted = [(sum(word in " ".join(row.cells).casefold() for word in words), row) for row in sheet.rows]
    most = max((count for count, _ in counted), default=0)
    return [row for count, row in counted if count == most and count]
