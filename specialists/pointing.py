"""What a question points at in a document: a page, some rows, a column to compute, or all of it. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from bot.domain.media import PartKind
from bot.texts import Texts
from specialists.columns import Operation
from storage.stems import Stemmer, folded_words

LAST = -1
_MOST_WORDS = 120
"""Somebody who points says so shortly; a pasted text points at nothing."""
_LONGEST_NUMBER = 7

_TOKEN = re.compile(r"(\d+)(?:st|nd|rd|th|-?(?:ый|ий|ой|ая|ей|го|му|ом|ую|й|я|е|м|х|ю))?(?!\w)|[^\W\d_]+|[-–—]+")
_MANNER: tuple[Operation, ...] = ("median", "average", "min", "max", "sum", "count")
"""What is asked when several are said: "the total number" is a sum before it is a count."""


@dataclass(frozen=True, slots=True)
class PlaceAsked:
    """Parts, lines or rows, from `first` to `last`; -1 is the last one there is, -3 the third from the end."""

    kind: PartKind
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ColumnAsked:
    operation: Operation | None
    """None when only a column was named."""
    letter: str = ""
    number: int = 0
    """Which one, counted from 1; -1 is the last, 0 when it is not told so."""
    words: tuple[str, ...] = ()
    """What else was said, more with each: the heading may be among it, and may itself be a word like "total"."""
    is_named: bool = False
    """The word column was said; without it, `words` may be about anything."""


@dataclass(frozen=True, slots=True)
class OutlineAsked:
    """What is in it, all in all."""


Asked = PlaceAsked | ColumnAsked | OutlineAsked


@dataclass(frozen=True, slots=True)
class _Token:
    raw: str
    stem: str
    number: int | None = None

    @property
    def is_dash(self) -> bool:
        return self.raw[0] in "-–—"


class Pointing:
    """The words of all languages at once: who writes in Russian may still say "sum"."""

    def __init__(self, texts: Texts, stemmer: Stemmer) -> None:
        self._stemmer = stemmer
        self._kinds: dict[str, PartKind] = {
            stem: kind for kind in get_args(PartKind) for stem in self._heard(texts, f"reading-hear-{kind}")
        }
        self._operations: dict[str, Operation] = {
            stem: operation
            for operation in reversed(_MANNER)
            for stem in self._heard(texts, f"reading-hear-{operation}")
        }
        self._columns = self._heard(texts, "reading-hear-column")
        self._compute = self._heard(texts, "reading-hear-compute")
        self._first = self._heard(texts, "reading-hear-first")
        self._last = self._heard(texts, "reading-hear-last")
        self._range = self._heard(texts, "reading-hear-range")
        self._files = self._heard(texts, "reading-hear-file")
        self._outline = self._heard(texts, "reading-hear-outline")
        self._question = self._heard(texts, "reading-hear-question")
        self._ordinals = self._counted(texts, "reading-hear-ordinals")
        self._cardinals = self._counted(texts, "reading-hear-cardinals")

    def of(self, text: str, *, sheets: Sequence[str] = ()) -> PlaceAsked | ColumnAsked | None:
        """What the text points at; None when it only asks. `sheets` are names, in order, that may be said."""
        tokens = self._tokens(text)
        if not 0 < len(tokens) <= _MOST_WORDS:
            return None
        column = self._column(tokens)
        if column is not None and column.is_named:
            return column
        return self._place(tokens) or self._sheet(tokens, text, sheets) or column

    def is_outline(self, text: str, names: Iterable[str]) -> bool:
        """Whether nothing is said but that it is about a file, or what is in it."""
        known = {stem for name in names for stem in self._stems(name)}
        known |= self._files | self._outline | set(self._kinds) | self._columns
        stems = self._stems(text)
        return bool(stems) and all(stem in known for stem in stems)

    def speaks_of_files(self, text: str) -> bool:
        """Whether a file is mentioned at all."""
        return not self._files.isdisjoint(self._stems(text))

    def query(self, text: str, names: Iterable[str]) -> str:
        """The words of a question that may stand in a file, without those that only say where to look."""
        around = {stem for name in names for stem in self._stems(name)} | self._files | self._question
        words = folded_words(text)
        return " ".join(word for word in words if self._stemmer.stem(word) not in around)

    def _column(self, tokens: Sequence[_Token]) -> ColumnAsked | None:
        operation = next((one for one in _MANNER if any(self._operations.get(t.stem) == one for t in tokens)), None)
        if operation is None and any(token.stem in self._compute for token in tokens):
            operation = "sum"
        at = next((index for index, token in enumerate(tokens) if token.stem in self._columns), None)
        most = [token.raw for token in tokens if self._operations.get(token.stem) != operation]
        words = (" ".join(token.raw for token in tokens if not self._steers(token)), " ".join(most))
        if at is None:
            return ColumnAsked(operation, words=words) if operation else None
        letter = self._letter(tokens, at)
        number = 0 if letter else self._number_near(tokens, at)
        return ColumnAsked(operation, letter, number, words, is_named=True)

    def _letter(self, tokens: Sequence[_Token], at: int) -> str:
        after = tokens[at + 1].raw if at + 1 < len(tokens) else ""
        is_end = at + 2 == len(tokens)
        if _is_letter(after, alone=is_end) or (len(after) == 2 and after.isascii() and after.isupper()):
            return after.upper()
        before = tokens[at - 1].raw if at else ""
        return before.upper() if _is_letter(before, alone=False) and before not in ("a", "i") else ""

    def _number_near(self, tokens: Sequence[_Token], at: int) -> int:
        found = self._span(tokens, at)
        return found[0] if found else 0

    def _place(self, tokens: Sequence[_Token]) -> PlaceAsked | None:
        for at, token in enumerate(tokens):
            kind = self._kinds.get(token.stem)
            span = self._span(tokens, at) if kind else None
            if kind and span:
                return PlaceAsked(kind, *span)
        return None

    def _sheet(self, tokens: Sequence[_Token], text: str, sheets: Sequence[str]) -> PlaceAsked | None:
        """A sheet by its name, where sheets are spoken of."""
        if not any(self._kinds.get(token.stem) == "sheet" for token in tokens):
            return None
        said = f" {' '.join(folded_words(text))} "
        named = [at for at, name in enumerate(sheets, 1) if name and f" {' '.join(folded_words(name))} " in said]
        return PlaceAsked("sheet", named[0], named[0]) if named else None

    def _span(self, tokens: Sequence[_Token], at: int) -> tuple[int, int] | None:
        """The numbers after the word at `at`, or before it."""
        after = self._numbers(tokens[at + 1 : at + 6])
        if after:
            return after
        before = tokens[max(at - 4, 0) : at]
        if not before:
            return None
        # "the first three pages", "последние 2 страницы"
        count = self._number(before[-1])
        if count and len(before) > 1 and before[-2].stem in self._last:
            return -count, LAST
        if count and len(before) > 1 and before[-2].stem in self._first:
            return 1, count
        if before[-1].stem in self._last:
            return LAST, LAST
        last = self._place_number(before[-1], tokens[at])
        if not last:
            return None
        first = self._place_number(before[-3], tokens[at]) if len(before) > 2 and self._joins(before[-2]) else 0
        return (first, last) if 0 < first < last else (last, last)

    def _numbers(self, tokens: Sequence[_Token]) -> tuple[int, int] | None:
        """A number, or two with something between them, after at most one small word or sign."""
        skipped = 1 if tokens and not self._number(tokens[0]) and _is_small(tokens[0]) else 0
        rest = tokens[skipped:]
        if not rest:
            return None
        first = self._number(rest[0])
        if not first:
            return None
        last = self._number(rest[2]) if len(rest) > 2 and self._joins(rest[1]) else 0
        return (first, last) if last > first else (first, first)

    def _number(self, token: _Token) -> int:
        return self._cardinals.get(token.stem, 0) if token.number is None else token.number

    def _place_number(self, token: _Token, what: _Token) -> int:
        """Of a number in front: "3rd page", «3 страница»; "3 pages" tells how many."""
        if token.number is None:
            return self._ordinals.get(token.stem, 0)
        return 0 if token.raw.isdecimal() and what.raw.isascii() else token.number

    def _joins(self, token: _Token) -> bool:
        return token.is_dash or token.stem in self._range

    def _steers(self, token: _Token) -> bool:
        """It says what to do, not with what."""
        return token.stem in self._operations or token.stem in self._columns or token.stem in self._compute

    def _tokens(self, text: str) -> list[_Token]:
        found = []
        for match in _TOKEN.finditer(text[:2_000]):
            if match[1]:
                number = int(match[1]) if len(match[1]) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER
                found.append(_Token(match[0], match[1], number))
            else:
                folded = folded_words(match[0])
                found.append(_Token(match[0], self._stemmer.stem(folded[0]) if folded else match[0]))
        return found

    def _stems(self, text: str) -> list[str]:
        return self._stemmer.stems(text[:2_000])

    def _heard(self, texts: Texts, key: str) -> frozenset[str]:
        """Stems of the listed words; of a phrase all its words count."""
        listed = (texts.say(language, key) for language in texts.languages)
        return frozenset(self._stemmer.stem(word) for words in listed for word in folded_words(words))

    def _counted(self, texts: Texts, key: str) -> dict[str, int]:
        listed = (texts.say(language, key).split(",") for language in texts.languages)
        return {
            self._stemmer.stem(form): at
            for words in listed
            for at, forms in enumerate(words, 1)
            for form in folded_words(forms)
        }


def _is_letter(word: str, *, alone: bool) -> bool:
    """One letter that names a column: Latin, or a Russian one that is written large or says nothing else."""
    return len(word) == 1 and word.isalpha() and (word.isascii() or word.isupper() or alone)


def _is_small(token: _Token) -> bool:
    """`no`, `from`, `с`: what may stand between the word and its number."""
    return token.number is None and len(token.raw) <= len("number") and not token.is_dash
