"""Text, Markdown and source code: by headings, or by lines with their real numbers."""

import re
from collections.abc import Iterator
from pathlib import Path

from bot.documents import forms
from bot.documents.decoding import decode
from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import clean, gather, sections
from bot.documents.limits import Limits
from bot.domain.media import Part

LINES_OF_A_PART = 100
_HEADING = re.compile(r" {0,3}(#{1,6})(?:\s|$)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    text = clean(decode(path))
    parts = sections(markdown_blocks(text)) if form is forms.MARKDOWN else lines(text)
    return DocumentFound(gather(parts, limits), form.media_type)


def lines(text: str) -> Iterator[Part]:
    """The text in runs of lines."""
    every = text.removesuffix("\n").split("\n")
    for start in range(0, len(every), LINES_OF_A_PART):
        run = every[start : start + LINES_OF_A_PART]
        yield Part("lines", start + 1, str(start + len(run)), "\n".join(run))


def markdown_blocks(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a Markdown text, each with its level as a heading (0 when it is none)."""
    fence = ""
    for line in text.split("\n"):
        if match := _FENCE.match(line):
            mark = match[1]
            if not fence:
                fence = mark
            elif mark[0] == fence[0] and len(mark) >= len(fence):
                fence = ""
        heading = None if fence else _HEADING.match(line)
        yield (len(heading[1]) if heading else 0), line
