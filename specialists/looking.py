"""Questions about the documents of a conversation, answered without a model: read, computed, quoted, never made up."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from bot.domain.media import Document, Part, PartKind
from bot.domain.reply import Prompt
from bot.texts import Texts
from specialists.answer import Answer
from specialists.excerpts import excerpt
from specialists.headings import body, rows_with
from specialists.places import counted, end_of, items, parts_between
from specialists.pointing import CountAsked, PlaceAsked, Pointed, Pointing
from specialists.quoting import named, quoted, table
from specialists.sheets import Sheet
from specialists.shelf import names, parts
from specialists.tables import HIGH, MIDDLE, SHEET_FILES, Tables
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
        self._tables = Tables(store, self._pointing.vocabulary)

    def is_new(self, prompt: Prompt) -> bool:
        """A file came with the question."""
        return any(document.is_new for document in prompt.documents)

    def is_at_hand(self, prompt: Prompt) -> bool:
        """A file came with the question, or its whole name is said in it."""
        return self.is_new(prompt) or bool(self._named(prompt, whole=True))

    def is_meant(self, prompt: Prompt) -> bool:
        """The question is about files: one is at hand, or it speaks of them, or has a word that one is called by."""
        return self.is_at_hand(prompt) or bool(self._named(prompt)) or self._pointing.speaks_of_files(prompt.text)

    def points(self, text: str) -> bool:
        """Whether it names a place or a column of some file, or speaks of files."""
        asked = self._pointing.of(text)
        return any((asked.place, asked.cell, asked.column)) or self._pointing.speaks_of_files(text)

    def _telling(self, language: str) -> Telling:
        return Telling(self._texts, language, self._pointing.vocabulary)

    async def pointed(self, prompt: Prompt, language: str) -> Answer | None:
        """The answer to a question that names a place, a column or nothing but the file; None for all others."""
        telling = self._telling(language)
        ordered = self._ordered(prompt)
        files = [document.name for document in ordered]
        asked = self._pointing.of(prompt.text, files, sheets=await self._sheet_names(ordered))
        answer = await self._shown(asked, prompt, ordered, telling)
        if answer is not None:
            return answer
        is_new = any(document.is_new for document in prompt.documents)
        said = bool(self._stemmer.stems(prompt.text))
        if not said and is_new:
            answer = await self._outlines([one for one in ordered if one.is_new], telling, asked=False)
            return replace(answer, confidence=MIDDLE) if prompt.text.strip() else answer
        outline = self._pointing.outline(prompt.text, files) if said else None
        if outline is None and not (is_new and self._pointing.is_about_all(prompt.text)):
            return None
        answer = await self._outlines(self._meant(prompt, ordered), telling, asked=True)
        return answer if outline == "sure" or is_new else replace(answer, yields_above=HIGH)

    async def _shown(
        self, asked: Pointed, prompt: Prompt, ordered: Sequence[Document], telling: Telling
    ) -> Answer | None:
        """What the question points at; None when it does not, or there is no such thing."""
        books = [document for document in ordered if document.part_kind == "sheet"]
        column, place = asked.column, asked.place
        if column is not None and column.is_named:
            return await self._column(asked, prompt, ordered, telling)
        if asked.cell is not None and books:
            return await self._tables.cell(asked.cell, books[0], prompt.text, telling)
        if asked.count is not None and place is None and (asked.count.kind or books):
            return await self._count(asked.count, prompt, ordered, telling)
        if column is not None and books and (place is None or place.kind in ("lines", "sheet")):
            of_rows = place is not None and place.kind == "lines"
            found = None if of_rows else await self._tables.column(column, place, prompt.text, books, telling)
            if found is not None:
                return found
            if place is not None and of_rows and self._is_table(place, ordered):
                return await self._tables.part(place, books[0], prompt.text, telling)
        if place is None:
            return None
        answer = await self._place(place, ordered, prompt.text, telling)
        if answer is None or not asked.rest or self.is_at_hand(prompt):
            return answer
        return replace(answer, yields_above=HIGH if answer.confidence > HIGH else MIDDLE)

    async def described(self, prompt: Prompt, language: str) -> Answer:
        """What came with this turn, and what can be asked about it."""
        new = [document for document in prompt.documents if document.is_new]
        return await self._outlines(new, self._telling(language), asked=False)

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
        telling = self._telling(language)
        blocks = [await asyncio.to_thread(self._quotation, hit, known[hit.upload.id], stems, telling) for hit in told]
        sure = best[0].coverage if any(is_found for _, is_found in blocks) else min(best[0].coverage, _SURE_ABOVE)
        unsure = [telling.say("handbook-unsure")] if sure <= _SURE_ABOVE else []
        return Answer("\n\n".join([*unsure, *(text for text, _ in blocks)]), round(sure, 2))

    async def missed(self, prompt: Prompt, language: str) -> Answer:
        """Nothing was found in what was meant: say so, and what is there."""
        telling = self._telling(language)
        document = self._ordered(prompt)[0]
        there = await self._outlines([document], telling, asked=False)
        told = telling.say("reading-not-found", file=named(document.name))
        return Answer(f"{told}\n\n{there.text}", 0.2, there.suggestions)

    # Which document is meant.

    def _named(self, prompt: Prompt, *, whole: bool = False) -> list[Document]:
        said = f" {' '.join(folded_words(prompt.text[:2_000]))} "
        return [one for one in prompt.documents if any(f" {name} " in said for name in _spoken(one.name, whole=whole))]

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

    async def _place(
        self, asked: PlaceAsked, ordered: Sequence[Document], text: str, telling: Telling
    ) -> Answer | None:
        fitting = [one for kind in _FITTING[asked.kind] for one in ordered if one.part_kind == kind]
        if not fitting and asked.kind == "section":
            return None
        document = min(fitting, key=ordered.index) if fitting else ordered[0]
        known = await names(self._store, document)
        if not fitting or not known:
            return telling.none_there(document, known)
        if document.part_kind == "sheet":
            return await self._tables.place(asked, document, text, telling)
        first, last = counted(asked.first, asked.last, end_of(known[-1]))
        wanted = parts_between(known, first, last)[:_PARTS_QUOTED]
        if not wanted:
            return telling.none_there(document, known)
        found = await parts(self._store, document, wanted)
        if document.part_kind == "lines":
            lines = [(item.number, item.text) for item in items(found, first, last)]
            return telling.lines(document, lines[:_LINES_SHOWN])
        return telling.parts(document, found, known)

    def _is_table(self, asked: PlaceAsked, ordered: Sequence[Document]) -> bool:
        fitting = [one for one in ordered if one.part_kind in _FITTING[asked.kind]]
        return bool(fitting) and fitting[0].part_kind == "sheet"

    # Columns and numbers.

    async def _column(
        self, asked: Pointed, prompt: Prompt, ordered: Sequence[Document], telling: Telling
    ) -> Answer | None:
        """Of a column that was spoken of."""
        column = asked.column
        books = [document for document in ordered if document.part_kind == "sheet"]
        if column is None or not books:
            if column is None or not self.is_meant(prompt):
                return None
            none = telling.no_sheets(ordered[0])
            return replace(none, yields_above=1.0) if column.letters or column.number else none
        is_any = not (column.letters or column.number or column.rest)
        if is_any and column.operation in (None, "count"):
            return replace(await self._outlines(books[:1], telling, asked=False), yields_above=HIGH)
        answer = await self._tables.column(column, asked.place, prompt.text, books, telling)
        return answer if answer is None or not self.is_new(prompt) or is_any else replace(answer, yields_above=1.0)

    async def _count(
        self, asked: CountAsked, prompt: Prompt, ordered: Sequence[Document], telling: Telling
    ) -> Answer | None:
        """How many pages, sheets or rows there are."""
        kinds = _FITTING[asked.kind] if asked.kind else ("sheet",)
        fitting = [one for one in ordered if one.part_kind in kinds]
        document = fitting[0] if fitting else self._meant(prompt, ordered)[0]
        answer: Answer | None
        if asked.kind in ("lines", None) and document.part_kind == "sheet":
            answer = await self._tables.rows_in_all(document, prompt.text, telling)
        else:
            known = await names(self._store, document)
            answer = telling.count(document, known) if known else None
        return answer if answer is None or asked.is_sure else replace(answer, yields_above=MIDDLE)

    # What is there.

    async def _outlines(self, documents: Sequence[Document], telling: Telling, *, asked: bool) -> Answer:
        answers = []
        for document in documents[:SHEET_FILES]:
            known = await names(self._store, document)
            found = await parts(self._store, document, known[:_PARTS_SHOWN])
            answers.append(await asyncio.to_thread(telling.outline, document, found, known, asked=asked))
        suggestions = dict.fromkeys(question for answer in answers for question in answer.suggestions)
        return Answer("\n\n".join(answer.text for answer in answers), 1.0, tuple(suggestions)[:3])

    def _quotation(self, hit: PartHit, document: Document, stems: frozenset[str], telling: Telling) -> tuple[str, bool]:
        """The place, and whether it has the words itself, and not only over its columns."""
        part = Part(hit.kind, hit.number, hit.name, hit.text)
        where = telling.place(Part(hit.kind, hit.number, hit.name))
        if hit.kind == "sheet":
            sheet = Sheet.of(part)
            rows = rows_with(sheet, stems)
            shown = rows or body(sheet) or sheet.rows
            spot = telling.spot("rows", [row.number for row in rows]) if rows else ""
            source = telling.source(document, where, spot, found=hit.coverage)
            return f"{table(sheet, shown)}\n\n{source}", bool(rows)
        quote = quoted(excerpt(hit.text, stems, _QUOTE_CHARS))
        return f"{quote}\n\n{telling.source(document, where, found=hit.coverage)}", True


def _first(prompt: Prompt, named: Sequence[Document]) -> list[Document]:
    return list(named) or [document for document in prompt.documents if document.is_new]


def _spoken(name: str, *, whole: bool) -> list[str]:
    """How people name a file: whole, or without its ending."""
    ways = [" ".join(folded_words(name)), *([] if whole else [" ".join(folded_words(PurePath(name).stem))])]
    return [way for way in ways if len(way) >= _SHORTEST_NAME]
