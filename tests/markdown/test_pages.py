"""Paging: nothing is lost, pages fit, and a finished page never changes."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.markdown.blocks import scan
from bot.markdown.pages import Page, paginate
from bot.markdown.plain import plain
from tests.markdown.inputs import CORPUS, MADE

PIECES = [
    "A sentence of some words. Another one follows! ",
    "**bold text that goes on** and *more*\n",
    "\n\n",
    "- item one\n- item two\n  - nested\n",
    "\n```python\nx = 1\ny = 2\nz = 3\n```\n",
    "\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n",
    "> quoted words here\n> and here\n\n",
    "# Heading\n",
    "`code` [link](https://example.org/a) ",
    "1. first\n\n   ~~~\n   inner\n   ~~~\n2. second\n",
    "longword" * 8,
    "👩‍👩‍👧 ",
]
documents = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
limits = st.integers(min_value=60, max_value=300)


def is_short(limit: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= limit


def words(text: str) -> str:
    return re.sub(r"[\s|\-:]+", "", text)


def covers(source: str, pages: list[Page]) -> bool:
    return "".join(source[page.start : page.end] for page in pages) == source


@given(documents, limits)
@settings(max_examples=150, deadline=None)
def test_pages_cover_the_source_and_fit(source: str, limit: int) -> None:
    pages = paginate(source, is_short(limit))
    assert covers(source, pages)
    assert all(page.end > page.start for page in pages)
    assert all(len(page.text) <= limit for page in pages)


@given(documents, limits, st.data())
@settings(max_examples=100, deadline=None)
def test_a_finished_page_never_changes_while_the_text_grows(source: str, limit: int, data: st.DataObject) -> None:
    finished: list[Page] = []
    at = 0
    while at < len(source):
        at = min(len(source), at + data.draw(st.integers(1, 90)))
        pages = paginate(source[:at], is_short(limit), [page.end for page in finished])
        assert covers(source[:at], pages)
        assert pages[: len(finished)] == finished
        finished = pages[:-1]


@given(documents, limits)
@settings(max_examples=100, deadline=None)
def test_every_page_closes_its_fences(source: str, limit: int) -> None:
    for page in paginate(source, is_short(limit))[:-1]:
        kinds = [line.kind for line in scan(page.text)]
        assert kinds.count("open") == kinds.count("close"), page.text


@pytest.mark.parametrize("limit", [40, 90, 400])
def test_the_pages_together_show_what_the_whole_shows(limit: int) -> None:
    source = "".join(PIECES[:4] + PIECES[6:10])
    shown = "".join(plain(page.text) for page in paginate(source, is_short(limit)))
    assert words(shown) == words(plain(source))


def test_a_cut_fence_is_reopened_with_its_language() -> None:
    source = "```python title\n" + "x = 1\n" * 40 + "```\n"
    pages = paginate(source, is_short(100))
    assert len(pages) > 2
    assert all(page.text.startswith("```python title\n") for page in pages)
    assert all(page.text.rstrip().endswith("```") for page in pages)


def test_a_cut_table_repeats_its_header() -> None:
    source = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 30
    pages = paginate(source, is_short(100))
    assert all(page.text.startswith("| a | b |\n|---|---|\n| 1") for page in pages)


def test_emphasis_goes_on_over_a_cut() -> None:
    pages = paginate("**" + "word " * 30 + "end**", is_short(80))
    assert all(page.text.startswith("**") and page.text.endswith("**") for page in pages)
    assert plain("\n".join(page.text for page in pages)).split() == ["word"] * 30 + ["end"]


def test_a_cut_prefers_the_space_between_blocks() -> None:
    source = "First paragraph with words.\n\nSecond paragraph. It has two sentences."
    assert [page.start for page in paginate(source, is_short(50))] == [0, 29]


def test_a_character_of_several_code_points_is_not_torn() -> None:
    family = "👩‍👩‍👧"
    for page in paginate(family * 20, is_short(12)):
        assert page.text.replace(family, "") == ""


def test_a_test_that_nothing_passes_still_ends() -> None:
    pages = paginate("ab **c** 🇩🇪", lambda _: False)
    assert covers("ab **c** 🇩🇪", pages)


@pytest.mark.parametrize("name", [*CORPUS, *MADE])
def test_nasty_inputs_are_covered(name: str) -> None:
    source = (CORPUS | MADE)[name]
    assert covers(source, paginate(source, is_short(3000)))


def test_a_line_of_a_million_characters_is_paged() -> None:
    source = "word " * 200_000
    pages = paginate(source, is_short(4096))
    assert covers(source, pages)
    assert len(pages) < 260
