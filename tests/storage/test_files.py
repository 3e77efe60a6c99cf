"""Files that belong to users."""

import pytest
from sqlalchemy import insert

from bot.domain.errors import NotAllowed, StorageError
from bot.domain.messenger import File
from bot.domain.thread import Thread, User
from storage.faults import ContentGone
from storage.files import StoredFile
from storage.store import Store
from storage.tables import files
from storage.vault import Vault
from tests.fakes.clock import ManualClock
from tests.storage.people import blob_of, conversation, exchange, file_of, person

CHART = File("диаграмма.png", bytes(range(256)), "image/png")


@pytest.fixture
async def ann(store: Store) -> User:
    return await person(store)


@pytest.fixture
async def thread(store: Store, ann: User) -> Thread:
    return await conversation(store, ann)


async def test_a_file_is_found_by_its_id_and_by_its_token(store: Store, vault: Vault, ann: User) -> None:
    blob = await vault.keep_bytes(CHART.content)
    async with store.begin() as tx:
        stored = await tx.files.add(ann.id, CHART.name, CHART.media_type, len(CHART.content), blob)
        assert (stored.name, stored.media_type, stored.size_bytes) == (CHART.name, "image/png", 256)
        assert (stored.turn_id, stored.version, stored.user_id, stored.blob) == (None, 0, ann.id, blob)
        assert await tx.files.get(stored.id) == stored
        assert await tx.files.by_token(stored.token) == stored
    file = await vault.file(stored)
    assert (file.name, file.content, file.media_type) == (CHART.name, CHART.content, CHART.media_type)
    assert file.link == stored.link == f"/files/{stored.token}"


@pytest.mark.parametrize("absent", [0, -1, 999, 10**30])
async def test_there_is_no_other_file(store: Store, absent: int) -> None:
    async with store.begin() as tx:
        with pytest.raises(NotAllowed):
            await tx.files.get(absent)
        assert await tx.files.by_token("no\0such") is None


async def test_tokens_are_long_and_never_the_same(store: Store, ann: User) -> None:
    async with store.begin() as tx:
        tokens = {(await file_of(tx, ann.id, "a")).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 32 and token.isascii() and "/" not in token for token in tokens)


async def test_each_version_of_a_reply_has_its_own_files(store: Store, ann: User, thread: Thread) -> None:
    async with store.begin() as tx:
        first, second = [await exchange(tx, thread, text) for text in ("one", "two")]
        wanted = ((second, 1), (first, 1), (first, 2), (first, 1))
        later, one, two, three = [
            await file_of(tx, ann.id, "a", turn_id=turn.id, version=version) for turn, version in wanted
        ]
        await file_of(tx, ann.id, "a")
        assert await tx.files.of_turn(first.id, 1) == [one, three]
        assert await tx.files.of_turn(first.id, 2) == [two]
        assert await tx.files.of_turn(first.id, 3) == []
        assert await tx.files.of_turns([second.id, first.id]) == [one, two, three, later]
        assert await tx.files.of_turns([]) == []
        assert await tx.files.drop(first.id, 1) == 2
        assert await tx.files.of_turns([first.id]) == [two]


async def test_a_file_with_a_time_is_gone_after_it(store: Store, ann: User, clock: ManualClock) -> None:
    async with store.begin() as tx:
        blob = await blob_of(tx, b"a")
        short, longer, lasting = [
            await tx.files.add(ann.id, "a", "text/plain", 1, blob, ttl_seconds=ttl) for ttl in (60, 600, None)
        ]
        assert await tx.files.prune() == 0
    await clock.advance(60)
    async with store.begin() as tx:
        assert await tx.files.by_token(short.token) is None
        assert await tx.files.by_token(longer.token) is not None
        assert await tx.files.prune() == 1
        with pytest.raises(NotAllowed):
            await tx.files.get(short.id)
        assert await tx.files.by_token(lasting.token) is not None


async def test_a_file_cannot_have_content_that_was_swept(
    store: Store, vault: Vault, ann: User, clock: ManualClock
) -> None:
    blob = await vault.keep_bytes(b"never referred to")
    await clock.advance(901)
    assert await vault.sweep() == 1
    with pytest.raises(StorageError):
        async with store.begin() as tx:
            await tx.files.add(ann.id, "late", "text/plain", 17, blob)


async def old_file(store: Store, owner: User, name: str, content: bytes) -> StoredFile:
    """As an earlier version of the platform kept it, in the database."""
    async with store.begin() as tx:
        old = {"user_id": owner.id, "token": f"token-{name}", "name": name, "media_type": "text/plain"}
        more = {"content": content, "size_bytes": len(content), "created_at": tx.wire.now()}
        await tx.wire.count(insert(files).values(**old, **more))
        found = await tx.files.by_token(f"token-{name}")
    assert found is not None
    return found


async def test_files_of_earlier_versions_are_read_and_brought_to_the_vault(
    store: Store, vault: Vault, ann: User
) -> None:
    contents = {"one": b"1", "two": b"22", "same": b"1", "empty": b""}
    kept = {name: await old_file(store, ann, name, content) for name, content in contents.items()}
    assert {name: (await vault.file(file)).content for name, file in kept.items()} == contents
    assert await vault.adopt() == 4
    assert await vault.adopt() == 0
    async with store.begin() as tx:
        now = {name: await tx.files.get(file.id) for name, file in kept.items()}
        assert {bytes(row.content) for row in await tx.wire.rows(files.select())} == {b""}
    assert now["one"].blob == now["same"].blob > 0
    assert {name: await vault.read(file.blob) for name, file in now.items()} == contents
    # Who looked before it was moved, and reads after it.
    assert {name: (await vault.file(file)).content for name, file in kept.items()} == contents


async def test_a_file_that_is_deleted_meanwhile_is_gone(store: Store, vault: Vault, ann: User) -> None:
    kept = await old_file(store, ann, "old", b"content")
    async with store.begin() as tx:
        await tx.privacy.erase(ann.id)
    with pytest.raises(ContentGone):
        await vault.file(kept)
