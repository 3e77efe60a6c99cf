"""Every test here runs on SQLite and on PostgreSQL, unless it asks for one of them by its fixture."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from storage.migrate import migrate
from storage.object_files import ObjectFiles
from storage.store import Store
from storage.vault import Vault
from tests.fakes.clock import ManualClock
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

OpenStore = Callable[[str], Awaitable[Store]]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.getbasetemp() / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'switchboard.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


class LeapingClock(ManualClock):
    """Nobody wakes while time passes, only when it has: for tests of weeks, as who looks around every few seconds costs
    a second for each hour."""

    async def advance(self, seconds: float) -> None:
        self._elapsed += seconds
        await super().advance(0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def open_store(clock: ManualClock) -> AsyncIterator[OpenStore]:
    """Opens stores on an address, each as a process of its own; they are closed after the test."""
    async with AsyncExitStack() as stack:

        async def opened(url: str) -> Store:
            store = await Store.open(url, clock=clock, name="test", busy_timeout_seconds=0.05)
            stack.push_async_callback(store.close)
            return store

        yield opened


@pytest.fixture
async def store(url: str, open_store: OpenStore) -> Store:
    return await open_store(url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the content of files is kept."""
    return tmp_path / "kept"


@pytest.fixture
async def vault(store: Store, folder: Path) -> AsyncIterator[Vault]:
    files = ObjectFiles.at(str(folder))
    yield Vault(store, files)
    await files.close()
