"""A real `switchboard run`, as a process that can be killed."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.emulated import Emulated
from bench.platform import SECRET

START_SECONDS = 30.0
_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Program:
    process: asyncio.subprocess.Process
    address: str
    """Where its chat page is."""

    @property
    def pid(self) -> int:
        return self.process.pid

    async def dies(self) -> None:
        """At once, as by `kill -9`."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def program(url: str, telegram: Emulated, name: str) -> AsyncIterator[Program]:
    """A process called `name` that is up: its page can be opened. It answers with a slow echo."""
    environment = os.environ | {
        "DATABASE_URL": url,
        "DEFAULT_MODEL": "scripted:echo",
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_API_BASE": telegram.url,
        "PROCESS_NAME": name,
        "JWT_SECRET": SECRET,
        "PORT": "0",
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.cli",
            "run",
            cwd=folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield Program(process, await _address(process))
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise RuntimeError("the program was started without pipes")
    async with asyncio.timeout(START_SECONDS):
        while line := (await process.stdout.readline()).decode():
            if found := _URL.search(line):
                return found[0]
    raise RuntimeError(f"the program ended before it was up, status {await process.wait()}")
