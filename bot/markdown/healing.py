"""Healing: a text that is still being written, closed so that it can be rendered now."""

import re
from bisect import bisect_right

from bot.markdown.blocks import Container, Line, columns, scan
from bot.markdown.inline import settle

_ROUNDS = 12
_HALF_LINE = re.compile(r"(?:#{1,6}|[-*+>=|!]|\*\*|__?|--|~{1,2}|`{1,2}|\|\||\[)[ \t]*$")
_LONE_MARK = re.compile(r"[-*+>#][ \t]*$")
_HALF_TASK = re.compile(r"\[[ xX]?\]?$")
_HALF_DELIMITERS = re.compile(r"[ \t]*[|:-][|: \t-]*$")
_HEADER = re.compile(r"\|(?!\|)[ \t]*\S")


def heal(source: str) -> str:
    """`source` with every half-open construct of its end closed or held back, so that it renders without raw markup.

    Works on every prefix of a growing text, is idempotent, returns complete Markdown unchanged, and never raises.
    """
    for _ in range(_ROUNDS):
        healed = _step(source)
        if healed == source:
            return healed
        source = healed
    return source


def fence_end(line: Line, carried: tuple[Container, ...] = ()) -> str:
    """The line that closes the fence of `line`; `carried` list items lend it no indentation."""
    if line.fence is None:
        return ""
    return prefix(line.fence.containers, carried) + line.fence.marker


def prefix(containers: tuple[Container, ...], carried: tuple[Container, ...] = ()) -> str:
    """What a line needs in front to stand inside `containers`."""
    parts = ["> " if c.quote else "" if c in carried else " " * c.indent for c in containers]
    return "".join(parts)


def _step(source: str) -> str:
    lines = scan(source)
    if not lines:
        return source
    last = lines[-1]
    if last.kind in ("open", "body"):
        return _fence(source, last)
    if last.kind in ("close", "code", "rule", "blank", "delimiters"):
        return _held(source, last)
    rest = source[last.body : last.end]
    if _HALF_LINE.match(rest) and _is_pending(rest, last):
        return source[: _line_cut(source, last)]
    if last.kind == "text" and last.leaf == len(lines) - 1 and last.containers and _HALF_TASK.match(rest):
        return source[: last.body].rstrip(" \t")
    if last.kind == "text" and (table := _table(source, lines)) is not None:
        return table
    return _inline(source, lines)


def _held(source: str, last: Line) -> str:
    """Empty list items and quotes at the very end show a lone mark: they wait for their text."""
    rest = source[last.start : last.end]
    if last.kind == "blank" and "\n" not in rest and _LONE_MARK.search(rest):
        return source[: last.start]
    return source


def _is_pending(rest: str, last: Line) -> bool:
    if last.kind == "underline":
        return len(rest.strip()) < 3
    return not rest.endswith("\n") or last.kind != "heading"


def _line_cut(source: str, last: Line) -> int:
    """Where the last line's unfinished mark begins; the whole line goes when only quote marks stand before it."""
    mark = source[last.start : last.body].rstrip(" \t>")
    return last.body if mark else last.start


def _fence(source: str, last: Line) -> str:
    fence = last.fence
    rest = source[last.body : last.end]
    if fence is None:
        return source
    if last.kind == "open" and "\n" not in rest:
        return source[: last.body].rstrip(" \t")
    half_closer = rest.strip(" \t")
    if half_closer and not half_closer.strip(fence.marker[0]) and len(half_closer) < len(fence.marker):
        source = source[: last.start]
    line_break = "" if source.endswith("\n") else "\n"
    return source + line_break + fence_end(last)


def _table(source: str, lines: list[Line]) -> str | None:
    """A header row without its delimiter row gets one; half of a delimiter row is completed."""
    last = lines[-1]
    rest = source[last.body : last.end]
    header = lines[-2] if len(lines) > 1 else None
    if header and header.kind == "text" and last.leaf == header.leaf and _HALF_DELIMITERS.match(rest):
        row = source[header.body : header.end]
        if "|" in row and columns(rest) <= columns(row) and ("|" in rest or _HEADER.match(row)):
            return source[: last.body] + _delimiters(row)
    if not _HEADER.match(rest):
        return None
    row = settle(rest.rstrip(), cells=True)
    if not row.strip("| \t"):
        return source[: last.start]
    return source[: last.body] + row + "\n" + prefix(last.containers) + _delimiters(row)


def _delimiters(row: str) -> str:
    return "|" + "---|" * columns(row)


def _inline(source: str, lines: list[Line]) -> str:
    last = lines[-1]
    if last.kind not in ("text", "heading", "row"):
        return source
    first = last if last.kind in ("heading", "row") else lines[last.leaf]
    joined = leaf_text(source, lines, first.body, last.end)
    settled = settle(joined, cells=last.kind == "row")
    if settled == joined:
        return source
    return source[: first.body] + _restored(source, first, joined, settled)


def leaf_text(source: str, lines: list[Line], begin: int, end: int) -> str:
    """The inline text of a block from `begin` to `end`; the prefixes of its lines are blanked: offsets stay."""
    number = bisect_right(lines, begin, key=lambda line: line.start) - 1
    parts = [source[begin : min(lines[number].end, end)]]
    for other in range(number + 1, len(lines)):
        line = lines[other]
        if line.start >= end:
            break
        parts.append(" " * (line.body - line.start) + source[line.body : min(line.end, end)])
    return "".join(parts)


def _restored(source: str, first: Line, joined: str, settled: str) -> str:
    """`settled`, with the containers' prefixes that `leaf_text` blanked out put back line by line."""
    if "\n" not in settled:
        return settled
    before, after = source[first.body :].split("\n"), settled.split("\n")
    blanked = joined.split("\n")
    restored = [after[0]]
    for old, blank, new in zip(before[1:], blanked[1:], after[1:], strict=False):
        body = len(blank) - len(blank.lstrip(" "))
        kept = len(new) - len(new.lstrip(" "))
        width = min(body, kept)
        restored.append(old[:width] + new[width:])
    return "\n".join(restored)
