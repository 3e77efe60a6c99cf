"""Sheets as they are shelved, and which column of them is meant. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, takewhile

from bot.domain.media import Part
from specialists.figures import Custom, figure, is_number

Stems = Callable[[str], Sequence[str]]
"""The words of a text that say something, without their endings (`Stemmer.stems`)."""

_LETTERS = re.compile(r"[A-Z]{1,3}")
_HEADING_ROWS = 20
"""How far down the headings of a table may stand."""
_HEADING_CHARS = 80
_MOSTLY = 0.75
"""A row as full as this share of the fullest one is a row of the table; a sparser one may be a remark above it."""
_TITLE_ROWS = 2
"""So many lines may stand above the headings of a further table."""
_FURTHER_TABLES = 50
"""So many of them have their columns found by heading."""
_FIRST_ROWS = 3
"""One of so many rows below a row of words has a number where the words are headings."""
_NO_VALUE = frozenset(("n/a", "na", "none", "null", "nan", "-", "–", "—", "нет", "н/д"))
_YEAR = re.compile(r"(?:19|20)\d\d")
_MAYBE_A_YEAR = re.compile(r"[12]\d{3}")
_CYRILLIC = str.maketrans("АВСЕНКМОРТХУ", "ABCEHKMOPTXY")
"""Letters that look alike, as they are typed on the other keyboard."""


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    cells: tuple[str, ...]

    def cell(self, index: int) -> str:
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True)
class Sheet:
    """What is asked of it often is found once."""

    name: str
    number: int
    letters: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, part: Part) -> "Sheet":
        """Read the form that `Part` describes. A text in another form has its lines for rows."""
        lines = part.text.split("\n")
        first = lines[0].split("\t")
        if first[0] == "" and len(first) > 1 and all(map(_LETTERS.fullmatch, first[1:])):
            return cls(part.name, part.number, tuple(first[1:]), tuple(_numbered(lines[1:])))
        rows = tuple(Row(number, tuple(line.split("\t"))) for number, line in enumerate(lines, 1) if line.strip())
        width = max((len(row.cells) for row in rows), default=0)
        return cls(part.name, part.number, tuple(map(letter, range(width))), rows)

    @property
    def title(self) -> str:
        return self.name or str(self.number)

    @cached_property
    def filled(self) -> tuple[int, ...]:
        """The columns that have a cell with something in it, in order."""
        there = {index for row in self.rows for index, cell in enumerate(row.cells) if cell.strip()}
        return tuple(index for index in sorted(there) if index < len(self.letters))

    @cached_property
    def headings(self) -> Row | None:
        """The row of headings: the widest row of words at the beginning, as far as no row of the table was met."""
        return _row_of_headings(self.rows[:_HEADING_ROWS])

    @cached_property
    def further_headings(self) -> tuple[Row, ...]:
        """The rows of words over numbers that follow empty rows: there another table may begin."""
        found = (
            _first_headings(self.rows[at : at + _TITLE_ROWS + 1 + _FIRST_ROWS])
            for at, (row, below) in enumerate(pairwise(self.rows), 1)
            if below.number > row.number + 1
        )
        return tuple(row for row in found if row)


@dataclass(frozen=True, slots=True)
class Column:
    sheet: Sheet
    index: int
    heading: str = ""
    """Of the column, when it has one; on one line."""
    heading_row: int = 0
    """0 when there is none."""

    @property
    def letter(self) -> str:
        return self.sheet.letters[self.index]

    @property
    def cells(self) -> Iterator[tuple[Row, str]]:
        """From below the heading to the end of the table."""
        end = self.next_table
        rows = (row for row in self.sheet.rows if row.number > self.heading_row and not 0 < end <= row.number)
        return ((row, row.cell(self.index).strip()) for row in rows)

    @property
    def next_table(self) -> int:
        """Number of the row below in which another table begins, with another heading for this column; 0 when there is
        none."""
        return next((column.heading_row for column in self._further()), 0)

    def at(self, row: int) -> "Column":
        """The column with this letter in the table that has the row."""
        column = self
        for below in self._further():
            if below.heading_row > row:
                break
            column = below
        return column

    def _further(self) -> Iterator["Column"]:
        """The columns with this letter in the tables below."""
        heads = frozenset(row.number for row in self.sheet.further_headings)
        heading, is_filled = _folded(self.heading), False
        for row in self.sheet.rows if heads else ():
            cell = row.cell(self.index)
            if row.number <= self.heading_row or not cell.strip():
                continue
            if is_filled and row.number in heads and _folded(cell) != heading:
                yield Column(self.sheet, self.index, _line(cell), row.number)
                heading, is_filled = _folded(cell), False
            else:
                is_filled = True


def letter(index: int) -> str:
    """`A` for 0, `AA` for 26."""
    name = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        name, index = chr(ord("A") + rest) + name, index - 1
    return name


def columns(sheet: Sheet, most: int | None = None) -> list[Column]:
    """All that have a cell with something in it, or the first `most` of them."""
    return [headed(sheet, index) for index in sheet.filled[:most]]


def by_letter(sheet: Sheet, name: str) -> Column | None:
    """The column with the letter, in Latin or in letters that look like those."""
    wanted = name.strip().upper().translate(_CYRILLIC)
    return headed(sheet, sheet.letters.index(wanted)) if wanted in sheet.letters else None


def by_heading(sheet: Sheet, words: str, stems: Stems) -> Column | None:
    """The column whose heading is `words`; else the one of whose heading all words occur in `words`, the longest
    first, then the one that is said first; else the only one whose heading has all of `words`."""
    wanted = _folded(words)
    said = list(stems(words))
    asked = frozenset(said)
    heads = [(row.number, index, cell) for row in _rows_with_headings(sheet) for index, cell in enumerate(row.cells)]
    known = [(at, index, cell, frozenset(stems(cell))) for at, index, cell in heads if cell.strip()]
    exact = [found for found in known if _folded(found[2]) == wanted]
    within = [found for found in known if found[3] and found[3] <= asked]
    own = sheet.headings.number if sheet.headings else 0
    within.sort(key=lambda found: (-len(found[3]), found[0] != own, min(map(said.index, found[3]))))
    around = [found for found in known if asked and asked <= found[3]]
    best = exact or within or (around if len({found[1] for found in around}) == 1 else [])
    for at, index, cell, _ in best:
        if index < len(sheet.letters) and _heads(sheet, at, index):
            return Column(sheet, index, _line(cell), at)
    return None


def _rows_with_headings(sheet: Sheet) -> list[Row]:
    """Down to the first row of numbers, and those of further tables."""
    rows: Iterable[Row] = sheet.rows[:_HEADING_ROWS]
    own = sheet.headings
    if own is not None:
        rows = takewhile(lambda row: row.number <= own.number or not _has_numbers(row), rows)
    return list(dict.fromkeys((*rows, *sheet.further_headings[:_FURTHER_TABLES])))


def headed(sheet: Sheet, index: int) -> Column:
    """The column with the heading that it shows: its cell in the row of headings, else the words above its first
    number."""
    at = sheet.headings
    if at is not None and at.cell(index).strip():
        return Column(sheet, index, _line(at.cell(index)), at.number)
    above: tuple[str, int] = ("", 0)
    for row in sheet.rows[:_HEADING_ROWS]:
        cell = row.cell(index).strip()
        if cell and figure(cell, Custom()) is not None:
            return Column(sheet, index, *above)
        above = (_line(cell), row.number) if cell else above
    return Column(sheet, index)


def _row_of_headings(beginning: Sequence[Row]) -> Row | None:
    rows = [(row, [cell for cell in row.cells if cell.strip()]) for row in beginning]
    width = max((len(cells) for _, cells in rows), default=0)
    best: Row | None = None
    most = max(2, -(-width // 2)) - 1
    for at, (row, cells) in enumerate(rows):
        wordy = not any(figure(cell, Custom()) for cell in cells) or _is_a_row_of_years(cells)
        wordy = wordy or (best is None and _has_years_over_others(row, beginning[at + 1 :]))
        if wordy and len(cells) > most:
            best, most = row, len(cells)
        elif not wordy and len(cells) >= _MOSTLY * width:
            break
    return best


def _first_headings(rows: Sequence[Row]) -> Row | None:
    """Of a table that begins with these rows, at most some titles above its headings."""
    for at, (row, below) in enumerate(pairwise(rows[: _TITLE_ROWS + 2]), 1):
        filled = [index for index, cell in enumerate(row.cells) if cell.strip()]
        words = [row.cell(index) for index in filled]
        if below.number > row.number + 1 or any(figure(cell, Custom()) or _folded(cell) in _NO_VALUE for cell in words):
            return None
        if len(filled) > 1:
            first = (one for one in rows[at : at + _FIRST_ROWS] if one.number <= row.number + _FIRST_ROWS)
            has_numbers = any(figure(one.cell(index), Custom()) for one in first for index in filled)
            return row if has_numbers else None
    return None


def _numbered(lines: Iterable[str]) -> Iterator[Row]:
    for line in lines:
        number, _, rest = line.partition("\t")
        if number.isdecimal():
            yield Row(int(number), tuple(rest.split("\t")))


def _heads(sheet: Sheet, at: int, index: int) -> bool:
    """Something stands below the cell."""
    return any(row.number > at and row.cell(index).strip() for row in sheet.rows)


def _is_a_row_of_years(cells: Sequence[str]) -> bool:
    """Such as `Product · 2024 · 2025`: headings that happen to be numbers."""
    years = [int(cell) for cell in cells if is_year(cell)]
    follow = len(years) > 1 and all(abs(b - a) == 1 for a, b in pairwise(years))
    return follow and sum(figure(cell, Custom()) is not None for cell in cells) == len(years)


def _has_years_over_others(row: Row, below: Sequence[Row]) -> bool:
    """Such as `Item · 2019 · 2024` over numbers that are no years."""
    numbers = [(index, cell) for index, cell in enumerate(row.cells) if figure(cell, Custom())]
    if not numbers or not all(is_year(cell) for _, cell in numbers):
        return False
    has_words = len(numbers) < sum(bool(cell.strip()) for cell in row.cells)
    if not has_words and (len(numbers) == 1 or row.cells[0].strip()):
        return False
    there = ([one.cell(index) for one in below] for index, _ in numbers)
    return all(
        any(figure(cell, Custom()) and not _MAYBE_A_YEAR.fullmatch(cell.strip()) for cell in cells) for cells in there
    )


def _has_numbers(row: Row) -> bool:
    return any(map(is_number, row.cells))


def is_year(cell: str) -> bool:
    return bool(_YEAR.fullmatch(cell.strip()))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" :*")


def _line(text: str) -> str:
    return " ".join(text.split())[:_HEADING_CHARS]
