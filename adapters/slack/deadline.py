"""An end to waiting: what Slack waits for us to answer must not wait for Slack's own answers."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.domain.errors import Unreachable
from bot.domain.ports import Clock

LOOK_SECONDS = 1.0
"""Slack gives us three to take an event (docs.slack.dev/apis/events-api/#responding); it is stored after the look."""

T = TypeVar("T")


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives; Unreachable when it is not done after `seconds`. It is at its end in any case."""
    task, timer = asyncio.ensure_future(work), asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((task, timer), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Unreachable("no answer in time")
        return task.result()
    finally:
        task.cancel()
        timer.cancel()
        await asyncio.gather(task, timer, return_exceptions=True)
