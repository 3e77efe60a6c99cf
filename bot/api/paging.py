"""Lists a page at a time: who wants the next one gives back the cursor of this one."""

from collections.abc import Callable, Iterable
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most")]
Cursor = Annotated[str, Query(max_length=200, description="`next_cursor` of the page before; empty for the first")]


class Page(BaseModel, Generic[T]):
    data: list[T]
    next_cursor: str | None
    """None on the last page."""


def page_of(items: Iterable[T], name: Callable[[T], str], *, limit: int, cursor: str) -> Page[T]:
    """The first `limit` of `items` whose names come after `cursor`. What is made or removed between two pages does not
    move the others: none is shown twice or passed over."""
    left = sorted((item for item in items if name(item) > cursor), key=name)
    data = left[:limit]
    return Page(data=data, next_cursor=name(data[-1]) if len(left) > limit else None)
