"""Paging: a long reply cut into messages, none of which changes any more once it was full."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.markdown.graphemes import cut_before
from bot.markdown.slices import Marks, Slices

_FIRST_GUESS = 2048
_WHOLE = 65_536
_TRIES = 12
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”»)\]*_]*\s+|[。！？]+[」』”]*")
_BLANKS = re.compile(r"\s+")
_UNIT = re.compile(r"!?\[[^\[\]\n]{0,300}\]\([^()\s]{0,2000}\)|(?:https?|tg|mailto):[^\s<>]+|`[^`\n]{1,200}`")
_UNIT_CHARS = 2400


@dataclass(frozen=True, slots=True)
class Page:
    """One message: `text` is self-contained Markdown that shows `source[start:end]`."""

    text: str
    start: int
    end: int


def paginate(source: str, fits: Callable[[str], bool], boundaries: Sequence[int] = ()) -> list[Page]:
    """Cut `source` into pages that `fits` accepts; the spans cover it without gap or overlap.

    `boundaries` are the ends of pages that were already shown in full: they are kept, so that a growing text never
    changes a finished page. The last page is open. Cuts prefer the end of a block, then of a line or item, of a
    sentence, of a word, and at last of a character; a single character that does not fit gets a page of its own.
    """
    if not boundaries and 0 < len(source) <= _WHOLE and fits(source):
        # Most replies are one page, and a growing one is asked for at every preview.
        return [Page(source, 0, len(source))]
    slices = Slices(source)
    pages: list[Page] = []
    start = 0
    marks: Marks = ()
    for end in boundaries:
        if start < end <= len(source):
            pages.append(Page(slices.text(start, end, marks), start, end))
            start, marks = end, slices.marks(start, end, marks)
    guess = _FIRST_GUESS
    while start < len(source):
        end = _Cut(slices, fits, start, marks).end(guess)
        pages.append(Page(slices.text(start, end, marks), start, end))
        if end == len(source):
            break
        guess = max(64, end - start)
        start, marks = end, slices.marks(start, end, marks)
    return pages


class _Cut:
    """The search for the end of the page that begins at `start`."""

    def __init__(self, slices: Slices, fits: Callable[[str], bool], start: int, marks: Marks) -> None:
        self._slices = slices
        self._source = slices.source
        self._fits = fits
        self._start = start
        self._marks = marks

    def end(self, guess: int) -> int:
        size = len(self._source)
        if size - self._start <= _WHOLE and self._good(size):
            return size
        reach = self._reach(guess)
        if reach == size:
            return size
        tried: set[int] = set()
        for candidate in self._candidates(reach):
            if candidate in tried:
                continue
            tried.add(candidate)
            if self._good(candidate):
                return candidate
            if len(tried) >= _TRIES:
                break
        return self._last_resort(reach)

    def _good(self, end: int) -> bool:
        return self._fits(self._slices.text(self._start, end, self._marks))

    def _reach(self, guess: int) -> int:
        """About the farthest end that fits: doubled from `guess` until it does not, then halved in."""
        size, good, step = len(self._source), self._start, guess
        while True:
            bad = min(size, self._start + step)
            if not self._good(bad):
                break
            good = bad
            if good == size:
                return size
            step *= 2
        while bad - good > max(1, (good - self._start) // 64):
            middle = (good + bad) // 2
            if self._good(middle):
                good = middle
            else:
                bad = middle
        return good

    def _candidates(self, reach: int) -> Iterator[int]:
        """Ends to try, best first: a good kind of place counts only if it leaves the page well filled."""
        start, length = self._start, reach - self._start
        blocks, lines = self._line_starts(reach)
        text = self._source[start:reach]
        units = self._units(reach)
        sentences = [start + match.end() for match in _SENTENCE_END.finditer(text)]
        words = [start + match.end() for match in _BLANKS.finditer(text)]
        kinds = [(blocks, 0.5), (lines, 0.5), (sentences, 0.6), (words, 0.7)]
        for ends, fill in kinds:
            yield from [end for end in reversed(ends[-3:]) if end - start >= length * fill and not _within(end, units)][
                :2
            ]
        for ends, _ in kinds:
            yield from [end for end in reversed(ends[-2:]) if end > start and not _within(end, units)]
        yield next(
            (low for low, high in units if low > start and low < reach < high), cut_before(self._source, reach, start)
        )

    def _line_starts(self, reach: int) -> tuple[list[int], list[int]]:
        """Line starts in the page behind which it may end: between blocks, and between lines that may part."""
        slices, blocks, lines = self._slices, [], []
        for number in range(slices.number(self._start) + 1, slices.number(reach) + 1):
            line, before = slices.lines[number], slices.lines[number - 1]
            if line.kind in ("blank", "delimiters", "underline", "close") or line.start <= self._start:
                continue
            if before.kind in ("open", "delimiters"):
                continue
            inside = before.leaf == line.leaf and line.kind in ("text", "body", "row")
            if inside or (before.kind != "blank" and line.containers):
                lines.append(line.start)
            else:
                blocks.append(line.start)
        return blocks, lines

    def _units(self, reach: int) -> list[tuple[int, int]]:
        """Links, addresses and short code near the end of the page, which should not be torn."""
        low = max(self._start, reach - _UNIT_CHARS)
        found = _UNIT.finditer(self._source, low, min(len(self._source), reach + _UNIT_CHARS))
        return [match.span() for match in found]

    def _last_resort(self, reach: int) -> int:
        """Between characters: ever shorter until it fits, at least one character."""
        length = reach - self._start
        while length > 1:
            end = cut_before(self._source, self._start + length, self._start)
            if self._good(end):
                return end
            length = length * 3 // 4
        return cut_after(self._source, self._start)


def cut_after(source: str, start: int) -> int:
    """The end of the single character at `start`: its marks and joined parts stay with it when it is short."""
    end = start + 1
    while end < min(len(source), start + 8) and cut_before(source, end, start) != end:
        end += 1
    return end


def _within(at: int, units: list[tuple[int, int]]) -> bool:
    return any(low < at < high for low, high in units)
