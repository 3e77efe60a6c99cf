"""`python -m bench` measures everything and writes docs/benchmarks.md; `python -m bench turns relay` only prints."""

import asyncio
import contextlib
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from bench import engines, files, lanes, memory, relay, routing, slack, streams, takeover, threads, turns
from bench.databases import fresh
from bench.report import Section, table
from bot.telemetry import configure

LIMIT_SECONDS = 170.0
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BENCHES: dict[str, Callable[[], Awaitable[Section]]] = {
    "lanes": lanes.run,
    "turns": turns.run,
    "relay": relay.run,
    "streams": streams.run,
    "slack": slack.run,
    "memory": memory.run,
    "takeover": takeover.run,
    "routing": routing.run,
    "threads": threads.run,
    "engines": engines.run,
    "files": files.run,
}
_HOW = """\
`make bench` runs everything, prints it and writes this page (about ten minutes; nothing else should run meanwhile).
`.venv/bin/python -m bench lanes` runs one bench and only prints; they are {names}.
Nothing here is an assertion: the figures belong to the machine they were measured on."""


def main(names: Sequence[str]) -> int:
    """Run the benches called `names`, all when there are none; its exit status."""
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    logs = _keep_logs()
    sections = [_run(name) for name in names or BENCHES]
    page = _page(sections, asyncio.run(_machine()))
    print(page)
    if not names:
        PAGE.write_text(page, encoding="utf-8")
    print(f"What was logged meanwhile is in {logs}", file=sys.stderr)
    return 0


def _run(name: str) -> Section:
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    started = time.monotonic()
    section = asyncio.run(_call(name))
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    return section


async def _call(name: str) -> Section:
    """The result of the bench; a section that says so when it took too long."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await BENCHES[name]()
    except TimeoutError:
        return Section(name.title(), "", ("result",), [(f"did not end within {LIMIT_SECONDS:.0f} s",)])


def _keep_logs() -> str:
    """Log as the program does, which costs time, but into a file."""
    with (
        tempfile.NamedTemporaryFile("w", prefix="bench-", suffix=".log", delete=False) as file,
        contextlib.redirect_stderr(Path(file.name).open("w", encoding="utf-8")),
    ):
        configure("INFO", json=True)
        return file.name


async def _machine() -> list[tuple[str, str]]:
    async with fresh("PostgreSQL") as url:
        connection = await asyncpg.connect(url)
        version = connection.get_server_version()
        await connection.close()
    return [
        ("date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{_memory_kb() / 1024**2:.0f} GB"),
        ("system", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("SQLite", sqlite3.sqlite_version),
        ("PostgreSQL", f"{version.major}.{version.minor}"),
        ("load average at the end (1, 5, 15 min)", ", ".join(f"{load:.1f}" for load in os.getloadavg())),
    ]


def _memory_kb() -> int:
    return int(Path("/proc/meminfo").read_text(encoding="ascii").split()[1])


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _page(sections: Sequence[Section], machine: Sequence[tuple[str, str]]) -> str:
    measures = [measure.row() for section in sections for measure in section.measures]
    parts = [
        "# Benchmarks",
        _HOW.format(names=", ".join(f"`{name}`" for name in BENCHES)),
        table(("machine", ""), machine),
        "## Against the budgets",
        "A ratio over 1 misses its budget.",
        table(("budget", "measured where", "at most", "measured", "ratio"), measures),
        *(section.markdown().rstrip() for section in sections),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
