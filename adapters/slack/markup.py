"""mrkdwn, Slack's own markup: what people wrote in it as text, and our Markdown in it where Slack knows nothing else.

See https://docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.slack.inline import BROADCAST, JOINER
from bot.markdown.plain import clean

_TOKEN = re.compile(r"<([^<>\n]*)>")
_FENCE = re.compile(r"```(.*?)```", re.DOTALL)
_INFO = re.compile(r"[A-Za-z0-9_+#.-]*\n")
_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_DEEPEST = 20

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_OPENING = re.compile(r"```[A-Za-z0-9_+#.-]*\n")
_MARKED = re.compile(
    r"\\(?P<escaped>[\\`*_{}\[\]()#+\-.!|<>~=&])"
    r"|!?\[(?P<label>[^\[\]\n]*)\]\((?P<url>(?:https?://|mailto:)[^\s()<>]+)\)"
    r"|\*\*(?P<bold>\S(?:.*?\S)?)\*\*|~~(?P<strike>\S(?:.*?\S)?)~~"
    r"|(?<!\*)\*(?P<italic>[^\s*](?:[^*\n]*[^\s*])?)\*(?!\*)"
)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_BULLET = re.compile(r"^([ \t]*)[-*+][ \t]+", re.MULTILINE)


def heard(mrkdwn: str) -> str:
    """What a person wrote, without Slack's `<…>` tokens and entities.

    Links become Markdown links (bare ones addresses), mentions `@name` or, where Slack gave no name, `@` and the id;
    code fences get lines of their own, so that code on their first line is not taken for a language.
    """
    shown = _TOKEN.sub(_token, _FENCE.sub(_fence, mrkdwn))
    return clean(unescape(shown))


def written(message: Mapping[str, Any]) -> str:
    """The mrkdwn of a message, whatever part of it tells most; what was forwarded with it follows as a quotation."""
    text = _from_blocks(message.get("blocks")) or str(message.get("text") or "")
    quotes = (_forwarded(shared) for shared in _mappings(message.get("attachments")))
    return "\n\n".join(filter(None, (text, *quotes)))


def escape(text: str) -> str:
    """Plain `text` as mrkdwn that calls nobody."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return BROADCAST.sub(rf"@{JOINER}\1", escaped)


def unescape(text: str) -> str:
    """The reverse of Slack's escaping, which knows three entities only."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def spoken(markdown: str) -> str:
    """Our own short Markdown as mrkdwn: emphasis, links, headings, bullets and code; it calls nobody.

    For the Home tab, captions and ephemeral notes, which know no standard Markdown.
    """
    parts = _CODE.split(clean(markdown))
    return "".join(_spoken_code(part) if number % 2 else _spoken_text(part) for number, part in enumerate(parts))


def _from_blocks(blocks: object) -> str:
    """The mrkdwn of a message's `rich_text` blocks when they hold code or lists, which `text` tells less well; else ''.

    See https://docs.slack.dev/reference/block-kit/blocks/rich-text-block.
    """
    rich = [block for block in _mappings(blocks) if block.get("type") == "rich_text"]
    elements = [element for block in rich for element in _mappings(block.get("elements"))]
    if not any(element.get("type") in ("rich_text_preformatted", "rich_text_list") for element in elements):
        return ""
    return "\n".join(line for element in elements for line in _block(element)).strip("\n")


def _forwarded(attachment: Mapping[str, Any]) -> str:
    """A shared message as a quotation; '' for previews of links."""
    text = str(attachment.get("text") or "")
    if not text or not (attachment.get("is_share") or attachment.get("is_msg_unfurl")):
        return ""
    author = str(attachment.get("author_name") or "")
    return "\n".join(f"> {line}" for line in (*([f"{author}:"] if author else ()), *text.split("\n")))


def _token(match: re.Match[str]) -> str:
    target, bar, label = match[1].partition("|")
    kind = target[:1]
    if kind == "!":
        return _special(target[1:], label)
    if kind in ("@", "#"):
        return kind + (label or target[1:])
    if not _SCHEME.match(target):
        return match[0]
    address = re.sub(r"^(?:mailto|tel):", "", target, flags=re.IGNORECASE)
    if not bar or not label or label in (target, address) or re.sub(r"^https?://", "", target).rstrip("/") == label:
        return address
    return f"[{label}]({target})"


def _special(target: str, label: str) -> str:
    name = target.partition("^")[0]
    if name == "date":
        return label
    return "@" + (label.removeprefix("@") or target.rpartition("^")[2])


def _fence(match: re.Match[str]) -> str:
    body = match[1]
    lead = "" if _INFO.match(body) else "\n"
    tail = "" if body.endswith("\n") else "\n"
    before = "" if match.start() == 0 or match.string[match.start() - 1] == "\n" else "\n"
    after = "" if match.end() == len(match.string) or match.string[match.end()] == "\n" else "\n"
    return f"{before}```{lead}{body}{tail}```{after}"


def _spoken_code(code: str) -> str:
    return escape(_OPENING.sub("```\n", code, count=1))


def _spoken_text(text: str) -> str:
    text = _BULLET.sub(r"\1• ", _HEADING.sub(r"**\1**", text))
    parts: list[str] = []
    at = 0
    for match in _MARKED.finditer(text):
        parts += (escape(text[at : match.start()]), _spoken_mark(match))
        at = match.end()
    return "".join((*parts, escape(text[at:])))


def _spoken_mark(match: re.Match[str]) -> str:
    found = match.groupdict()
    if (escaped := found["escaped"]) is not None:
        return escape(escaped)
    if (url := found["url"]) is not None:
        label = escape(found["label"] or url).replace("|", "¦")
        return f"<{url.replace('|', '%7C')}|{label}>"
    for name, mark in (("bold", "*"), ("strike", "~"), ("italic", "_")):
        if (inner := found[name]) is not None:
            return mark + _spoken_text(inner) + mark
    return escape(match[0])


def _block(element: Mapping[str, Any]) -> Iterator[str]:
    match element.get("type"):
        case "rich_text_preformatted":
            yield f"```{element.get('language') or ''}\n{_inline(element.get('elements')).rstrip()}\n```"
        case "rich_text_quote":
            yield from (f"> {line}" for line in _inline(element.get("elements")).split("\n"))
        case "rich_text_list":
            indent = "    " * min(int(element.get("indent") or 0), _DEEPEST)
            first = int(element.get("offset") or 0) + 1
            for number, item in enumerate(_mappings(element.get("elements")), first):
                mark = f"{number}." if element.get("style") == "ordered" else "-"
                yield f"{indent}{mark} {_inline(item.get('elements'))}"
        case _:
            yield _inline(element.get("elements")).rstrip("\n")


def _inline(elements: object) -> str:
    return "".join(_piece(element) for element in _mappings(elements))


def _piece(element: Mapping[str, Any]) -> str:
    text = _entities(str(element.get("text") or ""))
    match element.get("type"):
        case "text":
            style = element.get("style")
            return f"`{text}`" if isinstance(style, Mapping) and style.get("code") and text.strip() else text
        case "link":
            url = str(element.get("url") or "")
            return f"<{url}|{text}>" if text else f"<{url}>"
        case "user":
            return f"<@{element.get('user_id')}>"
        case "channel":
            return f"<#{element.get('channel_id')}>"
        case "usergroup":
            return f"<!subteam^{element.get('usergroup_id')}>"
        case "broadcast":
            return f"<!{element.get('range')}>"
        case "emoji":
            return _emoji(element)
        case "date":
            return str(element.get("fallback") or "")
        case _:
            return text or str(element.get("value") or "")


def _entities(text: str) -> str:
    """`text` with Slack's three entities, as Slack itself writes it in `text`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _emoji(element: Mapping[str, Any]) -> str:
    try:
        return "".join(chr(int(code, 16)) for code in str(element["unicode"]).split("-"))
    except (KeyError, ValueError, OverflowError):
        return f":{element.get('name')}:"


def _mappings(value: object) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
