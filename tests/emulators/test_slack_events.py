"""Which events are delivered, and what they look like."""

from typing import Any

from adapters.slack.emulator import SlackEmulator, Upload
from tests.emulators.slack_apps import client_of
from tests.fakes.clock import ManualClock


def events_of(slack: SlackEmulator, kind: str | None = None) -> list[dict[str, Any]]:
    """What was sent off, or would be when the app were there."""
    events = [delivery.body["event"] for delivery in slack.deliveries if delivery.kind == "events_api"]
    return [event for event in events if kind in (None, event["type"])]


async def test_a_direct_message_is_a_message_of_type_im(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        said = await ann.says("hello")
        (delivery,) = slack.deliveries
        body, event = delivery.body, delivery.body["event"]
        assert (body["type"], body["team_id"], body["event_time"]) == (
            "event_callback",
            slack.home.id,
            int(clock.now().timestamp()),
        )
        assert body["authorizations"][0]["user_id"] == slack.home.bot_user
        assert (event["type"], event["channel"], event["channel_type"]) == ("message", ann.dm.id, "im")
        assert (event["user"], event["text"], event["ts"]) == (ann.id, "hello", said.ts)
        assert "thread_ts" not in event
        assert slack.pending_events == 1


async def test_a_mention_in_a_channel_comes_twice(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        team = slack.channel("team", [ann])
        said = await ann.says("what now?", to=team)
        message, mention = events_of(slack)
        assert (message["type"], message["channel_type"], mention["type"]) == ("message", "channel", "app_mention")
        assert message["ts"] == mention["ts"] == said.ts
        assert message["text"] == mention["text"] == f"<@{slack.home.bot_user}> what now?"
        assert "channel_type" not in mention
        assert len({delivery.event_id for delivery in slack.deliveries}) == 2


async def test_private_channels_are_groups(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        secret = slack.channel("secret", [ann], private=True)
        await ann.says("hush", to=secret, mention=False)
        (event,) = events_of(slack)
        assert (event["channel_type"], event["channel"][0]) == ("group", "G")


async def test_replies_name_their_thread(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, bob = slack.user("Ann"), slack.user("Bob")
        team = slack.channel("team", [ann, bob])
        root = await ann.says("look", to=team, mention=False)
        await bob.says("I see", to=team, thread=root)
        shown = await bob.says("all of you!", to=team, thread=root, broadcast=True)
        _, reply, broadcast = events_of(slack)
        assert (reply["thread_ts"], reply["parent_user_id"]) == (root.ts, ann.id)
        assert (broadcast["subtype"], broadcast["root"]["ts"], broadcast["ts"]) == (
            "thread_broadcast",
            root.ts,
            shown.ts,
        )


async def test_only_what_the_app_subscribed_to(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, events=("app_mention",)) as slack:
        ann = slack.user("Ann")
        team = slack.channel("team", [ann])
        await ann.says("in private")
        await ann.says("and here", to=team)
        assert [event["type"] for event in events_of(slack)] == ["app_mention"]


async def test_only_what_the_app_may_read(clock: ManualClock) -> None:
    scopes = ("chat:write", "im:history", "app_mentions:read")
    async with SlackEmulator(clock=clock, scopes=scopes) as slack:
        ann = slack.user("Ann")
        team = slack.channel("team", [ann])
        said = await ann.says("here", to=team)
        await ann.reacts(said, "eyes")
        await ann.says("and in private")
        assert [event["type"] for event in events_of(slack)] == ["app_mention", "message"]


async def test_only_where_the_app_is(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        away = slack.channel("away", [ann], with_app=False)
        said = await ann.says("hello?", to=away)
        await ann.reacts(said, "eyes")
        assert events_of(slack) == []
        await ann.invites_app(away)
        await ann.says("hello!", to=away, mention=False)
        assert events_of(slack, "message")[-1]["text"] == "hello!"


async def test_edits_and_deletions_tell_what_was_there(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        said = await ann.says("helo")
        await ann.edits(said, "hello")
        await ann.deletes(said)
        _, changed, deleted = events_of(slack)
        assert (changed["subtype"], changed["message"]["text"], changed["message"]["ts"]) == (
            "message_changed",
            "hello",
            said.ts,
        )
        assert changed["message"]["edited"]["user"] == ann.id
        assert changed["previous_message"]["text"] == "helo"
        assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said.ts)
        assert deleted["previous_message"]["text"] == "hello"
        assert deleted["ts"] not in (said.ts, changed["ts"])
        assert said.is_deleted
        assert ann.dm.messages == []


async def test_a_preview_changes_a_message_that_nobody_edited(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        said = await ann.says("see https://example.org")
        await slack.home.unfurls(said)
        changed = events_of(slack)[1]
        assert changed["subtype"] == "message_changed"
        assert changed["message"]["text"] == changed["previous_message"]["text"]
        assert "edited" not in changed["message"]
        assert changed["message"]["attachments"]


async def test_the_app_hears_its_own_posts(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, client = slack.user("Ann"), client_of(slack)
        posted = await client.chat_postMessage(channel=ann.dm.id, text="hello")
        await client.chat_update(channel=ann.dm.id, ts=posted["ts"], text="hallo")
        own, changed = events_of(slack)
        assert (own["bot_id"], own["user"], own["text"]) == (slack.home.bot, slack.home.bot_user, "hello")
        assert (changed["subtype"], changed["message"]["bot_id"]) == ("message_changed", slack.home.bot)


async def test_other_apps_are_heard_too(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        team = slack.channel("team")
        await slack.home.other_bot_says("the build is broken", team)
        (event,) = events_of(slack)
        assert event["subtype"] == "bot_message"
        assert event["bot_id"] != slack.home.bot
        assert team.replies == []


async def test_reactions_tell_whose_message_it_was(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        posted = await client_of(slack).chat_postMessage(channel=ann.dm.id, text="hello")
        (reply,) = ann.dm.replies
        await ann.reacts(reply, "thumbsup")
        await ann.unreacts(reply, "thumbsup")
        added, removed = events_of(slack)[1:]
        assert (added["type"], removed["type"]) == ("reaction_added", "reaction_removed")
        assert added["item"] == {"type": "message", "channel": ann.dm.id, "ts": posted["ts"]}
        assert (added["user"], added["item_user"], added["reaction"]) == (ann.id, slack.home.bot_user, "thumbsup")


async def test_files_tell_where_they_are_fetched(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann = slack.user("Ann")
        voice = Upload("audio.m4a", b"m4a", "audio/mp4", subtype="slack_audio", duration_ms=2500)
        await ann.says("", files=[voice, Upload("far.pdf", b"pdf", connect=True)])
        (event,) = events_of(slack)
        heard, far = event["files"]
        assert event["subtype"] == "file_share"
        assert (heard["subtype"], heard["mimetype"], heard["duration_ms"]) == ("slack_audio", "audio/mp4", 2500)
        assert heard["url_private_download"].startswith(slack.url.removesuffix("/api/"))
        assert far["file_access"] == "check_file_info"


async def test_the_home_tab_comes_with_what_was_published(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, client = slack.user("Ann"), client_of(slack)
        await ann.opens_home()
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "Welcome"}}
        await client.views_publish(user_id=ann.id, view={"type": "home", "blocks": [section]})
        await ann.opens_home()
        await ann.opens_messages()
        first, second, messages = events_of(slack)
        assert (first["tab"], second["tab"], messages["tab"]) == ("home", "home", "messages")
        assert first["channel"] == messages["channel"] == ann.dm.id
        assert "view" not in first
        assert second["view"]["blocks"][0]["text"]["text"] == "Welcome"
        assert ann.home is not None
        assert ann.home.text_content == "Welcome"


async def test_slacks_own_stop_button_stops_the_streams(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        ann, client = slack.user("Ann"), client_of(slack)
        asked = await ann.says("count")
        await client.agents_sessions_setStatus(channel_id=ann.dm.id, thread_ts=asked.ts, status="processing")
        started = await client.chat_startStream(channel=ann.dm.id, thread_ts=asked.ts, markdown_text="one")
        assert await ann.presses_stop(thread=asked) == [started["ts"]]
        (stopped,) = events_of(slack, "agent_session_stopped")
        assert (stopped["channel"], stopped["thread_ts"], stopped["user"]) == (ann.dm.id, asked.ts, ann.id)
        assert stopped["streaming_message_ts"] == [started["ts"]]
        assert ann.dm.session(asked) == "processing"
        assert not ann.dm.replies[0].is_streaming


async def test_further_workspaces_have_events_of_their_own(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        other, stranger = slack.workspace("Other"), slack.workspace("Strange", installed=False)
        await slack.user("Ann", workspace=other).says("hello")
        await slack.user("Bob", workspace=stranger).says("hello")
        assert [delivery.body["team_id"] for delivery in slack.deliveries] == [other.id]
        await other.uninstalls()
        assert [event["type"] for event in events_of(slack)][1:] == ["tokens_revoked", "app_uninstalled"]
        assert other.token == ""
