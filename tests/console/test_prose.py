"""Markdown of models becomes HTML that does nothing by itself, whole or while it grows."""

import re

import pytest

from bot.console.prose import Labels, Prose
from bot.console.words import preferred_locale
from bot.texts import Texts
from tests.browser.scripts import EVIL, RICH, long_reply

TAGS = {
    *("p", "a", "strong", "em", "s", "ul", "ol", "li", "blockquote", "hr", "br", "pre", "code"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td", "div", "span", "button"),
}
NASTY = [
    EVIL,
    "<svg/onload=alert(1)>",
    "[a](  JaVaScRiPt:alert(1))",
    "[a](vbscript:x) [b](//evil.example) [c](file:///etc/passwd)",
    "<javascript:alert(1)>",
    '![x](javascript:alert(1)) !["><script>](https://example.org/"onerror=x)',
    '[x](https://example.org/ "title\\" onclick=alert(1)")',
    '``` "><script>\nx\n```',
    "| <b> | [x](data:text/html,1) |\n|---|---|\n| <i> | `<u>` |",
    "\ud83d lone \x00 zero",
]


@pytest.fixture
def prose() -> Prose:
    return Prose(Labels(copy_code='Copy "it"'))


@pytest.mark.parametrize("text", NASTY)
def test_only_our_own_tags_and_harmless_addresses_come_out(prose: Prose, text: str) -> None:
    html = prose.html(text)
    assert {name.lower() for name in re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html)} <= TAGS
    assert not re.findall(r"<[^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', html))
    assert all(re.match(r"https?://|mailto:|tel:|/[^/]|#", url) for url in re.findall(r'href="([^"]*)"', html))
    html.encode()


def test_a_picture_is_a_link_so_that_nothing_is_fetched_unasked(prose: Prose) -> None:
    html = prose.html("![a cat](https://example.org/cat.png)")
    assert "<img" not in html
    assert '<a href="https://example.org/cat.png"' in html


def test_text_knows_its_direction_and_code_does_not_ask(prose: Prose) -> None:
    assert '<p dir="auto">שלום' in prose.html("שלום")
    assert '<div class="code" dir="ltr">' in prose.html("```\nx\n```")


@pytest.mark.parametrize(
    "text", [RICH, EVIL, long_reply(), "a\r\n\r\nb\r\rc", "- a\n\n- b\n\n  c\n\nd", "# x\ny\n---\nz"]
)
def test_settled_blocks_and_the_rest_are_the_whole_text_at_every_instant(prose: Prose, text: str) -> None:
    shown, settled = "", ""
    for end in range(0, len(text) + 1, max(1, len(text) // 200)):
        blocks, rest = prose.split(text[len(settled) : end])
        settled += "".join(source for source, _ in blocks)
        shown += "".join(html for _, html in blocks)
        assert settled + rest == text[:end]
    blocks, rest = prose.split(text[len(settled) :])
    shown += "".join(html for _, html in blocks) + prose.open_end(rest)
    if "\r" not in text:
        assert shown == prose.html(text)


def test_half_open_markup_is_not_shown_raw(prose: Prose) -> None:
    assert "**" not in prose.open_end("It is **very imp")
    assert "```" not in prose.open_end("```python\nx = 1")


def is_coloured(html: str) -> bool:
    return 'class="hl-' in html


def fenced(language: str, code: str) -> str:
    return f"```{language}\n{code}\n```\n"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        *(("python", "x = 1"), ("py", "x = 1"), ("Python", "x = 1"), ("javascript", "let x = 1"), ("ts", "let x = 1")),
        *(("json", '{"a": 1}'), ("sh", "echo $HOME"), ("html", "<p>x</p>"), ("css", "a { color: red }")),
        *(("sql", "SELECT 1"), ("yml", "a: 1"), ("go", "var x = 1"), ("rust", "let x = 1;"), ("diff", "+ a")),
    ],
)
def test_a_finished_block_of_code_is_coloured(prose: Prose, language: str, code: str) -> None:
    assert is_coloured(prose.html(fenced(language, code)))


@pytest.mark.parametrize("language", ["perl", "rst", "c", "c++", "java", "markdown", "brainfuck", ""])
def test_code_whose_lexer_is_slow_or_unknown_is_shown_as_it_is(prose: Prose, language: str) -> None:
    html = prose.html(fenced(language, "s{s{s{ int x = 1; // \\"))
    assert "s{s{s{ int x = 1; // \\" in html
    assert not is_coloured(html)


@pytest.mark.parametrize(
    "code", ["x = 1\n" * 501, "x = " + "[" * 200, "x = 1" + "\n \t" * 10 + "\ny = 2"], ids=["long", "wide", "gap"]
)
def test_code_that_nobody_writes_is_shown_as_it_is(prose: Prose, code: str) -> None:
    assert is_coloured(prose.html(fenced("python", code[:10].rstrip())))
    html = prose.html(fenced("python", code))
    assert code in html
    assert not is_coloured(html)


def test_a_block_is_coloured_when_it_is_finished_and_not_while_it_grows(prose: Prose) -> None:
    code = fenced("python", "x = 1")
    assert not is_coloured(prose.open_end("```python\nx = 1\ny"))
    assert not is_coloured(prose.open_end(code))
    (((_, settled),), end) = prose.split(code + "\nAnd so")
    assert is_coloured(settled)
    assert end == "And so"


def test_a_text_full_of_code_is_coloured_at_its_beginning_only(prose: Prose) -> None:
    text = (fenced("python", "x = 1\n" * 400) + "\n") * 20
    blocks, _ = prose.split(text)
    first_and_last = (blocks[0][1], blocks[-1][1])
    assert [is_coloured(html) for html in first_and_last] == [True, False]
    assert [is_coloured(html) for html in prose.html(text).split("code-head")[1::19]] == [True, False]


def test_a_tangle_of_brackets_is_shown_as_it_is(prose: Prose) -> None:
    assert "[[[" in prose.html("[" * 50_000)


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de,ru;q=0.5,en;q=0.4", "ru"),
        ("en;q=0.1, ru;q=0.9", "ru"),
        ("de-DE,de", "en"),
        ("ru;q=0,en", "en"),
        ("", "en"),
        ("*;q=x,,;", "en"),
    ],
)
def test_the_interface_speaks_the_first_language_that_the_browser_and_we_know(
    shipped_texts: Texts, header: str, locale: str
) -> None:
    assert preferred_locale(shipped_texts, header) == locale
