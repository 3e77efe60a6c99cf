"""Text without markup, and text without what no platform shows."""

import re
import unicodedata

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKS = 8
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_BLOCK_ENDS = {"paragraph_close", "heading_close", "tr_close"}

_MARKUP = frozenset("\\`*_{}[]()#+-.!|<>~=&")


def clean(text: str) -> str:
    """`text` without what no platform accepts or shows.

    Lone surrogates become U+FFFD, every line end ``\\n``; control characters but ``\\n`` and ``\\t``, and
    the bidirectional overrides that Telegram drops too, are removed;
    of more than eight combining marks on one base (zalgo) the first eight stay.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    text = _CONTROLS.sub("", text)
    if not _NOT_ASCII.search(text):
        return text
    return _trimmed(_SURROGATES.sub("\ufffd", text))


def plain(source: str) -> str:
    """What a person reads: Markdown without its markup, one line for each block or line."""
    parts: list[str] = []
    for token in _parser().parse(source):
        if token.type == "inline":
            parts.append(_inline(token.children or []))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content if token.content.endswith("\n") else token.content + "\n")
        elif token.type in ("th_close", "td_close"):
            parts.append(" ")
        elif token.type in _BLOCK_ENDS:
            parts.append("\n")
    lines = (line.rstrip() for line in "".join(parts).split("\n"))
    return "\n".join(lines).strip("\n")


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _inline(tokens: list[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        match token.type:
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(_inline(token.children or []))
            case _:
                parts.append(token.content)
    return "".join(parts)


def _trimmed(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MARKS:
            kept.append(char)
    return "".join(kept) if len(kept) < len(text) else text


def literal(text: str) -> str:
    """Markdown that shows `text` as it stands, whatever is in it."""
    return "".join(f"\\{char}" if char in _MARKUP else char for char in text)
