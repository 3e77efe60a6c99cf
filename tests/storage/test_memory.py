"""What is kept in mind: summaries and facts, choices, briefs and calls for a human."""

import asyncio

import pytest

from bot.domain.errors import Refused, StorageError
from bot.domain.thread import Thread, User
from storage.memory import MOST_FACTS, Memory, Recalled
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.storage.people import GROUP, conversation, exchange, person


@pytest.fixture
async def ann(store: Store) -> User:
    return await person(store)


@pytest.fixture
async def thread(store: Store, ann: User) -> Thread:
    return await conversation(store, ann)


async def test_a_summary_only_ever_reaches_further(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        assert await tx.memory.get(thread.id) == Memory("", 0)
        assert await tx.memory.set(thread.id, "long ago", 5)
        assert await tx.memory.set(thread.id, "said better", 5)
        assert not await tx.memory.set(thread.id, "came late", 4)
        assert await tx.memory.get(thread.id) == Memory("said better", 5)
        assert await tx.memory.set(thread.id, "and on", 9)
        assert await tx.memory.get(thread.id) == Memory("and on", 9)


async def test_a_thread_that_is_gone_is_not_remembered(store: Store) -> None:
    with pytest.raises(StorageError):
        async with store.begin() as tx:
            await tx.memory.set(999, "nobody's", 1)


async def test_the_history_begins_after_the_summary(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turns = [await exchange(tx, thread, text) for text in ("a", "b", "c", "d")]
        said = await tx.turns.transcript(thread.id, after_turn=turns[1].id)
        assert [message.text for message in said] == ["c", "re: c", "d", "re: d"]
        said = await tx.turns.transcript(thread.id, after_turn=turns[0].id, before_turn=turns[3].id, limit=3)
        assert [message.text for message in said] == ["re: b", "c", "re: c"]


async def test_a_fact_is_kept_once_and_listed_in_order(store: Store, ann: User) -> None:
    bob = await person(store, "43")
    async with store.begin() as tx:
        tea = await tx.memory.add_fact(ann.id, "likes tea")
        odd = await tx.memory.add_fact(ann.id, "writes \0 and \ud800")
        assert await tx.memory.add_fact(ann.id, "likes tea") == tea
        assert await tx.memory.add_fact(ann.id, "writes \0 and \ud800") == odd
        theirs = await tx.memory.add_fact(bob.id, "likes tea")
        assert await tx.memory.facts(ann.id) == [tea, odd]
        assert await tx.memory.facts(bob.id) == [theirs]


async def test_only_the_own_facts_can_be_removed(store: Store, ann: User) -> None:
    bob = await person(store, "43")
    async with store.begin() as tx:
        fact = await tx.memory.add_fact(ann.id, "likes tea")
        assert not await tx.memory.remove_fact(bob.id, fact.id)
        assert not await tx.memory.remove_fact(ann.id, 10**30)
        assert await tx.memory.remove_fact(ann.id, fact.id)
        assert not await tx.memory.remove_fact(ann.id, fact.id)
        assert await tx.memory.facts(ann.id) == []


async def test_a_hundred_facts_are_enough_even_when_told_at_once(store: Store, ann: User) -> None:
    async with store.begin() as tx:
        for number in range(MOST_FACTS - 1):
            await tx.memory.add_fact(ann.id, f"fact {number}")

    async def tell(number: int) -> bool:
        try:
            async with store.begin() as tx:
                await tx.memory.add_fact(ann.id, f"late {number}")
        except Refused:
            return False
        return True

    assert sum(await asyncio.gather(*map(tell, range(5)))) == 1
    async with store.begin() as tx:
        assert len(await tx.memory.facts(ann.id)) == MOST_FACTS
        assert (await tx.memory.add_fact(ann.id, "fact 0")).text == "fact 0"


async def test_memory_and_facts_are_recalled_in_one_look(store: Store, ann: User, thread: Thread) -> None:
    bob = await person(store, "43")
    async with store.begin() as tx:
        assert await tx.memory.recall(thread.id, ann.id) == Recalled(Memory(), ())
        await tx.memory.add_fact(bob.id, "not Ann's")
        facts = [await tx.memory.add_fact(ann.id, text) for text in ("one", "two")]
        assert await tx.memory.recall(thread.id, ann.id) == Recalled(Memory(), tuple(facts))
        await tx.memory.set(thread.id, "before", 3)
        assert await tx.memory.recall(thread.id, ann.id) == Recalled(Memory("before", 3), tuple(facts))


async def test_the_newest_choices_of_a_user_are_kept(store: Store, ann: User) -> None:
    bob = await person(store, "43")
    async with store.begin() as tx:
        await tx.examples.add(bob.id, "mentor", "his own")
        for number in range(203):
            await tx.examples.add(ann.id, "analyst", f"stem {number}")
        chosen = await tx.examples.of(ann.id)
        assert (len(chosen), chosen[0], chosen[-1]) == (200, ("analyst", "stem 202"), ("analyst", "stem 3"))
        assert await tx.examples.of(bob.id) == [("mentor", "his own")]


async def test_a_brief_grows_in_place(store: Store, ann: User, thread: Thread, clock: ManualClock) -> None:
    other = await conversation(store, ann, GROUP)
    async with store.begin() as tx:
        assert await tx.briefs.of_thread(thread.id, "design") is None
        begun = await tx.briefs.save(ann.id, thread.id, "design", {"size": "A4"}, complete=False)
        elsewhere = await tx.briefs.save(ann.id, other.id, "design", {}, complete=False)
    await clock.advance(5)
    async with store.begin() as tx:
        done = await tx.briefs.save(ann.id, thread.id, "design", {"size": "A4", "текст": "«Да»"}, complete=True)
        assert (done.id, done.created_at, done.complete) == (begun.id, begun.created_at, True)
        assert done.values == {"size": "A4", "текст": "«Да»"}
        assert done.updated_at > begun.updated_at
        assert await tx.briefs.of_thread(thread.id, "design") == done
        assert await tx.briefs.of_thread(thread.id, "video") is None
        assert await tx.briefs.list(ann.id) == [done, elsewhere]


async def test_calls_for_a_human_are_recorded_with_their_reasons(store: Store, ann: User, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await exchange(tx, thread, "I want my money back")
        for reason in ("refund", "asked again"):
            await tx.escalations.record(ann.id, thread.id, turn.id, reason)
        recorded = await tx.escalations.of_thread(thread.id)
        assert [(one.user_id, one.turn_id, one.reason) for one in recorded] == [
            (ann.id, turn.id, "refund"),
            (ann.id, turn.id, "asked again"),
        ]
        assert await tx.escalations.of_thread(999) == []
