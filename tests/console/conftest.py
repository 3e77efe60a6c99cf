import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import bot
from bot.texts import Texts
from storage.migrate import migrate
from storage.object_files import ObjectFiles
from storage.store import Store
from storage.vault import Vault
from tests.fakes.clock import ManualClock


@pytest.fixture(scope="session")
def shipped_texts() -> Texts:
    (folder,) = bot.__path__
    return Texts(Path(folder) / "locales")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "console.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'console.db')}"


@pytest.fixture
async def store(database_url: str, clock: ManualClock) -> AsyncIterator[Store]:
    store = await Store.open(database_url, clock=clock, name="console")
    yield store
    await store.close()


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Vault:
    return Vault(store, ObjectFiles.at(str(tmp_path / "kept")))
