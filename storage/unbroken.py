"""Work that is not left half done."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


async def to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """What the work returns or raises. Whoever cancels us waits until it ends: a connection left half closed outlives
    its event loop, and what a thread writes after its folder is gone stays on the disk."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # has been looked at, so that nobody reports it
        raise
