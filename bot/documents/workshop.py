"""Where files of users are looked into: each in a process of its own, so that whatever a file does to it ends with it.

Nothing of a file's content is parsed in this process.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock, Timer

from bot.documents.fairness import FairPlaces
from bot.documents.findings import Finding, SpeechFound, read_finding
from bot.documents.limits import Limits
from bot.documents.worker import ask
from bot.domain.errors import FileRefused, StorageError
from bot.domain.incoming import Attachment

log = logging.getLogger(__name__)

_ROOT = str(Path(__file__).parents[2])
_START = """\
import sys
root, folder = sys.argv[1:]
root in sys.path or sys.path.insert(0, root)
from bot.documents.worker import main
main(folder)
"""
"""Isolated Python (-I) finds what is installed, editable or not; the root is for a tree that is run where it lies."""
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What some builds of Python need to start."""
_NICE = 15
"""So much less than we need the processor a file does: a twenty-eighth of the time when both want it."""
_OUT_OF_MEMORY = signal.SIGABRT
"""How libraries in Rust and C++ end that are refused memory."""
_SLOW_ENDS = (signal.SIGXCPU, signal.SIGALRM)


class Workshop:
    """Looks into at most `workers` files at a time; others wait for their turn, fairly between their owners."""

    def __init__(self, limits: Limits, *, workers: int = 2) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="documents")
        self._places = FairPlaces(workers)
        self._errands: dict[_Errand, asyncio.Future[Finding]] = {}
        self._is_closed = False

    async def examine(self, path: Path, attachment: Attachment, *, owner: int = 0) -> Finding:
        """What is in the file at `path`, whatever `attachment` says of it. `owner` is who sent it: nobody's files wait
        for more than one of another's, as long as all take as long.

        FileRefused, with one of `findings.REASONS`, when it cannot be used; StorageError when this machine has no room
        or no process left, when no process can read files here (the log says so), and after `close`. Speech may be
        found in a new file beside `path`, named after it; so nobody else should use that folder, and whoever made it
        clears it away. When this is cancelled, the work has ended and everything it made is gone.
        """
        if self._is_closed:
            raise StorageError("documents: closed")
        async with self._places.place(owner):
            return await self._examine(_Errand(path, attachment, self._limits))

    async def close(self) -> None:
        """End all work; whoever still waits for it is cancelled."""
        self._is_closed = True
        self._places.close()
        unfinished = tuple(self._errands.items())
        for errand, _ in unfinished:
            errand.stop()
        for _, running in unfinished:
            await _ended(running)
        self._pool.shutdown(wait=False)

    async def _examine(self, errand: "_Errand") -> Finding:
        running = asyncio.get_running_loop().run_in_executor(self._pool, errand.run)
        self._errands[errand] = running
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if errand.stop():
                await _ended(running)
            running.cancel()
            raise
        finally:
            del self._errands[errand]


async def _ended(running: asyncio.Future[Finding]) -> None:
    """Return when `running` is over, which it is soon, even if this is cancelled once more."""
    with suppress(asyncio.CancelledError):
        await asyncio.wait({running})
    if running.done() and not running.cancelled():
        running.exception()


class _Errand:
    """One file; `run` is called in a thread, `stop` from anywhere."""

    def __init__(self, path: Path, attachment: Attachment, limits: Limits) -> None:
        self._path = path.absolute()
        self._attachment = attachment
        self._limits = limits
        self._lock = Lock()
        self._has_begun = False
        self._is_stopped = False
        self._is_late = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> Finding:
        """What is in the file; CancelledError when it was stopped."""
        with self._lock:
            if self._is_stopped:
                raise CancelledError
            self._has_begun = True
        try:
            return self._run()
        except OSError as error:
            raise StorageError(f"documents: {type(error).__name__}") from None

    def _run(self) -> Finding:
        if not 0 < self._path.stat().st_size <= self._limits.file_bytes:
            return self._of_a_size_to_refuse()
        with tempfile.TemporaryDirectory(dir=self._path.parent, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            ask(folder, self._path, self._attachment, self._limits)
            self._work(folder)
            found = read_finding(folder, self._path, self._limits)
            return self._kept(found) if isinstance(found, SpeechFound) else found

    def stop(self) -> bool:
        """End the work, or let it never begin; whether it had begun."""
        with self._lock:
            self._is_stopped = True
            self._kill()
            return self._has_begun

    def _of_a_size_to_refuse(self) -> Finding:
        if self._path.stat().st_size:
            raise FileRefused("file-too-large", megabytes=self._limits.file_bytes // 1_000_000)
        raise FileRefused("file-empty")

    def _work(self, folder: Path) -> None:
        """Let a process write its answer into `folder`. FileRefused when it came to a bad end."""
        with self._lock:
            if self._is_stopped:
                raise CancelledError
            self._process = process = _started(folder)
        timer = Timer(self._limits.seconds, self._expire)
        timer.start()
        status = process.wait()
        timer.cancel()
        with self._lock:
            # What it may have started against all rules has the same group.
            self._kill()
            self._process = None
        if self._is_late or -status in _SLOW_ENDS:
            raise FileRefused("file-too-slow")
        if self._is_stopped:
            raise CancelledError
        if status > 0:
            # No file does that: the process did not even come to it.
            log.error("a process that reads files did not work", extra={"status": status})
            raise StorageError(f"documents: a process ended with {status}")
        if status:
            raise FileRefused("file-expands" if -status == _OUT_OF_MEMORY else "file-damaged", f"ended with {status}")

    def _expire(self) -> None:
        with self._lock:
            self._is_late = self._process is not None
            self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _kept(self, found: SpeechFound) -> SpeechFound:
        """The recording where it outlives the folder of the work, under a name that ends as its form demands."""
        if found.path == self._path:
            return found
        target = self._path.with_name(f"{self._path.name}{found.path.suffix}")
        return replace(found, path=found.path.replace(target))


def _started(folder: Path) -> subprocess.Popen[bytes]:
    variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of a file's in its arguments
        [sys.executable, "-I", "-X", "utf8", "-c", _START, _ROOT, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={**variables, "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"},
        close_fds=True,
        # No session of its own: Linux shares time evenly between sessions, however nice the processes in them are.
        process_group=0,
    )
    with suppress(ProcessLookupError):
        # From its first moment on, and not by itself: to start takes it longer than most files do.
        os.setpriority(os.PRIO_PROCESS, process.pid, min(19, os.getpriority(os.PRIO_PROCESS, 0) + _NICE))
    return process
