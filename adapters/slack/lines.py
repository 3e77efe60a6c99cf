"""Waiting in line: whoever comes first for a key is served first, and other keys do not wait."""

import asyncio
from weakref import WeakValueDictionary


class Lines:
    """One lock for each key, for as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """Keep what this gives while it is needed; asyncio's locks are fair."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock
