"""Work that one process at a time may do: who holds the named lease does it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.domain.errors import StorageError
from bot.domain.ports import Clock
from storage.store import Store

log = logging.getLogger(__name__)


class Leader:
    """Runs a body while this process leads, and ends it when another does."""

    def __init__(self, store: Store, clock: Clock, *, lease_seconds: float = 10.0) -> None:
        self._store = store
        self._clock = clock
        self._lease_seconds = lease_seconds

    async def lead(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        """Run `body` whenever the lease `name` is ours, until cancelled or until `body` returns or raises."""
        try:
            while True:
                asked_at = self._clock.monotonic()
                if await self._hold(name):
                    log.info("leading", extra={"lease": name})
                    if await self._run_while_held(name, body, asked_at):
                        return
                    log.warning("no longer leading", extra={"lease": name})
                await self._clock.sleep(self._lease_seconds / 3)
        finally:
            await self._drop(name)

    async def _run_while_held(self, name: str, body: Callable[[], Awaitable[None]], held_since: float) -> bool:
        """Whether `body` came to its own end."""
        task = asyncio.ensure_future(body())
        keeper = asyncio.ensure_future(self._keep(name, held_since))
        try:
            await asyncio.wait({task, keeper}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
                return True
            return False
        finally:
            task.cancel()
            keeper.cancel()
            await asyncio.wait({task, keeper})

    async def _keep(self, name: str, held_since: float) -> None:
        """Extend the lease; return when it is lost, by the database's word or by our own clock."""
        good_until = held_since + self._lease_seconds
        while self._clock.monotonic() < good_until:
            await self._clock.sleep(self._lease_seconds / 3)
            started = self._clock.monotonic()
            try:
                async with self._store.begin() as tx:
                    if not await tx.leases.hold(name, self._store.owner, lease_seconds=self._lease_seconds):
                        return
            except StorageError:
                log.warning("could not extend a lease", extra={"lease": name})
            else:
                good_until = started + self._lease_seconds

    async def _hold(self, name: str) -> bool:
        try:
            async with self._store.begin() as tx:
                return await tx.leases.hold(name, self._store.owner, lease_seconds=self._lease_seconds)
        except StorageError:
            log.warning("could not ask for a lease", extra={"lease": name})
            return False

    async def _drop(self, name: str) -> None:
        try:
            async with self._store.begin() as tx:
                await tx.leases.drop(name, self._store.owner)
        except StorageError:
            log.warning("a lease runs out by itself", extra={"lease": name})
