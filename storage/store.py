"""The database of one platform: `async with store.begin() as tx`."""

import asyncio
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.domain.errors import StorageError
from bot.domain.ports import Clock
from storage.blobs import Blobs
from storage.briefs import Briefs
from storage.bus import CHANNEL, LocalBus, PostgresBus, check_message
from storage.catalog import Catalog
from storage.counters import Counters
from storage.database import Address, Dialect, FileLock
from storage.escalations import Escalations
from storage.examples import Examples
from storage.faults import translated
from storage.files import Files
from storage.fixes import Fixes
from storage.installations import Installations
from storage.jobs import Jobs
from storage.knowledge import Knowledge
from storage.leases import Leases
from storage.ledger import Ledger
from storage.links import Links
from storage.memory import Memories
from storage.privacy import Privacy
from storage.providers import Providers
from storage.retention import Retention
from storage.search import Search
from storage.sqlite import Connection as SqliteConnection
from storage.stems import Stemmer
from storage.threads import Threads
from storage.turns import Turns
from storage.unbroken import to_its_end
from storage.updates import Updates
from storage.uploads import Uploads
from storage.users import Users
from storage.wire import Wire

READY_TIMEOUT_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Tx:
    """One open transaction, seen room by room."""

    def __init__(self, wire: Wire, stemmer: Stemmer) -> None:
        self.wire = wire
        self.users = Users(wire)
        self.threads = Threads(wire)
        self.turns = Turns(wire)
        self.jobs = Jobs(wire)
        self.updates = Updates(wire)
        self.ledger = Ledger(wire)
        self.knowledge = Knowledge(wire, stemmer)
        self.leases = Leases(wire)
        self.memory = Memories(wire)
        self.files = Files(wire)
        self.blobs = Blobs(wire)
        self.uploads = Uploads(wire, stemmer)
        self.fixes = Fixes(wire)
        self.retention = Retention(wire)
        self.counters = Counters(wire)
        self.examples = Examples(wire)
        self.briefs = Briefs(wire)
        self.escalations = Escalations(wire)
        self.links = Links(wire)
        self.search = Search(wire, stemmer)
        self.privacy = Privacy(wire)
        self.catalog = Catalog(wire)
        self.providers = Providers(wire)
        self.installations = Installations(wire)

    def notify(self, topic: str, message: str) -> None:
        """Published on the bus when, and only when, the transaction commits. ValueError as `Bus.publish`."""
        check_message(topic, message)
        self.wire.notify(topic, message)


@dataclass(slots=True)
class _Open:
    task: "asyncio.Task[object] | None"
    is_open: bool = True


_current: ContextVar[_Open | None] = ContextVar("open_transaction", default=None)


def in_transaction() -> bool:
    """Whether this task, or the one that started it, has a transaction open now (no call to the world may be made)."""
    current = _current.get()
    return current is not None and current.is_open


class Store:
    """One database, SQLite or PostgreSQL. Safe to share by all tasks of the process."""

    dialect: Dialect
    process: str
    """Unique name of this process among those on the database, while it lives."""
    owner: str
    """The process at this boot: `process/boot`. Claims are signed with it."""

    def __init__(
        self, engine: AsyncEngine, dialect: Dialect, bus: LocalBus, process: str, clock: Clock, closing: AsyncExitStack
    ) -> None:
        self.dialect = dialect
        self.process = process
        self.owner = f"{process}/{uuid4().hex[:12]}"
        self.bus = bus
        self.open_transactions = 0
        """How many there are now, those that wait for a connection included."""
        self._engine = engine
        self.clock = clock
        self._closing = closing
        self._stemmer = Stemmer()
        self._writers = asyncio.Lock()

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        clock: Clock,
        name: str = "",
        exclusive: bool = True,
        pool_size: int = 10,
        busy_timeout_seconds: float = 5.0,
    ) -> "Store":
        """Open the database at `url` (see `Address`) without migrating it.

        `name` is the process's name, by default the host's; on PostgreSQL a suffix is added while another process has
        it. `exclusive=False` is for a command that looks in beside a running platform: it takes neither the name nor
        the lock of a SQLite file, and must not claim jobs. SettingsError when `url` is wrong or the SQLite file is
        held by another process, StorageError when the database does not answer.
        """
        address = Address.parse(url)
        async with AsyncExitStack() as closing:
            bus, process = await _presence(address, clock, name or socket.gethostname(), exclusive, closing)
            engine = address.engine(pool_size=pool_size, busy_timeout_seconds=busy_timeout_seconds)
            closing.push_async_callback(engine.dispose)
            store = cls(engine, address.dialect, bus, process, clock, closing.pop_all())
        logger.info("%s is open, this process is %s", address.dialect, store.owner)
        return store

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """A transaction: committed at the end, rolled back on an exception. A task opens one at a time.

        StorageError when the database is locked, gone or refuses; nothing was kept then.
        """
        outer = _current.get()
        task = asyncio.current_task()
        if outer is not None and outer.is_open and outer.task is task:
            raise RuntimeError("this task has a transaction open already")
        here = _Open(task)
        _current.set(here)
        self.open_transactions += 1
        try:
            async with self._writers if self.dialect == "sqlite" else nullcontext(), self._connected() as connection:
                wire = Wire(connection, self.dialect, self.clock, self.owner)
                yield Tx(wire, self._stemmer)
                await self._commit(wire)
        finally:
            self.open_transactions -= 1
            here.is_open = False
            _current.set(outer)

    async def ready(self) -> bool:
        """Whether the database answers within 2 s."""
        try:
            async with asyncio.timeout(READY_TIMEOUT_SECONDS), self.begin() as tx:
                await tx.wire.scalar(select(1))
        except (StorageError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Give back the connections, the name and the lock file."""
        await self._closing.aclose()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """A connection with a transaction begun; closing it rolls back what was not committed."""
        with translated():
            connection = await self._engine.connect()
        try:
            with translated():
                await connection.begin()
            yield connection
        finally:
            with translated():
                await to_its_end(connection.close())

    async def _commit(self, wire: Wire) -> None:
        if isinstance(self.bus, PostgresBus):
            for topic, message in wire.notices:
                payload = self.bus.encode(topic, message)
                await wire.rows(select(func.pg_notify(CHANNEL, payload)))
        with translated():
            await wire.connection.commit()
        if wire.forgets:
            await _clear_log(wire.connection)
        for topic, message in wire.notices:
            self.bus.deliver(topic, message)


async def _clear_log(connection: AsyncConnection) -> None:
    """What was committed stays so, whatever becomes of this: the log is cleared again when the database is closed."""
    raw = await connection.get_raw_connection()
    if isinstance(raw.driver_connection, SqliteConnection):
        with suppress(sqlite3.Error):
            await raw.driver_connection.clear_log()


async def _presence(
    address: Address, clock: Clock, name: str, exclusive: bool, closing: AsyncExitStack
) -> tuple[LocalBus, str]:
    """The bus, and the process's name; what must be given back is pushed on `closing`."""
    if address.dialect == "sqlite":
        if exclusive:
            lock = FileLock(address.path)
            lock.take()
            closing.callback(lock.drop)
        return LocalBus(), name if exclusive else f"{name}-guest"
    bus = PostgresBus(address, clock)
    closing.push_async_callback(bus.close)
    with translated():
        process = await bus.open(name if exclusive else "")
    return bus, process or f"{name}-guest"
