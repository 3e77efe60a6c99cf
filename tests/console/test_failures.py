"""What a failed turn says on the page, from what the store keeps of it."""

from datetime import UTC, datetime

import pytest

from bot.console.turn import failure_sentence
from bot.console.words import Words
from bot.domain.thread import Turn, TurnState
from bot.texts import Texts

LATE = datetime(2026, 11, 21, 22, 5, tzinfo=UTC)


def failed(error: str) -> Turn:
    return Turn(1, 1, TurnState.FAILED, LATE, LATE, "concierge", 1, (), None, error, 0)


@pytest.mark.parametrize("limit", ["quota-user", "quota-workspace", "quota-specialist"])
@pytest.mark.parametrize(("locale", "when"), [("en", "2 hours"), ("ru", "2 часа")])
def test_a_limit_of_the_day_says_when_it_ends(shipped_texts: Texts, limit: str, locale: str, when: str) -> None:
    assert when in failure_sentence(Words(shipped_texts, locale), failed(limit))


@pytest.mark.parametrize("error", ["", "error-engine-rate"])
def test_any_failure_has_a_sentence(shipped_texts: Texts, error: str) -> None:
    assert failure_sentence(Words(shipped_texts, "en"), failed(error)).endswith(".")
