"""The one tree of errors; who must act decides the branch.

SwitchboardError
├── SettingsError            the operator of the machine: names the setting and the fix
├── Refused                  the user: the request cannot be done, and says why
│   ├── NotAllowed           the button, thread or command is not theirs
│   └── FileRefused          the file cannot be used: says why
├── StorageError             the database is locked, gone, or refuses
│   └── FilesAway            the store of files refuses, or cannot be reached
├── LeaseLost                the process no longer owns the job it works on: fall silent
├── MessengerError           a messenger refused or could not be reached
│   ├── Flooded              429: wait `retry_after_seconds`, in that chat only
│   ├── Unreachable          certainly not delivered (connection refused, 5xx before acceptance)
│   ├── Ambiguous            perhaps delivered (time-out, connection cut after the request was written)
│   ├── Blocked              the user blocked the bot, or it was removed from the chat
│   │   └── TopicGone        only the topic is deleted or closed, the room is there
│   ├── ChatMoved            the chat has a new address, `place`
│   ├── MessageGone          the message to edit or delete does not exist any more
│   ├── StreamEnded          the message is there and does not grow any more; it can still be edited
│   ├── NotModified          the edit would change nothing
│   ├── Unrenderable         the platform refuses our markup or length
│   ├── VoiceRefused         the user takes no voice messages
│   ├── FileTooLarge         longer than we or the platform allow
│   ├── FileGone             the messenger does not have the file (any more)
│   └── Misconfigured        the token or the rights of the bot are wrong
└── EngineError              the reply could not be made
    ├── AuthFailed · RateLimited · ContextTooLong · ContentRefused
    ├── NetworkFailed · TimedOut · UnknownFailure
    └── ApiFailed
        └── RequestRefused   the very same request will be refused again
"""

from typing import ClassVar

from bot.domain.place import Place


class SwitchboardError(Exception):
    """Base of everything we raise on purpose.

    `sentence` is the Fluent key of what the user is told; `retryable` says whether the same call may succeed later;
    `retry_after_seconds` is how long the other side asked us to wait, `None` when it did not say.
    """

    sentence: ClassVar[str] = "error-unknown"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class SettingsError(SwitchboardError):
    """A setting is missing or wrong; `detail` names it and says what to do."""


class Refused(SwitchboardError):
    """The request is understood and will not be done."""

    sentence = "refused"


class NotAllowed(Refused):
    sentence = "refused-not-yours"


class FileRefused(Refused):
    """`reason` is the Fluent key of the sentence that tells the user why, `arguments` are its arguments."""

    def __init__(self, reason: str, detail: str = "", **arguments: str | int) -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.arguments = arguments


class StorageError(SwitchboardError):
    """The database did not answer or refused; nothing of the transaction was kept."""

    sentence = "error-storage"
    retryable = True


class FilesAway(StorageError):
    """The store of files did not answer or refused."""

    sentence = "error-files"


class LeaseLost(SwitchboardError):
    """Another process may own the job by now; say nothing more on its behalf."""


class MessengerError(SwitchboardError):
    sentence = "error-messenger"


class Flooded(MessengerError):
    retryable = True


class Unreachable(MessengerError):
    retryable = True


class Ambiguous(MessengerError):
    retryable = True


class Blocked(MessengerError):
    pass


class TopicGone(Blocked):
    pass


class ChatMoved(MessengerError):
    """The chat lives at `place` now; send there."""

    retryable = True

    def __init__(self, place: Place) -> None:
        super().__init__("chat moved")
        self.place = place


class MessageGone(MessengerError):
    pass


class StreamEnded(MessengerError):
    pass


class NotModified(MessengerError):
    pass


class Unrenderable(MessengerError):
    pass


class VoiceRefused(MessengerError):
    pass


class FileTooLarge(MessengerError):
    pass


class FileGone(MessengerError):
    pass


class Misconfigured(MessengerError):
    pass


class EngineError(SwitchboardError):
    sentence = "error-engine"


class AuthFailed(EngineError):
    sentence = "error-engine-auth"


class RateLimited(EngineError):
    sentence = "error-engine-rate"
    retryable = True


class ContextTooLong(EngineError):
    sentence = "error-engine-context"


class ContentRefused(EngineError):
    sentence = "error-engine-content"


class ApiFailed(EngineError):
    retryable = True


class RequestRefused(ApiFailed):
    retryable = False


class NetworkFailed(EngineError):
    sentence = "error-engine-network"
    retryable = True


class TimedOut(EngineError):
    sentence = "error-engine-timeout"
    retryable = True


class UnknownFailure(EngineError):
    sentence = "error-unknown"
