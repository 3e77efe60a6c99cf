"""Posting, changing and deleting messages: the rules an app meets every day."""

from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator.content import reading_of
from tests.emulators.slack_api import SlackApi, actions, button, markdown, refused, running_api
from tests.fakes.clock import ManualClock


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackApi]:
    async with running_api(clock) as api:
        yield api
        assert api.world.violations == []


async def test_a_message_is_shown_with_its_blocks_and_the_text_is_only_for_notifications(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    answer = await slack.app.chat_postMessage(
        channel=dm.id, text="fallback", blocks=[markdown("**Hello** Ann"), actions(button("More"))]
    )
    (message,) = dm.messages
    assert answer["ts"] == message.ts
    assert answer["message"]["bot_id"] == slack.team.bot
    assert (reading_of(message), message.text) == ("**Hello** Ann", "fallback")
    assert all("block_id" in block for block in message.blocks)


async def test_a_users_id_stands_for_the_dm_with_them(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    answer = await slack.app.chat_postMessage(channel=ann.id, text="hello")
    assert answer["channel"] == slack.dm(ann).id


async def test_every_message_has_its_own_ts_and_they_rise(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    sent = [(await slack.app.chat_postMessage(channel=dm.id, text=f"{number}"))["ts"] for number in range(5)]
    assert sent == sorted(set(sent))


async def test_a_reply_goes_into_a_thread_that_exists(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    room = slack.channel(ann)
    first = slack.says(ann, "<@BOT> hi", room)
    reply = await slack.app.chat_postMessage(channel=room.id, text="hi", thread_ts=first.ts)
    assert [one.ts for one in room.thread(first.ts)] == [first.ts, reply["ts"]]
    lost = slack.app.chat_postMessage(channel=room.id, text="hi", thread_ts="1700000000.000100")
    assert await refused(lost) == "thread_not_found"


async def test_a_reply_is_no_thread_of_its_own(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    room = slack.channel(ann)
    first = slack.says(ann, "hi", room)
    reply = slack.says(ann, "again", room, first.ts)
    below = slack.app.chat_postMessage(channel=room.id, text="hi", thread_ts=reply.ts)
    assert await refused(below) == "cannot_reply_to_message"
    assert slack.world.violations == ["chat.postMessage: thread_ts is the ts of a reply, not of the thread"]
    slack.world.violations.clear()


async def test_a_broadcast_reply_is_seen_in_the_channel_too(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    room = slack.channel(ann)
    first = slack.says(ann, "hi", room)
    await slack.app.chat_postMessage(channel=room.id, text="all!", thread_ts=first.ts, reply_broadcast=True)
    await slack.app.chat_postMessage(channel=room.id, text="quiet", thread_ts=first.ts)
    page = await slack.app.conversations_history(channel=room.id)
    assert [one["text"] for one in page["messages"]] == ["all!", "hi"]
    assert page["messages"][0]["subtype"] == "thread_broadcast"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "   "}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"markdown_text": "x", "text": "x"}, "markdown_text_conflict"),
        ({"markdown_text": "x", "blocks": [markdown("x")], "text": "x"}, "markdown_text_conflict"),
    ],
)
async def test_what_a_post_may_not_be(slack: SlackApi, given: dict[str, object], error: str) -> None:
    dm = slack.dm(slack.user("Ann"))
    call = slack.app.api_call("chat.postMessage", json={"channel": dm.id, **given})
    assert await refused(call) == error
    assert dm.messages == []


async def test_a_post_takes_what_just_fits(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    await slack.app.chat_postMessage(channel=dm.id, text="x" * 40_000)
    await slack.app.chat_postMessage(channel=dm.id, markdown_text="x" * 12_000)
    assert [len(one.text) for one in dm.messages] == [40_000, 12_000]


async def test_the_app_writes_only_where_it_is(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    elsewhere, hidden = slack.channel(ann, with_app=False), slack.channel(ann, private=True, with_app=False)
    assert await refused(slack.app.chat_postMessage(channel=elsewhere.id, text="x")) == "not_in_channel"
    assert await refused(slack.app.chat_postMessage(channel=hidden.id, text="x")) == "channel_not_found"
    assert await refused(slack.app.chat_postMessage(channel="C404", text="x")) == "channel_not_found"
    closed = slack.channel(ann)
    closed.archived = True
    assert await refused(slack.app.chat_postMessage(channel=closed.id, text="x")) == "is_archived"


async def test_a_workspace_knows_nothing_of_another(slack: SlackApi) -> None:
    other = slack.world.add_team("Globex", scopes=slack.team.scopes)
    theirs = slack.dm(slack.user("Zoe", other))
    assert await refused(slack.app.chat_postMessage(channel=theirs.id, text="x")) == "channel_not_found"
    await slack.client(other.token).chat_postMessage(channel=theirs.id, text="x")
    assert len(theirs.messages) == 1


async def test_an_update_replaces_text_and_blocks_and_keeps_the_history(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    ts = (await slack.app.chat_postMessage(channel=dm.id, text="one", blocks=[markdown("one")]))["ts"]
    await slack.app.chat_update(channel=dm.id, ts=ts, text="two", blocks=[markdown("two")])
    await slack.app.chat_update(channel=dm.id, ts=ts, text="three")
    (message,) = dm.messages
    assert message.versions == ["one", "two", "three"]
    assert message.blocks == []


async def test_an_update_takes_less_text_than_a_post(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    ts = (await slack.app.chat_postMessage(channel=dm.id, text="one"))["ts"]
    await slack.app.chat_update(channel=dm.id, ts=ts, text="x" * 4_000)
    assert await refused(slack.app.chat_update(channel=dm.id, ts=ts, text="x" * 4_001)) == "msg_too_long"


async def test_only_ones_own_messages_can_be_changed_or_deleted(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    theirs = slack.says(ann, "mine", dm)
    assert await refused(slack.app.chat_update(channel=dm.id, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(slack.app.chat_delete(channel=dm.id, ts=theirs.ts)) == "cant_delete_message"
    assert await refused(slack.app.chat_update(channel=dm.id, ts="1.2", text="x")) == "message_not_found"


async def test_a_deleted_message_is_gone(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    ts = (await slack.app.chat_postMessage(channel=dm.id, text="one"))["ts"]
    await slack.app.chat_delete(channel=dm.id, ts=ts)
    assert dm.visible == []
    assert await refused(slack.app.chat_delete(channel=dm.id, ts=ts)) == "message_not_found"


async def test_an_ephemeral_message_is_for_one_person_and_cannot_be_changed(slack: SlackApi) -> None:
    ann, bob = slack.user("Ann"), slack.user("Bob")
    room = slack.channel(ann)
    answer = await slack.app.chat_postEphemeral(channel=room.id, user=ann.id, text="psst")
    (message,) = room.messages
    assert (message.ephemeral_for, room.visible) == (ann.id, [])
    change = slack.app.chat_update(channel=room.id, ts=answer["message_ts"], text="x")
    assert await refused(change) == "message_not_found"
    outside = slack.app.chat_postEphemeral(channel=room.id, user=bob.id, text="psst")
    assert await refused(outside) == "user_not_in_channel"


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"event_type": "mark"}, "invalid_metadata_format"),
        ({"event_type": "mark", "event_payload": {}, "more": 1}, "invalid_metadata_format"),
        ({"event_type": "two words", "event_payload": {}}, "invalid_metadata_schema"),
        ({"event_type": "mark", "event_payload": []}, "invalid_metadata_schema"),
        ({"event_type": "mark", "event_payload": {"text": "x" * 8_000}}, "metadata_too_large"),
    ],
)
async def test_what_metadata_may_not_be(slack: SlackApi, metadata: dict[str, object], error: str) -> None:
    dm = slack.dm(slack.user("Ann"))
    call = slack.app.chat_postMessage(channel=dm.id, text="x", metadata=metadata)
    assert await refused(call) == error


async def test_metadata_is_shown_to_those_who_ask_for_it(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    mark = {"event_type": "switchboard_message", "event_payload": {"mark": "m-1"}}
    await slack.app.chat_postMessage(channel=dm.id, text="x", metadata=mark)
    plain = await slack.app.conversations_history(channel=dm.id)
    full = await slack.app.conversations_history(channel=dm.id, include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == mark


async def test_the_app_hears_of_what_it_does_itself(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    events = slack.heard()
    ts = (await slack.app.chat_postMessage(channel=dm.id, text="one"))["ts"]
    await slack.app.chat_update(channel=dm.id, ts=ts, text="two")
    await slack.app.chat_delete(channel=dm.id, ts=ts)
    assert [one.get("subtype") for one in events] == [None, "message_changed", "message_deleted"]
    assert events[0]["bot_id"] == slack.team.bot


async def test_history_has_the_newest_first_in_pages(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    said = [slack.says(ann, f"{number}", dm) for number in range(5)]
    first = await slack.app.conversations_history(channel=dm.id, limit=3)
    rest = await slack.app.conversations_history(
        channel=dm.id, limit=3, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [one["text"] for one in first["messages"]] == ["4", "3", "2"]
    assert [one["text"] for one in rest["messages"]] == ["1", "0"]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    between = await slack.app.conversations_history(channel=dm.id, oldest=said[1].ts, latest=said[4].ts)
    assert [one["text"] for one in between["messages"]] == ["3", "2"]


async def test_replies_begin_with_the_first_message_of_the_thread(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    room = slack.channel(ann)
    first = slack.says(ann, "first", room)
    reply = slack.says(ann, "second", room, first.ts)
    for ts in (first.ts, reply.ts):
        page = await slack.app.conversations_replies(channel=room.id, ts=ts)
        assert [one["text"] for one in page["messages"]] == ["first", "second"]
    assert page["messages"][0]["reply_count"] == 1
    assert await refused(slack.app.conversations_replies(channel=room.id, ts="1.2")) == "thread_not_found"


async def test_a_permalink_is_given_for_messages_that_exist(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    ts = (await slack.app.chat_postMessage(channel=dm.id, text="one"))["ts"]
    link = (await slack.app.chat_getPermalink(channel=dm.id, message_ts=ts))["permalink"]
    assert link == f"https://acme.slack.com/archives/{dm.id}/p{ts.replace('.', '')}"


async def test_reactions_come_and_go_and_can_be_read(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    message = slack.says(ann, "hi", dm)
    message.reactions["+1"] = [ann.id]
    await slack.app.reactions_add(channel=dm.id, name="eyes", timestamp=message.ts)
    again = slack.app.reactions_add(channel=dm.id, name="eyes", timestamp=message.ts)
    assert await refused(again) == "already_reacted"
    shown = await slack.app.reactions_get(channel=dm.id, timestamp=message.ts)
    assert [(one["name"], one["users"]) for one in shown["message"]["reactions"]] == [
        ("+1", [ann.id]),
        ("eyes", [slack.team.bot_user]),
    ]
    await slack.app.reactions_remove(channel=dm.id, name="eyes", timestamp=message.ts)
    gone = slack.app.reactions_remove(channel=dm.id, name="eyes", timestamp=message.ts)
    assert await refused(gone) == "no_reaction"
    odd = slack.app.reactions_add(channel=dm.id, name=":eyes:", timestamp=message.ts)
    assert await refused(odd) == "invalid_name"
