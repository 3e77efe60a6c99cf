"""Markdown as Slack's `markdown` block takes it, and nothing that a model writes pings anybody. Pure.

The block reads standard Markdown, tables, task lists and highlighted code included, and shows images as links
(https://docs.slack.dev/reference/block-kit/blocks/markdown-block). It also reads Slack's own `<…>` tokens, and shows
the entities `&lt;` and `&gt;` as characters without reading them again.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

from adapters.slack.inline import Text, defused_code
from adapters.slack.markup import escape
from bot.markdown.blocks import Line, scan
from bot.markdown.healing import heal
from bot.markdown.plain import clean, plain

# All markdown blocks of a message hold 12,000 characters together. Slack turns them into blocks of its own (a header
# per heading, a block per code fence, table and rule, one per run of anything else), of which a message may have 50.
# More than about 13,200 characters are refused whatever the blocks are, where a header counts about 100 and `&`, `<`,
# `>` count as entities (field reports: the documents name no number).
_MARKDOWN_CHARS = 11_500
_MARKDOWN_BLOCKS = 40
_HEADER_CHARS = 100
_ENTITY_CHARS = 4
_TABLE_ROWS = 99
_FALLBACK_BYTES = 3_900
"""`chat.update` takes 4,000 of `text`, and counts bytes (field reports)."""
_FALLBACK_SOURCE_CHARS = 5_000
_UNDECIDED = re.compile(r"[\s>*+=_|:~`#.)\d-]*$|[\s>*+.)\d-]*```")
"""The beginning of a last line that may still become a heading, an item, a rule, a code block, or go on as text."""
_WAITING = " \t\n\\*_~|"
"""At the end of a text that goes on, these say nothing yet."""
# More of these is nothing that anybody writes, and the work of reading it grows with their square.
_MOST_LINES = 2_000
_HEALED_BRACKETS = 40
_HEALED_MARKS = 1_500
_PLAIN_BRACKETS = 300
_REMEMBERED = 256
"""A text is asked about (`fits`) just before it is sent, and a finished page at every preview."""


@lru_cache(maxsize=_REMEMBERED)
def as_markdown(markdown: str) -> str:
    """`markdown`, healed and safe, for a markdown block or a stream; nothing visible gives ''."""
    rendered = safe(_healed(clean(markdown))).strip("\n").rstrip()
    return rendered if rendered.strip() else ""


def safe(markdown: str) -> str:
    """`markdown` that reads the same and calls nobody.

    Slack's tokens (`<!channel>`, `<@U…>`, `<#C…>`) and tags are shown as they are written, `@here` and its like carry
    an invisible joiner, images become links, and links to anything but the web and mail become their words. Formulas,
    which Slack does not know, become code. Done twice, it changes nothing more.
    """
    return "".join(_safe(markdown, final=True))


def steady(markdown: str) -> str:
    """The beginning of `safe(markdown)` that stays as it is however the text goes on: what may be appended to a stream.

    `steady` of a longer text always begins with `steady` of a shorter one that it begins with.
    """
    source = clean(markdown)
    half = source.rfind("\n") + 1
    if _UNDECIDED.match(source, half):
        source = source[:half]
    return "".join(_safe(source, final=False)).lstrip("\n").rstrip(_WAITING)


def rest(shown: str, markdown: str) -> str | None:
    """What a stream that shows `shown` lacks to read `markdown`; None when it shows something else."""
    whole = as_markdown(markdown)
    if whole.startswith(shown):
        return whole[len(shown) :]
    return "" if whole == shown.rstrip() else None


def fits(markdown: str) -> bool:
    """Whether one message holds it, with room for buttons."""
    if markdown.count("\n") > _MOST_LINES:
        return False
    rendered = as_markdown(markdown)
    if len(rendered) > _MARKDOWN_CHARS:
        return False
    lines = scan(rendered)
    headers = sum(line.kind in ("heading", "underline") for line in lines)
    entities = sum(map(rendered.count, "&<>"))
    if len(rendered) + _HEADER_CHARS * headers + _ENTITY_CHARS * entities > _MARKDOWN_CHARS:
        return False
    return _count(lines) <= _MARKDOWN_BLOCKS and _longest_table(lines) <= _TABLE_ROWS


@lru_cache(maxsize=_REMEMBERED)
def fallback(markdown: str) -> str:
    """The message as plain mrkdwn, cut to what `text` takes, for notifications; nothing visible gives ''."""
    source = clean(markdown[:_FALLBACK_SOURCE_CHARS])
    is_odd = _brackets(source) > _PLAIN_BRACKETS or source.count("\n") > _MOST_LINES
    text = escape((source if is_odd else plain(_healed(source))).strip())
    if len(text.encode()) <= _FALLBACK_BYTES:
        return text
    cut = text.encode()[: _FALLBACK_BYTES - 3].decode(errors="ignore")
    return re.sub(r"&[a-z]{0,3}$", "", cut) + "…"


def _healed(markdown: str) -> str:
    """`markdown`, its end closed; as it is where that would take long. Either way it is made safe after this."""
    last = markdown[markdown.rstrip().rfind("\n\n") + 1 :]
    marks = sum(map(last.count, "*_~`|$"))
    if _brackets(last) > _HEALED_BRACKETS or marks > _HEALED_MARKS or markdown.count("\n") > _MOST_LINES:
        return markdown
    return heal(markdown)


def _brackets(text: str) -> int:
    return text.count("[") + text.count("<")


def _safe(markdown: str, *, final: bool) -> Iterator[str]:
    """The parts of the safe text; not `final`, they end where what is still to come may change something."""
    lines = scan(markdown)
    for first, after in _groups(lines):
        source = markdown[lines[first].start : lines[after - 1].end]
        settled = final or _is_settled(lines, first, after, source)
        if lines[first].kind in ("open", "body", "close", "code"):
            yield defused_code(source, final=settled)
        else:
            text = Text(source, final=settled)
            yield text.shown()
            if text.is_cut:
                return


def _groups(lines: list[Line]) -> Iterator[tuple[int, int]]:
    """Numbers of first lines and behind last ones: a paragraph is read as one text, everything else line by line."""
    first = 0
    for number in range(1, len(lines) + 1):
        if number < len(lines) and _goes_on(lines[number - 1], lines[number]):
            continue
        if lines:
            yield first, number
        first = number


def _goes_on(before: Line, line: Line) -> bool:
    return before.kind == line.kind == "text" and before.leaf == line.leaf


def _is_settled(lines: list[Line], first: int, after: int, source: str) -> bool:
    """Whether nothing that follows can belong to this group."""
    if after < len(lines):
        return True
    return source.endswith("\n") and lines[first].kind not in ("text", "open", "body")


def _count(lines: list[Line]) -> int:
    count = 0
    before = ""
    for line, after in zip_longest(lines, lines[1:]):
        kind = "table" if after is not None and after.kind == "delimiters" else _KINDS.get(line.kind, "run")
        if kind == "blank":
            continue
        if kind in ("heading", "rule", "open") or kind not in (before, "inside"):
            count += 1
        before = kind
    return count


_KINDS = {
    "blank": "blank", "heading": "heading", "rule": "rule", "open": "open", "body": "inside", "close": "inside",
    "delimiters": "table", "row": "table",
}  # fmt: skip


def _longest_table(lines: list[Line]) -> int:
    longest = rows = 0
    for line in lines:
        rows = rows + 1 if line.kind == "row" else 0
        longest = max(longest, rows)
    return longest
