"""Dates as people write them into tables. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime

_MOST_CHARS = 40
_CLOCK = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
    r"(?:\s?(?P<half>[AP])\.?M\.?)?(?:Z|\s?[+-]\d\d:?\d\d)?)?"
)
_FROM_YEAR = re.compile(rf"(?P<year>\d{{4}})(?P<mark>[-./])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?){_CLOCK}", re.I)
_FROM_DAY = re.compile(rf"(?P<day>\d\d?)(?P<mark>[-./])(?P<month>\d\d?)(?P=mark)(?P<year>\d{{4}}|\d\d){_CLOCK}", re.I)
_LAST_OF_THIS_CENTURY = 69
_MONTHS = 12


def day_first(cells: Iterable[str]) -> bool | None:
    """Whether dates like `1/2/2026` begin with the day, as far as one of the cells proves it; None when none does."""
    proofs = set()
    for cell in cells:
        found = _FROM_DAY.fullmatch(cell[:_MOST_CHARS].strip())
        if found and found["mark"] != "." and max(int(found["day"]), int(found["month"])) > _MONTHS:
            proofs.add(int(found["day"]) > _MONTHS)
    return proofs.pop() if len(proofs) == 1 else None


def moment(text: str, *, day_first: bool | None) -> datetime | None:
    """The date, with its time where it has one; None when it is none, or has its day and month in an unknown order.

    `5.2.2026` begins with the day everywhere.
    """
    text = text.strip()
    found = (_FROM_YEAR.fullmatch(text) or _FROM_DAY.fullmatch(text)) if len(text) <= _MOST_CHARS else None
    if found is None:
        return None
    year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    if found.re is _FROM_DAY:
        if len(found["year"]) < len("2026"):
            year += 2000 if year <= _LAST_OF_THIS_CENTURY else 1900
        if found["mark"] != "." and day_first is None and day != month:
            return None
        if found["mark"] != "." and day_first is False:
            month, day = day, month
    hour = int(found["hour"] or 0)
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    try:
        return datetime(year, month, day, hour, int(found["minute"] or 0), int(found["second"] or 0))  # noqa: DTZ001
    except ValueError:
        return None


def has_time(text: str) -> bool:
    return ":" in text
