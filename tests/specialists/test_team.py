"""The shipped specialists are whole: what their files promise to users, models and each other is there."""

import re
from itertools import chain
from pathlib import Path

import pytest

from bot.domain.specialist import Specialist
from specialists.handbook import COLLECTION
from specialists.ranking import is_cyrillic
from specialists.registry import Registry
from specialists.tools import shipped
from specialists.tools.toolbox import tools_of

FOLDER = Path(__file__).parent.parent.parent / "specialists" / "team"
TEAM = Registry.load(FOLDER)
EVERYONE = TEAM.all()
CHAT = [one for one in EVERYONE if one.kind == "chat"]
ORDERS = [one for one in EVERYONE if one.kind == "order"]
PLACEHOLDERS = {"user_name", "locale", "date"}
CALLS = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")


def named(specialist: Specialist) -> str:
    return specialist.name


def test_the_team_is_the_promised_one() -> None:
    assert [one.name for one in CHAT] == ["concierge", "analyst", "curator", "mentor"]
    assert [one.name for one in ORDERS] == ["avatar", "bot", "design", "video"]
    curator = TEAM.get("curator")
    assert curator is not None
    assert (curator.temperature, curator.top_p) == (0.4, 0.8)


@pytest.mark.parametrize("specialist", EVERYONE, ids=named)
def test_users_read_everything_in_both_languages(specialist: Specialist) -> None:
    russian = specialist.localised("ru")
    for english, translated in (
        (specialist.title, russian.title),
        (specialist.description, russian.description),
        *zip(specialist.starters, russian.starters, strict=True),
    ):
        assert not is_cyrillic(english)
        assert is_cyrillic(translated)
    assert specialist.emoji
    assert 2 <= len(specialist.starters) <= 4


@pytest.mark.parametrize("specialist", EVERYONE, ids=named)
def test_the_router_has_enough_examples_in_both_languages(specialist: Specialist) -> None:
    russian = sum(is_cyrillic(example) for example in specialist.examples)
    assert 15 <= len(specialist.examples) <= 25
    assert abs(2 * russian - len(specialist.examples)) <= 2


def test_no_example_belongs_to_two() -> None:
    examples = [example.casefold() for example in chain.from_iterable(one.examples for one in EVERYONE)]
    assert sorted(examples) == sorted(set(examples))


@pytest.mark.parametrize("specialist", EVERYONE, ids=named)
def test_models_are_settings(specialist: Specialist) -> None:
    assert (specialist.model, specialist.fallback_models) == ("", ())


@pytest.mark.parametrize("specialist", CHAT, ids=named)
def test_a_chat_specialist_can_answer_from_the_handbook_without_a_model(specialist: Specialist) -> None:
    assert COLLECTION in specialist.knowledge
    assert "search_knowledge" in specialist.tools


@pytest.mark.parametrize("specialist", EVERYONE, ids=named)
def test_every_tool_is_there_and_is_explained_to_the_model(specialist: Specialist) -> None:
    assert set(specialist.tools) <= {tool.name for tool in tools_of(shipped)}
    explained = set(CALLS.findall(specialist.instructions)) - {field.name for field in specialist.brief}
    offered = {name for name in specialist.tools if "_" in name}
    assert explained == offered
    for name in set(specialist.tools) - offered:
        assert f"`{name}`" in specialist.instructions


@pytest.mark.parametrize("specialist", EVERYONE, ids=named)
def test_a_colleague_who_is_named_exists(specialist: Specialist) -> None:
    told = re.findall(r"(?:goes|go) to `([a-z-]+)`|everything else to `([a-z-]+)`", specialist.instructions)
    for name in filter(None, chain.from_iterable(told)):
        assert TEAM.get(name) is not None


def test_the_concierge_knows_everybody() -> None:
    for specialist in EVERYONE[1:]:
        assert f"\n- `{specialist.name}` " in TEAM.default.instructions


@pytest.mark.parametrize("specialist", EVERYONE, ids=named)
def test_what_differs_between_users_stands_at_the_end(specialist: Specialist) -> None:
    """The beginning is the same for everybody, so that providers can keep it in their caches."""
    common, _, own = specialist.instructions.rpartition("\n## ")
    assert "{" not in common
    assert set(re.findall(r"\{([^}]*)\}", own)) == PLACEHOLDERS


@pytest.mark.parametrize("specialist", EVERYONE, ids=named)
def test_instructions_protect_and_keep_to_a_length(specialist: Specialist) -> None:
    text = specialist.instructions
    assert 3_000 < len(text) < 8_000
    for words in ("latest message", "«вы»", "password", "reveal"):
        assert words in text


@pytest.mark.parametrize("specialist", ORDERS, ids=named)
def test_an_order_says_honestly_what_it_is_today(specialist: Specialist) -> None:
    assert "later version" in specialist.instructions
    assert f"{specialist.price} Telegram Stars" in specialist.instructions
    assert "save_brief" in specialist.tools


@pytest.mark.parametrize("specialist", ORDERS, ids=named)
def test_the_model_asks_the_fields_of_the_brief_in_their_order(specialist: Specialist) -> None:
    listed = re.findall(r"(?m)^\d+\. `([a-z_]+)`(, optional)?", specialist.instructions)
    assert listed == [(field.name, "" if field.required else ", optional") for field in specialist.brief]


@pytest.mark.parametrize("specialist", ORDERS, ids=named)
def test_a_brief_is_asked_for_in_both_languages(specialist: Specialist) -> None:
    for field in specialist.brief:
        questions, labels = dict(field.question), dict(field.choices)
        assert questions.keys() == {"en", "ru"}
        assert not is_cyrillic(questions["en"])
        assert is_cyrillic(questions["ru"])
        assert labels.keys() == ({"en", "ru"} if field.kind == "choice" else set())
        if field.kind == "number":
            assert str(round(field.most or 0)) in questions["ru"] or not field.required
