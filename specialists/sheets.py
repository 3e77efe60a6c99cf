"""Sheets as they are shelved, and which column of them is meant. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.media import Part
from specialists.figures import Custom, figure

Stems = Callable[[str], Sequence[str]]
"""The words of a text that say something, without their endings (`Stemmer.stems`)."""

_LETTERS = re.compile(r"[A-Z]{1,3}")
_HEADING_ROWS = 20
"""How far down the headings of a table may stand."""
_HEADING_CHARS = 80
_MOSTLY = 0.75
"""A row as full as this share of the fullest one is a row of the table; a sparser one may be a remark above it."""
_CYRILLIC = str.maketrans("АВСЕНКМОРТХУ", "ABCEHKMOPTXY")
"""Letters that look alike, as they are typed on the other keyboard."""


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    cells: tuple[str, ...]

    def cell(self, index: int) -> str:
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
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
        """From below the heading."""
        return ((row, row.cell(self.index).strip()) for row in self.sheet.rows if row.number > self.heading_row)


def letter(index: int) -> str:
    """`A` for 0, `AA` for 26."""
    name = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        name, index = chr(ord("A") + rest) + name, index - 1
    return name


def columns(sheet: Sheet) -> list[Column]:
    """All that have a cell with something in it."""
    filled = {index for row in sheet.rows for index, cell in enumerate(row.cells) if cell.strip()}
    return [headed(sheet, index) for index in sorted(filled) if index < len(sheet.letters)]


def by_letter(sheet: Sheet, name: str) -> Column | None:
    """The column with the letter, in Latin or in letters that look like those."""
    wanted = name.strip().upper().translate(_CYRILLIC)
    return headed(sheet, sheet.letters.index(wanted)) if wanted in sheet.letters else None


def by_heading(sheet: Sheet, words: str, stems: Stems) -> Column | None:
    """The column whose heading is `words`; else the one of whose heading all words occur in `words`, the longest
    first; else the only one whose heading has all of `words`."""
    wanted = _folded(words)
    asked = frozenset(stems(words))
    heads = [(row.number, index, cell) for row in sheet.rows[:_HEADING_ROWS] for index, cell in enumerate(row.cells)]
    known = [(at, index, cell, frozenset(stems(cell))) for at, index, cell in heads if cell.strip()]
    exact = [found for found in known if _folded(found[2]) == wanted]
    within = sorted((found for found in known if found[3] and found[3] <= asked), key=lambda found: -len(found[3]))
    around = [found for found in known if asked and asked <= found[3]]
    best = exact or within or (around if len({found[1] for found in around}) == 1 else [])
    for at, index, cell, _ in best:
        if index < len(sheet.letters) and _heads(sheet, at, index):
            return Column(sheet, index, _line(cell), at)
    return None


def headed(sheet: Sheet, index: int) -> Column:
    """The column with the heading that it shows: its cell in the row of headings, else the words above its first
    number."""
    at = _row_of_headings(sheet)
    if at is not None and at.cell(index).strip():
        return Column(sheet, index, _line(at.cell(index)), at.number)
    above: tuple[str, int] = ("", 0)
    for row in sheet.rows[:_HEADING_ROWS]:
        cell = row.cell(index).strip()
        if cell and figure(cell, Custom()) is not None:
            return Column(sheet, index, *above)
        above = (_line(cell), row.number) if cell else above
    return Column(sheet, index)


def _row_of_headings(sheet: Sheet) -> Row | None:
    """The widest row of words at the beginning, as far as no row of the table itself was met."""
    rows = [(row, [cell for cell in row.cells if cell.strip()]) for row in sheet.rows[:_HEADING_ROWS]]
    width = max((len(cells) for _, cells in rows), default=0)
    best: Row | None = None
    most = max(2, -(-width // 2)) - 1
    for row, cells in rows:
        wordy = _is_a_row_of_years(cells) or not any(figure(cell, Custom()) for cell in cells)
        if wordy and len(cells) > most:
            best, most = row, len(cells)
        elif not wordy and len(cells) >= _MOSTLY * width:
            break
    return best


def column_of_figures(sheet: Sheet) -> str:
    """The letter of the column that has most numbers at the beginning of the sheet, of several the last; empty when
    there is none."""
    counts = [
        (sum(figure(row.cell(index), Custom()) is not None for row in sheet.rows[:_HEADING_ROWS]), index)
        for index in range(len(sheet.letters))
    ]
    most, index = max(counts, default=(0, 0))
    return sheet.letters[index] if most else ""


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
    years = [int(cell) for cell in map(str.strip, cells) if re.fullmatch(r"(?:19|20)\d\d", cell)]
    follow = len(years) > 1 and all(abs(b - a) == 1 for a, b in pairwise(years))
    return follow and sum(figure(cell, Custom()) is not None for cell in cells) == len(years)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" :*")


def _line(text: str) -> str:
    return " ".join(text.split())[:_HEADING_CHARS]
