"""What a question points at in a document: a page, some rows, a column to compute, or all of it. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.domain.media import PartKind
from bot.texts import Texts
from specialists.columns import Operation
from specialists.vocabulary import Token, Vocabulary
from storage.stems import Stemmer, folded_words

_MOST_WORDS = 120
"""Somebody who points says so shortly; a pasted text points at nothing."""
_MOST_LETTERS = 6
_OPERATION_AND_LETTER = 2
_CELL = re.compile(r"(?<!\w)([A-Za-zА-Яа-я]{1,3})(\d{1,7})(?!\w)")
_UNNAMED: tuple[Operation, ...] = ("median", "average", "min", "max", "sum")
"""What may be asked of a heading without the word column; "how many" may be asked of anything."""


@dataclass(frozen=True, slots=True)
class PlaceAsked:
    """Parts, lines or rows, from `first` to `last`; -1 is the last one there is, -3 the third from the end."""

    kind: PartKind
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class CellAsked:
    letter: str
    row: int


@dataclass(frozen=True, slots=True)
class CountAsked:
    """How many there are of it."""

    kind: PartKind | None
    """None for what the file is called by, or entries: the rows of a table."""
    is_sure: bool
    """Nobody asks how many there may be."""


@dataclass(frozen=True, slots=True)
class ColumnAsked:
    operation: Operation | None
    """None when only a column was named."""
    letters: tuple[str, ...] = ()
    number: int = 0
    """Which one, counted from 1; -1 is the last, 0 when it is not told so."""
    before: tuple[str, ...] = ()
    """What was said before the word column, or all, when that was not said: the heading may be among it."""
    after: tuple[str, ...] = ()
    rest: tuple[Token, ...] = ()
    """What says more than which operation and column; of the column's own heading it is no more."""
    is_named: bool = False
    """The word column was said; without it, the rest may be about anything."""


@dataclass(frozen=True, slots=True)
class Pointed:
    place: PlaceAsked | None = None
    cell: CellAsked | None = None
    count: CountAsked | None = None
    column: ColumnAsked | None = None
    rest: tuple[Token, ...] = ()
    """What says more than which place."""


Outline = Literal["sure", "perhaps"]


class Pointing:
    def __init__(self, texts: Texts, stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._words = Vocabulary(texts, stemmer)

    @property
    def vocabulary(self) -> Vocabulary:
        return self._words

    def of(self, text: str, names: Iterable[str] = (), *, sheets: Sequence[str] = ()) -> Pointed:
        """What the text points at. `names` are those of the files, `sheets` those of sheets, in order."""
        tokens = self._words.with_names(self._words.tokens(text), sheets)
        if not 0 < len(tokens) <= _MOST_WORDS:
            return Pointed()
        known = {stem for name in names for stem in self._words.all_stems(name)}
        place = self._place(tokens) or self._sheet(tokens, text, sheets)
        cell = self._cell(tokens, text)
        rest = tuple(token for token in self._rest(tokens, known, place) if not self._words.is_numeral(token))
        return Pointed(place, cell, self._count(tokens, known), self._column(tokens, known, place), rest)

    def outline(self, text: str, names: Iterable[str]) -> Outline | None:
        """Whether nothing is said but that it is about a file, or what is in it; `perhaps` when it may be about
        something else that is called like the file."""
        words = self._words
        known = {stem for name in names for stem in words.stems(name)}
        stems = words.stems(text)
        if not stems or not all(stem in self._around_files or stem in known for stem in stems):
            return None
        if not words.summary.isdisjoint(stems):
            return "sure"
        looks = not words.looking.isdisjoint(stems)
        if looks and not (words.asking | words.modal | words.other).isdisjoint(words.all_stems(text)):
            return None
        if not words.files.isdisjoint(stems):
            return "sure"
        return None if words.looking.issuperset(stems) else "perhaps"

    def is_about_all(self, text: str) -> bool:
        """Nothing is said but to look, where there is only one thing to look at."""
        words = self._words
        stems = words.stems(text)
        is_asking = not (words.asking | words.modal | words.other).isdisjoint(words.all_stems(text))
        return bool(stems) and not is_asking and all(stem in self._around_files for stem in stems)

    def speaks_of_files(self, text: str) -> bool:
        """Whether a file is mentioned at all."""
        return not self._words.files.isdisjoint(self._words.stems(text))

    def query(self, text: str, names: Iterable[str]) -> str:
        """The words of a question that may stand in a file, without those that only say where to look."""
        around = {stem for name in names for stem in self._words.stems(name)} | self._words.files | self._words.question
        words = folded_words(text)
        return " ".join(word for word in words if self._stemmer.stem(word) not in around)

    @property
    def _around_files(self) -> frozenset[str]:
        words = self._words
        return words.files | words.summary | words.looking | words.columns | words.kinds.keys()

    # Columns.

    def _column(self, tokens: list[Token], known: set[str], place: PlaceAsked | None) -> ColumnAsked | None:
        words = self._words
        operation = words.operation(tokens)
        at = next((index for index, token in enumerate(tokens) if token.stem in words.columns), None)
        if (
            at is None
            and len(tokens) == _OPERATION_AND_LETTER
            and operation in _UNNAMED
            and (said := self._letters(tokens, 0))
        ):
            return ColumnAsked(operation, said, is_named=True)
        if at is None:
            if operation not in _UNNAMED:
                return None
            said = tuple(token.raw for token in tokens)
            return ColumnAsked(operation, before=said, rest=self._rest(tokens, known, place))
        letters = self._letters(tokens, at)
        span = None if letters else words.span(tokens, at)
        number = span[0] if span else 0
        near = range(max(at - 2, 0), min(at + 3, len(tokens)))
        pointing = {index for index in near if number and words.counts(tokens[index], number)}
        if letters:
            is_behind = at + 1 < len(tokens) and tokens[at + 1].raw.upper() == letters[0]
            pointing = set(range(at + 1, self._end_of_letters(tokens, at))) if is_behind else {at - 1}
        others = [token for index, token in enumerate(tokens) if index not in pointing]
        before, after = (tuple(token.raw for token in part) for part in (tokens[:at], tokens[at + 1 :]))
        return ColumnAsked(operation, letters, number, before, after, self._rest(others, known, place), is_named=True)

    def _rest(self, tokens: list[Token], known: set[str], place: PlaceAsked | None) -> tuple[Token, ...]:
        words = self._words
        steering = words.operations.keys() | words.columns | words.compute | words.files | words.question
        steering |= words.neutral | words.entries | words.looking | words.asking | words.modal | words.kinds.keys()
        steering |= known
        shouted = all(token.raw.isupper() for token in tokens if token.raw.isalpha())
        sheet = place.first if place and place.kind == "sheet" else 0
        return tuple(
            token
            for index, token in enumerate(tokens)
            if not (token.is_dash or token.is_name)
            # Written large it is a name: the US, column A, IT.
            and (
                token.says
                or token.stem in words.other
                or (index and token.raw.isupper() and token.raw != "I" and not shouted)
            )
            and token.stem not in steering
            and not (sheet and words.counts(token, sheet))
        )

    def _letters(self, tokens: list[Token], at: int) -> tuple[str, ...]:
        """The letters after the word column, or the one before it; both ends of a span, and all between them."""
        after = tokens[at + 1].raw if at + 1 < len(tokens) else ""
        is_end = at + 2 == len(tokens)
        if not _is_letter(after, alone=is_end) and not (len(after) == 2 and after.isascii() and after.isupper()):
            before = tokens[at - 1].raw if at else ""
            return (before.upper(),) if _is_letter(before, alone=False) and before not in ("a", "i") else ()
        letters = [after.upper()]
        spans = False
        for token in tokens[at + 2 : self._end_of_letters(tokens, at)]:
            if self._words.joins(token) or token.stem in self._words.both:
                spans = token.stem not in self._words.both
            else:
                letters += _between(letters[-1], token.raw.upper()) if spans else [token.raw.upper()]
                spans = False
        return tuple(letters[:_MOST_LETTERS])

    def _end_of_letters(self, tokens: list[Token], at: int) -> int:
        """Behind the last letter of a list like `A, B and D` or `A to C`."""
        end = at + 2
        while end < len(tokens):
            joined = end + (self._words.joins(tokens[end]) or tokens[end].stem in self._words.both)
            if joined >= len(tokens) or not (len(tokens[joined].raw) == 1 and tokens[joined].raw.isupper()):
                break
            end = joined + 1
        return end

    # Places.

    def _place(self, tokens: list[Token]) -> PlaceAsked | None:
        for at, token in enumerate(tokens):
            kind = self._words.kinds.get(token.stem)
            span = self._words.span(tokens, at) if kind else None
            if kind and span:
                return PlaceAsked(kind, *span)
        return None

    def _sheet(self, tokens: list[Token], text: str, sheets: Sequence[str]) -> PlaceAsked | None:
        """A sheet by its name, where sheets are spoken of."""
        if not any(self._words.kinds.get(token.stem) == "sheet" for token in tokens):
            return None
        said = f" {' '.join(folded_words(text))} "
        named = [at for at, name in enumerate(sheets, 1) if name and f" {' '.join(folded_words(name))} " in said]
        return PlaceAsked("sheet", named[0], named[0]) if named else None

    def _cell(self, tokens: list[Token], text: str) -> CellAsked | None:
        """`cell C5`, or `C5` and nothing else."""
        found = _CELL.findall(text)
        said = any(token.stem in self._words.cells for token in tokens)
        if len(found) != 1 or not (said or len(folded_words(text)) == 1):
            return None
        return CellAsked(found[0][0].upper(), int(found[0][1]))

    def _count(self, tokens: list[Token], known: set[str]) -> CountAsked | None:
        """How many pages there are, and nothing more."""
        words = self._words
        kind = next((words.kinds[token.stem] for token in tokens if token.stem in words.kinds), None)
        counted = any(words.operations.get(token.stem) == "count" for token in tokens)
        is_named = any(token.stem in known | words.entries or token.is_name for token in tokens)
        if not counted or not (kind or is_named) or self._rest(tokens, known, None):
            return None
        return CountAsked(kind, words.modal.isdisjoint(token.stem for token in tokens))


def _is_letter(word: str, *, alone: bool) -> bool:
    """One letter that names a column: Latin, or a Russian one that is written large or says nothing else."""
    return len(word) == 1 and word.isalpha() and (word.isascii() or word.isupper() or alone)


def _between(first: str, last: str) -> list[str]:
    """The letters after `first` up to `last`."""
    if not (first.isascii() and last.isascii() and len(first) == len(last) == 1 and first < last):
        return [last]
    return [chr(code) for code in range(ord(first) + 1, ord(last) + 1)]
