"""Every error of an SDK in our own terms, without a word of the provider."""

from random import Random

import httpx2
import pytest
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError
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
    RequestRefused,
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


BLIND = [
    (400, "Invalid content type. image_url is only supported by certain models."),
    (400, "'claude-3-5-haiku' does not support image input."),
    (400, "Failed to deserialize the JSON body: messages[0]: unknown variant `image_url`, expected `text`"),
    (404, "No endpoints found that support image input"),
    (400, "Image inputs are not supported by this model"),
    (400, "messages[0].content must be a string"),
    (400, "this model does not support images"),
    (400, "qwen3 is not a multimodal model"),
    (400, "At most 0 image(s) may be provided in one request."),
    (500, "image input is not supported - hint: you may need to provide the mmproj"),
    (400, "Model does not support images. Please use a model that does."),
]
SEEING = [
    (400, "You uploaded an unsupported image. Please make sure your image has of one the following formats: png"),
    (400, "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum"),
    (400, "Could not process image"),
    (400, "Invalid base64 image_url."),
    (400, "Unsupported parameter: 'temperature' is not supported with this model."),
    (503, "image inputs are not supported right now"),
    (401, "Image inputs are not supported by this model"),
]


@pytest.mark.parametrize(("status", "message"), BLIND)
def test_a_model_that_cannot_see_is_known_by_what_it_says(status: int, message: str) -> None:
    assert fault(http(status, message=message), "m").parameter == "pictures"


@pytest.mark.parametrize(("status", "message"), SEEING)
def test_a_bad_picture_or_another_complaint_is_no_blindness(status: int, message: str) -> None:
    assert fault(http(status, message=message), "m").parameter != "pictures"


REQUEST = httpx2.Request("POST", "http://sound.example/v1/audio/transcriptions")


def plain(status: int, body: object = None, *, retry_after: str = "") -> APIStatusError:
    """What the SDK raises for a request of sound."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    response = httpx2.Response(status, request=REQUEST, headers=headers)
    return APIStatusError("refused", response=response, body=body)


@pytest.mark.parametrize(
    ("error", "kind", "again"),
    [
        (plain(401), AuthFailed, False),
        (plain(403), AuthFailed, False),
        (plain(404), ApiFailed, False),
        (plain(400), RequestRefused, False),
        (plain(413), ContextTooLong, False),
        (plain(429), RateLimited, True),
        (plain(429, {"code": "insufficient_quota"}), AuthFailed, False),
        (plain(408), TimedOut, True),
        (plain(504), TimedOut, True),
        (plain(409), ApiFailed, True),
        (plain(500), ApiFailed, True),
        (APIConnectionError(request=REQUEST), NetworkFailed, True),
        (APIError("garbage", REQUEST, body=None), ApiFailed, True),
    ],
)
def test_errors_of_the_plain_sdk(error: APIError, kind: type[EngineError], again: bool) -> None:
    found = fault(error, "openai:whisper-1")
    assert (type(found.error), found.again) == (kind, again)
    assert found.error.detail.startswith("openai:whisper-1: ")
    assert "example" not in found.error.detail


def test_a_wait_that_a_service_of_sound_asks_for_is_read() -> None:
    assert fault(plain(429, retry_after="7"), "m").error.retry_after_seconds == 7


def test_a_time_out_of_the_plain_sdk_is_one() -> None:
    error = APITimeoutError(request=REQUEST)
    error.__cause__ = TimeoutError()
    assert isinstance(fault(error, "m").error, TimedOut)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"param": "language", "message": "no"}, "language"),
        ({"param": "languages[0]", "message": "no"}, "language"),
        ({"message": "Unsupported parameter: 'prompt'"}, "vocabulary"),
        ({"message": "keywords: extra inputs are not permitted"}, "vocabulary"),
        ({"detail": [{"loc": ["body", "language"], "msg": "Extra inputs are not permitted"}]}, "language"),
        ({"message": "Unknown parameter: 'instructions'"}, "instructions"),
        ({"message": "the file is broken"}, ""),
    ],
)
def test_a_hint_that_a_service_of_sound_refuses_is_known(body: object, parameter: str) -> None:
    assert fault(plain(400, body), "m").parameter == parameter
