"""Markdown made safe for telegramify-markdown: what its renderers would delete or break is turned into plain text.

Raw HTML and generics (`List<int>`) are escaped, images become links (Telegram fetches nothing a model names), links
other than http, https, tg and mailto become text, footnotes become `[1]`, formulas stay where a formula may stand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import pyromark

_OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_MATH
)
_PASSES = 6
_URL_CHARS = 2000
_HOST = r"(?:[^\s/?#:@]+\.)+(?:[^\W\d_]{2,}|xn--[a-z0-9-]+|\d{1,3})(?::\d+)?(?=[/?#]|$)"
_LINKED = re.compile(rf"https?://{_HOST}|tg://(?!emoji)\S+", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s@]+@[^\s@?]+", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+|mailto:\S+@", re.IGNORECASE)
_FOOTNOTE = re.compile(rb"(?<!\\)\[\^([^\]\s]{1,40})\]")
_LATEX_INLINE = re.compile(rb"(?<!\\)\\\(([^\n]{1,500}?)\\\)")
_LATEX_BLOCK = re.compile(rb"(?<!\\)\\\[((?:[^\n]|\n(?!\s*\n)){1,2000}?)\\\]")
_FORMULA = re.compile(rb"[\\^_=]")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&])")
_PIPES = re.compile(rb"\|{2,}")


class _Edit(NamedTuple):
    start: int
    end: int
    text: bytes


class _Event(NamedTuple):
    """One parser event: `name` is its kind, for `Start` and `End` the element's; byte offsets into the source."""

    phase: str
    name: str
    value: object
    start: int
    end: int


@dataclass(slots=True)
class _Element:
    name: str
    value: object
    start: int
    end: int
    first: int | None = None
    last: int = 0
    pipes: list[tuple[int, int]] = field(default_factory=list)


def literal(markdown: str, *, rich: bool = False) -> str:
    """`markdown` with the same visible text, in constructs that both renderers keep.

    `rich` messages know mail links, where a text message needs the address written out (TDLib would turn the link
    into `http://mailto:…`), but need the check boxes of task lists as characters (an open one is drawn ticked).
    """
    source = markdown.encode()
    if b"[^" in source or b"\\(" in source or b"\\[" in source:
        source = _apply(source, list(_notations(source)))
    for _ in range(_PASSES):
        edits = _Walk(source, rich=rich).edits()
        if not edits:
            break
        source = _apply(source, edits)
    if b"||" in source:
        source = _apply(source, _Walk(source).spoilers())
    return source.decode()


def _apply(source: bytes, edits: list[_Edit]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for edit in sorted(edits):
        if edit.start >= at:
            parts += (source[at : edit.start], edit.text)
            at = edit.end
    return b"".join((*parts, source[at:]))


def _events(source: bytes) -> Iterator[_Event]:
    for payload, span in pyromark.events_with_range(source.decode(), options=_OPTIONS):
        start, end = span["start"], span["end"]
        if isinstance(payload, str):
            yield _Event("", payload, None, start, end)
            continue
        name, value = _single(payload)
        if name in ("Start", "End"):
            tag, inner = (value, None) if isinstance(value, str) else _single(value)
            yield _Event(name, tag, inner, start, end)
        else:
            yield _Event("", name, value, start, end)


def _single(payload: object) -> tuple[str, object]:
    """The one entry of a tagged value, as the parser writes its enums."""
    if not isinstance(payload, dict):
        return str(payload), None
    name, value = next(iter(payload.items()))
    return str(name), value


def _notations(source: bytes) -> Iterator[_Edit]:
    r"""Footnotes as `[1]`, and \(…\) and \[…\] as dollar formulas, outside code."""
    code = [
        (e.start, e.end) for e in _events(source) if e.name == "Code" or (e.phase == "Start" and e.name == "CodeBlock")
    ]
    bounds = [0, *(offset for span in code for offset in span), len(source)]
    for number, (low, high) in enumerate(pairwise(bounds)):
        if number % 2:
            continue
        for match in _FOOTNOTE.finditer(source, low, high):
            yield _Edit(*match.span(), b"\\[" + match[1] + b"\\]")
        for pattern, mark in ((_LATEX_INLINE, b"$"), (_LATEX_BLOCK, b"$$")):
            for match in pattern.finditer(source, low, high):
                if _FORMULA.search(match[1]):
                    yield _Edit(*match.span(), mark + match[1].strip() + mark)


class _Walk:
    """One pass over the parser's events, with the stack of open elements."""

    def __init__(self, source: bytes, *, rich: bool = False) -> None:
        self._source = source
        self._rich = rich
        self._stack: list[_Element] = [_Element("Document", None, 0, len(source))]
        self._edits: list[_Edit] = []

    def edits(self) -> list[_Edit]:
        for event in _events(self._source):
            if event.phase == "Start":
                self._enter(event)
            elif event.phase == "End":
                self._leave()
            else:
                self._leaf(event)
        return self._edits

    def spoilers(self) -> list[_Edit]:
        """Pairs of `||` in one element become spoiler tags; all others are escaped."""
        for event in _events(self._source):
            if event.phase == "Start":
                self._enter(event)
                if event.name == "Table":
                    self._pipes_of_table(event)
            elif event.phase == "End":
                self._pair(self._stack.pop())
            elif event.name == "Text" and not self._inside("Table", "CodeBlock"):
                self._collect(event)
        return self._edits

    def _enter(self, event: _Event) -> None:
        self._touch(event)
        self._stack.append(_Element(event.name, event.value, event.start, event.end))

    def _touch(self, event: _Event) -> None:
        parent = self._stack[-1]
        parent.first = event.start if parent.first is None else parent.first
        parent.last = max(parent.last, event.end)

    def _inside(self, *names: str) -> bool:
        return any(element.name in names for element in self._stack)

    def _leave(self) -> None:
        element = self._stack.pop()
        if element.name in ("Link", "Image") and isinstance(element.value, dict):
            self._target(element, str(element.value.get("dest_url", "")))

    def _target(self, element: _Element, url: str) -> None:
        image = element.name == "Image"
        linked = _LINKED.match(url) or (self._rich and _MAIL.match(url))
        keeps = linked and len(url) <= _URL_CHARS and not (image and self._inside("Link", "Image"))
        shown = _MARKUP.sub(r"\\\1", url).encode()
        if element.first is None:
            safe = keeps and not set(url) & set("<>\\\n")
            text = b"[" + shown + b"](<" + url.encode() + b">)" if safe else shown
            self._edits.append(_Edit(element.start, element.end, text))
        elif not keeps:
            named = self._source[element.start : element.start + 1] != b"<" and not linked and _ADDRESS.match(url)
            address = b" (" + shown.removeprefix(b"mailto:") + b")" if named and not self._inside("Link") else b""
            self._edits.append(_Edit(element.start, element.first, b""))
            self._edits.append(_Edit(element.last, element.end, address))
        elif image:
            self._edits.append(_Edit(element.start, element.start + 1, b""))

    def _leaf(self, event: _Event) -> None:
        self._touch(event)
        match event.name:
            case "InlineHtml" | "Html":
                html = self._source[event.start : event.end]
                places = (event.start + match.start() for match in re.finditer(rb"<", html))
                self._edits += [_Edit(place, place, b"\\") for place in places]
            case "TaskListMarker":
                if self._rich:
                    box = "☑" if event.value else "☐"
                    self._edits.append(_Edit(event.start, event.end, box.encode()))
            case "InlineMath":
                if self._inside("Table", "Link", "Image"):
                    self._as_code(event)
            case "DisplayMath":
                paragraph = self._stack[-1]
                alone = self._source[paragraph.start : paragraph.end].strip() == self._source[event.start : event.end]
                if paragraph.name != "Paragraph" or not alone:
                    self._as_code(event)

    def _as_code(self, event: _Event) -> None:
        formula = " ".join(str(event.value).split())
        ticks = "`" * (1 + max((len(run) for run in re.findall("`+", formula)), default=0))
        pad = " " if formula.startswith("`") or formula.endswith("`") else ""
        code = f"{ticks}{pad}{formula}{pad}{ticks}" if formula else "\\$\\$"
        self._edits.append(_Edit(event.start, event.end, code.encode()))

    def _pipes_of_table(self, event: _Event) -> None:
        for match in _PIPES.finditer(self._source, event.start, event.end):
            self._edits.append(_Edit(*match.span(), b" ".join([b"|"] * len(match[0]))))

    def _collect(self, event: _Event) -> None:
        pipes = self._stack[-1].pipes
        for match in re.finditer(rb"(?<!\\)\|+", self._source[event.start : event.end]):
            start, end = event.start + match.start(), event.start + match.end()
            if pipes and pipes[-1][1] == start:
                pipes[-1] = (pipes[-1][0], end)
            else:
                pipes.append((start, end))

    def _pair(self, element: _Element) -> None:
        opener: tuple[int, int] | None = None
        for start, end in element.pipes:
            if end - start < 2:
                continue
            if end - start == 2 and opener and not self._source[start - 1 : start].isspace():
                self._edits += (_Edit(*opener, b"<tg-spoiler>"), _Edit(start, end, b"</tg-spoiler>"))
                opener = None
                continue
            if opener:
                self._edits.append(_Edit(*opener, b"\\|\\|"))
                opener = None
            if end - start == 2 and self._source[end : end + 1].strip():
                opener = (start, end)
            else:
                self._edits.append(_Edit(start, end, b"\\|" * (end - start)))
        if opener:
            self._edits.append(_Edit(*opener, b"\\|\\|"))
