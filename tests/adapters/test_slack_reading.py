"""What reaches us of what people in Slack say and do."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.incoming import Command, Opened, Reaction, UserDeletion, UserEdit, UserMessage
from tests.adapters.slack_cast import Stage, eventually, said, stage


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


async def test_who_writes_is_known_by_name_and_language(here: Stage) -> None:
    ann = here.slack.user("Ann", locale="ru-RU")
    await ann.says("привет")
    await ann.says("как дела?")
    heard = await here.heard(2)
    assert heard.payload == UserMessage(here.ref(ann.dm, ann.dm.messages[-1]), "как дела?")
    assert (heard.sender.id, heard.sender.name.lower(), heard.sender.locale) == (ann.id, "ann", "ru-RU")
    assert here.called("users.info") == 1
    await here.clock.advance(7 * 3600)
    await ann.says("ещё")
    await here.heard(3)
    assert here.called("users.info") == 2


async def test_who_cannot_be_named_is_heard_all_the_same(here: Stage) -> None:
    ann = here.slack.user("Ann")
    here.slack.faults.fails(503, method="users.info")
    for count in range(1, 4):
        await ann.says("hello")
        assert (await here.heard(count)).sender.name == ""
    assert here.called("users.info") == 1
    await here.clock.advance(61)
    await ann.says("hello again")
    assert (await here.heard(4)).sender.name.lower() == "ann"


async def test_nobody_waits_long_for_a_name(here: Stage) -> None:
    ann = here.slack.user("Ann")
    here.slack.faults.slow(method="users.info", times=None)
    await ann.says("hello")
    await eventually(lambda: here.called("users.info") == 1)
    assert here.inbox.stored == []
    await here.clock.advance(1)
    assert (await here.heard()).sender.name == ""
    await ann.says("hello again")
    await here.heard(2)
    await here.settles()


@pytest.mark.parametrize("flood", [False, True])
async def test_a_reaction_that_cannot_be_looked_up_in_time_comes_again(here: Stage, flood: bool) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("hello"))
    if flood:
        here.slack.faults.floods(30, method="reactions.get")
    else:
        here.slack.faults.slow(method="reactions.get")
    await ann.reacts(here.seen(ann.dm, ref), "+1")
    await eventually(lambda: here.called("reactions.get") == 1)
    await here.clock.advance(4)
    assert here.inbox.stored == []
    await here.slack.redelivers()
    assert (await here.heard()).payload == Reaction(ref, ("👍",))


async def test_a_direct_message_that_cannot_be_opened_in_time_is_not_guessed(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    here.slack.faults.slow(method="conversations.open")
    await ann.runs("/new", in_=team)
    await eventually(lambda: here.called("conversations.open") == 1)
    await here.clock.advance(1)
    await ann.runs("/new", in_=team)
    assert (await here.heard()).place == here.at(ann.dm)


async def test_an_app_that_may_not_read_names_asks_once() -> None:
    async with stage(scopes=("chat:write", "im:history", "im:write")) as here:
        ann = here.slack.user("Ann")
        await ann.says("hello")
        await ann.says("hello again")
        assert (await here.heard(2)).sender.name == ""
        assert here.called("users.info") == 1


async def test_a_mention_opens_a_thread_and_is_one_event(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    question = await ann.says("why?", to=team)
    heard = await here.heard()
    await here.settles()
    assert heard.place == here.at(team, question)
    assert isinstance(heard.payload, UserMessage)
    assert heard.payload.text == "why?"
    assert len(here.slack.deliveries) == 2
    assert len(here.inbox.stored) == 1


async def test_in_a_thread_of_ours_nobody_needs_to_mention_us(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    question = await ann.says("why?", to=team)
    await here.heard()
    here.ours.add(here.at(team, question))
    await ann.says("and how?", to=team, thread=question)
    heard = await here.heard(2)
    assert heard.place == here.at(team, question)
    assert isinstance(heard.payload, UserMessage)
    assert heard.payload.text == "and how?"


async def test_what_is_said_beside_us_is_not_stored(here: Stage) -> None:
    ann, bob = here.slack.user("Ann"), here.slack.user("Bob")
    team = here.slack.channel("team", [ann, bob])
    lunch = await ann.says("lunch?", to=team, mention=False)
    await bob.says("yes", to=team, thread=lunch)
    await ann.edits(lunch, "lunch!")
    await ann.deletes(lunch)
    await here.app.send(here.at(team), said("our own words"))
    await here.settles()
    assert here.inbox.stored == []
    assert all(delivery.acked for delivery in here.slack.deliveries)
    assert here.called("users.info") == 0


async def test_edits_and_deletions_are_heard(here: Stage) -> None:
    ann = here.slack.user("Ann")
    message = await ann.says("helo")
    await ann.edits(message, "hello")
    edit = await here.heard(2)
    assert edit.payload == UserEdit(here.ref(ann.dm, message), "hello")
    await ann.deletes(message)
    deletion = await here.heard(3)
    assert deletion.payload == UserDeletion(here.ref(ann.dm, message))
    assert deletion.place == here.at(ann.dm)


async def test_a_reaction_tells_its_thread_and_all_that_the_person_left_there(here: Stage) -> None:
    ann, bob = here.slack.user("Ann"), here.slack.user("Bob")
    team = here.slack.channel("team", [ann, bob])
    question = await ann.says("why?", to=team)
    await here.heard()
    ref = await here.app.send(here.at(team, question), said("because"))
    reply = here.seen(team, ref)
    await bob.reacts(reply, "eyes")
    await ann.reacts(reply, "thumbsup")
    await here.heard(3)
    await ann.reacts(reply, "tada")
    heard = await here.heard(4)
    assert heard.place == ref.place
    assert heard.payload == Reaction(ref, ("👍", "🎉"))
    await ann.unreacts(reply, "thumbsup")
    await here.heard(5)
    await ann.unreacts(reply, "tada")
    assert (await here.heard(6)).payload == Reaction(ref, ())


async def test_a_reaction_in_the_running_conversation_stays_there(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("hello"))
    await ann.says("in its thread", thread=here.seen(ann.dm, ref))
    await here.heard()
    await ann.reacts(here.seen(ann.dm, ref), "+1")
    assert (await here.heard(2)).payload == Reaction(ref, ("👍",))


async def test_a_reaction_to_what_is_gone_is_not_stored(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("hello"))
    here.slack.faults.fails("message_not_found", method="reactions.get")
    await ann.reacts(here.seen(ann.dm, ref), "+1")
    await here.settles()
    assert here.inbox.stored == []
    assert here.slack.deliveries[-1].acked


async def test_a_command_from_a_channel_is_a_private_matter(here: Stage) -> None:
    ann, bob = here.slack.user("Ann", locale="ru-RU"), here.slack.user("Bob")
    team = here.slack.channel("team", [ann, bob])
    await ann.runs("/new", in_=team)
    heard = await here.heard()
    await here.settles()
    assert heard.place == here.at(ann.dm)
    assert heard.payload == Command(None, "new")
    assert heard.sender.locale == "ru-RU"
    assert [one.text_content for one in ann.ephemerals] == [
        "Отвечаю вам в нашем личном чате, где этого никто больше не прочтёт."
    ]
    await ann.runs("/switchboard", "help")
    assert (await here.heard(2)).payload == Command(None, "help")
    await here.settles()
    assert len(ann.ephemerals) == 1
    assert bob.ephemerals == []
    assert here.called("conversations.open") == 1


async def test_a_question_behind_our_command_is_a_question(here: Stage) -> None:
    ann = here.slack.user("Ann")
    await ann.runs("/switchboard", "what is a payload?")
    heard = await here.heard()
    assert heard.payload == UserMessage(None, "what is a payload?")
    assert heard.place == here.at(ann.dm)


async def test_looking_at_us_is_heard(here: Stage) -> None:
    ann = here.slack.user("Ann")
    await ann.opens_home()
    assert (await here.heard()).payload == Opened("home")
    await ann.opens_messages()
    heard = await here.heard(2)
    assert heard.payload == Opened("chat")
    assert heard.place == here.at(ann.dm)


async def test_a_specialist_is_asked_about_a_message(here: Stage) -> None:
    ann, bob = here.slack.user("Ann"), here.slack.user("Bob")
    team = here.slack.channel("team", [ann, bob])
    message = await bob.says("The tax is 7 %.", to=team, mention=False)
    modal = await ann.uses_shortcut(message)
    assert modal.title == "Ask a specialist"
    assert "The tax is 7 %." in modal.text_content
    assert modal.options("specialist") == ["Whoever fits best", "Mentor", "Analyst"]
    await ann.submits(modal, question="Is that right?", specialist="Analyst")
    heard = await here.heard()
    await here.settles()
    assert not modal.is_open
    assert heard.place == here.at(ann.dm)
    assert isinstance(heard.payload, UserMessage)
    assert heard.payload.ref is None
    assert heard.payload.text.startswith("@analyst Is that right?\n\n> The tax is 7 %.")
    assert "bob" in heard.payload.text.lower()


async def test_a_form_that_cannot_be_opened_is_let_go(here: Stage) -> None:
    ann = here.slack.user("Ann")
    message = await ann.says("hello")
    await here.heard()
    here.slack.faults.fails("expired_trigger_id", method="views.open")
    await here.slack.push_body(
        "interactive",
        {
            "type": "message_action",
            "callback_id": "ask_specialist",
            "team": {"id": here.slack.home.id},
            "user": {"id": ann.id},
            "channel": {"id": ann.dm.id},
            "message": {"ts": message.ts, "text": "hello", "user": ann.id},
            "trigger_id": "1.2.3",
        },
    )
    await here.settles()
    assert ann.modal is None
    assert here.slack.deliveries[-1].acked


@pytest.mark.parametrize(
    "event",
    [
        {"type": "hologram_opened"},
        {"type": "message"},
        {"type": "message", "channel": 7, "ts": {}, "user": []},
        {"type": "message", "channel": "D1", "ts": "x", "user": "U1", "text": "?"},
        {"type": "reaction_added", "item": {"type": "message"}, "user": "U1"},
        {"type": ["message"]},
    ],
)
async def test_what_cannot_be_read_is_taken_and_let_go(here: Stage, event: dict[str, object]) -> None:
    delivery = await here.slack.push(event)
    await here.settles()
    assert delivery.acked
    ann = here.slack.user("Ann")
    await ann.says("hello")
    await here.heard()


async def test_what_is_said_at_once_is_stored_in_its_order(here: Stage) -> None:
    people = [here.slack.user(name) for name in ("Ann", "Bob", "Cid")]
    slow = here.slack.faults.slow(method="users.info")
    for number in range(5):
        for person in people:
            await person.says(f"{number}")
    await here.inbox.holds(10)
    slow.release.set()
    await here.heard(15)
    for person in people:
        said_by = [one.payload for one in here.inbox.stored if one.sender.id == person.id]
        assert [payload.text for payload in said_by if isinstance(payload, UserMessage)] == list("01234")
