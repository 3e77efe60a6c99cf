"""Seams to the outside world that are not messengers or engines."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Time, as everything but a benchmark sees it; tests bring one that they move."""

    @property
    def database_time(self) -> datetime | None:
        """What a database must take for the time; None outside tests: it looks at its own clock."""
        ...

    def now(self) -> datetime:
        """Wall-clock time, aware, in UTC. It may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start that never run backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; zero or less yields once to the event loop."""
        ...


class Bus(Protocol):
    """Small messages between the processes of one platform: wake-ups, stops, web deltas.

    Delivery is at most once and unordered between topics; nothing that must survive rides on it.
    """

    async def publish(self, topic: str, message: str) -> None:
        """Hand `message` (at most 6,000 bytes of UTF-8) to everyone who is subscribed to `topic` now."""
        ...

    def subscribe(self, *topics: str) -> AbstractAsyncContextManager[AsyncIterator[tuple[str, str]]]:
        """Yield `(topic, message)` of the given topics from the moment the context is entered.

        A topic that ends in `*` stands for every topic with that beginning. A reader that falls 1,000 messages
        behind loses the oldest ones.
        """
        ...


class Actions(Protocol):
    """What the tools of one reply may cause, with the rights of the turn's user and of nobody else.

    Every verb raises `Refused` when it may not be done, with a `detail` that the model can act on.
    """

    async def remind(self, text: str, at: datetime) -> None:
        """Say `text` to the user in this thread's place at `at` (aware)."""
        ...

    async def remember(self, fact: str) -> None:
        """Keep a fact that the user asked to keep."""
        ...

    async def escalate(self, reason: str) -> None:
        """Record that a human operator is needed."""
        ...

    async def save_brief(self, values: Mapping[str, str], *, complete: bool) -> None:
        """Keep what the user has said so far about an order; `complete` when nothing required is missing."""
        ...


class FileStore(Protocol):
    """Where the content of files is kept, by keys of our own. Every verb raises `StorageError` only."""

    async def put(self, key: str, source: Path) -> None:
        """Keep what is in `source` under `key`; whole, or not at all."""
        ...

    async def get(self, key: str, into: Path) -> None:
        """Write what is kept under `key` to `into`. StorageError, not retryable, when there is nothing."""
        ...

    async def read(self, key: str) -> bytes:
        """The same into memory."""
        ...

    async def delete(self, key: str) -> None:
        """Nothing is kept under `key` any more; nothing happens when nothing was."""
        ...
