"""What went wrong at a provider: its SDK's errors, and pydantic-ai's, in the terms of our own tree."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx2
from openai import APIConnectionError, APIError, APIStatusError
from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelTimeoutError,
    OutputTokenLimitExceeded,
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

PARAMETERS: Final = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "max_tokens": ("max_tokens", "max_completion_tokens", "max_output_tokens"),
    "effort": ("reasoning", "reasoning_effort", "effort", "thinking", "output_config"),
    "summary": ("reasoning.summary", "summary"),
    "cache": ("prompt_cache_key", "prompt_cache_options", "prompt_cache_breakpoint", "cache_control"),
    "tools": ("tools", "tool_choice", "functions"),
}
"""Hint that we give → names under which a provider may refuse it."""
SOUND_PARAMETERS: Final = {
    "language": ("language", "languages"),
    "vocabulary": ("prompt", "keywords", "hotwords", "initial_prompt"),
    "instructions": ("instructions",),
}
"""The same of requests for transcription and speech."""
PICTURES: Final = "pictures"
"""Refused by a model that cannot see, whatever it calls them."""

_REFUSED = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|not permitted|not allowed|extra inputs|deprecated"
)
_LENGTH_CODES = {
    "context_length_exceeded",
    "string_above_max_length",
    "request_too_large",
    "model_context_window_exceeded",
}
_LENGTH_WORDS = (
    "context length",
    "context window",
    "prompt is too long",
    "maximum number of tokens",
)
_CONTENT_CODES = {"content_filter", "content_policy_violation", "responsible_ai_policy_violation", "moderation_blocked"}
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_CANNOT_SEE = re.compile(
    r"(image|vision|multi-?modal|picture)[^.]{0,80}(not supported|unsupported|not support|only supported by|not allowed"
    r"|not available|not enabled)"
    r"|(not support|not supported|unsupported|does not accept|cannot accept|can(?:no|')t read|no endpoints? found that "
    r"support|not a|without)[^.]{0,80}(image|vision|multi-?modal|picture)"
    r"|unknown variant `?(image_url|input_image|image)|at most 0 image|mmproj"
    r"|content[^.]{0,20} must be a string"
)
"""How OpenAI, Anthropic, DeepSeek, OpenRouter, xAI, Groq, Ollama, vLLM, llama.cpp and LM Studio say it."""
_BAD_PICTURE = re.compile(
    r"format|invalid_image|invalid_base64|too large|exceeds|could not process|corrupt|media.?type"
)
_SEEING_STATUS = (400, 404, 415, 422, 500, 501)
_QUOTA_WORDS = ("credit balance", "insufficient balance", "check your plan and billing")
_RECOGNISED_CHARS = 2_000
_TOO_LARGE = 413
_SLOW = (408, 504)
_SERVER = 500


class AttemptError(Exception):
    """An attempt that failed, for the reason it carries."""

    def __init__(self, fault: "Fault") -> None:
        super().__init__(fault.error.detail)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed attempt, and what may be done about it."""

    error: EngineError
    again: bool = False
    """The same request to the same model may succeed in a moment."""
    parameter: str = ""
    """The hint that the model does not take, a key of `PARAMETERS` or `SOUND_PARAMETERS`, or `PICTURES`; without it the
    request may succeed at once."""

    @property
    def down(self) -> bool:
        """The provider failed us, rather than our request or its content failing the provider."""
        return not isinstance(self.error, ContentRefused | ContextTooLong)


def fault(error: BaseException, model: str) -> Fault:
    """The fault that `error` of an attempt with `model` is.

    Its `detail` is for the log: model, status, code; never text of a provider or a user, never a key.
    """
    match error:
        case AttemptError():
            return error.fault
        case EngineError():
            return Fault(error, again=error.retryable)
        case SettingsError():
            return Fault(AuthFailed(error.detail))
        case ContentFilterError():
            return Fault(ContentRefused(f"{model}: content filter"))
        case ModelAPIError():
            return _of_provider(error, model, PARAMETERS)
        case APIStatusError():
            return _of_provider(_categorized(error, model), model, SOUND_PARAMETERS)
        case APIConnectionError() if not _waited(error):
            return Fault(NetworkFailed(f"{model}: {type(error).__name__}"), again=True)
        case APIConnectionError():
            return Fault(TimedOut(f"{model}: {type(error).__name__}"), again=True)
        case APIError():
            return Fault(ApiFailed(f"{model}: malformed answer, {type(error).__name__}"), again=True)
        case TimeoutError():
            return Fault(TimedOut(f"{model}: took too long"), again=True)
        case httpx2.TimeoutException() if _waited(error):
            return Fault(TimedOut(f"{model}: {type(error).__name__}"), again=True)
        case httpx2.TransportError() | httpx2.StreamError() | OSError():
            return Fault(NetworkFailed(f"{model}: {type(error).__name__}"), again=True)
        case OutputTokenLimitExceeded():
            return Fault(ApiFailed(f"{model}: the answer was longer than allowed"))
        case UserError():
            return Fault(ApiFailed(f"{model}: {type(error).__name__}"))
        case UnexpectedModelBehavior() | ValueError() | UnicodeError():
            return Fault(ApiFailed(f"{model}: malformed answer, {type(error).__name__}"), again=True)
        case _:
            return Fault(UnknownFailure(f"{model}: {type(error).__name__}"))


def _categorized(error: APIStatusError, model: str) -> ModelHTTPError:
    """The error of a plain request as pydantic-ai would have it."""
    match error.status_code:
        case 401 | 403:
            category: type[ModelRateLimitError | ModelQuotaExceededError | ModelRequestRejectedError] | None = (
                ModelAuthenticationError
            )
        case 404:
            category = ModelNotFoundError
        case 429:
            category = ModelQuotaExceededError if error.code == "insufficient_quota" else ModelRateLimitError
        case status if status < _SERVER and status not in (408, 409, 425):
            category = ModelRequestRejectedError
        case _:
            category = None
    return ModelHTTPError.for_category(
        category,
        status_code=error.status_code,
        model_name=model,
        body=error.body,
        headers=dict(error.response.headers),
        provider_error_code=error.code,
        provider_error_type=error.type,
    )


def _of_provider(error: ModelAPIError, model: str, parameters: Mapping[str, Sequence[str]]) -> Fault:
    detail = _detail(error, model)
    if _is_content(error):
        return Fault(ContentRefused(detail))
    if isinstance(error, ModelContextWindowExceededError) or _is_length(error):
        return Fault(ContextTooLong(detail))
    if isinstance(error, ModelQuotaExceededError) or any(words in _told(error) for words in _QUOTA_WORDS):
        return Fault(AuthFailed(f"{detail}, the account's quota is used up"))
    if _is_blind(error):
        return Fault(ApiFailed(f"{detail}, it takes no pictures"), parameter=PICTURES)
    match error:
        case ModelRateLimitError():
            return Fault(RateLimited(detail, retry_after_seconds=error.retry_after), again=True)
        case ModelAuthenticationError():
            return Fault(AuthFailed(detail))
        case ModelNotFoundError():
            return Fault(ApiFailed(f"{detail}, no such model or address"))
        case ModelRequestRejectedError():
            return Fault(RequestRefused(detail), parameter=_parameter(error, parameters))
        case ModelRequestTimeout():
            return Fault(TimedOut(detail), again=True)
        case ModelTimeoutError() if _waited(error):
            return Fault(TimedOut(detail), again=True)
        case ModelConnectionError():
            return Fault(NetworkFailed(detail), again=True)
        case ModelHTTPError() if error.status_code in _SLOW:
            return Fault(TimedOut(detail, retry_after_seconds=error.retry_after), again=True)
        case ModelHTTPError():
            passing = error.status_code >= _SERVER or error.in_stream or error.status_code in (409, 425)
            return Fault(ApiFailed(detail, retry_after_seconds=error.retry_after), again=passing)
        case _:
            return Fault(ApiFailed(detail, retry_after_seconds=error.retry_after), again=True)


def _waited(error: BaseException) -> bool:
    """Whether a time ran out in earnest: the aiohttp transport calls every lost connection a time-out."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _detail(error: ModelAPIError, model: str) -> str:
    parts = [str(error.status_code)] if isinstance(error, ModelHTTPError) else [type(error).__name__]
    parts += [code for code in (error.provider_error_code, error.provider_error_type) if code and _CODE.fullmatch(code)]
    return f"{model}: {' '.join(dict.fromkeys(parts))}"


def _codes(error: ModelAPIError) -> set[str]:
    return {code.lower() for code in (error.provider_error_code, error.provider_error_type) if code}


def _is_content(error: ModelAPIError) -> bool:
    return bool(_codes(error) & _CONTENT_CODES)


def _is_length(error: ModelAPIError) -> bool:
    if isinstance(error, ModelHTTPError) and error.status_code == _TOO_LARGE:
        return True
    if isinstance(error, ModelRateLimitError):
        return False
    told = _told(error)
    return bool(_codes(error) & _LENGTH_CODES) or any(words in told for words in _LENGTH_WORDS)


def _is_blind(error: ModelAPIError) -> bool:
    """Whether the model refuses pictures altogether, rather than one that is broken or too large."""
    if not isinstance(error, ModelHTTPError) or error.status_code not in _SEEING_STATUS:
        return False
    told = _told(error)
    return bool(_CANNOT_SEE.search(told)) and not _BAD_PICTURE.search(told)


def _parameter(error: ModelAPIError, parameters: Mapping[str, Sequence[str]]) -> str:
    """Which of our hints the provider blames; empty when none, or one that cannot be left out."""
    body = _body(error)
    blamed, told = body.get("param"), _told(error)
    if isinstance(blamed, str):
        exact = _named(blamed, parameters) or _named(blamed.partition(".")[0].partition("[")[0], parameters)
        if exact:
            return exact
    if not _REFUSED.search(told):
        return ""
    words = set(re.findall(r"[a-z_]+(?:\.[a-z_]+)*", told))
    return next((hint for hint, names in parameters.items() if words & set(names)), "")


def _named(parameter: str, parameters: Mapping[str, Sequence[str]]) -> str:
    return next((hint for hint, names in parameters.items() if parameter in names), "")


def _body(error: ModelAPIError) -> dict[str, object]:
    body = error.body
    if not isinstance(body, dict):
        return {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else body


def _told(error: ModelAPIError) -> str:
    """The provider's words, for recognising only. FastAPI's servers tell in `detail`, others in the plain body."""
    body = _body(error)
    message = body.get("message") or body.get("detail") or (error.body if isinstance(error.body, str) else "")
    return str(message).lower()[:_RECOGNISED_CHARS]
