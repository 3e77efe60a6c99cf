"""A clock that tests move, and the event loop that tells it when the moment is over."""

import asyncio
import heapq
import os
import selectors
import socket
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

import aiosqlite.core

_CALM_TIMES = 2
_PAUSE_SECONDS = 0.002
_PATIENCE_SECONDS = 0.004
_STILL_TIMES = 300
_SQLITE_CALLS = aiosqlite.core.__file__
_Args = TypeVarTuple("_Args")
_Result = TypeVar("_Result")
_COUNTED_THREADS = ("aiosqlite.core", "concurrent.futures.thread")


class _CountingSelector(selectors.DefaultSelector):
    """Counts what came in from sockets and from threads (which wake the loop through a socket)."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals = 0
        self.strangers: set[int] = set()
        """What leads out of this process, where nobody can know what is on its way: pipes, PostgreSQL's sockets."""
        self.on_arrival: Callable[[], None] = lambda: None

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        if not _is_tcp(key.fd):
            self.strangers.add(key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = super().unregister(fileobj)
        self.strangers.discard(key.fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout)
        if ready:
            self.arrivals += len(ready)
            self.on_arrival()
        return ready


class WatchedLoop(asyncio.SelectorEventLoop):
    """An event loop that can tell whether anything is still on its way over loopback or from the database's threads.

    What one of its sockets sends over loopback can be read at the other end when the call returns, and who works in
    a thread for it is counted; so an empty look at all sockets is silence. Only with a stranger, such as a process of
    its own, silence is that nothing arrives for a few milliseconds. TCP servers of other processes are not expected.
    """

    def __init__(self) -> None:
        self._ready: deque[object]  # asyncio's own queue of callbacks that are due
        self._counting = _CountingSelector()
        self._in_threads = 0
        super().__init__(self._counting)
        self._counting.strangers.clear()  # the loop's own socket, by which its threads wake it
        self._counting.on_arrival = self._arrived
        self._pausing: set[asyncio.Future[None]] = set()
        self._others = frozenset(threading.enumerate())
        self.busy: list[Callable[[], bool]] = []
        """Whoever says true here is at work, though nothing arrives."""

    async def quiet(self, condition: Callable[[], bool] = lambda: False) -> None:
        """Return when nothing is on its way any more, or as soon as `condition` holds."""
        calm = 0
        while calm < _CALM_TIMES and not condition():
            before = self._counting.arrivals
            if self._counting.strangers:
                await asyncio.sleep(_PAUSE_SECONDS)
            elif self._is_alone():
                await asyncio.sleep(0)
            else:
                await self.pause(_PAUSE_SECONDS)
            # What is ready to run is not silence either: building a client's first request takes longer than a pause.
            idle = not self._ready and not self._in_threads and not any(busy() for busy in self.busy)
            still = idle and self._counting.arrivals == before
            calm = calm + 1 if still else 0

    async def pause(self, seconds: float) -> None:
        """Let real time pass, at most until something arrives."""
        over = super().create_future()
        self._pausing.add(over)
        timer = self.call_later(seconds, self._arrived)
        try:
            await over
        finally:
            timer.cancel()
            self._pausing.discard(over)

    def create_future(self) -> asyncio.Future[Any]:
        """Counts what aiosqlite waits for: each of its futures is one call in the thread of a connection."""
        future: asyncio.Future[Any] = super().create_future()
        if sys._getframe(1).f_code.co_filename == _SQLITE_CALLS:
            self._count(future)
        return future

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Args], _Result], *args: *_Args
    ) -> asyncio.Future[_Result]:
        future = super().run_in_executor(executor, func, *args)
        self._count(future)
        return future

    def _count(self, future: asyncio.Future[Any]) -> None:
        self._in_threads += 1
        future.add_done_callback(self._counted)

    def _counted(self, _: object) -> None:
        self._in_threads -= 1

    def _arrived(self) -> None:
        for over in self._pausing:
            if not over.done():
                over.set_result(None)

    def _is_alone(self) -> bool:
        """Whether nobody is at work for this loop in another thread, as far as can be known."""
        if self._in_threads or any(busy() for busy in self.busy):
            return False
        return all(thread in self._others or _is_counted(thread) for thread in threading.enumerate())


def _is_tcp(fd: int) -> bool:
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        return False
    with socket.socket(fileno=os.dup(fd)) as copy:
        return copy.family in (socket.AF_INET, socket.AF_INET6)


def _is_counted(thread: threading.Thread) -> bool:
    return getattr(vars(thread).get("_target"), "__module__", "") in _COUNTED_THREADS


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
        loop = await _quiet()
        deadline = self._next_deadline()
        if deadline is None:
            await loop.pause(_PATIENCE_SECONDS)
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
            loop = await _quiet(condition)
            if condition():
                return
            deadline = self._next_deadline()
            still = still + 1 if deadline is None else 0
            if still > _STILL_TIMES or (deadline or 0.0) > end:
                raise AssertionError(f"did not happen within {within_seconds} s of the test's clock")
            if deadline is not None:
                self._wake(deadline)
            else:  # nobody sleeps: a slow answer may still be on its way
                await loop.pause(_PATIENCE_SECONDS)

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


async def _quiet(condition: Callable[[], bool] = lambda: False) -> WatchedLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop), "the tests' event loop is set up in tests/conftest.py"
    await loop.quiet(condition)
    return loop
