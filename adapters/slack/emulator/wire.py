"""How the Web API answers: the JSON of objects, the refusals, and the numbers that name things."""

from typing import Any

from bot.domain.errors import Refused

Json = dict[str, Any]
"""One object of the Web API as it travels; its shape is the platform's, not ours."""


class Refusal(Refused):
    """The server's answer to a call that it does not carry out: `{"ok": false, "error": …}`, status 200 as a rule.

    https://docs.slack.dev/apis/web-api/#responses
    """

    def __init__(
        self, error: str, *, detail: str = "", status: int = 200, retry_after_seconds: int = 0, **more: object
    ) -> None:
        super().__init__(error)
        self.error = error
        self.detail = detail
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.more = more

    def to_json(self) -> Json:
        body: Json = {"ok": False, "error": self.error, **self.more}
        return body | ({"response_metadata": {"messages": [f"[ERROR] {self.detail}"]}} if self.detail else {})


def invalid_blocks(detail: str) -> Refusal:
    """Blocks that break a rule of Block Kit; `detail` says which and where."""
    return Refusal("invalid_blocks", detail=detail)


def invalid_arguments(detail: str) -> Refusal:
    return Refusal("invalid_arguments", detail=detail)


def ratelimited(retry_after_seconds: int) -> Refusal:
    """Status 429 with `Retry-After`; https://docs.slack.dev/apis/web-api/rate-limits/."""
    return Refusal("ratelimited", status=429, retry_after_seconds=retry_after_seconds)
