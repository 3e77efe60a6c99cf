"""Whatever a bot sends, the rules end in a clean message or a refusal."""

from collections.abc import Callable
from typing import TypeVar

import hypothesis.strategies as st
from aiogram.types import MessageEntity, RichMessage
from hypothesis import given, settings

from adapters.telegram.emulator.entities import format_text, silence_tdlib
from adapters.telegram.emulator.rich import read_rich_message
from adapters.telegram.emulator.rich_html import ATTRIBUTES
from adapters.telegram.emulator.wire import Json, Refusal, utf16_length

KINDS = ["bold", "italic", "code", "pre", "blockquote", "text_link", "mention", "spoiler", "text_mention", "nonsense"]
entity = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS), "offset": st.integers(-1, 12), "length": st.integers(0, 12)},
    optional={"url": st.sampled_from(["http://e.org", "no url", "tg://user?id=5"]), "language": st.text(max_size=3)},
)
piece = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in ATTRIBUTES] + [f"</{tag}>" for tag in ATTRIBUTES]),
    st.sampled_from(["<br/>", '<a href="http://e.org">', '<img src="http://e.org/x.png"/>', "<li>x</li>", "<p>x</p>"]),
    st.sampled_from(["x", " ", "\n", "&lt;", "&#0;", "&#xD800;", "&bogus;", "<", '<ol start="x">', "😀"]),
)


nested = st.recursive(
    piece,
    lambda inner: st.tuples(st.sampled_from(sorted(ATTRIBUTES)), inner).map(
        lambda made: f"<{made[0]}>{made[1]}</{made[0]}>"
    ),
    max_leaves=4,
)
Shown = TypeVar("Shown")


def no_media(kind: str, source: object) -> Json:
    raise Refusal(400, f"Bad Request: no {kind} from {type(source).__name__}")


every = settings(deadline=None, database=None, max_examples=60)


def outcome(call: Callable[[], Shown]) -> Shown | Refusal:
    """What the call gives, or the refusal, which is a 400."""
    try:
        return call()
    except Refusal as refusal:
        return refusal


@every
@given(text=st.text(alphabet=" \n\r\tab_*@/#.😀é\u202e\u0333", max_size=12), entities=st.lists(entity, max_size=4))
def test_any_entities_end_inside_the_text_or_are_refused(text: str, entities: list[Json]) -> None:
    silence_tdlib()
    shown = outcome(lambda: format_text(text, None, entities))
    if isinstance(shown, Refusal):
        assert shown.code == 400
        return
    assert shown.text == shown.text.rstrip(" \n")
    for one in shown.entities:
        MessageEntity.model_validate(one)
        assert 0 <= one["offset"] < one["offset"] + one["length"] <= utf16_length(shown.text)


@every
@given(text=st.text(), mode=st.sampled_from(["HTML", "Markdown", "MarkdownV2"]))
def test_any_markup_is_parsed_or_refused(text: str, mode: str) -> None:
    silence_tdlib()
    shown = outcome(lambda: format_text(text, mode, None))
    if isinstance(shown, Refusal):
        assert shown.code == 400
        return
    assert all(one["offset"] + one["length"] <= utf16_length(shown.text) for one in shown.entities)


@every
@given(html=st.one_of(st.lists(piece, max_size=8).map("".join), nested))
def test_any_html_is_a_rich_message_or_refused(html: str) -> None:
    rich = outcome(lambda: read_rich_message({"html": html}, no_media, draft=True))
    if isinstance(rich, Refusal):
        assert rich.code == 400
        return
    RichMessage.model_validate(rich.to_json())
    assert rich.html == html
