"""Sheets as text: tab-separated, with the letters of their columns and the numbers of their rows."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from bot.documents.gathering import Enough, one_line
from bot.documents.limits import Limits
from bot.domain.media import Part

Cell = str | bool | int | float | date | datetime | time | timedelta
Rows = Iterable[tuple[int, Iterable[Cell]]]
"""Rows with their numbers, counted from 1."""
_DIGITS = 15
"""As many as Excel keeps of a number."""


class Grid:
    """Counts the cells of all sheets of a file against the limit."""

    def __init__(self, limits: Limits) -> None:
        self._left = limits.cells
        self._chars_left = limits.chars

    def parts(self, sheets: Iterable[tuple[str, int, Rows]]) -> Iterator[Part]:
        """A part for each sheet, given as its name, the index of its first column, and its rows; Enough after a part
        that had to be cut."""
        for number, (name, first_column, rows) in enumerate(sheets, start=1):
            kept = list(self._kept(rows))
            yield Part("sheet", number, name, _table(kept, first_column))
            if self._left <= 0 or self._chars_left <= 0:
                raise Enough

    def _kept(self, rows: Rows) -> Iterator[tuple[int, dict[int, str]]]:
        for number, cells in rows:
            row = {index: text for index, cell in enumerate(cells) if (text := cell_text(cell))}
            if not row:
                continue
            self._left -= len(row)
            self._chars_left -= sum(map(len, row.values()))
            if self._left < 0 or self._chars_left < 0:
                return
            yield number, row


def _table(rows: list[tuple[int, dict[int, str]]], first_column: int) -> str:
    """Columns without any cell are left out; every row has as many cells as there are letters."""
    columns = sorted({index for _, row in rows for index in row})
    if not columns:
        return ""
    head = "\t".join(["", *(letters(first_column + index) for index in columns)])
    return "\n".join([head, *("\t".join([str(n), *(row.get(index, "") for index in columns)]) for n, row in rows)])


def letters(column: int) -> str:
    """What spreadsheets call the column with that index: A for 0, AA for 26."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def cell_text(cell: Cell) -> str:
    """A cell as people read it: dates by ISO 8601, numbers without exponents and without digits that are noise."""
    match cell:
        case str():
            return one_line(cell)
        case bool():
            return "TRUE" if cell else "FALSE"
        case int():
            return str(cell)
        case float():
            return format(Decimal(f"{cell:.{_DIGITS}g}"), "f")
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds" if cell.second else "minutes")
        case time():
            return cell.isoformat(timespec="seconds" if cell.second else "minutes")
        case timedelta():
            minutes, seconds = divmod(int(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case date():
            return cell.isoformat()
