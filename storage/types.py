"""Column types that behave alike on SQLite and PostgreSQL, and the database's own clock as an expression."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Double, Identity, Integer, Text, TypeDecorator, bindparam, literal
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

Id = BigInteger().with_variant(Integer(), "sqlite")
"""Of identity columns: SQLite numbers rows by itself only in a column declared INTEGER."""

LARGEST_ID = 2**63 - 1

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NANODOLLARS_PER_DOLLAR = 10**9

dump_json = partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def row_identity() -> Identity:
    """Numbers rows on PostgreSQL; SQLite ignores it."""
    return Identity(always=False)


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot keep: NUL and lone surrogates become U+FFFD, on every database."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\0", "\ufffd")


def storable_json(value: Any) -> Any:
    """The JSON value with every text and key in it storable."""
    match value:
        case str():
            return storable(value)
        case Mapping():
            return {storable(key): storable_json(item) for key, item in value.items()}
        case list() | tuple():
            return [storable_json(item) for item in value]
        case _:
            return value


class CleanText(TypeDecorator[str]):
    """Text of people and platforms: stored whole but for what no database keeps (see `storable`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class CleanJson(TypeDecorator[Any]):
    """A JSON value with storable texts."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return storable_json(value)


class StepValue(TypeDecorator[Any]):
    """Any JSON value with storable texts, as the text of it; None is JSON's null."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return dump_json(storable_json(value))


class Moment(TypeDecorator[datetime]):
    """A point in time, aware and in UTC: timestamptz on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        match value:
            case None:
                return None
            case datetime():
                return value.astimezone(UTC)
            case _:
                return EPOCH + timedelta(microseconds=value)


class Dollars(TypeDecorator[Decimal]):
    """An exact amount in USD, kept as whole billionths so that both databases can add it up."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else round(value * NANODOLLARS_PER_DOLLAR)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)) / NANODOLLARS_PER_DOLLAR


class DatabaseTime(FunctionElement[datetime]):
    """The first argument, or the database's clock where that is null, plus the seconds given as the second."""

    type = Moment()
    inherit_cache = True

    def __init__(self, told: ColumnElement[Any], plus_seconds: ColumnElement[float]) -> None:
        super().__init__(told, plus_seconds)


@compiles(DatabaseTime, "postgresql")
def _time_of_postgresql(element: DatabaseTime, compiler: SQLCompiler, **kw: Any) -> str:
    told, plus = (compiler.process(argument, **kw) for argument in element.clauses)
    # statement_timestamp, not now(): a transaction that waited for a lock must not live in the past.
    return f"(coalesce({told}, statement_timestamp()) + make_interval(secs => {plus}))"


@compiles(DatabaseTime, "sqlite")
def _time_of_sqlite(element: DatabaseTime, compiler: SQLCompiler, **kw: Any) -> str:
    told, plus = (compiler.process(argument, **kw) for argument in element.clauses)
    # 2440587.5 is the Julian day of 1970-01-01; unixepoch('subsec') needs a newer SQLite than Debian ships.
    clock = "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000"
    return f"(coalesce({told}, {clock}) + CAST(round({plus} * 1000000.0) AS INTEGER))"


# For statements that are put together once: `Wire` tells the time along with their values.
NOW = DatabaseTime(bindparam("told_time", type_=Moment), literal(0.0, Double))


def seconds_from_now(name: str) -> DatabaseTime:
    """The database's time and as many seconds more as the value `name` of the statement says."""
    return DatabaseTime(bindparam("told_time", type_=Moment), bindparam(name, type_=Double))


class WithStep(FunctionElement[Any]):
    """A JSON object with one member set: the object, its key and the new value."""

    type = CleanJson()
    inherit_cache = True

    def __init__(self, steps: ColumnElement[Any], key: ColumnElement[str], value: ColumnElement[Any]) -> None:
        super().__init__(steps, key, value)


@compiles(WithStep, "postgresql")
def _step_of_postgresql(element: WithStep, compiler: SQLCompiler, **kw: Any) -> str:
    steps, key, value = (compiler.process(argument, **kw) for argument in element.clauses)
    return f"(CAST({steps} AS jsonb) || jsonb_build_object({key}, CAST({value} AS jsonb)))::json"


@compiles(WithStep, "sqlite")
def _step_of_sqlite(element: WithStep, compiler: SQLCompiler, **kw: Any) -> str:
    steps, key, value = (compiler.process(argument, **kw) for argument in element.clauses)
    # Not json_patch, which would merge the old value into the new one and drop nulls.
    return f"""json_set({steps}, '$."' || {key} || '"', json({value}))"""


class SecondsBetween(FunctionElement[float]):
    """`later - earlier` of two moments, in seconds."""

    type = Double()
    inherit_cache = True

    def __init__(self, later: ColumnElement[Any], earlier: ColumnElement[Any]) -> None:
        super().__init__(later, earlier)


@compiles(SecondsBetween, "postgresql")
def _seconds_of_postgresql(element: SecondsBetween, compiler: SQLCompiler, **kw: Any) -> str:
    later, earlier = element.clauses
    return f"extract(epoch from {compiler.process(later, **kw)} - {compiler.process(earlier, **kw)})::float8"


@compiles(SecondsBetween, "sqlite")
def _seconds_of_sqlite(element: SecondsBetween, compiler: SQLCompiler, **kw: Any) -> str:
    later, earlier = element.clauses
    return f"(({compiler.process(later, **kw)} - {compiler.process(earlier, **kw)}) / 1000000.0)"
