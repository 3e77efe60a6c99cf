"""What fits into a model's view of a thread."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.reply import Utterance
from specialists.memory import Window, estimate_tokens, rough_tokens, shortened

CODE = "def area(radius: float) -> float:\n    return 3.14159 * radius ** 2\n"
PUBLISHED = [
    ("hello world", 2),
    ("tiktoken is great!", 6),
    ("antidisestablishmentarianism", 6),
    ("2 + 2 = 4", 7),
    ("お誕生日おめでとう", 9),
    ("The quick brown fox jumps over the lazy dog.", 10),
]
"""Counts that OpenAI publishes for its tokenizers, in its cookbook."""


def utterance(text: str, role: str = "user") -> Utterance:
    kind: Literal["user", "assistant"] = "user" if role == "user" else "assistant"
    return Utterance(kind, text)


def thread(turns: int, text: str = "a few words here") -> list[Utterance]:
    return [utterance(f"{text} {number}", role) for number in range(turns) for role in ("user", "assistant")]


@pytest.mark.parametrize(("text", "count"), PUBLISHED)
def test_an_estimate_is_near_the_published_count(text: str, count: int) -> None:
    assert 0.7 * count <= estimate_tokens(text) <= 1.6 * count


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("Мы встретимся завтра утром у входа в библиотеку.", 10, 24),
        ("我们明天早上在图书馆门口见面。", 10, 18),
        (CODE, 18, 34),
        ("", 0, 0),
        ("   ", 0, 1),
        ("a" * 1_000, 150, 400),
    ],
)
def test_every_kind_of_text_has_a_sensible_estimate(text: str, least: int, most: int) -> None:
    assert least <= estimate_tokens(text) <= most


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_never_takes_fewer_tokens(first: str, second: str) -> None:
    assert estimate_tokens(first + second) <= estimate_tokens(first) + estimate_tokens(second) + 1
    assert estimate_tokens(first) <= len(first)
    assert rough_tokens(first + second) >= rough_tokens(first)


@settings(deadline=None)
@given(st.text(max_size=400), st.integers(8, 60))
def test_a_shortened_text_keeps_its_ends_and_its_measure(text: str, tokens: int) -> None:
    short = shortened(text, tokens)
    assert short == text or estimate_tokens(short) <= tokens + 2


def test_a_short_thread_fits_whole() -> None:
    history = thread(5)
    assert Window().fitting(history) == tuple(history)
    assert Window().cut(history) == 0


def test_the_newest_fit_and_the_first_is_the_users() -> None:
    fitting = Window(messages=5).fitting(thread(10))
    assert [one.text for one in fitting] == [
        "a few words here 8",
        "a few words here 8",
        "a few words here 9",
        "a few words here 9",
    ]
    assert fitting[0].role == "user"


def test_tokens_limit_a_thread_too() -> None:
    history = thread(10, "word " * 100)
    fitting = Window(tokens=450).fitting(history)
    assert len(fitting) == 4
    assert fitting[-1] == history[-1]


def test_one_giant_message_does_not_push_out_the_rest() -> None:
    history = [utterance("before"), utterance("yes", "assistant"), utterance("word " * 5_000)]
    fitting = Window(tokens=1_000).fitting(history)
    assert [one.text[:6] for one in fitting] == ["before", "yes", "word w"]
    assert "[…]" in fitting[-1].text
    assert estimate_tokens(fitting[-1].text) <= 520


def test_a_full_window_is_cut_to_a_quarter_at_a_turn() -> None:
    window = Window(messages=40, tokens=8_000)
    assert window.cut(thread(15)) == 0
    cut = window.cut(thread(16))
    assert cut == 22
    assert window.cut(thread(16)[cut:]) == 0


def test_the_beginning_moves_in_steps_and_not_with_every_turn() -> None:
    window, upto, firsts = Window(messages=40, tokens=8_000), 0, set()
    history = thread(200)
    for turn in range(2, 400, 2):
        said = history[:turn]
        firsts.add(window.fitting(said[upto:])[0].text)
        upto += window.cut(said[upto:])
    assert len(firsts) < 40


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text("ab ", max_size=80)), max_size=30))
def test_what_fits_is_a_newest_part_within_the_limits(said: list[tuple[str, str]]) -> None:
    history = [utterance(text, role) for role, text in said]
    window = Window(messages=6, tokens=60)
    fitting = window.fitting(history)
    assert len(fitting) <= 6
    assert not fitting or fitting[0].role == "user"
    assert sum(estimate_tokens(one.text) + 4 for one in fitting) <= 66
    assert 0 <= window.cut(history) <= len(history)
