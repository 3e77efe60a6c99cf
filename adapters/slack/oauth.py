"""How a workspace lets us in: Slack's consent page, and the code that it gives for a token.

https://docs.slack.dev/authentication/installing-with-oauth/
"""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.address import INSTALL_PATH, NAME, RETURN_PATH
from adapters.slack.faults import FAILURES, translate
from adapters.slack.manifest import SCOPES
from bot.domain.errors import MessengerError, Misconfigured
from bot.domain.installation import Installation, NotInstalled
from bot.domain.ports import Clock

log = logging.getLogger(__name__)


_USED_UP = frozenset({"invalid_code", "code_already_used", "code_expired"})
_OURS = frozenset(
    {"bad_client_secret", "bad_redirect_uri", "invalid_client_id", "invalid_client", "oauth_authorization_url_mismatch"}
)
"""What only the operator can mend."""


class SlackOAuth:
    """Implements `Installing`, with the scopes of our manifest."""

    def __init__(self, client_id: str, client_secret: str, public_url: str, clock: Clock, *, api_base: str) -> None:
        """`public_url` is our own server's, as Slack knows it; `api_base` ends in `/api/`."""
        self._client_id = client_id
        self._client_secret = client_secret
        self._return_url = public_url.rstrip("/") + RETURN_PATH
        self._clock = clock
        self._api_base = api_base
        self._consent = AuthorizeUrlGenerator(
            client_id=quote(client_id, safe=""),
            redirect_uri=quote(self._return_url, safe=""),
            scopes=SCOPES,
            authorization_url=api_base.rstrip("/").removesuffix("/api") + "/oauth/v2/authorize",
        )

    @property
    def messenger(self) -> str:
        return NAME

    @property
    def install_path(self) -> str:
        return INSTALL_PATH

    @property
    def return_path(self) -> str:
        return RETURN_PATH

    def consent_url(self, state: str) -> str:
        return self._consent.generate(state)

    async def finish(self, query: Mapping[str, str]) -> Installation | NotInstalled:
        """Exchange the code for the workspace's bot token. MessengerError."""
        if query.get("error"):
            return NotInstalled("declined" if query["error"] == "access_denied" else "expired")
        if not query.get("code"):
            return NotInstalled("expired")
        try:
            answer = await self._access(query["code"])
        except Misconfigured as refusal:
            log.error("Slack refuses SLACK_CLIENT_ID, SLACK_CLIENT_SECRET or PUBLIC_URL: %s", refusal.detail)
            return NotInstalled("misconfigured")
        return NotInstalled("expired") if answer is None else self._installation(answer)

    async def _access(self, code: str) -> Mapping[str, Any] | None:
        """None when the code is used up. MessengerError."""
        # Retries would use the code twice; the SDK's own session lives for this one call.
        web = AsyncWebClient(base_url=self._api_base, logger=_quiet(), retry_handlers=[])
        try:
            # Not `oauth_v2_access`: it signs in by a class that aiohttp is about to give up.
            response = await web.api_call(
                "oauth.v2.access",
                data={
                    "client_id": self._client_id,
                    "client_secret": self._client_secret,
                    "code": code,
                    "redirect_uri": self._return_url,
                },
            )
        except FAILURES as exc:
            refusal = _code_of(exc)
            if refusal in _USED_UP:
                return None
            # The cause would show the code and the secret.
            trouble = Misconfigured(refusal) if refusal in _OURS else translate(exc, repeatable=False)
        else:
            if isinstance(response.data, dict):
                return response.data
            trouble = MessengerError("an answer that is no object")
        raise trouble

    def _installation(self, answer: Mapping[str, Any]) -> Installation | NotInstalled:
        team = answer.get("team") or {}
        if answer.get("is_enterprise_install") or not team.get("id"):
            return NotInstalled("organisation")
        if answer.get("expires_in"):
            log.error("the app rotates its tokens, which is not supported: switch it off on the app's page")
            return NotInstalled("misconfigured")
        if not answer.get("access_token"):
            log.error("an installation without a bot token: does the app's page ask for bot scopes?")
            return NotInstalled("misconfigured")
        return Installation(
            messenger=NAME,
            workspace=str(team["id"]),
            name=str(team.get("name") or team["id"]),
            token=str(answer["access_token"]),
            bot_user=str(answer.get("bot_user_id") or ""),
            scopes=tuple(filter(None, str(answer.get("scope") or "").split(","))),
            at=self._clock.now(),
        )


async def team_of(token: str, api_base: str) -> str:
    """The id of the workspace that a bot token belongs to. MessengerError."""
    web = AsyncWebClient(token, api_base, logger=_quiet(), retry_handlers=[])
    try:
        return str((await web.auth_test()).get("team_id") or "")
    except FAILURES as exc:
        trouble = translate(exc)
    raise trouble


def _code_of(exc: Exception) -> str:
    data = getattr(exc.response, "data", None) if isinstance(exc, SlackApiError) else None
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _quiet() -> logging.Logger:
    """For the SDK's own lines, which in detail would show tokens."""
    quiet = logging.getLogger(f"{__name__}.sdk")
    quiet.setLevel(logging.ERROR)
    return quiet
