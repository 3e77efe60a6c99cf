"""Replies that grow by streams, and the status that is shown meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator.people import User
from adapters.slack.emulator.screens import Channel, Message
from bot.domain.errors import Ambiguous, Flooded, StreamEnded, Unreachable, Unrenderable
from bot.domain.incoming import StopRequest
from bot.domain.messenger import Delta, Outgoing, ToolCard
from bot.domain.place import Ref
from tests.adapters.slack_cast import Stage, eventually, said, stage

WORDS = ["The **first** line.\n\n", "And the second, ", "which goes on.\n\n", "The end."]
WHOLE = "".join(WORDS)


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


class Asked:
    """Somebody asked in a channel, and waits in the thread."""

    def __init__(self, here: Stage, ann: User, team: Channel, question: Message) -> None:
        self.here = here
        self.ann = ann
        self.team = team
        self.question = question
        self.place = here.at(team, question)

    @property
    def reply(self) -> Message:
        return self.team.replies[-1]

    def is_open(self) -> bool:
        return self.reply.is_streaming

    async def begins(self, text: str = "") -> Ref:
        return await self.here.app.begin_stream(self.place, Outgoing(text, streaming=True), self.ann.id)

    async def reads(self, ref: Ref, *words: str) -> None:
        told = 0
        for word in words:
            await self.here.app.grow_stream(ref, Delta(told, word))
            told += len(word)


@pytest.fixture
async def asked(here: Stage) -> Asked:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    return Asked(here, ann, team, await ann.says("why?", to=team))


async def test_a_reply_grows_and_ends_with_its_buttons(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    await asked.reads(ref, *WORDS[:3])
    assert asked.is_open()
    assert WHOLE.startswith(asked.reply.text_content)
    await here.app.edit(ref, said(WHOLE, mark="m-1"))
    assert not asked.is_open()
    assert asked.reply.text_content == WHOLE
    assert asked.reply.buttons == ["Again", "👍", "👎"]
    assert asked.reply.metadata is not None
    assert here.called("chat.update") == 0
    assert all(
        later.startswith(earlier)
        for earlier, later in zip(asked.reply.versions, asked.reply.versions[1:], strict=False)
    )


async def test_a_reply_grows_in_the_thread_of_a_dm(here: Stage) -> None:
    ann = here.slack.user("Ann")
    question = await ann.says("why?")
    place = here.at(ann.dm, question)
    ref = await here.app.begin_stream(place, Outgoing("Because", streaming=True), ann.id)
    await here.app.grow_stream(ref, Delta(7, " of you."))
    await here.app.edit(ref, said("Because of you."))
    assert ann.dm.replies[-1].text_content == "Because of you."
    assert ann.dm.replies[-1].thread_ts == question.ts


async def test_a_stream_needs_a_thread(here: Stage) -> None:
    ann = here.slack.user("Ann")
    with pytest.raises(Unrenderable):
        await here.app.begin_stream(here.at(ann.dm), Outgoing(""), ann.id)


async def test_whoever_asked_may_have_left_the_channel(here: Stage, asked: Asked) -> None:
    asked.team.state.members.remove(asked.ann.id)
    with pytest.raises(Unrenderable):
        await asked.begins()


async def test_tools_are_cards_that_end(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    running = ToolCard("c1", "Searching", "running")
    await here.app.grow_stream(ref, Delta(0, "", tools=(running,)))
    assert [(card["title"], card["status"]) for card in asked.reply.task_cards] == [("Searching", "in_progress")]
    done = ToolCard("c1", "Searching", "done")
    await here.app.grow_stream(ref, Delta(0, "Found.\n\n", tools=(done, ToolCard("c2", "Counting", "running"))))
    await here.app.edit(ref, said("Found.\n\nThree."))
    assert [card["status"] for card in asked.reply.task_cards] == ["complete", "complete"]
    assert asked.reply.text_content == "Found.\n\nThree."


async def test_a_text_that_did_not_only_grow_replaces_the_stream(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    await asked.reads(ref, *WORDS)
    await here.app.edit(ref, said("Something else."))
    assert asked.reply.text_content == "Something else."
    assert not asked.is_open()
    assert asked.reply.buttons == ["Again", "👍", "👎"]


async def test_a_stream_that_slack_closed_is_finished_by_an_edit(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    await asked.reads(ref, WORDS[0])
    await here.clock.advance(301)
    with pytest.raises(StreamEnded):
        await here.app.grow_stream(ref, Delta(len(WORDS[0]), WORDS[1]))
    await here.app.edit(ref, said(WHOLE))
    assert asked.reply.text_content == WHOLE
    assert asked.reply.buttons == ["Again", "👍", "👎"]


async def test_a_stream_that_slack_closed_unseen_is_finished_by_an_edit(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    await asked.reads(ref, WORDS[0])
    await here.clock.advance(301)
    await here.app.edit(ref, said(WHOLE))
    assert asked.reply.text_content == WHOLE


async def test_the_stop_button_of_slack_ends_stream_and_session(here: Stage, asked: Asked) -> None:
    await here.app.typing(asked.place, here.ref(asked.team, asked.question))
    ref = await asked.begins()
    await asked.reads(ref, WORDS[0])
    await asked.ann.presses_stop(asked.team)
    stop = await here.heard(2)
    assert isinstance(stop.payload, StopRequest)
    assert stop.place == asked.place
    with pytest.raises(StreamEnded):
        await here.app.grow_stream(ref, Delta(len(WORDS[0]), WORDS[1]))
    await here.app.edit(ref, said(WORDS[0] + "_Stopped._"))
    assert asked.reply.text_content == WORDS[0] + "_Stopped._"
    assert asked.team.session(asked.question) == "active"


async def test_the_stop_button_in_a_running_conversation_means_that_conversation(here: Stage) -> None:
    ann = here.slack.user("Ann")
    question = await ann.says("why?")
    heard = await here.heard()
    assert heard.place == here.at(ann.dm)
    await here.app.typing(heard.place, here.ref(ann.dm, question))
    await ann.presses_stop()
    stop = await here.heard(2)
    assert isinstance(stop.payload, StopRequest)
    assert stop.place == here.at(ann.dm)
    here.ours.add(here.at(ann.dm, question))
    await ann.presses_stop()
    assert (await here.heard(3)).place == here.at(ann.dm, question)


async def test_after_a_growth_in_doubt_the_text_is_said_whole(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    await asked.reads(ref, WORDS[0])
    here.slack.faults.drops_after(method="chat.appendStream")
    with pytest.raises(Ambiguous):
        await here.app.grow_stream(ref, Delta(len(WORDS[0]), WORDS[1]))
    with pytest.raises(StreamEnded):
        await here.app.grow_stream(ref, Delta(len(WORDS[0]), WORDS[1]))
    await here.app.edit(ref, said(WHOLE))
    assert asked.reply.text_content == WHOLE


@pytest.mark.parametrize("fault", ["drops_before", "drops_after", "garbage"])
async def test_an_end_in_doubt_is_simply_made_again(here: Stage, asked: Asked, fault: str) -> None:
    ref = await asked.begins()
    await asked.reads(ref, *WORDS[:2])
    getattr(here.slack.faults, fault)(method="chat.stopStream")
    with pytest.raises(Unreachable):
        await here.app.edit(ref, said(WHOLE))
    await here.app.edit(ref, said(WHOLE))
    assert asked.reply.text_content == WHOLE
    assert not asked.is_open()


async def test_an_end_waits_for_a_growth_that_is_on_its_way(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    slow = here.slack.faults.slow(method="chat.appendStream")
    growth = asyncio.create_task(here.app.grow_stream(ref, Delta(0, "".join(WORDS[:3]))))
    await eventually(lambda: slow.hits == 1)
    ending = asyncio.create_task(here.app.edit(ref, said(WHOLE)))
    slow.release.set()
    await asyncio.gather(growth, ending)
    assert asked.reply.text_content == WHOLE


async def test_an_end_may_wait_for_a_flood_to_pass(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    await asked.reads(ref, *WORDS[:2])
    here.slack.faults.floods(9, method="chat.stopStream")
    with pytest.raises(Flooded) as flood:
        await here.app.edit(ref, said(WHOLE))
    assert flood.value.retry_after_seconds == 9
    await here.app.edit(ref, said(WHOLE))
    assert asked.reply.text_content == WHOLE
    assert here.called("chat.update") == 0


async def test_another_process_finishes_a_stream_by_an_edit(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    await asked.reads(ref, *WORDS[:2])
    other = here.messenger()
    with pytest.raises(StreamEnded):
        await other.grow_stream(ref, Delta(len("".join(WORDS[:2])), WORDS[2]))
    await other.edit(ref, said(WHOLE))
    assert asked.reply.text_content == WHOLE
    assert not asked.is_open()


async def test_a_stream_can_be_deleted(here: Stage, asked: Asked) -> None:
    ref = await asked.begins("Hello.\n\n")
    await here.app.delete(ref)
    assert asked.team.replies == []


async def test_buttons_go_from_what_was_streamed_and_its_text_stays(here: Stage, asked: Asked) -> None:
    ref = await asked.begins()
    long = "A line of it.\n\n" * 500
    await asked.reads(ref, long)
    await here.app.edit(ref, said(long))
    await here.app.clear_buttons(ref)
    assert asked.reply.buttons == []
    assert asked.reply.text_content.rstrip() == long.rstrip()


async def test_an_agent_shows_its_work_by_the_session_which_has_the_stop_button(here: Stage, asked: Asked) -> None:
    to = here.ref(asked.team, asked.question)
    for _ in range(9):
        await here.app.typing(asked.place, to)
        await here.clock.advance(10)
    assert asked.team.session(asked.question) == "processing"
    assert here.called("agents.sessions.setStatus") == 1
    # The line would take the place of the button.
    assert here.called("assistant.threads.setStatus") == 0
    await here.app.send(asked.place, said("Here it is."))
    assert asked.team.session(asked.question) == "active"


async def test_the_status_line_is_set_once_a_minute_and_goes_with_the_answer() -> None:
    async with stage(agent_view=False) as here:
        ann = here.slack.user("Ann")
        question = await ann.says("why?")
        place = here.at(ann.dm, question)
        for _ in range(9):
            await here.app.typing(place, here.ref(ann.dm, question))
            await here.clock.advance(10)
        assert ann.dm.status(question) == "is thinking…"
        assert here.called("assistant.threads.setStatus") == 2
        await here.app.send(place, said("Here it is."))
        assert ann.dm.status(question) == ""


async def test_a_finished_stream_ends_the_session_by_itself(here: Stage, asked: Asked) -> None:
    await here.app.typing(asked.place, here.ref(asked.team, asked.question))
    ref = await asked.begins()
    await here.app.edit(ref, said(WHOLE))
    assert asked.team.session(asked.question) == "active"
    assert here.called("agents.sessions.setStatus") == 1


async def test_a_preview_leaves_the_session_at_work(here: Stage, asked: Asked) -> None:
    to = here.ref(asked.team, asked.question)
    await here.app.typing(asked.place, to)
    ref = await here.app.send(asked.place, Outgoing("So far", streaming=True))
    assert asked.team.session(asked.question) == "processing"
    await here.app.typing(asked.place, to)
    await here.app.edit(ref, said("So far so good."))
    assert asked.team.session(asked.question) == "active"


async def test_in_a_running_conversation_the_work_hangs_on_the_question(here: Stage) -> None:
    ann = here.slack.user("Ann")
    question = await ann.says("why?")
    await here.app.typing(here.at(ann.dm), here.ref(ann.dm, question))
    assert ann.dm.session(question) == "processing"
    await here.app.send(here.at(ann.dm), said("because"))
    assert ann.dm.session(question) == "active"
    await here.app.typing(here.at(ann.dm))


async def test_in_a_running_conversation_of_no_agent_the_status_is_taken_away() -> None:
    async with stage(agent_view=False) as here:
        ann = here.slack.user("Ann")
        question = await ann.says("why?")
        await here.app.typing(here.at(ann.dm), here.ref(ann.dm, question))
        assert ann.dm.status(question) == "is thinking…"
        await here.app.send(here.at(ann.dm), said("because"))
        assert ann.dm.status(question) == ""


async def test_an_app_that_is_no_agent_asks_for_sessions_once() -> None:
    async with stage(agent_view=False) as here:
        ann, bob = here.slack.user("Ann"), here.slack.user("Bob")
        for person in (ann, bob):
            question = await person.says("why?")
            place = here.at(person.dm, question)
            await here.app.typing(place, here.ref(person.dm, question))
            await here.app.entitle(place, "Taxes")
            await here.app.send(place, said("because"))
            assert person.dm.title(question) == "Taxes"
        assert here.called("agents.sessions.setStatus") == 1
        assert here.called("agents.sessions.rename") == 0
        assert here.called("assistant.threads.setStatus") == 2


async def test_an_agent_names_its_session(here: Stage, asked: Asked) -> None:
    await here.app.entitle(asked.place, "Too early")
    await here.app.typing(asked.place, here.ref(asked.team, asked.question))
    await here.app.entitle(asked.place, "Taxes" * 100)
    assert asked.team.title(asked.question) == ("Taxes" * 100)[:200]
    await here.app.entitle(asked.place, "")
    assert asked.team.title(asked.question) == "Conversation"


async def test_no_status_is_worth_an_error(here: Stage, asked: Asked) -> None:
    here.slack.faults.floods(5, method="assistant.threads.setStatus")
    here.slack.faults.fails(503, method="agents.sessions.setStatus")
    await here.app.typing(asked.place, here.ref(asked.team, asked.question))
    await here.app.entitle(here.at(asked.team), "No thread, no title")
