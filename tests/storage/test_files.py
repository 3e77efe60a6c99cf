"""Files that belong to users."""

import pytest

from bot.domain.errors import NotAllowed
from bot.domain.messenger import File
from bot.domain.thread import Thread, User
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.storage.people import conversation, exchange, person

CHART = File("диаграмма.png", bytes(range(256)), "image/png")


@pytest.fixture
async def ann(store: Store) -> User:
    return await person(store)


@pytest.fixture
async def thread(store: Store, ann: User) -> Thread:
    return await conversation(store, ann)


async def test_a_file_is_found_by_its_id_and_by_its_token(store: Store, ann: User) -> None:
    async with store.begin() as tx:
        stored = await tx.files.add(ann.id, CHART)
        assert (stored.name, stored.media_type, stored.size_bytes) == (CHART.name, "image/png", 256)
        assert (stored.turn_id, stored.version, stored.user_id) == (None, 0, ann.id)
        file = await tx.files.content(stored.id)
        assert (file.name, file.content, file.media_type) == (CHART.name, CHART.content, CHART.media_type)
        assert file.link == f"/files/{stored.token}"
        assert await tx.files.by_token(stored.token) == (stored, file)


@pytest.mark.parametrize("absent", [0, -1, 999, 10**30])
async def test_there_is_no_other_file(store: Store, absent: int) -> None:
    async with store.begin() as tx:
        with pytest.raises(NotAllowed):
            await tx.files.content(absent)
        assert await tx.files.by_token("no\0such") is None


async def test_tokens_are_long_and_never_the_same(store: Store, ann: User) -> None:
    async with store.begin() as tx:
        tokens = {(await tx.files.add(ann.id, CHART)).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) >= 32 and token.isascii() and "/" not in token for token in tokens)


async def test_each_version_of_a_reply_has_its_own_files(store: Store, ann: User, thread: Thread) -> None:
    async with store.begin() as tx:
        first, second = [await exchange(tx, thread, text) for text in ("one", "two")]
        wanted = ((second, 1), (first, 1), (first, 2), (first, 1))
        later, one, two, three = [
            await tx.files.add(ann.id, CHART, turn_id=turn.id, version=version) for turn, version in wanted
        ]
        await tx.files.add(ann.id, CHART)
        assert await tx.files.of_turn(first.id, 1) == [one, three]
        assert await tx.files.of_turn(first.id, 2) == [two]
        assert await tx.files.of_turn(first.id, 3) == []
        assert await tx.files.of_turns([second.id, first.id]) == [one, two, three, later]
        assert await tx.files.of_turns([]) == []


async def test_a_file_with_a_time_is_gone_after_it(store: Store, ann: User, clock: ManualClock) -> None:
    async with store.begin() as tx:
        short = await tx.files.add(ann.id, CHART, ttl_seconds=60)
        longer = await tx.files.add(ann.id, CHART, ttl_seconds=600)
        lasting = await tx.files.add(ann.id, CHART)
        assert await tx.files.prune() == 0
    await clock.advance(60)
    async with store.begin() as tx:
        assert await tx.files.by_token(short.token) is None
        assert await tx.files.by_token(longer.token) is not None
        assert await tx.files.prune() == 1
        with pytest.raises(NotAllowed):
            await tx.files.content(short.id)
        assert await tx.files.by_token(lasting.token) is not None
