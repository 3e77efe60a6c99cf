"""What a person reads on the screen, and the elements they can press."""

from collections.abc import Iterator

from adapters.slack.emulator.state import MessageState
from adapters.slack.emulator.wire import Json


def reading_of(message: MessageState) -> str:
    """The text that a reader sees: of the stream, then of the blocks; without either, the message's text."""
    stream = message.shown_stream
    if stream is None and not message.blocks:
        return message.text
    parts = [stream.text if stream else "", *(block_text(block) for block in message.shown_blocks)]
    return "\n".join(part for part in parts if part)


def block_text(block: Json) -> str:
    """The text of one block; buttons and other elements have none."""
    match block.get("type"):
        case "markdown":
            return str(block["text"])
        case "section":
            own = [block["text"]] if "text" in block else []
            return "\n".join(str(part["text"]) for part in own + list(block.get("fields", [])))
        case "header":
            return str(block["text"]["text"])
        case "context":
            return " ".join(str(one["text"]) for one in block["elements"] if "text" in one)
        case "rich_text":
            return "\n".join(_rich(element) for element in block["elements"])
        case _:
            return ""


def _rich(element: Json) -> str:
    match element.get("type"):
        case "rich_text_list":
            return "\n".join(f"• {_rich(one)}" for one in element.get("elements", []))
        case "user":
            return f"<@{element.get('user_id', '')}>"
        case "emoji":
            return f":{element.get('name', '')}:"
        case "link":
            return str(element.get("text") or element.get("url", ""))
        case _:
            own = str(element.get("text", ""))
            return own + "".join(_rich(one) for one in element.get("elements", []))


def pressable(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, element) that a person can press or fill in, in reading order.

    The two buttons of `feedback_buttons` come with it as one element.
    """
    for block in blocks:
        match block.get("type"):
            case "actions" | "context_actions":
                yield from ((block, element) for element in block["elements"])
            case "section" if "accessory" in block and block["accessory"].get("type") != "image":
                yield block, block["accessory"]
            case "input":
                yield block, block["element"]
            case _:
                pass
