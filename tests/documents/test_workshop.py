"""The sandbox: every file is looked into by a process of its own, which ends whatever happens."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.documents.findings import ANSWER, DocumentFound, PictureFound, SpeechFound, read_finding
from bot.documents.limits import Limits
from bot.documents.workshop import Workshop
from bot.domain.errors import FileRefused, StorageError
from bot.domain.incoming import Attachment
from tests.fakes import papers
from tests.fakes.hostile import hostile_files
from tests.fakes.voices import silence, spoken

THING = Attachment("document", "1", "thing.pdf")
LITTLE = Limits(memory_bytes=400_000_000)


@pytest_asyncio.fixture
async def workshop() -> AsyncIterator[Workshop]:
    before = children()
    shop = Workshop(Limits(), workers=2)
    yield shop
    await shop.close()
    assert set(children()) <= set(before)


@pytest.fixture
def put(tmp_path: Path) -> "Put":
    return Put(tmp_path)


class Put:
    """Puts files into a folder, where nothing else may be left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, content: bytes, name: str = "file") -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def children() -> list[int]:
    """The processes that this one has started and that are not over."""
    found: list[int] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found += [int(pid) for pid in task.read_text().split() if not _is_over(pid)]
    return found


def _is_over(pid: str) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def _open_files(process: Path) -> Iterator[str]:
    for link in process.joinpath("fd").iterdir():
        with suppress(FileNotFoundError):  # closed while we look
            yield str(link.readlink())


def _is_worker(pid: int) -> bool:
    return b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()


async def child_of(task: asyncio.Task[object], *, before: list[int]) -> int:
    """The process that works for `task`, as soon as it runs Python."""
    while not task.done():
        for pid in set(children()) - set(before):
            if _is_worker(pid):
                return pid
        await asyncio.sleep(0)
    raise AssertionError("it was over before its process was seen")


def hostile(name: str) -> bytes:
    return next(file.content for file in hostile_files() if file.name == name)


async def why(workshop: Workshop, path: Path, attachment: Attachment = THING) -> str:
    with pytest.raises(FileRefused) as refused:
        await workshop.examine(path, attachment)
    return refused.value.reason


async def test_a_document_a_picture_and_speech(workshop: Workshop, put: Put) -> None:
    document, picture, speech = await asyncio.gather(
        workshop.examine(put(papers.pdf("Мост".encode().hex()), "a"), THING),
        workshop.examine(put(papers.picture(), "b"), THING),
        workshop.examine(put(spoken("hello there"), "c.oga"), THING),
    )
    assert isinstance(document, DocumentFound)
    assert document.extract.parts[0].text == "Мост".encode().hex()
    assert isinstance(picture, PictureFound)
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 64, 48)
    assert isinstance(speech, SpeechFound)
    assert (speech.path, speech.media_type) == (put.folder / "c.oga.ogg", "audio/ogg")
    assert speech.path.read_bytes() == spoken("hello there")
    assert put.left() == ["a", "b", "c.oga", "c.oga.ogg"]


async def test_any_character_comes_through(workshop: Workshop, put: Put) -> None:
    text = 'Ä € 漢字 😀 \u2028 \x85 \\n "quoted"\tтаб'
    found = await workshop.examine(put(f"# One\n{text}\n# Two\nend".encode()), replace(THING, name="a.md"))
    assert isinstance(found, DocumentFound)
    assert [part.name for part in found.extract.parts] == ["One", "Two"]
    assert 'Ä € 漢字 😀 \n \n \\n "quoted"\tтаб' in found.extract.parts[0].text


async def test_a_recording_that_has_its_suffix_stays_where_it_is(workshop: Workshop, put: Put) -> None:
    path = put(spoken("hello there"), "voice.ogg")
    found = await workshop.examine(path, THING)
    assert isinstance(found, SpeechFound)
    assert found.path == path
    assert put.left() == ["voice.ogg"]


async def test_video_is_left_beside_as_speech(workshop: Workshop, put: Put) -> None:
    found = await workshop.examine(put(spoken("hello there", form="video"), "note"), THING)
    assert isinstance(found, SpeechFound)
    assert found.path == put.folder / "note.ogg"


@pytest.mark.parametrize("name", ["bomb.xlsx", "laughs-document.xml.docx", "macros.docx", "elf.pdf", "huge.jpg"])
async def test_the_reason_comes_through(workshop: Workshop, put: Put, name: str) -> None:
    expected = next(file.reason for file in hostile_files() if file.name == name)
    assert await why(workshop, put(hostile(name))) == expected
    assert put.left() == ["file"]


async def test_arguments_of_the_sentence_come_through(put: Put) -> None:
    shop = Workshop(Limits(speech_seconds=60, file_bytes=1_000_000))
    with pytest.raises(FileRefused) as refused:
        await shop.examine(put(silence(62)), THING)
    assert (refused.value.reason, refused.value.arguments) == ("file-too-long", {"minutes": 1})
    assert await why(shop, put(bytes(1_000_001))) == "file-too-large"
    assert await why(shop, put(b"")) == "file-empty"
    await shop.close()


async def test_too_slow(put: Put) -> None:
    before = children()
    shop = Workshop(Limits(seconds=0.3))
    assert await why(shop, put(hostile("busy.pdf"))) == "file-too-slow"
    assert set(children()) <= set(before)
    assert put.left() == ["file"]
    found = Workshop(Limits())
    assert isinstance(await found.examine(put(papers.pdf("Hello")), THING), DocumentFound)
    await shop.close()
    await found.close()


async def test_more_memory_than_there_may_be(put: Put) -> None:
    shop = Workshop(LITTLE)
    assert await why(shop, put(hostile("repeated.ods"))) in ("file-damaged", "file-expands")
    assert isinstance(await shop.examine(put(papers.workbook({"One": [["a"]]})), THING), DocumentFound)
    await shop.close()


async def test_a_picture_that_does_not_fit_into_memory(put: Put) -> None:
    shop = Workshop(replace(LITTLE, memory_bytes=150_000_000))
    large = papers.picture("PNG", size=(7000, 7000), mode="L", compress_level=1)
    assert await why(shop, put(large)) == "file-expands"
    await shop.close()


@pytest.mark.parametrize(
    ("end", "reason"),
    [(signal.SIGSEGV, "file-damaged"), (signal.SIGKILL, "file-damaged"), (signal.SIGABRT, "file-expands")],
)
async def test_a_parser_that_crashes(workshop: Workshop, put: Put, end: signal.Signals, reason: str) -> None:
    before = children()
    looking = asyncio.create_task(workshop.examine(put(hostile("busy.pdf")), THING))
    os.kill(await child_of(looking, before=before), end)
    with pytest.raises(FileRefused) as refused:
        await looking
    assert refused.value.reason == reason
    assert put.left() == ["file"]


async def test_a_process_that_cannot_work_is_no_fault_of_the_file(
    workshop: Workshop, put: Put, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(StorageError):
        await workshop.examine(put(papers.pdf("Hello")), THING)
    assert [(record.levelname, record.__dict__["status"]) for record in caplog.records] == [("ERROR", 1)]


async def test_it_has_no_secrets_and_nothing_of_ours_is_open(
    workshop: Workshop, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    before = children()
    with (put.folder / "ours").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        looking = asyncio.create_task(workshop.examine(put(hostile("busy.pdf")), THING))
        process = Path("/proc", str(await child_of(looking, before=before)))
        variables = process.joinpath("environ").read_bytes()
        open_files = set(_open_files(process))
        group = process.joinpath("stat").read_text().rpartition(")")[2].split()[2]
        looking.cancel()
        await asyncio.wait({looking})
    assert b"sk-secret" not in variables
    assert {entry.partition(b"=")[0] for entry in variables.split(b"\0") if entry} <= {b"TMPDIR", b"LC_ALL"}
    assert str(put.folder / "ours") not in open_files
    assert group == process.name


async def test_who_is_cancelled_leaves_nothing_behind(workshop: Workshop, put: Put) -> None:
    before = children()
    looking = asyncio.create_task(workshop.examine(put(hostile("busy.pdf")), THING))
    child = await child_of(looking, before=before)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert child not in children()
    assert put.left() == ["file"]


async def test_only_so_many_work_at_once(put: Put) -> None:
    shop = Workshop(Limits(), workers=1)
    before = children()
    first = asyncio.create_task(shop.examine(put(hostile("busy.pdf"), "first"), THING))
    await child_of(first, before=before)
    second = asyncio.create_task(shop.examine(put(papers.pdf("Hello"), "second"), THING))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert len(set(children()) - set(before)) == 1
    await shop.close()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert put.left() == ["first", "second"]
    assert set(children()) <= set(before)


async def test_nobody_waits_for_all_files_of_another(put: Put) -> None:
    shop = Workshop(Limits(), workers=1)
    done: list[str] = []

    async def look(name: str, owner: int) -> None:
        await shop.examine(put(b"Hello", name), THING, owner=owner)
        done.append(name)

    await asyncio.gather(look("a1", 1), look("a2", 1), look("a3", 1), look("b1", 2))
    assert done == ["a1", "b1", "a2", "a3"]
    await shop.close()


async def test_who_waits_is_cancelled_at_the_end_and_who_comes_later_is_told(put: Put) -> None:
    shop = Workshop(Limits(), workers=1)
    looking = [asyncio.create_task(shop.examine(put(hostile("busy.pdf"), name), THING)) for name in ("a", "b")]
    await asyncio.sleep(0)
    await shop.close()
    assert [type(end) for end in await asyncio.gather(*looking, return_exceptions=True)] == [asyncio.CancelledError] * 2
    with pytest.raises(StorageError):
        await shop.examine(put(b"Hello"), THING)


async def test_a_machine_without_room_is_no_fault_of_the_file(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await workshop.examine(tmp_path / "nothing", THING)


PART = ["page", 1, "", "text"]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["not JSON"],
        [[]],
        [{"found": "treasure"}],
        [{"found": "document", "media_type": "a/b", "is_cut": False, "parts": 0}],
        [{"found": "document", "media_type": "a/b", "is_cut": False, "parts": 2}, PART],
        [{"found": "document", "media_type": "a/b", "is_cut": 1, "parts": 1}, PART],
        [{"found": "document", "media_type": "a" * 1000, "is_cut": False, "parts": 1}, PART],
        [{"found": "document", "media_type": "a/b", "is_cut": False, "parts": 1}, ["chapter", 1, "", "text"]],
        [{"found": "document", "media_type": "a/b", "is_cut": False, "parts": 1}, ["page", 0, "", "text"]],
        [{"found": "document", "media_type": "a/b", "is_cut": False, "parts": 1}, ["page", 1, "", "x" * 2_000_001]],
        [{"found": "picture", "media_type": "image/png", "width": 9, "height": 9}],
        [{"found": "speech", "media_type": "a/b", "seconds": 1.0, "suffix": ".ogg", "is_new": True}],
        [{"found": "speech", "media_type": "a/b", "seconds": 1.0, "suffix": "./../x", "is_new": False}],
        [{"found": "speech", "media_type": "a/b", "seconds": 1e9, "suffix": ".ogg", "is_new": False}],
        [{"found": "nothing", "reason": "error-unknown", "arguments": {}}],
        [{"found": "nothing", "reason": "file-empty", "arguments": {"name": "<b>"}}],
        [{"found": "nothing", "reason": "file-empty", "arguments": {"reason": 1}}],
    ],
)
def test_an_answer_is_not_trusted(tmp_path: Path, lines: list[object]) -> None:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (tmp_path / ANSWER).write_text(text)
    with pytest.raises(FileRefused) as refused:
        read_finding(tmp_path, tmp_path / "file", Limits())
    assert refused.value.reason == "file-damaged"
