"""Block Kit's blocks: which exist on which surface, their fields, and how many of them there may be.

https://docs.slack.dev/reference/block-kit/blocks/. Blocks that we do not use and Slack knows (call, video, cards, …)
are refused here like unknown ones.
"""

from collections.abc import Callable
from typing import Literal

from adapters.slack.emulator import elements
from adapters.slack.emulator.elements import any_text, plain
from adapters.slack.emulator.shapes import (
    Check,
    all_different,
    anything,
    as_list,
    as_object,
    at_least_one,
    every,
    flag,
    list_of,
    one_of,
    shape,
    tagged,
    text,
    url,
    wrong,
)
from adapters.slack.emulator.wire import Json

Surface = Literal["message", "modal", "home"]
MAX_MESSAGE_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_MARKDOWN = 12_000
"""All markdown blocks of one payload together; https://docs.slack.dev/reference/block-kit/blocks/markdown-block/."""
MAX_TABLE_CHARACTERS = 10_000
_ID = {"type": anything, "block_id": text(255)}


def _block(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    return shape(required, {**_ID, **(optional or {})})


def _rich_nodes(value: object, pointer: str) -> None:
    """The insides of rich text, loosely: objects with a type, in lists named `elements`."""
    for index, one in enumerate(as_list(value, pointer)):
        if "type" not in as_object(one, f"{pointer}/{index}"):
            raise wrong("missing required field: type", f"{pointer}/{index}")
        if "elements" in one:
            _rich_nodes(one["elements"], f"{pointer}/{index}/elements")


_RICH_TEXT = _block({"elements": _rich_nodes})
_TASK_SOURCE = shape({"type": one_of("url"), "url": url(), "text": text(256)})
_TASK_CARD = _block(
    {"task_id": text(255), "title": text(256)},
    {
        "status": one_of("pending", "in_progress", "complete", "error"),
        "details": _RICH_TEXT,
        "output": _RICH_TEXT,
        "sources": list_of(_TASK_SOURCE, 1, 10),
    },
)
_CELL = tagged({"raw_text": shape({"type": anything, "text": text(10_000)}), "rich_text": _RICH_TEXT})
_EVERYWHERE: dict[str, Check] = {
    "section": every(
        _block(
            {},
            {
                "text": any_text(3000),
                "fields": list_of(any_text(2000), 1, 10),
                "accessory": elements.ACCESSORIES,
                "expand": flag,
            },
        ),
        at_least_one("text", "fields"),
    ),
    "header": _block({"text": plain(150)}),
    "divider": _block({}),
    "context": _block({"elements": list_of(elements.CONTEXT_ELEMENTS, 1, 10)}),
    "actions": _block({"elements": list_of(elements.ACTION_ELEMENTS, 1, 25)}),
    "image": _block({"alt_text": text(2000), "image_url": url()}, {"title": plain(2000)}),
    "rich_text": _RICH_TEXT,
    "input": _block(
        {"label": plain(2000), "element": elements.INPUT_ELEMENTS},
        {"hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
}
_MESSAGES_ONLY: dict[str, Check] = {
    "markdown": _block({"text": text(MAX_MARKDOWN)}),
    "context_actions": _block({"elements": list_of(elements.CONTEXT_ACTION_ELEMENTS, 1, 5)}),
    "table": _block({"rows": list_of(list_of(_CELL, 1, 20), 1, 100)}, {"column_settings": list_of(anything, 1, 20)}),
    "task_card": _TASK_CARD,
    "plan": _block({"title": text(256)}, {"tasks": list_of(_TASK_CARD, 1, 50)}),
}
_BLOCKS: dict[Surface, Check] = {
    "message": tagged({**_EVERYWHERE, **_MESSAGES_ONLY}),
    "modal": tagged(_EVERYWHERE),
    "home": tagged(_EVERYWHERE),
}


def read_blocks(value: object, surface: Surface, name: Callable[[], str], *, pointer: str = "/blocks") -> list[Json]:
    """The blocks of a message or view, each with a `block_id` (`name` makes those that are missing).

    Refusal (`invalid_blocks`) for every rule of Block Kit that they break.
    """
    longest = MAX_MESSAGE_BLOCKS if surface == "message" else MAX_VIEW_BLOCKS
    list_of(_BLOCKS[surface], 0, longest)(value, pointer)
    blocks: list[Json] = [dict(block) for block in as_list(value, pointer)]
    all_different([one["block_id"] for one in blocks if "block_id" in one], "block_id", pointer)
    _check_sizes(blocks, pointer)
    for index, block in enumerate(blocks):
        block.setdefault("block_id", name())
        block.update(_with_action_ids(block, f"{pointer}/{index}", name))
    return blocks


def _check_sizes(blocks: list[Json], pointer: str) -> None:
    if sum(len(one["text"]) for one in blocks if one["type"] == "markdown") > MAX_MARKDOWN:
        raise wrong(f"markdown blocks must be less than {MAX_MARKDOWN + 1} characters together", pointer)
    tables = [one for one in blocks if one["type"] == "table"]
    if len(tables) > 1:
        raise wrong("only_one_table_allowed", pointer)
    cells = [cell for table in tables for row in table["rows"] for cell in row]
    if sum(len(str(cell.get("text", ""))) for cell in cells) > MAX_TABLE_CHARACTERS:
        raise wrong(f"table must be less than {MAX_TABLE_CHARACTERS + 1} characters", pointer)


def _with_action_ids(block: Json, pointer: str, name: Callable[[], str]) -> Json:
    """The interactive parts of the block with an `action_id` each; in one block no two may be the same."""
    if block["type"] in ("actions", "context_actions"):
        ids = [one["action_id"] for one in block["elements"] if "action_id" in one]
        all_different(ids, "action_id", f"{pointer}/elements")
        return {"elements": [{"action_id": name(), **one} for one in block["elements"]]}
    for part in ("accessory", "element"):
        if part in block and block[part]["type"] != "image":
            return {part: {"action_id": name(), **block[part]}}
    return {}
