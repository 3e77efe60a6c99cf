"""Where two halves of a reply meet."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from specialists.seam import Seam

SAID = "Paris is the capital of France. It has about two mil"
WORDS = st.lists(st.text("abcdefghij", min_size=2, max_size=6), min_size=1, max_size=12)
GAPS = st.sampled_from([" ", "\n", "\n\n", "  "])


def joined(said: str, *pieces: str, broken: bool = False) -> str:
    """What is added to `said`."""
    seam = Seam(said)
    return "".join(map(seam.feed, pieces)) + seam.end(broken=broken)


@pytest.mark.parametrize(
    ("continuation", "added"),
    [
        ("lion people.", "lion people."),
        ("two million people.", "lion people."),
        ("It has about two million people.", "lion people."),
        (f"{SAID}lion people.", "lion people."),
        ("Paris  is the\ncapital of France.\n\nIt has about two million people.", "lion people."),
        ("million people.", "lion people."),
        (" Also Lyon.", " Also Lyon."),
        ("It has about three", "It has about three"),
        ("", ""),
        ("\n\nNext.", "\n\nNext."),
    ],
)
def test_what_was_said_is_not_said_again(continuation: str, added: str) -> None:
    assert joined(SAID, continuation) == added
    assert joined(SAID, *continuation) == added


@pytest.mark.parametrize(
    ("said", "continuation", "added"),
    [
        ("I think that", " that is right.", " that is right."),
        ("One, two. ", "One, two. three", "three"),
        ("One, two.", "One, two. three", " three"),
        ("One, two.\n\n", "One, two.\nthree", "three"),
        ("Yes", "Yes, of course.", ", of course."),
        ("ha", "ha ha", " ha"),
        ("", "Anything at all.", "Anything at all."),
        ("   ", "Anything.", "Anything."),
        ("1, 2, 3, ", "4, 5", "4, 5"),
        ("bye bye", " bye now", " bye now"),
    ],
)
def test_words_that_merely_look_alike_stay(said: str, continuation: str, added: str) -> None:
    assert joined(said, continuation) == added


def test_nothing_is_held_once_the_text_is_new() -> None:
    seam = Seam(SAID)
    assert seam.feed("N") == "N"
    assert seam.feed("o") == "o"


def test_a_repetition_is_held_only_as_long_as_it_repeats() -> None:
    seam = Seam(SAID)
    assert seam.feed("It has about") == ""
    assert seam.feed(" t") == ""
    assert seam.feed("h") == "It has about th"


def test_a_continuation_that_breaks_while_it_repeats_leaves_nothing() -> None:
    assert joined(SAID, "Paris is the", broken=True) == ""
    assert joined(SAID, "Paris is the") == "Paris is the"


@settings(deadline=None)
@given(WORDS, WORDS, GAPS, st.data())
def test_a_restart_from_any_word_reads_as_one_text(
    said: list[str], rest: list[str], gap: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, max(len(said) - 2, 0)))
    before, repeated = " ".join(said), gap.join(said[start:])
    if len("".join(said[start:])) < 8 and start > 0:
        return
    continuation = f"{repeated} {' '.join(rest).upper()}"
    assert joined(before, continuation) == f" {' '.join(rest).upper()}"


@settings(deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=8))
@example("a b", ["a b a b a b"])
def test_what_comes_through_is_an_end_of_what_came_in_however_it_is_cut(said: str, pieces: list[str]) -> None:
    whole = "".join(pieces)
    added = joined(said, *pieces)
    assert whole.endswith(added)
    assert added == joined(said, whole)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_only_what_repeats_is_taken_away(said: str, continuation: str) -> None:
    added = joined(said, continuation)
    gone = "".join(continuation[: len(continuation) - len(added)].split())
    assert "".join(said.split()).endswith(gone)
