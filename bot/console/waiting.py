"""How much each visitor has uploaded and not sent yet, so that nobody fills our disk."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count

from bot.domain.errors import FileRefused
from bot.domain.ports import Clock

UPLOAD_SECONDS = 24 * 3600.0
"""How long something uploaded waits to be sent."""
MAX_WAITING = 20
MAX_WAITING_BYTES = 100_000_000


class Waiting:
    """Counts in this process only: what is lost with it lets a visitor upload a little more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, dict[str, tuple[int, float]]] = {}
        """Visitor → token → size in bytes, and since when."""
        self._numbers = count()

    @contextmanager
    def room(self, visitor: str, size_bytes: int) -> Iterator[None]:
        """Hold room for an upload that is on its way; FileRefused when the visitor has too much already."""
        self._forget_old()
        held = self._held.get(visitor, {})
        if len(held) >= MAX_WAITING:
            raise FileRefused("web-upload-too-many", count=MAX_WAITING)
        if sum(size for size, _ in held.values()) + size_bytes > MAX_WAITING_BYTES:
            raise FileRefused("web-upload-too-much", megabytes=MAX_WAITING_BYTES // 1_000_000)
        place = f"on its way {next(self._numbers)}"
        self.add(visitor, place, size_bytes)
        try:
            yield
        finally:
            self.drop(visitor, [place])

    def add(self, visitor: str, token: str, size_bytes: int) -> None:
        self._held.setdefault(visitor, {})[token] = (size_bytes, self._clock.monotonic())

    def drop(self, visitor: str, tokens: Iterable[str]) -> None:
        """They were sent, or removed."""
        held = self._held.get(visitor, {})
        for token in tokens:
            held.pop(token, None)
        if not held:
            self._held.pop(visitor, None)

    def _forget_old(self) -> None:
        end = self._clock.monotonic() - UPLOAD_SECONDS
        for visitor, held in list(self._held.items()):
            self.drop(visitor, [token for token, (_, since) in held.items() if since < end])
