import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.main import sync_knowledge
from storage.migrate import migrate
from storage.store import Store
from tests.postgres import postgres_server, postgres_url
from tests.stories.stage import Stage, set_stage

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(scope="session")
def first_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that knows the handbook; stories copy it, which is faster than to begin from nothing."""
    path = tmp_path_factory.mktemp("template") / "first.db"
    migrate(f"sqlite:///{path}")

    async def learn() -> None:
        store = await Store.open(f"sqlite:///{path}", clock=SystemClock())
        await sync_knowledge(store, None)
        await store.close()

    asyncio.run(learn())
    return path


@pytest.fixture
def sqlite_url(first_database: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(first_database, tmp_path / 'story.db')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database, of either kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Stage]:
    """A stage with one process on it, and no flood limits."""
    async with set_stage(sqlite_url) as stage, stage.process():
        yield stage
        assert not stage.tg.violations
