"""Socket Mode: Slack's events over a connection that we open (docs.slack.dev/apis/events-api/using-socket-mode).

The SDK's own client is not used for the connection: when Slack is away it tries a used-up address again for ever, by
the machine's clock, and its log quotes what it cannot send. Envelopes and answers are the SDK's.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack.client import Client
from bot.domain.errors import MessengerError, Misconfigured, SettingsError
from bot.domain.patience import Patience
from bot.domain.ports import Clock

log = logging.getLogger(__name__)

Dispatch = Callable[[SocketModeRequest], Awaitable[BoltResponse]]


async def check_app_token(app_token: str, api_base: str) -> None:
    """Try whether Slack lets us open sockets with it; none is opened.

    `api_base` ends in `/api/`. MessengerError; Misconfigured, whose `detail` says what to do, when it is refused.
    """
    client = Client("", api_base, app_token)
    try:
        await client.socket_address()
    except Misconfigured as refusal:
        raise Misconfigured(_advice(refusal)) from None
    finally:
        await client.close()


class Socket:
    """One connection at a time; while Slack replaces it, the old one still takes its acknowledgements."""

    def __init__(self, client: Client, clock: Clock, dispatch: Dispatch) -> None:
        self._client = client
        self._clock = clock
        self._dispatch = dispatch
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Receive until cancelled, however often the connection is lost. SettingsError when the token is refused."""
        patience = Patience(self._clock)
        old: _Connection | None = None
        try:
            while True:
                try:
                    new = _Connection(await self._client.open_socket())
                except Misconfigured as refusal:
                    raise SettingsError(_advice(refusal)) from None
                except MessengerError as trouble:
                    least = trouble.retry_after_seconds or 0.0
                    log.warning("no connection to Slack (%s), trying again after at least %d s", trouble.detail, least)
                    await patience.wait(least)
                    continue
                if old is not None:
                    self._spawn(old.finish())
                old = new
                async for request in new.requests():
                    new.answers(self._spawn(self._answer(new, request)))
                if new.was_greeted:
                    patience.reset()
                else:
                    await patience.wait()
        finally:
            await self._end(old)

    async def _answer(self, connection: "_Connection", request: SocketModeRequest) -> None:
        """Acknowledge what was stored. What was not is sent to us again."""
        response = await self._dispatch(request)
        if response.status != 200:
            return
        payload = json.loads(response.body) if response.body.startswith("{") else None
        answer = SocketModeResponse(request.envelope_id, payload if request.accepts_response_payload else None)
        try:
            await connection.socket.send_json(answer.to_dict())
        except (ClientError, OSError) as exc:
            log.info("envelope %s not acknowledged (%s)", request.envelope_id, type(exc).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _end(self, connection: "_Connection | None") -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if connection is not None:
            await connection.socket.close()


class _Connection:
    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.was_greeted = False
        self._answering: set[asyncio.Task[None]] = set()

    async def requests(self) -> AsyncIterator[SocketModeRequest]:
        """What Slack sends, until it asks us to come by another connection or closes this one."""
        async for message in self.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            envelope = _object(message.data)
            if envelope.get("type") == "hello":
                self.was_greeted = True
            if envelope.get("type") == "disconnect":
                log.info("Slack asks for another connection (%s)", str(envelope.get("reason"))[:40])
                return
            if (request := _request(envelope)) is not None:
                yield request

    def answers(self, task: "asyncio.Task[None]") -> None:
        """Keep the connection open for this one."""
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def finish(self) -> None:
        """Close it when all that came by it is answered."""
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self.socket.close()


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _request(envelope: dict[str, Any]) -> SocketModeRequest | None:
    """None for what carries nothing for us."""
    if not isinstance(envelope.get("payload"), dict):
        return None
    return SocketModeRequest.from_dict(envelope)


def _advice(refusal: Misconfigured) -> str:
    if refusal.detail.startswith("SLACK_"):
        return refusal.detail
    return (
        f"Slack refuses SLACK_APP_TOKEN ({refusal.detail}); make an app-level token (xapp-…) with the scope "
        "connections:write under Basic Information"
    )
