"""Rich HTML, strictly: the tags and attributes that the Bot API documents ("Rich HTML style"), well nested."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.telegram.emulator.wire import Refusal, bad_request

_PLAIN = "b strong i em u ins s strike del code mark sub sup tg-spoiler tg-math tg-math-block"
_BLOCKS = "h1 h2 h3 h4 h5 h6 p footer aside cite figure figcaption tg-collage tg-slideshow caption summary tr ul"
ATTRIBUTES: dict[str, frozenset[str]] = {
    tag: frozenset() for tag in f"{_PLAIN} {_BLOCKS} br hr pre tg-thinking".split()
}
ATTRIBUTES |= {
    tag: frozenset(names.split())
    for tag, names in {
        "a": "href name",
        "tg-reference": "name",
        "tg-emoji": "emoji-id",
        "tg-time": "unix format",
        "code": "class",
        "img": "src alt tg-spoiler",
        "video": "src tg-spoiler",
        "audio": "src",
        "tg-document": "src",
        "tg-map": "lat long zoom width height",
        "tg-button": "style url callback-data copy-text disabled",
        "tg-button-row": "align",
        "ol": "start type reversed",
        "li": "value type",
        "input": "type checked",
        "blockquote": "collapsed",
        "table": "bordered striped compact",
        "th": "colspan rowspan align valign",
        "td": "colspan rowspan align valign",
        "details": "open",
    }.items()
}
VOID = frozenset({"br", "hr", "img", "input", "tg-map"})
_MAY_CLOSE_ITSELF = VOID | {"video", "audio", "tg-document", "a", "tg-emoji"}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>")
_ATTRIBUTE = re.compile(r"\s+([A-Za-z][A-Za-z0-9-]*)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?")
_REFERENCE = re.compile(r"&(#x?[0-9A-Fa-f]+|lt|gt|amp|quot|apos|nbsp|hellip|mdash|ndash|lsquo|rsquo|ldquo|rdquo);")
_NAMED = {
    "lt": "<",
    "gt": ">",
    "amp": "&",
    "quot": '"',
    "apos": "'",
    "nbsp": "\u00a0",
    "hellip": "…",
    "mdash": "—",
    "ndash": "–",
    "lsquo": "‘",
    "rsquo": "’",
    "ldquo": "“",
    "rdquo": "”",
}


@dataclass(slots=True)
class Element:
    """A tag with what stands between it and its end tag; the root's tag is empty."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)
    offset: int = 0

    @property
    def elements(self) -> list["Element"]:
        return [child for child in self.children if isinstance(child, Element)]

    @property
    def text(self) -> str:
        """The characters inside, tags dropped."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


def parse_html(html: str) -> Element:
    """The tree of a rich message; Refusal when a tag, an attribute or the nesting is not the Bot API's."""
    root = Element("")
    stack = [root]
    for piece in _pieces(html):
        match piece:
            case str():
                stack[-1].children.append(piece)
            case Element():
                stack[-1].children.append(piece)
                stack.append(piece)
            case _End():
                _close(stack, piece)
    if len(stack) > 1:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return root


@dataclass(frozen=True, slots=True)
class _End:
    tag: str
    offset: int


def _pieces(html: str) -> Iterator["str | Element | _End"]:
    at = 0
    while at < len(html):
        opening = html.find("<", at)
        if opening < 0:
            opening = len(html)
        if opening > at:
            yield _decoded(html[at:opening])
        if opening == len(html):
            return
        tag = _TAG.match(html, opening)
        if tag is None:
            raise _wrong(f"Unsupported start tag at byte offset {_bytes(html, opening)}")
        yield from _tag(tag, _bytes(html, opening))
        at = tag.end()


def _tag(found: re.Match[str], offset: int) -> Iterator["Element | _End"]:
    closing, name, attributes, alone = found.groups()
    name = name.lower()
    if name not in ATTRIBUTES:
        raise _wrong(f'Unsupported start tag "{name}" at byte offset {offset}')
    if closing:
        yield _End(name, offset)
        return
    yield Element(name, _attributes(name, attributes, offset), [], offset)
    if alone and name not in _MAY_CLOSE_ITSELF:
        raise _wrong(f'Tag "{name}" at byte offset {offset} must not close itself')
    if alone or name in VOID:
        yield _End(name, offset)


def _attributes(tag: str, written: str, offset: int) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(written.rstrip()):
        one = _ATTRIBUTE.match(written, at)
        if one is None:
            raise _wrong(f'Malformed attribute of tag "{tag}" at byte offset {offset}')
        name, value = one.group(1).lower(), one.group(2) or ""
        if name not in ATTRIBUTES[tag]:
            raise _wrong(f'Unsupported attribute "{name}" of tag "{tag}" at byte offset {offset}')
        found[name] = _decoded(value[1:-1] if value[:1] in ('"', "'") else value)
        at = one.end()
    return found


def _close(stack: list[Element], end: _End) -> None:
    if len(stack) == 1:
        raise _wrong(f'Unexpected end tag "{end.tag}" at byte offset {end.offset}')
    if stack[-1].tag != end.tag:
        expected = stack[-1].tag
        raise _wrong(f'Unmatched end tag at byte offset {end.offset}, expected "</{expected}>", found "</{end.tag}>"')
    stack.pop()


def _decoded(text: str) -> str:
    return _REFERENCE.sub(lambda found: _character(found.group(1)), text) if "&" in text else text


def _character(reference: str) -> str:
    if not reference.startswith("#"):
        return _NAMED[reference]
    digits = reference[1:]
    try:
        code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
        char = chr(code)
    except (ValueError, OverflowError):
        return f"&{reference};"
    return f"&{reference};" if "\ud800" <= char <= "\udfff" or code == 0 else char


def _bytes(html: str, at: int) -> int:
    return len(html[:at].encode("utf-8", "surrogatepass"))


def _wrong(reason: str) -> Refusal:
    return bad_request(f"can't parse rich message: {reason}")
