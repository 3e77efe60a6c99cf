"""Arithmetic over a column of a sheet, exact, with an account of what was counted and what was left out. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from statistics import median
from typing import Literal

from bot.domain.errors import Refused
from specialists.dates import day_first, has_time, moment
from specialists.figures import Custom, Figure, figure
from specialists.sheets import Column, Row, is_year
from specialists.totals import Sum, labels_of, summing_rows

Operation = Literal["sum", "average", "min", "max", "count", "median"]
Reason = Literal["total", "words", "other"]
Test = Literal["equals", "contains", "above", "below"]

_SAMPLE = 2_000
"""So many cells show how a table writes its numbers."""
_ROUNDED_PLACES = 4
_MOST_PLACES = 12
_NO_ORDER = (
    "Nothing in column {letter} can be told to be {test} that value. Both must be numbers, or whole dates; of dates "
    "such as 1/2/2026 one in the column must show which number is the day."
)


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
    """`total`: it sums up others, or is their average; `words`: no number; `other`: the condition is not met."""


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
    doubtful_decimals: bool = False
    """Some were written like `1.234` and taken for less than two, which nothing in the sheet proves."""
    last_is_sum: bool = field(default=False)
    """The last one equals the sum of those before it, and was counted all the same, as nothing calls it a total."""
    counted_year: int = 0
    """Number of the first row, where a bare year was counted together with other numbers: it may be a heading."""
    next_table: int = 0
    """Number of the row in which another table begins, of which nothing was counted."""

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


def compute(
    column: Column, operation: Operation, condition: Condition | None = None, *, rows: tuple[int, int] | None = None
) -> Computed:
    """Of the numbers below the heading. Rows that sum up others are never counted.

    `rows` are the numbers of the first and the last row that count; others are not told. Where they belong to a
    further table, it is the column of that one. Refused when `condition` asks for an order that the column of the
    condition does not have.
    """
    column = column.at(rows[0]) if rows else column
    custom = _custom(column)
    passes = _passing(condition, condition.column.at(column.heading_row)) if condition else None
    skipped: list[Skipped] = []
    found = [(row, cell, figure(cell, custom)) for row, cell in column.cells if cell]
    totals = summing_rows(column, found)
    numbers: list[tuple[Row, Figure]] = []
    counted: list[int] = []
    for row, cell, number in found:
        if rows and not rows[0] <= row.number <= rows[1]:
            continue
        if passes and not passes(row):
            skipped.append(Skipped(row.number, cell, "other"))
        elif row.number in totals:
            skipped.append(Skipped(row.number, cell, "total"))
        elif operation == "count":
            counted.append(row.number)
        elif number is None:
            skipped.append(Skipped(row.number, cell, "words"))
        else:
            numbers.append((row, number))
    if operation == "count":
        value = Fraction(len(counted))
        result = Computed(column, operation, value, used=tuple(counted), skipped=tuple(skipped))
    else:
        result = _computed(column, operation, numbers, tuple(skipped))
    return replace(result, next_table=0 if rows else column.next_table)


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
        doubtful=any(number.doubtful == "," for _, number in numbers),
        doubtful_decimals=any(number.doubtful == "." for _, number in numbers),
        last_is_sum=_last_is_sum(column, numbers),
        counted_year=_counted_year(column, numbers),
    )


def _last_is_sum(column: Column, numbers: Sequence[tuple[Row, Figure]]) -> bool:
    """The last one, of all before it, where no words tell what it is."""
    if not numbers or numbers[-1][1].value == 0 or labels_of(column, numbers[-1][0]):
        return False
    before = Sum()
    for _, number in numbers[:-1]:
        before.add(number)
    return before.is_told_by(numbers[-1][1])


def _counted_year(column: Column, numbers: Sequence[tuple[Row, Figure]]) -> int:
    cells = [row.cell(column.index) for row, _ in numbers]
    is_first = bool(cells) and not column.heading_row and numbers[0][0] == column.sheet.rows[0]
    return numbers[0][0].number if is_first and is_year(cells[0]) and not all(map(is_year, cells)) else 0


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
    """Of the column; where it does not tell, of the sheet. Only a sheet with a name comes out of a spreadsheet."""
    custom = Custom.of(cell for _, cell in column.cells)
    if not custom.known_comma:
        custom = Custom.of(cell for row in column.sheet.rows[:_SAMPLE] for cell in row.cells)
    return replace(custom, is_typed=not column.sheet.name)


def _passing(condition: Condition, column: Column) -> Callable[[Row], bool]:
    """Whether a row meets the condition; `column` is that of the condition in the table that is computed."""
    index, value = column.index, condition.value.strip()
    folded = value.casefold()
    if condition.test == "contains":
        return lambda row: folded in row.cell(index).casefold()
    cells = [cell for _, cell in column.cells if cell]
    custom, order = _custom(column), day_first([*cells, value])
    number, date = figure(value, Custom()), moment(value, day_first=order)

    def compared(cell: str) -> int | None:
        """-1, 0 or 1, as the cell is less, the same or more; None when the two have no order."""
        if number is not None:
            have = figure(cell, custom)
            return None if have is None else (have.value > number.value) - (have.value < number.value)
        there = moment(cell, day_first=order) if date else None
        if date is None or there is None:
            return None
        there = there if has_time(value) else there.replace(hour=0, minute=0, second=0)
        return (there > date) - (there < date)

    if condition.test == "equals":
        return lambda row: row.cell(index).strip().casefold() == folded or compared(row.cell(index)) == 0
    if all(compared(cell) is None for cell in cells):
        raise Refused(_NO_ORDER.format(letter=column.letter, test=condition.test))
    wanted = 1 if condition.test == "above" else -1
    return lambda row: compared(row.cell(index)) == wanted
