"""Rendering for Telegram: accepted by TDLib's own parser and by the rules of the Bot API, at every prefix."""

import html
import json
from collections import defaultdict
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tdjson import td_execute

from adapters.telegram.render import Rich, Text, as_rich, as_text, fits_rich, fits_text, utf16_length
from bot.markdown.pages import paginate
from bot.markdown.plain import plain
from tests.markdown.inputs import CORPUS, MADE, prefixes

STYLES = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "spoiler": "tg-spoiler", "code": "code"}
TDLIB = {
    "textEntityTypeBold": "bold",
    "textEntityTypeItalic": "italic",
    "textEntityTypeUnderline": "underline",
    "textEntityTypeStrikethrough": "strikethrough",
    "textEntityTypeSpoiler": "spoiler",
    "textEntityTypeCode": "code",
    "textEntityTypePre": "pre",
    "textEntityTypePreCode": "pre",
    "textEntityTypeTextUrl": "text_link",
    "textEntityTypeMentionName": "text_link",
    "textEntityTypeBlockQuote": "blockquote",
    "textEntityTypeExpandableBlockQuote": "expandable_blockquote",
}
RICH_TAGS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "ul", "ol", "li", "blockquote", "table", "tr", "th", "td"}
    | {"hr", "br", "b", "i", "s", "a", "tg-spoiler", "tg-math", "tg-math-block", "tg-thinking"}
)
Span = tuple[str, int, int]


@pytest.fixture(scope="module", autouse=True)
def _silent_tdlib() -> None:
    td_execute(json.dumps({"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}).encode())


def spans(message: Text) -> list[Span]:
    return [(str(e["type"]), int(str(e["offset"])), int(str(e["length"]))) for e in message.entities]


def check_entities(message: Text) -> None:
    """The rules of https://core.telegram.org/bots/api#messageentity."""
    units = message.text.encode("utf-16-le")
    found = spans(message)
    for kind, offset, length in found:
        assert length > 0
        assert 0 <= offset <= offset + length <= len(units) // 2
        units[2 * offset : 2 * (offset + length)].decode("utf-16-le")
        for other, start, size in found:
            inside = offset >= start and offset + length <= start + size
            apart = offset >= start + size or start >= offset + length
            around = offset <= start and offset + length >= start + size
            assert inside or apart or around, (found, message.text)
            if (other, start, size) != (kind, offset, length) and inside:
                assert other not in ("pre", "code") or (start, size) == (offset, length), found
                assert not ("quote" in kind and "quote" in other)
                assert kind not in ("code", "pre") or "quote" in other, found


def tag(entity: Mapping[str, object]) -> tuple[str, str]:
    kind = str(entity["type"])
    if kind == "text_link":
        return f'<a href="{html.escape(str(entity["url"]))}">', "</a>"
    if kind == "pre" and "language" in entity:
        return f'<pre><code class="language-{html.escape(str(entity["language"]))}">', "</code></pre>"
    if "blockquote" in kind:
        return ("<blockquote expandable>" if kind.startswith("exp") else "<blockquote>"), "</blockquote>"
    name = STYLES.get(kind, kind)
    return f"<{name}>", f"</{name}>"


def to_html(message: Text) -> str:
    opens: dict[int, list[str]] = defaultdict(list)
    closes: dict[int, list[str]] = defaultdict(list)
    for entity in message.entities:
        opening, closing = tag(entity)
        start = int(str(entity["offset"]))
        opens[start].append(opening)
        closes[start + int(str(entity["length"]))].insert(0, closing)
    parts, at = [], 0
    for char in message.text:
        parts += [*closes[at], *opens[at], html.escape(char, quote=False)]
        at += utf16_length(char)
    return "".join([*parts, *closes[at]])


def parsed_by_tdlib(markup: str) -> dict[str, object]:
    request = {"@type": "parseTextEntities", "text": markup, "parse_mode": {"@type": "textParseModeHTML"}}
    answer = json.loads(td_execute(json.dumps(request).encode()) or b"{}")
    assert answer["@type"] == "formattedText", answer
    return dict(answer)


def coverage(found: list[Span], units: bytes) -> set[tuple[str, int]]:
    """Which non-blank code unit has which style: TDLib may write the same styles as other entities."""
    return {
        (kind, at)
        for kind, offset, length in found
        for at in range(offset, offset + length)
        if units[2 * at : 2 * at + 2].decode("utf-16-le", "replace").strip()
    }


def check_with_tdlib(message: Text) -> None:
    if not message.text:
        return
    answer = parsed_by_tdlib(to_html(message))
    assert answer["text"] == message.text
    entities = answer["entities"]
    assert isinstance(entities, list)
    theirs = [(TDLIB.get(e["type"]["@type"], ""), e["offset"], e["length"]) for e in entities]
    units = message.text.encode("utf-16-le")
    assert coverage(spans(message), units) == coverage([span for span in theirs if span[0]], units)


class StrictRich(HTMLParser):
    """The documented tags only, closed in order, no block in inline text, at most 16 levels and 20 columns."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.cells = 0
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in RICH_TAGS, tag
        assert {name for name, _ in attrs} <= {"href", "class", "start", "align"}
        if tag in ("p", "pre", "table", "ul", "ol", "blockquote", "h1", "tg-math-block"):
            assert not {"p", "b", "i", "s", "a", "td", "th", "h1", "pre"} & set(self.stack), (tag, self.stack)
        if tag == "a":
            assert "a" not in self.stack
            assert str(dict(attrs)["href"]).startswith(("http://", "https://", "tg://", "mailto:"))
        self.cells = 0 if tag == "tr" else self.cells + (tag in ("td", "th"))
        assert self.cells <= 20
        if tag not in ("br", "hr"):
            self.stack.append(tag)
        assert len(self.stack) <= 16

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("br", "hr"):
            assert self.stack.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("br", "hr")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check_rich(message: Rich) -> str:
    parser = StrictRich()
    parser.feed(message.html)
    parser.close()
    assert parser.stack == []
    return "".join(parser.text)


@pytest.mark.parametrize("name", [*CORPUS, *MADE])
def test_every_prefix_is_accepted(name: str) -> None:
    source = (CORPUS | MADE)[name]
    for prefix in prefixes(source, 150 if name in CORPUS else 8):
        message = as_text(prefix)
        assert message.text.strip() or message == Text("", ())
        if len(message.text) < 8000:
            check_entities(message)
            check_with_tdlib(message)
        check_rich(as_rich(prefix))


@pytest.mark.parametrize("name", [name for name in CORPUS if name not in ("emphasis", "scripts")])
def test_no_markup_is_left_where_it_was_closed(name: str) -> None:
    text = as_text(CORPUS[name]).text.replace("**kw", "").replace("# ** not bold **", "")
    for markup in ("**", "~~", "](", "<tg-"):
        assert markup not in text


@pytest.mark.parametrize("name", ["html", "blocks", "links", "scripts", "tables"])
def test_no_visible_word_is_lost(name: str) -> None:
    source = CORPUS[name]
    shown, rich = as_text(source).text, check_rich(as_rich(source))
    for word in plain(source).split():
        if word.isalnum():
            assert word in shown, word
            assert word in rich, word


def test_generics_and_tags_stay_visible() -> None:
    assert as_text("List<int> <b>x</b>\n\n<div>\nhi\n</div>").text == "List<int> <b>x</b>\n\n<div>\nhi\n</div>"
    assert check_rich(as_rich("Map<String, List<int>>")) == "Map<String, List<int>>"


def test_headings_have_no_decoration() -> None:
    assert as_text("# Title").text == "Title"


def test_only_safe_links_stay_links() -> None:
    message = as_text("[a](javascript:x) [b](https://example.org) [c](tg://user?id=42) [d](/rel)")
    assert message.text == "a b c d"
    assert [e["url"] for e in message.entities] == ["https://example.org", "tg://user?id=42"]


def test_an_address_that_telegram_would_not_link_is_written_out() -> None:
    message = as_text("[mail](mailto:a@example.org) [here](http://localhost:8080/x_y) <me@example.org>")
    assert message == Text("mail (a@example.org) here (http://localhost:8080/x_y) me@example.org", ())
    assert '<a href="mailto:a@example.org">mail</a>' in as_rich("[mail](mailto:a@example.org)").html


def test_a_logical_or_is_not_a_spoiler() -> None:
    assert as_text("if (a || b || c)") == Text("if (a || b || c)", ())
    assert [e["type"] for e in as_text("a ||secret `x` b|| c").entities] == ["spoiler", "code", "spoiler"]


def test_a_table_is_aligned_in_text_and_a_table_in_rich() -> None:
    source = "| a | long |\n|---|---|\n| 1 | 2 |"
    assert as_text(source).text == "a | long\n--+-----\n1 | 2   ".rstrip()
    assert "<th>long</th>" in as_rich(source).html


def test_thinking_comes_first_and_is_escaped() -> None:
    assert as_rich("answer", "a < b").html == "<tg-thinking>a &lt; b</tg-thinking><p>answer</p>"


def test_nothing_visible_gives_an_empty_message() -> None:
    for source in ("", "\n\n", "```py", "```py\n```", "#"):
        assert as_text(source) == Text("", ())
        assert as_rich(source) == Rich("")


def test_limits_count_what_telegram_counts() -> None:
    assert utf16_length("a🙂é") == 4
    assert fits_text("🙂" * 2048)
    assert not fits_text("🙂" * 2049)
    assert fits_text("**a** " * 100)
    assert not fits_text("**a** b " * 101)
    assert not fits_rich("x" * 33_000)
    assert not fits_rich("- x\n" * 500)


def test_a_long_reply_arrives_in_pages_that_fit() -> None:
    source = (CORPUS["fences"] + CORPUS["tables"] + CORPUS["blocks"]) * 12
    for fits in (fits_text, fits_rich):
        pages = paginate(source, fits)
        assert len(pages) > 1
        assert all(fits(page.text) for page in pages)
        for page in pages:
            check_with_tdlib(as_text(page.text))
            check_rich(as_rich(page.text))


@example(">|[|1")
@given(st.text("ab \n*_`~|[]()!#>-+1.$<\\:🙂", max_size=50))
@settings(max_examples=400, deadline=None)
def test_any_text_is_accepted(source: str) -> None:
    message = as_text(source)
    check_entities(message)
    check_with_tdlib(message)
    check_rich(as_rich(source))


TIDY = """# Title with **bold** and `code`

Words **bold _italic_ more** and *some* `x = 1` then [a link](https://example.org/a_(b) "t") and ~~old~~ text.

- item **one**
  - [x] done `q`
- two

| a | **b** |
|---|:--|
| 1 | `2` |

> quote **over
> lines** ||secret words||

```py
x = 1
```

1. last ***words***
"""


def test_a_growing_reply_never_shows_raw_markup() -> None:
    after_brackets = TIDY.index("](") + 1
    for end in range(len(TIDY) + 1):
        if end == after_brackets:  # words in brackets may be all there is to come: they are shown as they are
            continue
        for shown in (as_text(TIDY[:end]).text, check_rich(as_rich(TIDY[:end]))):
            assert not any(mark in shown for mark in ("*", "`", "](", "~~", "||", "[", "|---", "#", "_", "> ")), (
                TIDY[:end][-30:],
                shown[-40:],
            )
