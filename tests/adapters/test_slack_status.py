"""Sessions: whose message ends the work that is shown, and what becomes of an end that fails."""

from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator import Limits
from adapters.slack.emulator.people import User
from adapters.slack.emulator.screens import Channel, Message
from bot.domain.errors import MessageGone
from bot.domain.messenger import Delta, Outgoing
from bot.domain.place import Place
from tests.adapters.slack_cast import Stage, said, stage

PAGE = Outgoing("The first page.", goes_on=True)


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


class Asked:
    """Somebody asked in a channel, and we are at work."""

    def __init__(self, here: Stage, ann: User, team: Channel, question: Message) -> None:
        self.here = here
        self.ann = ann
        self.team = team
        self.question = question

    @property
    def place(self) -> Place:
        return self.here.at(self.team, self.question)

    @property
    def session(self) -> str:
        return self.team.session(self.question)

    async def works(self) -> None:
        await self.here.app.typing(self.place, self.here.ref(self.team, self.question))


@pytest.fixture
async def asked(here: Stage) -> Asked:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    one = Asked(here, ann, team, await ann.says("why?", to=team))
    await one.works()
    assert one.session == "processing"
    return one


async def test_a_page_of_a_longer_reply_does_not_end_the_session(here: Stage, asked: Asked) -> None:
    first = await here.app.begin_stream(asked.place, Outgoing("", streaming=True), asked.ann.id)
    await here.app.grow_stream(first, Delta(0, "The first "))
    await here.app.edit(first, PAGE)
    assert asked.session == "processing"
    await here.app.send(asked.place, PAGE)
    assert asked.session == "processing"
    last = await here.app.begin_stream(asked.place, Outgoing("", streaming=True), asked.ann.id)
    await asked.ann.presses_stop(asked.team, asked.question)
    await here.app.edit(last, said("The last page."))
    assert asked.session == "active"


async def test_a_page_that_has_to_be_rewritten_does_not_end_it_either(here: Stage, asked: Asked) -> None:
    first = await here.app.begin_stream(asked.place, Outgoing("Something else", streaming=True), asked.ann.id)
    await here.app.edit(first, PAGE)
    assert asked.session == "processing"
    await here.app.send(asked.place, said("The last page."))
    assert asked.session == "active"


async def test_a_notice_beside_a_growing_reply_does_not_end_the_session(here: Stage, asked: Asked) -> None:
    older = await here.app.send(here.at(asked.ann.dm), said("A menu"))
    reply = await here.app.begin_stream(asked.place, Outgoing("", streaming=True), asked.ann.id)
    notice = await here.app.send(asked.place, Outgoing("By the way"))
    await here.app.edit(notice, Outgoing("By the way!"))
    await here.app.edit(older, said("Another menu"))
    assert asked.session == "processing"
    await here.app.edit(reply, said("Here it is."))
    assert asked.session == "active"


async def test_a_reply_that_goes_on_after_a_question_ends_the_session_again(here: Stage, asked: Asked) -> None:
    ref = await here.app.send(asked.place, said("May I?"))
    assert asked.session == "active"
    await asked.works()
    assert asked.session == "processing"
    await here.app.edit(ref, said("May I? Done."))
    assert asked.session == "active"


async def test_a_reply_that_is_gone_does_not_hold_up_the_next_one(here: Stage, asked: Asked) -> None:
    for is_ours in (True, False):
        await asked.works()
        ref = await here.app.send(asked.place, Outgoing("So far", streaming=True))
        if is_ours:
            await here.app.delete(ref)
        else:
            here.seen(asked.team, ref).state.deleted = True
            with pytest.raises(MessageGone):
                await here.app.edit(ref, said("Here it is."))
        assert asked.session == "processing"
        await here.app.send(asked.place, said("Here it is."))
        assert asked.session == "active"


async def test_an_end_that_fails_is_made_up_for_by_the_next_call(here: Stage, asked: Asked) -> None:
    here.slack.faults.floods(30, method="agents.sessions.setStatus")
    await here.app.send(asked.place, said("Here it is."))
    assert asked.session == "processing"
    calls = here.called("agents.sessions.setStatus")
    await here.app.send(here.at(asked.ann.dm), said("Something else"))
    assert here.called("agents.sessions.setStatus") == calls
    await here.clock.advance(31)
    await here.app.send(here.at(asked.ann.dm), said("Something else again"))
    assert asked.session == "active"
    await here.clock.advance(1_000)
    await here.app.send(here.at(asked.ann.dm), said("And again"))
    assert here.called("agents.sessions.setStatus") == calls + 1


async def test_an_end_that_fails_is_made_up_for_when_we_close(here: Stage, asked: Asked) -> None:
    here.slack.faults.fails(503, method="agents.sessions.setStatus")
    await here.app.send(asked.place, said("Here it is."))
    assert asked.session == "processing"
    await here.app.close()
    assert asked.session == "active"


async def test_new_work_is_not_ended_by_the_end_of_the_old(here: Stage, asked: Asked) -> None:
    here.slack.faults.fails(503, method="agents.sessions.setStatus")
    await here.app.send(asked.place, said("Here it is."))
    await asked.works()
    await here.clock.advance(60)
    await here.app.send(here.at(asked.ann.dm), said("Something else"))
    assert asked.session == "processing"


async def test_an_end_that_never_succeeds_is_given_up(here: Stage, asked: Asked) -> None:
    here.slack.faults.fails(503, method="agents.sessions.setStatus", times=None)
    await here.app.send(asked.place, said("Here it is."))
    for _ in range(20):
        await here.clock.advance(600)
        await here.app.send(here.at(asked.ann.dm), said("Something else"))
    assert here.called("agents.sessions.setStatus") == 9


async def test_without_sessions_replies_grow_by_edits_which_have_a_stop_button(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    question = await ann.says("why?", to=team)
    places = here.at(team, question), here.at(ann.dm, await ann.says("why?"))
    before = [here.app.capabilities(place) for place in places]
    assert [facts.streaming for facts in before] == ["streams", "streams"]
    here.slack.faults.fails("unknown_method", method="agents.sessions.setStatus", times=None)
    await here.app.typing(places[0], here.ref(team, question))
    after = [here.app.capabilities(place) for place in places]
    assert [facts.streaming for facts in after] == ["edits", "edits"]
    assert [(facts.private, facts.shared) for facts in after] == [(facts.private, facts.shared) for facts in before]


async def test_a_token_that_is_refused_says_nothing_about_sessions(here: Stage) -> None:
    ann = here.slack.user("Ann")
    place = here.at(ann.dm, await ann.says("why?"))
    here.slack.faults.fails("token_revoked", method="agents.sessions.setStatus")
    await here.app.typing(place)
    assert here.app.capabilities(place).streaming == "streams"


async def test_a_workspace_that_has_opened_enough_sessions_gets_the_line() -> None:
    async with stage(limits=Limits.slack()) as here:
        questions = []
        for number in range(30):
            ann = here.slack.user(f"Ann{number}")
            questions.append((ann, await ann.says("why?")))
        for ann, question in questions:
            await here.app.typing(here.at(ann.dm), here.ref(ann.dm, question))
        for ann, _ in questions:
            await here.app.send(here.at(ann.dm), said("because"))
        assert here.slack.floods == []
        assert here.called("assistant.threads.setStatus") > 0
        assert not any(ann.dm.session(question) == "processing" for ann, question in questions)
        await here.clock.advance(60)
        ann, _ = questions[-1]
        again = await ann.says("really?")
        await here.app.typing(here.at(ann.dm), here.ref(ann.dm, again))
        assert ann.dm.session(again) == "processing"
