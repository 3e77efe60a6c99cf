"""What Telegram does to a bot on a bad day."""

from adapters.mischief import Fault, Mischief

DOWNLOAD = "download"
"""The `method` by which faults know the fetching of a file."""


class Faults(Mischief):
    """Refusals in the words of the Bot API, beside what every network does."""

    def floods(
        self,
        retry_after: int,
        *,
        method: str | None = None,
        chat: int | None = None,
        nth: int = 1,
        times: int | None = 1,
    ) -> Fault:
        """Answer 429 with `retry_after`."""
        said = f"Too Many Requests: retry after {retry_after}"
        return self.lies_in_wait(Fault("status", method, chat, nth, times, 429, said, retry_after))

    def fails(
        self,
        status: int = 500,
        description: str = "Internal Server Error",
        *,
        method: str | None = None,
        chat: int | None = None,
        nth: int = 1,
        times: int | None = 1,
    ) -> Fault:
        """Answer `status` (500, 502, 401, 400, …) without doing anything."""
        return self.lies_in_wait(Fault("status", method, chat, nth, times, status, description))

    def stalls(self, *, nth: int = 1, times: int | None = 1) -> Fault:
        """A download stops in the middle, and goes on only when `fault.release.set()` is called."""
        return self.lies_in_wait(Fault("slow", DOWNLOAD, None, nth, times))

    def cuts(self, *, nth: int = 1, times: int | None = 1) -> Fault:
        """A download is cut in the middle."""
        return self.lies_in_wait(Fault("drop_after", DOWNLOAD, None, nth, times))
