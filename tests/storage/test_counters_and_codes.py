"""Counts, one-time codes and what is made at run time."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.domain.thread import User
from storage.links import ALPHABET, CODE_CHARS
from storage.store import Store
from storage.tables import link_codes
from tests.fakes.clock import ManualClock
from tests.storage.people import everything, person


@pytest.fixture
async def ann(store: Store) -> User:
    return await person(store)


async def test_a_count_belongs_to_its_name_and_period(store: Store) -> None:
    async with store.begin() as tx:
        assert await tx.counters.get("turns:user:12", "2026-11-21") == 0
        assert await tx.counters.add("turns:user:12", "2026-11-21") == 1
        assert await tx.counters.add("turns:user:12", "2026-11-21", 41) == 42
        assert await tx.counters.add("turns:user:12", "2026-11-22", 2**40) == 2**40
        assert await tx.counters.add("turns:user:1", "2026-11-21") == 1
        assert await tx.counters.get("turns:user:12", "2026-11-21") == 42


async def test_what_is_counted_at_once_is_all_counted(store: Store) -> None:
    async def count() -> int:
        async with store.begin() as tx:
            return await tx.counters.add("turns:user:1", "2026-11-21T10:33")

    assert sorted(await asyncio.gather(*(count() for _ in range(20)))) == list(range(1, 21))


async def test_only_periods_that_are_over_are_forgotten(store: Store) -> None:
    over = ("2025", "2026-10", "2026-11-20", "2026-11-20T23:59", "2026-11-21T10:32")
    going_on = ("2026", "2026-11", "2026-11-21", "2026-11-21T10", "2026-11-21T10:33", "2026-11-22")
    async with store.begin() as tx:
        for period in (*over, *going_on):
            await tx.counters.add("n", period)
        assert await tx.counters.prune(datetime(2026, 11, 21, 10, 33, 20, tzinfo=UTC)) == len(over)
        assert [await tx.counters.get("n", period) for period in going_on] == [1] * len(going_on)
        assert await tx.counters.prune(datetime(2026, 11, 21, 10, 33, 20, tzinfo=UTC)) == 0


async def test_a_code_works_once_however_it_is_typed(store: Store, ann: User) -> None:
    async with store.begin() as tx:
        code = await tx.links.create(ann.id)
        assert (len(code), set(code) - set(ALPHABET)) == (CODE_CHARS, set())
        assert await tx.links.redeem("") is None
        assert await tx.links.redeem("\ud800" + code[1:]) is None
        assert await tx.links.redeem(f" {code[:4].lower()}-{code[4:]} ") == ann.id
        assert await tx.links.redeem(code) is None


async def test_two_who_redeem_at_once_do_not_both_get_in(store: Store, ann: User) -> None:
    async with store.begin() as tx:
        code = await tx.links.create(ann.id)

    async def redeem() -> int | None:
        async with store.begin() as tx:
            return await tx.links.redeem(code)

    assert sorted(await asyncio.gather(*(redeem() for _ in range(6))), key=bool) == [None] * 5 + [ann.id]


async def test_a_new_code_replaces_the_old_one(store: Store, ann: User) -> None:
    bob = await person(store, "43")
    async with store.begin() as tx:
        old, new, bobs = [await tx.links.create(user.id) for user in (ann, ann, bob)]
        assert await tx.links.redeem(old) is None
        assert await tx.links.redeem(new) == ann.id
        assert await tx.links.redeem(bobs) == bob.id


async def test_a_code_is_good_for_its_time_only(store: Store, ann: User, clock: ManualClock) -> None:
    async with store.begin() as tx:
        code = await tx.links.create(ann.id, ttl_seconds=60)
    await clock.advance(60)
    async with store.begin() as tx:
        assert await tx.links.redeem(code) is None
        assert await tx.wire.rows(link_codes.select()) == []


async def test_the_code_itself_is_not_stored(store: Store, ann: User) -> None:
    async with store.begin() as tx:
        code = await tx.links.create(ann.id)
    assert code not in str(await everything(store))


async def test_specialists_made_at_run_time_are_kept_by_name_and_told_about(store: Store, clock: ManualClock) -> None:
    async with store.bus.subscribe("catalog") as told:
        async with store.begin() as tx:
            await tx.catalog.put_specialist("tutor", "---\nname: tutor\n---\nTeach.")
            await tx.catalog.put_specialist("coach", "first")
        await clock.advance(5)
        async with store.begin() as tx:
            await tx.catalog.put_specialist("coach", "second")
            coach, tutor = await tx.catalog.specialists()
            assert (coach.name, coach.source, tutor.name) == ("coach", "second", "tutor")
            assert coach.updated_at > tutor.updated_at
            assert not await tx.catalog.remove_specialist("nobody")
            assert await tx.catalog.remove_specialist("tutor")
            assert [entry.name for entry in await tx.catalog.specialists()] == ["coach"]
        heard = [await anext(told) for _ in range(4)]
    assert heard == [("catalog", name) for name in ("tutor", "coach", "coach", "tutor")]
