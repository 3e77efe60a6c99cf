"""A store that holds the shipped handbook, on SQLite and on PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from specialists.handbook import COLLECTION
from specialists.knowledge import sync
from storage.migrate import migrate
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.postgres import Server, postgres_server

__all__ = ["postgres_server"]

HANDBOOK = Path(__file__).parent.parent.parent / "specialists" / "handbook"


async def fill(url: str) -> None:
    store = await Store.open(url, clock=ManualClock())
    try:
        await sync(store, HANDBOOK, COLLECTION)
    finally:
        await store.close()


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the handbook in it, made once and copied for each test."""
    path = tmp_path_factory.mktemp("handbook") / "filled.db"
    migrate(f"sqlite:///{path}")
    asyncio.run(fill(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def filled_database(postgres_server: Server) -> Iterator[str]:
    """The address of a PostgreSQL database with the handbook in it; its tests share it and leave it as it was."""
    name = postgres_server.database()
    asyncio.run(fill(postgres_server.url(name)))
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def sqlite_url(filled_file: Path, tmp_path: Path) -> str:
    path = tmp_path / "switchboard.db"
    for part in filled_file.parent.glob("filled.db*"):
        if not part.name.endswith(".lock"):
            shutil.copy(part, tmp_path / part.name.replace("filled.db", path.name))
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "filled_database"))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await Store.open(url, clock=ManualClock())
    yield opened
    await opened.close()
