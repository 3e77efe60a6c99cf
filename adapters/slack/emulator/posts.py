"""Events, interactions and commands as signed HTTP posts to the app's request URL.

https://docs.slack.dev/apis/events-api/using-http-request-urls/
https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

import asyncio
import hashlib
import hmac
import json
from urllib.parse import urlencode

import aiohttp

from adapters.slack.emulator.deliveries import Attempt, Deliveries, Delivery
from adapters.slack.emulator.wire import Json
from bot.domain.ports import Clock

_FORM = "application/x-www-form-urlencoded"


class Posts:
    """Posts to one URL; each post runs by itself, so a slow answer holds up nothing."""

    def __init__(self, deliveries: Deliveries, url: str, signing_secret: str, clock: Clock) -> None:
        self._deliveries = deliveries
        self._url = url
        self._secret = signing_secret
        self._clock = clock
        self._client = aiohttp.ClientSession()
        self._running: set[asyncio.Task[None]] = set()

    @property
    def is_ready(self) -> bool:
        return True

    def carry(self, delivery: Delivery, attempt: Attempt) -> None:
        task = asyncio.get_running_loop().create_task(self._post(delivery, attempt))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def verify_url(self, token: str) -> bool:
        """Send the challenge; whether the app gave it back, as plain text or as JSON."""
        challenge = hashlib.sha256(self._url.encode()).hexdigest()
        body = json.dumps({"token": token, "challenge": challenge, "type": "url_verification"}).encode()
        async with self._client.post(self._url, data=body, headers=self._headers(body, "application/json")) as answer:
            text = await answer.text()
            return answer.status == 200 and challenge in (text.strip(), _object(text).get("challenge"))

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.close()

    async def _post(self, delivery: Delivery, attempt: Attempt) -> None:
        body, media_type = _encode(delivery)
        headers = self._headers(body, media_type)
        if attempt.retry and delivery.kind == "events_api":
            headers |= {"X-Slack-Retry-Num": str(attempt.retry), "X-Slack-Retry-Reason": attempt.reason}
        try:
            async with self._client.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                text = await answer.text()
                if 200 <= answer.status < 300:
                    self._deliveries.acknowledge(attempt.envelope, _answer(text, answer.content_type))
                else:
                    no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
                    self._deliveries.fail(attempt.envelope, "http_error", for_good=no_retry)
        except (aiohttp.ClientError, TimeoutError):
            self._deliveries.fail(attempt.envelope, "connection_failed")

    def _headers(self, body: bytes, media_type: str) -> dict[str, str]:
        at = str(int(self._clock.now().timestamp()))
        digest = hmac.new(self._secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": media_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={digest}",
        }


def _encode(delivery: Delivery) -> tuple[bytes, str]:
    """Events are JSON, interactions a form with the JSON in `payload`, commands a plain form."""
    if delivery.kind == "events_api":
        return json.dumps(delivery.body).encode(), "application/json"
    fields = delivery.body if delivery.kind == "slash_commands" else {"payload": json.dumps(delivery.body)}
    return urlencode(fields).encode(), _FORM


def _answer(text: str, media_type: str) -> Json | None:
    if not text.strip():
        return None
    return _object(text) if media_type == "application/json" else {"text": text}


def _object(text: str) -> Json:
    try:
        decoded = json.loads(text)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
