"""Bodies of Slack's calls: accepted by the SDK's own models, buttons and marks in their places."""

from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.messages.chunk import Chunk

from adapters.slack.bodies import (
    MARK_EVENT,
    begin_chunks,
    button_blocks,
    growth_chunks,
    metadata,
    post_body,
    stop_body,
)
from bot.domain.errors import Unrenderable
from bot.domain.messenger import Button, Buttons, Outgoing, ToolCard

AGAIN = Button("🔄 Again", "again:7", "primary")
UP, DOWN = Button("👍", "up:7"), Button("👎", "down:7")


def valid(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`blocks`, as slack_sdk's models read and check them."""
    read = [block.to_dict() for block in Block.parse_all(blocks)]
    assert len(read) == len(blocks) <= 50
    return blocks


def rows(count: int, width: int) -> Buttons:
    return tuple(tuple(Button(f"{row}.{n}", f"run:x {row}.{n}") for n in range(width)) for row in range(count))


def ids(blocks: list[dict[str, Any]]) -> list[str]:
    return [element["action_id"] for block in blocks for element in block.get("elements", ()) if "action_id" in element]


def test_a_message_is_a_markdown_block_with_a_fallback() -> None:
    body = post_body(Outgoing("**Hi** <!here>"))
    assert body == {"text": "Hi &lt;!here&gt;", "blocks": [{"type": "markdown", "text": "**Hi** &lt;!here>"}]}
    assert post_body(Outgoing("**Hi** <!here>")) == body
    valid(body["blocks"])


def test_an_empty_message_is_refused() -> None:
    with pytest.raises(Unrenderable):
        post_body(Outgoing(" \n", ((AGAIN,),)))


def test_buttons_stand_below_and_thumbs_are_slacks_own_feedback() -> None:
    blocks = valid(post_body(Outgoing("Hi", ((AGAIN, UP, DOWN),)))["blocks"])
    assert [block["type"] for block in blocks] == ["markdown", "actions", "context_actions"]
    assert blocks[1]["elements"] == [
        {
            "type": "button",
            "action_id": "sb:0",
            "text": {"type": "plain_text", "text": "🔄 Again", "emoji": True},
            "value": "again:7",
            "style": "primary",
        }
    ]
    feedback = blocks[2]["elements"][0]
    assert (feedback["positive_button"]["value"], feedback["negative_button"]["value"]) == ("up:7", "down:7")
    assert feedback["positive_button"]["text"]["text"] == "👍"


def test_a_single_thumb_and_thumbs_of_different_turns_are_plain_buttons() -> None:
    for buttons in (((UP,),), ((UP, Button("👎", "down:8")),)):
        assert [block["type"] for block in valid(button_blocks(buttons))] == ["actions"]


def test_few_rows_stay_rows_and_many_share_blocks_of_25() -> None:
    assert [len(block["elements"]) for block in valid(button_blocks(rows(3, 2)))] == [2, 2, 2]
    assert [len(block["elements"]) for block in valid(button_blocks(rows(1, 30)))] == [25, 5]
    many = valid(button_blocks(rows(20, 3)))
    assert [len(block["elements"]) for block in many] == [25, 25, 10]
    assert len(set(ids(many))) == 60
    assert ids(button_blocks(rows(1, 2), first=7)) == ["sb:7", "sb:8"]
    assert button_blocks(()) == button_blocks(((),)) == []


def test_labels_are_cut_and_actions_are_not() -> None:
    (block,) = valid(button_blocks(((Button("x" * 100, "a", "success"), Button(" ", "b", "danger")),)))
    first, second = block["elements"]
    assert first["text"]["text"] == "x" * 74 + "…"
    assert (first["style"], second["style"], second["text"]["text"]) == ("primary", "danger", "…")
    for action in ("", "x" * 2_001):
        with pytest.raises(ValueError, match="1 to 2000"):
            button_blocks(((Button("x", action),),))


def test_a_growing_reply_shows_thinking_and_status_below() -> None:
    growing = Outgoing("Half a **sent", thinking="a < b\nor not", status="Searching…", streaming=True)
    blocks = valid(post_body(growing)["blocks"])
    assert [block["type"] for block in blocks] == ["markdown", "context", "context"]
    assert blocks[0]["text"] == "Half a **sent**"
    assert blocks[1]["elements"][0]["text"] == "> a &lt; b or not"
    assert blocks[2]["elements"][0]["text"] == "Searching…"


def test_a_reply_of_which_nothing_is_there_yet_is_not_empty() -> None:
    body = post_body(Outgoing("", streaming=True))
    assert body["text"] == "…"
    assert valid(body["blocks"])[0]["elements"][0]["text"] == "…"
    assert post_body(Outgoing("", status="Searching…", streaming=True))["text"] == "Searching…"
    stop = ((Button("Stop", "stop:7"),),)
    assert [one["type"] for one in post_body(Outgoing("", stop, streaming=True))["blocks"]] == ["context", "actions"]


def test_a_long_thought_is_shown_from_its_end() -> None:
    (_, block) = post_body(Outgoing("x", thinking="y" * 600 + "end", streaming=True))["blocks"]
    shown = block["elements"][0]["text"]
    assert len(shown) < 600
    assert shown.startswith("> …y")
    assert shown.endswith("end")


def test_a_mark_travels_in_the_metadata() -> None:
    marked = {"metadata": {"event_type": MARK_EVENT, "event_payload": {"mark": "m1"}}}
    assert metadata(Outgoing("x", mark="m1")) == marked
    assert post_body(Outgoing("x", mark="m1"))["metadata"] == marked["metadata"]
    assert "metadata" not in post_body(Outgoing("x"))


def test_a_stream_begins_with_what_will_not_change() -> None:
    assert begin_chunks(Outgoing("Hello [wor", streaming=True)) == [{"type": "markdown_text", "text": "Hello"}]
    assert begin_chunks(Outgoing("", streaming=True)) == []


def test_a_stream_tells_what_ended_before_the_text_and_what_begins_after_it() -> None:
    before = (ToolCard("1", "Search", "running"),)
    now = (ToolCard("1", "Search", "done"), ToolCard("2", "Read", "running"), ToolCard("3", "Fail", "failed"))
    chunks = growth_chunks("found.", now, before)
    assert [(chunk.get("id"), chunk.get("status"), chunk.get("text")) for chunk in chunks] == [
        ("1", "complete", None),
        ("3", "error", None),
        (None, None, "found."),
        ("2", "in_progress", None),
    ]
    assert growth_chunks("", now, now) == []
    for chunk in chunks:
        read = Chunk.parse(chunk)
        assert read is not None
        assert read.to_dict() == chunk


def test_a_stream_ends_with_the_rest_its_buttons_and_its_mark() -> None:
    body = stop_body(Outgoing("All of it.", ((AGAIN, UP, DOWN),), mark="m1"), " of it.")
    assert body["chunks"] == [{"type": "markdown_text", "text": " of it."}]
    assert [block["type"] for block in valid(body["blocks"])] == ["actions", "context_actions"]
    assert body["metadata"]["event_payload"] == {"mark": "m1"}
    assert stop_body(Outgoing("All of it."), "") == {}
