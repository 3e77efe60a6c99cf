"""Sliding windows over `Rate`s, and the gate that lets callers through inside them, most important first."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
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


_OWED_SECONDS = 600.0


class Window:
    """Counts what was spent under several rates at once."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = tuple(rates)
        self._owed: dict[str, float] = {}
        self._spent: deque[float] = deque(maxlen=max((rate.count for rate in rates), default=1))

    def wait_seconds(self, now: float, priority: Priority) -> float:
        """Seconds until one more call fits; 0 when it fits now.

        Previews leave a fifth of every budget, at least one call, to what must land, and all that is owed.
        """
        self._forget_debts(now)
        return max(
            (_wait(self._spent, rate, now, self._kept_back(rate, priority)) for rate in self._rates), default=0.0
        )

    def has_room(self, now: float) -> bool:
        """Whether one more call fits now, and after it at once all that is owed."""
        self._forget_debts(now)
        return all(_wait(self._spent, rate, now, len(self._owed)) == 0 for rate in self._rates)

    def spend(self, now: float) -> None:
        self._spent.append(now)

    def owe(self, who: str, now: float) -> None:
        """Keep a call back for the ending of `who`, for ten minutes from now or until it is paid."""
        self._owed.pop(who, None)
        self._owed[who] = now

    def owes(self, who: str) -> bool:
        return who in self._owed

    def pay(self, who: str) -> bool:
        """Keep nothing back for `who` any more; whether anything was."""
        return self._owed.pop(who, None) is not None

    def move_last(self, now: float) -> None:
        """What was spent last happens only now: its caller had to wait elsewhere."""
        self._spent[-1] = now

    def idle_since(self, now: float) -> bool:
        """Whether nothing spent still counts, and nothing is owed."""
        self._forget_debts(now)
        longest = max((rate.seconds for rate in self._rates), default=0.0)
        return not self._owed and (not self._spent or self._spent[-1] + longest <= now)

    def _kept_back(self, rate: Rate, priority: Priority) -> int:
        return max(1, rate.count // 5, len(self._owed)) if priority is Priority.PREVIEW and rate.count > 1 else 0

    def _forget_debts(self, now: float) -> None:
        """The oldest come first."""
        while self._owed:
            who, at = next(iter(self._owed.items()))
            if at + _OWED_SECONDS > now:
                return
            del self._owed[who]


def _wait(spent: Sequence[float], rate: Rate, now: float, kept_back: int) -> float:
    allowed = rate.count - kept_back
    if allowed <= 0:
        return rate.seconds
    return 0.0 if len(spent) < allowed else max(0.0, spent[-allowed] + rate.seconds - now)


class Turns:
    """Spreads a budget evenly over many who would each take more of it than their share."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._pause_seconds = max((rate.seconds / rate.count for rate in rates), default=0.0)
        self._remembered_seconds = max((rate.seconds for rate in rates), default=0.0)
        self._took_at: dict[str, float] = {}

    def is_turn(self, who: str, now: float) -> bool:
        """Whether each of the others could have had a call since the last one of `who`."""
        self._took_at = {one: at for one, at in self._took_at.items() if at + self._remembered_seconds > now}
        if who not in self._took_at:
            return True
        return now - self._took_at[who] >= self._pause_seconds * len(self._took_at)

    def take(self, who: str, now: float) -> None:
        self._took_at[who] = now

    def leave(self, who: str) -> None:
        """`who` wants no more, so the others need not wait for them."""
        self._took_at.pop(who, None)


@dataclass(frozen=True, slots=True, order=True)
class _Waiter:
    """Ordered by who goes first."""

    priority: Priority
    number: int
    window: Window = field(compare=False)
    admitted: "asyncio.Future[None]" = field(compare=False)


class Gate:
    """Lets waiters through one by one: the best priority first, then who came first."""

    def __init__(self, clock: Clock, *, exclusive: bool) -> None:
        self._clock = clock
        self._exclusive = exclusive
        self._held = False
        self._blocked_until = 0.0
        self._order = count()
        self._waiters: list[_Waiter] = []
        self._timer: asyncio.Task[None] | None = None

    async def enter(self, priority: Priority, window: Window) -> None:
        """Return when it is the caller's turn; the call is counted in `window`. `leave` must follow."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(_Waiter(priority, next(self._order), window, admitted))
        self._admit()
        try:
            await admitted
        except asyncio.CancelledError:
            if admitted.done() and not admitted.cancelled():
                self.leave()
            raise

    def is_open(self, priority: Priority, window: Window) -> bool:
        """Whether `enter` would return at once."""
        now = self._clock.monotonic()
        free = not (self._held and self._exclusive) and not self._waiters and self._blocked_until <= now
        return free and window.wait_seconds(now, priority) == 0

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
        """Let through whoever may go: the best of those whose own window is open."""
        while not (self._held and self._exclusive):
            self._waiters = [waiter for waiter in self._waiters if not waiter.admitted.done()]
            if not self._waiters:
                return
            now = self._clock.monotonic()
            wait, best = min((self._wait(waiter, now), waiter) for waiter in self._waiters)
            if wait > 0:
                self._admit_after(wait)
                return
            self._waiters.remove(best)
            best.window.spend(now)
            self._held = True
            best.admitted.set_result(None)

    def _wait(self, waiter: "_Waiter", now: float) -> float:
        return max(0.0, self._blocked_until - now, waiter.window.wait_seconds(now, waiter.priority))

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
