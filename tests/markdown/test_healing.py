"""Healing: whatever the stream has shown so far renders without raw markup."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.markdown.healing import heal
from bot.markdown.plain import plain
from tests.markdown.inputs import CORPUS, MADE, prefixes

ALPHABET = "ab \n*_`~|[]()!#>-+1.$<\\:é"


@pytest.mark.parametrize(
    ("half", "whole"),
    [
        ("**bold", "**bold**"),
        ("**bold*", "**bold**"),
        ("**bold ", "**bold**"),
        ("**bold _it", "**bold _it_**"),
        ("text **", "text"),
        ("`code", "`code`"),
        ("``a`", "``a``"),
        ("text `", "text"),
        ("**bold `code", "**bold `code`**"),
        ("~~gone", "~~gone~~"),
        ("||secret", "||secret||"),
        ("$$x^2", "$$x^2$$"),
        ("see [title", "see title"),
        ("see [title](https://exa", "see title"),
        ("see ![alt](https://exa", "see alt"),
        ("see [title][re", "see title"),
        ("see <https://exa", "see https://exa"),
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("```py\nx = 1\n``", "```py\nx = 1\n```"),
        ("````\n```\n", "````\n```\n````"),
        ("text\n```p", "text\n"),
        ("- a\n  ```\n  x", "- a\n  ```\n  x\n  ```"),
        ("> ~~~\n> x", "> ~~~\n> x\n> ~~~"),
        ("- a\n-", "- a\n"),
        ("- a\n- [ ", "- a\n"),
        ("text\n#", "text\n"),
        ("| a | b", "| a | b\n|---|---|"),
        ("| a | b |\n|--", "| a | b |\n|---|---|"),
        ("| a |\n|---|\n| **x", "| a |\n|---|\n| **x**"),
        ("> a **b\n> c", "> a **b\n> c**"),
    ],
)
def test_half_a_construct_is_closed_or_held_back(half: str, whole: str) -> None:
    assert heal(half) == whole


@pytest.mark.parametrize(
    "complete",
    [
        "2 * 3 = 6",
        "2*3 and 2**3",
        "snake_case and __init__",
        "a[0] and the interval [0, 1)",
        "see [1]",
        "5*",
        "a || b",
        "C:\\dir",
        "42",
        "Title\n===",
        "text\n\n---",
        "| a |\n|---|\n| 1 |",
        "$5 and $10",
        "List<int>",
    ],
)
def test_complete_text_stays_as_it_is(complete: str) -> None:
    assert heal(complete) == complete


@pytest.mark.parametrize("name", [name for name in CORPUS if name not in ("emphasis", "headings", "scripts")])
def test_complete_markdown_is_returned_unchanged(name: str) -> None:
    assert heal(CORPUS[name]) == CORPUS[name]


@pytest.mark.parametrize("name", [*CORPUS, *MADE])
def test_healing_twice_changes_nothing_at_any_prefix(name: str) -> None:
    source = (CORPUS | MADE)[name]
    for prefix in prefixes(source, 400 if name in CORPUS else 20):
        healed = heal(prefix)
        assert heal(healed) == healed, prefix[-80:]


@given(st.text(ALPHABET, max_size=60))
@settings(max_examples=400, deadline=None)
def test_healing_is_idempotent_and_keeps_every_word(source: str) -> None:
    healed = heal(source)
    assert heal(healed) == healed


@given(st.lists(st.sampled_from(["**", "*", "_", "`", "~~", "word", " ", "(", "."]), max_size=12))
@settings(max_examples=300, deadline=None)
def test_words_of_a_paragraph_survive_healing(parts: list[str]) -> None:
    source = "start " + "".join(parts)
    assert plain(heal(source)).count("word") == parts.count("word")
