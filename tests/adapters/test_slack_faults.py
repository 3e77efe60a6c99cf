"""What Slack and the network answer, in our own errors."""

from collections.abc import Callable

import pytest
from aiohttp import ClientError, ClientPayloadError, InvalidURL
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.faults import code_of, translate
from bot.domain.errors import (
    Ambiguous,
    Blocked,
    Flooded,
    MessageGone,
    MessengerError,
    Misconfigured,
    StreamEnded,
    TopicGone,
    Unreachable,
    Unrenderable,
)

# The SDK does not say what it takes.
refused: Callable[[str, object], SlackApiError] = SlackApiError


def answer(error: str, status: int = 200, **more: object) -> SlackApiError:
    headers = {"Retry-After": str(more.pop("retry_after"))} if "retry_after" in more else {}
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/chat.postMessage",
        req_args={},
        data={"ok": False, "error": error, **more} if error else {},
        headers=headers,
        status_code=status,
    )
    return refused("refused", response)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_auth", Misconfigured),
        ("account_inactive", Misconfigured),
        ("missing_scope", Misconfigured),
        ("unknown_method", Misconfigured),
        ("channel_not_found", Blocked),
        ("is_archived", Blocked),
        ("not_in_channel", Blocked),
        ("user_not_found", Blocked),
        ("thread_not_found", TopicGone),
        ("message_not_found", MessageGone),
        ("cant_update_message", MessageGone),
        ("message_not_in_streaming_state", StreamEnded),
        ("stopped_by_user", StreamEnded),
        ("streaming_state_conflict", Unreachable),
        ("service_unavailable", Unreachable),
        ("msg_too_long", Unrenderable),
        ("invalid_blocks", Unrenderable),
        ("something_new", Unrenderable),
        ("ratelimited", Flooded),
    ],
)
def test_a_code_of_slack_has_one_meaning(code: str, kind: type[MessengerError]) -> None:
    for repeatable in (True, False):
        trouble = translate(answer(code), repeatable=repeatable)
        assert type(trouble) is kind
        assert code_of(trouble) == code


@pytest.mark.parametrize(
    "exc",
    [
        answer("internal_error"),
        answer("fatal_error"),
        answer("", 500),
        answer("", 200),
        refused("no JSON", object()),
        SlackRequestError("cut"),
        ClientPayloadError("cut"),
        ClientError("cut"),
        TimeoutError(),
        AttributeError("a list has no get"),
        ValueError("no JSON"),
    ],
)
def test_only_what_must_not_be_done_twice_is_in_doubt(exc: Exception) -> None:
    assert type(translate(exc)) is Unreachable
    assert type(translate(exc, repeatable=False)) is Ambiguous


@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7), ("0", 0), ("soon", 30), ("-3", 0)])
def test_a_flood_says_how_long_to_wait(retry_after: str, seconds: float) -> None:
    trouble = translate(answer("", 429, retry_after=retry_after), repeatable=False)
    assert type(trouble) is Flooded
    assert trouble.retry_after_seconds == seconds


def test_a_missing_right_is_named() -> None:
    trouble = translate(answer("missing_scope", needed="files:write"))
    assert trouble.detail == "missing_scope: files:write"
    assert code_of(trouble) == "missing_scope"


def test_what_we_wrote_wrongly_is_told_apart() -> None:
    assert type(translate(InvalidURL("nowhere"))) is Misconfigured
    assert type(translate(UnicodeEncodeError("utf-8", "\udc80", 0, 1, "surrogates"))) is Unrenderable
