"""Numbers as people write them into tables: with currencies, percent signs, and either way to write decimals. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

_MOST_CHARS = 60
_MOST_EXPONENT = 60

_UNIT = (
    r"[$€£₽¥₴₸₹₺₩%‰]|US\$|USD|EUR|GBP|RUB|CHF|CNY|KZT|UAH|kr|руб(?:лей|ля|ль)?\.?|р\.|тг|грн"
    r"|kg|km|cm|mm|l|pcs|кг|км|см|мм|л|шт\.?|(?-i:[gtmhгтмч])"
)
"""A large `M` is a million somewhere and a metre nowhere."""
_WRITTEN = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+−–])?\s*(?P<before>{_UNIT})?\s*(?P<minus>[-−–])?\s*"
    rf"(?P<body>(?:\d|[.,](?=\d))[\d.,'’\s]*?)(?P<exponent>e(?P<power>[+-]?\d{{1,3}}))?\s*(?P<after>{_UNIT})?(?P<behind>[-−–])?\s*(?P<close>\))?",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"-?[0-9]{1,20}")
_DIGIT = re.compile(r"\d")
"""Both spare most cells of a large sheet the long expression."""
_GAPS = re.compile(r"[\s'’]")
_IN_THREES = re.compile(r"\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d+)?")

Mark = Literal[".", ","]
Sense = Literal["decimal", "group"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it stands in a cell."""

    value: Fraction
    places: int = 0
    """Digits behind the decimal mark."""
    unit: str = ""
    """As it was written; empty for a bare number."""
    unit_first: bool = False
    """The unit stands before the number."""
    doubtful: Mark | None = None
    """The mark, where it was written like `1,234`, and nothing tells whether that is more than a thousand or less than
    two."""


@dataclass(frozen=True, slots=True)
class Custom:
    """How a table writes its numbers, as far as it shows."""

    dot: Sense = "decimal"
    comma: Sense = "group"
    known_dot: bool = False
    known_comma: bool = False
    is_typed: bool = False
    """Cells are as somebody wrote them, also those without a unit; else bare ones have a point for decimals."""

    @classmethod
    def of(cls, cells: Iterable[str]) -> "Custom":
        """What the cells show that leave no doubt: `1.234,56` has decimals behind the comma, `1,234,567` has not."""
        votes: Counter[tuple[Mark, Sense]] = Counter()
        for cell in cells:
            if "." not in cell and "," not in cell:
                continue
            written = _WRITTEN.fullmatch(cell[:_MOST_CHARS].strip())
            body = _body(written["body"]) if written else None
            if body:
                votes.update(_senses(body))
        decimal_comma = votes[",", "decimal"] + votes[".", "group"]
        decimal_dot = votes[".", "decimal"] + votes[",", "group"]
        if decimal_comma > decimal_dot:
            return cls("group", "decimal", True, True)
        return cls(known_dot=bool(decimal_dot), known_comma=bool(decimal_dot))


def figure(cell: str, custom: Custom) -> Figure | None:
    """The number that is all of the cell; None for words, dates, several numbers and the like."""
    text = cell.strip()
    if _PLAIN.fullmatch(text):
        return Figure(Fraction(int(text)))
    written = _WRITTEN.fullmatch(text) if _DIGIT.search(text) and len(text) <= _MOST_CHARS else None
    if written is None or bool(written["open"]) != bool(written["close"]):
        return None
    body = _body(written["body"])
    minus = [sign for sign in (written["sign"], written["minus"], written["behind"]) if sign]
    if body is None or len(minus) > 1 or (written["before"] and written["after"]) or _is_a_code(written, body):
        return None
    plain, doubtful = _plain(body, custom)
    exponent = int(written["power"] or "0")
    if plain is None or abs(exponent) > _MOST_EXPONENT:
        return None
    negative = bool(written["open"]) != bool(minus and minus[0] != "+")
    value = Fraction(plain) * Fraction(10) ** exponent
    unit = written["before"] or written["after"] or ""
    return Figure(
        value=-value if negative else value,
        places=max(len(plain.partition(".")[2]) - exponent, 0),
        unit=unit,
        unit_first=bool(written["before"]),
        doubtful=None if doubtful == "." and (unit in "%‰" if unit else not custom.is_typed) else doubtful,
    )


def is_number(cell: str) -> bool:
    """Whether `figure` finds one, however the table writes them."""
    return bool(_PLAIN.fullmatch(cell.strip())) or figure(cell, Custom()) is not None


def _is_a_code(written: re.Match[str], body: str) -> bool:
    """`1E5` is the name of a thing more often than a number; programs write `1E+05` and `1.5e5`."""
    return bool(written["power"]) and body.isdecimal() and written["power"].isdecimal()


def _body(written: str) -> str | None:
    """Digits and marks only; None when its gaps are not those between thousands."""
    text = written.strip()
    if not _GAPS.search(text):
        return text
    return _GAPS.sub("", text) if _IN_THREES.fullmatch(text) else None


def _senses(body: str) -> list[tuple[Mark, Sense]]:
    """What the marks of a number mean beyond doubt."""
    dots, commas = body.count("."), body.count(",")
    if dots and commas:
        decimal: Mark = "." if body.rfind(".") > body.rfind(",") else ","
        other: Mark = "," if decimal == "." else "."
        return [(decimal, "decimal"), (other, "group")] if body.count(decimal) == 1 else []
    mark: Mark = "." if dots else ","
    if dots + commas == 0:
        return []
    if dots + commas > 1:
        return [(mark, "group")]
    return [] if _is_doubtful(body, mark) else [(mark, "decimal")]


def _is_doubtful(body: str, mark: Mark) -> bool:
    head, _, tail = body.partition(mark)
    return len(tail) == 3 and 1 <= len(head) <= 3 and not head.startswith("0")


def _plain(body: str, custom: Custom) -> tuple[str | None, Mark | None]:
    """The number with a point for its decimals, and the mark that was guessed; None when it is no number at all."""
    both: tuple[Mark, Mark] = (".", ",")
    marks = [mark for mark in both if mark in body]
    if not marks:
        return body, None
    senses = dict(_senses(body))
    doubtful: Mark | None = None
    if not senses and len(marks) == 1:
        (mark,) = marks
        senses = {".": custom.dot} if mark == "." else {",": custom.comma}
        doubtful = None if (custom.known_dot if mark == "." else custom.known_comma) else mark
    for mark in both:
        if mark not in marks:
            continue
        if senses.get(mark) == "group":
            whole = body.partition("," if mark == "." else ".")[0]
            if not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", whole):
                return None, None
            body = body.replace(mark, "")
        elif mark not in senses:
            return None, None
    plain = body.replace(",", ".")
    return (f"0{plain}" if plain.startswith(".") else plain.rstrip(".")), doubtful
