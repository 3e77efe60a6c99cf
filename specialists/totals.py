"""Rows of a table that sum up the others, and are not counted once more. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from specialists.figures import Figure, is_number
from specialists.sheets import Column, Row

Found = tuple[Row, str, Figure | None]
"""A row, its cell in the column, and the number that the cell is."""

_LEAST_SUMMED = 2
_SAME = Fraction(1, 10**9)
"""What programs added up is wrong by less than this share."""

_TOTAL = (
    r"(?:grand |sub[- ]?|общий |общая |промежуточн\w+ )?"
    r"(?:total|totals|итог|итого|итоги|всего|сумма|sum|subtotal|subtotals|gesamt|summe)"
)
_TOTAL_OF = _TOTAL + r"(?:\s*[:=—–-]|\s+(?:for|of|by|за|по|for the|amount|sum|сумма|к оплате)\b).*"
_AVERAGE = (
    r"averages?|avg|mean|median|(?:в )?среднее|среднее значение|ср\. знач(?:ение)?|медиана|durchschnitt|mittelwert"
)
_CALLED_SO = re.compile(rf"{_TOTAL}|{_TOTAL_OF}|{_AVERAGE}")
_BEGINS_SO = re.compile(rf"{_TOTAL}\b")
_AT_AN_END = re.compile(rf"(?:{_TOTAL}|{_AVERAGE}|средн\w+)\b")
"""The first or the last row that begins so sums up the others, whatever else it is called."""


@dataclass(slots=True)
class Sum:
    """Of numbers as they come."""

    count: int = 0
    value: Fraction = Fraction(0)
    places: int = 0

    def add(self, number: Figure) -> None:
        self.count += 1
        self.value += number.value
        self.places = max(self.places, number.places)

    def is_told_by(self, number: Figure) -> bool:
        """The number is the sum of two others or more, as exactly as it is written."""
        rounding = Fraction(1, 2 * 10**number.places) if number.places < self.places else Fraction(0)
        return self.count >= _LEAST_SUMMED and abs(number.value - self.value) <= max(rounding, abs(self.value) * _SAME)


def summing_rows(column: Column, found: Sequence[Found]) -> set[int]:
    """Numbers of the rows that sum up others, or are their average.

    They are called so; or they are the sum, have no words and stand at the end.
    """
    totals: set[int] = set()
    all_above, since_last = Sum(), Sum()
    labelled = 0
    first, last = _ends(column, found)
    for index, (row, own, number) in enumerate(found):
        if number is None:
            if index == len(found) - 1 and stands_among_others(column, row) and _CALLED_SO.fullmatch(_folded(own)):
                totals.add(row.number)
            continue
        labels = labels_of(column, row)
        called = any(map(_CALLED_SO.fullmatch, labels))
        called = called or (index in (first, last) and any(map(_AT_AN_END.match, labels[:1])))
        stands_alone = index == last and not labels and 2 * labelled > all_above.count and number.value != 0
        may_be = stands_alone or any(map(_BEGINS_SO.match, labels))
        if called or (may_be and (all_above.is_told_by(number) or since_last.is_told_by(number))):
            totals.add(row.number)
            since_last = Sum()
            continue
        labelled += bool(labels)
        all_above.add(number)
        since_last.add(number)
    return totals


def labels_of(column: Column, row: Row) -> list[str]:
    """The words in the row's other cells."""
    others = (cell for index, cell in enumerate(row.cells) if index != column.index and cell.strip())
    return [_folded(cell) for cell in others if not is_number(cell)]


def stands_among_others(column: Column, row: Row) -> bool:
    return any(cell.strip() for index, cell in enumerate(row.cells) if index != column.index)


def _ends(column: Column, found: Sequence[Found]) -> tuple[int, int]:
    """Where the first number stands, and the last one in front of the rows that are called totals in so many words."""
    numbers = [index for index, one in enumerate(found) if one[2] is not None]
    called = (
        index for index in reversed(numbers) if not any(map(_CALLED_SO.fullmatch, labels_of(column, found[index][0])))
    )
    return next(iter(numbers), -1), next(called, -1)


def _folded(label: str) -> str:
    return " ".join(label.casefold().split()).strip(" :=*.")
