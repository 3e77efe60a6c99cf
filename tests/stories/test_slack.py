"""What people do in Slack and nowhere else, with the whole platform behind it."""

from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator import Limits, Message, User
from bot.domain.place import Place, Ref
from specialists.scripted import Babble, Say, Use
from tests.stories.stage import Stage, set_stage, texts

LONG = "The bridge opens at nine in the morning. " * 8


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Stage]:
    async with set_stage(sqlite_url, slack_limits=Limits.none()) as stage, stage.process():
        yield stage
        assert not stage.slack.violations


def newest(person: User) -> Message:
    return person.dm.replies[-1]


async def test_a_mention_opens_a_thread_that_streams_with_the_tool_at_work(stage: Stage) -> None:
    ann, bob = stage.slack.user("Ann"), stage.slack.user("Bob")
    team = stage.slack.channel("bridges", [ann, bob])
    stage.engine.then(Use("calculate", seconds=2.0), Say(LONG, pause_seconds=0.4))
    asked = await ann.says("when does it open?", team)
    await stage.settles()
    (reply,) = team.replies
    assert reply.thread_ts == asked.ts
    assert reply.was_streamed
    assert not reply.is_streaming
    assert reply.text_content.strip() == LONG.strip()
    assert [card["status"] for card in reply.task_cards] == ["complete"]
    assert team.session(asked) == "active"

    # Nobody has to mention us in it any more, and whoever speaks there takes part.
    await bob.says("and on Sunday?", team, asked, mention=False)
    await stage.settles()
    assert [one.text for one in stage.engine.prompts[-1].history if one.role == "user"] == ["ann: when does it open?"]
    assert len(team.replies) == 2
    # What is said elsewhere in the channel is not for us.
    await bob.says("lunch?", team, mention=False)
    await stage.settles()
    assert len(team.replies) == 2


async def test_in_a_direct_message_among_several_one_has_to_mention_us(stage: Stage) -> None:
    ann, bob = stage.slack.user("Ann"), stage.slack.user("Bob")
    group = stage.slack.group([ann, bob])
    await ann.says("lunch?", group, mention=False)
    asked = await bob.says("when does it open?", group)
    await stage.settles()
    (reply,) = group.replies
    assert (reply.thread_ts, reply.text_content) == (asked.ts, "when does it open?")


async def test_feedback_by_slacks_own_buttons_and_by_a_reaction(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    await ann.says("hello")
    await stage.settles()
    await ann.gives_feedback(newest(ann), good=True)
    await stage.settles()
    assert await _rating(stage, ann) == 1
    await ann.reacts(newest(ann), "thumbsdown")
    await stage.settles()
    assert await _rating(stage, ann) == -1


async def test_slacks_stop_button_ends_the_reply_and_keeps_what_was_said(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    team = stage.slack.channel("bridges", [ann])
    stage.engine.then(Babble("and so on, "))
    asked = await ann.says("tell me everything", team)
    await stage.until(lambda: bool(team.replies) and len(team.replies[-1].versions) > 3)
    await ann.presses_stop(team, asked)
    await stage.settles()
    (reply,) = team.replies
    assert "Stopped" in reply.text_content
    assert team.session(asked) == "active"
    assert stage.engine.replies[0].closed_early


async def test_a_deleted_question_is_answered_no_more(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    stage.engine.then(Babble("and so on, "))
    question = await ann.says("tell me my secret")
    await stage.until(lambda: bool(ann.dm.replies) and len(newest(ann).versions) > 1)
    await ann.deletes(question)
    await stage.settles()
    assert "Stopped" in newest(ann).text_content
    await ann.says("what did I ask?")
    await stage.settles()
    assert not any("secret" in one.text for one in stage.engine.prompts[-1].history)


async def test_commands_and_questions_by_slash(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    team = stage.slack.channel("bridges", [ann])
    await ann.runs("/usage")
    await stage.settles()
    assert "today" in newest(ann).text_content.lower()
    await ann.runs("/switchboard", "thinking full")
    await stage.settles()
    assert "all of my thinking" in newest(ann).text_content
    await ann.runs("/switchboard", "when does the bridge open?", team)
    await stage.settles()
    assert newest(ann).text_content.endswith("when does the bridge open?")
    assert not team.replies
    assert "direct message" in ann.ephemerals[-1].text_content


async def test_our_sentences_name_commands_as_they_are_written_there(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    await ann.runs("/switchboard", "help")
    await stage.settles()
    # Slack's own `/archive` would archive the channel.
    assert "/switchboard archive" in newest(ann).text_content
    assert "/threads" in newest(ann).text_content
    said = await ann.says("hello")
    await stage.settles()
    await ann.says("!help", thread=said)
    await stage.settles()
    (told,) = [one for one in ann.dm.replies if one.thread_ts == said.ts]
    assert "!archive" in told.text_content
    assert "!threads" in told.text_content
    assert "/switchboard" not in told.text_content


async def test_a_specialist_is_asked_about_a_message(stage: Stage) -> None:
    ann, bob = stage.slack.user("Ann"), stage.slack.user("Bob")
    team = stage.slack.channel("numbers", [ann, bob])
    said = await bob.says("Sales fell by 17 % in May.", team, mention=False)
    modal = await ann.uses_shortcut(said)
    await ann.submits(modal, question="Is that much?", specialist="📊 Analyst")
    await stage.settles()
    prompt = stage.engine.prompts[-1]
    assert prompt.specialist.name == "analyst"
    assert "Is that much?" in prompt.text
    assert "Sales fell by 17 % in May." in prompt.text
    assert not team.replies
    assert len(ann.dm.replies) == 1


async def test_the_home_tab_shows_and_changes_what_is_theirs(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    await ann.says("zebras in winter")
    await stage.settles()
    await ann.opens_home()
    await stage.settles()
    home = ann.home
    assert home is not None
    assert "zebras in winter" in home.text_content
    assert "✓ In brief" in home.buttons
    await ann.presses("Everything", home)
    await stage.settles()
    assert ann.home is not None
    assert "✓ Everything" in ann.home.buttons
    async with stage.board.store.begin() as tx:
        user = await tx.users.find("slack", ann.team.id, ann.id)
    assert user is not None
    assert user.thinking == "full"


async def test_an_empty_conversation_offers_the_concierges_questions(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    await ann.opens_messages()
    await stage.settles()
    starters = stage.board.team.default.localised("en").starters
    assert 0 < len(ann.suggestions) <= 4
    await ann.taps(ann.suggestions[0])
    await stage.settles()
    assert newest(ann).text_content.endswith(starters[0])


async def test_one_person_in_telegram_and_in_slack(stage: Stage) -> None:
    ann, anna = stage.tg.user("Ann"), stage.slack.user("Anna")
    await ann.says("@concierge zebras in winter")
    await stage.settles()
    await ann.says("/link")
    await stage.settles()
    code = texts(ann.private)[-1].split("/link ")[1].split()[0].strip("`.")
    await anna.runs("/link", code)
    await stage.settles()
    await anna.presses(newest(anna).buttons[0], anna.dm)
    await stage.settles()
    assert "Slack" in newest(anna).text_content
    assert "Telegram" in newest(anna).text_content

    # The conversation of Telegram goes on in Slack, and comes back.
    await anna.runs("/threads")
    await stage.settles()
    assert "zebras in winter" in newest(anna).text_content
    await anna.runs("/switchboard", "open zebras")
    await stage.settles()
    await anna.says("and in spring?")
    await stage.settles()
    assert newest(anna).text_content.endswith("and in spring?")
    assert stage.engine.prompts[-1].history[0].text == "zebras in winter"
    before = len(texts(ann.private))
    await ann.says("/open zebras")
    await stage.settles()
    await ann.says("and here?")
    await stage.settles()
    assert len(texts(ann.private)) > before
    assert [one.text for one in stage.engine.prompts[-1].history if one.role == "user"] == [
        "zebras in winter",
        "and in spring?",
    ]


async def test_two_mentions_and_a_redelivery_are_one_question_each(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    team = stage.slack.channel("bridges", [ann])
    stage.slack.repeats_every(1)
    first = await ann.says("is it open?", team)
    second = await ann.says("is it closed?", team)
    await stage.settles()
    assert [(one.thread_ts, one.text_content) for one in team.replies] == [
        (first.ts, "is it open?"),
        (second.ts, "is it closed?"),
    ]
    assert len(stage.engine.prompts) == 2


async def _rating(stage: Stage, person: User) -> int:
    """What the newest reply in their direct messages was worth to them."""
    place = Place("slack", person.dm.id, "", person.team.id)
    async with stage.board.store.begin() as tx:
        turn = await tx.turns.by_reply_ref(Ref(place, newest(person).ts))
    assert turn is not None
    return turn.rating
