"""Pages of the web: what a reader sees of them, as Markdown, by headings."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import bs4
from markdownify import ATX, MarkdownConverter

from bot.documents.decoding import decode
from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import Enough, clean, gather, sections
from bot.documents.limits import Limits
from bot.documents.plain import markdown_blocks
from bot.domain.media import Part

_UNSEEN = ["script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "head", "img"]
_UNSEEN_ELEMENT = re.compile(r"<(script|style|svg|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*\n")
_CHARS_PER_LETTER = 3
"""So much markup is read for each character of text that may come out of it."""
_CHARS_PER_TAG = 10
"""And one element for so many: as many as are seven seconds of work by our own limits."""
_TAG = re.compile(r"<[a-z]", re.IGNORECASE)


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    return DocumentFound(gather(_parts(clean(decode(path)), limits), limits), form.media_type)


def _parts(markup: str, limits: Limits) -> Iterator[Part]:
    # Programs and drawings are most of many pages, and none of their text.
    seen = _UNSEEN_ELEMENT.sub("", markup)
    too_many = next(islice(_TAG.finditer(seen), limits.chars // _CHARS_PER_TAG, None), None)
    end = min(too_many.start() if too_many else len(seen), limits.chars * _CHARS_PER_LETTER)
    yield from sections(markdown_blocks(_BLANK_LINES.sub("\n\n", _as_markdown(seen[:end])).strip()))
    if end < len(seen):
        raise Enough


def _as_markdown(markup: str) -> str:
    soup = bs4.BeautifulSoup(markup, "lxml")
    for element in soup(_UNSEEN):
        element.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, bs4.Comment)):
        comment.extract()
    try:
        return str(MarkdownConverter(heading_style=ATX).convert_soup(soup))
    except RecursionError:
        return soup.get_text("\n")
