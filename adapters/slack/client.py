"""The one place where the Web API is called: errors become ours, and the tokens stay in here."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, ClientWebSocketResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.faults import FAILURES, UNAUTHORISED, code_of, translate
from adapters.slack.lines import Lines
from adapters.slack.parse import Me
from bot.domain.errors import Flooded, Misconfigured, Unreachable

Tokens = str | Callable[[str], Awaitable[str]]
"""One bot token, or what gives the bot token of a workspace by its team id, empty when we are not installed there."""

Ask = Callable[[AsyncWebClient], Awaitable[AsyncSlackResponse]]

_TIMEOUT = ClientTimeout(total=180, sock_connect=10, sock_read=30)
_DOWNLOAD_TIMEOUT = ClientTimeout(total=900, sock_connect=10, sock_read=60)
_HEARTBEAT_SECONDS = 30


class Client:
    """Our app in all its workspaces, over one pool of connections.

    A `team` is a workspace's id; with a single bot token it does not matter.
    """

    def __init__(self, tokens: Tokens, api_base: str, app_token: str = "") -> None:
        self._tokens = tokens
        self._api_base = api_base
        self._app_token = app_token
        self._session: ClientSession | None = None
        self._webs: dict[str, AsyncWebClient] = {}
        self._selves: dict[str, Me] = {}
        self._introductions = Lines()
        self.sdk_log = logging.getLogger(f"{__name__}.sdk")
        """For the SDKs' own lines, which would quote messages when they go into detail."""
        self.sdk_log.setLevel(logging.ERROR)

    @property
    def is_single(self) -> bool:
        """Whether there is one bot token for the only workspace."""
        return isinstance(self._tokens, str)

    @property
    def session(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(timeout=_TIMEOUT)
        return self._session

    async def call(self, team: str, ask: Ask, *, repeatable: bool = True) -> Mapping[str, Any]:
        """The answer to one call in a workspace. MessengerError; `Ambiguous` only when it is not `repeatable`."""
        web = await self._web(team)
        try:
            return _data(await ask(web))
        except FAILURES as exc:
            # The cause would show the message, and perhaps the token.
            trouble = translate(exc, repeatable=repeatable)
        if code_of(trouble) in UNAUTHORISED:
            self.forget(team)
            if await self._is_renewed(team, web):
                # The workspace has installed us anew meanwhile: the next try speaks with the new token.
                raise Unreachable(trouble.detail)
        raise trouble

    async def look(self, team: str, ask: Ask) -> Mapping[str, Any]:
        """The answer to a call that only reads. MessengerError; a flood is `Unreachable`: no message is what it means,
        and none has to wait for it."""
        try:
            return await self.call(team, ask)
        except Flooded as flood:
            raise Unreachable(flood.detail, retry_after_seconds=flood.retry_after_seconds) from None

    async def me(self, team: str) -> Me:
        """Who we are in a workspace, asked once. MessengerError; Misconfigured when we are not installed there."""
        key = self._key(team)
        async with self._introductions.of(key):
            if key not in self._selves:
                answer = await self.look(team, lambda web: web.auth_test())
                self._selves[key] = Me(
                    app="",
                    team=str(answer.get("team_id") or ""),
                    user=str(answer.get("user_id") or ""),
                    bot=str(answer.get("bot_id") or ""),
                )
            return self._selves[key]

    def forget(self, team: str) -> None:
        """Drop what is known of a workspace: its token may be another one next time."""
        self._webs.pop(self._key(team), None)
        self._selves.pop(self._key(team), None)

    async def download(self, team: str, address: str) -> ClientResponse:
        """The answer to a GET with the bot token of a workspace, for the caller to close; redirects are not followed.

        `address` gets to see the token. MessengerError.
        """
        web = await self._web(team)
        headers = {"Authorization": f"Bearer {web.token}", "Accept-Encoding": "identity"}
        try:
            return await self.session.get(
                address, headers=headers, allow_redirects=False, timeout=_DOWNLOAD_TIMEOUT, proxy=web.proxy
            )
        except FAILURES as exc:
            # The cause would show the address.
            trouble = translate(exc)
        raise trouble

    async def socket_address(self) -> str:
        """Where a connection for Socket Mode is opened; good once. MessengerError; Misconfigured when the app token is
        refused."""
        try:
            url = _data(await self._build(None).apps_connections_open(app_token=self._app_token)).get("url")
            if not isinstance(url, str):
                raise TypeError("an answer without the address")
            return url
        except FAILURES as exc:
            trouble = translate(exc)
        raise trouble

    async def open_socket(self) -> ClientWebSocketResponse:
        """A new connection for Socket Mode. MessengerError; Misconfigured when the app token is refused."""
        url, proxy = await self.socket_address(), self._build(None).proxy
        try:
            return await self.session.ws_connect(url, heartbeat=_HEARTBEAT_SECONDS, proxy=proxy)
        except FAILURES as exc:
            trouble = translate(exc)
        raise trouble

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _key(self, team: str) -> str:
        return "" if self.is_single else team

    async def _web(self, team: str) -> AsyncWebClient:
        key = self._key(team)
        if key not in self._webs:
            token = self._tokens if isinstance(self._tokens, str) else await self._tokens(team)
            if not token:
                raise NotInstalled("not installed in this workspace")
            self._webs[key] = self._build(token)
        return self._webs[key]

    async def _is_renewed(self, team: str, refused: AsyncWebClient) -> bool:
        return not isinstance(self._tokens, str) and await self._tokens(team) not in ("", refused.token)

    def _build(self, token: str | None) -> AsyncWebClient:
        # Without handlers the SDK does not try again by itself: the courier does, within the budgets.
        return AsyncWebClient(token, self._api_base, session=self.session, logger=self.sdk_log, retry_handlers=[])


class NotInstalled(Misconfigured):
    """We have no token for this workspace (any more)."""


def _data(response: AsyncSlackResponse) -> Mapping[str, Any]:
    if not isinstance(response.data, dict):
        raise TypeError("an answer that is no object")
    return response.data
