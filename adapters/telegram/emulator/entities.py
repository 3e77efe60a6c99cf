"""Texts and their entities by TDLib's own rules (package `tdjson`, offline), as the Bot API server has them."""

import json
from dataclasses import dataclass, field
from typing import Any

import tdjson

from adapters.telegram.emulator.wire import Json, Refusal, bad_request, utf16_length

_TO_TDLIB = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "blockquote": "BlockQuote",
    "expandable_blockquote": "ExpandableBlockQuote",
    "text_link": "TextUrl",
    "text_mention": "MentionName",
    "custom_emoji": "CustomEmoji",
    "date_time": "DateTime",
}
_DETECTED = {
    "mention": "Mention",
    "hashtag": "Hashtag",
    "cashtag": "Cashtag",
    "bot_command": "BotCommand",
    "url": "Url",
    "email": "EmailAddress",
    "phone_number": "PhoneNumber",
    "bank_card": "BankCardNumber",
}
_FROM_TDLIB = {v: k for k, v in (_TO_TDLIB | _DETECTED).items()} | {"PreCode": "pre"}
_PARSE_MODES: dict[str, Json] = {
    "html": {"@type": "textParseModeHTML"},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
}
# TDLib's clean_input_string: these vanish; other control characters become spaces.
_VANISHING = frozenset("\r\u0333\u033f\u030a" + "".join(chr(code) for code in range(0x2028, 0x202F)))


# A link or mention found by Telegram may lie inside these.
_STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote"})


@dataclass(frozen=True, slots=True)
class FormattedText:
    """What is left to see of a text, with the entities over it (offsets in UTF-16 units)."""

    text: str
    entities: list[Json] = field(default_factory=list)


def silence_tdlib() -> None:
    """Switch TDLib's own log off; it writes to stderr otherwise."""
    _execute({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})


def format_text(text: str, parse_mode: str | None, entities: list[Any] | None) -> FormattedText:
    """The text a bot sends as it will be shown, trimmed, with explicit, parsed and detected entities.

    Refusal with the server's own words when the markup or an entity is wrong. The result may be empty.
    """
    if parse_mode and parse_mode.lower() != "none":
        given = _parsed(text, parse_mode)
    else:
        given = _fixed(text, [_to_tdlib(entity) for entity in entities or []])
    trimmed = _trimmed(given)
    return FormattedText(trimmed.text, _with_detected(trimmed))


def detect_entities(text: str) -> list[Json]:
    """Commands, mentions, links and so on that Telegram finds in a text by itself."""
    answer = _execute({"@type": "getTextEntities", "text": text})
    return [entity for raw in answer.get("entities", []) if (entity := _from_tdlib(raw)) is not None]


def _execute(request: Json) -> Json:
    raw = tdjson.td_execute(json.dumps(request).encode())
    answer: Json = json.loads(raw) if raw else {}
    return answer


def _checked(answer: Json) -> Json:
    if answer.get("@type") == "error":
        raise _refusal(str(answer["message"]))
    return answer


def _refusal(message: str) -> Refusal:
    return bad_request("strings must be encoded in UTF-8" if "encoded in UTF-8" in message else message)


def _parsed(text: str, parse_mode: str) -> FormattedText:
    mode = _PARSE_MODES.get(parse_mode.lower())
    if mode is None:
        raise bad_request("unsupported parse_mode")
    answer = _checked(_execute({"@type": "parseTextEntities", "text": text, "parse_mode": mode}))
    return _fixed(answer["text"], answer["entities"])


def _fixed(text: str, entities: list[Json]) -> FormattedText:
    """Let TDLib check and normalise entities.

    The letters are masked, since the only offline call that normalises entities would also read Markdown in them.
    """
    cleaned = "".join(_cleaned(char) for char in text) if not text.isprintable() else text
    if not entities:
        return FormattedText(cleaned)
    masked = "".join(_masked(char) for char in text)
    request = {"@type": "formattedText", "text": masked, "entities": entities}
    answer = _checked(_execute({"@type": "parseMarkdown", "text": request}))
    fixed = [entity for raw in answer["entities"] if (entity := _from_tdlib(raw)) is not None]
    return FormattedText(cleaned, fixed)


def _cleaned(char: str) -> str:
    if char in _VANISHING:
        return ""
    return " " if char < " " and char != "\n" else char


def _masked(char: str) -> str:
    if char <= " " or char in _VANISHING:
        return char
    return "x" if ord(char) <= 0xFFFF else "\U0001f600"


def _trimmed(given: FormattedText) -> FormattedText:
    """Spaces and newlines go from the end, and from the beginning as far as no entity covers them."""
    text = given.text.rstrip(" \n")
    end = utf16_length(text)
    kept = [{**e, "length": min(e["length"], end - e["offset"])} for e in given.entities if e["offset"] < end]
    leading = len(text) - len(text.lstrip(" \n"))
    cut = min([leading, *(entity["offset"] for entity in kept)])
    return FormattedText(text[cut:], [{**entity, "offset": entity["offset"] - cut} for entity in kept])


def _with_detected(given: FormattedText) -> list[Json]:
    explicit = given.entities
    detected = [
        found
        for found in detect_entities(given.text)
        if not any(_overlap(found, entity) and entity["type"] not in _STYLES for entity in explicit)
    ]
    return sorted(explicit + detected, key=lambda entity: (entity["offset"], -entity["length"]))


def _overlap(one: Json, other: Json) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


def _to_tdlib(entity: object) -> Json:
    if not isinstance(entity, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    kind = str(entity.get("type", ""))
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(length, int):
        raise bad_request('can\'t parse MessageEntity: field "offset" and "length" must be Numbers')
    if length <= 0:
        raise bad_request(f"receive an entity with incorrect length {length}")
    return {"@type": "textEntity", "offset": offset, "length": length, "type": _tdlib_type(kind, entity)}


def _tdlib_type(kind: str, entity: Json) -> Json:
    if kind in _DETECTED:
        return {"@type": f"textEntityType{_DETECTED[kind]}"}
    if kind not in _TO_TDLIB:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    made: Json = {"@type": f"textEntityType{_TO_TDLIB[kind]}"}
    match kind:
        case "text_link":
            made["url"] = str(entity.get("url", ""))
        case "text_mention":
            made["user_id"] = int((entity.get("user") or {}).get("id", 0))
        case "custom_emoji":
            made["custom_emoji_id"] = str(entity.get("custom_emoji_id", "0"))
        case "date_time":
            made["unix_time"] = int(entity.get("unix_time", 0))
        case "pre" if entity.get("language"):
            made = {"@type": "textEntityTypePreCode", "language": str(entity["language"])}
    return made


def _from_tdlib(raw: Json) -> Json | None:
    kind = _FROM_TDLIB.get(raw["type"]["@type"].removeprefix("textEntityType"))
    if kind is None:
        return None
    made: Json = {"type": kind, "offset": raw["offset"], "length": raw["length"]}
    return made | _extra(kind, raw["type"])


def _extra(kind: str, raw: Json) -> Json:
    match kind:
        case "text_link":
            return {"url": raw["url"]}
        case "text_mention":
            return {"user": {"id": raw["user_id"], "is_bot": False, "first_name": str(raw["user_id"])}}
        case "pre" if raw.get("language"):
            return {"language": raw["language"]}
        case "custom_emoji":
            return {"custom_emoji_id": raw["custom_emoji_id"]}
        case "date_time":
            return {"unix_time": raw["unix_time"]}
        case _:
            return {}
