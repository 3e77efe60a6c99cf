"""A part of a Markdown source as Markdown that stands alone."""

from bisect import bisect_right
from collections.abc import Iterator

from bot.markdown.blocks import Container, Line, scan, skip_indent
from bot.markdown.healing import fence_end, leaf_text, prefix
from bot.markdown.inline import read

_PARAGRAPH = ("text", "heading")

Marks = tuple[str, ...]
"""The delimiters of emphasis, code or spoilers that are open where a page begins, outermost first."""


class Slices:
    """The source, read once. A part that was cut out depends on the source up to its end only, so it never changes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = scan(source)
        self._starts = [line.start for line in self.lines]

    def number(self, at: int) -> int:
        """The number of the line that holds the offset `at`."""
        return bisect_right(self._starts, at) - 1

    def text(self, start: int, end: int, marks: Marks = ()) -> str:
        """`source[start:end]` with what it needs from before in front and, when it is not the end, closed behind.

        A fence is reopened with its info string, a table gets its header again, `marks` go on if they are closed
        later, and list items that began earlier lose their indentation.
        """
        first = self.number(start)
        carried = self._carried(first, start)
        kept = self._kept(first, start, end, marks)
        body = "".join(self._body(first, start, end, carried))
        lead = self._lead(first, start, carried)
        if kept:
            blanks = len(body) - len(body.lstrip(" \t>"))
            body = body[:blanks] + "".join(kept) + body[blanks:]
        if end >= len(self.source):
            return lead + body
        if closing := self._fence_end(end, carried):
            return lead + body + closing
        opened = self._open(start, end, kept)
        return lead + (body.rstrip() + "".join(reversed(opened)) if opened else body)

    def marks(self, start: int, end: int, marks: Marks = ()) -> Marks:
        """What is open at `end` of the page that began at `start` with `marks`."""
        kept = self._kept(self.number(start), start, end, marks)
        return self._open(start, end, kept)

    def _carried(self, first: int, start: int) -> tuple[Container, ...]:
        line = self.lines[first]
        return line.containers if start > line.start else line.containers[: line.continued]

    def _lead(self, first: int, start: int, carried: tuple[Container, ...]) -> str:
        line = self.lines[first]
        inside = start > line.start
        quotes = prefix(tuple(container for container in carried if container.quote))
        here = quotes if inside and start >= line.body else ""
        if line.fence and (line.kind != "open" or inside):
            return f"{quotes}{line.fence.marker}{line.fence.info}\n{here}"
        if line.kind == "row":
            head, delimiters = self.lines[line.leaf], self.lines[line.leaf + 1]
            rows = (self.source[row.body : row.end].strip() for row in (head, delimiters))
            return "".join(f"{quotes}{row}\n" for row in rows) + here
        return here

    def _kept(self, first: int, start: int, end: int, marks: Marks) -> Marks:
        """Those of `marks` that really go on: closed in this page, or still open where it ends in the same block."""
        line = self.lines[first]
        if not marks or line.kind not in _PARAGRAPH or (start == line.start and line.leaf == first):
            return ()
        last = first
        while last + 1 < len(self.lines) and self.lines[last + 1].start < end and self._same(last + 1, line):
            last += 1
        reach = self.lines[last].end
        if reach >= end:
            return marks
        text = leaf_text(self.source, self.lines, start, reach)
        lead = "".join(marks)
        open_at = {opener.at for opener in read(lead + text.lstrip(" \t")).openers}
        kept, at = [], 0
        for mark in marks:
            if at not in open_at:
                kept.append(mark)
            at += len(mark)
        return tuple(kept)

    def _same(self, number: int, line: Line) -> bool:
        other = self.lines[number]
        return other.leaf == line.leaf and other.kind == line.kind == "text"

    def _open(self, start: int, end: int, kept: Marks) -> Marks:
        number = self.number(end - 1)
        line = self.lines[number]
        if line.kind not in _PARAGRAPH:
            return ()
        head = line if line.kind == "heading" else self.lines[line.leaf]
        begin = max(start, head.body)
        lead = "".join(kept) if head.body <= start else ""
        text = leaf_text(self.source, self.lines, begin, end)
        return tuple(opener.mark for opener in read(lead + text.lstrip(" \t")).openers)

    def _body(self, first: int, start: int, end: int, carried: tuple[Container, ...]) -> Iterator[str]:
        if all(container.quote for container in carried):
            yield self.source[start:end]
            return
        for number in range(first, len(self.lines)):
            line = self.lines[number]
            if line.start >= end:
                return
            if line.containers[:1] != carried[:1]:
                yield self.source[max(line.start, start) : end]
                return
            if start > line.start:
                yield self.source[start : min(line.end, end)]
            else:
                yield self._outdented(line, carried, end)

    def _outdented(self, line: Line, carried: tuple[Container, ...], end: int) -> str:
        source, at, kept = self.source, line.start, ""
        for container in carried:
            if container not in line.containers:
                break
            if container.quote:
                mark = skip_indent(source, at, 3)
                if not source.startswith(">", mark):
                    break
                at = mark + 1 + source.startswith(" ", mark + 1)
                kept += "> "
            else:
                at = min(skip_indent(source, at, container.indent), line.end)
        return kept + source[at : min(line.end, end)] if at < end else kept

    def _fence_end(self, end: int, carried: tuple[Container, ...]) -> str:
        line = self.lines[self.number(end - 1)]
        if line.kind not in ("open", "body"):
            return ""
        return ("" if self.source[end - 1] == "\n" else "\n") + fence_end(line, carried)
