"""Rendering for Slack: nothing pings, nothing is lost, and what was streamed never changes."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.inline import JOINER
from adapters.slack.render import as_markdown, fallback, fits, rest, safe, steady
from bot.markdown.pages import paginate
from bot.markdown.plain import clean, plain
from tests.markdown.inputs import CORPUS, MADE, prefixes

PING = re.compile(r"<[!@#][A-Za-z]")
BARE_PING = re.compile(r"(?<![\w@.])@(?:here|channel|everyone)\b", re.IGNORECASE)
CODE = re.compile(r"`|~~~|^( {4}|\t)", re.MULTILINE)
PIECES = (
    *("a", "b ", " ", "\n", "\n\n", "`", "``", "```\n", "[", "]", "(", ")", "](https://x.yz)", "](js:x)", "!", "<"),
    *("<!here>", "<@U1>", "<#C1|x>", ">", "> ", "- ", "@here", "@", "\\", "$$", "\\(", "\\)", "_", "*", "**", "|"),
    *("| a | b |\n|--|--|\n", "~~~", "~", "<https://a.bc>", "&", "&lt;", "=", "# ", "    ", "1. ", "---\n", "🙂"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)
small = settings(max_examples=50, deadline=None)


def check_calm(shown: str) -> None:
    assert not PING.search(shown), shown
    if not CODE.search(shown):  # In code a name is a name: only Slack's tokens are read there.
        assert not BARE_PING.search(shown), shown


def test_slack_tokens_are_shown_as_they_are_written() -> None:
    said = "<!channel> <!here|here> <@U123ABC> <#C1|general> <!subteam^S1> List<int>"
    assert safe(said) == said.replace("<", "&lt;")


def test_names_that_call_everybody_are_broken_invisibly() -> None:
    assert safe("@here, @channel! mail me@here.com @hereford") == (
        f"@{JOINER}here, @{JOINER}channel! mail me@here.com @hereford"
    )


def test_tokens_in_code_are_broken_and_all_other_code_stays() -> None:
    code = "`a < b && <T>`\n\n```html\n<!DOCTYPE html> <p>&lt;</p>\n```\n"
    assert safe(code) == code.replace("<!DOCTYPE", f"<{JOINER}!DOCTYPE")
    assert safe("```\n<@U1> a <- b\n```") == f"```\n<{JOINER}@U1> a <- b\n```"


def test_an_escaped_token_is_no_way_around() -> None:
    assert safe(r"\<!here> \\<!here> &lt;!here&gt; \@here") == rf"&lt;!here> \\&lt;!here> &lt;!here&gt; \@{JOINER}here"


def test_images_become_links() -> None:
    assert safe("![a *b*](https://x.yz/i.png) and ![](https://x.yz)") == (
        "[a *b*](https://x.yz/i.png) and [https://x.yz](https://x.yz)"
    )
    assert safe("[![badge](https://x.yz/b.svg)](https://x.yz)") == "[badge](https://x.yz)"
    assert safe("wow!![a](https://x.yz)") == "wow\\![a](https://x.yz)"


def test_only_links_to_the_web_and_mail_stay_links() -> None:
    said = "[a](javascript:x) [b](<https://x.yz/a b|c>) [c](/rel) [d](mailto:me@x.yz) [e](tg://user?id=1) [f](#top)"
    assert safe(said) == "a [b](https://x.yz/a%20b%7Cc) c [d](mailto:me@x.yz) e f"
    assert safe('[t](https://x.yz/a_(b) "title")') == "[t](https://x.yz/a_(b))"


def test_addresses_in_angle_brackets_stay_links_unless_they_hide_where_they_lead() -> None:
    assert safe("<https://x.yz/?a=1> <me@x.yz>") == "<https://x.yz/?a=1> me@x.yz"
    assert safe("<https://bad.example|https://good.example>") == "&lt;https://bad.example|https://good.example>"


def test_formulas_become_code_and_brackets_stay() -> None:
    assert safe(r"\(a_1^2\), \[x = y\], $$e=mc^2$$, \[not a formula\], $5 and $10") == (
        r"`a_1^2`, `x = y`, `e=mc^2`, \[not a formula\], $5 and $10"
    )


def test_standard_markdown_goes_through() -> None:
    said = (
        "# Title\n\n**bold** _it_ ~~old~~ `x`\n\n- [ ] a\n- [x] b\n\n1. one\n2. two\n\n> quote\n> goes on\n\n---\n\n"
        "| a | b |\n|:--|--:|\n| 1 | `2` |\n\n```py\nx = 1\n```"
    )
    assert as_markdown(said) == said


def test_a_half_open_text_is_healed() -> None:
    assert as_markdown("**bold and `code") == "**bold and `code`**"
    assert as_markdown("```py\nx = 1") == "```py\nx = 1\n```"


def test_nothing_visible_gives_nothing() -> None:
    for source in ("", "\n \n", "```py", "#"):
        assert as_markdown(source) == ""
        assert fallback(source) == ""


@pytest.mark.parametrize("name", [*CORPUS, *MADE])
def test_every_prefix_calls_nobody(name: str) -> None:
    source = (CORPUS | MADE)[name]
    for prefix in prefixes(source, 60 if name in CORPUS else 4):
        check_calm(as_markdown(prefix))


@pytest.mark.parametrize("name", ["html", "blocks", "links", "scripts", "tables", "fences", "headings"])
def test_no_visible_word_is_lost(name: str) -> None:
    shown = plain(as_markdown(CORPUS[name]))
    for word in plain(CORPUS[name]).split():
        if word.isalnum():
            assert word in shown, word


@pytest.mark.parametrize("name", [*CORPUS])
def test_a_growing_reply_is_streamed_without_ever_changing(name: str) -> None:
    source = CORPUS[name]
    shown = ""
    for end in range(len(source) + 1):
        now = steady(source[:end])
        assert now.startswith(shown), source[max(0, end - 30) : end]
        shown = now
    left = rest(shown, source)
    assert left is not None
    assert shown + left == as_markdown(source) or left == ""


def test_a_stream_waits_for_what_may_turn_out_otherwise() -> None:
    growing = {
        "see [a": "see", "see [a](https://x": "see", "see [a](https://x.yz) ": "see [a](https://x.yz)",
        "`a <": "", "`a < b` c": "`a < b` c", "hi @her": "hi", "hi @hers": "hi", "hi @hers ": "hi @hers",
        "a <": "a", "a < b": "a &lt; b", "text\n``": "text", "text\n```py": "text", "x\n```py\ny": "x\n```py\ny",
        "text\n#": "text", "text\n# T": "text\n# T", "wow!": "wow", "wow! ": "wow!",
    }  # fmt: skip
    assert {source: steady(source) for source in growing} == growing


def test_a_stream_that_shows_something_else_cannot_be_finished_by_appending() -> None:
    assert rest("Hello", "Hello, you") == ", you"
    assert rest("Hello ", "Hello") == ""
    assert rest("Hello", "Goodbye") is None


@given(texts)
@small
def test_any_text_calls_nobody_and_is_safe_once_and_for_all(source: str) -> None:
    shown = safe(source)
    check_calm(shown)
    assert safe(shown) == shown


@given(texts)
@small
def test_any_growing_text_is_streamed_without_changing(source: str) -> None:
    shown = ""
    for end in range(len(source) + 1):
        now = steady(source[:end])
        assert now.startswith(shown)
        shown = now
    assert safe(clean(source)).lstrip("\n").startswith(shown)


@given(st.text("ab <>!@#&here", max_size=40))
@small
def test_no_character_is_lost(source: str) -> None:
    assert safe(source).replace("&lt;", "<").replace(JOINER, "") == source


def test_limits_count_what_slack_counts() -> None:
    assert fits("x" * 11_500)
    assert not fits("x" * 11_501)
    assert not fits("<" * 2_500)
    assert fits("# T\n\ntext\n\n" * 20)
    assert not fits("# T\n\ntext\n\n" * 21)
    assert fits("- item\n" * 300)
    assert fits("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 99)
    assert not fits("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 100)


def test_blocks_are_counted_as_slack_makes_them() -> None:
    six = "# T\n\none\n\ntwo\n- a\n- b\n\n---\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n```\nx\n\n# y\n```\nend\n\n"
    forty = six * 6 + "---\n\n" * 4
    assert fits(forty)
    assert not fits(forty + "---\n\n")


@pytest.mark.parametrize(
    "unit", ["[", "![", "<", "<http://", '[a](b "', "[a](", "*a ", "_a ", "`a ", "|a", "a\n", "$$ ", "> ", "<!here> "]
)
def test_what_nobody_writes_is_shown_as_safe_as_all_else(unit: str) -> None:
    hostile = unit * (11_000 // len(unit))
    shown = as_markdown(hostile)
    assert shown == safe(shown)
    assert "<!" not in shown + fallback(hostile)
    assert shown.startswith(steady(hostile[:-5]).rstrip())
    assert len(fallback(hostile).encode()) <= 3_900


def test_only_an_end_that_somebody_may_have_written_is_closed() -> None:
    assert as_markdown("[a](b " * 9 + "\n\n**bold").endswith("**bold**")
    assert as_markdown("[a](b " * 99 + "\n\n**bold").endswith("**bold**")
    assert as_markdown("[a](b " * 99 + "**bold").endswith("**bold")


def test_a_long_reply_arrives_in_pages_that_fit() -> None:
    source = (CORPUS["fences"] + CORPUS["tables"] + CORPUS["blocks"]) * 20
    pages = paginate(source, fits)
    assert len(pages) > 1
    assert all(fits(page.text) for page in pages)
    assert "".join(source[page.start : page.end] for page in pages) == source


def test_the_fallback_is_plain_short_and_calls_nobody() -> None:
    assert fallback("# Hi\n\n**a** < b & `<!here>` @here") == f"Hi\na &lt; b &amp; &lt;!here&gt; @{JOINER}here"
    long = fallback("<я> " * 3_000)
    assert len(long.encode()) <= 3_900
    assert long.endswith("…")
    assert not re.search(r"&[a-z]*…", long)
