"""What people in Slack see of our verbs."""

from collections.abc import AsyncIterator

import pytest

from adapters.slack.messenger import SlackMessenger
from bot.domain.errors import MessageGone, SettingsError, Unreachable, Unrenderable
from bot.domain.incoming import Press
from bot.domain.messenger import (
    Acknowledging,
    Asking,
    Button,
    Fetching,
    File,
    Finding,
    HomeSection,
    Homing,
    Hooked,
    Identifying,
    Messenger,
    Outgoing,
    Streaming,
    Suggesting,
    Suggestion,
    Titling,
    Typing,
    Unbuttoning,
)
from bot.domain.place import Place
from tests.adapters.slack_cast import TEXTS, Stage, said, stage
from tests.fakes.clock import ManualClock

VERBS = (
    *(Streaming, Typing, Acknowledging, Finding, Unbuttoning, Identifying, Hooked, Homing, Suggesting, Titling),
    *(Asking, Fetching),
)


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


async def test_it_offers_what_slack_can(here: Stage) -> None:
    messenger: Messenger = here.app
    assert all(isinstance(messenger, verb) for verb in VERBS)


async def test_a_message_lands_in_the_dm(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("Hello **Ann**"))
    assert ref == here.ref(ann.dm, ann.dm.replies[-1])
    assert ann.dm.replies[-1].text_content == "Hello **Ann**"
    assert ann.dm.replies[-1].buttons == ["Again", "👍", "👎"]


async def test_a_message_for_a_person_lands_in_their_dm(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(Place("slack", ann.id, workspace=here.slack.home.id), said("hello"))
    assert ref.place == here.at(ann.dm)
    await here.app.edit(ref, said("hello again"))
    assert ann.dm.replies[-1].text_content == "hello again"


async def test_a_message_lands_in_its_thread(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    question = await ann.says("why?", to=team)
    ref = await here.app.send(here.at(team, question), said("because"))
    assert ref.place.topic == question.ts
    assert [one.text_content for one in team.thread(question)][1:] == ["because"]


async def test_an_edit_replaces_text_and_buttons(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("first"))
    await here.app.edit(ref, Outgoing("second", buttons=((Button("Stop", "stop:7"),),), streaming=True))
    assert ann.dm.replies[-1].text_content == "second"
    assert ann.dm.replies[-1].buttons == ["Stop"]
    await here.app.edit(ref, Outgoing("third"))
    assert ann.dm.replies[-1].versions == ["first", "second", "third"]
    assert ann.dm.replies[-1].buttons == []


async def test_a_deleted_message_is_gone(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("oops"))
    await here.app.delete(ref)
    assert ann.dm.replies == []
    with pytest.raises(MessageGone):
        await here.app.edit(ref, said("again"))
    with pytest.raises(MessageGone):
        await here.app.clear_buttons(ref)


async def test_buttons_go_and_the_text_stays(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    question = await ann.says("why?", to=team)
    for place, channel in ((here.at(ann.dm), ann.dm), (here.at(team, question), team)):
        ref = await here.app.send(place, said("a **bold** word", mark="m1"))
        await here.app.clear_buttons(ref)
        assert here.seen(channel, ref).buttons == []
        assert here.seen(channel, ref).versions == ["a **bold** word"]
        assert here.seen(channel, ref).metadata is not None
        updates = here.called("chat.update")
        await here.app.clear_buttons(ref)
        assert here.called("chat.update") == updates
    # What we have said ourselves, we need not read.
    assert here.called("conversations.history") == here.called("conversations.replies") == 0


async def test_buttons_of_what_another_process_said_go_if_the_text_can_stay(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    place = here.at(team, await ann.says("why?", to=team))
    other = here.messenger()
    posted = await here.app.send(place, said("a **bold** word"))
    await other.clear_buttons(posted)
    assert here.seen(team, posted).buttons == []
    assert here.seen(team, posted).versions == ["a **bold** word"]
    streamed = await here.app.begin_stream(place, Outgoing("", streaming=True), ann.id)
    await here.app.edit(streamed, said("A line of it.\n\n" * 500))
    await other.clear_buttons(streamed)
    assert here.seen(team, streamed).buttons == ["Again", "👍", "👎"]
    assert here.called("chat.update") == 1


async def test_what_another_process_has_rewritten_stays_when_its_buttons_go(here: Stage) -> None:
    ann = here.slack.user("Ann")
    question = Outgoing("May I?", buttons=((Button("Yes", "approve:7"), Button("No", "deny:7")),))
    ref = await here.app.send(here.at(ann.dm), question)
    await here.messenger().edit(ref, said("May I?\n\nDone."))
    await here.app.clear_buttons(ref)
    assert ann.dm.replies[-1].text_content == "May I?\n\nDone."
    assert ann.dm.replies[-1].buttons == []


async def test_buttons_that_cannot_be_read_now_are_no_flood_of_edits(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("hello"))
    here.slack.faults.floods(60, method="conversations.history")
    with pytest.raises(Unreachable) as trouble:
        await here.messenger().clear_buttons(ref)
    assert trouble.value.retry_after_seconds == 60


async def test_what_was_not_rewritten_for_certain_is_read_again(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("first"))
    here.slack.faults.drops_after(method="chat.update")
    with pytest.raises(Unreachable):
        await here.app.edit(ref, said("second"))
    await here.app.clear_buttons(ref)
    assert ann.dm.replies[-1].versions == ["first", "second"]
    assert ann.dm.replies[-1].buttons == []


async def test_a_press_is_answered_to_the_presser_alone(here: Stage) -> None:
    ann, bob = here.slack.user("Ann"), here.slack.user("Bob")
    team = here.slack.channel("team", [ann, bob])
    question = await ann.says("why?", to=team)
    await here.heard()
    await here.app.send(here.at(team, question), said("because"))
    await ann.presses("Again")
    press = (await here.heard(2)).payload
    assert isinstance(press, Press)
    await here.app.acknowledge(press.press, "Coming <!channel>")
    assert [one.text_content for one in ann.ephemerals] == ["Coming &lt;!channel&gt;"]
    assert ann.ephemerals[0].thread_ts == question.ts
    assert bob.ephemerals == []


async def test_a_press_may_end_without_a_word(here: Stage) -> None:
    ann = here.slack.user("Ann")
    await here.app.send(here.at(ann.dm), said("hello"))
    await ann.presses("Again")
    press = (await here.heard()).payload
    assert isinstance(press, Press)
    for handle, text in ((press.press, ""), ("nonsense", "hello"), (f"{here.slack.home.id}/{ann.id}//", "hello")):
        await here.app.acknowledge(handle, text)
    assert ann.ephemerals == []


async def test_the_home_page_shows_sections_and_buttons(here: Stage) -> None:
    ann = here.slack.user("Ann")
    sections = (
        HomeSection("Your conversations", "1. Taxes", ((Button("Open", "open:1"),),)),
        HomeSection("Your usage", "3 answers"),
    )
    await here.app.show_home(here.at(ann.dm), ann.id, sections)
    assert ann.home is not None
    assert "Taxes" in ann.home.text_content
    assert "3 answers" in ann.home.text_content
    await ann.presses("Open")
    heard = await here.heard()
    assert isinstance(heard.payload, Press)
    assert heard.payload.action == "open:1"
    assert heard.payload.ref is None
    assert heard.place == here.at(ann.dm)


async def test_an_empty_conversation_suggests_four_questions(here: Stage) -> None:
    ann = here.slack.user("Ann")
    await here.app.suggest(here.at(ann.dm), tuple(Suggestion(f"T{n}", f"Question {n}?") for n in range(6)))
    assert ann.dm.suggestions == [(f"T{n}", f"Question {n}?") for n in range(4)]


async def test_who_we_are_and_how_we_listen(here: Stage) -> None:
    assert await here.app.identify() == "@switchboard in Home, by Socket Mode"
    assert here.app.hook_path is None


async def test_the_file_of_a_message_cannot_be_replaced(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("hello"))
    with pytest.raises(Unrenderable):
        await here.app.edit(ref, Outgoing("", file=File("a.txt", b"a")))


async def test_what_slack_counts_by_workspace_is_declared_so(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    shapes = {
        here.app.capabilities(place).streaming
        + (" private" if here.app.capabilities(place).private else "")
        + (" shared" if here.app.capabilities(place).shared else "")
        for place in (here.at(ann.dm), here.at(ann.dm, "1.2"), here.at(team), here.at(team, "1.2"))
    }
    assert shapes == {"edits private", "streams private", "edits", "streams shared"}
    assert here.app.budget == ()


@pytest.mark.parametrize(
    ("token", "app_token", "mode", "secret", "named"),
    [
        ("", "xapp-1", "socket", "", "SLACK_BOT_TOKEN"),
        ("xoxb-1", "", "socket", "", "SLACK_APP_TOKEN"),
        ("xoxb-1", "", "http", " ", "SLACK_SIGNING_SECRET"),
    ],
)
def test_a_missing_setting_is_named(token: str, app_token: str, mode: str, secret: str, named: str) -> None:
    async def never(_: object) -> bool:
        return False

    async def left(_: str) -> None:
        return None

    with pytest.raises(SettingsError, match=named):
        SlackMessenger(
            token,
            ManualClock(),
            TEXTS,
            mode="http" if mode == "http" else "socket",
            app_token=app_token,
            signing_secret=secret,
            commands=tuple,
            ours=never,
            specialists=lambda _: (),
            left=left,
        )
