"""Who plays in the tests of the Telegram adapter: a clock that does not wait, a door in, a receiver at work."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.telegram.client import Client
from adapters.telegram.counters import MessageCounters
from adapters.telegram.receiver import Receiver, Webhook
from bot.domain.incoming import Incoming, UserMessage
from bot.domain.messenger import Button, Take
from bot.domain.place import Place
from tests.fakes.clock import ManualClock

PAYLOADS = Path(__file__).parents[1] / "payloads" / "telegram"
AGAIN = ((Button("Again", "again:7"), Button("👍", "up:7", "success")),)
OTHER = ((Button("Again", "again:8"),),)


def at(chat: int, topic: int = 0) -> Place:
    return Place("telegram", str(chat), str(topic) if topic else "")


class SwiftClock(ManualClock):
    """Whoever sleeps wakes at once, and the clock has moved."""

    def __init__(self) -> None:
        super().__init__()
        self.naps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        await self.advance(seconds)


class Inbox:
    """A door in that fails as often as it is told, and then stores."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.stored: list[Incoming] = []
        self._arrived = asyncio.Event()

    async def take(self, incoming: Incoming) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.stored.append(incoming)
        self._arrived.set()

    async def holds(self, count: int) -> list[str]:
        """The texts of everything stored, once there are `count` of them."""
        async with asyncio.timeout(20):
            while len(self.stored) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return [one.payload.text for one in self.stored if isinstance(one.payload, UserMessage)]


def receiver(client: Client, clock: SwiftClock, webhook: Webhook | None = None) -> Receiver:
    return Receiver(client, clock, MessageCounters(), webhook)


@asynccontextmanager
async def receiving(one: Receiver, take: Take) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(one.run(take))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def hanging_up() -> AsyncIterator[str]:
    """The address of a server that ends every connection at once: an unused port may also swallow what it is sent."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


async def eventually(condition: Callable[[], bool]) -> None:
    """Let the sockets work until `condition` holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what sockets do next is nobody's event
            # Not the rhythm of `WatchedLoop.quiet`: two timers that always fire together leave it no silence.
            await asyncio.sleep(0.007)


def opus(words: bytes = b"words") -> bytes:
    """As much of an OGG file with Opus in it as Telegram looks at."""
    page = b"OggS\x00\x02" + bytes(8) + b"\x01\x00\x00\x00" + bytes(8) + b"\x01\x13"
    return page + b"OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00" + words
