"""Places within a document: parts, and the lines or rows of a part. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.media import Part


@dataclass(frozen=True, slots=True)
class Item:
    """What can be asked for by a number: a page, slide or section with its text; a line; a row of a sheet."""

    number: int
    text: str


def end_of(part: Part) -> int:
    """The last number that the part has: of `lines` that of its last line."""
    return int(part.name) if part.kind == "lines" and part.name.isdecimal() else part.number


def counted(first: int, last: int, end: int) -> tuple[int, int]:
    """Numbers of which those below zero count from the `end`, counted from the beginning."""
    from_start, to = (number if number > 0 else max(end + 1 + number, 1) for number in (first, last))
    return from_start, to


def parts_between(known: Sequence[Part], first: int, last: int) -> list[Part]:
    """Those that have any of the numbers, in order."""
    return [part for part in known if part.number <= last and end_of(part) >= first]


def items(parts: Sequence[Part], first: int, last: int) -> Iterator[Item]:
    """Whole pages, slides and sections, else the lines or rows from `first` to `last`."""
    for part in parts:
        yield from (item for item in _items(part) if first <= item.number <= last)


def _items(part: Part) -> Iterator[Item]:
    match part.kind:
        case "lines":
            yield from (Item(number, line) for number, line in enumerate(part.text.split("\n"), part.number))
        case "sheet":
            yield from _rows(part)
        case "page" | "slide" | "section":
            yield Item(part.number, part.text)


def letters(part: Part) -> str:
    """The first line of a sheet: the letters of its columns."""
    return part.text.partition("\n")[0]


def _rows(part: Part) -> Iterator[Item]:
    for line in part.text.split("\n")[1:]:
        number = line.partition("\t")[0]
        if number.isdecimal():
            yield Item(int(number), line)
