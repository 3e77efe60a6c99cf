"""The piece of a text in which what was asked stands. Pure."""

import re
from bisect import bisect_right
from collections.abc import Collection
from itertools import accumulate, pairwise

_BREAK = re.compile(r"\n\s*\n|(?<=[.!?…])[ \t]+|\n")
_GAP = "…"
_SHORTEST_BEGINNING = 3


def excerpt(text: str, asked: Collection[str], chars: int) -> str:
    """About `chars` of `text`: whole sentences or lines, from where most of the stems `asked` stand close together.

    The first line of a sheet, its letters, always stays. `text` itself when it is short enough.
    """
    if len(text) <= chars:
        return text
    pieces = _pieces(text)
    letters = pieces[0] if text.startswith("\t") else ""
    start = _start(pieces, asked, chars - len(letters))
    if start == 0:
        return shortened(text, chars)
    shown = shortened("".join(pieces[start:]), chars - len(letters))
    return f"{letters or f'{_GAP} '}{shown}"


def shortened(text: str, chars: int) -> str:
    """The beginning of `text`, at most about `chars` long, up to the end of a sentence, line or word; itself when it is
    short enough."""
    if len(text) <= chars:
        return text
    ends = [found.start() for found in _BREAK.finditer(text, chars // 2, chars)]
    space = text.rfind(" ", chars // 2, chars)
    end = ends[-1] if ends else space if space > 0 else chars
    return f"{text[:end].rstrip()} {_GAP}"


def beginnings(stems: Collection[str]) -> list[str]:
    """What all forms of each word have in common: `citi` stands for city and cities."""
    return [stem[:-1] if len(stem) > _SHORTEST_BEGINNING + 1 else stem for stem in stems]


def _start(pieces: list[str], asked: Collection[str], room: int) -> int:
    """The first piece of the best stretch; one more before it where there is room."""
    words = beginnings(asked)
    folded = [piece.casefold().replace("ё", "е") for piece in pieces]
    hits = [sum(word in piece for word in words) for piece in folded]
    total = [0, *accumulate(hits)]
    ends = [0, *accumulate(map(len, pieces))]
    best, most = 0, 0
    for index, count in enumerate(hits):
        if count:
            last = max(bisect_right(ends, ends[index] + room) - 1, index + 1)
            if total[last] - total[index] > most:
                best, most = index, total[last] - total[index]
    lead = best - 1 if best else 0
    return lead if len(pieces[lead]) + len(pieces[best]) <= room // 2 else best


def _pieces(text: str) -> list[str]:
    """Sentences and lines; joined they are `text` again."""
    cuts = [0, *(found.end() for found in _BREAK.finditer(text)), len(text)]
    return [text[first:last] for first, last in pairwise(cuts) if last > first]
