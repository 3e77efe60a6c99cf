"""What is still open at the end of a run of inline Markdown: emphasis, code, spoilers, math, links.

CommonMark's delimiter rules, plus ``||spoiler||`` and ``$$math$$``. Two readings are kinder than the standard's,
because an end is not yet known: an opener inside a word (``2*3``) and a bracket that cannot become a link stay text.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

_TOKEN = re.compile(r"\\[^\n]|`+|\*+|_+|~+|\|+|\$+|!?\[|\]|<")
_ATOM = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]+:[^\s<>]*>")
_HALF_ATOM = re.compile(r"<(?=(?:https?|mailto|tg):[^\s<>]*$)")
_MATH = re.compile(r"\$(?![\s$])[^$\n]*(?<![\s\\])\$(?![\d$])")
_TARGET = re.compile(
    r"\(\s*(?:<[^<>\n]*>|(?:[^\s()\\<]|\\.|\((?:[^\s()\\]|\\.)*\))(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*)?"
    r"(?:\s+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?\s*\)"
)
_HALF_TARGET = re.compile(r"\(\s*(?:<[^<>\n]*|[^\s<]*)(?:\s+(?:\"[^\"\n]*\"?|'[^'\n]*'?|\([^()\n]*\)?)?)?$")
_TRAILING = re.compile(r"[*_~|]+$")
_TITLE_CHARS = 300


class Opener(NamedTuple):
    """A delimiter waiting for its twin: the characters at `at` that `mark` repeats."""

    at: int
    mark: str


@dataclass(slots=True)
class Inline:
    """What is open: `openers` outermost first, `drop` the spans of half a link, `tail` where half a mark begins."""

    openers: list[Opener] = field(default_factory=list)
    drop: list[tuple[int, int]] = field(default_factory=list)
    tail: int | None = None


@dataclass(slots=True)
class _Run:
    at: int
    char: str
    count: int
    length: int
    opens: bool
    closes: bool


def read(text: str, *, cells: bool = False) -> Inline:
    """Read one paragraph, heading or table row (`cells`: a pipe divides, it hides nothing)."""
    return _Reader(text, cells).read()


def settle(text: str, *, cells: bool = False) -> str:
    """`text` with its open constructs closed or held back. Complete text is returned as it is."""
    found = read(text, cells=cells)
    if not found.openers and not found.drop and found.tail is None:
        return text
    cut = text if found.tail is None else text[: found.tail]
    for start, end in reversed(found.drop):
        cut = cut[:start] + cut[end:]
    cut = _unescaped(_TRAILING.sub("", cut.rstrip()) if found.openers else cut).rstrip()
    closed = _closed(cut, cells=cells)
    again = read(closed, cells=cells)
    return _without(closed, again.openers) if again.openers else closed


def closers(openers: list[Opener]) -> str:
    """What closes `openers`, innermost first."""
    return "".join(opener.mark for opener in reversed(openers))


def _closed(text: str, *, cells: bool) -> str:
    found = read(text, cells=cells)
    cut = text if found.tail is None else text[: found.tail].rstrip()
    return cut + closers([opener for opener in found.openers if opener.at + len(opener.mark) < len(cut)])


def _without(text: str, openers: list[Opener]) -> str:
    for opener in sorted(openers, reverse=True):
        text = text[: opener.at] + text[opener.at + len(opener.mark) :]
    return text


def _unescaped(text: str) -> str:
    slashes = len(text) - len(text.rstrip("\\"))
    return text[:-1] if slashes % 2 else text


def _is_punctuation(char: str) -> bool:
    return not char.isalnum() and not char.isspace()


def _joins_word(char: str) -> bool:
    """Letters of scripts that put spaces between words; Chinese and Japanese do not."""
    return char.isalnum() and char < "\u2e80"


class _Reader:
    def __init__(self, text: str, cells: bool) -> None:
        self._text = text
        self._cells = cells
        self._runs: list[_Run] = []
        self._bottoms: dict[tuple[str, bool, int], int] = {}
        self._brackets: list[tuple[int, int, int]] = []
        self._ticks: dict[int, list[int]] = {}
        self._found = Inline()

    def read(self) -> Inline:
        text = self._text
        if "`" in text:
            for match in re.finditer(r"`+", text):
                self._ticks.setdefault(len(match[0]), []).append(match.start())
        at: int | None = 0
        while at is not None and (token := _TOKEN.search(text, at)):
            at = self._token(token[0], token.start(), token.end())
        self._finish()
        return self._found

    def _token(self, token: str, start: int, end: int) -> int | None:
        """The index to go on at; `None` when the rest belongs to an open construct."""
        match token[0]:
            case "`":
                return self._code(token, start, end)
            case "$":
                return self._math(token, start, end)
            case "<":
                return self._angle(start, end)
            case "[" | "!":
                self._brackets.append((start, end, len(self._runs)))
                return end
            case "]":
                return self._link(start, end)
            case "*" | "_" | "~" | "|":
                self._run(token[0], start, end)
        return end

    def _code(self, token: str, start: int, end: int) -> int | None:
        places = self._ticks.get(len(token), [])  # an escape may have taken the first tick of the run
        twin = bisect_left(places, end)
        if twin < len(places):
            return places[twin] + len(token)
        rest = self._text[end:].rstrip("`")
        if not rest.strip():
            if not self._text[end:].strip():
                self._found.tail = start
            return end
        if end - start > 2 and "\n" in self._text[end:]:
            return end
        self._found.tail = end + len(rest) if len(rest) < len(self._text) - end else None
        self._found.openers.append(Opener(start, token))
        return None

    def _math(self, token: str, start: int, end: int) -> int | None:
        if len(token) == 1:
            match = _MATH.match(self._text, start)
            return match.end() if match else end
        if len(token) != 2:
            return end
        twin = self._text.find("$$", end)
        if twin >= 0:
            return twin + 2
        rest = self._text[end:].rstrip("$")
        if not rest.strip():
            self._found.tail = start
        else:
            self._found.tail = end + len(rest) if len(rest) < len(self._text) - end else None
            self._found.openers.append(Opener(start, token))
        return None

    def _angle(self, start: int, end: int) -> int:
        if atom := _ATOM.match(self._text, start):
            return atom.end()
        if _HALF_ATOM.match(self._text, start):
            self._found.drop.append((start, start + 1))
            return len(self._text)
        return end

    def _link(self, start: int, end: int) -> int | None:
        if not self._brackets:
            return end
        opened, inside, runs = self._brackets.pop()
        text = self._text
        if target := _TARGET.match(text, end):
            del self._runs[runs:]
            return target.end()
        if _HALF_TARGET.match(text, end) or (text.startswith("[", end) and _is_half_label(text, end)):
            self._found.drop += [(opened, inside), (start, len(text))]
            self._brackets.clear()
            return None
        return end

    def _run(self, char: str, start: int, end: int) -> None:
        if char == "|" and (self._cells or end - start != 2):
            return
        before = self._text[start - 1] if start else " "
        after = self._text[end] if end < len(self._text) else " "
        left = not after.isspace() and (not _is_punctuation(after) or before.isspace() or _is_punctuation(before))
        right = not before.isspace() and (not _is_punctuation(before) or after.isspace() or _is_punctuation(after))
        opens, closes = left, right
        if char == "_":
            opens = left and (not right or _is_punctuation(before))
            closes = right and (not left or _is_punctuation(after))
        run = _Run(start, char, end - start, end - start, opens, closes)
        if char in "~|" and run.count != 2:
            return
        if closes:
            self._close(run)
        if run.count and run.opens:
            self._runs.append(run)
        elif run.count and end == len(self._text):
            self._unfinished(run, start, before)

    def _close(self, run: _Run) -> None:
        key = (run.char, run.opens, run.length % 3)
        while run.count:
            at = len(self._runs) - 1
            bottom = min(self._bottoms.get(key, 0), len(self._runs))
            while at >= bottom and not _pairs(self._runs[at], run):
                at -= 1
            if at < bottom:
                self._bottoms[key] = len(self._runs)
                return
            opener = self._runs[at]
            used = 2 if min(opener.count, run.count) >= 2 else 1
            opener.count -= used
            run.count -= used
            del self._runs[at + 1 if opener.count else at :]

    def _unfinished(self, run: _Run, start: int, before: str) -> None:
        """A mark at the very end: half of a closer, or an opener whose text is still to come."""
        open_twin = any(other.char == run.char for other in self._runs)
        if before.isspace() or open_twin or run.length > 1:
            self._found.tail = start

    def _finish(self) -> None:
        for run in self._runs:
            if not _joins_word(self._text[run.at - 1] if run.at else " "):
                self._found.openers.append(Opener(run.at, run.char * run.count))
        self._found.openers.sort()
        for opened, inside, _ in reversed(self._brackets):
            if self._may_become_link(opened, inside):
                self._found.drop.append((opened, inside))
                break
        self._found.drop.sort()

    def _may_become_link(self, opened: int, inside: int) -> bool:
        title = self._text[inside:]
        if len(title) > _TITLE_CHARS or "\n" in title or title[:1].isspace():
            return False
        before = self._text[opened - 1] if opened else " "
        return not _joins_word(before) and title.count(")") <= title.count("(") and "]" not in title


def _pairs(opener: _Run, closer: _Run) -> bool:
    if opener.char != closer.char:
        return False
    both = (opener.opens and opener.closes) or (closer.opens and closer.closes)
    return not (both and (opener.length + closer.length) % 3 == 0 and (opener.length % 3 or closer.length % 3))


def _is_half_label(text: str, at: int) -> bool:
    label = text[at + 1 :]
    return len(label) <= _TITLE_CHARS and "]" not in label and "\n" not in label
