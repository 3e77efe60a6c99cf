"""Bolt apps that listen to the emulated Slack and note what they heard."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.emulator import SlackEmulator

_ANY = re.compile(".*")


@dataclass(slots=True)
class Hearing:
    """What a Bolt app heard; `refuses` makes it answer 500 that many times first."""

    app: AsyncApp
    bodies: list[dict[str, Any]] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    """The `X-Slack-Retry-Num` of each, "" where there was none."""
    refuses: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    """What it acknowledges commands and submissions with."""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [body["event"] for body in self.bodies if "event" in body]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type."""
        return [event for event in self.events if event["type"] == kind]

    @property
    def texts(self) -> list[str]:
        return [event.get("text", "") for event in self.of("message")]


def client_of(slack: SlackEmulator, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(token=slack.token if token is None else token, base_url=slack.url)


def hearing_app(slack: SlackEmulator) -> Hearing:
    """A Bolt app with listeners for all that there is; it hears of its own posts too."""
    home = slack.home

    async def authorize(team_id: str) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=team_id, bot_token=slack.token, bot_id=home.bot, bot_user_id=home.bot_user
        )

    app = AsyncApp(
        client=client_of(slack),
        signing_secret=slack.signing_secret,
        authorize=authorize,
        ignoring_self_events_enabled=False,
        ignoring_self_assistant_message_events_enabled=False,
    )
    hearing = Hearing(app)

    async def note(req: AsyncBoltRequest, resp: BoltResponse, next: Any) -> BoltResponse | None:  # noqa: A002
        hearing.retries.append(req.headers.get("x-slack-retry-num", [""])[0])
        hearing.bodies.append(req.body)
        if hearing.refuses:
            hearing.refuses -= 1
            return BoltResponse(status=500)
        await next()
        return None

    async def acknowledges(ack: AsyncAck) -> None:
        await ack(**hearing.answers)

    async def listens() -> None:
        pass

    app.middleware(note)
    app.event(_ANY)(listens)
    for listener in (app.action, app.command, app.shortcut, app.view, app.view_closed):
        listener(_ANY)(acknowledges)
    return hearing


@asynccontextmanager
async def connected(slack: SlackEmulator, hearing: Hearing | None = None) -> AsyncIterator[Hearing]:
    """The app with its socket open."""
    hearing = hearing or hearing_app(slack)
    handler = AsyncSocketModeHandler(hearing.app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield hearing
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def served(slack: SlackEmulator) -> AsyncIterator[tuple[Hearing, str]]:
    """The app behind its own web server, and the request URL."""
    hearing = hearing_app(slack)
    runner = web.AppRunner(hearing.app.web_app("/slack/events"), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield hearing, f"http://{host}:{port}/slack/events"
    finally:
        await runner.cleanup()
