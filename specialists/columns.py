"""Arithmetic over a column of a sheet, exact, with an account of what was counted and what was left out. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import Literal

from specialists.figures import Custom, Figure, figure
from specialists.sheets import Column, Row

Operation = Literal["sum", "average", "min", "max", "count", "median"]
Reason = Literal["total", "words", "other"]
Test = Literal["equals", "contains", "above", "below"]

_SAMPLE = 2_000
"""So many cells show how a table writes its numbers."""
_ROUNDED_PLACES = 4
_MOST_PLACES = 12
_LEAST_SUMMED = 2

_TOTAL = re.compile(
    r"(?:grand |sub[- ]?|общий |общая |промежуточн\w+ )?"
    r"(?:total|totals|итог|итого|итоги|всего|сумма|sum|subtotal|subtotals|gesamt|summe)"
)
_TOTAL_OF = re.compile(_TOTAL.pattern + r"(?:\s*[:=—–-]|\s+(?:for|of|by|за|по|for the|amount|sum|сумма|к оплате)\b).*")


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows count: those whose cell in `column` passes `test` against `value`."""

    column: Column
    test: Test
    value: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A cell that is filled and was not counted."""

    row: int
    cell: str
    reason: Reason
    """`total`: it sums up others; `words`: no number; `other`: the condition is not met."""


@dataclass(frozen=True, slots=True)
class Computed:
    column: Column
    operation: Operation
    value: Fraction | None
    """None when there is nothing to compute it of."""
    places: int = 0
    """Digits behind the decimal mark with which it is written."""
    unit: str = ""
    """That all numbers have, as it is written there."""
    unit_first: bool = False
    used: tuple[int, ...] = ()
    """Numbers of the rows that were counted."""
    skipped: tuple[Skipped, ...] = ()
    """In the order of the rows; empty cells are not told."""
    units: tuple[str, ...] = ()
    """All of them, where they differ."""
    doubtful: bool = False
    """Some were written like `1,234` and taken for a thousand and more, which nothing in the sheet proves."""
    last_is_sum: bool = field(default=False)
    """The last one equals the sum of those before it, and was counted all the same, as nothing calls it a total."""

    @property
    def is_rounded(self) -> bool:
        return self.value is not None and round(self.value, self.places) != self.value

    @property
    def number(self) -> str:
        """With a point, without anything between thousands."""
        if self.value is None:
            return ""
        scaled = round(self.value * 10**self.places)
        digits = str(abs(scaled)).rjust(self.places + 1, "0")
        whole, part = (digits[: -self.places], digits[-self.places :]) if self.places else (digits, "")
        return f"{'-' if scaled < 0 else ''}{whole}{'.' if part else ''}{part}"


def compute(column: Column, operation: Operation, condition: Condition | None = None) -> Computed:
    """Of the numbers below the heading. Rows that sum up others are never counted."""
    custom = _custom(column)
    skipped: list[Skipped] = []
    found: list[tuple[Row, str, Figure | None]] = []
    for row, cell in column.cells:
        if not cell:
            continue
        if condition is not None and not _passes(row, condition, custom):
            skipped.append(Skipped(row.number, cell, "other"))
        else:
            found.append((row, cell, figure(cell, custom)))
    totals = _totals(column, found)
    skipped += [Skipped(row.number, cell, "total") for row, cell, _ in found if row.number in totals]
    found = [one for one in found if one[0].number not in totals]
    numbers = [(row, number) for row, _, number in found if number is not None]
    if operation == "count":
        used = [row.number for row, _, _ in found]
        return Computed(column, operation, Fraction(len(found)), used=tuple(used), skipped=_sorted(skipped))
    skipped += [Skipped(row.number, cell, "words") for row, cell, number in found if number is None]
    return _computed(column, operation, numbers, _sorted(skipped))


def _computed(
    column: Column, operation: Operation, numbers: Sequence[tuple[Row, Figure]], skipped: tuple[Skipped, ...]
) -> Computed:
    values = [number.value for _, number in numbers]
    value = _value(operation, values)
    units = tuple(dict.fromkeys(number.unit for _, number in numbers))
    return Computed(
        column=column,
        operation=operation,
        value=value,
        places=_places(value, max((number.places for _, number in numbers), default=0)),
        unit=units[0] if len(units) == 1 else "",
        unit_first=len(units) == 1 and numbers[0][1].unit_first,
        used=tuple(row.number for row, _ in numbers),
        skipped=skipped,
        units=units if len(units) > 1 else (),
        doubtful=any(number.doubtful for _, number in numbers),
        last_is_sum=len(values) > _LEAST_SUMMED and _stands_alone(column, numbers[-1][0]) and _is_sum(values),
    )


def _stands_alone(column: Column, row: Row) -> bool:
    return not any(cell.strip() for index, cell in enumerate(row.cells) if index != column.index)


def _is_sum(values: Sequence[Fraction]) -> bool:
    """The last one, of all before it."""
    return values[-1] != 0 and values[-1] == sum(values[:-1])


def _value(operation: Operation, values: Sequence[Fraction]) -> Fraction | None:
    if not values:
        return None
    match operation:
        case "sum":
            return sum(values, Fraction(0))
        case "average":
            return sum(values, Fraction(0)) / len(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "median":
            return Fraction(median(values))
        case "count":
            return Fraction(len(values))


def _places(value: Fraction | None, written: int) -> int:
    """As many as the numbers were written with; more where the value has more."""
    places = min(written, _MOST_PLACES)
    if value is None or round(value, places) == value:
        return places
    exact = next((more for more in range(places, _MOST_PLACES) if round(value, more) == value), 0)
    return exact if 0 < exact <= max(places, _ROUNDED_PLACES) else max(places, _ROUNDED_PLACES)


def _custom(column: Column) -> Custom:
    """Of the column; where it does not tell, of the sheet."""
    own = Custom.of(cell for _, cell in column.cells)
    if own.known_comma:
        return own
    return Custom.of(cell for row in column.sheet.rows[:_SAMPLE] for cell in row.cells)


def _passes(row: Row, condition: Condition, custom: Custom) -> bool:
    cell, value = row.cell(condition.column.index).strip(), condition.value.strip()
    have, wanted = figure(cell, custom), figure(value, Custom())
    match condition.test:
        case "equals" if have and wanted:
            return have.value == wanted.value
        case "equals":
            return cell.casefold() == value.casefold()
        case "contains":
            return value.casefold() in cell.casefold()
        case "above" if have and wanted:
            return have.value > wanted.value
        case "below" if have and wanted:
            return have.value < wanted.value
        case _:
            # Dates are written from the year down, so their order is that of their letters.
            above = condition.test == "above"
            return bool(cell and not have and not wanted) and (cell > value if above else cell < value)


def _totals(column: Column, found: Sequence[tuple[Row, str, Figure | None]]) -> set[int]:
    """Numbers of the rows that sum up those above them: they are called so, or stand alone at the end and are it."""
    totals: set[int] = set()
    all_above, since_last = Fraction(0), Fraction(0)
    counted = labelled = 0
    last = max((index for index, one in enumerate(found) if one[2]), default=-1)
    for index, (row, own, number) in enumerate(found):
        labels = [cell for at, cell in enumerate(row.cells) if at != column.index and cell.strip()]
        if number is None:
            if labels and index == len(found) - 1 and _is_total([own], is_sum=False):
                totals.add(row.number)
            continue
        is_sum = counted >= _LEAST_SUMMED and number.value in (all_above, since_last)
        stands_alone = index == last and not labels and 2 * labelled > counted and all_above != 0
        if _is_total(labels, is_sum=is_sum) or (is_sum and stands_alone):
            totals.add(row.number)
            since_last = Fraction(0)
            continue
        counted += 1
        labelled += bool(labels)
        all_above += number.value
        since_last += number.value
    return totals


def _is_total(labels: Sequence[str], *, is_sum: bool) -> bool:
    words = [" ".join(label.casefold().split()).strip(" :=*.") for label in labels]
    plain = any(_TOTAL.fullmatch(word) or _TOTAL_OF.fullmatch(word) for word in words)
    return plain or (is_sum and any(_TOTAL.match(word) for word in words))


def _sorted(skipped: Sequence[Skipped]) -> tuple[Skipped, ...]:
    return tuple(sorted(skipped, key=lambda one: one.row))
