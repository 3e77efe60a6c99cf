"""Tools that tell about the user: what is stored, counted honestly, and of nobody else."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.domain.place import Place
from bot.domain.reply import Usage
from bot.domain.specialist import BriefField
from bot.domain.thread import Thread, Turn, TurnState
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.specialists.tooling import Stage, specialist

DAY_SECONDS = 86_400


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def stage(sqlite_url: str, clock: ManualClock) -> AsyncIterator[Stage]:
    store = await Store.open(sqlite_url, clock=clock)
    stage = Stage(store, clock)
    yield stage
    await stage.toolbox.close()
    await store.close()


async def conversation(stage: Stage, name: str, who: str = "mentor") -> Thread:
    """A new one of the person `name`, who is a user from then on."""
    place = Place("telegram", name)
    async with stage.store.begin() as tx:
        user = await tx.users.resolve("telegram", "", name, name=name.title(), locale="ru")
        return await tx.threads.open(user.id, place, specialist=who)


async def ask(stage: Stage, thread: Thread, text: str, *, who: str = "mentor") -> Turn:
    async with stage.store.begin() as tx:
        turn = await tx.turns.create(thread.id, who)
        await tx.turns.add_message(turn.id, "user", text, None)
        await tx.turns.begin(turn.id)
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="So be it.", refs=[])
        await tx.ledger.record_usage(turn.id, thread.user_id, "", Usage(specialist=who), stage.clock.now())
    return turn


async def told(stage: Stage, thread: Thread, name: str, arguments: object = None, /, **fields: object) -> object:
    part = await stage.answer(name, arguments or {}, user=thread.user_id, thread=thread.id, **fields)
    assert part.outcome == "success", part.content
    return json.loads(str(part.content))["data"]


async def test_the_profile_is_the_user_s_own(stage: Stage) -> None:
    ada, eve = await conversation(stage, "ada"), await conversation(stage, "eve")
    async with stage.store.begin() as tx:
        await tx.threads.rename(ada.id, "Nuts")
    assert await told(stage, ada, "get_user_profile", facts=("Allergic to nuts.",)) == {
        "name": "Ada",
        "language": "ru",
        "messengers": ["telegram"],
        "shows_thinking": "brief",
        "open_conversations": 1,
        "this_conversation": "Nuts",
        "talks_to": "mentor",
        "time_zone": "unknown",
        "asked_to_remember": ["Allergic to nuts."],
    }
    profile = await stage.answer("get_user_profile", {}, user=eve.user_id, thread=ada.id)
    assert "Nuts" not in str(profile.content)


async def test_achievements_are_counted_from_what_is_stored(stage: Stage) -> None:
    thread = await conversation(stage, "ada")
    other = await conversation(stage, "eve")
    for day in range(4):
        for _ in range(3):
            await ask(stage, thread, f"Question of day {day}?")
        await ask(stage, other, "Somebody else's.")
        await stage.clock.advance(DAY_SECONDS)
    await ask(stage, thread, "And now?", who="analyst")
    record = await told(stage, thread, "get_user_achievements")
    assert isinstance(record, dict)
    assert record["questions"] == 13
    assert record["specialists_met"] == ["analyst", "mentor"]
    assert (record["days_active_in_the_last_30"], record["days_in_a_row"]) == (5, 5)
    assert [one["name"] for one in record["reached"]] == ["First question", "Curious", "Second opinion", "Warmed up"]
    assert {"name": "A whole week", "for": "7 days in a row", "missing": 2} in record["next"]


async def test_a_day_that_has_only_begun_does_not_break_a_row_and_a_missed_one_does(stage: Stage) -> None:
    thread = await conversation(stage, "ada")
    await ask(stage, thread, "Monday?")
    await stage.clock.advance(DAY_SECONDS)
    today = await told(stage, thread, "get_user_achievements")
    await stage.clock.advance(DAY_SECONDS)
    tomorrow = await told(stage, thread, "get_user_achievements")
    assert isinstance(today, dict)
    assert isinstance(tomorrow, dict)
    assert (today["days_in_a_row"], tomorrow["days_in_a_row"]) == (1, 0)


async def test_somebody_new_has_reached_nothing_yet(stage: Stage) -> None:
    record = await told(stage, await conversation(stage, "ada", ""), "get_user_achievements")
    assert isinstance(record, dict)
    assert (record["questions"], record["reached"], record["specialists_met"]) == (0, [], [])


async def test_what_was_said_in_other_conversations_is_found(stage: Stage) -> None:
    earlier, now = await conversation(stage, "ada"), await conversation(stage, "ada")
    await ask(stage, earlier, "Where do penguins live?")
    turn = await ask(stage, now, "Where did I ask about penguins?")
    (found,) = await found_by(stage, now, "penguins", turn)
    assert (found["said_by"], found["is_this_one"]) == ("the user", False)
    assert "penguins" in str(found["text"])


async def test_what_somebody_else_said_is_never_found(stage: Stage) -> None:
    ada, eve = await conversation(stage, "ada"), await conversation(stage, "eve")
    await ask(stage, ada, "My canary is called Xenophon.")
    turn = await ask(stage, eve, "Hello.")
    answer = await told(stage, eve, "search_my_threads", {"query": "canary Xenophon"}, turn=turn.id)
    assert answer == "Nothing was found in the user's conversations."


async def found_by(stage: Stage, thread: Thread, query: str, turn: Turn) -> list[dict[str, object]]:
    found = await told(stage, thread, "search_my_threads", {"query": query}, turn=turn.id)
    assert isinstance(found, list)
    return found


async def test_answers_that_were_saved_before_are_kept(stage: Stage) -> None:
    thread = await conversation(stage, "ada", "video")
    fields = tuple(BriefField(name, (("en", f"{name}?"),)) for name in ("topic", "mood"))
    async with stage.store.begin() as tx:
        await tx.briefs.save(thread.user_id, thread.id, "video", {"topic": "Cats", "gone": "x"}, complete=False)
    who = specialist("video", tools=("save_brief",), kind="order", brief=fields)
    await told(stage, thread, "save_brief", {"values": {"mood": "calm"}, "complete": True}, who=who)
    assert stage.notebook.briefs == [({"topic": "Cats", "mood": "calm"}, True)]


async def test_a_yes_to_what_is_saved_completes_the_brief(stage: Stage) -> None:
    thread = await conversation(stage, "ada", "video")
    async with stage.store.begin() as tx:
        await tx.briefs.save(thread.user_id, thread.id, "video", {"topic": "Cats"}, complete=False)
    who = specialist("video", tools=("save_brief",), kind="order", brief=(BriefField("topic", (("en", "Topic?"),)),))
    await told(stage, thread, "save_brief", {"values": {}, "complete": True}, who=who)
    assert stage.notebook.briefs == [({"topic": "Cats"}, True)]
