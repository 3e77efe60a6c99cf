"""From the tree of rich HTML to the blocks that Telegram returns in `Message.rich_message`."""

import re
from itertools import count

from adapters.telegram.emulator.rich_html import Element, parse_html
from adapters.telegram.emulator.wire import Json, Refusal, bad_request

INLINE_STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "mark": "marked",
    "sub": "subscript",
    "sup": "superscript",
    "tg-spoiler": "spoiler",
}
_INLINE = frozenset(INLINE_STYLES) | {"a", "br", "tg-reference", "tg-emoji", "tg-time", "tg-math", "tg-button"}
_SPACES = re.compile(r"[ \t\n\f\r]+")
_MEDIA = {"img": "photo", "video": "video", "audio": "audio", "tg-document": "document"}
RichText = str | list["RichText"] | Json


def blocks_of_html(html: str) -> list[Json]:
    """The blocks of a rich message given as HTML; Refusal when a tag stands where it may not."""
    return _flow(parse_html(html))


def _wrong(element: Element, reason: str) -> Refusal:
    return bad_request(f'can\'t parse rich message: tag "{element.tag}" at byte offset {element.offset} {reason}')


def _is_inline(node: Element | str) -> bool:
    if isinstance(node, str):
        return True
    if node.tag == "img":
        return node.attributes.get("src", "").startswith("tg://emoji?")
    if node.tag == "tg-reference":
        return all(_is_inline(child) for child in node.children)
    return node.tag in _INLINE


def _flow(parent: Element) -> list[Json]:
    """Blocks, and loose text between them as paragraphs."""
    blocks: list[Json] = []
    loose: list[Element | str] = []
    for node in parent.children:
        if isinstance(node, Element) and not _is_inline(node):
            blocks.extend(_paragraph(loose))
            loose = []
            blocks.extend(_block(node))
        else:
            loose.append(node)
    return blocks + _paragraph(loose)


def _paragraph(loose: list[Element | str]) -> list[Json]:
    if len(named := [n for n in loose if isinstance(n, Element) and _is_anchor(n)]) and not _has_text(loose):
        return [{"type": "anchor", "name": anchor.attributes["name"]} for anchor in named]
    text = _trimmed(_inline_nodes(loose))
    return [{"type": "paragraph", "text": text}] if text not in ("", []) else []


def _is_anchor(node: Element) -> bool:
    return node.tag == "a" and "name" in node.attributes and not node.children


def _has_text(loose: list[Element | str]) -> bool:
    return any(bool(node.strip()) if isinstance(node, str) else not _is_anchor(node) for node in loose)


def _block(element: Element) -> list[Json]:
    match element.tag:
        case "p" | "footer" | "tg-thinking":
            kind = {"p": "paragraph", "tg-thinking": "thinking"}.get(element.tag, element.tag)
            text = _inline(element)
            return [{"type": kind, "text": text}] if text not in ("", []) or kind == "thinking" else []
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            return [{"type": "heading", "text": _inline(element), "size": int(element.tag[1])}]
        case "pre":
            return [_pre(element)]
        case "hr":
            return [{"type": "divider"}]
        case "tg-math-block":
            return [{"type": "mathematical_expression", "expression": _only_text(element)}]
        case "ul" | "ol":
            return [_list(element)]
        case "blockquote" | "aside":
            return [_quote(element)]
        case "table":
            return [_table(element)]
        case "details":
            return [_details(element)]
        case "tg-reference":
            return _flow(element)
        case "tg-button-row":
            return [_button_row(element)]
        case _:
            return [_media(element)]


def _only_text(element: Element) -> str:
    if element.elements:
        raise _wrong(element.elements[0], f'is not allowed in "{element.tag}"')
    return element.text.strip("\n")


def _pre(element: Element) -> Json:
    inside = element.elements
    if (
        len(inside) == 1
        and inside[0].tag == "code"
        and not any(isinstance(child, str) and child for child in element.children)
    ):
        code = inside[0]
        language = code.attributes.get("class", "")
        block: Json = {"type": "pre", "text": _raw_inline(code)}
        return block | ({"language": language.removeprefix("language-")} if language.startswith("language-") else {})
    return {"type": "pre", "text": _raw_inline(element)}


def _raw_inline(element: Element) -> RichText:
    return _joined([_node(child, raw=True) for child in element.children])


def _list(element: Element) -> Json:
    first = _integer(element, "start") if "start" in element.attributes else 1
    numbers = count(first, -1 if "reversed" in element.attributes else 1)
    items: list[Json] = []
    for item in _only_children(element, {"li"}):
        inside = item.elements
        item_json: Json = {}
        if inside and inside[0].tag == "input":
            if inside[0].attributes.get("type") != "checkbox":
                raise _wrong(inside[0], "must be a checkbox")
            item_json = {"has_checkbox": True} | ({"is_checked": True} if "checked" in inside[0].attributes else {})
            item = Element(item.tag, item.attributes, [n for n in item.children if n is not inside[0]], item.offset)
        value = _integer(item, "value") if "value" in item.attributes else next(numbers)
        label = f"{value}." if element.tag == "ol" else "•"
        numbering: Json = {"value": value, "type": element.attributes.get("type", "1")} if element.tag == "ol" else {}
        items.append({"label": label, "blocks": _flow(item)} | numbering | item_json)
    if not items:
        raise _wrong(element, "must have at least one item")
    return {"type": "list", "items": items}


def _only_children(element: Element, allowed: set[str]) -> list[Element]:
    """The child tags, when they are of the allowed kinds and nothing but spaces stands between them."""
    for child in element.children:
        if isinstance(child, str) and child.strip():
            raise _wrong(element, "must not contain text directly")
        if isinstance(child, Element) and child.tag not in allowed:
            raise _wrong(child, f'is not allowed in "{element.tag}"')
    return element.elements


def _split_off(element: Element, tag: str) -> tuple[Element, RichText | None]:
    """The element without its child `tag`, and that child's text."""
    found = [child for child in element.elements if child.tag == tag]
    if len(found) > 1:
        raise _wrong(found[1], "must not be repeated")
    rest = Element(element.tag, element.attributes, [n for n in element.children if n not in found], element.offset)
    return rest, _inline(found[0]) if found else None


def _quote(element: Element) -> Json:
    rest, credit = _split_off(element, "cite")
    tail: Json = {"credit": credit} if credit is not None else {}
    if element.tag == "aside":
        return {"type": "pullquote", "text": _inline(rest)} | tail
    if "collapsed" in element.attributes:
        return {"type": "expandable_blockquote", "text": _inline(rest)} | tail
    return {"type": "blockquote", "blocks": _flow(rest)} | tail


def _table(element: Element) -> Json:
    rest, caption = _split_off(element, "caption")
    rows = [[_cell(cell) for cell in _only_children(row, {"td", "th"})] for row in _only_children(rest, {"tr"})]
    if not rows or not all(rows):
        raise _wrong(element, "must have cells in every row")
    block: Json = {"type": "table", "cells": rows}
    for name in ("bordered", "striped", "compact"):
        if name in element.attributes:
            block[f"is_{name}"] = True
    return block | ({"caption": caption} if caption is not None else {})


def _cell(element: Element) -> Json:
    align, valign = element.attributes.get("align", "left"), element.attributes.get("valign", "top")
    if align not in ("left", "center", "right") or valign not in ("top", "middle", "bottom"):
        raise _wrong(element, "has a wrong alignment")
    cell: Json = {"align": align, "valign": valign, "text": _inline(element)}
    for span in ("colspan", "rowspan"):
        if span in element.attributes:
            cell[span] = _integer(element, span)
    return cell | ({"is_header": True} if element.tag == "th" else {})


def _integer(element: Element, name: str) -> int:
    value = element.attributes.get(name, "")
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise _wrong(element, f'has a wrong attribute "{name}"')
    return int(value)


def _details(element: Element) -> Json:
    if not element.elements or element.elements[0].tag != "summary":
        raise _wrong(element, 'must begin with "summary"')
    rest, summary = _split_off(element, "summary")
    block: Json = {"type": "details", "summary": summary, "blocks": _flow(rest)}
    return block | ({"is_open": True} if "open" in element.attributes else {})


def _button_row(element: Element) -> Json:
    buttons = [_button(button) for button in _only_children(element, {"tg-button"})]
    return {"type": "buttons", "buttons": buttons} | (
        {"align": element.attributes["align"]} if "align" in element.attributes else {}
    )


def _button(element: Element) -> Json:
    button: Json = {"text": _inline(element)}
    for attribute, key in (("style", "style"), ("url", "url"), ("callback-data", "callback_data")):
        if attribute in element.attributes:
            button[key] = element.attributes[attribute]
    if "copy-text" in element.attributes:
        button["copy_text"] = {"text": element.attributes["copy-text"]}
    return button | ({"disabled": {}} if "disabled" in element.attributes else {})


def _media(element: Element) -> Json:
    """Media as the bot named them: `source` is replaced by the file when the message is accepted."""
    match element.tag:
        case "figure":
            rest, caption = _split_off(element, "figcaption")
            inside = _only_children(rest, {"img", "video", "audio", "tg-document", "tg-map"})
            if len(inside) != 1:
                raise _wrong(element, "must have exactly one media")
            return _media(inside[0]) | ({"caption": {"text": caption}} if caption is not None else {})
        case "tg-collage" | "tg-slideshow":
            rest, caption = _split_off(element, "figcaption")
            blocks = [_media(child) for child in _only_children(rest, {"img", "video"})]
            kind = element.tag.removeprefix("tg-")
            return {"type": kind, "blocks": blocks} | ({"caption": {"text": caption}} if caption is not None else {})
        case "tg-map":
            return _map(element)
        case tag if tag in _MEDIA:
            return {"type": _MEDIA[tag], "source": element.attributes.get("src", "")}
        case _:
            raise _wrong(element, "is not allowed here")


def _map(element: Element) -> Json:
    try:
        place = {"latitude": float(element.attributes["lat"]), "longitude": float(element.attributes["long"])}
    except (KeyError, ValueError) as error:
        raise _wrong(element, "has a wrong location") from error
    zoom = _integer(element, "zoom") if "zoom" in element.attributes else 14
    return {"type": "map", "location": place, "zoom": zoom, "width": 600, "height": 300}


def _inline(element: Element) -> RichText:
    return _trimmed(_inline_nodes(element.children))


def _inline_nodes(nodes: list[Element | str]) -> list[RichText]:
    return [_node(node, raw=False) for node in nodes]


def _node(node: Element | str, *, raw: bool) -> RichText:
    if isinstance(node, str):
        return node if raw else _SPACES.sub(" ", node)
    if not _is_inline(node):
        raise _wrong(node, "is not allowed inside a line of text")
    inside = _joined([_node(child, raw=raw) for child in node.children])
    if node.tag == "br":
        return "\n"
    if node.tag in INLINE_STYLES:
        if node.tag == "code" and node.attributes:
            raise _wrong(node, 'can\'t have a language outside of "pre"')
        return {"type": INLINE_STYLES[node.tag], "text": inside}
    return _special(node, inside)


def _special(node: Element, inside: RichText) -> Json:
    match node.tag:
        case "a":
            return _link(node, inside)
        case "tg-reference":
            return {"type": "reference", "text": inside, "name": node.attributes.get("name", "")}
        case "tg-math":
            return {"type": "mathematical_expression", "expression": _only_text(node)}
        case "tg-time":
            when = {"unix_time": _integer(node, "unix"), "date_time_format": node.attributes.get("format", "")}
            return {"type": "date_time", "text": inside, **when}
        case "tg-button":
            return {"type": "button", "button": _button(node)}
        case "img":
            emoji = node.attributes.get("src", "").partition("id=")[2]
            return {
                "type": "custom_emoji",
                "custom_emoji_id": emoji,
                "alternative_text": node.attributes.get("alt", ""),
            }
        case _:
            emoji = node.attributes.get("emoji-id", "")
            return {"type": "custom_emoji", "custom_emoji_id": emoji, "alternative_text": node.text}


def _link(node: Element, inside: RichText) -> Json:
    target = node.attributes.get("href", "")
    if _is_anchor(node):
        return {"type": "anchor", "name": node.attributes["name"]}
    if not target:
        raise _wrong(node, 'must have the attribute "href"')
    scheme, _, rest = target.partition(":")
    match scheme:
        case "mailto":
            return {"type": "email_address", "text": inside, "email_address": rest}
        case "tel":
            return {"type": "phone_number", "text": inside, "phone_number": rest}
        case _ if target.startswith("tg://user?id=") and target[13:].isdecimal():
            user = {"id": int(target[13:]), "is_bot": False, "first_name": target[13:]}
            return {"type": "text_mention", "text": inside, "user": user}
        case _ if target.startswith("#"):
            return {"type": "anchor_link", "text": inside, "anchor_name": target[1:]}
        case _:
            return {"type": "url", "text": inside, "url": target}


def _joined(parts: list[RichText]) -> RichText:
    """Neighbouring strings as one; a single part stands alone."""
    joined: list[RichText] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part not in ("", []):
            joined.append(part)
    return joined[0] if len(joined) == 1 else (joined or "")


def _trimmed(parts: list[RichText]) -> RichText:
    joined = _joined(parts)
    if isinstance(joined, str):
        return joined.strip()
    if isinstance(joined, list):
        if isinstance(joined[0], str):
            joined[0] = joined[0].lstrip()
        if isinstance(joined[-1], str):
            joined[-1] = joined[-1].rstrip()
        return _joined(joined)
    return joined
