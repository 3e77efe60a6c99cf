"""The hidden end of an answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specialists.trailer import Trailer


def read(*pieces: str) -> tuple[str, float | None]:
    trailer = Trailer()
    text = "".join(map(trailer.feed, pieces)) + trailer.end()
    return text, trailer.confidence


@pytest.mark.parametrize(
    ("text", "shown", "confidence"),
    [
        ("Paris.\n\n<confidence>0.8</confidence>", "Paris.", 0.8),
        ("Paris. <confidence>0.8</confidence>\n\n", "Paris.", 0.8),
        ("Paris.<Confidence> 85% </Confidence>", "Paris.", 0.85),
        ("Paris.<confidence>,5</confidence>", "Paris.", 0.5),
        ("Paris.<confidence>1</confidence>", "Paris.", 1.0),
        ("Paris.<confidence>high</confidence>", "Paris.", None),
        ("Paris.<confidence>7</confidence>", "Paris.", None),
        ("Paris.<confidence>0.", "Paris.", None),
        ("Paris.\n<confid", "Paris.", None),
        ("Paris.", "Paris.", None),
        ("a < b and c <", "a < b and c <", None),
        ("<confidence>0.8</confidence> is how I end.", "<confidence>0.8</confidence> is how I end.", None),
        ("```\n<confidence>0.8</confidence>\n```", "```\n<confidence>0.8</confidence>\n```", None),
        ("Write `<confidence>0.8</confidence>`", "Write `<confidence>0.8</confidence>`", None),
        ("<confidence>0.8</confidence>", "", 0.8),
        ("x <confidence><confidence>0.8</confidence>", "x <confidence>", 0.8),
        ("Two spaces  \n\n", "Two spaces  \n\n", None),
    ],
)
def test_only_a_trailer_at_the_very_end_is_taken_away(text: str, shown: str, confidence: float | None) -> None:
    assert read(text) == (shown, confidence)
    assert read(*text) == (shown, confidence)


@settings(deadline=None)
@given(st.text("<>/confide 0.8\nx", max_size=80), st.lists(st.integers(1, 9), max_size=20))
def test_how_the_text_is_cut_makes_no_difference(text: str, sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    assert read(*pieces, text[at:]) == read(text)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_text_is_never_held_back_by_more_than_a_trailer(text: str) -> None:
    trailer, shown = Trailer(), 0
    for came, char in enumerate(text.replace("<", ""), 1):
        shown += len(trailer.feed(char))
        assert came - shown <= 8


@settings(deadline=None)
@given(st.text(max_size=100), st.floats(0, 1).map(lambda value: round(value, 2)))
def test_an_answer_and_its_trailer_come_apart(text: str, value: float) -> None:
    answer = text.replace("<", "").rstrip()
    assert read(f"{answer}\n\n<confidence>{value}</confidence>") == (answer, value)
