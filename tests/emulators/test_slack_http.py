"""Signed posts to a request URL: events, commands, interactions, retries."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from adapters.slack.emulator import SlackEmulator
from bot.clock import SystemClock
from bot.domain.errors import Refused
from tests.emulators.slack_apps import served
from tests.fakes.clock import ManualClock


@asynccontextmanager
async def listening(take: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A web server that does `take` with every post; its address."""
    app = web.Application()
    app.router.add_post("/slack/events", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/slack/events"
    finally:
        await runner.cleanup()


async def takes(http: web.Request) -> web.Response:
    return web.Response()


async def test_a_bolt_app_behind_a_url_hears_events(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack, served(slack) as (app, url):
        await slack.posts_to(url)
        await slack.user("Ann").says("hello")
        await clock.until(lambda: slack.pending_events == 0)
        assert app.texts == ["hello"]
        assert slack.deliveries[0].retry_numbers == [0]


async def test_commands_and_presses_are_forms(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack, served(slack) as (app, url):
        await slack.posts_to(url)
        ann = slack.user("Ann")
        app.answers = {"text": "done & dusted"}
        await ann.runs("/switchboard", "ask & answer")
        await clock.until(lambda: slack.pending_events == 0)
        body = app.bodies[-1]
        assert (body["command"], body["text"], body["user_id"]) == ("/switchboard", "ask &amp; answer", ann.id)
        assert [message.text_content for message in ann.ephemerals] == ["done & dusted"]
        app.answers = {}
        said = await ann.says("hello")
        await ann.presses_value("sb:1", said)
        await clock.until(lambda: slack.pending_events == 0)
        assert app.bodies[-1]["actions"][0]["value"] == "sb:1"


async def test_another_secret_does_not_verify(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack, served(slack) as (app, url):
        slack.signing_secret = "another"
        with pytest.raises(Refused):
            await slack.posts_to(url)
        await slack.posts_to(url, verify=False)
        await slack.user("Ann").says("hello")
        await clock.until(lambda: not slack.deliveries[0].in_flight)
        assert app.bodies == []
        assert slack.pending_events == 1


async def test_the_signature_is_that_of_the_body(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack:
        seen: list[bool] = []
        verifier = SignatureVerifier(slack.signing_secret)

        async def take(http: web.Request) -> web.Response:
            body, headers = await http.read(), dict(http.headers)
            seen.append(verifier.is_valid_request(body, headers))
            seen.append(verifier.is_valid_request(body + b" ", headers))
            return web.Response()

        async with listening(take) as url:
            await slack.posts_to(url, verify=False)
            await slack.user("Ann").says("hello")
            await clock.until(lambda: slack.pending_events == 0)
        assert seen == [True, False]


async def test_a_refused_event_comes_again_at_once_and_after_minutes(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack, served(slack) as (app, url):
        await slack.posts_to(url, signed_by=SystemClock())
        app.refuses = 4
        await slack.user("Ann").says("hello")
        for seconds in (0, 0, 60, 300):
            await clock.advance(seconds)
            await slack.redelivers()
            await clock.until(lambda: slack.pending_events == 0 or not slack.deliveries[0].in_flight)
        assert app.retries == ["", "1", "2", "3"]
        assert await slack.redelivers() == 0
        assert slack.deliveries[0].given_up


async def test_an_event_comes_again_until_it_is_taken(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack, served(slack) as (app, url):
        await slack.posts_to(url)
        app.refuses = 1
        await slack.user("Ann").says("hello")
        await clock.until(lambda: not slack.deliveries[0].in_flight)
        assert slack.pending_events == 1
        await slack.redelivers()
        await clock.until(lambda: slack.pending_events == 0)
        assert app.retries == ["", "1"]
        assert slack.deliveries[0].attempts[1].reason == "http_error"
        assert slack.deliveries[0].acked


async def test_an_app_can_ask_for_no_retry(clock: ManualClock) -> None:
    async def take(http: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with SlackEmulator(clock=clock, socket_mode=False) as slack, listening(take) as url:
        await slack.posts_to(url, verify=False)
        await slack.user("Ann").says("hello")
        await clock.until(lambda: slack.deliveries[0].given_up)
        assert slack.pending_events == 0


async def test_nobody_at_the_address_is_a_failed_attempt(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock, socket_mode=False) as slack:
        async with listening(takes) as url:
            pass
        await slack.posts_to(url, verify=False)
        await slack.user("Ann").says("hello")
        await clock.until(lambda: not slack.deliveries[0].in_flight)
        assert slack.deliveries[0].next_reason == "connection_failed"
