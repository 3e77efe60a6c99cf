"""How a place in a document is named to models: the words that they pass on as a citation. Pure."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from bot.domain.media import PartKind


def mark(kind: PartKind, number: int, name: str = "") -> str:
    """`page 3`, `sheet Budget`, `section 2 (Costs)`, `lines 1–120`; the only sheet of a CSV file has no name and is a
    `table`."""
    match kind:
        case "lines":
            last = int(name) if name.isdecimal() else number
            return f"line{'s' if last > number else ''} {spanned(number, last)}"
        case "sheet":
            return f"sheet {name}" if name else "table"
        case "page" | "slide" | "section":
            return f"{kind} {number} ({name})" if name else f"{kind} {number}"


def spanned(first: int, last: int) -> str:
    """`3`, or `3–5`."""
    return str(first) if first >= last else f"{first}–{last}"


def cited(name: str, *places: str) -> str:
    """A citation: `report.pdf, page 3`."""
    return ", ".join([name, *(place for place in places if place and place != "table")])


def rows(numbers: Collection[int]) -> str:
    """`row 2`, `rows 2–6, 8`; empty for none."""
    shown = ranges(numbers)
    return f"row{'' if len(numbers) == 1 else 's'} {shown}" if shown else ""


def ranges(numbers: Iterable[int], *, most: int = 8) -> str:
    """`2–6, 8, 10–41`; of numbers in many pieces the first ones."""
    pieces: list[Sequence[int]] = [
        [number for _, number in run]
        for _, run in groupby(enumerate(sorted(set(numbers))), key=lambda pair: pair[1] - pair[0])
    ]
    shown = [spanned(piece[0], piece[-1]) for piece in pieces[:most]]
    return ", ".join([*shown, "…"] if len(pieces) > most else shown)
