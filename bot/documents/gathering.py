"""Parts of documents are gathered here, whatever they were read from: cleaned, and no more than the limits."""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.documents.findings import LONGEST_NAME_CHARS
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.media import Extract, Part

_TIME_SHARE = 0.75
"""Of the time for the whole file; then what was read so far is what there is."""
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")
_SECTION_LEVELS = 3
"""Deeper headings do not begin a section of their own."""


class Enough(Exception):  # noqa: N818 - the name says what happened
    """Raised by readers at a limit: what they gave so far is all there is to be read."""


def gather(parts: Iterable[Part], limits: Limits, *, nothing: str = "file-no-words") -> Extract:
    """All `parts` with text in them, up to the limits. FileRefused, for the reason `nothing`, when there is none."""
    kept: list[Part] = []
    chars = 0
    late_at = time.monotonic() + limits.seconds * _TIME_SHARE
    is_cut = False
    try:
        for part in parts:
            text = clean(part.text)
            if not text.strip():
                continue
            if len(kept) == limits.parts or chars == limits.chars or time.monotonic() > late_at:
                is_cut = True
                break
            is_cut = len(text) > limits.chars - chars
            text = text[: limits.chars - chars]
            chars += len(text)
            kept.append(replace(part, name=one_line(part.name)[:LONGEST_NAME_CHARS], text=text))
            if is_cut:
                break
    except Enough:
        is_cut = True
    if not kept:
        raise FileRefused("file-too-slow" if time.monotonic() > late_at else nothing)
    return Extract(tuple(kept), is_cut)


def clean(text: str) -> str:
    """`text` with one kind of line end and without what no text contains, such as halves of characters."""
    return _UNREADABLE.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """`text` with single spaces for everything white in it, for names and for cells of tables."""
    return " ".join(clean(text).split())


def sections(blocks: Iterable[tuple[int, str]]) -> Iterator[Part]:
    """The sections of a text of `blocks`, each with its level as a heading (0 when it is none).

    A section begins with its heading; what stands before the first heading is a section without a name. A heading that
    nothing follows but a deeper one stays with it.
    """
    number, name = 1, ""
    lines: list[str] = []
    has_body = False
    for level, text in blocks:
        if 0 < level <= _SECTION_LEVELS:
            if has_body:
                yield Part("section", number, name, "\n".join(lines).strip("\n"))
                number, name, lines, has_body = number + 1, "", [], False
            name = name or text.lstrip("# ")
        elif text.strip():
            has_body = True
        lines.append(text)
    yield Part("section", number, name, "\n".join(lines).strip("\n"))
