"""A small start-up for tests of the emulated Web API alone: the world, its server, and a real client of it."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.emulator.faults import Faults
from adapters.slack.emulator.limits import Gate, Limits
from adapters.slack.emulator.server import WebApiServer
from adapters.slack.emulator.state import ChannelState, MessageState, TeamState, UserState
from adapters.slack.emulator.wire import Json
from adapters.slack.emulator.world import World
from tests.fakes.clock import ManualClock

SCOPES = frozenset(
    {
        *("app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write", "commands"),
        *("files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write"),
        *("reactions:read", "reactions:write", "users:read"),
    }
)


@dataclass(slots=True)
class SlackApi:
    """What a test acts on; `app` is the client with the home workspace's token."""

    world: World
    server: WebApiServer
    gate: Gate
    faults: Faults
    clock: ManualClock
    session: aiohttp.ClientSession
    team: TeamState
    app: AsyncWebClient

    @property
    def base(self) -> str:
        return self.world.base

    def client(self, token: str) -> AsyncWebClient:
        """A client without retries, over the one session."""
        return AsyncWebClient(token, base_url=f"{self.base}/api/", session=self.session, retry_handlers=[])

    def user(self, name: str, team: TeamState | None = None) -> UserState:
        return self.world.add_user(team or self.team, name)

    def dm(self, user: UserState) -> ChannelState:
        return self.world.open_direct(self.world.teams[user.team], user.id)

    def channel(self, *members: UserState, private: bool = False, with_app: bool = True) -> ChannelState:
        inside = [one.id for one in members] + ([self.team.bot_user] if with_app else [])
        return self.world.add_channel(self.team, "group" if private else "channel", "general", inside)

    def says(self, user: UserState, text: str, channel: ChannelState, thread_ts: str = "") -> MessageState:
        return self.world.add_message(channel, user.id, text=text, thread_ts=thread_ts)

    def heard(self) -> list[Json]:
        """Take the events that would be delivered; call it before they happen."""
        events: list[Json] = []
        self.world.events = lambda _, event: events.append(event)
        return events


@asynccontextmanager
async def running_api(clock: ManualClock, limits: Limits | None = None) -> AsyncIterator[SlackApi]:
    world, faults = World(clock), Faults()
    gate = Gate(clock, limits or Limits.none())
    server = WebApiServer(world, gate, faults)
    team = world.add_team("Acme", scopes=SCOPES)
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    world.base = f"http://{host}:{port}"
    async with aiohttp.ClientSession() as session:
        app = AsyncWebClient(team.token, base_url=f"{world.base}/api/", session=session, retry_handlers=[])
        yield SlackApi(world, server, gate, faults, clock, session, team, app)
    faults.clear()
    await runner.cleanup()


async def refused(call: Awaitable[AsyncSlackResponse]) -> str:
    """The name of Slack's refusal."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def why(call: Awaitable[AsyncSlackResponse]) -> str:
    """The refusal with its explanation: `invalid_blocks: … [json-pointer:…]`."""
    with pytest.raises(SlackApiError) as caught:
        await call
    response = caught.value.response
    (message,) = response["response_metadata"]["messages"]
    return f"{response['error']}: {message.removeprefix('[ERROR] ')}"


def button(label: str = "Go", value: str = "go", action_id: str = "sb:0") -> dict[str, Any]:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "value": value,
        "action_id": action_id,
    }


def actions(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(buttons)}


def markdown(text: str) -> dict[str, Any]:
    return {"type": "markdown", "text": text}
