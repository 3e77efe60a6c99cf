"""What a rich message shows and how much it takes: its plain text, and the documented limits."""

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.telegram.emulator.wire import Json, Refusal, bad_request

MAX_BYTES = 32_768
MAX_BLOCKS = 500
MAX_MEDIA = 50
MAX_COLUMNS = 20
MAX_DEPTH = 16
MAX_BUTTONS_IN_ROW = 8
_MEDIA = frozenset({"photo", "video", "audio", "voice_note", "animation", "document"})


def text_of(node: object) -> str:
    """The characters of an inline node that a reader sees."""
    match node:
        case str():
            return node
        case list():
            return "".join(text_of(part) for part in node)
        case {"type": "custom_emoji", "alternative_text": str(shown)}:
            return shown
        case {"type": "mathematical_expression", "expression": str(formula)}:
            return formula
        case {"type": "button", "button": dict(button)}:
            return text_of(button.get("text", ""))
        case dict():
            return text_of(node.get("text", ""))
        case _:
            return ""


def visible_text(blocks: list[Json], *, thinking: bool = False) -> str:
    """The message as plain text: a line per block, `•` or a number before list items, ` | ` between cells.

    The placeholder of a thinking block is no part of the message; with `thinking` only that is returned.
    """
    if thinking:
        return "\n".join(text_of(block["text"]) for block in walk(blocks) if block["type"] == "thinking")
    lines = (_block_text(block) for block in blocks if block["type"] != "thinking")
    return "\n".join(line for line in lines if line)


def _block_text(block: Json) -> str:
    match block["type"]:
        case "list":
            return "\n".join(_item_text(item) for item in block["items"])
        case "table":
            rows = [" | ".join(text_of(cell.get("text", "")) for cell in row) for row in block["cells"]]
            return "\n".join([text_of(block["caption"]), *rows] if "caption" in block else rows)
        case "details":
            return f"{text_of(block['summary'])}\n{visible_text(block['blocks'])}"
        case "blockquote" | "collage" | "slideshow":
            return _with_credit(visible_text(block["blocks"]), block)
        case "mathematical_expression":
            return str(block["expression"])
        case "buttons" | "divider" | "anchor":
            return ""
        case _:
            return _with_credit(text_of(block.get("text", "")), block)


def _with_credit(text: str, block: Json) -> str:
    tail = [text_of(block["credit"])] if block.get("credit") else []
    caption = [text_of(block["caption"]["text"])] if block.get("caption") else []
    return "\n".join(part for part in [text, *caption, *tail] if part)


def _item_text(item: Json) -> str:
    box = ("☑ " if item.get("is_checked") else "☐ ") if item.get("has_checkbox") else ""
    inside = visible_text(item["blocks"]).replace("\n", "\n  ")
    return f"{item.get('label', '•')} {box}{inside}"


def walk(blocks: list[Json]) -> Iterator[Json]:
    """Every block, the nested ones after their parent."""
    for block in blocks:
        yield block
        for inner in _inner_blocks(block):
            yield from walk(inner)


def _inner_blocks(block: Json) -> list[list[Json]]:
    if block["type"] == "list":
        return [item["blocks"] for item in block["items"]]
    return [block["blocks"]] if "blocks" in block else []


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of each limit a message takes."""

    text_bytes: int
    blocks: int
    media: int
    columns: int
    depth: int


def measure(blocks: list[Json]) -> Measure:
    every = list(walk(blocks))
    return Measure(
        text_bytes=sum(len(text.encode()) for block in every for text in _texts(block)),
        blocks=len(every) + sum(len(b["items"]) if b["type"] == "list" else len(b.get("cells", [])) for b in every),
        media=sum(block["type"] in _MEDIA for block in every),
        columns=max((_columns(row) for block in every for row in block.get("cells", [])), default=0),
        depth=max((_depth(block) for block in blocks), default=0),
    )


def _texts(block: Json) -> Iterator[str]:
    for name in ("text", "summary", "credit", "expression"):
        if name in block:
            yield text_of(block[name])
    caption = block.get("caption")
    yield text_of(caption["text"] if isinstance(caption, dict) and "type" not in caption else caption)
    for row in block.get("cells", []):
        yield from (text_of(cell.get("text")) for cell in row)
    for button in block.get("buttons", []):
        yield text_of(button.get("text"))


def _columns(row: list[Json]) -> int:
    return sum(int(cell.get("colspan") or 1) for cell in row)


def _depth(block: Json) -> int:
    inline = [_inline_depth(block.get(name)) for name in ("text", "summary", "caption", "credit")]
    inline += [_inline_depth(cell.get("text")) for row in block.get("cells", []) for cell in row]
    step = 2 if block["type"] == "list" else 1
    nested = [_depth(inner) + step - 1 for blocks in _inner_blocks(block) for inner in blocks]
    return 1 + max([*inline, *nested], default=0)


def _inline_depth(node: object) -> int:
    match node:
        case list():
            return max((_inline_depth(part) for part in node), default=0)
        case dict():
            return (1 if "type" in node else 0) + _inline_depth(node.get("text"))
        case _:
            return 0


def check_limits(blocks: list[Json], *, draft: bool) -> None:
    """Refusal when the message is empty, too big, too deep, or thinks outside of a draft."""
    taken = measure(blocks)
    if taken.text_bytes > MAX_BYTES:
        raise bad_request("message is too long")
    for name, have, most in (
        ("blocks", taken.blocks, MAX_BLOCKS),
        ("media", taken.media, MAX_MEDIA),
        ("table columns", taken.columns, MAX_COLUMNS),
        ("levels of nesting", taken.depth, MAX_DEPTH),
    ):
        if have > most:
            raise bad_request(f"rich message has too many {name}: {have} of at most {most}")
    every = list(walk(blocks))
    if not draft and any(block["type"] == "thinking" for block in every):
        raise bad_request("thinking blocks can be used only in drafts")
    if not draft and not taken.media and not _shows_anything(every):
        raise bad_request("message must be non-empty")
    for block in every:
        _check_block(block)


def _shows_anything(every: list[Json]) -> bool:
    return any(block["type"] in ("divider", "map", "buttons") for block in every) or any(
        text.strip() for block in every for text in _texts(block)
    )


def _check_block(block: Json) -> None:
    if block["type"] == "heading" and not 1 <= block["size"] <= 6:
        raise bad_request("heading size must be from 1 to 6")
    if block["type"] == "buttons":
        if not 1 <= len(block["buttons"]) <= MAX_BUTTONS_IN_ROW:
            raise bad_request("a row must have 1-8 buttons")
        for button in block["buttons"]:
            check_callback_data(button)


def check_callback_data(button: Json) -> None:
    """Refusal unless the button's callback data, if any, is 1-64 bytes."""
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= 64:
        raise button_data_invalid()


def button_data_invalid() -> Refusal:
    return bad_request("BUTTON_DATA_INVALID")
