"""Which database an address means, and an engine for it."""

import fcntl
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.domain.errors import SettingsError
from storage.sqlite import Connection as SqliteConnection
from storage.types import dump_json

Dialect = Literal["sqlite", "postgresql"]

CONNECT_TIMEOUT_SECONDS = 10.0
STATEMENT_TIMEOUT_SECONDS = 30.0
POOL_TIMEOUT_SECONDS = 30.0
POOL_RECYCLE_SECONDS = 1_800

_SQLITE = ("sqlite", "sqlite+aiosqlite")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg", "postgres+asyncpg")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed `DATABASE_URL`: a file for SQLite, libpq's own form of address for PostgreSQL."""

    dialect: Dialect
    path: Path
    dsn: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        """SettingsError, which never repeats the password in `url`, when it is neither of the two databases."""
        scheme, separator, rest = url.partition("://")
        if separator and scheme in _POSTGRESQL:
            return cls("postgresql", Path(), f"postgresql://{rest}")
        path = rest.removeprefix("/").partition("?")[0]
        if separator and scheme in _SQLITE and rest.startswith("/") and path and path != ":memory:":
            return cls("sqlite", Path(path), "")
        raise SettingsError("DATABASE_URL: give sqlite:///path/to/file.db or postgresql://user:password@host/database")

    def engine(self, *, pool_size: int, busy_timeout_seconds: float) -> AsyncEngine:
        match self.dialect:
            case "sqlite":
                return _sqlite_engine(self.path, busy_timeout_seconds)
            case "postgresql":
                return _postgresql_engine(self.dsn, pool_size)

    async def connect(self) -> "asyncpg.Connection[Any]":
        """A PostgreSQL connection of its own, outside the pool."""
        return await connect(self.dsn)


async def connect(dsn: str) -> Any:
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_SECONDS, command_timeout=STATEMENT_TIMEOUT_SECONDS)
    except (asyncpg.ClientConfigurationError, ValueError) as error:
        raise SettingsError(f"DATABASE_URL: PostgreSQL does not understand it ({type(error).__name__})") from error


def _postgresql_engine(dsn: str, pool_size: int) -> AsyncEngine:
    def creator() -> Awaitable[Any]:
        return connect(dsn)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_recycle=POOL_RECYCLE_SECONDS,
        json_serializer=dump_json,
        hide_parameters=True,
    )


def _sqlite_engine(path: Path, busy_timeout_seconds: float) -> AsyncEngine:
    """One connection: SQLite has one writer, and a queue in this process is fairer than its busy loop."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def creator() -> Awaitable[Any]:
        return SqliteConnection(path, busy_timeout_seconds)

    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        async_creator=creator,
        pool_size=1,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        json_serializer=dump_json,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    # The driver's own transactions begin too late, at the first write, and are switched off.
    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.connection.driver_connection.begin()

    return engine


class FileLock:
    """Holds `<path>.lock` beside a SQLite file for as long as the process lives or until it is dropped."""

    def __init__(self, path: Path, *, suffix: str = ".lock") -> None:
        self._path = path.with_name(path.name + suffix)
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """SettingsError when another process, or another `Store`, has it."""
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise SettingsError(
                f"DATABASE_URL: {self._path.name} is held by another process; one SQLite file serves one process "
                "(stop the other one, or use PostgreSQL)"
            ) from error
        self._file = file

    def wait(self) -> None:
        """Block this thread until it is ours."""
        self._file = self._open()
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def _open(self) -> IO[bytes]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return self._path.open("ab")

    def drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
