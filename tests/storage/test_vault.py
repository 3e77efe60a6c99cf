"""The content of files: once for each different content, as long as somebody needs it, and never without a row."""

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from bot.domain.errors import FilesAway, StorageError
from bot.domain.incoming import Attachment
from bot.domain.media import Upload
from bot.domain.messenger import File
from bot.domain.place import Place, Ref
from bot.domain.thread import Turn, User
from storage.blobs import CLAIM_SECONDS
from storage.faults import ContentGone
from storage.files import StoredFile
from storage.object_files import ObjectFiles
from storage.store import Store
from storage.tables import blobs
from storage.vault import Vault
from tests.fakes.clock import ManualClock, WatchedLoop
from tests.storage.conftest import LeapingClock, OpenStore
from tests.storage.people import CHAT, conversation, exchange, person, running

PAGE = b"%PDF-1.7 " + bytes(range(256))


def on_disk(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def clock() -> ManualClock:
    return LeapingClock()


async def kept_file(store: Store, vault: Vault, owner: User, content: bytes) -> StoredFile:
    async with vault.hold(content) as blob, store.begin() as tx:
        return await tx.files.add(owner.id, "a.bin", "application/octet-stream", len(content), blob)


async def sent_file(store: Store, vault: Vault, owner: User, content: bytes) -> tuple[Turn, Upload]:
    """A message with a picture, which is kept."""
    thread = await conversation(store, owner)
    async with store.begin() as tx:
        turn = await running(tx, thread, "look")
        message = await tx.turns.add_message(turn.id, "user", "look", Ref(CHAT, str(turn.id)))
        (upload,) = await tx.uploads.add(message, [Attachment("photo", "f1")])
    async with vault.hold(content) as blob, store.begin() as tx:
        await tx.uploads.ready(upload.id, sort="picture", media_type="image/png", size_bytes=len(content), blob=blob)
    return turn, upload


async def test_the_same_content_is_kept_once(store: Store, vault: Vault, folder: Path, tmp_path: Path) -> None:
    ann, bob = await person(store), await person(store, "43")
    one, two = await kept_file(store, vault, ann, PAGE), await kept_file(store, vault, bob, PAGE)
    other = await kept_file(store, vault, bob, b"other")
    assert one.blob == two.blob != other.blob
    assert on_disk(folder) == sorted([PAGE, b"other"])
    assert await vault.read(one.blob) == PAGE
    await vault.fetch(one.blob, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == PAGE


async def test_a_file_is_kept_from_where_it_lies(vault: Vault, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(PAGE)
    assert await vault.read(await vault.keep(source)) == PAGE
    assert source.exists()
    with pytest.raises(StorageError):
        await vault.keep(tmp_path / "absent")


@pytest.mark.parametrize("absent", [0, -1, 77, 10**30])
async def test_there_is_no_other_content(vault: Vault, absent: int) -> None:
    with pytest.raises(ContentGone):
        await vault.read(absent)


async def test_what_nobody_refers_to_is_swept_after_its_claim(vault: Vault, folder: Path, clock: ManualClock) -> None:
    blob = await vault.keep_bytes(PAGE)
    assert await vault.sweep() == 0
    await clock.advance(CLAIM_SECONDS - 1)
    assert await vault.keep_bytes(PAGE) == blob  # claimed anew
    await clock.advance(CLAIM_SECONDS - 1)
    assert await vault.sweep() == 0
    await clock.advance(1)
    assert await vault.sweep() == 1
    assert on_disk(folder) == []
    with pytest.raises(ContentGone):
        await vault.read(blob)
    again = await vault.keep_bytes(PAGE)
    assert again != blob
    assert await vault.read(again) == PAGE


async def test_what_somebody_refers_to_stays(store: Store, vault: Vault, folder: Path, clock: ManualClock) -> None:
    ann = await person(store)
    await kept_file(store, vault, ann, b"a file")
    await sent_file(store, vault, ann, b"a picture")
    await clock.advance(10 * CLAIM_SECONDS)
    assert await vault.sweep() == 0
    assert on_disk(folder) == [b"a file", b"a picture"]


async def forget(store: Store, owner: User, turn: Turn) -> None:
    async with store.begin() as tx:
        await tx.privacy.erase(owner.id)


async def delete_thread(store: Store, owner: User, turn: Turn) -> None:
    async with store.begin() as tx:
        await tx.threads.delete(turn.thread_id)


async def delete_message(store: Store, owner: User, turn: Turn) -> None:
    async with store.begin() as tx:
        assert await tx.turns.delete_message(Ref(CHAT, str(turn.id)), owner.id) is not None


async def drop_turn(store: Store, owner: User, turn: Turn) -> None:
    async with store.begin() as tx:
        await tx.turns.drop(turn.id)


@pytest.mark.parametrize("ending", [forget, delete_thread, delete_message, drop_turn])
async def test_what_is_deleted_is_swept_at_once(
    store: Store, vault: Vault, folder: Path, ending: Callable[[Store, User, Turn], Awaitable[None]]
) -> None:
    ann, bob = await person(store), await person(store, "43")
    await kept_file(store, vault, bob, b"both have it")
    turn, _ = await sent_file(store, vault, ann, b"hers alone")
    await sent_file(store, vault, ann, b"both have it")
    await ending(store, ann, turn)
    async with store.begin() as tx:
        assert (await tx.jobs.depth())["sweep"] == 1
    assert await vault.sweep() == 1
    assert on_disk(folder) == [b"both have it"]


async def test_a_reply_that_is_made_anew_lets_go_of_its_files(store: Store, vault: Vault, folder: Path) -> None:
    ann = await person(store)
    thread = await conversation(store, ann)
    async with vault.hold(PAGE) as blob, store.begin() as tx:
        turn = await exchange(tx, thread, "draw")
        await tx.files.add(ann.id, "a", "image/png", 1, blob, turn_id=turn.id, version=1)
        await tx.files.drop(turn.id, 1)
    await vault.sweep()
    assert on_disk(folder) == []


async def test_an_upload_that_is_refused_lets_go_of_what_it_had(store: Store, vault: Vault, folder: Path) -> None:
    _, upload = await sent_file(store, vault, await person(store), PAGE)
    async with store.begin() as tx:
        await tx.uploads.refuse(upload.id, "file-damaged", {})
    await vault.sweep()
    assert on_disk(folder) == []


class Failing:
    """A store of files that dies at one of its verbs."""

    def __init__(self, files: ObjectFiles) -> None:
        self._files = files
        self.fails = ""
        self.failed = 0

    async def put(self, key: str, source: Path) -> None:
        self._die("put")
        await self._files.put(key, source)

    async def get(self, key: str, into: Path) -> None:
        await self._files.get(key, into)

    async def read(self, key: str) -> bytes:
        self._die("read")
        return await self._files.read(key)

    async def delete(self, key: str) -> None:
        self._die("delete")
        await self._files.delete(key)

    def _die(self, verb: str) -> None:
        if self.fails == verb:
            self.failed += 1
            raise FilesAway("the store is gone")


Outcome = TypeVar("Outcome")


async def in_time(clock: ManualClock, work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """What comes of it, however long it waits by the clock."""
    task = asyncio.ensure_future(work)
    while not task.done():
        await clock.advance(1)
    return task.result()


async def test_a_row_whose_content_never_came_gets_it_later(store: Store, folder: Path, clock: ManualClock) -> None:
    files = Failing(ObjectFiles.at(str(folder)))
    vault = Vault(store, files)
    files.fails = "put"
    with pytest.raises(FilesAway):
        await in_time(clock, vault.keep_bytes(PAGE))
    assert on_disk(folder) == []
    files.fails = ""
    assert await vault.read(await vault.keep_bytes(PAGE)) == PAGE


async def test_a_sweep_that_broke_off_is_finished_by_the_next(store: Store, folder: Path, clock: ManualClock) -> None:
    files = Failing(ObjectFiles.at(str(folder)))
    vault = Vault(store, files)
    old = await vault.keep_bytes(PAGE)
    await clock.advance(CLAIM_SECONDS)
    files.fails = "delete"
    with pytest.raises(FilesAway):
        await in_time(clock, vault.sweep())
    # Meanwhile the same content comes again: it is another blob, which the old deletion does not hit.
    new = await vault.keep_bytes(PAGE)
    assert new != old
    files.fails = ""
    assert await vault.sweep() == 1
    assert await vault.read(new) == PAGE
    assert on_disk(folder) == [PAGE]


@pytest.mark.parametrize("verb", ["put", "read", "delete"])
async def test_an_outage_of_some_seconds_is_waited_for(
    sqlite_url: str, open_store: OpenStore, folder: Path, clock: ManualClock, verb: str
) -> None:
    files = Failing(ObjectFiles.at(str(folder)))
    vault = Vault(await open_store(sqlite_url), files)
    files.fails = verb

    async def live() -> bytes:
        async with vault.hold(PAGE) as blob:
            return await vault.read(blob)

    living = asyncio.create_task(live())
    while files.failed < 2:
        await clock.advance(1)
    assert not living.done()
    files.fails = ""
    assert await in_time(clock, asyncio.wait_for(living, None)) == PAGE
    assert on_disk(folder) == []


async def test_content_that_the_store_has_lost_is_brought_again(vault: Vault, folder: Path) -> None:
    blob = await vault.keep_bytes(PAGE)
    await asyncio.to_thread(shutil.rmtree, folder)
    with pytest.raises(ContentGone):
        await vault.read(blob)
    assert await vault.keep_bytes(PAGE) == blob
    assert await vault.read(blob) == PAGE


async def test_what_was_held_in_vain_goes_at_once(store: Store, vault: Vault, folder: Path) -> None:
    for error in (asyncio.CancelledError, ValueError):
        with suppress(error):
            async with vault.hold(PAGE):
                assert on_disk(folder) == [PAGE]
                raise error
        assert on_disk(folder) == []
    async with vault.hold(PAGE):
        pass
    assert on_disk(folder) == []
    async with store.begin() as tx:
        assert await tx.wire.rows(select(blobs)) == []


async def test_whoever_lets_go_takes_nothing_from_others(store: Store, vault: Vault) -> None:
    ann, bob = await person(store), await person(store, "43")
    hers = await kept_file(store, vault, ann, PAGE)
    async with vault.hold(PAGE) as blob:
        with suppress(ValueError):
            async with vault.hold(PAGE):
                raise ValueError
        async with store.begin() as tx:
            await tx.files.remove(hers.id)
        await vault.sweep()
        async with store.begin() as tx:
            his = await tx.files.add(bob.id, "b", "text/plain", len(PAGE), blob)
    await vault.sweep()
    assert await vault.read(his.blob) == PAGE


async def test_what_is_forgotten_while_it_is_held_goes_at_the_end(store: Store, vault: Vault, folder: Path) -> None:
    ann = await person(store)
    async with vault.hold(PAGE) as blob:
        async with store.begin() as tx:
            await tx.files.add(ann.id, "a", "text/plain", len(PAGE), blob)
            await tx.privacy.erase(ann.id)
        assert await vault.sweep() == 0
    assert on_disk(folder) == []


async def test_a_stop_in_the_middle_leaves_nothing(store: Store, folder: Path, tmp_path: Path) -> None:
    """Wherever it is: also while a thread writes."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    vault = Vault(store, ObjectFiles.at(str(folder)), temporary)
    stopped = 0
    for steps in range(16):
        keeping = asyncio.create_task(vault.keep_bytes(PAGE * 1_000))
        for _ in range(steps):
            await loop.pause(0.001)
        keeping.cancel()
        await asyncio.wait({keeping})
        assert list(temporary.iterdir()) == []
        if not keeping.cancelled():
            break
        stopped += 1
        assert on_disk(folder) == []
        async with store.begin() as tx:
            assert await tx.wire.rows(select(blobs)) == []
    assert stopped


class Slow(Failing):
    """Its thread writes when it is let, whoever waits for it or not."""

    def __init__(self, folder: Path) -> None:
        super().__init__(ObjectFiles.at(str(folder)))
        self._folder = folder
        self.begun = asyncio.Event()
        self.let, self.done = threading.Event(), threading.Event()

    async def put(self, key: str, source: Path) -> None:
        self.begun.set()
        await asyncio.to_thread(self._write, self._folder / key)

    def _write(self, path: Path) -> None:
        self.let.wait()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PAGE)
        self.done.set()


async def test_what_a_thread_writes_after_a_stop_does_not_stay(
    sqlite_url: str, open_store: OpenStore, folder: Path
) -> None:
    files = Slow(folder)
    keeping = asyncio.create_task(Vault(await open_store(sqlite_url), files).keep_bytes(PAGE))
    await files.begun.wait()
    keeping.cancel()
    await asyncio.wait({keeping}, timeout=0.05)
    files.let.set()
    await asyncio.wait({keeping})
    assert keeping.cancelled()
    await asyncio.to_thread(files.done.wait)
    assert on_disk(folder) == []


async def test_nothing_is_kept_inside_a_transaction(store: Store, vault: Vault) -> None:
    async with store.begin():
        with pytest.raises(RuntimeError):
            await vault.keep_bytes(PAGE)


async def test_processes_that_keep_and_sweep_at_once(
    postgres_url: str, open_store: OpenStore, folder: Path, clock: ManualClock
) -> None:
    """Whatever was referred to can be read; whatever was not is gone in the end."""
    stores = [await open_store(postgres_url) for _ in range(3)]
    vaults = [Vault(store, ObjectFiles.at(str(folder))) for store in stores]
    owner = await person(stores[0])
    contents = [b"content %d" % number for number in range(4)]
    kept: list[StoredFile] = []

    async def keep(index: int, content: bytes) -> None:
        for _ in range(4):
            file = await kept_file(stores[index], vaults[index], owner, content)
            if index:
                kept.append(file)
                continue
            async with stores[index].begin() as tx:
                await tx.files.prune()

    async def sweep(index: int) -> None:
        for _ in range(12):
            await vaults[index].sweep()

    for round_ in range(2):
        await asyncio.gather(*(keep(index, one) for one in contents for index in (0, 1)), sweep(2), sweep(0))
        for file in kept:
            assert (await vaults[2].read(file.blob)).startswith(b"content")
        async with stores[0].begin() as tx:
            await tx.privacy.erase(owner.id)
        await asyncio.gather(*(vault.sweep() for vault in vaults))
        await vaults[0].sweep()
        assert on_disk(folder) == []
        kept.clear()
        owner = await person(stores[0], f"9{round_}")


async def test_a_reply_with_a_file_and_an_erasure_do_not_wait_for_each_other(store: Store, vault: Vault) -> None:
    owner = await person(store)
    thread = await conversation(store, owner, Place("telegram", "42"))
    async with store.begin() as tx:
        turns = [await running(tx, thread) for _ in range(4)]
    blob = await vault.keep_bytes(PAGE)
    file = File("a", PAGE)

    async def attach(turn: Turn) -> None:
        async with store.begin() as tx:
            await tx.files.add(owner.id, file.name, file.media_type, 1, blob, turn_id=turn.id, version=1)

    async def erase() -> None:
        async with store.begin() as tx:
            await tx.privacy.erase(owner.id)

    *_, erased = await asyncio.gather(*map(attach, turns), erase(), return_exceptions=True)
    assert erased is None
