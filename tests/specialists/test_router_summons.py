"""Whoever is called by name comes; whoever is only spoken of does not."""

from dataclasses import replace

import pytest

from specialists.router import Routed
from specialists.summons import Summons
from storage.stems import Stemmer
from tests.specialists.crew import CREW, GARDENER, HOST, SAILOR, routed


@pytest.mark.parametrize(
    ("text", "specialist"),
    [
        ("@gardener", "gardener"),
        ("@Sailor who won the elections?", "sailor"),
        ("hi, I'd like to ask @cook something", "cook"),
        ("gardener", "gardener"),
        ("Sailor, please", "sailor"),
        ("let me talk to the gardener", "gardener"),
        ("Can I speak with the sailor about my uncle?", "sailor"),
        ("hello, please connect me to the ship's cook", "cook"),
        ("ask the gardener who won", "gardener"),
        ("Gardener, what is the capital of Peru?", "gardener"),
        ("Hey sailor! Are you there", "sailor"),
        ("позови садовника", "gardener"),
        ("Позовите, пожалуйста, матроса", "sailor"),
        ("хочу поговорить с садовником о жизни", "gardener"),
        ("можно переключить меня на матроса", None),
        ("переключите меня на матроса", "sailor"),
        ("Матрос, как дела?", "sailor"),
        ("соедините с коком", "cook"),
        ("садовник", "gardener"),
    ],
)
def test_a_call(text: str, specialist: str | None) -> None:
    assert Summons(CREW, Stemmer()).heard(text) == specialist


@pytest.mark.parametrize(
    "text",
    [
        "",
        "my father was a sailor",
        "I don't want to talk to the gardener",
        "не хочу говорить с садовником",
        "how do I become a gardener?",
        "what does a ship's cook earn",
        "write to me at sailor@cook.example or joe@gardener",
        "@gardener or @sailor, whoever is free",
        "@captain",
        "@gardener_bot",
        "call my mother",
        "am I talking to a sailor",
        "thanks, gardener was great",
        "ask",
        "позови",
        "Well, hello",
    ],
)
def test_a_mention_is_not_a_call(text: str) -> None:
    assert Summons(CREW, Stemmer()).heard(text) is None


async def test_a_call_is_certain() -> None:
    result = await routed("let me talk to the sailor about tomatoes and roses")
    assert result == Routed("sailor", "lexical", 1.0)


def test_an_id_that_is_a_word_for_the_matter_is_no_name() -> None:
    film = replace(SAILOR, name="film", title="Film studio", translations=(), examples=("I need a film of my wedding",))
    summons = Summons((HOST, film), Stemmer())
    assert summons.heard("ask the film studio") == "film"
    assert summons.heard("@film") == "film"
    assert summons.heard("film") is None
    assert summons.heard("give me the film") is None


def test_of_two_with_one_title_the_first_is_called() -> None:
    second = replace(GARDENER, name="gardener-2")
    assert Summons((HOST, GARDENER, second), Stemmer()).heard("gardener") == "gardener"
    assert Summons((HOST, GARDENER, second), Stemmer()).heard("@gardener-2") == "gardener-2"


def test_a_title_of_glue_words_calls_nobody() -> None:
    nobody = replace(SAILOR, name="it", title="The one", translations=())
    assert Summons((HOST, nobody), Stemmer()).heard("the") is None
