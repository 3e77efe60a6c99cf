"""Receives what Slack sends, by Socket Mode or by HTTP: stored first, acknowledged after that.

Bolt acknowledges an event before its listeners run, so everything is done in a global middleware, which answers by
itself (docs.slack.dev/tools/bolt-python/concepts/acknowledge).
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl

from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.client import Client, NotInstalled
from adapters.slack.lines import Lines
from adapters.slack.origin import workspace_of
from adapters.slack.reading import Reader, kind_of
from adapters.slack.shortcuts import Shortcuts
from adapters.slack.socket_mode import Socket
from bot.domain.errors import MessengerError, Misconfigured, SettingsError, StorageError
from bot.domain.messenger import Posted, Take
from bot.domain.patience import Patience
from bot.domain.ports import Clock

log = logging.getLogger(__name__)

Mode = Literal["socket", "http"]
_FAREWELLS = ("app_uninstalled", "tokens_revoked")


class Receiver:
    """The receiving half of the messenger."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        reader: Reader,
        shortcuts: Shortcuts,
        left: Callable[[str], Awaitable[None]],
        mode: Mode,
        signing_secret: str,
    ) -> None:
        self._client = client
        self._clock = clock
        self._reader = reader
        self._shortcuts = shortcuts
        self._left = left
        self._mode = mode
        self._verifier = SignatureVerifier(signing_secret, _SignatureTime(clock)) if mode == "http" else None
        self._lines = Lines()
        self._app = self._bolt()

    async def run(self, take: Take) -> None:
        """Receive until cancelled; SettingsError when Slack refuses a token."""
        await self._introduce()
        if self._mode == "http":
            await asyncio.Event().wait()

        async def dispatch(request: SocketModeRequest) -> BoltResponse:
            return await self._dispatch(request.payload, build_headers(request), take)

        await Socket(self._client, self._clock, dispatch).run()

    async def deliver(self, headers: Mapping[str, str], body: bytes, take: Take) -> Posted:
        """Take what was posted to us: an event, an interaction or a command. 5xx makes Slack post an event again."""
        if self._verifier is None or not _is_signed(self._verifier, headers, body):
            return Posted(401)
        payload = _payload(body, headers.get("content-type", ""))
        if payload is None:
            return Posted(400)
        response = await self._dispatch(payload, None, take)
        return Posted(response.status, response.body, response.first_headers().get("content-type", "text/plain"))

    def _bolt(self) -> AsyncApp:
        # Bolt reads the names of the parameters, and does not expect methods here. None is an answer, too.
        async def authorize(team_id: str | None) -> Any:
            return await self._authorize(team_id or "")

        async def store(body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
            return await self._store(body, context)

        async def failed(error: Exception, body: dict[str, Any]) -> None:
            # Before our middleware: we could not be authorised, so Slack shall come again.
            log.warning("an event of kind %s is not taken yet: %s", kind_of(body), type(error).__name__)

        app = AsyncApp(
            name="switchboard",
            logger=self._client.sdk_log,
            # Given so that Bolt looks for no token in the environment.
            client=AsyncWebClient(logger=self._client.sdk_log),
            authorize=authorize,
            # Done before Bolt sees anything: its own check quotes the message in the log, and looks at another clock.
            request_verification_enabled=False,
            ssl_check_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.middleware(store)
        app.error(failed)
        return app

    async def _dispatch(self, payload: dict[str, Any], headers: dict[str, Any] | None, take: Take) -> BoltResponse:
        if "event" in payload and not isinstance(payload["event"], dict):
            log.error("an event that is no object skipped")
            return BoltResponse(status=200)
        try:
            # The mode says that the body is an object already, not that it came over a socket.
            request = AsyncBoltRequest(body=payload, headers=headers, context={"take": take}, mode="socket_mode")
            # Bolt would take the workspace of whoever pressed a button for ours.
            request.context["team_id"] = workspace_of(payload)
        except Exception as exc:
            log.error("a request of kind %s skipped: %s", kind_of(payload), type(exc).__name__)
            return BoltResponse(status=200)
        if payload.get("type") != "url_verification" and not _is_farewell(payload):
            # Bolt would tell the person that the app is not installed, in words of its own.
            try:
                if await self._authorize(workspace_of(payload)) is None:
                    return BoltResponse(status=200)
            except MessengerError as trouble:
                log.warning("a request of kind %s is not taken yet: %s", kind_of(payload), type(trouble).__name__)
                return BoltResponse(status=500)
        return await self._app.async_dispatch(request)

    async def _authorize(self, team: str) -> AuthorizeResult | None:
        """Bolt's question for our rights in a workspace, answered without asking Slack at every event."""
        try:
            me = await self._client.me(team)
        except NotInstalled:
            log.warning("something came from workspace %s, where we are not installed", team)
            return None
        if me.team != team:
            log.warning("something came from workspace %s, for which we have no token", team)
            return None
        return AuthorizeResult(enterprise_id=None, team_id=team, bot_user_id=me.user, bot_id=me.bot)

    async def _store(self, body: dict[str, Any], context: AsyncBoltContext) -> BoltResponse:
        """Bolt's global middleware: it answers everything, and nothing gets past it."""
        take: Take = context["take"]
        try:
            return await self._taken(body, str(context.team_id or ""), take)
        except (MessengerError, StorageError) as trouble:
            log.warning("an event of kind %s is not taken yet: %s", kind_of(body), type(trouble).__name__)
        except Exception:
            log.exception("an event of kind %s could not be taken", kind_of(body))
        return BoltResponse(status=500)

    async def _taken(self, body: dict[str, Any], team: str, take: Take) -> BoltResponse:
        if _is_farewell(body):
            await self._left(team)
            return BoltResponse(status=200)
        me = await self._client.me(team)
        if await self._shortcuts.opened(body, team):
            return BoltResponse(status=200)
        if errors := await self._shortcuts.refused(body, team):
            return BoltResponse(status=200, body=errors)
        heard = self._reader.hear(body, me)
        if heard is None:
            return BoltResponse(status=200)
        # What is said in one room is stored in the order in which it was said, though each event comes by itself.
        async with self._lines.of(str(heard.incoming.place.room)):
            incoming = await self._reader.read(heard)
            if incoming is not None:
                await take(incoming)
        return BoltResponse(status=200, body=await self._shortcuts.note(body, team) or "")

    async def _introduce(self) -> None:
        """Learn who we are, however long Slack cannot be reached. Several workspaces are met when they write."""
        patience = Patience(self._clock)
        while self._client.is_single:
            try:
                me = await self._client.me("")
            except Misconfigured as refusal:
                raise SettingsError(
                    f"Slack refuses SLACK_BOT_TOKEN ({refusal.detail}); copy the Bot User OAuth Token (xoxb-…) again"
                ) from None
            except MessengerError as trouble:
                log.warning("Slack does not say who we are (%s)", trouble.detail)
                await patience.wait(trouble.retry_after_seconds or 0.0)
            else:
                log.info("Slack bot %s is ready in workspace %s", me.user, me.team)
                return


class _SignatureTime(SignatureClock):
    """Our clock, as the SDK asks for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


def _is_signed(verifier: SignatureVerifier, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether Slack has posted this within five minutes; compared in constant time by the SDK."""
    timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 20 and signature.isascii()):
        return False
    try:
        return verifier.is_valid(body, timestamp, signature)
    except UnicodeDecodeError:
        return False


def _payload(body: bytes, media_type: str) -> dict[str, Any] | None:
    """The object in a post: JSON, a form with JSON in `payload`, or a form; None when it cannot be read."""
    try:
        if media_type.startswith("application/x-www-form-urlencoded"):
            # Bolt looks for the word "payload" in all of it, which a command's text may say too.
            form: dict[str, Any] = dict(parse_qsl(body.decode(), keep_blank_values=True))
            found = json.loads(form["payload"]) if "payload" in form else form
        else:
            found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_farewell(body: Mapping[str, Any]) -> bool:
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("type") not in _FAREWELLS:
        return False
    tokens = event.get("tokens")
    # Tokens of single users may be revoked without us losing ours.
    return event["type"] == "app_uninstalled" or bool(isinstance(tokens, Mapping) and tokens.get("bot"))
