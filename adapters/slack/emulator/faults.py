"""What Slack does to an app on a bad day."""

from adapters.mischief import Fault, Mischief

DOWNLOAD = "files.download"
"""Stands for a method in the faults of downloads, which are none; their `chat` is the id of the file."""


class Faults(Mischief):
    """Refusals in Slack's words, beside what every network does.

    A download (`method=DOWNLOAD`) is cut in its middle by `drops_after`, stalls there with `slow`, and is other bytes
    with `garbage`.
    """

    def redirects(self, to: str, *, file: str | None = None, nth: int = 1, times: int | None = 1) -> Fault:
        """Send who downloads a file to another address."""
        return self.lies_in_wait(Fault("status", DOWNLOAD, file, nth, times, 302, to))

    def floods(
        self,
        seconds: int,
        *,
        method: str | None = None,
        chat: str | None = None,
        nth: int = 1,
        times: int | None = 1,
    ) -> Fault:
        """Answer 429 with `Retry-After: seconds`."""
        return self.lies_in_wait(Fault("flood", method, chat, nth, times, 429, "ratelimited", seconds))

    def fails(
        self,
        what: str | int = "internal_error",
        *,
        method: str | None = None,
        chat: str | None = None,
        nth: int = 1,
        times: int | None = 1,
    ) -> Fault:
        """Do nothing, and answer with an error of Slack's (`"fatal_error"`) or a bare HTTP status (`503`)."""
        if isinstance(what, int):
            return self.lies_in_wait(Fault("status", method, chat, nth, times, what))
        return self.lies_in_wait(Fault("error", method, chat, nth, times, 200, what))
