"""aiosqlite with one trip to its thread per statement, where its own cursor makes four, and one per transaction."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self

import aiosqlite

ROWS_PER_FETCH = 64

# At once the one writer: a transaction that began as a reader could not become one while another writes.
BEGIN = "BEGIN IMMEDIATE"


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
        await self._connection.run(self._execute, self._connection.beginning(), sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        await self._connection.run(self._executemany, self._connection.beginning(), sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        self._rows = []

    def _execute(self, beginning: str, sql: str, parameters: Sequence[Any]) -> None:
        driver = self._connection.driver
        if beginning:
            driver.execute(beginning)
        self._keep(driver.execute(sql, parameters))

    def _executemany(self, beginning: str, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        driver = self._connection.driver
        if beginning:
            driver.execute(beginning)
        self._keep(driver.executemany(sql, parameters))

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
        self._to_begin = False
        # Kept on this side, not asked of the driver: after a cancellation its thread may still be about to begin.
        self._begun = False

    @property
    def driver(self) -> sqlite3.Connection:
        return self._conn

    def cursor(self) -> Cursor:  # type: ignore[override]
        return Cursor(self)

    def begin(self) -> None:
        """A transaction begins with the next statement, in the same trip; without one there is nothing to end."""
        self._to_begin = True

    def beginning(self) -> str:
        """What the next statement has to run before itself."""
        if not self._to_begin:
            return ""
        self._to_begin, self._begun = False, True
        return BEGIN

    async def commit(self) -> None:
        await self._end(super().commit)

    async def rollback(self) -> None:
        await self._end(super().rollback)

    async def _end(self, ending: Callable[[], Awaitable[None]]) -> None:
        self._to_begin = False
        if self._begun:
            await ending()
            self._begun = False

    async def clear_log(self) -> None:
        """Move the write-ahead log, between transactions, into the file and leave nothing in it."""
        await self.run(self._clear_log)

    def _clear_log(self) -> None:
        self.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def run(self, function: Any, *arguments: Any) -> Any:
        """Call the function on the connection's thread."""
        return await self._execute(function, *arguments)  # type: ignore[no-untyped-call]
