"""The words in which people point at places and columns of a file, of all languages at once. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import get_args

from bot.domain.media import PartKind
from bot.texts import Texts
from specialists.columns import Operation
from storage.stems import Stemmer, folded_words

_LONGEST_NUMBER = 7
_MOST_CHARS = 2_000

_TOKEN = re.compile(r"(\d+)(?:st|nd|rd|th|-?(?:ый|ий|ой|ая|ей|го|му|ом|ую|й|я|е|м|х|ю))?(?!\w)|[^\W\d_]+|[-–—]+|\d+")
MANNER: tuple[Operation, ...] = ("median", "average", "min", "max", "sum", "count")
"""What is asked when several are said: "the total number" is a sum before it is a count."""


@dataclass(frozen=True, slots=True)
class Token:
    raw: str
    stem: str
    says: bool = True
    """It is more than the glue of sentences."""
    number: int | None = None
    is_name: bool = False
    """It belongs to a name that was said, of a file or a sheet."""

    @property
    def is_dash(self) -> bool:
        return self.raw[0] in "-–—"


class Vocabulary:
    """Who writes in Russian may still say "sum"."""

    def __init__(self, texts: Texts, stemmer: Stemmer) -> None:
        self._texts = texts
        self._stemmer = stemmer
        self.kinds: dict[str, PartKind] = {stem: kind for kind in get_args(PartKind) for stem in self._heard(kind)}
        self.operations: dict[str, Operation] = {
            stem: operation for operation in reversed(MANNER) for stem in self._heard(operation)
        }
        self.columns = self._heard("column")
        self.cells = self._heard("cell")
        self.compute = self._heard("compute")
        self.first = self._heard("first")
        self.last = self._heard("last")
        self.range = self._heard("range")
        self.both = self._heard("both")
        self.files = self._heard("file")
        self.summary = self._heard("summary")
        self.looking = self._heard("looking")
        self.asking = self._heard("asking")
        self.modal = self._heard("modal")
        self.other = self._heard("other")
        self.entries = self._heard("entry")
        self.question = self._heard("question")
        self.neutral = self._heard("neutral")
        self.unsummed = self._heard("unsummed")
        self.ordinals = self._counted("ordinals")
        self.cardinals = self._counted("cardinals")

    def stems(self, text: str) -> list[str]:
        return self._stemmer.stems(text[:_MOST_CHARS])

    def all_stems(self, text: str) -> list[str]:
        """Those of words that say nothing included."""
        return [self._stemmer.stem(word) for word in folded_words(text[:_MOST_CHARS])]

    def tokens(self, text: str) -> list[Token]:
        return [self._token(match) for match in _TOKEN.finditer(text[:_MOST_CHARS])]

    def with_names(self, tokens: list[Token], names: Iterable[str]) -> list[Token]:
        """The same tokens, with those marked that make up one of the names."""
        marked = list(tokens)
        stems = [token.stem for token in tokens]
        for name in names:
            wanted = [token.stem for token in self.tokens(name)]
            for at in range(len(stems) - len(wanted) + 1 if wanted else 0):
                if stems[at : at + len(wanted)] == wanted:
                    end = at + len(wanted)
                    marked[at:end] = [replace(token, is_name=True) for token in marked[at:end]]
        return marked

    def joins(self, token: Token) -> bool:
        return token.is_dash or token.stem in self.range

    def operation(self, tokens: list[Token]) -> Operation | None:
        said = {self.operations.get(token.stem) for token in tokens}
        found = next((one for one in MANNER if one in said), None)
        return found or ("sum" if any(token.stem in self.compute for token in tokens) else None)

    def span(self, tokens: list[Token], at: int) -> tuple[int, int] | None:
        """The numbers after the word at `at`, or before it: from and to, -1 for the last."""
        after = self._numbers(tokens[at + 1 : at + 6])
        if after:
            return after
        before = tokens[max(at - 4, 0) : at]
        if not before:
            return None
        # "the first three pages", "последние 2 страницы"
        count = self.number(before[-1])
        if count and len(before) > 1 and before[-2].stem in self.last:
            return -count, -1
        if count and len(before) > 1 and before[-2].stem in self.first:
            return 1, count
        if before[-1].stem in self.last:
            return -1, -1
        last = self._place_number(before[-1], tokens[at])
        if not last:
            return None
        first = self._place_number(before[-3], tokens[at]) if len(before) > 2 and self.joins(before[-2]) else 0
        return (first, last) if 0 < first < last else (last, last)

    def number(self, token: Token) -> int:
        return self.cardinals.get(token.stem, 0) if token.number is None else token.number

    def counts(self, token: Token, number: int) -> bool:
        """It stands for the number: `3`, `third`, `three`, and `last` for -1."""
        own = (token.number, self.ordinals.get(token.stem), self.cardinals.get(token.stem))
        return abs(number) in own or (number < 0 and token.stem in self.last)

    def is_numeral(self, token: Token) -> bool:
        listed = self.ordinals.keys() | self.cardinals.keys() | self.first | self.last
        return token.number is not None or token.stem in listed

    def _numbers(self, tokens: list[Token]) -> tuple[int, int] | None:
        """A number, or two with something between them, after at most one small word or sign."""
        skipped = 1 if tokens and not self.number(tokens[0]) and _is_small(tokens[0]) else 0
        rest = tokens[skipped:]
        if not rest:
            return None
        first = self.number(rest[0])
        if not first:
            return None
        last = self.number(rest[2]) if len(rest) > 2 and self.joins(rest[1]) else 0
        return (first, last) if last > first else (first, first)

    def _place_number(self, token: Token, what: Token) -> int:
        """Of a number in front: "3rd page", «3 страница»; "3 pages" tells how many."""
        if token.number is None:
            return self.ordinals.get(token.stem, 0)
        return 0 if token.raw.isdecimal() and what.raw.isascii() else token.number

    def _token(self, match: re.Match[str]) -> Token:
        if match[0].isdecimal() or match[1]:
            digits = match[1] or match[0]
            return Token(match[0], digits, True, int(digits) if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER)
        folded = folded_words(match[0])
        if not folded:
            return Token(match[0], match[0], says=False)
        return Token(match[0], self._stemmer.stem(folded[0]), self._stemmer.says_something(folded[0]))

    def _heard(self, key: str) -> frozenset[str]:
        """Stems of the listed words; of a phrase all its words count."""
        listed = (self._texts.say(language, f"reading-hear-{key}") for language in self._texts.languages)
        return frozenset(self._stemmer.stem(word) for words in listed for word in folded_words(words))

    def _counted(self, key: str) -> dict[str, int]:
        listed = (self._texts.say(language, f"reading-hear-{key}").split(",") for language in self._texts.languages)
        return {
            self._stemmer.stem(form): at
            for words in listed
            for at, forms in enumerate(words, 1)
            for form in folded_words(forms)
        }


def _is_small(token: Token) -> bool:
    """`no`, `from`, `с`: what may stand between the word and its number."""
    return token.number is None and len(token.raw) <= len("number") and not token.is_dash
