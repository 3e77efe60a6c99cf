"""What others wrote as Markdown that shows it as it stands, and numbers as a language writes them. Pure."""

import re
from collections.abc import Sequence

from bot.markdown.plain import clean
from specialists.sheets import Column, Row, Sheet, columns

_COLUMNS = 6
_ROWS = 12
_CELL_CHARS = 40
_NAME_CHARS = 80
_MARKUP = re.compile(r"[\\`*_\[\]<>|~&#]")
_LINE_MARKUP = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[-+=](?:[-=\s]|$)))(.)")
_TICKS = re.compile(r"`+")
_THREES = re.compile(r"\B(?=(\d{3})+(?!\d))")


def escaped(text: str) -> str:
    """One line as Markdown that shows it as it stands, with no more backslashes than that takes."""
    return _LINE_MARKUP.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", text.strip()))


def quoted(text: str) -> str:
    """A quotation; without any empty lines at its ends."""
    lines = clean(text).strip("\n").split("\n")
    return "\n".join(f"> {escaped(line)}".rstrip() for line in lines)


def coded(text: str) -> str:
    """Lines with their indentation."""
    shown = clean(text)
    fence = "`" * max(3, *(len(run) + 1 for run in _TICKS.findall(shown)), 3)
    return f"{fence}\n{shown}\n{fence}"


def named(name: str) -> str:
    """The name of a file, a sheet or a column on one line, for the inside of a code span."""
    line = " ".join(clean(name).replace("`", "'").split())
    return line if len(line) <= _NAME_CHARS else f"{line[: _NAME_CHARS - 1]}…"


def table(sheet: Sheet, rows: Sequence[Row], only: Sequence[Column] = ()) -> str:
    """Some rows of a sheet with their numbers; at most 6 columns and 12 rows, long cells cut."""
    shown = [*(only or columns(sheet, _COLUMNS))[:_COLUMNS]]
    head = ["", *(_head(column, rows) for column in shown)]
    body = [[str(row.number), *(_cell(row.cell(column.index)) for column in shown)] for row in rows[:_ROWS]]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(number: str, language: str) -> str:
    """A number as of `Computed.number`, with thousands set apart."""
    whole, _, part = number.partition(".")
    gap, mark = ("\u00a0", ",") if language == "ru" else (",", ".")
    grouped = _THREES.sub(gap, whole)
    return f"{grouped}{mark}{part}" if part else grouped


def _head(column: Column, rows: Sequence[Row]) -> str:
    """With the heading, unless its row is shown."""
    seen = not column.heading or any(row.number == column.heading_row for row in rows[:_ROWS])
    return column.letter if seen else f"{column.letter}: {_cell(column.heading)}"


def _cell(text: str) -> str:
    line = " ".join(clean(text).split())
    return escaped(line if len(line) <= _CELL_CHARS else f"{line[: _CELL_CHARS - 1]}…")
