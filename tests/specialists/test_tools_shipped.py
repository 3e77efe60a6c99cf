"""The tools that are shipped, each as a model uses it."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.reply import Handover
from bot.domain.specialist import BriefField
from specialists.handbook import COLLECTION
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.specialists.tooling import Stage, specialist


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    stage = Stage(store, ManualClock())
    yield stage
    await stage.toolbox.close()


async def said(stage: Stage, name: str, arguments: object, /, **fields: object) -> object:
    """The data that a good call brings."""
    part = await stage.answer(name, arguments, **fields)
    assert part.outcome == "success", part.content
    return json.loads(str(part.content))["data"]


async def refused(stage: Stage, name: str, arguments: object, /, **fields: object) -> str:
    part = await stage.answer(name, arguments, **fields)
    assert part.outcome == "failed", part.content
    return str(part.content)


# calculate


async def test_a_model_gets_the_exact_result(stage: Stage) -> None:
    told = await said(stage, "calculate", {"expression": "0.1 + 0.2"})
    assert told == {"expression": "0.1 + 0.2", "result": "0.3", "exact": True}


async def test_a_model_hears_why_something_cannot_be_worked_out(stage: Stage) -> None:
    assert await refused(stage, "calculate", {"expression": "1 / 0"}) == "Division by zero."


# search_knowledge


async def test_passages_come_with_a_source_to_cite(stage: Stage) -> None:
    who = specialist(tools=("search_knowledge",), knowledge=(COLLECTION,))
    told = await said(stage, "search_knowledge", {"query": "stop an answer", "limit": 2}, who=who)
    assert isinstance(told, list)
    assert len(told) == 2
    assert {"document", "section", "source", "words_found", "text"} == set(told[0])
    assert "#" in told[0]["source"]
    assert "stop" in told[0]["text"].lower()


async def test_only_the_specialist_s_collections_are_searched(stage: Stage) -> None:
    who = specialist(tools=("search_knowledge",), knowledge=("law",))
    told = await said(stage, "search_knowledge", {"query": "stop an answer"}, who=who)
    assert str(told).startswith("Nothing was found.")


async def test_shared_collections_are_everybody_s(store: Store) -> None:
    stage = Stage(store, ManualClock(), shared=(COLLECTION,))
    assert isinstance(await said(stage, "search_knowledge", {"query": "stop an answer"}), list)


async def test_searching_is_not_offered_where_there_is_nothing_to_search(stage: Stage) -> None:
    await stage.answers(stage.prompt("search_knowledge"))
    assert stage.seen[0].function_tools == []


# remind_me


async def test_a_reminder_in_some_minutes(stage: Stage) -> None:
    told = await said(stage, "remind_me", {"text": "Позвонить маме", "in_minutes": 90})
    ((text, at),) = stage.notebook.reminders
    assert text == "Позвонить маме"
    assert timedelta(minutes=90) <= at - stage.clock.now() < timedelta(minutes=90, seconds=2)
    assert isinstance(told, dict)
    assert told["in_minutes"] == 90


async def test_a_reminder_at_a_time_with_its_offset(stage: Stage) -> None:
    at = (stage.clock.now() + timedelta(days=3)).isoformat()
    await said(stage, "remind_me", {"text": "Pay", "at": at})
    assert stage.notebook.reminders[0][1].isoformat() == at


async def test_a_time_without_an_offset_makes_the_model_ask(stage: Stage) -> None:
    at = (stage.clock.now() + timedelta(days=3)).replace(tzinfo=None).isoformat()
    assert "Ask the user for their time zone" in await refused(stage, "remind_me", {"text": "Pay", "at": at})
    assert stage.notebook.reminders == []


@pytest.mark.parametrize(
    ("ahead", "reason"),
    [
        (timedelta(seconds=59), "less than a minute ahead"),
        (timedelta(days=-1), "That time is over"),
        (timedelta(days=366), "more than a year ahead"),
    ],
)
async def test_a_time_out_of_bounds_is_refused(stage: Stage, ahead: timedelta, reason: str) -> None:
    at = (stage.clock.now() + ahead).isoformat()
    assert reason in await refused(stage, "remind_me", {"text": "Pay", "at": at})


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "Give either in_minutes or at."),
        ({"in_minutes": 5, "at": "2027-01-01T00:00Z"}, "Give either in_minutes or at."),
        ({"in_minutes": 0}, "greater than or equal to 1"),
        ({"in_minutes": 600_000}, "less than or equal to 525600"),
        ({"at": "tomorrow"}, "at: Input should be a valid datetime"),
    ],
)
async def test_a_time_that_is_none_is_told(stage: Stage, arguments: dict[str, object], reason: str) -> None:
    assert reason in await refused(stage, "remind_me", {"text": "Pay", **arguments})


async def test_what_the_platform_refuses_is_told(stage: Stage) -> None:
    stage.notebook.full = True
    assert await refused(stage, "remind_me", {"text": "Pay", "in_minutes": 5}) == "at most 50 reminders a day"


# remember


async def test_a_fact_is_kept(stage: Stage) -> None:
    await said(stage, "remember", {"fact": "Ada is allergic to nuts."})
    assert stage.notebook.facts == ["Ada is allergic to nuts."]


async def test_remembering_is_not_offered_where_nothing_may_be_kept(store: Store) -> None:
    stage = Stage(store, ManualClock(), memory_enabled=False)
    await stage.answers(stage.prompt("remember"))
    assert stage.seen[0].function_tools == []


# transfer_to


async def test_the_engine_hears_who_takes_over(stage: Stage) -> None:
    told = await said(stage, "transfer_to", {"specialist": "analyst", "reason": "There are numbers."})
    assert stage.signals.handover == Handover("analyst", "There are numbers.")
    assert isinstance(told, dict)
    assert told["takes_over"] == "analyst"


@pytest.mark.parametrize("name", ["lawyer", "mentor", ""])
async def test_only_a_colleague_who_exists_can_take_over(stage: Stage, name: str) -> None:
    reason = await refused(stage, "transfer_to", {"specialist": name, "reason": "Because."})
    assert "specialist: Input should be 'concierge' or 'analyst'" in reason
    assert stage.signals.handover is None


async def test_the_model_is_told_what_the_others_do(stage: Stage) -> None:
    await said(stage, "transfer_to", {"specialist": "analyst", "reason": "There are numbers."})
    schema = stage.seen[0].function_tools[0].parameters_json_schema
    assert schema["properties"]["specialist"]["enum"] == ["concierge", "analyst"]
    assert "- analyst: The analyst." in schema["properties"]["specialist"]["description"]


async def test_a_second_colleague_cannot_take_over_in_the_same_reply(stage: Stage) -> None:
    calls = [("transfer_to", {"specialist": name, "reason": "Why not."}) for name in ("analyst", "concierge")]
    _, second = await stage.answers(stage.prompt("transfer_to"), *calls)
    assert second.outcome == "failed"
    assert stage.signals.handover == Handover("analyst", "Why not.")


async def test_handing_over_is_not_offered_to_someone_who_is_alone(store: Store) -> None:
    stage = Stage(store, ManualClock(), team=(specialist(),))
    await stage.answers(stage.prompt("transfer_to"))
    assert stage.seen[0].function_tools == []


# escalate


async def test_a_human_is_asked_for_and_nothing_is_promised(stage: Stage) -> None:
    told = await said(stage, "escalate", {"reason": "Wants a refund."})
    assert stage.notebook.escalations == ["Wants a refund."]
    assert isinstance(told, dict)
    assert "promise no time" in told["tell_the_user"]


async def test_where_nothing_may_be_caused_it_is_not_offered(stage: Stage) -> None:
    await stage.answers(stage.prompt("escalate", "remind_me", "remember", "save_brief", actions=None))
    assert stage.seen[0].function_tools == []


BRIEF = (
    BriefField("topic", (("en", "What is it about?"), ("ru", "О чём?")), max_chars=20),
    BriefField("seconds", (("en", "How long?"),), kind="number", least=5, most=60),
    BriefField(
        "mood",
        (("en", "Which mood?"),),
        kind="choice",
        choices=(("en", ("funny", "calm")), ("ru", ("смешно", "спокойно"))),
    ),
    BriefField("copy", (("en", "Anything else?"),), required=False),
)


# save_brief


@pytest.fixture
def who() -> object:
    return specialist("video", tools=("save_brief",), kind="order", brief=BRIEF)


async def test_answers_are_saved_as_they_come(stage: Stage, who: object) -> None:
    told = await said(stage, "save_brief", {"values": {"topic": "Cats", "seconds": 30}}, who=who)
    assert told == {"saved": {"topic": "Cats", "seconds": "30"}, "still_missing": ["mood"], "complete": False}
    assert stage.notebook.briefs == [({"topic": "Cats", "seconds": "30"}, False)]


async def test_a_brief_without_gaps_is_complete(stage: Stage, who: object) -> None:
    values = {"topic": "Cats", "seconds": 7.5, "mood": "calm", "copy": "Meow."}
    await said(stage, "save_brief", {"values": values, "complete": True}, who=who)
    assert stage.notebook.briefs == [(values | {"seconds": "7.5"}, True)]


async def test_a_brief_with_gaps_is_not(stage: Stage, who: object) -> None:
    reason = await refused(stage, "save_brief", {"values": {"topic": "Cats"}, "complete": True}, who=who)
    assert reason == "Nothing was saved: the brief is not complete yet. Ask for: seconds, mood."
    assert stage.notebook.briefs == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"topic": ""}, "values.topic: String should have at least 1 character"),
        ({"topic": "x" * 21}, "values.topic: String should have at most 20 characters"),
        ({"seconds": 61}, "values.seconds: Input should be less than or equal to 60"),
        ({"mood": "grim"}, "values.mood: Input should be 'funny' or 'calm'"),
        ({"colour": "red"}, "values.colour: Extra inputs are not permitted"),
        ({}, "There is no answer to save yet."),
    ],
)
async def test_an_answer_that_does_not_fit_is_told(stage: Stage, who: object, values: object, reason: str) -> None:
    assert reason in await refused(stage, "save_brief", {"values": values}, who=who)
    assert stage.notebook.briefs == []


async def test_questions_and_choices_are_in_the_user_s_language(stage: Stage, who: object) -> None:
    await said(stage, "save_brief", {"values": {"mood": "смешно"}}, who=who, locale="ru")
    assert stage.notebook.briefs == [({"mood": "funny"}, False)]
    schema = json.dumps(stage.seen[0].function_tools[0].parameters_json_schema, ensure_ascii=False)
    assert "О чём? Required." in schema
    assert '["смешно", "спокойно"]' in schema


async def test_saving_is_not_offered_to_a_specialist_without_a_brief(stage: Stage) -> None:
    await stage.answers(stage.prompt("save_brief"))
    assert stage.seen[0].function_tools == []
