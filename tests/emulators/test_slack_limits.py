"""Rate tiers: what a minute holds, for each method and workspace by itself, and the 429 beyond it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.emulator.limits import Flood, Limits
from tests.emulators.slack_api import SlackApi, refused, running_api
from tests.fakes.clock import ManualClock


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackApi]:
    async with running_api(clock, Limits.slack()) as api:
        yield api
        assert api.world.violations == []


async def retry_after(call: Awaitable[Any]) -> int:
    """The seconds of a 429."""
    with pytest.raises(SlackApiError) as caught:
        await call
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    return int(response.headers["Retry-After"])


async def test_a_conversation_takes_a_small_burst_and_then_a_post_a_second(slack: SlackApi, clock: ManualClock) -> None:
    ann, bob = slack.user("Ann"), slack.user("Bob")
    here, there = slack.dm(ann), slack.dm(bob)
    for _ in range(4):
        await slack.app.chat_postMessage(channel=here.id, text="x")
    assert await retry_after(slack.app.chat_postMessage(channel=here.id, text="x")) == 4
    await slack.app.chat_postMessage(channel=there.id, text="x")
    await clock.advance(3.9)
    assert await retry_after(slack.app.chat_postMessage(channel=here.id, text="x")) == 1
    await clock.advance(0.2)
    await slack.app.chat_postMessage(channel=here.id, text="x")
    assert slack.gate.floods[0] == Flood("chat.postMessage", slack.team.id, here.id, 4, 0.0)


async def test_a_post_a_second_never_waits(slack: SlackApi, clock: ManualClock) -> None:
    here = slack.dm(slack.user("Ann"))
    for _ in range(20):
        await slack.app.chat_postMessage(channel=here.id, text="x")
        await clock.advance(1.0)
    assert slack.gate.floods == []


Step = Callable[[AsyncWebClient, dict[str, str]], Awaitable[Any]]
TIERS: list[tuple[int, Step]] = [
    (20, lambda app, at: app.chat_startStream(channel=at["channel"], thread_ts=at["ts"])),
    (50, lambda app, at: app.chat_update(channel=at["channel"], ts=at["own"], text="x")),
    (50, lambda app, at: app.conversations_replies(channel=at["channel"], ts=at["ts"])),
    (100, lambda app, at: app.users_info(user=at["user"])),
]


@pytest.mark.parametrize(("calls", "step"), TIERS, ids=["startStream", "update", "replies", "users.info"])
async def test_a_method_has_its_own_budget_in_each_workspace(
    slack: SlackApi, clock: ManualClock, calls: int, step: Step
) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    own = (await slack.app.chat_postMessage(channel=dm.id, text="x"))["ts"]
    at = {"channel": dm.id, "ts": asked.ts, "own": own, "user": ann.id}
    for _ in range(calls):
        await step(slack.app, at)
    assert await retry_after(step(slack.app, at)) == 60
    await slack.app.auth_test()
    other = slack.world.add_team("Globex", scopes=slack.team.scopes)
    assert await refused(slack.client(other.token).users_info(user=ann.id)) == "user_not_found"
    await clock.advance(60.0)
    await step(slack.app, at)


async def test_appends_have_more_room_than_starts(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "why?", dm)
    ts = (await slack.app.chat_startStream(channel=dm.id, thread_ts=asked.ts))["ts"]
    for _ in range(100):
        await slack.app.chat_appendStream(channel=dm.id, ts=ts, markdown_text="x")
    assert await retry_after(slack.app.chat_appendStream(channel=dm.id, ts=ts, markdown_text="x")) == 60
    await slack.app.chat_stopStream(channel=dm.id, ts=ts)


async def test_a_refused_call_does_nothing_and_costs_nothing_more(slack: SlackApi, clock: ManualClock) -> None:
    here = slack.dm(slack.user("Ann"))
    for _ in range(4):
        await slack.app.chat_postMessage(channel=here.id, text="x")
    for _ in range(3):
        await retry_after(slack.app.chat_postMessage(channel=here.id, text="x"))
    assert len(here.messages) == 4
    await clock.advance(4.0)
    await slack.app.chat_postMessage(channel=here.id, text="x")


async def test_without_limits_nothing_waits(clock: ManualClock) -> None:
    async with running_api(clock) as slack:
        here = slack.dm(slack.user("Ann"))
        for _ in range(120):
            await slack.app.chat_postMessage(channel=here.id, text="x")
        assert slack.gate.floods == []


async def test_an_app_outside_the_marketplace_reads_history_once_a_minute(clock: ManualClock) -> None:
    async with running_api(clock, Limits.slack(unlisted=True)) as slack:
        here = slack.dm(slack.user("Ann"))
        await slack.app.conversations_history(channel=here.id)
        assert await retry_after(slack.app.conversations_history(channel=here.id)) == 60


async def test_an_app_outside_the_marketplace_reads_fifteen_messages_at_once(clock: ManualClock) -> None:
    async with running_api(clock, Limits(page_messages=15)) as slack:
        ann = slack.user("Ann")
        here = slack.dm(ann)
        for number in range(20):
            slack.says(ann, f"{number}", here)
        page = await slack.app.conversations_history(channel=here.id, limit=100)
        assert [one["text"] for one in page["messages"]] == [f"{number}" for number in range(19, 4, -1)]
        rest = await slack.app.conversations_history(
            channel=here.id, limit=100, cursor=page["response_metadata"]["next_cursor"]
        )
        assert [one["text"] for one in rest["messages"]] == ["4", "3", "2", "1", "0"]
        assert not rest["response_metadata"]["next_cursor"]
