"""What files that mean harm do to everybody else's turns, and how long a good file takes."""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.databases import fresh
from bench.platform import TimedEngine, platform, turns_are_over, web_says
from bench.report import Measure, Section, number, percentile
from bot.documents.limits import Limits
from bot.documents.workshop import Workshop
from bot.domain.errors import FileRefused
from bot.domain.incoming import Attachment
from bot.main import Switchboard
from specialists.scripted import Pause, Say
from tests.fakes.hostile import Hostile, good_files, hostile_files

HOSTILE = 200
TURNS = 300
TURNS_PER_SECOND = 20
GOOD_TIMES = 3

_START = "update received → turn started"
_REPLY = "update received → reply of 0.2 s ended"


@dataclass(frozen=True, slots=True)
class Times:
    """Of the turns of people who send no files, in milliseconds."""

    starts_ms: list[float]
    replies_ms: list[float]


async def run() -> Section:
    """Measure turns without and with hostile files, then good files one by one."""
    alone, _ = await _turns(())
    hostile = hostile_files()[:HOSTILE]
    beside, seconds = await _turns(hostile)
    rows = [
        _row(_START, alone.starts_ms),
        _row(f"{_START}, beside {len(hostile)} hostile files", beside.starts_ms),
        _row(_REPLY, alone.replies_ms),
        _row(f"{_REPLY}, beside {len(hostile)} hostile files", beside.replies_ms),
        ("all hostile files refused or read", f"{number(seconds * 1000)} ms", "", str(len(hostile))),
    ]
    rows += [_row(name, times_ms) for name, times_ms in await _good()]
    p99 = percentile(beside.starts_ms, 99)
    return Section(
        "Files",
        f"{TURNS_PER_SECOND} web turns a second on SQLite, alone and while {len(hostile)} hostile files are looked "
        "into by the workshop of the same process, two at a time. Below, a good small file of each form: from the "
        "question to the answer, the start of its process included.",
        ("what", "p50", "p99", "samples"),
        rows,
        [Measure(_START, "p99 beside hostile files, SQLite", p99, 20, "ms")],
    )


def _row(name: str, times_ms: list[float]) -> tuple[str, ...]:
    p50, p99 = percentile(times_ms, 50), percentile(times_ms, 99)
    return name, f"{number(p50)} ms", f"{number(p99)} ms", str(len(times_ms))


async def _turns(hostile: tuple[Hostile, ...]) -> tuple[Times, float]:
    """Times of turns, and the seconds that the files took; turns go on until the files are done."""
    engine = TimedEngine(lambda _: (Pause(0.2), Say("Nine in the morning.")))
    taken: dict[str, float] = {}
    async with fresh("SQLite") as url, platform(url, engine) as board:
        await _warm_up(board)
        throwing = asyncio.create_task(_throw(hostile))
        number_of_turns = 0
        async with asyncio.TaskGroup() as group:
            while number_of_turns < TURNS or not throwing.done():
                key = f"{number_of_turns}"
                taken[key] = time.monotonic()
                group.create_task(web_says(board, number_of_turns, f"when? {key}"))
                number_of_turns += 1
                await asyncio.sleep(1 / TURNS_PER_SECOND)
        await turns_are_over(board, 20)
    return Times(
        [(engine.asked[key] - at) * 1000 for key, at in taken.items() if key in engine.asked],
        [(engine.ended[key] - at) * 1000 for key, at in taken.items() if key in engine.ended],
    ), await throwing


async def _warm_up(board: Switchboard) -> None:
    for visitor in range(TURNS_PER_SECOND):
        await web_says(board, 1_000_000 + visitor, "when? warm-up")
    await turns_are_over(board, 20)


async def _throw(files: tuple[Hostile, ...]) -> float:
    """Have all files looked into, as many at a time as the workshop likes; the seconds that took."""
    workshop = Workshop(Limits())
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.gather(*(_look(workshop, Path(folder), file.name, file.content) for file in files))
    seconds = time.monotonic() - started
    await workshop.close()
    return seconds


async def _look(workshop: Workshop, folder: Path, name: str, content: bytes) -> bool:
    """Whether the file could be used."""
    path = await asyncio.to_thread(_put, folder, content)
    try:
        await workshop.examine(path, Attachment("document", "1", name))
    except FileRefused:
        return False
    return True


def _put(folder: Path, content: bytes) -> Path:
    own = Path(tempfile.mkdtemp(dir=folder))
    path = own / "file"
    path.write_bytes(content)
    return path


async def _good() -> list[tuple[str, list[float]]]:
    """Milliseconds for a file of each form."""
    workshop = Workshop(Limits())
    times: list[tuple[str, list[float]]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, content in good_files().items():
            taken_ms = []
            for _ in range(GOOD_TIMES):
                started = time.monotonic()
                if not await _look(workshop, Path(folder), name, content):
                    raise AssertionError(f"{name} was refused")
                taken_ms.append((time.monotonic() - started) * 1000)
            times.append((name, taken_ms))
    await workshop.close()
    return times
