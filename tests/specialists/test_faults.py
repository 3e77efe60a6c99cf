"""Every error of an SDK in our own terms, without a word of the provider."""

from random import Random

import httpx2
import pytest
from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    UnexpectedModelBehavior,
    UserError,
)

from bot.domain.errors import (
    ApiFailed,
    AuthFailed,
    ContentRefused,
    ContextTooLong,
    EngineError,
    NetworkFailed,
    RateLimited,
    SettingsError,
    TimedOut,
    UnknownFailure,
)
from specialists.attempts import Attempts
from specialists.faults import fault

SECRET = "sk-secret and what the user wrote"


def http(status: int, *, code: str = "", param: str = "", message: str = SECRET, **more: object) -> ModelHTTPError:
    body = {"message": message, "param": param or None, "code": code}
    return ModelHTTPError(status, "m", body, provider_error_code=code or None, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "kind", "again"),
    [
        (http(500), ApiFailed, True),
        (http(502), ApiFailed, True),
        (http(409), ApiFailed, True),
        (http(418), ApiFailed, False),
        (http(408), TimedOut, True),
        (http(504), TimedOut, True),
        (http(413), ContextTooLong, False),
        (http(400, code="context_length_exceeded"), ContextTooLong, False),
        (http(400, code="content_filter"), ContentRefused, False),
        (http(429, code="insufficient_quota", message="check your plan and billing details"), AuthFailed, False),
        (ModelRateLimitError("m", SECRET, retry_after=3.0), RateLimited, True),
        (ModelRateLimitError("m", "", body={"message": "context window tokens per minute"}), RateLimited, True),
        (http(400, message="This model's maximum context length is 8192 tokens"), ContextTooLong, False),
        (http(400, code="credit", message="Your credit balance is too low"), AuthFailed, False),
        (ModelConnectionError("m", SECRET), NetworkFailed, True),
        (ModelAPIError("m", SECRET), ApiFailed, True),
        (ContentFilterError(SECRET), ContentRefused, False),
        (UnexpectedModelBehavior(SECRET), ApiFailed, True),
        (ValueError(SECRET), ApiFailed, True),
        (UserError(SECRET), ApiFailed, False),
        (httpx2.ReadError(SECRET), NetworkFailed, True),
        (httpx2.ConnectTimeout(SECRET), NetworkFailed, True),
        (ConnectionResetError(SECRET), NetworkFailed, True),
        (TimeoutError(SECRET), TimedOut, True),
        (RuntimeError(SECRET), UnknownFailure, False),
        (SettingsError("OPENAI_API_KEY is missing"), AuthFailed, False),
        (RateLimited("m: 429"), RateLimited, True),
    ],
)
def test_an_error_becomes_one_of_ours(error: Exception, kind: type[EngineError], again: bool) -> None:
    found = fault(error, "openai:m")
    assert type(found.error) is kind
    assert found.again is again
    assert "secret" not in found.error.detail
    assert "secret" not in str(found.error)


def test_how_long_to_wait_is_kept() -> None:
    assert fault(ModelRateLimitError("m", "", retry_after=3.5), "m").error.retry_after_seconds == 3.5


@pytest.mark.parametrize(
    ("param", "message", "hint"),
    [
        ("temperature", "", "temperature"),
        ("reasoning.effort", "", "effort"),
        ("reasoning.summary", "Your organization must be verified", "summary"),
        ("max_completion_tokens", "", "max_tokens"),
        ("messages[0].content", "", ""),
        ("", "`top_p` is not supported by this model", "top_p"),
        ("", "temperature: Extra inputs are not permitted", "temperature"),
        ("", "the model does not support tools", "tools"),
        ("", "the message about temperature was empty", ""),
    ],
)
def test_a_blamed_hint_is_found(param: str, message: str, hint: str) -> None:
    error = ModelHTTPError.for_category(
        ModelRequestRejectedError, status_code=400, model_name="m", body={"message": message, "param": param or None}
    )
    assert fault(error, "m").parameter == hint


def test_a_model_is_asked_again_a_few_times_with_growing_pauses() -> None:
    attempts, passing = Attempts(3, Random(1)), fault(http(500), "m")
    waits = [attempts.wait_seconds(passing) for _ in range(4)]
    assert waits[3] is None
    first, second, third = waits[:3]
    assert first is not None
    assert second is not None
    assert third is not None
    assert 0.25 <= first <= 0.5 <= second * 1.01
    assert 1.0 <= third <= 2.0


@pytest.mark.parametrize(("asked", "waits"), [(12.0, True), (20.0, True), (21.0, False), (3_600.0, False)])
def test_a_provider_is_waited_for_only_so_long(asked: float, waits: bool) -> None:
    found = fault(ModelRateLimitError("m", "", retry_after=asked), "m")
    assert Attempts(2, Random(1)).wait_seconds(found) == (asked if waits else None)


def test_what_cannot_get_better_is_not_tried_again() -> None:
    assert Attempts(5, Random(1)).wait_seconds(fault(http(401), "m")) is None
