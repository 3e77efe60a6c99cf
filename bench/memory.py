"""Resident memory: of the whole program after its start, and for each thread that is open."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import aiohttp

from bench.databases import fresh
from bench.emulated import emulated
from bench.platform import TimedEngine, platform, turns_are_over, web_says
from bench.program import program
from bench.report import Measure, Section, number
from specialists.scripted import Say

THREADS = 500
WARM_UP = 100
SETTLE_SECONDS = 3.0
REPLY = "The bridge opens at nine, and on Sundays at ten. " * 10


async def run() -> Section:
    started_mb, opened_mb = await _program()
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        per_thread_kb = await loop.run_in_executor(pool, _threads)
    return Section(
        "Memory",
        "Resident memory (VmRSS) of a real `switchboard run` on SQLite with Telegram (emulated) and the web chat, "
        f"{SETTLE_SECONDS:.0f} s after its start and after its chat page was fetched once. Per open thread: the growth "
        f"of a platform from {WARM_UP} to {WARM_UP + THREADS:,} web threads with one finished turn each.",
        ("what", "resident"),
        [
            ("program after the start", f"{number(started_mb)} MB"),
            ("program after its page was opened", f"{number(opened_mb)} MB"),
            ("each open thread", f"{number(per_thread_kb)} kB"),
        ],
        [
            Measure("memory with all front-ends loaded", "`switchboard run`, page opened", opened_mb, 300, "MB"),
            Measure("memory per open thread", f"web, of {THREADS:,}", per_thread_kb, 50, "kB"),
        ],
    )


async def _program() -> tuple[float, float]:
    """Megabytes of the program after its start, and after the first page."""
    async with fresh("SQLite") as url, emulated() as telegram, program(url, telegram, "memory") as running:
        await asyncio.sleep(SETTLE_SECONDS)
        started = resident_kb(running.pid) / 1024
        async with aiohttp.ClientSession() as client, client.get(running.address) as answer:
            answer.raise_for_status()
            await answer.read()
        await asyncio.sleep(1)
        return started, resident_kb(running.pid) / 1024


def resident_kb(pid: int | str = "self") -> int:
    """What the process holds in memory now, by the kernel's account."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def _threads() -> float:
    """Kilobytes per open thread, in a process of its own."""
    return asyncio.run(_grow(resident_kb))


async def _grow(resident: Callable[[], int]) -> float:
    engine = TimedEngine(lambda _: (Say(REPLY, 100, 0.0),))
    async with fresh("SQLite") as url, platform(url, engine) as board:

        async def open_threads(first: int, count: int) -> None:
            for index in range(first, first + count):
                await web_says(board, index, f"when? {index}")
            await turns_are_over(board, 60)
            gc.collect()

        await open_threads(0, WARM_UP)
        before = resident()
        await open_threads(WARM_UP, THREADS)
        return (resident() - before) / THREADS
