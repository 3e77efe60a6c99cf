"""The lines of a Markdown text with the blocks they stand in: CommonMark's block rules, read in one pass.

Offsets are indexes into the source, so that healing and paging can cut and insert without rewriting it. Raw HTML is
not a block of its own here: our renderers show it as text.
"""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["blank", "text", "heading", "rule", "underline", "code", "open", "body", "close", "delimiters", "row"]

_FENCE = re.compile(r"(`{3,})([^`\n]*)$|(~{3,})([^\n]*)$")
_HEADING = re.compile(r"#{1,6}(?=[ \t]|$)")
_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_BULLET = re.compile(r"(?:[-*+]|(\d{1,9})[.)])(?=[ \t]|$)")
_DELIMITERS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_PIPE = re.compile(r"(?<!\\)\|")
_WIDTH = {" ": 1, "\t": 4}


class Container(NamedTuple):
    """A block quote, or a list item whose content is indented by `indent` columns; `serial` tells twins apart."""

    serial: int
    quote: bool
    indent: int


class Fence(NamedTuple):
    """A fenced code block: its marker, its info string, and the containers around it."""

    marker: str
    info: str
    containers: tuple[Container, ...]


class Line(NamedTuple):
    """`source[start:end]`, newline included; `body` is where the content starts behind the containers' prefixes.

    The first `continued` containers were open before this line. `leaf` is the number of the first line of the block;
    `fence` is the code block of an `open`, `body` or `close` line.
    """

    start: int
    end: int
    body: int
    kind: Kind
    containers: tuple[Container, ...]
    continued: int
    leaf: int
    fence: Fence | None


def columns(row: str) -> int:
    """How many cells a table row has; an escaped pipe does not divide."""
    text = row.strip()
    inner = text.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return len(_PIPE.findall(inner)) + 1


def scan(source: str) -> list[Line]:
    """Every line of `source`, in order. Linear in its length."""
    return _Scanner(source).lines()


def skip_indent(text: str, at: int, width: int) -> int:
    """The index behind at most `width` columns of blanks; a tab counts four."""
    while width > 0 and at < len(text) and text[at] in _WIDTH:
        width -= _WIDTH[text[at]]
        at += 1
    return at


def _indent(text: str) -> int:
    width = 0
    for char in text:
        if char not in _WIDTH:
            break
        width += _WIDTH[char]
    return width


@dataclass(slots=True)
class _Leaf:
    kind: Literal["none", "paragraph", "fence", "table"] = "none"
    first: int = 0
    fence: Fence | None = None


class _Scanner:
    """The state of the pass: open containers and the open leaf block."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[Line] = []
        self._stack: list[Container] = []
        self._leaf = _Leaf()
        self._serial = 0

    def lines(self) -> list[Line]:
        start = 0
        for raw in _split(self._source):
            self._read(raw, start)
            start += len(raw)
        return self._lines

    def _read(self, raw: str, start: int) -> None:
        text = raw.rstrip("\r\n")
        at, matched = self._match(text)
        rest = text[at:]
        if self._leaf.kind == "fence":
            if matched == len(self._stack):
                self._in_fence(raw, start, at, rest)
                return
            self._leaf = _Leaf()
        if not rest.strip():
            del self._stack[matched:]
            self._leaf = _Leaf()
            self._add(raw, start, at, "blank", matched)
            return
        if matched < len(self._stack) and self._leaf.kind == "paragraph" and not self._starts_block(rest):
            self._add(raw, start, at, "text", len(self._stack))
            return
        if matched < len(self._stack):
            del self._stack[matched:]
            self._leaf = _Leaf()
        self._open(raw, start, text, at, matched)

    def _match(self, text: str) -> tuple[int, int]:
        at = 0
        for count, container in enumerate(self._stack):
            after = skip_indent(text, at, 3)
            if container.quote:
                if not text.startswith(">", after):
                    return at, count
                at = after + 1
                if text.startswith(" ", at):
                    at += 1
            elif text[at:].strip():
                if _indent(text[at : at + container.indent]) < container.indent:
                    return at, count
                at = skip_indent(text, at, container.indent)
        return at, len(self._stack)

    def _in_fence(self, raw: str, start: int, at: int, rest: str) -> None:
        fence = self._leaf.fence
        closer = rest.strip()
        closes = fence is not None and _indent(rest) < 4 and _closes(closer, fence.marker)
        self._add(raw, start, at, "close" if closes else "body", len(self._stack))
        if closes:
            self._leaf = _Leaf()

    def _starts_block(self, rest: str) -> bool:
        text = rest.lstrip(" \t")
        if _indent(rest) >= 4:
            return False
        bullet = _BULLET.match(text)
        return bool(
            text.startswith(">")
            or _FENCE.match(text)
            or _HEADING.match(text)
            or _RULE.match(text)
            or (bullet and text[bullet.end() :].strip())
        )

    def _open(self, raw: str, start: int, text: str, at: int, continued: int) -> None:
        while (opened := self._container(text, at)) is not None:
            at = opened
            self._leaf = _Leaf()
        self._add(raw, start, at, self._kind(text[at:]), continued)

    def _container(self, text: str, at: int) -> int | None:
        rest = text[at:]
        lead = _indent(rest)
        if lead >= 4:
            return None
        body = rest.lstrip(" \t")
        mark = at + len(rest) - len(body)
        if body.startswith(">"):
            self._push(quote=True, indent=0)
            return mark + 2 if text.startswith(" ", mark + 1) else mark + 1
        bullet = _BULLET.match(body)
        if bullet is None or _RULE.match(body):
            return None
        after = body[bullet.end() :]
        if self._leaf.kind == "paragraph" and (not after.strip() or bullet[1] not in (None, "1")):
            return None
        gap = _indent(after)
        gap = gap if 1 <= gap <= 4 and after.strip() else 1
        self._push(quote=False, indent=lead + bullet.end() + gap)
        return skip_indent(text, mark + bullet.end(), gap)

    def _push(self, *, quote: bool, indent: int) -> None:
        self._serial += 1
        self._stack.append(Container(self._serial, quote, indent))

    def _kind(self, rest: str) -> Kind:
        text = rest.strip()
        paragraph = self._leaf.kind == "paragraph"
        if not text:
            return "blank"
        if _indent(rest) >= 4 and self._leaf.kind == "none":
            return "code"
        if _indent(rest) < 4 or self._leaf.kind == "table":
            if fence := _FENCE.match(text):
                marker, info = fence[1] or fence[3], (fence[2] or fence[4] or "").strip()
                self._leaf = _Leaf("fence", len(self._lines), Fence(marker, info, tuple(self._stack)))
                return "open"
            if _HEADING.match(text):
                return "heading"
            if paragraph and self._is_delimiters(text):
                self._leaf = _Leaf("table", len(self._lines) - 1)
                return "delimiters"
            if paragraph and _UNDERLINE.match(text):
                return "underline"
            if _RULE.match(text):
                return "rule"
        if self._leaf.kind == "table":
            return "row"
        if not paragraph:
            self._leaf = _Leaf("paragraph", len(self._lines))
        return "text"

    def _is_delimiters(self, text: str) -> bool:
        if not _DELIMITERS.match(text):
            return False
        header = self._lines[-1]
        row = self._source[header.body : header.end]
        return ("|" in row or "|" in text) and columns(row) == columns(text)

    def _add(self, raw: str, start: int, at: int, kind: Kind, continued: int) -> None:
        fence = self._leaf.fence if kind in ("open", "body", "close") else None
        leaf = self._leaf.first if self._leaf.kind != "none" else len(self._lines)
        end = start + len(raw)
        self._lines.append(Line(start, end, start + at, kind, tuple(self._stack), continued, leaf, fence))
        if kind in ("heading", "rule", "underline", "code"):
            self._leaf = _Leaf()


def _split(source: str) -> list[str]:
    lines = source.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _closes(text: str, marker: str) -> bool:
    return len(text) >= len(marker) and not text.strip(marker[0])
