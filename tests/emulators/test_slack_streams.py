"""Streams: who may begin one, how it grows, and the four ways in which it ends."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.slack.emulator.content import reading_of
from adapters.slack.emulator.state import ChannelState, MessageState, UserState
from tests.emulators.slack_api import SlackApi, actions, button, markdown, refused, running_api, why
from tests.fakes.clock import ManualClock


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackApi]:
    async with running_api(clock) as api:
        yield api
        assert api.world.violations == []


@dataclass(slots=True)
class Thread:
    """Ann asked something in her DM, and the app may stream into the thread below."""

    slack: SlackApi
    ann: UserState
    dm: ChannelState
    ts: str

    async def starts(self, **content: Any) -> str:
        answer = await self.slack.app.chat_startStream(channel=self.dm.id, thread_ts=self.ts, **content)
        return str(answer["ts"])

    def reply(self) -> MessageState:
        return self.dm.messages[-1]


@pytest.fixture
def thread(slack: SlackApi) -> Thread:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    return Thread(slack, ann, dm, slack.says(ann, "why?", dm).ts)


def text(value: str) -> dict[str, Any]:
    return {"type": "markdown_text", "text": value}


def task(status: str, **more: Any) -> dict[str, Any]:
    return {"type": "task_update", "id": "t1", "title": "Search", "status": status, **more}


async def test_a_stream_grows_and_ends_as_a_message_with_buttons(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(chunks=[text("Be")])
    await slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, chunks=[text("cause ")])
    assert slack.world.is_live(thread.reply())
    mark = {"event_type": "switchboard_message", "event_payload": {"mark": "m-1"}}
    await slack.app.chat_stopStream(
        channel=thread.dm.id, ts=ts, chunks=[text("I said so.")], blocks=[actions(button("More"))], metadata=mark
    )
    reply = thread.reply()
    assert not slack.world.is_live(reply)
    assert reply.versions == ["Be", "Because ", "Because I said so."]
    assert (reply.thread_ts, reply.metadata) == (thread.ts, mark)
    assert [block["type"] for block in reply.shown_blocks] == ["actions"]


async def test_tool_cards_change_in_place(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(chunks=[task("in_progress"), {"type": "plan_update", "title": "Plan"}])
    await slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, chunks=[task("complete", output="3 found")])
    stream = thread.reply().shown_stream
    assert stream is not None
    assert list(stream.tasks.values()) == [{"id": "t1", "title": "Search", "status": "complete", "output": "3 found"}]
    assert stream.plan == "Plan"


async def test_blocks_can_come_as_a_chunk(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(chunks=[text("Look:")])
    blocks = {"type": "blocks", "blocks": [markdown("| a |")]}
    await slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, chunks=[blocks])
    assert reading_of(thread.reply()) == "Look:\n| a |"


async def test_the_sdks_own_helper_streams(slack: SlackApi, thread: Thread) -> None:
    stream = await slack.app.chat_stream(channel=thread.dm.id, thread_ts=thread.ts, buffer_size=4)
    for piece in ("Because ", "I ", "said so."):
        await stream.append(markdown_text=piece)
    await stream.stop(blocks=[actions(button())])
    assert reading_of(thread.reply()) == "Because I said so."


async def test_a_stream_needs_a_thread_that_exists(slack: SlackApi, thread: Thread) -> None:
    lost = slack.app.chat_startStream(channel=thread.dm.id, thread_ts="1700000000.000100")
    assert await refused(lost) == "invalid_thread_ts"
    assert "thread_ts" in await why(slack.app.api_call("chat.startStream", json={"channel": thread.dm.id}))
    assert slack.world.violations == ["chat.startStream: required parameter thread_ts is missing"]
    slack.world.violations.clear()


async def test_in_a_channel_a_stream_names_its_reader(slack: SlackApi) -> None:
    ann, bob = slack.user("Ann"), slack.user("Bob")
    room = slack.channel(ann)
    asked = slack.says(ann, "<@BOT> why?", room)
    start = slack.app.chat_startStream
    where: dict[str, Any] = {"channel": room.id, "thread_ts": asked.ts}
    assert await refused(start(**where)) == "missing_recipient_team_id"
    assert await refused(start(**where, recipient_team_id=slack.team.id)) == "missing_recipient_user_id"
    stranger = start(**where, recipient_team_id=slack.team.id, recipient_user_id=bob.id)
    assert await refused(stranger) == "user_not_found"
    await start(**where, recipient_team_id=slack.team.id, recipient_user_id=ann.id)
    assert slack.world.is_live(room.messages[-1])
    # A person of another workspace, in a channel that both share.
    zoe = slack.world.add_user(slack.world.add_team("Zoo", scopes=frozenset()), "Zoe")
    slack.team.members[zoe.id] = zoe
    room.members.append(zoe.id)
    stranger = start(**where, recipient_team_id=slack.team.id, recipient_user_id=zoe.id)
    assert await refused(stranger) == "user_not_found"
    await start(**where, recipient_team_id=zoe.team, recipient_user_id=zoe.id)


async def test_text_and_chunks_are_two_kinds_of_streams(slack: SlackApi, thread: Thread) -> None:
    append = slack.app.chat_appendStream
    where: dict[str, Any] = {"channel": thread.dm.id}
    plain = await thread.starts(markdown_text="a")
    await append(**where, ts=plain, markdown_text="b")
    assert await refused(append(**where, ts=plain, chunks=[text("c")])) == "streaming_mode_mismatch"
    chunked = await thread.starts(chunks=[text("a")])
    assert await refused(append(**where, ts=chunked, markdown_text="b")) == "streaming_mode_mismatch"
    empty = await thread.starts()
    both = append(**where, ts=empty, markdown_text="b", chunks=[text("c")])
    assert await refused(both) == "cannot_provide_both_markdown_text_and_chunks"
    await append(**where, ts=empty, chunks=[text("c")])
    assert await refused(append(**where, ts=empty, markdown_text="b")) == "streaming_mode_mismatch"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"chunks": [text("x" * 6_000), text("x" * 6_001)]}, "msg_too_long"),
        ({"chunks": [text("")]}, "invalid_chunks"),
        ({"chunks": [{"type": "poem", "text": "x"}]}, "invalid_chunks"),
        ({"chunks": [{"type": "markdown_text", "text": "x", "more": 1}]}, "invalid_chunks"),
        ({"chunks": [task("done")]}, "invalid_chunks"),
        ({"chunks": [task("complete", output="x" * 257)]}, "invalid_chunks"),
        ({"chunks": [{"type": "task_update", "id": "t1", "status": "complete"}]}, "invalid_chunks"),
        ({"chunks": [{"type": "plan_update", "title": "x" * 257}]}, "invalid_chunks"),
        ({"chunks": [{"type": "blocks", "blocks": [{"type": "section"}]}]}, "invalid_chunks"),
        ({"chunks": [{"type": "blocks", "blocks": [{"type": "divider"}] * 30}] * 2}, "invalid_chunks"),
    ],
)
async def test_what_an_append_may_not_be(slack: SlackApi, thread: Thread, content: dict[str, Any], error: str) -> None:
    ts = await thread.starts()
    append = slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, **content)
    assert await refused(append) == error
    assert thread.reply().versions == [""]


async def test_a_stream_has_an_end_to_its_length(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts()
    for _ in range(3):
        await slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, markdown_text="x" * 12_000)
    over = slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, markdown_text="x" * 12_000)
    assert await refused(over) == "msg_too_long"


async def test_a_live_stream_is_neither_updated_nor_deleted(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(markdown_text="a")
    assert await refused(slack.app.chat_update(channel=thread.dm.id, ts=ts, text="b")) == "streaming_state_conflict"
    assert await refused(slack.app.chat_delete(channel=thread.dm.id, ts=ts)) == "cant_delete_message"
    await slack.app.chat_stopStream(channel=thread.dm.id, ts=ts)
    await slack.app.chat_update(channel=thread.dm.id, ts=ts, text="b")
    assert thread.reply().versions == ["a", "b"]


async def test_a_stream_that_was_stopped_takes_nothing_more(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(markdown_text="a")
    await slack.app.chat_stopStream(channel=thread.dm.id, ts=ts)
    for late in (slack.app.chat_appendStream, slack.app.chat_stopStream):
        call = late(channel=thread.dm.id, ts=ts, markdown_text="b")
        assert await refused(call) == "message_not_in_streaming_state"


async def test_a_stream_expires_after_five_minutes_appends_or_not(
    slack: SlackApi, thread: Thread, clock: ManualClock
) -> None:
    ts = await thread.starts(markdown_text="a")
    await clock.advance(290.0)
    await slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, markdown_text="b")
    await clock.advance(10.0)
    late = slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, markdown_text="c")
    assert await refused(late) == "message_not_in_streaming_state"
    stop = slack.app.chat_stopStream(channel=thread.dm.id, ts=ts)
    assert await refused(stop) == "message_not_in_streaming_state"
    await slack.app.chat_update(channel=thread.dm.id, ts=ts, text="abc")
    assert thread.reply().versions == ["a", "ab", "abc"]


async def test_after_the_persons_own_stop_no_append_is_taken(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(markdown_text="a")
    stream = thread.reply().stream
    assert stream is not None
    stream.phase = "stopped"
    late = slack.app.chat_appendStream(channel=thread.dm.id, ts=ts, markdown_text="b")
    assert await refused(late) == "stopped_by_user"
    await slack.app.chat_update(channel=thread.dm.id, ts=ts, text="a (stopped)")
    assert reading_of(thread.reply()) == "a (stopped)"


async def test_only_streams_of_the_app_grow(slack: SlackApi, thread: Thread) -> None:
    append = slack.app.chat_appendStream
    theirs = append(channel=thread.dm.id, ts=thread.ts, markdown_text="b")
    assert await refused(theirs) == "message_not_owned_by_app"
    posted = (await slack.app.chat_postMessage(channel=thread.dm.id, text="x"))["ts"]
    plain = append(channel=thread.dm.id, ts=posted, markdown_text="b")
    assert await refused(plain) == "message_not_in_streaming_state"
    assert await refused(append(channel=thread.dm.id, ts="1.2", markdown_text="b")) == "message_not_found"


async def test_the_end_of_a_stream_sets_the_session(slack: SlackApi, thread: Thread) -> None:
    await slack.app.agents_sessions_setStatus(channel_id=thread.dm.id, thread_ts=thread.ts, status="processing")
    ts = await thread.starts(markdown_text="a")
    odd = slack.app.chat_stopStream(channel=thread.dm.id, ts=ts, session_status="happy")
    assert await refused(odd) == "invalid_arguments"
    await slack.app.chat_stopStream(channel=thread.dm.id, ts=ts, session_status="active")
    assert thread.dm.sessions[thread.ts].history == ["processing", "active"]


async def test_a_refused_end_leaves_the_stream_running(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(markdown_text="a")
    broken = slack.app.chat_stopStream(channel=thread.dm.id, ts=ts, markdown_text="b", blocks=[{"type": "section"}])
    assert await refused(broken) == "invalid_blocks"
    assert slack.world.is_live(thread.reply())
    await slack.app.chat_stopStream(channel=thread.dm.id, ts=ts, markdown_text="b")
    assert reading_of(thread.reply()) == "ab"


async def test_a_stream_is_in_the_history_with_its_text(slack: SlackApi, thread: Thread) -> None:
    ts = await thread.starts(markdown_text="a")
    page = await slack.app.conversations_replies(channel=thread.dm.id, ts=thread.ts)
    assert (page["messages"][1]["ts"], page["messages"][1]["text"]) == (ts, "a")
    assert page["messages"][1]["streaming_state"] == "in_progress"
