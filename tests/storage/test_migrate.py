"""Bringing a database to the schema of this version."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from bot.domain.errors import SettingsError
from storage.database import Address
from storage.migrate import current, migrate
from storage.tables import metadata
from tests.postgres import Server
from tests.storage.conftest import OpenStore


@pytest.fixture
def empty_postgres_url(postgres_server: Server) -> Iterator[str]:
    name = postgres_server.database(empty=True)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'new.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def test_a_new_database_is_brought_to_the_head_and_stays_there(empty_url: str) -> None:
    have, head = current(empty_url)
    assert have is None
    migrate(empty_url)
    assert current(empty_url) == (head, head)
    migrate(empty_url)
    assert current(empty_url) == (head, head)


def test_processes_that_migrate_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(migrate, empty_url) for _ in range(4)]:
            done.result()
    have, head = current(empty_url)
    assert have == head


def test_the_migrations_make_the_schema_that_the_code_uses(empty_url: str) -> None:
    migrate(empty_url)
    assert asyncio.run(_differences(empty_url)) == []


async def _differences(url: str) -> list[object]:
    engine = Address.parse(url).engine(pool_size=1, busy_timeout_seconds=5)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def _compare(connection: Connection) -> list[object]:
    ours = MigrationContext.configure(connection, opts={"include_object": _is_ours})
    return list(compare_metadata(ours, metadata))


def _is_ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """All but the full-text index, which is each database's own."""
    return not str(name).startswith(("passage_index", "passages_by_stem"))


def test_an_address_that_is_no_database_of_ours_is_refused() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        migrate("oracle://nowhere")


async def test_a_file_that_a_running_platform_holds_is_left_as_it_is(sqlite_url: str, open_store: OpenStore) -> None:
    await open_store(sqlite_url)
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        await asyncio.to_thread(migrate, sqlite_url)
