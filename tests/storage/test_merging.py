"""Two users turn out to be one person."""

import random
from collections import Counter

import pytest
from sqlalchemy import select

from bot.domain.errors import NotAllowed
from bot.domain.place import Place
from bot.domain.reply import Usage
from bot.domain.thread import User
from bot.lanes import command_lane, press_lane, reminder_lane
from storage.store import Store
from storage.tables import counters, jobs, threads
from storage.types import EPOCH
from storage.users import Identity
from tests.fakes.clock import ManualClock
from tests.storage.people import CHAT, GROUP, conversation, everything, exchange, file_of, person, swept


@pytest.fixture
async def ann(store: Store) -> User:
    return await person(store, "42", name="Ann")


@pytest.fixture
async def anna(store: Store) -> User:
    return await person(store, "abc", name="Anna", messenger="web")


async def merge(store: Store, source: User, target: User) -> None:
    async with store.begin() as tx:
        await tx.users.merge(source.id, target.id)


async def test_both_names_of_the_messengers_lead_to_one_user(store: Store, ann: User, anna: User) -> None:
    async with store.begin() as tx:
        await tx.users.set_thinking(anna.id, "full")
    await merge(store, ann, anna)
    async with store.begin() as tx:
        assert await tx.users.find("telegram", "", "42") == await tx.users.get(anna.id)
        assert await tx.users.identities(anna.id) == [Identity("telegram", "", "42"), Identity("web", "", "abc")]
        assert (await tx.users.get(anna.id)).thinking == "full"
        with pytest.raises(NotAllowed):
            await tx.users.get(ann.id)


async def test_all_that_was_said_and_kept_is_the_one_users_now(store: Store, ann: User, anna: User) -> None:
    async with store.begin() as tx:
        for user, place in ((ann, CHAT), (anna, Place("web", "abc"))):
            thread = await tx.threads.open(user.id, place)
            turn = await exchange(tx, thread, f"needle of {user.name}")
            await file_of(tx, user.id, user.name)
            await tx.examples.add(user.id, "mentor", user.name)
            await tx.briefs.save(user.id, thread.id, "design", {"by": user.name}, complete=False)
            await tx.escalations.record(user.id, thread.id, turn.id, user.name)
            await tx.ledger.record_usage(turn.id, user.id, "", Usage("p", "m", 1, specialist="mentor"), turn.created_at)
    await merge(store, ann, anna)
    async with store.begin() as tx:
        said = [hit.message.text for hit in await tx.search.messages(anna.id, "needle", limit=50)]
        assert len(said) == 4
        assert len(await tx.threads.list(anna.id)) == 2
        assert {stems for _, stems in await tx.examples.of(anna.id)} == {"Ann", "Anna"}
        assert [brief.values["by"] for brief in await tx.briefs.list(anna.id)] == ["Ann", "Anna"]
        (total,) = await tx.ledger.usage_of(anna.id, EPOCH)
        assert (total.replies, total.input_tokens) == (2, 2)
        await tx.privacy.erase(anna.id)
    await swept(store)
    left = {table for table, rows in (await everything(store)).items() if rows}
    assert left == {"usage"}


@pytest.mark.parametrize("source_is_newer", [True, False])
async def test_where_both_talk_the_newer_thread_goes_on(
    store: Store, ann: User, anna: User, clock: ManualClock, source_is_newer: bool
) -> None:
    order = (anna, ann) if source_is_newer else (ann, anna)
    opened = []
    for user in order:
        opened.append(await conversation(store, user, GROUP))
        await clock.advance(1)
    alone = await conversation(store, ann, CHAT)
    await merge(store, ann, anna)
    async with store.begin() as tx:
        current = await tx.threads.current(anna.id, GROUP)
        assert current is not None
        assert current.id == opened[-1].id
        assert await tx.threads.current(anna.id, CHAT) is not None
        assert {thread.id for thread in await tx.threads.list(anna.id)} == {alone.id, *(one.id for one in opened)}


async def test_facts_are_joined_and_counts_added_up(store: Store, ann: User, anna: User) -> None:
    eve = await person(store, "666")
    async with store.begin() as tx:
        for user, texts in ((ann, ("tea", "cats")), (anna, ("tea", "dogs")), (eve, ("tea",))):
            for text in texts:
                await tx.memory.add_fact(user.id, text)
            await tx.counters.add(f"turns:user:{user.id}", "2026-11-21", user.id)
        await tx.counters.add(f"replies:user:{ann.id}:mentor", "2026-11-21", 5)
        await tx.counters.add(f"replies:user:{ann.id}0:mentor", "2026-11-21", 7)
    await merge(store, ann, anna)
    async with store.begin() as tx:
        assert sorted(fact.text for fact in await tx.memory.facts(anna.id)) == ["cats", "dogs", "tea"]
        assert [fact.text for fact in await tx.memory.facts(eve.id)] == ["tea"]
        counted = {row.name: row.amount for row in await tx.wire.rows(select(counters))}
    assert counted == {
        f"turns:user:{anna.id}": ann.id + anna.id,
        f"turns:user:{eve.id}": eve.id,
        f"replies:user:{anna.id}:mentor": 5,
        f"replies:user:{ann.id}0:mentor": 7,
    }


async def test_what_waits_for_the_one_is_done_for_the_other(store: Store, ann: User, anna: User) -> None:
    """The very command that joins them is held meanwhile, and ends as it began."""
    async with store.begin() as tx:
        await tx.jobs.put(command_lane(ann.id, CHAT), "command", {"user": ann.id, "name": "link"})
        await tx.jobs.put(press_lane(anna.id), "press", {"key": "thinking"})
        held = await tx.jobs.claim("me/1", 10, lease_seconds=60)
        assert len(held) == 2
        await tx.jobs.put(press_lane(ann.id), "press", {"key": "old-button"})
        await tx.jobs.put(reminder_lane(ann.id, "x"), "reminder", {"user": ann.id, "text": "tea"}, delay_seconds=60)
        await tx.jobs.put(reminder_lane(ann.id * 10, "y"), "reminder", {"user": ann.id * 10}, delay_seconds=60)
        await tx.users.merge(ann.id, anna.id)
        for job in held:
            await tx.jobs.finish(job)
        waiting = {row.lane: row.payload for row in await tx.wire.rows(select(jobs)) if row.ended_at is None}
    assert waiting == {
        press_lane(anna.id): {"key": "old-button"},
        reminder_lane(anna.id, "x"): {"user": anna.id, "text": "tea"},
        reminder_lane(ann.id * 10, "y"): {"user": ann.id * 10},
    }


async def test_one_user_is_one_already_and_nobody_cannot_be_joined(store: Store, ann: User) -> None:
    await conversation(store, ann, CHAT, "hello")
    before = await everything(store)
    await merge(store, ann, ann)
    for source, target in ((ann.id, 999), (999, ann.id), (10**30, ann.id)):
        with pytest.raises(NotAllowed):
            async with store.begin() as tx:
                await tx.users.merge(source, target)
    assert await everything(store) == before


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_lost_or_doubled_whoever_joins_whom(store: Store, clock: ManualClock, seed: int) -> None:
    dice = random.Random(seed)
    people = [await person(store, str(number)) for number in range(4)]
    places = [Place("telegram", str(-number), topic) for number in (1, 2) for topic in ("", "7")]
    for _ in range(25):
        await clock.advance(dice.choice((0, 1)))
        user = dice.choice(people)
        async with store.begin() as tx:
            await tx.threads.open(user.id, dice.choice(places))
            await tx.memory.add_fact(user.id, f"fact {dice.randrange(6)}")
            await tx.counters.add(f"turns:user:{user.id}", f"2026-11-2{dice.randrange(3)}", dice.randrange(5))
    source, target, *others = dice.sample(people, 4)
    before = {user.id: await _belongings(store, user) for user in people}
    await merge(store, source, target)
    owned = await _belongings(store, target)
    assert owned[0] == before[source.id][0] | before[target.id][0]
    assert owned[1] == before[source.id][1] | before[target.id][1]
    assert owned[2] == before[source.id][2] + before[target.id][2]
    for other in others:
        assert await _belongings(store, other) == before[other.id]
    async with store.begin() as tx:
        theirs = select(threads).where(threads.c.user_id == target.id, threads.c.current)
        there = [(row.room, row.topic) for row in await tx.wire.rows(theirs)]
        assert len(set(there)) == len(there)
        assert set(there) == {
            (row.room, row.topic) for row in await tx.wire.rows(select(threads)) if row.id in owned[0]
        }


async def _belongings(store: Store, user: User) -> tuple[set[int], set[str], Counter[str]]:
    """Threads, texts of facts, counts by period."""
    async with store.begin() as tx:
        mine = {thread.id for thread in await tx.threads.list(user.id, limit=100)}
        facts = {fact.text for fact in await tx.memory.facts(user.id)}
        counted = Counter(
            {
                row.period: row.amount
                for row in await tx.wire.rows(select(counters).where(counters.c.name == f"turns:user:{user.id}"))
                if row.amount
            }
        )
    return mine, facts, counted
