"""Agent sessions, the status line, titles and suggested prompts; and opening conversations."""

from collections.abc import AsyncIterator

import pytest

from tests.emulators.slack_api import SlackApi, refused, running_api, why
from tests.fakes.clock import ManualClock


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackApi]:
    async with running_api(clock) as api:
        yield api
        assert api.world.violations == []


async def test_a_session_is_made_by_its_first_status(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    set_status = slack.app.agents_sessions_setStatus
    at = {"channel_id": dm.id, "thread_ts": asked.ts}
    begun = await set_status(**at, status="processing", title="Why", initiator_user_id=ann.id)
    assert (begun["status"], begun["title"]) == ("processing", "Why")
    await set_status(**at, status="active", title="ignored")
    session = dm.sessions[asked.ts]
    assert (session.title, session.initiator, session.history) == ("Why", ann.id, ["processing", "active"])
    await slack.app.agents_sessions_rename(**at, title="Because")
    assert session.title == "Because"


async def test_what_a_session_refuses(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    at = {"channel_id": dm.id, "thread_ts": asked.ts}
    set_status = slack.app.agents_sessions_setStatus
    assert await refused(set_status(**at, status="busy")) == "invalid_arguments"
    assert await refused(set_status(**at, status="active", title="x" * 201)) == "invalid_arguments"
    assert await refused(set_status(**at, status="active", initiator_user_id="U404")) == "user_not_found"
    assert await refused(set_status(channel_id=dm.id, thread_ts="1.2", status="active")) == "thread_not_found"
    assert "thread_ts" in await why(set_status(channel_id=dm.id, status="active"))
    assert await refused(slack.app.agents_sessions_rename(**at, title="x")) == "session_not_found"
    slack.world.agent_view = False
    assert await refused(set_status(**at, status="active")) == "feature_disabled"


async def test_the_status_line_goes_with_the_next_message_or_after_two_minutes(
    slack: SlackApi, clock: ManualClock
) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    set_status = slack.app.assistant_threads_setStatus

    def shown() -> str:
        status = dm.statuses.get(asked.ts)
        return status.shown_at(clock.monotonic()) if status else ""

    await set_status(channel_id=dm.id, thread_ts=asked.ts, status="thinks…", loading_messages=["Hm"])
    assert shown() == "thinks…"
    await slack.app.chat_postMessage(channel=dm.id, text="elsewhere")
    assert shown() == "thinks…"
    await slack.app.chat_postMessage(channel=dm.id, text="here", thread_ts=asked.ts)
    assert shown() == ""
    await set_status(channel_id=dm.id, thread_ts=asked.ts, status="thinks…")
    await clock.advance(120.0)
    assert shown() == ""
    await set_status(channel_id=dm.id, thread_ts=asked.ts, status="thinks…")
    await set_status(channel_id=dm.id, thread_ts=asked.ts, status="")
    assert shown() == ""


async def test_loading_messages_are_few_and_short(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    for messages in (["x"] * 11, ["x" * 51]):
        call = slack.app.assistant_threads_setStatus(
            channel_id=dm.id, thread_ts=asked.ts, status="x", loading_messages=messages
        )
        assert await refused(call) == "invalid_arguments"


async def test_four_prompts_are_suggested_in_a_dm(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm, room = slack.dm(ann), slack.channel(ann)
    prompts = [{"title": f"T{number}", "message": f"M{number}"} for number in range(4)]
    suggest = slack.app.assistant_threads_setSuggestedPrompts
    await suggest(channel_id=dm.id, prompts=prompts, title="Try")
    assert dm.prompts[""].prompts[0] == ("T0", "M0")
    assert await refused(suggest(channel_id=dm.id, prompts=[*prompts, prompts[0]])) == "invalid_arguments"
    assert await refused(suggest(channel_id=dm.id, prompts=[{"title": "T"}])) == "invalid_arguments"
    assert await refused(suggest(channel_id=room.id, prompts=prompts)) == "channel_type_not_supported"


async def test_an_agent_app_that_suggests_in_a_thread_is_told_ok_and_shows_nothing(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    prompts = [{"title": "T", "message": "M"}]
    await slack.app.assistant_threads_setSuggestedPrompts(channel_id=dm.id, thread_ts=asked.ts, prompts=prompts)
    assert dm.prompts == {}
    slack.world.agent_view = False
    await slack.app.assistant_threads_setSuggestedPrompts(channel_id=dm.id, thread_ts=asked.ts, prompts=prompts)
    assert list(dm.prompts) == [asked.ts]


async def test_a_thread_of_a_dm_gets_a_title(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    await slack.app.assistant_threads_setTitle(channel_id=dm.id, thread_ts=asked.ts, title="Why")
    assert dm.titles == {asked.ts: "Why"}


async def test_a_dm_is_opened_once(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    first = await slack.app.conversations_open(users=ann.id)
    again = await slack.app.conversations_open(users=[ann.id], return_im=True)
    assert first["channel"] == {"id": slack.dm(ann).id}
    assert (again["channel"]["user"], again["already_open"]) == (ann.id, True)
    assert await refused(slack.app.conversations_open(users="U404")) == "user_not_found"
    assert await refused(slack.app.conversations_open(users=slack.team.bot_user)) == "cannot_dm_bot"


async def test_what_is_known_of_a_conversation(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm, outside = slack.dm(ann), slack.channel(ann, with_app=False)
    direct = (await slack.app.conversations_info(channel=dm.id))["channel"]
    assert (direct["is_im"], direct["user"], direct["is_member"]) == (True, ann.id, True)
    public = (await slack.app.conversations_info(channel=outside.id, include_num_members=True))["channel"]
    assert (public["name"], public["is_member"], public["num_members"]) == ("general", False, 1)
    assert (await slack.app.conversations_members(channel=outside.id))["members"] == [ann.id]
    assert await refused(slack.app.conversations_history(channel=outside.id)) == "not_in_channel"


async def test_people_and_the_bot_can_be_looked_up(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    ann.locale = "ru-RU"
    plain = (await slack.app.users_info(user=ann.id))["user"]
    assert (plain["profile"]["real_name"], plain["is_bot"], "locale" in plain) == ("Ann", False, False)
    assert (await slack.app.users_info(user=ann.id, include_locale=True))["user"]["locale"] == "ru-RU"
    assert (await slack.app.bots_info(bot=slack.team.bot))["bot"]["user_id"] == slack.team.bot_user
    assert await refused(slack.app.bots_info(bot="B404")) == "bot_not_found"
