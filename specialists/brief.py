"""The rules of a brief: what counts as an answer to a field, how it is kept, and how it is shown."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.domain.specialist import BriefField
from specialists.smalltalk import in_words
from storage.stems import Stemmer

BOOKKEEPING = "~"
"""Key of a brief's values under which the interview keeps its place; no field can have this name."""

_FALLBACK = "en"
_FEW_WORDS = 5
_DECIMALS = 6
_TOO_MUCH = 1e15
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_KEPT = "\n\u200c\u200d"  # Joiners hold letters and emoji together.
_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_BLANK_LINES = re.compile(r"\n{3,}")
_NEGATIONS = frozenset({"not", "no", "t", "except", "but", "не", "ни", "кроме"})
_NUMBER_SIGNS = str.maketrans("№#", "  ")
_TYPED = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
_NUMBER = re.compile(
    r"(?P<sign>(?<!\w)-)?(?P<whole>[0-9]{1,3}(?:[ ,'][0-9]{3})+(?![0-9])|[0-9]+)(?:[.,](?P<part>[0-9]+))?"
    r"(?:\s*(?P<scale>k|к|тыс|тысяч|тысячи|тысяча|thousand|mln|млн|million|миллион|миллиона|миллионов)\b)?"
)
_THOUSAND = frozenset({"k", "к", "тыс", "тысяч", "тысячи", "тысяча", "thousand"})


@dataclass(frozen=True, slots=True)
class Accepted:
    value: str
    """In the form that is kept: a choice as its English label, a number as bare digits with a point."""


@dataclass(frozen=True, slots=True)
class Mistake:
    reason: Literal["empty", "long", "choice", "number", "range"]


def answers(values: Mapping[str, str]) -> dict[str, str]:
    """What a person said: `values` without the interview's bookkeeping and without skipped fields."""
    return {name: value for name, value in values.items() if name != BOOKKEEPING and value}


def missing(fields: Iterable[BriefField], values: Mapping[str, str]) -> list[str]:
    """Names of the required fields without an answer, in the order of the brief."""
    return [field.name for field in fields if field.required and not values.get(field.name)]


def question(field: BriefField, locale: str) -> str:
    """The question in that language, else in English."""
    asked = dict(field.question)
    return asked.get(locale) or asked[_FALLBACK]


def choices(field: BriefField, locale: str) -> tuple[str, ...]:
    """The labels in that language, else in English; none where the field is no choice."""
    known = dict(field.choices)
    return known.get(locale) or known.get(_FALLBACK, ())


def shown(field: BriefField, value: str, locale: str) -> str:
    """A kept value as a person reads it in that language."""
    for _, labels in field.choices:
        if value in labels:
            return choices(field, locale)[labels.index(value)]
    return value


class BriefRules:
    """Reads what people answer. Reading a value that was kept gives the same value again."""

    def __init__(self) -> None:
        self._stemmer = Stemmer()

    def read(self, field: BriefField, text: str) -> Accepted | Mistake:
        """The answer that `text` is to `field`, or what is wrong with it."""
        said = cleaned(text)
        if not said:
            return Mistake("empty")
        match field.kind:
            case "text":
                return Accepted(said) if len(said) <= field.max_chars else Mistake("long")
            case "number":
                return _number(field, said)
            case "choice":
                return self._choice(field, said)

    def _choice(self, field: BriefField, said: str) -> Accepted | Mistake:
        """By label in any language, by part of a label that only one has, or by number in the list."""
        english = choices(field, _FALLBACK)
        words = _folded(said)
        for _, labels in field.choices:
            for number in (_the_one([_folded(label) == words for label in labels]), self._part(labels, words, said)):
                if number is not None:
                    return Accepted(english[number])
        number = listed(said, len(english))
        return Mistake("choice") if number is None else Accepted(english[number - 1])

    def _part(self, labels: Sequence[str], words: str, said: str) -> int | None:
        stems = frozenset(self._stemmer.stems(said))
        if not stems or len(words.replace(" ", "")) < 2 or words.isdigit():
            return None
        inside = _the_one([f" {words} " in f" {_folded(label)} " for label in labels])
        if inside is not None or _NEGATIONS & set(words.split()):
            return inside
        return _the_one([stems <= frozenset(self._stemmer.stems(label)) for label in labels])


def listed(said: str, count: int) -> int | None:
    """The number from 1 to `count` that a few words such as "2", "2." or "number 2" name; None for anything else."""
    words = in_words(said.translate(_NUMBER_SIGNS)).split()
    numbers = [word for word in words if re.fullmatch(r"[0-9]{1,3}", word)]
    if len(numbers) != 1 or len(words) > _FEW_WORDS:
        return None
    number = int(numbers[0])
    return number if 1 <= number <= count else None


def cleaned(text: str) -> str:
    """`text` without what nobody sees, with at most one empty line in a row; empty when nothing is left."""
    lines = text.replace("\r\n", "\n").replace("\t", " ")
    visible = "".join(char for char in lines if char in _KEPT or unicodedata.category(char) not in _INVISIBLE)
    trimmed = "\n".join(line.rstrip(_SPACES) for line in unicodedata.normalize("NFC", visible).split("\n"))
    return _BLANK_LINES.sub("\n\n", trimmed).strip(_SPACES + _KEPT)


def _number(field: BriefField, said: str) -> Accepted | Mistake:
    spoken = said.translate(_TYPED).casefold()
    found = list(_NUMBER.finditer(spoken))
    if len(found) != 1 or len(spoken.split()) > _FEW_WORDS:
        return Mistake("number")
    value = _value(found[0])
    if abs(value) >= _TOO_MUCH:
        return Mistake("range")
    if (field.least is not None and value < field.least) or (field.most is not None and value > field.most):
        return Mistake("range")
    return Accepted(f"{value:.{_DECIMALS}f}".rstrip("0").rstrip("."))


def _value(found: re.Match[str]) -> float:
    whole = re.sub(r"[ ,']", "", found["whole"])
    scale = 1 if not found["scale"] else 1_000 if found["scale"] in _THOUSAND else 1_000_000
    value = round(float(f"{found['sign'] or ''}{whole}.{found['part'] or 0}") * scale, _DECIMALS)
    return value or 0.0  # There is no minus zero among people.


def _folded(text: str) -> str:
    return in_words(text).replace("ё", "е")


def _the_one(matches: Sequence[bool]) -> int | None:
    """The place of the only match; None when there is none or more than one."""
    return matches.index(True) if sum(matches) == 1 else None
