"""Text without markup, and without what no platform shows."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.markdown.plain import clean, plain
from tests.markdown.inputs import CORPUS, MADE


def test_a_person_reads_the_words_only() -> None:
    source = "# A *b*\n- x `y`\n\n[link](https://example.org) ![alt](https://example.org/i.png)\n\n"
    source += "| a | b |\n|-|-|\n| 1 | 2 |"
    assert plain(source) == "A b\nx y\nlink alt\na b\n1 2"


def test_html_and_generics_are_words_too() -> None:
    assert plain("List<int> and <b>x</b>") == "List<int> and <b>x</b>"


def test_nothing_nasty_breaks_it() -> None:
    for source in (CORPUS | MADE).values():
        assert isinstance(plain(source), str)


def test_lone_surrogates_controls_and_line_ends_are_replaced() -> None:
    assert clean("a\ud800b\x00\x1b\r\nc\td\r\n") == "a\ufffdb\nc\td\n"


def test_zalgo_keeps_eight_marks() -> None:
    assert clean("z" + "\u0301" * 50 + "y\u0301") == "z" + "\u0301" * 8 + "y\u0301"


@given(st.text(st.characters(codec=None)))
def test_clean_text_can_be_sent_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert clean(cleaned) == cleaned
    assert all(unicodedata.category(char) != "Cc" or char in "\n\t" for char in cleaned)
