"""What people write and see: messages, edits, reactions, the conversation as they read it."""

import pytest

from adapters.slack.emulator import SlackEmulator, Upload
from bot.domain.errors import Refused
from tests.emulators.slack_apps import client_of
from tests.fakes.clock import ManualClock


async def test_a_person_reads_what_the_app_says(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, client = slack.user("Ann"), client_of(slack)
        asked = await ann.says("how much is 1 < 2 & 3?")
        await client.chat_postMessage(channel=ann.dm.id, text="true")
        assert [message.text_content for message in ann.dm.messages] == ["how much is 1 < 2 & 3?", "true"]
        assert asked.state.text == "how much is 1 &lt; 2 &amp; 3?"
        (reply,) = ann.dm.replies
        await client.chat_update(channel=ann.dm.id, ts=reply.ts, text="well")
        assert reply.versions == ["true", "well"]
        assert slack.violations == []


async def test_a_thread_is_the_first_message_and_its_replies(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, bob = slack.user("Ann"), slack.user("Bob")
        team = slack.channel("team", [ann, bob])
        question = await ann.says("what now?", to=team)
        await bob.says("elsewhere", to=team, mention=False)
        await client_of(slack).chat_postMessage(channel=team.id, thread_ts=question.ts, text="this")
        answer = await bob.says("thanks", to=team, thread=question)
        assert [message.text_content for message in team.thread(question)] == [
            f"<@{slack.home.bot_user}> what now?",
            "this",
            "thanks",
        ]
        assert answer.thread_ts == question.ts
        assert [message.text_content for message in team.thread(answer)][-1] == "thanks"


async def test_links_are_written_as_slack_writes_them(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        said = await ann.says("see https://example.org/a?b=1&c=2, or <@U1> and <#C1|general>.")
        assert said.state.text == "see <https://example.org/a?b=1&amp;c=2>, or <@U1> and <#C1|general>."


async def test_nobody_speaks_where_they_are_not(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, bob = slack.user("Ann"), slack.user("Bob")
        team = slack.channel("team", [bob])
        with pytest.raises(Refused):
            await ann.says("hello", to=team)
        said = await bob.says("hello", to=team)
        with pytest.raises(Refused):
            await ann.edits(said, "hallo")
        with pytest.raises(Refused):
            await bob.says("  ")
        with pytest.raises(Refused):
            await bob.says("hello", to=team, thread="1.000001")


async def test_reactions_come_and_go(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        said = await ann.says("hello")
        await ann.reacts(said, "thumbsup")
        assert said.reactions == {"thumbsup": [ann.id]}
        with pytest.raises(Refused):
            await ann.reacts(said, "thumbsup")
        await ann.unreacts(said, "thumbsup")
        assert said.reactions == {}


async def test_a_stream_is_read_as_it_grows(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, client = slack.user("Ann"), client_of(slack)
        asked = await ann.says("count")
        task = {"type": "task_update", "id": "t1", "title": "Counting", "status": "in_progress"}
        first = {"type": "markdown_text", "text": "one"}
        started = await client.chat_startStream(channel=ann.dm.id, thread_ts=asked.ts, chunks=[task, first])
        (reply,) = ann.dm.replies
        assert [message.is_streaming for message in ann.dm.replies] == [True]
        more = [{"type": "markdown_text", "text": " two"}, task | {"status": "complete"}]
        await client.chat_appendStream(channel=ann.dm.id, ts=started["ts"], chunks=more)
        await client.chat_stopStream(channel=ann.dm.id, ts=started["ts"])
        assert [message.is_streaming for message in ann.dm.replies] == [False]
        assert reply.versions == ["one", "one two"]
        assert [(card["title"], card["status"]) for card in reply.task_cards] == [("Counting", "complete")]
        assert slack.violations == []


async def test_ephemeral_messages_are_seen_by_one(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, bob = slack.user("Ann"), slack.user("Bob")
        team = slack.channel("team", [ann, bob])
        await client_of(slack).chat_postEphemeral(channel=team.id, user=ann.id, text="psst")
        assert [message.text_content for message in ann.ephemerals] == ["psst"]
        assert bob.ephemerals == []
        assert team.messages == []


async def test_files_come_with_private_addresses(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        said = await slack.user("Ann").says("look", files=[Upload("a.txt", b"hello", "text/plain", size_bytes=10**9)])
        (file,) = said.files
        assert (file.name, file.data, file.size_bytes) == ("a.txt", b"hello", 10**9)
        assert said.state.subtype == "file_share"
