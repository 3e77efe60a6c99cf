"""What Slack shows outside of conversations: the Home tab, and the forms, for a question and for a text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.slack.bodies import Body, button_blocks
from adapters.slack.markup import heard, spoken, written
from bot.domain.errors import Unrenderable
from bot.domain.messenger import Dialog, HomeSection
from bot.domain.place import Place
from bot.markdown.pages import paginate
from bot.markdown.plain import clean

ASK = "ask_specialist"
"""Callback id of the message shortcut and of the form it opens."""
FILL = "fill_in"
"""Callback id of the form that is a `Dialog`."""

_QUESTION = "question"
_TEXT = "text"
_SPECIALIST = "specialist"
_ANYONE = "anyone"
"""The choice of whoever fits; no specialist may have this name."""
_VIEW_BLOCKS = 100
_HEADER_CHARS = 150
_SECTION_CHARS = 3_000
_TITLE_CHARS = 24
_OPTION_CHARS = 75
_OPTIONS = 100
_FIELD_CHARS = 3_000
"""What a `plain_text_input` takes."""
_LABEL_CHARS = 2_000
_KEPT_CHARS = 2_900
"""`private_metadata` takes 3,000."""
_QUOTED_CHARS = 1_500


@dataclass(frozen=True, slots=True)
class Words:
    """What the form says, in the language of whoever opened it."""

    title: str
    specialist: str
    anyone: str
    question: str
    about: str
    submit: str
    cancel: str


@dataclass(frozen=True, slots=True)
class Form:
    """A dialog that was filled in, and where it was opened: `channel` is empty when that was in no conversation."""

    action: str
    channel: str
    thread: str
    text: str


def home_view(sections: Sequence[HomeSection]) -> Body:
    """The Home tab for `views.publish`: each section under its title, a line between them.

    A view has 100 blocks (https://docs.slack.dev/reference/views/home-tab-views); what does not fit is left out.
    """
    blocks: list[Body] = []
    first = 0
    for section in sections:
        made = list(_section(section, first))
        lead = [{"type": "divider"}] if blocks else []
        if len(blocks) + len(lead) + len(made) > _VIEW_BLOCKS:
            break
        blocks += [*lead, *made]
        first += sum(map(len, section.buttons))
    return {"type": "home", "blocks": blocks}


def ask_modal(choices: Sequence[tuple[str, str]], message: Mapping[str, Any], words: Words, author: str = "") -> Body:
    """The form for `views.open`: who is asked (`choices` are name and title), the question, and the message below.

    `message` is Slack's; what is shown of it comes back with the answer (`asked`), under the name `author`.
    """
    quoted = heard(written(message)).strip()
    anyone = _option(words.anyone, _ANYONE)
    select = {
        "type": "static_select",
        "action_id": _SPECIALIST,
        "options": [anyone, *(_option(title, name) for name, title in choices[: _OPTIONS - 1])],
        "initial_option": anyone,
    }
    field = {
        "type": "plain_text_input",
        "action_id": _QUESTION,
        "multiline": True,
        "max_length": _FIELD_CHARS,
        "focus_on_load": True,
    }
    return {
        "type": "modal",
        "callback_id": ASK,
        "private_metadata": _kept(quoted, author),
        "title": _plain(words.title, _TITLE_CHARS),
        "submit": _plain(words.submit, _TITLE_CHARS),
        "close": _plain(words.cancel, _TITLE_CHARS),
        "blocks": [
            {"type": "input", "block_id": _SPECIALIST, "label": _plain(words.specialist), "element": select},
            {"type": "input", "block_id": _QUESTION, "label": _plain(words.question), "element": field},
            *_about(quoted, author, words),
        ],
    }


def asked(view: Mapping[str, Any]) -> str:
    """What the sent form asks: `@name question`, then the message as a quotation; '' when it is none of ours.

    Whoever fits is `@anyone`, also when another was chosen in the conversation; a question may still name somebody.
    """
    question = _entered(view, _QUESTION)
    if view.get("callback_id") != ASK or not question:
        return ""
    chosen = _value(view, _SPECIALIST).get("selected_option")
    name = str(chosen.get("value") or _ANYONE) if isinstance(chosen, Mapping) else _ANYONE
    kept = _read(view.get("private_metadata"))
    quoted = _quotation(str(kept.get("text") or ""), str(kept.get("author") or ""))
    asked_of = question if name == _ANYONE and question.startswith("@") else f"@{name} {question}"
    return f"{asked_of}\n\n{quoted}" if quoted else asked_of


def fill_modal(place: Place, dialog: Dialog) -> Body:
    """The form for `views.open`. Unrenderable when the text is longer than Slack's field."""
    # How Slack counts is not documented; no way of counting gives more than UTF-16's.
    if len(dialog.text.encode("utf-16-le", "replace")) // 2 > _FIELD_CHARS:
        raise Unrenderable(f"more than {_FIELD_CHARS} characters to fill in")
    field: Body = {
        "type": "plain_text_input",
        "action_id": _TEXT,
        "multiline": True,
        "max_length": _FIELD_CHARS,
        "focus_on_load": True,
    }
    if text := clean(dialog.text):
        field["initial_value"] = text
    kept = {"action": dialog.action, "channel": place.chat, "thread": place.topic}
    return {
        "type": "modal",
        "callback_id": FILL,
        "private_metadata": json.dumps(kept, ensure_ascii=False),
        "title": _plain(dialog.title, _TITLE_CHARS),
        "submit": _plain(dialog.submit, _TITLE_CHARS),
        "close": _plain(dialog.cancel, _TITLE_CHARS),
        "blocks": [{"type": "input", "block_id": _TEXT, "label": _plain(dialog.label, _LABEL_CHARS), "element": field}],
    }


def filled(view: Mapping[str, Any]) -> Form | None:
    """What the sent form holds; None when it is none of ours, or empty."""
    kept = _read(view.get("private_metadata"))
    action, channel, thread = (str(kept.get(name) or "") for name in ("action", "channel", "thread"))
    text = _entered(view, _TEXT)
    return Form(action, channel, thread, text) if view.get("callback_id") == FILL and action and text else None


def blank(view: Mapping[str, Any]) -> str:
    """The field of a sent form of ours that holds nothing but spaces, which Slack lets pass; '' when all is well."""
    field = {ASK: _QUESTION, FILL: _TEXT}.get(str(view.get("callback_id")), "")
    return field if field and not _entered(view, field) else ""


def _section(section: HomeSection, first: int) -> Iterator[Body]:
    if title := clean(section.title).strip():
        yield {"type": "header", "text": _plain(title, _HEADER_CHARS)}
    for page in paginate(section.text, lambda part: len(spoken(part)) <= _SECTION_CHARS):
        if text := spoken(page.text).strip():
            yield {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    yield from button_blocks(section.buttons, first=first)


def _about(quoted: str, author: str, words: Words) -> Iterator[Body]:
    """The message as the person sees it in the form."""
    if not quoted:
        return
    shown = quoted if len(quoted) <= _QUOTED_CHARS else quoted[: _QUOTED_CHARS - 1] + "…"
    by = f" · {author}" if author else ""
    yield {"type": "divider"}
    yield {"type": "context", "elements": [_plain(f"{words.about}{by}", _HEADER_CHARS)]}
    yield {"type": "section", "text": {"type": "plain_text", "text": shown, "emoji": True}}


def _quotation(text: str, author: str) -> str:
    lines = [f"> {line}".rstrip() for line in text.split("\n")] if text else []
    return "\n".join([*lines, *([">", f"> — {author}"] if author else [])]) if lines else ""


def _kept(quoted: str, author: str) -> str:
    """The message as `private_metadata`, cut to what that takes."""
    short_author = clean(author)[:100]
    kept = json.dumps({"text": quoted, "author": short_author}, ensure_ascii=False)
    room = len(quoted)
    while len(kept) > _KEPT_CHARS:
        room -= max(1, min(room // 8, len(kept) - _KEPT_CHARS))
        kept = json.dumps({"text": quoted[:room].rstrip() + "…", "author": short_author}, ensure_ascii=False)
    return kept


def _read(metadata: object) -> Mapping[str, Any]:
    try:
        kept = json.loads(str(metadata))
    except ValueError:
        return {}
    return kept if isinstance(kept, Mapping) else {}


def _value(view: Mapping[str, Any], block: str) -> Mapping[str, Any]:
    """The state of one field of a view that was sent (https://docs.slack.dev/reference/views#state)."""
    found: Any = view
    for name in ("state", "values", block, block):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _entered(view: Mapping[str, Any], block: str) -> str:
    return clean(str(_value(view, block).get("value") or "")).strip()


def _option(label: str, value: str) -> Body:
    return {"text": _plain(label, _OPTION_CHARS), "value": value}


def _plain(text: str, longest: int = 2_000) -> Body:
    shown = clean(text)
    return {"type": "plain_text", "text": shown if len(shown) <= longest else shown[: longest - 1] + "…", "emoji": True}
