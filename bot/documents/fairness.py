"""Who may work next when there are fewer places than people who want one."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class FairPlaces:
    """So many places; while others wait, each owner has at most one, and they get theirs in turn.

    What one owner wants waits in the order in which it came. Nobody is sent away from a place.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._taken: Counter[int] = Counter()
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}
        """By owner; of those whose turn it is, the first."""
        self._served: Counter[int] = Counter()
        """By owner, the gift that was the last one to them."""
        self._gifts = 0

    @asynccontextmanager
    async def place(self, owner: int) -> AsyncIterator[None]:
        """Have a place, as soon as there is one for `owner`."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(ready)
        self._give()
        try:
            await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled():
                self._leave(owner)
            else:
                self._forget(owner, ready)
            raise
        try:
            yield
        finally:
            self._leave(owner)

    def close(self) -> None:
        """Cancel everybody who still waits."""
        for ready in [ready for queue in self._waiting.values() for ready in queue]:
            ready.cancel()
        self._waiting.clear()

    def _leave(self, owner: int) -> None:
        self._free += 1
        self._taken[owner] -= 1
        self._prune(owner)
        self._give()

    def _give(self) -> None:
        while self._free and self._waiting:
            owner = min(self._waiting, key=lambda owner: (self._taken[owner] > 0, self._served[owner]))
            ready = self._waiting[owner][0]
            self._forget(owner, ready)
            if not ready.cancelled():
                self._free -= 1
                self._taken[owner] += 1
                self._gifts += 1
                self._served[owner] = self._gifts
                ready.set_result(None)

    def _forget(self, owner: int, ready: asyncio.Future[None]) -> None:
        queue = self._waiting.get(owner, deque())
        if ready in queue:
            queue.remove(ready)
        if not queue:
            self._waiting.pop(owner, None)
        self._prune(owner)

    def _prune(self, owner: int) -> None:
        if not self._taken[owner] and owner not in self._waiting:
            del self._taken[owner], self._served[owner]
