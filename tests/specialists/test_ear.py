"""The ear of the tests understands the voice of the tests, whatever form a messenger sends it in."""

import pytest

from tests.fakes.ear import listens
from tests.fakes.voices import silence, spoken

PHRASES = (
    "What does page three say?",
    "Sum column C.",
    "Please remind me tomorrow at nine.",
    "Draw me a professional portrait.",
    "How do I grow as a leader?",
    "Make a chart of our sales.",
    "Write a video script about coffee.",
    "Can I talk to a human, please?",
    "I need a telegram bot for my shop.",
    "What is in this picture?",
)


@pytest.mark.parametrize("form", ["ogg", "mp4", "webm"])
def test_what_is_said_is_told_from_all_that_might_be_said(form: str) -> None:
    assert [listens(spoken(phrase, form=form), PHRASES) for phrase in PHRASES] == list(PHRASES)


def test_the_ear_hears_and_does_not_guess() -> None:
    assert listens(silence(1.0), PHRASES) == ""
    assert listens(spoken("What is in this picture?"), ("Sum column C.", "Make a chart of our sales.")) == ""


def test_a_word_that_it_does_not_know_is_told() -> None:
    with pytest.raises(AssertionError, match="switchboard"):
        listens(silence(1.0), ("Call the switchboardy thing.",))
