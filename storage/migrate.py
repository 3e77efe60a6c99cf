"""Brings a database to the schema of this version."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from storage.database import Address, FileLock
from storage.faults import translated

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = "switchboard migration"
BUSY_TIMEOUT_SECONDS = 60.0


def migrate(url: str) -> None:
    """Upgrade to the newest revision, in one transaction; several processes may try at once.

    A SQLite file that a running platform holds is refused: its schema must not change under it.

    Not for use inside a running event loop. SettingsError, StorageError.
    """
    address = Address.parse(url)
    with _alone(address):
        asyncio.run(_migrate(address))


def current(url: str) -> tuple[str | None, str]:
    """The revision that the database has (None before the first), and the one that this version needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return asyncio.run(_current(Address.parse(url))), str(head)


@contextmanager
def _alone(address: Address) -> Iterator[None]:
    """On SQLite a lock file: two processes that make one new file fail in its first pragma, however long they wait."""
    if address.dialect == "postgresql":
        yield
        return
    queue, holder = FileLock(address.path, suffix=".migrating"), FileLock(address.path)
    queue.wait()
    try:
        holder.take()
        yield
    finally:
        holder.drop()
        queue.drop()


async def _migrate(address: Address) -> None:
    engine = address.engine(pool_size=1, busy_timeout_seconds=BUSY_TIMEOUT_SECONDS)
    try:
        with translated():
            async with engine.begin() as connection:
                if address.dialect == "postgresql":
                    await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(LOCK, 0))))
                await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def _current(address: Address) -> str | None:
    if address.dialect == "sqlite" and not address.path.exists():
        return None
    engine = address.engine(pool_size=1, busy_timeout_seconds=BUSY_TIMEOUT_SECONDS)
    try:
        with translated():
            async with engine.connect() as connection:
                return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
