"""Sliding windows over `Rate`s, and the gate that lets callers through inside them, most important first."""

import asyncio
import heapq
from collections import deque
from collections.abc import Sequence
from enum import IntEnum
from itertools import count

from bot.domain.messenger import Rate
from bot.domain.ports import Clock


class Priority(IntEnum):
    """Who goes first when a budget is short."""

    FINAL = 0
    OPERATOR = 1
    NOTICE = 2
    PREVIEW = 3


class Window:
    """Counts what was spent under several rates at once."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = tuple(rates)
        self._spent: deque[float] = deque(maxlen=max((rate.count for rate in rates), default=1))

    def wait_seconds(self, now: float, priority: Priority) -> float:
        """Seconds until one more call fits; 0 when it fits now.

        Previews leave a fifth of every larger budget to what must land.
        """
        return max((self._wait(rate, now, priority) for rate in self._rates), default=0.0)

    def spend(self, now: float) -> None:
        self._spent.append(now)

    def idle_since(self, now: float) -> bool:
        """Whether nothing spent still counts."""
        longest = max((rate.seconds for rate in self._rates), default=0.0)
        return not self._spent or self._spent[-1] + longest <= now

    def _wait(self, rate: Rate, now: float, priority: Priority) -> float:
        allowed = rate.count - (rate.count // 5 if priority is Priority.PREVIEW else 0)
        if len(self._spent) < allowed:
            return 0.0
        return max(0.0, self._spent[-allowed] + rate.seconds - now)


class Gate:
    """Lets waiters through one by one: the best priority first, then who came first."""

    def __init__(self, clock: Clock, *, exclusive: bool) -> None:
        self._clock = clock
        self._exclusive = exclusive
        self._held = False
        self._blocked_until = 0.0
        self._order = count()
        self._waiters: list[tuple[int, int, Window, asyncio.Future[None]]] = []
        self._timer: asyncio.Task[None] | None = None

    async def enter(self, priority: Priority, window: Window) -> None:
        """Return when it is the caller's turn; the call is counted in `window`. `leave` must follow."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiters, (priority, next(self._order), window, admitted))
        self._admit()
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        self._held = False
        self._admit()

    def block(self, seconds: float) -> None:
        """Let nobody through for `seconds`: the platform said so."""
        self._blocked_until = max(self._blocked_until, self._clock.monotonic() + seconds)

    @property
    def is_idle(self) -> bool:
        return not self._held and not self._waiters and self._blocked_until <= self._clock.monotonic()

    def _admit(self) -> None:
        while self._waiters and not (self._held and self._exclusive):
            priority, _, window, admitted = self._waiters[0]
            if admitted.done():
                heapq.heappop(self._waiters)
                continue
            now = self._clock.monotonic()
            wait = max(self._blocked_until - now, window.wait_seconds(now, Priority(priority)))
            if wait > 0:
                self._admit_after(wait)
                return
            heapq.heappop(self._waiters)
            window.spend(now)
            self._held = True
            admitted.set_result(None)

    def _admit_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().create_task(self._wake(seconds))

    async def _wake(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._timer = None
        self._admit()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
