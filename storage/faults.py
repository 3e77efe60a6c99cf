"""Where a database's own errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.errors import StorageError


class ContentGone(StorageError):  # noqa: N818  named as the errors of the tree are
    """What a file contained is not there, or not any more."""

    retryable = False


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver leave as `StorageError`; its text names the kind only, never a value of a statement."""
    try:
        yield
    except (
        TimeoutError,
        SQLAlchemyError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        OSError,
        OverflowError,
    ) as error:
        origin = getattr(error, "orig", None) or error
        raise StorageError(f"the database refused or did not answer: {type(origin).__name__}") from error
