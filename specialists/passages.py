"""Markdown cut into passages: by heading, and where a section is long, between its paragraphs. Pure."""

import re
from collections.abc import Iterable, Iterator

from storage.knowledge import Passage

PASSAGE_CHARS = 1_500
"""Sections longer than this are cut; a passage stays below it."""
PATH_MARK = " › "
"""Between the headings of a section and of its sub-section."""

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CUT_LEVEL = 3
_NOT_IN_ANCHOR = re.compile(r"[^\w\- ]")


def passages(markdown: str) -> Iterator[Passage]:
    """The passages of a document in order; the heading of one is the path to it below the document's title."""
    for path, lines in _sections(markdown.splitlines()):
        for part in _packed(_blocks(lines)):
            yield Passage(PATH_MARK.join(path), part)


def first_heading(markdown: str) -> str:
    """The text of the first heading; empty when there is none."""
    return next((found[2] for line in markdown.splitlines() if (found := _HEADING.match(line))), "")


def anchor(heading: str) -> str:
    """How the section with this heading (or path of headings) is addressed after `#`, as on GitHub."""
    last = heading.rpartition(PATH_MARK)[2]
    return _NOT_IN_ANCHOR.sub("", last.lower()).strip().replace(" ", "-")


def _sections(lines: Iterable[str]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    path: dict[int, str] = {}
    body: list[str] = []
    for line, code in _with_fences(lines):
        heading = None if code else _HEADING.match(line)
        if heading is None or len(heading[1]) > _CUT_LEVEL:
            body.append(line)
            continue
        yield _below_title(path), body
        level = len(heading[1])
        path = {above: text for above, text in path.items() if above < level} | {level: heading[2]}
        body = []
    yield _below_title(path), body


def _below_title(path: dict[int, str]) -> tuple[str, ...]:
    below = tuple(text for level, text in sorted(path.items()) if level > 1)
    return below or tuple(path.values())


def _with_fences(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each line, and the number of the fenced code block it belongs to (fences included); 0 outside of any.

    A block that is left open is closed at the end.
    """
    fence, number = "", 0
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            yield line, number
            if mark and mark[1].startswith(fence) and not line.strip(" \t`~"):
                fence = ""
        elif mark:
            fence, number = mark[1], number + 1
            yield line, number
        else:
            yield line, 0
    if fence:
        yield fence, number


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """Paragraphs, lists and whole code blocks, none longer than a passage."""
    block: list[str] = []
    current = 0
    for line, code in _with_fences(lines):
        if block and (code != current or not (code or line.strip())):
            yield from _cut(block)
            block = []
        current = code
        if code or line.strip():
            block.append(line)
    if block:
        yield from _cut(block)


def _cut(block: list[str]) -> Iterator[str]:
    text = "\n".join(block)
    if len(text) <= PASSAGE_CHARS:
        yield text
        return
    fence = block[0].strip() if _FENCE.match(block[0]) else ""
    lines = block[1:] if fence else block
    close = _FENCE.match(fence)
    if close and lines and lines[-1].strip() == close[1]:
        lines = lines[:-1]
    room = PASSAGE_CHARS - len(fence) * 2 - 2
    for part in _packed((piece for line in lines for piece in _short(line, max(room, 200))), "\n", max(room, 200)):
        yield f"{fence}\n{part}\n{close[1]}" if close else part


def _short(line: str, room: int) -> Iterator[str]:
    while len(line) > room:
        space = line.rfind(" ", room // 2, room)
        end = space + 1 if space > 0 else room
        yield line[:end]
        line = line[end:]
    yield line


def _packed(blocks: Iterable[str], glue: str = "\n\n", room: int = PASSAGE_CHARS) -> Iterator[str]:
    """Blocks joined into as few parts as fit."""
    part = ""
    for block in blocks:
        if part and len(part) + len(glue) + len(block) > room:
            yield part
            part = block
        else:
            part = f"{part}{glue}{block}" if part else block
    if part:
        yield part
