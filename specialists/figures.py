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
    r"|kg|g|t|km|cm|mm|m|h|l|pcs|кг|г|т|км|см|мм|м|ч|л|шт\.?"
)
_WRITTEN = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+−–])?\s*(?P<before>{_UNIT})?\s*(?P<minus>[-−–])?\s*"
    rf"(?P<body>(?:\d|[.,](?=\d))[\d.,'’\s]*?)(?P<exponent>[eE][+-]?\d{{1,3}})?\s*(?P<after>{_UNIT})?\s*(?P<close>\))?",
    re.IGNORECASE,
)
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
    doubtful: bool = False
    """It was written like `1,234`, and nothing tells whether that is more than a thousand or less than two."""


@dataclass(frozen=True, slots=True)
class Custom:
    """How a table writes its numbers, as far as it shows."""

    dot: Sense = "decimal"
    comma: Sense = "group"
    known_dot: bool = False
    known_comma: bool = False

    @classmethod
    def of(cls, cells: Iterable[str]) -> "Custom":
        """What the cells show that leave no doubt: `1.234,56` has decimals behind the comma, `1,234,567` has not."""
        votes: Counter[tuple[Mark, Sense]] = Counter()
        for cell in cells:
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
    written = _WRITTEN.fullmatch(text) if text and len(text) <= _MOST_CHARS else None
    if written is None or bool(written["open"]) != bool(written["close"]) or (written["sign"] and written["minus"]):
        return None
    body = _body(written["body"])
    if body is None:
        return None
    plain, doubtful = _plain(body, custom)
    exponent = int((written["exponent"] or "e0")[1:])
    if plain is None or abs(exponent) > _MOST_EXPONENT or (written["before"] and written["after"]):
        return None
    negative = bool(written["open"]) != (written["sign"] in ("-", "−", "–") or bool(written["minus"]))
    value = Fraction(plain) * Fraction(10) ** exponent
    return Figure(
        value=-value if negative else value,
        places=max(len(plain.partition(".")[2]) - exponent, 0),
        unit=written["before"] or written["after"] or "",
        unit_first=bool(written["before"]),
        doubtful=doubtful,
    )


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


def _plain(body: str, custom: Custom) -> tuple[str | None, bool]:
    """The number with a point for its decimals, and whether that is a guess; None when it is no number at all."""
    marks = [mark for mark in (".", ",") if mark in body]
    if not marks:
        return body, False
    senses = dict(_senses(body))
    doubtful = False
    if not senses and len(marks) == 1:
        dot = marks[0] == "."
        senses = {".": custom.dot} if dot else {",": custom.comma}
        doubtful = not dot and not custom.known_comma
    for mark in (".", ","):
        if mark not in marks:
            continue
        if senses.get(mark) == "group":
            whole = body.partition("," if mark == "." else ".")[0]
            if not re.fullmatch(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", whole):
                return None, False
            body = body.replace(mark, "")
        elif mark not in senses:
            return None, False
    plain = body.replace(",", ".")
    return (f"0{plain}" if plain.startswith(".") else plain.rstrip(".")), doubtful
