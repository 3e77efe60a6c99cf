"""aiosqlite with one trip to its thread per statement, where its own cursor makes four."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite

ROWS_PER_FETCH = 64


class Cursor:
    """Runs a statement and fetches what it returns in one go: our results are small."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        await self._connection.run(self._execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        await self._connection.run(self._executemany, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = []

    def _execute(self, sql: str, parameters: Sequence[Any]) -> None:
        self._keep(self._connection.driver.execute(sql, parameters))

    def _executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._keep(self._connection.driver.executemany(sql, parameters))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self._rows = cursor.fetchall() if cursor.description else []
        # Of a statement with RETURNING, the count is known only after the last row.
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid
        cursor.close()


class Connection(aiosqlite.Connection):
    def __init__(self, path: Path, busy_timeout_seconds: float) -> None:
        super().__init__(
            lambda: sqlite3.connect(path, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False),
            ROWS_PER_FETCH,
        )
        # A thread that nobody stopped must not keep the process alive.
        self._thread.daemon = True

    @property
    def driver(self) -> sqlite3.Connection:
        return self._conn

    def cursor(self) -> Cursor:  # type: ignore[override]
        return Cursor(self)

    async def run(self, function: Any, *arguments: Any) -> Any:
        """Call the function on the connection's thread."""
        return await self._execute(function, *arguments)  # type: ignore[no-untyped-call]
