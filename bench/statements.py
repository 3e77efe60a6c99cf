"""How many statements the databases are given, and how long they take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event


@dataclass(slots=True)
class Statements:
    """What has run so far. Beginnings and ends of transactions are no statements."""

    count: int = 0
    seconds: float = 0.0
    """From the driver's being called to its answer, other work of the process meanwhile included."""


@contextmanager
def statements() -> Iterator[Statements]:
    """Count what all engines of this process run meanwhile."""
    ran = Statements()

    def before(connection: Connection, *_: Any) -> None:
        connection.info["asked_at"] = time.monotonic()

    def after(connection: Connection, *_: Any) -> None:
        ran.count += 1
        ran.seconds += time.monotonic() - connection.info["asked_at"]

    listeners = (("before_cursor_execute", before), ("after_cursor_execute", after))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield ran
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)
