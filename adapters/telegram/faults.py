"""What the Bot API and the network answer, in our own tree of errors."""

import re

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiohttp import ClientConnectorError, InvalidURL, NonHttpUrlClientError

from bot.domain.errors import (
    Ambiguous,
    Blocked,
    ChatMoved,
    FileGone,
    FileTooLarge,
    Flooded,
    MessageGone,
    MessengerError,
    Misconfigured,
    NotModified,
    TopicGone,
    Unreachable,
    Unrenderable,
    VoiceRefused,
)
from bot.domain.place import Place

_LONGEST_DETAIL = 200

# The Bot API tells its 400s apart by prose only; the first match counts, and any other one is about what we sent.
_BAD_REQUESTS: tuple[tuple[re.Pattern[str], type[MessengerError]], ...] = (
    (re.compile(r"message is not modified"), NotModified),
    (
        # The privacy of a user, in the words of Telegram's servers and of the Bot API server; the rights in a group.
        re.compile(
            r"voice_messages_forbidden|restricted receiving of voice|send_voices_forbidden|rights to send voice"
        ),
        VoiceRefused,
    ),
    (re.compile(r"file is too big$"), FileTooLarge),
    (re.compile(r"(wrong|invalid) (remote )?file_?id|file is temporarily unavailable|file_id_invalid"), FileGone),
    (re.compile(r"thread not found|topic[_ ](deleted|closed|id_invalid|not found)"), TopicGone),
    (re.compile(r"chat not found|user not found|peer_id_invalid|was deactivated|is deactivated"), Blocked),
    (
        re.compile(
            r"message (to [a-z ]+)?not found|message can't be|message_id_invalid|message_author_required"
            # What was said there was a file; text is said anew beside it.
            r"|there is no text in the message"
        ),
        MessageGone,
    ),
    (
        re.compile(r"not enough rights|no rights|need administrator|_forbidden|chat_admin_required|chat_restricted"),
        Misconfigured,
    ),
)


def translate(exc: Exception, place: Place | None = None, *, repeatable: bool = True) -> MessengerError:
    """The error of ours that `exc` of a call about `place` means.

    `repeatable` says that the call may be made twice without harm (edit, delete, draft). Only for the others it
    matters whether the platform may have acted already: then a cut connection is `Ambiguous`.
    """
    in_doubt = Unreachable if repeatable else Ambiguous
    match exc:
        case TelegramRetryAfter():
            return Flooded("too many requests", retry_after_seconds=float(exc.retry_after))
        case TelegramMigrateToChat() if place is not None:
            return ChatMoved(Place(place.messenger, str(exc.migrate_to_chat_id)))
        case TelegramEntityTooLarge():
            return Unrenderable("the request is too large")
        case TelegramNetworkError() if isinstance(exc.__cause__, InvalidURL | NonHttpUrlClientError):
            return Misconfigured("TELEGRAM_API_BASE is not an http address")
        case TelegramNetworkError() if isinstance(exc.__cause__, ClientConnectorError):
            return Unreachable(type(exc.__cause__).__name__)
        case TelegramNetworkError() | ClientDecodeError() | TelegramServerError():
            return in_doubt(type(exc.__cause__ or exc).__name__)
        case TelegramAPIError():
            return _refusal(exc)
        case UnicodeError():
            return Unrenderable("text that is not Unicode")
        case _:
            return in_doubt(type(exc).__name__)


def _refusal(exc: TelegramAPIError) -> MessengerError:
    prose = (exc.message or "")[:_LONGEST_DETAIL]
    match exc:
        case TelegramForbiddenError():
            return Blocked(prose)
        case TelegramUnauthorizedError():
            return Misconfigured("TELEGRAM_BOT_TOKEN was refused")
        case TelegramNotFound() if "method" in prose.lower():
            return Unrenderable("this Bot API server does not know the method")
        case TelegramNotFound():
            return Misconfigured("TELEGRAM_BOT_TOKEN or TELEGRAM_API_BASE is wrong")
        case TelegramConflictError():
            return Unreachable(prose)
        case TelegramBadRequest():
            return _bad_request(prose)
        case _ if "too many requests" in prose.lower():
            return Flooded("too many requests", retry_after_seconds=1.0)
        case _:
            return Unrenderable(prose)


def _bad_request(prose: str) -> MessengerError:
    lowered = prose.lower()
    kind = next((kind for pattern, kind in _BAD_REQUESTS if pattern.search(lowered)), Unrenderable)
    return kind(prose)


def is_stale_press(exc: MessengerError) -> bool:
    """Whether a press was answered too late or by another process; nothing is left to do then."""
    return "query is too old" in exc.detail or "query_id_invalid" in exc.detail.lower()
