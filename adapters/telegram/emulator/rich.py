"""Rich messages: from `InputRichMessage` to what is stored and shown."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from telegramify_markdown import richify

from adapters.telegram.emulator.rich_build import blocks_of_html
from adapters.telegram.emulator.rich_measure import check_limits, visible_text, walk
from adapters.telegram.emulator.wire import Json, bad_request

_THINKING = re.compile(r"<tg-thinking>.*?</tg-thinking>", re.DOTALL)
MediaMaker = Callable[[str, object], Json]
"""(`photo` and so on, what the bot named) → the fields of the block with the stored file."""


@dataclass(frozen=True, slots=True)
class RichContent:
    """A rich message as stored: its blocks, and the HTML it was sent as (`None` for Markdown and blocks)."""

    blocks: list[Json]
    html: str | None = None
    is_rtl: bool = False

    @property
    def text_content(self) -> str:
        """What a reader sees, as plain text; thinking left out."""
        return visible_text(self.blocks)

    @property
    def thinking(self) -> str:
        return visible_text(self.blocks, thinking=True)

    def to_json(self) -> Json:
        return {"blocks": self.blocks} | ({"is_rtl": True} if self.is_rtl else {})


def read_rich_message(raw: object, media: MediaMaker, *, draft: bool = False) -> RichContent:
    """Parse and check an `InputRichMessage`; Refusal with 400 when Telegram would not take it.

    Markdown goes through telegramify's `richify`, an approximation of Telegram's own parser.
    """
    if not isinstance(raw, dict):
        raise bad_request("object expected as rich message")
    given = [name for name in ("html", "markdown", "blocks") if raw.get(name) is not None]
    if len(given) != 1:
        raise bad_request("exactly one of html, markdown and blocks must be specified in rich message")
    match given[0]:
        case "html":
            blocks = blocks_of_html(str(raw["html"]))
        case "markdown":
            blocks = _blocks_of_markdown(str(raw["markdown"]))
        case _:
            blocks = [dict(block) for block in raw["blocks"]]
    named = {str(item["id"]): item["media"].get("media") for item in raw.get("media") or []}
    check_limits(blocks, draft=draft)
    if draft and any(block["type"] in _MEDIA_FIELDS and _is_new(block, named) for block in walk(blocks)):
        raise bad_request("new files and URLs can't be used in rich message drafts")
    for block in walk(blocks):
        _complete(block, media, named)
    return RichContent(blocks, raw.get("html"), bool(raw.get("is_rtl")))


def _blocks_of_markdown(markdown: str) -> list[Json]:
    """Thinking tags have no Markdown form and stand as they are; the rest is Markdown."""
    blocks: list[Json] = []
    at = 0
    for tag in _THINKING.finditer(markdown):
        blocks += _plain_markdown(markdown[at : tag.start()]) + blocks_of_html(tag.group())
        at = tag.end()
    return blocks + _plain_markdown(markdown[at:])


def _plain_markdown(markdown: str) -> list[Json]:
    return blocks_of_html(str(richify(markdown).to_dict()["html"])) if markdown.strip() else []


_MEDIA_FIELDS = {
    "photo": "photo",
    "video": "video",
    "audio": "audio",
    "voice_note": "voice_note",
    "animation": "animation",
    "document": "document",
}


def _source(block: Json, named: dict[str, object]) -> object:
    """What the bot named as the media: a URL, a file id or `attach://…`."""
    source = block.get("source")
    if source is None:
        source = (block.get(_MEDIA_FIELDS[block["type"]]) or {}).get("media")
    if isinstance(source, str) and source.startswith("tg://") and "?id=" in source:
        name = source.partition("?id=")[2]
        if name not in named:
            raise bad_request(f'media "{name}" is not found in rich message media')
        return named[name]
    return source


def _is_new(block: Json, named: dict[str, object]) -> bool:
    source = str(_source(block, named))
    return "://" in source


def _complete(block: Json, media: MediaMaker, named: dict[str, object]) -> None:
    """Fill in what Telegram adds: the stored files, labels of list items, alignments of cells, sizes of maps."""
    match block["type"]:
        case kind if kind in _MEDIA_FIELDS:
            source = _source(block, named)
            block.pop("source", None)
            block.update(media(kind, source))
        case "list":
            for number, item in enumerate(block["items"], 1):
                item.setdefault("label", f"{item.get('value') or number}." if item.get("type") else "•")
        case "map":
            block.update({"zoom": block.get("zoom", 14), "width": block.get("width", 600)})
            block.setdefault("height", 300)
