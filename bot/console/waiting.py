"""How much was uploaded and not sent yet, by each visitor and by all together, so that nobody fills our disk."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from bot.domain.errors import FileRefused
from bot.domain.ports import Clock

UPLOAD_SECONDS = 24 * 3600.0
"""How long something uploaded waits to be sent."""
MAX_WAITING = 20
MAX_WAITING_BYTES = 100_000_000
MAX_OF_ALL = 10_000
MAX_BYTES_OF_ALL = 2_000_000_000
"""Of all visitors together: who asks for a new cookie gets one, and with it room of their own."""
GIVES_WAY_SECONDS = 600.0
"""What has waited so long may be dropped for something new: its tab may be closed, where nobody can remove it."""

_CROWDED = "web-upload-crowded"


@dataclass(frozen=True, slots=True)
class _Held:
    visitor: str
    size_bytes: int
    since: float
    is_there: bool = True
    """It is not on its way any more."""


@dataclass(slots=True)
class _Taken:
    """The room that is taken, by one visitor and by all."""

    own: int
    own_bytes: int
    all: int
    all_bytes: int

    def lacking(self, size_bytes: int) -> str:
        """Fluent key of why there is no room for so much; empty when there is."""
        if self.own >= MAX_WAITING:
            return "web-upload-too-many"
        if self.own_bytes + size_bytes > MAX_WAITING_BYTES:
            return "web-upload-too-much"
        is_crowded = self.all >= MAX_OF_ALL or self.all_bytes + size_bytes > MAX_BYTES_OF_ALL
        return _CROWDED if is_crowded else ""


class Waiting:
    """Counts in this process only: what is lost with it lets visitors upload a little more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}
        """By token, the oldest first."""
        self._numbers = count()

    @contextmanager
    def room(self, visitor: str, size_bytes: int) -> Iterator[None]:
        """Hold room for an upload that is on its way; FileRefused when there is none."""
        if reason := self._taken(visitor).lacking(size_bytes):
            raise FileRefused(reason, count=MAX_WAITING, megabytes=MAX_WAITING_BYTES // 1_000_000)
        place = f"on its way {next(self._numbers)}"
        self._held[place] = _Held(visitor, size_bytes, self._clock.monotonic(), is_there=False)
        try:
            yield
        finally:
            self.drop(visitor, [place])

    def has_room(self, visitor: str, size_bytes: int) -> bool:
        end = self._clock.monotonic() - UPLOAD_SECONDS
        self._held = {token: held for token, held in self._held.items() if held.since >= end or not held.is_there}
        return not self._taken(visitor).lacking(size_bytes)

    def tokens(self, visitor: str) -> list[str]:
        """What the visitor has uploaded, the oldest first."""
        return [token for token, held in self._held.items() if held.visitor == visitor and held.is_there]

    def giving_way(self, visitor: str, size_bytes: int) -> list[tuple[str, str]]:
        """Whose uploads must go so that there is room, and their tokens, of what has waited long enough: the visitor's
        own, and where that does not help, anybody's."""
        end, taken = self._clock.monotonic() - GIVES_WAY_SECONDS, self._taken(visitor)
        old = [(token, held) for token, held in self._held.items() if held.is_there and held.since <= end]
        old.sort(key=lambda one: one[1].visitor != visitor)
        going: list[tuple[str, str]] = []
        for token, held in old:
            reason = taken.lacking(size_bytes)
            if not reason or (held.visitor != visitor and reason != _CROWDED):
                break
            going.append((held.visitor, token))
            taken.all -= 1
            taken.all_bytes -= held.size_bytes
            if held.visitor == visitor:
                taken.own -= 1
                taken.own_bytes -= held.size_bytes
        return going

    def add(self, visitor: str, token: str, size_bytes: int) -> None:
        self._held[token] = _Held(visitor, size_bytes, self._clock.monotonic())

    def drop(self, visitor: str, tokens: Iterable[str]) -> None:
        """They were sent, or removed."""
        for token in tokens:
            if (held := self._held.get(token)) is not None and held.visitor == visitor:
                del self._held[token]

    def _taken(self, visitor: str) -> _Taken:
        own = [held.size_bytes for held in self._held.values() if held.visitor == visitor]
        return _Taken(len(own), sum(own), len(self._held), sum(held.size_bytes for held in self._held.values()))
