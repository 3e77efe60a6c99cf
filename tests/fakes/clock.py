"""A clock that tests move, and the event loop that tells it when the moment is over."""

import asyncio
import heapq
import selectors
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

_QUIET_SECONDS = 0.002
_QUIET_TIMES = 2
_STILL_TIMES = 300


class _CountingSelector(selectors.DefaultSelector):
    """Counts what came in from sockets and from threads (which wake the loop through a socket)."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout)
        self.arrivals += len(ready)
        return ready


class WatchedLoop(asyncio.SelectorEventLoop):
    """An event loop that can tell whether anything is still on its way over loopback or from the database's threads."""

    def __init__(self) -> None:
        self._ready: deque[object]  # asyncio's own queue of callbacks that are due
        self._counting = _CountingSelector()
        super().__init__(self._counting)
        self.busy: list[Callable[[], bool]] = []
        """Whoever says true here is at work, though nothing arrives."""

    async def quiet(self, condition: Callable[[], bool] = lambda: False) -> None:
        """Return when nothing has arrived for a few milliseconds, or as soon as `condition` holds."""
        calm = 0
        while calm < _QUIET_TIMES and not condition():
            before = self._counting.arrivals
            await asyncio.sleep(_QUIET_SECONDS)
            # What is ready to run is not silence either: building a client's first request takes longer than the pause.
            idle = not self._ready and not any(busy() for busy in self.busy)
            still = idle and self._counting.arrivals == before
            calm = calm + 1 if still else 0


class ManualClock:
    """Stands still until a test moves it; sleepers wake in the order of their deadlines.

    Before each step in time, what is on the wire gets real time to arrive, so a test's moment lasts as long as its
    events take on this machine and never depends on its speed.
    """

    def __init__(self, *, grain_seconds: float = 0.0) -> None:
        """Deadlines that are less than `grain_seconds` apart are met together: faster, when a crowd is on the stage."""
        self._grain_seconds = grain_seconds
        self._start = datetime.now(UTC)
        self._elapsed = 0.0
        self._jump = timedelta()
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def database_time(self) -> datetime:
        """Untouched by `jump`, which moves the clock of one machine only."""
        return self._start + timedelta(seconds=self._elapsed)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed) + self._jump

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), wake))
        await wake

    def jump(self, delta: timedelta) -> None:
        """Move the wall clock alone, as an administrator or a leap of NTP does."""
        self._jump += delta

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass; everyone who is due wakes in order and gets to the end of what they can do."""
        end = self._elapsed + seconds
        await _quiet()
        while (deadline := self._next_deadline()) is not None and deadline <= end:
            self._wake(deadline)
            await _quiet()
        self._elapsed = max(self._elapsed, end)

    async def step(self) -> bool:
        """Let the moment end and move to the next deadline; False when nobody waits for one."""
        await _quiet()
        deadline = self._next_deadline()
        if deadline is None:
            return False
        self._wake(deadline)
        return True

    async def until(self, condition: Callable[[], bool], *, within_seconds: float = 600.0) -> None:
        """Move from deadline to deadline until `condition` holds, at most `within_seconds`.

        AssertionError when that time passes first.
        """
        end = self._elapsed + within_seconds
        still = 0
        while True:
            await _quiet(condition)
            if condition():
                return
            deadline = self._next_deadline()
            # Nobody sleeps: a slow answer may still be on its way.
            still = still + 1 if deadline is None else 0
            if still > _STILL_TIMES or (deadline or 0.0) > end:
                raise AssertionError(f"did not happen within {within_seconds} s of the test's clock")
            if deadline is not None:
                self._wake(deadline)

    def _next_deadline(self) -> float | None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def _wake(self, deadline: float) -> None:
        self._elapsed = max(self._elapsed, deadline + self._grain_seconds)
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            _, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():
                wake.set_result(None)


async def _quiet(condition: Callable[[], bool] = lambda: False) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop), "the tests' event loop is set up in tests/conftest.py"
    await loop.quiet(condition)
