"""Without a model, a message finds its specialist by the words of the team's files, and in doubt the default asks."""

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.specialist import Specialist
from specialists.lexicon import Lexicon
from specialists.router import Ambiguous, Question, Routed, Router
from storage.stems import Stemmer
from tests.specialists.crew import COOK, CREW, GARDENER, HOST, SAILOR, goes_to, routed

SHARED = "some fresh fish"


@pytest.mark.parametrize(
    ("text", "specialist"),
    [
        ("Could you make us a nice soup?", "cook"),
        ("сварите, пожалуйста, нам супа", "cook"),
        ("when should roses be pruned", "gardener"),
        ("как и когда обрезают розы", "gardener"),
        ("please mend my sail, it is torn", "sailor"),
        ("порвался парус, зашейте", "sailor"),
        ("who is it that works here?", "host"),
    ],
)
async def test_a_message_in_other_words_finds_its_specialist(text: str, specialist: str) -> None:
    result = await routed(text)
    assert isinstance(result, Routed)
    assert (result.specialist, result.how, result.usage) == (specialist, "lexical", None)
    assert 0 < result.score <= 1


@pytest.mark.parametrize(
    ("text", "specialist"),
    [
        ("my tomatos have spotts", "gardener"),
        ("reciepe for rye bread", "cook"),
        ("завижите морской узил", "sailor"),
        ("svarite sup", "cook"),
        ("рецепт rye хлеба", "cook"),
    ],
)
async def test_typos_and_the_other_alphabet_are_forgiven(text: str, specialist: str) -> None:
    assert await goes_to(text) == specialist


@pytest.mark.parametrize("text", ["What is for supper?", "что на ужин", "soup", "суп!"])
async def test_starters_and_vocabulary_count(text: str) -> None:
    assert Lexicon(CREW, Stemmer()).rank(text)[0].specialist == "cook"


@pytest.mark.parametrize(
    "text",
    """
    hi|hello there|thanks|thx|ok|okay|yes|no|bye|lol|cool|good morning|👍|🙏🏽|?|...|5|42.|
    привет|здравствуйте|спасибо|спс|ок|да|нет|пока|ага|ясно|доброе утро|хаха
    """.replace("\n", "")
    .strip()
    .split("|"),
)
async def test_small_talk_stays_with_the_default(text: str) -> None:
    result = await routed(text.strip())
    assert isinstance(result, Routed)
    assert (result.specialist, result.how) == ("host", "default")


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b", "。", "¯\\_(ツ)_/¯", "12:30", "#" * 5_000])
async def test_what_says_nothing_stays_with_the_default(text: str) -> None:
    assert await goes_to(text) == "host"


@pytest.mark.parametrize(
    "text",
    ["Who won the elections in Peru?", "Translate this contract into Dutch", "кто президент Перу", "明日の天気は"],
)
async def test_what_is_nobodys_work_stays_with_the_default(text: str) -> None:
    result = await routed(text)
    assert isinstance(result, Routed)
    assert (result.specialist, result.how) == ("host", "default")


async def test_between_two_that_fit_as_well_the_user_is_asked() -> None:
    result = await routed(SHARED)
    assert isinstance(result, Ambiguous)
    assert {result.first, result.second} == {"cook", "sailor"}
    assert result.usage is None


async def test_where_files_lie_only_a_clear_match_leads_away_from_whoever_reads_them() -> None:
    router = Router(lambda: CREW, ask=None, stemmer=Stemmer())
    away = await router.route(Question(SHARED, has_files=True))
    assert isinstance(away, Routed)
    assert (away.specialist, away.how) == ("host", "default")
    clear = "Could you make us a nice soup?"
    assert await router.route(Question(clear, has_files=True)) == await router.route(Question(clear))


async def test_the_default_is_never_offered_but_asks_itself() -> None:
    host = replace(HOST, examples=(*HOST.examples, "Catch some fresh fish"))
    team = (host, GARDENER, SAILOR)
    assert {score.specialist for score in Lexicon(team, Stemmer()).rank(SHARED)[:2]} == {"host", "sailor"}
    result = await Router(lambda: team, ask=None, stemmer=Stemmer()).route(Question(SHARED))
    assert isinstance(result, Routed)
    assert (result.specialist, result.how) == ("host", "default")


async def test_what_the_user_chose_before_is_not_asked_again() -> None:
    assert await goes_to(SHARED, chosen=(("sailor", SHARED),)) == "sailor"
    assert await goes_to(SHARED, chosen=(("cook", SHARED),)) == "cook"


async def test_a_choice_about_something_like_it_decides_between_the_two() -> None:
    assert await goes_to("some fresh fish quickly", chosen=(("cook", "fresh fish for the children"),)) == "cook"


async def test_the_newest_of_two_choices_for_the_same_words_wins() -> None:
    assert await goes_to(SHARED, chosen=(("cook", SHARED), ("sailor", SHARED))) == "cook"


async def test_a_choice_with_little_in_common_decides_nothing() -> None:
    chosen = (("cook", "fresh bread and butter, jam and honey for all the guests"),)
    assert isinstance(await routed(SHARED, chosen=chosen), Ambiguous)


async def test_an_older_choice_for_the_same_words_wins_over_a_newer_one_for_others() -> None:
    assert await goes_to(SHARED, chosen=(("cook", "fresh fish for the children"), ("sailor", SHARED))) == "sailor"


async def test_a_lone_number_says_nothing_even_where_it_is_an_example() -> None:
    counter = replace(SAILOR, name="counter", title="Counter", examples=("5", "5 + 7", "Count to 5"))
    router = Router(lambda: (HOST, counter), ask=None, stemmer=Stemmer())
    for text, specialist in (("5", "host"), (" 5. ", "host"), ("5 + 7", "counter")):
        result = await router.route(Question(text))
        assert isinstance(result, Routed)
        assert result.specialist == specialist


async def test_a_choice_outweighs_the_words_but_only_for_nearly_the_same_words() -> None:
    chosen = (("gardener", "make a soup for six"),)
    assert await goes_to("Make a soup for six!", chosen=chosen) == "gardener"
    assert await goes_to("make a soup and a rye bread", chosen=chosen) == "cook"


@pytest.mark.parametrize("chosen", [("captain", SHARED), ("cook", ""), ("cook", "the of and")])
async def test_a_choice_that_says_nothing_or_of_somebody_who_left_is_ignored(chosen: tuple[str, str]) -> None:
    assert isinstance(await routed(SHARED, chosen=(chosen,)), Ambiguous)
    assert await goes_to("thanks", chosen=(chosen,)) == "host"


async def test_the_request_is_found_at_the_beginning_and_at_the_end_of_a_long_message() -> None:
    pasted = "Lorem ipsum dolor sit amet consectetur. " * 200
    assert await goes_to(f"Mend this torn sail, tie a bowline knot. {pasted}") == "sailor"
    assert await goes_to(f"{pasted} Mend this torn sail, tie a bowline knot.") == "sailor"


async def test_the_order_of_the_files_decides_nothing_but_ties() -> None:
    for text in ("make a soup", "my tomatoes have spots", "tie a knot"):
        found = set()
        for team in (CREW, (HOST, SAILOR, GARDENER, COOK)):
            result = await Router(lambda team=team: team, ask=None, stemmer=Stemmer()).route(Question(text))  # type: ignore[misc]
            assert isinstance(result, Routed)
            found.add(result.specialist)
        assert len(found) == 1


async def test_a_changed_file_counts_at_once() -> None:
    team: list[Specialist] = [HOST, COOK]
    router = Router(lambda: tuple(team), ask=None, stemmer=Stemmer())
    question = Question("Tune my old piano")

    async def answers() -> str:
        result = await router.route(question)
        assert isinstance(result, Routed)
        return result.specialist

    assert await answers() == "host"
    team.append(replace(SAILOR, name="tuner", title="Tuner", examples=("Tune a piano", "My old piano sounds wrong")))
    assert await answers() == "tuner"
    team[2] = replace(SAILOR, name="tuner")
    assert await answers() == "host"
    team.pop()
    assert await answers() == "host"


async def test_a_team_of_one_answers_everything() -> None:
    router = Router(lambda: (HOST,), ask=None, stemmer=Stemmer())
    for text in ("Who works here?", "soup", "привет", ""):
        result = await router.route(Question(text))
        assert isinstance(result, Routed)
        assert result.specialist == "host"


@given(st.text(max_size=300) | st.text(alphabet=string.ascii_lowercase + " абвгдеж@,", max_size=80))
def test_scores_are_between_none_and_all_whatever_is_said(text: str) -> None:
    scores = LEXICON.rank(text)
    assert {score.specialist for score in scores} == {one.name for one in CREW}
    assert all(0 <= score.value <= 1 + 1e-9 for score in scores)
    assert [score.value for score in scores] == sorted((score.value for score in scores), reverse=True)


LEXICON = Lexicon(CREW, Stemmer())
