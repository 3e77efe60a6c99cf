"""How an `Outgoing` looks in Slack's own terms: blocks, fallback text, chunks of a stream, buttons, metadata."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.slack.markup import escape
from adapters.slack.render import as_markdown, fallback, steady
from bot.domain.action import TurnAction
from bot.domain.errors import Unrenderable
from bot.domain.messenger import Button, Buttons, Outgoing, ToolCard
from bot.markdown.plain import clean

Body = dict[str, Any]

MARK_EVENT = "switchboard_message"
"""The type of our messages' metadata; its payload has `mark`."""
STATES: Mapping[str, str] = {"running": "in_progress", "done": "complete", "failed": "error"}
"""State of a `ToolCard` → status of a task card."""

_LABEL_CHARS = 75
_ACTION_CHARS = 2_000
_ROW_BUTTONS = 25
_ROWS = 6
"""More rows than this share blocks: a message has 50, and its text may take 40."""
_CHUNK_CHARS = 11_900
_TASK_CHARS = 250
_STATUS_CHARS = 160
_THOUGHT_CHARS = 500
_PREVIEW_CHARS = 600
"""How much of a text that still grows goes into notifications, which nobody gets again for an edit."""
_NOTHING_YET = "…"
_STYLES = {"primary": "primary", "success": "primary", "danger": "danger"}


def post_body(outgoing: Outgoing) -> Body:
    """Arguments of `chat.postMessage` but the channel and thread; and of `chat.update` but the channel and message.

    Unrenderable when nothing would be seen; ValueError for an action that Slack cannot carry.
    """
    rendered = as_markdown(outgoing.text)
    if outgoing.streaming:
        shown = [*_markdown(rendered), *_below(outgoing)] or _context(_NOTHING_YET)
        blocks = [*shown, *button_blocks(outgoing.buttons)]
        text = fallback(outgoing.text[:_PREVIEW_CHARS]) or escape(_line(outgoing.status)) or _NOTHING_YET
    elif rendered:
        blocks = [*_markdown(rendered), *button_blocks(outgoing.buttons)]
        text = fallback(outgoing.text) or _NOTHING_YET
    else:
        raise Unrenderable("the message would be empty")
    return {"text": text, "blocks": blocks} | metadata(outgoing)


def begin_chunks(outgoing: Outgoing) -> list[Body]:
    """Chunks that `chat.startStream` begins with; perhaps none."""
    return growth_chunks(steady(outgoing.text), (), ())


def growth_chunks(text: str, tools: Sequence[ToolCard], shown_tools: Sequence[ToolCard]) -> list[Body]:
    """Chunks that append rendered `text` to a stream and bring its task cards from `shown_tools` to `tools`.

    What came to an end is told before the text, what begins after it: that is the order of the timeline.
    """
    shown = {card.call: card for card in shown_tools}
    changed = [card for card in tools if shown.get(card.call) != card]
    ended = [_task(card) for card in changed if card.state != "running"]
    begun = [_task(card) for card in changed if card.state == "running"]
    return [*ended, *_text_chunks(text), *begun]


def stop_body(
    outgoing: Outgoing, rest: str, tools: Sequence[ToolCard] = (), shown_tools: Sequence[ToolCard] = ()
) -> Body:
    """Arguments of `chat.stopStream` but the channel and message: the rendered `rest` of the text, buttons, metadata.

    At most 12,000 characters of `rest` fit.
    """
    chunks = growth_chunks(rest, tools, shown_tools)
    blocks = button_blocks(outgoing.buttons)
    return ({"chunks": chunks} if chunks else {}) | ({"blocks": blocks} if blocks else {}) | metadata(outgoing)


def metadata(outgoing: Outgoing) -> Body:
    """The argument `metadata` with the mark of the message; nothing for one without."""
    if not outgoing.mark:
        return {}
    return {"metadata": {"event_type": MARK_EVENT, "event_payload": {"mark": outgoing.mark}}}


def button_blocks(buttons: Buttons, *, first: int = 0) -> list[Body]:
    """Blocks of buttons, a row each while there are few rows; thumbs up and down of one turn as Slack's own feedback.

    `action_id`s count from `first`, so that they differ in everything that is shown together.
    """
    numbered: list[list[tuple[int, Button]]] = []
    number = first
    for row in buttons:
        numbered.append([(number + index, button) for index, button in enumerate(row)])
        number += len(row)
    feedback = _feedback([pair for row in numbered for pair in row])
    taken = {index for index, _ in feedback}
    rows = [[_button(index, button) for index, button in row if index not in taken] for row in numbered]
    blocks = [{"type": "actions", "elements": elements} for elements in _packed([row for row in rows if row])]
    return [*blocks, *([_feedback_block(*feedback)] if feedback else [])]


def _packed(rows: list[list[Body]]) -> Iterator[list[Body]]:
    if len(rows) > _ROWS:
        rows = [[element for row in rows for element in row]]
    for row in rows:
        for start in range(0, len(row), _ROW_BUTTONS):
            yield row[start : start + _ROW_BUTTONS]


def _feedback(buttons: Sequence[tuple[int, Button]]) -> tuple[tuple[int, Button], ...]:
    """The first two thumbs that belong together, up before down; empty when there are none."""
    thumbs: dict[tuple[str, int], tuple[int, Button]] = {}
    for index, button in buttons:
        action = TurnAction.parse(button.action)
        if action is not None and action.verb in ("up", "down"):
            thumbs[action.verb, action.turn] = index, button
    for (verb, turn), up in thumbs.items():
        if verb == "up" and ("down", turn) in thumbs:
            return up, thumbs["down", turn]
    return ()


def _feedback_block(up: tuple[int, Button], down: tuple[int, Button]) -> Body:
    element = {
        "type": "feedback_buttons",
        "action_id": f"sb:{up[0]}",
        "positive_button": {"text": _label(up[1]), "value": _action(up[1])},
        "negative_button": {"text": _label(down[1]), "value": _action(down[1])},
    }
    return {"type": "context_actions", "elements": [element]}


def _button(index: int, button: Button) -> Body:
    element = {"type": "button", "action_id": f"sb:{index}", "text": _label(button), "value": _action(button)}
    return element | ({"style": _STYLES[button.style]} if button.style else {})


def _label(button: Button) -> Body:
    label = clean(button.label).strip() or _NOTHING_YET
    shown = label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…"
    return {"type": "plain_text", "text": shown, "emoji": True}


def _action(button: Button) -> str:
    if not 0 < len(button.action) <= _ACTION_CHARS:
        raise ValueError(f"an action takes 1 to {_ACTION_CHARS} characters, not {len(button.action)}")
    return button.action


def _markdown(rendered: str) -> list[Body]:
    return [{"type": "markdown", "text": rendered}] if rendered else []


def _below(outgoing: Outgoing) -> list[Body]:
    """The end of the thinking as a quoted line, and the status."""
    thought = " ".join(clean(outgoing.thinking).split())
    shown = thought if len(thought) <= _THOUGHT_CHARS else "…" + thought[-_THOUGHT_CHARS:]
    line = _line(outgoing.status)
    return [*(_context(f"> {escape(shown)}") if shown else []), *(_context(escape(line)) if line else [])]


def _context(mrkdwn: str) -> list[Body]:
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn}]}]


def _line(status: str) -> str:
    line = " ".join(clean(status).split())
    return line if len(line) <= _STATUS_CHARS else line[: _STATUS_CHARS - 1] + "…"


def _text_chunks(text: str) -> list[Body]:
    parts = (text[start : start + _CHUNK_CHARS] for start in range(0, len(text), _CHUNK_CHARS))
    return [{"type": "markdown_text", "text": part} for part in parts]


def _task(card: ToolCard) -> Body:
    title = " ".join(clean(card.title).split()) or _NOTHING_YET
    shown = title if len(title) <= _TASK_CHARS else title[: _TASK_CHARS - 1] + "…"
    return {"type": "task_update", "id": card.call, "title": shown, "status": STATES[card.state]}
