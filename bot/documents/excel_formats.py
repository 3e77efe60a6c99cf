"""What Excel's number formats make of a number, as far as it changes its meaning (ECMA-376, part 1, 18.8.30)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import Literal

from bot.documents.grid import Cell, cell_text

NumberFormat = Literal["plain", "percent", "date", "duration"]
"""`date` is any point in time."""

_PERCENT = frozenset({9, 10})
_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)})
"""Those that are not written down in the file; some of them only East Asian programs know."""
_DURATION = 46
_SAID = re.compile(r'"[^"]*"|\\.|[_*].')
"""Text, and spaces as wide as a sign."""
_COUNTED_UP = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_CONDITION = re.compile(r"\[[^\]]*\]")
_START_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no time zones
_START_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_NO_LEAP_DAY = 60
"""Excel takes 1900 for a leap year; only its first 59 days are a day off by that."""
_DAY_SECONDS = 86_400


def number_format(number: int, codes: Mapping[int, str]) -> NumberFormat:
    """The format of that number; `codes` are those that the workbook has of its own."""
    if number in codes:
        return _written(codes[number])
    if number in _PERCENT:
        return "percent"
    if number == _DURATION:
        return "duration"
    return "date" if number in _DATES else "plain"


def _written(code: str) -> NumberFormat:
    first = _SAID.sub("", code).partition(";")[0]
    if _COUNTED_UP.search(first):
        return "duration"
    bare = _CONDITION.sub("", first).lower()
    if "general" in bare:
        return "plain"
    if "%" in bare:
        return "percent"
    return "date" if any(sign in bare for sign in "ymdhs") else "plain"


def shown(written: str, form: NumberFormat, *, from_1904: bool) -> Cell:
    """The number as its format shows it; what is no number as it is."""
    try:
        number = float(written)
    except ValueError:
        return written
    if not isfinite(number):
        return written
    if form == "percent":
        return f"{cell_text(number * 100)}%"
    if form == "plain" or number < 0:
        return number
    try:
        passed = timedelta(seconds=round(number * _DAY_SECONDS))
        return passed if form == "duration" else _moment(passed, from_1904=from_1904)
    except OverflowError:
        return number


def _moment(passed: timedelta, *, from_1904: bool) -> Cell:
    if passed < timedelta(days=1) and not from_1904:
        return (_START_1900 + passed).time()
    start = _START_1904 if from_1904 else _START_1900
    early = not from_1904 and passed < timedelta(days=_NO_LEAP_DAY)
    moment = start + passed + timedelta(days=1) * early
    return moment if passed.seconds else moment.date()
