"""Markdown as Telegram shows it: a text with entities, or the HTML of a rich message. Pure."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from telegramify_markdown import convert, richify
from telegramify_markdown.config import RenderConfig

from adapters.telegram.entities import Entity, lawful
from adapters.telegram.literal import literal
from bot.markdown.healing import heal
from bot.markdown.plain import clean

_TEXT_UNITS = 4096
_TEXT_ENTITIES = 100
# Limits of rich messages (https://core.telegram.org/bots/api#inputrichmessage): 32,768 of text, 500 blocks, 16 levels,
# 20 columns. We stay below, because how Telegram counts its own wrappers is not documented.
_RICH_BYTES = 32_000
_THOUGHT_BYTES = 5
"""What a character of a thought takes at most, escaped: `&amp;`."""
_REMEMBERED = 256
"""A text is asked about (`fits_…`) just before it is sent, and a finished page at every preview."""
_RICH_BLOCKS = 480
_RICH_LEVELS = 15
_CONTAINER_LEVELS = 10
_RICH_COLUMNS = 20

_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^<>]*?(/?)>")
_BLOCK = re.compile(r"<(?:p|h[1-6]|pre|ul|ol|li|blockquote|table|tr|hr|tg-math-block|tg-thinking)[\s/>]")
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
_EMPTY = re.compile(r"<p></p>|<pre></pre>|<pre><code[^<>]*></code></pre>|<table></table>")
_CONTAINERS = frozenset({"ul", "ol", "li", "blockquote"})
_VOID = frozenset({"br", "hr", "img"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text message: plain text and its entities (Bot API MessageEntity objects, offsets in UTF-16 code units)."""

    text: str
    entities: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Rich:
    """A rich message, for `InputRichMessage(html=…)`. Empty HTML is not sent."""

    html: str


@lru_cache(maxsize=_REMEMBERED)
def as_text(markdown: str) -> Text:
    """`markdown`, healed, as a text message of any length; nothing visible gives `Text("", ())`, which is not sent."""
    text, found = convert(literal(heal(clean(markdown))), latex_escape=False, config=_symbols())
    body = text.rstrip()
    shown = body.lstrip("\n")
    if not shown.strip():
        return Text("", ())
    cut = len(body) - len(shown)
    size = utf16_length(shown)
    entities = [
        Entity(
            e.type,
            max(e.offset - cut, 0),
            min(e.offset + e.length - cut, size) - max(e.offset - cut, 0),
            e.url,
            _word(e.language),
        )
        for e in found
    ]
    return Text(shown, tuple(entity.wire() for entity in lawful(shown, entities)))


def as_rich(markdown: str, thinking: str = "") -> Rich:
    """`markdown`, healed, as a rich message; `thinking` becomes the block that Telegram allows in drafts only.

    Of a thought that does not fit beside the text only the end is shown, or nothing.
    """
    content = _rich(markdown)
    room = _RICH_BYTES - len(content.encode())
    thought = html.escape(clean(thinking).strip()[-max(room // _THOUGHT_BYTES, 0) :], quote=False) if room > 0 else ""
    lead = f"<tg-thinking>{thought}</tg-thinking>" if thought else ""
    return Rich(lead + content)


@lru_cache(maxsize=_REMEMBERED)
def _rich(markdown: str) -> str:
    content = richify(literal(heal(clean(markdown)), rich=True)).html or ""
    content = _TABLE.sub(_narrow, content)
    return _EMPTY.sub("", _levelled(content))


def fits_text(markdown: str) -> bool:
    """Whether one text message holds it: 4,096 UTF-16 units after rendering and 100 entities."""
    rendered = as_text(markdown)
    return utf16_length(rendered.text) <= _TEXT_UNITS and len(rendered.entities) <= _TEXT_ENTITIES


def fits_rich(markdown: str) -> bool:
    """Whether one rich message holds it, with some room to spare. Depth and columns are limited in the rendering."""
    content = _rich(markdown)
    return len(content.encode()) <= _RICH_BYTES and len(_BLOCK.findall(content)) <= _RICH_BLOCKS


def utf16_length(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text) + sum(1 for char in text if char > "\uffff") if not text.isascii() else len(text)


def _symbols() -> RenderConfig:
    """A configuration of our own: the library's default is shared by the whole process."""
    config = RenderConfig.isolated()
    symbol = config.markdown_symbol
    symbol.heading_level_1 = symbol.heading_level_2 = symbol.heading_level_3 = symbol.heading_level_4 = ""
    symbol.image = symbol.link = ""
    symbol.unordered_list_item = "•"
    symbol.task_completed, symbol.task_uncompleted = "☑", "☐"
    return config


def _word(language: str | None) -> str | None:
    """The language of a code block: the first word of its info string."""
    return language.split()[0] if language and language.strip() else None


def _narrow(table: re.Match[str]) -> str:
    """A table of more columns than Telegram takes becomes preformatted text."""
    rows = [_CELL.findall(row) for row in table[0].split("</tr>")]
    if max(map(len, rows)) <= _RICH_COLUMNS:
        return table[0]
    lines = [" | ".join(_TAG.sub("", cell) for cell in row) for row in rows if row]
    return "<pre>" + "\n".join(lines) + "</pre>"


def _levelled(content: str) -> str:
    """`content` without the tags that are nested too deep: their text moves up."""
    parts: list[str] = []
    stack: list[bool] = []
    at = depth = 0
    for match in _TAG.finditer(content):
        parts.append(content[at : match.start()])
        at = match.end()
        closing, name, void = match[1], match[2], match[3] or match[2] in _VOID
        if void:
            parts.append(match[0])
        elif not closing:
            kept = depth < (_CONTAINER_LEVELS if name in _CONTAINERS else _RICH_LEVELS)
            stack.append(kept)
            depth += kept
            parts.append(match[0] if kept else "<br/>" if name == "li" else "")
        elif stack and stack.pop():
            depth -= 1
            parts.append(match[0])
    return "".join(parts) + content[at:]
