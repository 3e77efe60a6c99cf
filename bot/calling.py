"""How a messenger is called: inside its budgets, counted, and again when that helps."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from copy import copy
from dataclasses import replace
from random import Random
from typing import TypeVar

from bot.budget import Priority
from bot.domain.errors import Ambiguous, Blocked, ChatMoved, Flooded, MessengerError, NotModified
from bot.domain.job import backoff_seconds
from bot.domain.messenger import Messenger
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.outbox import Meter, Outbox
from bot.telemetry import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")

_TRIES = 8
"""Attempts against an unreachable platform before the job itself is put back: about two minutes."""
_DOUBT_SECONDS = 1.0
"""How long a call whose answer never came may still be on its way, before anybody looks what became of it."""


class Calling:
    """The courier's hand: one call, or as many as it takes."""

    def __init__(
        self,
        messengers: Iterable[Messenger],
        *,
        clock: Clock,
        metrics: Metrics,
        random: Random,
        moved: Callable[[Place, Place], Awaitable[None]],
        entering: Callable[[], None],
    ) -> None:
        """`moved(old, new)` is told of chats that changed address; `entering` runs before each call to a platform
        and raises when the caller is not in a state to make one (a transaction is open)."""
        self._outboxes = {messenger.name: Outbox(messenger, clock) for messenger in messengers}
        self._clock = clock
        self._metrics = metrics
        self._random = random
        self._moved = moved
        self._entering = entering

    def checked(self, check: Callable[[], None]) -> "Calling":
        """The same, which also runs `check` before each call."""
        ours = copy(self)
        entering = self._entering

        def enter() -> None:
            entering()
            check()

        ours._entering = enter
        return ours

    def outbox(self, place: Place) -> Outbox:
        return self._outboxes[place.messenger]

    async def insist(
        self,
        place: Place,
        priority: Priority,
        verb: str,
        call: Callable[[Place], Awaitable[T]],
        *,
        meter: Meter = "sends",
        who: str = "",
    ) -> T:
        """Call until it succeeds, fails for good, or the platform was out of reach for `_TRIES` attempts.

        Whatever else is raised with a time to wait delays this call alone.
        """
        failures = 0
        while True:
            try:
                async with self.outbox(place).slot(place, priority, meter, who=who):
                    self._entering()
                    result = await call(place)
            except Flooded:
                self._count(place, verb, "flooded")
            except ChatMoved as move:
                await self._moved(place, move.place)
                place = replace(move.place, topic=place.topic)
            except MessengerError as error:
                self._count(place, verb, type(error).__name__.lower())
                failures += 1
                if not error.retryable or failures >= _TRIES:
                    raise
                backoff = backoff_seconds(failures, self._random, cap=30)
                await self._clock.sleep(max(backoff, error.retry_after_seconds or 0.0))
            else:
                self._count(place, verb, "ok")
                return result

    async def persist(self, place: Place, verb: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call outside all budgets, which are for what is said, until it succeeds, fails for good, or has failed
        `_TRIES` times."""
        failures = 0
        while True:
            try:
                self._entering()
                result = await call()
            except MessengerError as error:
                self._count(place, verb, "flooded" if isinstance(error, Flooded) else type(error).__name__.lower())
                failures += 1
                if not error.retryable or failures >= _TRIES:
                    raise
                backoff = backoff_seconds(failures, self._random, cap=30)
                await self._clock.sleep(max(backoff, error.retry_after_seconds or 0.0))
            else:
                self._count(place, verb, "ok")
                return result

    async def attempt(
        self, place: Place, meter: Meter, verb: str, call: Callable[[], Awaitable[T]], *, who: str = ""
    ) -> T:
        """One call of what may be skipped; it raises whatever that raises."""
        try:
            async with self.outbox(place).slot(place, Priority.PREVIEW, meter, who=who):
                self._entering()
                result = await call()
        except NotModified:
            raise
        except MessengerError as error:
            self._count(place, verb, "blocked" if isinstance(error, Blocked) else type(error).__name__.lower())
            raise
        self._count(place, verb, "ok")
        return result

    async def sure(self, sending: Awaitable[T], refused: Callable[[], None], doubted: Callable[[float], None]) -> T:
        """`sending`, which cannot be repeated safely: `refused` hears that it certainly was not done, `doubted` that
        nobody knows, and when to look, by the monotonic clock."""
        try:
            return await sending
        except Ambiguous:
            doubted(self._clock.monotonic() + _DOUBT_SECONDS)
            raise
        except MessengerError:
            refused()
            raise

    async def until(self, time: float) -> None:
        """Return when the monotonic clock reads `time`."""
        if (seconds := time - self._clock.monotonic()) > 0:
            await self._clock.sleep(seconds)

    async def succeeds(self, place: Place, meter: Meter, verb: str, call: Callable[[], Awaitable[None]]) -> bool:
        """Whether one attempt ends as it should. Only what ends the conversation is raised (`Blocked`)."""
        try:
            await self.attempt(place, meter, verb, call)
        except NotModified:
            return True
        except Blocked:
            raise
        except MessengerError:
            return False
        return True

    async def close(self) -> None:
        for outbox in self._outboxes.values():
            outbox.close()
            await outbox.messenger.close()

    def _count(self, place: Place, verb: str, result: str) -> None:
        self._metrics.sends_total.labels(place.messenger, verb, result).inc()
        if result == "flooded":
            self._metrics.floods_total.labels(place.messenger).inc()


async def uncut(sending: Coroutine[object, object, T]) -> T:
    """Let a call that cannot be repeated safely, or must not come after the next one, come to its end even when the
    caller is cancelled meanwhile."""
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("a call failed after its caller had gone", extra={"error": type(error).__name__})
        raise
