"""Small messages between tasks and, on PostgreSQL, between processes."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import asyncpg

from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from storage import catalog, installations, providers
from storage.database import CONNECT_TIMEOUT_SECONDS, Address
from storage.types import storable

CHANNEL = "switchboard"
LARGEST_MESSAGE_BYTES = 6_000
LARGEST_TOPIC_BYTES = 1_500
LONGEST_BACKLOG = 1_000

PROBE_SECONDS = 15.0
PROBE_TIMEOUT_SECONDS = 5.0
LONGEST_RECONNECT_SECONDS = 5.0

MISSED = ("jobs", catalog.CHANGED, providers.CHANGED, installations.CHANGED)
"""The topics whose readers look into the database, and do so once more when something may have passed unheard."""

_LOST = (OSError, asyncio.TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, SettingsError)

logger = logging.getLogger(__name__)


def check_message(topic: str, message: str) -> None:
    """ValueError when the bus cannot carry it: NOTIFY takes less than 8,000 bytes in all."""
    if len(message.encode("utf-8", "replace")) > LARGEST_MESSAGE_BYTES:
        raise ValueError(f"a bus message has at most {LARGEST_MESSAGE_BYTES} bytes")
    if "\n" in topic or len(topic.encode("utf-8", "replace")) > LARGEST_TOPIC_BYTES:
        raise ValueError(f"a topic is one line of at most {LARGEST_TOPIC_BYTES} bytes")


class _Reader:
    """One subscription: its topics and what it has not read yet, the oldest dropped first."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._exact = frozenset(topic for topic in topics if not topic.endswith("*"))
        self._beginnings = tuple(topic[:-1] for topic in topics if topic.endswith("*"))
        self._backlog: deque[tuple[str, str]] = deque(maxlen=LONGEST_BACKLOG)
        self._filled = asyncio.Event()

    def offer(self, topic: str, message: str) -> None:
        if topic in self._exact or (self._beginnings and topic.startswith(self._beginnings)):
            self._backlog.append((topic, message))
            self._filled.set()

    def __aiter__(self) -> "_Reader":
        return self

    async def __anext__(self) -> tuple[str, str]:
        while not self._backlog:
            self._filled.clear()
            await self._filled.wait()
        return self._backlog.popleft()


class LocalBus:
    """Between the tasks of this process."""

    def __init__(self) -> None:
        self._readers: set[_Reader] = set()

    async def publish(self, topic: str, message: str) -> None:
        """ValueError when the message is over 6,000 bytes."""
        check_message(topic, message)
        self.deliver(topic, message)

    def deliver(self, topic: str, message: str) -> None:
        for reader in self._readers:
            reader.offer(topic, message)

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[AsyncIterator[tuple[str, str]]]:
        reader = _Reader(topics)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)


class PostgresBus(LocalBus):
    """Between the processes of one database, by LISTEN and NOTIFY on a connection of its own.

    Tasks of this process hear each other without the detour. A lost connection is made anew; whoever waits for work,
    or follows what is kept in the database, is then woken once, because something may have passed unheard. The
    connection also holds the process's name.
    """

    def __init__(self, address: Address, clock: Clock) -> None:
        super().__init__()
        self._address = address
        self._clock = clock
        self._origin = uuid4().hex
        self._speaking = asyncio.Lock()
        self._connection: Any = None
        self._ended = asyncio.Event()
        self._process = ""
        self._keeper: asyncio.Task[None] | None = None

    async def open(self, name: str) -> str:
        """Connect and listen; the process's name in force: `name`, or `name-2`, … when others hold it.

        Raises what the driver raises. An empty `name` takes none.
        """
        await self._connect()
        if name:
            self._process = await self._take_name(name)
        self._keeper = asyncio.create_task(self._keep(), name="bus")
        return self._process

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await self._disconnect()

    async def publish(self, topic: str, message: str) -> None:
        """ValueError when the message is over 6,000 bytes. Other processes miss it while the database is away."""
        await super().publish(topic, message)
        try:
            await self._speak("SELECT pg_notify($1, $2)", CHANNEL, self.encode(topic, message))
        except _LOST as error:
            logger.warning("a message of %d characters was not passed on: %s", len(message), type(error).__name__)

    def encode(self, topic: str, message: str) -> str:
        """The payload of a NOTIFY. Not JSON: its escapes could double the length beyond what NOTIFY takes."""
        return f"{self._origin} {storable(topic)}\n{storable(message)}"

    def _hear(self, connection: object, pid: int, channel: str, payload: object) -> None:
        head, _, message = str(payload).partition("\n")
        origin, _, topic = head.partition(" ")
        if origin != self._origin:
            self.deliver(topic, message)

    async def _connect(self) -> None:
        connection = await self._address.connect()
        self._ended.clear()
        connection.add_termination_listener(lambda _: self._ended.set())
        await connection.add_listener(CHANNEL, self._hear)
        self._connection = connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*_LOST):
                await connection.close(timeout=PROBE_TIMEOUT_SECONDS)

    async def _speak(self, query: str, *arguments: object) -> Any:
        async with self._speaking:
            if self._connection is None:
                raise OSError("not connected")
            return await self._connection.fetchval(query, *arguments, timeout=PROBE_TIMEOUT_SECONDS)

    async def _take_name(self, name: str) -> str:
        number = 1
        while not await self._hold(candidate := name if number == 1 else f"{name}-{number}"):
            number += 1
        return candidate

    async def _hold(self, process: str) -> bool:
        query = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
        return bool(await self._speak(query, f"switchboard process {process}"))

    async def _keep(self) -> None:
        while True:
            await self._until_lost()
            await self._disconnect()
            await self._reconnect()

    async def _until_lost(self) -> None:
        """Return when the connection ended, or gives no answer any more."""
        try:
            while not await self._ended_within(PROBE_SECONDS):
                await self._speak("SELECT 1")
        except _LOST:
            return

    async def _ended_within(self, seconds: float) -> bool:
        ended = asyncio.ensure_future(self._ended.wait())
        pause = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((ended, pause), return_when=asyncio.FIRST_COMPLETED)
            return self._ended.is_set()
        finally:
            ended.cancel()
            pause.cancel()

    async def _reconnect(self) -> None:
        pause_seconds = 0.0
        while True:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                    await self._connect()
                    held = not self._process or await self._hold(self._process)
            except _LOST as error:
                await self._disconnect()
                logger.warning("the bus is not connected: %s", type(error).__name__)
                await self._clock.sleep(pause_seconds)
                pause_seconds = min(LONGEST_RECONNECT_SECONDS, pause_seconds * 2 or 0.1)
                continue
            if not held:
                logger.error("another process has taken the name %s meanwhile", self._process)
            logger.info("the bus is connected again")
            for topic in MISSED:
                self.deliver(topic, "")
            return
