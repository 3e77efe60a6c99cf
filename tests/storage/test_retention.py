"""What was said and sent too long ago is not kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.cron import Cron
from bot.domain.errors import FilesAway, NotAllowed
from bot.domain.incoming import Attachment
from bot.domain.media import Extract, Part, Upload, UploadState
from bot.domain.thread import Thread, TurnState, User
from bot.work import Work
from storage.holding import hold_turns
from storage.library import Library
from storage.object_files import ObjectFiles
from storage.store import Store
from storage.vault import Vault
from tests.fakes.clock import ManualClock
from tests.storage.conftest import LeapingClock, OpenStore
from tests.storage.people import CHAT, conversation, exchange, person, running

DAY = 86_400.0
FILES = (Attachment("photo", "p", "cat.png"), Attachment("document", "d", "zebras.txt"), Attachment("voice", "v"))


@pytest.fixture
def clock() -> ManualClock:
    return LeapingClock()


@pytest.fixture
async def ann(store: Store) -> User:
    return await person(store)


@pytest.fixture
async def thread(store: Store, ann: User) -> Thread:
    return await conversation(store, ann)


async def sent(store: Store, vault: Vault, thread: Thread) -> list[Upload]:
    """A picture, a document and a speech, all answered, with a file in the reply."""
    async with store.begin() as tx:
        turn = await exchange(tx, thread, "look")
        message = (await tx.turns.messages(turn.id))[0]
        picture, document, speech = await tx.uploads.add(message, FILES)
    await Library(store).shelve(document, Extract((Part("lines", 1, "1", "All about zebras\n"),)))
    async with vault.hold(b"picture") as blob, store.begin() as tx:
        await tx.uploads.ready(picture.id, sort="picture", media_type="image/png", blob=blob)
    async with vault.hold(b"document") as blob, store.begin() as tx:
        await tx.uploads.ready(document.id, sort="document", blob=blob, parts=1, part_kind="lines")
        await tx.uploads.ready(speech.id, sort="speech", text="about okapis")
    async with vault.hold(b"reply") as blob, store.begin() as tx:
        await tx.files.add(thread.user_id, "r.png", "image/png", 5, blob, turn_id=turn.id, version=1)
    return await uploads_of(store, thread)


async def uploads_of(store: Store, thread: Thread) -> list[Upload]:
    async with store.begin() as tx:
        return list(reversed(await tx.uploads.of_thread(thread.id)))


async def an_hour_passes(store: Store, vault: Vault, clock: ManualClock, days: int | None) -> None:
    """The clock's own work is done by a process that keeps things for so many days."""
    cron = Cron(store, clock, vault=vault, days=days)
    async with store.begin() as tx:
        job = await tx.jobs.put("cron", "prune", {})
    assert job is not None
    await cron.run(Work(job, store, clock, leased_until=clock.monotonic() + 60))


def on_disk(folder: Path) -> Sequence[bytes]:
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_threads_that_nobody_went_on_with_are_gone(
    store: Store, vault: Vault, folder: Path, thread: Thread, clock: ManualClock
) -> None:
    await sent(store, vault, thread)
    await clock.advance(29 * DAY)
    await an_hour_passes(store, vault, clock, 30)
    assert on_disk(folder) == [b"document", b"picture", b"reply"]
    await clock.advance(DAY)
    await an_hour_passes(store, vault, clock, 30)
    assert on_disk(folder) == []
    async with store.begin() as tx:
        with pytest.raises(NotAllowed):
            await tx.threads.get(thread.id)
        assert await tx.search.messages(thread.user_id, "okapis") == []
        assert (await tx.users.get(thread.user_id)).id == thread.user_id


async def test_in_a_thread_that_goes_on_old_files_go_and_words_stay(
    store: Store, vault: Vault, folder: Path, thread: Thread, clock: ManualClock
) -> None:
    picture, document, speech = await sent(store, vault, thread)
    await clock.advance(29 * DAY)
    async with store.begin() as tx:
        await exchange(tx, thread, "still here")
    newer = await sent(store, vault, thread)
    await clock.advance(2 * DAY)
    await an_hour_passes(store, vault, clock, 30)
    seen = await uploads_of(store, thread)
    assert [(one.state, one.refusal, one.blob, one.parts) for one in seen[:2]] == [
        (UploadState.REFUSED, "file-gone", None, 0)
    ] * 2
    assert [one.name for one in seen[:2]] == [picture.name, document.name]
    assert seen[2] == speech
    assert seen[3:] == newer[3:]
    # The newer ones have the same content, which is kept once and stays.
    assert on_disk(folder) == [b"document", b"picture", b"reply"]
    async with store.begin() as tx:
        hits = await tx.uploads.search(thread.id, "zebras")
        assert [hit.upload.id for hit in hits] == [newer[4].id]
        assert await tx.uploads.parts(document.id) == []
        assert len(await tx.search.messages(thread.user_id, "okapis")) == 2
        assert len(await tx.files.of_turns([picture.turn_id, newer[3].turn_id])) == 1


async def test_nothing_is_taken_from_under_a_reply(
    store: Store, vault: Vault, folder: Path, thread: Thread, clock: ManualClock
) -> None:
    before = await sent(store, vault, thread)
    async with store.begin() as tx:
        at_work = await running(tx, thread)
    await clock.advance(100 * DAY)
    await an_hour_passes(store, vault, clock, 30)
    assert await uploads_of(store, thread) == before
    assert len(on_disk(folder)) == 3
    async with store.begin() as tx:
        await tx.turns.finish(at_work.id, TurnState.COMPLETED, text="done", refs=[])
    await an_hour_passes(store, vault, clock, 30)
    assert on_disk(folder) == []
    async with store.begin() as tx:
        assert (await tx.threads.get(thread.id)).active_at > thread.active_at


async def test_a_question_that_nobody_answers_keeps_nothing(
    store: Store, vault: Vault, thread: Thread, clock: ManualClock
) -> None:
    async with store.begin() as tx:
        waiting = await running(tx, thread)
        await tx.turns.pause(waiting.id, text="May I?", refs=(), requests=(), state="")
    await clock.advance(31 * DAY)
    await an_hour_passes(store, vault, clock, 30)
    async with store.begin() as tx:
        assert await tx.threads.list(thread.user_id) == []


async def test_without_a_limit_everything_is_kept(
    store: Store, vault: Vault, folder: Path, thread: Thread, clock: ManualClock
) -> None:
    before = await sent(store, vault, thread)
    await clock.advance(10_000 * DAY)
    await an_hour_passes(store, vault, clock, None)
    assert await uploads_of(store, thread) == before
    assert len(on_disk(folder)) == 3


async def test_a_thread_that_somebody_goes_on_with_stays(
    postgres_url: str, open_store: OpenStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await open_store(postgres_url), await open_store(postgres_url)
    ann = await person(one)
    old, older = await conversation(one, ann, CHAT, "long ago"), await conversation(one, ann, CHAT, "as long ago")
    await clock.advance(40 * DAY)

    async def ask() -> None:
        async with two.begin() as tx:
            await running(tx, older, "a new question")

    async def interrupted(*what: Any) -> None:
        await asyncio.create_task(ask())
        await hold_turns(*what)

    async def forget() -> int:
        async with one.begin() as tx:
            return await tx.retention.forget_threads(30)

    # Between the look at what is old and the deletion: from then on the lock keeps others out.
    monkeypatch.setattr("storage.retention.hold_turns", interrupted)
    assert await forget() == 1
    async with one.begin() as tx:
        assert [thread.id for thread in await tx.threads.list(ann.id)] == [older.id]
        assert [message.text for message in await tx.turns.transcript(older.id)][-1] == "a new question"
        with pytest.raises(NotAllowed):
            await tx.threads.get(old.id)


async def test_many_old_threads_go_in_portions(store: Store, vault: Vault, ann: User, clock: ManualClock) -> None:
    for _ in range(25):
        await conversation(store, ann, CHAT, "hello")
    await clock.advance(2 * DAY)
    fresh = await conversation(store, ann, CHAT, "hello again")
    async with store.begin() as tx:
        assert await tx.retention.forget_threads(1, limit=20) == 20
    await an_hour_passes(store, vault, clock, 1)
    async with store.begin() as tx:
        assert [one.id for one in await tx.threads.list(ann.id, limit=50)] == [fresh.id]


class Away(ObjectFiles):
    """A store of files that is out of order."""

    async def delete(self, key: str) -> None:
        raise FilesAway("away")


async def test_what_cannot_be_swept_now_is_left_to_the_next_hour(
    store: Store, vault: Vault, folder: Path, thread: Thread, clock: ManualClock
) -> None:
    await sent(store, vault, thread)
    async with store.begin() as tx:
        await tx.threads.delete(thread.id)
    hour = asyncio.create_task(an_hour_passes(store, Vault(store, Away.at(str(folder))), clock, None))
    while not hour.done():
        await clock.advance(1)
    hour.result()
    assert len(on_disk(folder)) == 3
    await an_hour_passes(store, vault, clock, None)
    assert on_disk(folder) == []


async def test_the_job_of_a_deletion_sweeps(
    store: Store, vault: Vault, folder: Path, thread: Thread, clock: ManualClock
) -> None:
    await sent(store, vault, thread)
    async with store.begin() as tx:
        await tx.threads.delete(thread.id)
        (job,) = await tx.jobs.claim("me/1", 10, lease_seconds=60)
    assert job.kind == "sweep"
    assert len(on_disk(folder)) == 3
    await Cron(store, clock, vault=vault).run(Work(job, store, clock, leased_until=60))
    assert on_disk(folder) == []
