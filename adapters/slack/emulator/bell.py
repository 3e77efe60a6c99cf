"""Wakes who waits for a change, without looking at the time."""

import asyncio
from collections.abc import Callable

from bot.domain.errors import Refused

_PATIENCE_SECONDS = 10.0


class Bell:
    """Rung after every call and every acknowledgement of the app."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Return when `condition` holds; Refused with `what` did not happen when it never does."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not condition():
                    await self._rung.wait()
        except TimeoutError as error:
            raise Refused(f"it did not happen: {what}") from error
