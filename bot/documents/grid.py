"""Sheets as text: tab-separated, with the letters of their columns and the numbers of their rows."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from bot.documents.gathering import Enough, one_line
from bot.documents.limits import Limits
from bot.domain.media import Part

Cell = str | bool | int | float | date | datetime | time | timedelta
Row = tuple[int, Iterable[tuple[int, Cell]]]
"""Its number, counted from 1, and its cells with the indexes of their columns, counted from 0."""
HIDDEN = " (hidden)"
"""Behind the name of a sheet that its author has hidden."""
_DIGITS = 15
"""As many as Excel keeps of a number."""


class Grid:
    """Counts the cells of all sheets of a file, and the characters of their text, against the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._cells_left = limits.cells
        self._chars_left = limits.chars

    def parts(self, sheets: Iterable[tuple[int, str, Iterable[Row]]]) -> Iterator[Part]:
        """A part for each sheet, given as its number, its name, and its rows; Enough after a part that had to be
        cut, which it is between two rows, or between two cells when already its first row is too long."""
        for number, name, rows in sheets:
            table = _Table(self._cells_left, self._chars_left)
            fits = all(map(table.take, rows))
            if not fits and not table.rows and self._chars_left == self._limits.chars:
                table.take_start()
            yield Part("sheet", number, name, text := table.text)
            if not fits:
                raise Enough
            self._cells_left -= table.cells
            self._chars_left -= len(text)


class _Table:
    """The rows of a sheet, as long as they fit: what makes a row wide is counted in all of them."""

    def __init__(self, cells: int, chars: int) -> None:
        self.rows: list[tuple[int, dict[int, str]]] = []
        self.cells = 0
        self._most_cells = cells
        self._most_chars = chars
        self._columns: set[int] = set()
        self._chars = 0
        """Of cells, of row numbers and of the letters of columns."""
        self._too_long: tuple[int, dict[int, str]] = (0, {})

    def take(self, row: Row) -> bool:
        """Whether `row` still fits, and is therefore kept."""
        number, cells = row
        texts = {index: text for index, cell in cells if (text := cell_text(cell))}
        return not texts or self._keep(number, texts)

    def take_start(self) -> None:
        """Keep as many cells as fit of the row that did not fit; of a first one that alone is too long, its start."""
        number, texts = self._too_long
        start: dict[int, str] = {}
        room = self._most_chars - len(str(number)) - 2  # ends of lines
        for index, text in texts.items():
            room -= len(text) + len(letters(index)) + 2
            if room < 0 or len(start) == self._most_cells:
                break
            start[index] = text
        if not start:
            index, text = next(iter(texts.items()))
            start[index] = text[: max(0, room + len(text))]
        self._keep(number, start)

    def _keep(self, number: int, texts: dict[int, str]) -> bool:
        new = texts.keys() - self._columns
        chars = self._chars + len(str(number)) + sum(map(len, texts.values())) + sum(len(letters(n)) for n in new)
        # Every row, and the one of letters above, has a tab for each column and an end of its line.
        written = chars + (len(self.rows) + 2) * (len(self._columns) + len(new) + 1)
        if written > self._most_chars or self.cells + len(texts) > self._most_cells:
            self._too_long = number, texts
            return False
        self._columns |= new
        self._chars = chars
        self.cells += len(texts)
        self.rows.append((number, texts))
        return True

    @property
    def text(self) -> str:
        """Columns without any cell are left out; every row has as many cells as there are letters."""
        columns = sorted(self._columns)
        if not columns:
            return ""
        head = "\t".join(["", *map(letters, columns)])
        rows = ("\t".join([str(n), *(row.get(index, "") for index in columns)]) for n, row in self.rows)
        return "\n".join([head, *rows])


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
