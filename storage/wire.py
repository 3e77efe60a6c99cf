"""One open transaction as the rooms of the storage see it: statements in, rows out, faults translated."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Double, Executable, Row, Table, bindparam, func, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from bot.domain.ports import Clock
from storage.database import Dialect
from storage.faults import translated
from storage.types import CleanText, DatabaseTime, Moment

Values = Mapping[str, object]
"""Of the named parameters of a statement; no name is a column's, but in an INSERT, where each is."""

ADVISORY_LOCK = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=CleanText), 0)))


class Wire:
    """Runs statements inside one transaction; every fault leaves as `StorageError`."""

    def __init__(self, connection: AsyncConnection, dialect: Dialect, clock: Clock, owner: str) -> None:
        self.dialect = dialect
        self.owner = owner
        """This process at this boot, as its claims are signed."""
        self.notices: dict[tuple[str, str], None] = {}
        """What is published at the commit, in order and once each."""
        self.forgets = False
        """Set when what this transaction deletes must leave the disk at its commit, not with time."""
        self.connection = connection
        self._clock = clock

    @property
    def told_time(self) -> datetime | None:
        """The time in tests; None where the database's own clock counts."""
        return self._clock.database_time

    def now(self, plus_seconds: float = 0.0) -> ColumnElement[datetime]:
        """The time by the database's clock, which all processes share, and `plus_seconds` more."""
        return DatabaseTime(literal(self.told_time, Moment), literal(plus_seconds, Double))

    async def rows(self, statement: Executable, values: Values | None = None) -> Sequence[Row[*tuple[Any, ...]]]:
        return (await self._run(statement, values)).all()

    async def row(self, statement: Executable, values: Values | None = None) -> Row[*tuple[Any, ...]] | None:
        return (await self._run(statement, values)).first()

    async def scalar(self, statement: Executable, values: Values | None = None) -> Any:
        return (await self._run(statement, values)).scalar()

    async def count(self, statement: Executable, values: Values | None = None) -> int:
        """Run a change; how many rows it met."""
        return (await self._run(statement, values)).rowcount

    async def each(self, statement: Executable, values: Sequence[Values]) -> None:
        """Run a change once for each of `values`, in one go; it cannot use the time."""
        with translated():
            await self.connection.execute(statement, values)

    async def _run(self, statement: Executable, values: Values | None) -> CursorResult[*tuple[Any, ...]]:
        """What a statement that was put together beforehand takes for `NOW` comes along with its values."""
        told = values if values is None else {"told_time": self.told_time, **values}
        with translated():
            return await self.connection.execute(statement, told)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone, and the transaction can go on."""
        with translated():
            nested = await self.connection.begin_nested()
        try:
            yield
        except BaseException:
            with translated():
                await nested.rollback()
            raise
        with translated():
            await nested.commit()

    async def lock(self, name: str) -> None:
        """Wait for, and hold until the end of the transaction, the lock `name`. SQLite has one writer anyway."""
        if self.dialect == "postgresql":
            await self.rows(ADVISORY_LOCK, {"name": name})

    def notify(self, topic: str, message: str) -> None:
        self.notices[topic, message] = None

    @staticmethod
    def insert(table: Table) -> Insert:
        """An INSERT that may say what to do on a conflict; both databases understand PostgreSQL's form."""
        return postgresql.insert(table)
