"""Specialists in the language of a page."""

import pytest

from bot.console.cast import Cast
from bot.domain.specialist import Specialist, Translation
from specialists.registry import Registry

CONCIERGE = Specialist("concierge", "Concierge", "Welcomes you", "…", translations=(Translation("ru", "Консьерж"),))
MENTOR = Specialist("tax-mentor", "Mentor", "Teaches", "…")
STUDIO = Specialist("avatar", "Studio", "Paints", "…", kind="order")


@pytest.fixture
def cast() -> Cast:
    return Cast(Registry([MENTOR, STUDIO, CONCIERGE]), "ru")


def test_the_default_comes_first_and_speaks_the_language_of_the_page(cast: Cast) -> None:
    assert [specialist.title for specialist in cast.all()] == ["Консьерж", "Mentor", "Studio"]
    assert cast.default.title == "Консьерж"


def test_nobody_is_nobody(cast: Cast) -> None:
    assert (cast.get(""), cast.get("stranger")) == (None, None)


@pytest.mark.parametrize("text", ["@concierge hello", " @Tax_Mentor, help", "@tax-mentor\nhelp"])
def test_a_message_may_say_itself_who_is_meant(cast: Cast, text: str) -> None:
    assert cast.addresses(text)


@pytest.mark.parametrize("text", ["@stranger hello", "hello @concierge x", "@concierge", "a@concierge x", ""])
def test_other_words_name_nobody(cast: Cast, text: str) -> None:
    assert not cast.addresses(text)
