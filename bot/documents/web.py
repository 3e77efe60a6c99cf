"""Pages of the web: what a reader sees of them, as Markdown, by headings."""

import re
from pathlib import Path

import bs4
from markdownify import ATX, MarkdownConverter

from bot.documents.decoding import decode
from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import clean, gather, sections
from bot.documents.limits import Limits
from bot.documents.plain import markdown_blocks

_UNSEEN = ["script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "head", "img"]
_UNSEEN_ELEMENT = re.compile(r"<(script|style|svg|template)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*\n")
_CHARS_PER_LETTER = 10
"""So much markup is read for each character of text that may come out of it."""


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    markup = clean(decode(path))
    # Programs and drawings are most of many pages, and none of their text.
    seen = _UNSEEN_ELEMENT.sub("", markup)[: limits.chars * _CHARS_PER_LETTER]
    soup = bs4.BeautifulSoup(seen, "lxml")
    for element in soup(_UNSEEN):
        element.decompose()
    for comment in soup.find_all(string=lambda text: isinstance(text, bs4.Comment)):
        comment.extract()
    try:
        text = MarkdownConverter(heading_style=ATX).convert_soup(soup)
    except RecursionError:
        text = soup.get_text("\n")
    parts = sections(markdown_blocks(_BLANK_LINES.sub("\n\n", text).strip()))
    return DocumentFound(gather(parts, limits), form.media_type)
