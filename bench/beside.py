"""A module of the benches as a program in a process of its own, so that its work is not counted as the platform's.

It obeys one JSON line at a time on standard input. Both processes read the same monotonic clock of the machine, so
their times can be compared.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

_LINE_BYTES = 256 * 1024 * 1024


class Beside:
    """The other process, seen from the bench."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **order: object) -> Any:
        """What it answers to the order."""
        if self._process.stdin is None:
            raise RuntimeError("the process was started without pipes")
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.answer()

    async def answer(self) -> Any:
        """The next line that it says."""
        if self._process.stdout is None:
            raise RuntimeError("the process was started without pipes")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended, status {await self._process.wait()}")
        return json.loads(line)


@asynccontextmanager
async def beside(module: str, *arguments: str) -> AsyncIterator[tuple[Beside, dict[str, Any]]]:
    """The running process, and what it said of itself when it was up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_BYTES,
    )
    try:
        other = Beside(process)
        yield other, await other.answer()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def obey(hello: dict[str, Any], order: Callable[[dict[str, Any]], Awaitable[object]]) -> None:
    """The other end: say `hello`, then carry out orders until standard input ends."""
    _answer(hello)
    while line := await asyncio.to_thread(sys.stdin.readline):
        _answer(await order(json.loads(line)))


def _answer(value: object) -> None:
    print(json.dumps(value), flush=True)
