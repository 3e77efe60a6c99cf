"""Threads that several people hold: found by their place, asked in by many, and left without a trace."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.domain.errors import NotAllowed
from bot.domain.place import Place, Ref
from bot.domain.reply import Usage
from bot.domain.thread import Thread, Turn, TurnState, User
from bot.lanes import thread_lane, upkeep_lane
from storage.memory import Memory
from storage.store import Store, Tx
from tests.storage.people import conversation, everything, file_of, person
from tests.storage.test_lanes import somebody_waits_for_a_lock

CHANNEL = Place("slack", "C1", "17.1", "T1")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def people(store: Store) -> tuple[User, User]:
    return await person(store, "1", name="Ann"), await person(store, "2", name="Bob")


async def ask(tx: Tx, thread: Thread, asker: User, text: str) -> Turn:
    """A question of `asker` with its answer."""
    turn = await tx.turns.create(thread.id, "concierge", asker=asker.id)
    await tx.turns.add_message(turn.id, "user", text, Ref(thread.place, f"u{turn.id}"))
    await tx.turns.begin(turn.id)
    shown = [Ref(thread.place, f"r{turn.id}")]
    return await tx.turns.finish(turn.id, TurnState.COMPLETED, text=f"re: {text}", refs=shown)


async def test_the_thread_of_a_place_is_everybodys_and_of_that_place_only(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        assert not await tx.threads.exists_at(CHANNEL)
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        assert (thread.shared, thread.user_id) == (True, ann.id)
        assert await tx.threads.here(bob.id, CHANNEL, shared=True) == thread
        assert await tx.threads.current(bob.id, CHANNEL) == thread
        assert await tx.threads.exists_at(CHANNEL)
        assert not await tx.threads.exists_at(CHANNEL.room)
        newer = await tx.threads.open(bob.id, CHANNEL, shared=True)
        assert await tx.threads.current(ann.id, CHANNEL) == newer
        await tx.threads.delete(newer.id)
        assert not await tx.threads.exists_at(CHANNEL)


async def test_those_who_speak_first_at_once_get_one_thread(store: Store) -> None:
    some = [await person(store, str(number)) for number in range(8)]

    async def come(user: User) -> int:
        async with store.begin() as tx:
            return (await tx.threads.here(user.id, CHANNEL, shared=True)).id

    assert len(set(await asyncio.gather(*map(come, some)))) == 1


async def test_alone_everybody_has_a_thread_of_their_own(store: Store) -> None:
    ann, bob = await people(store)
    place = Place("telegram", "-100")
    async with store.begin() as tx:
        assert await tx.threads.here(ann.id, place) != await tx.threads.here(bob.id, place)


async def test_a_shared_thread_moves_nowhere_by_itself(store: Store) -> None:
    ann, _ = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        with pytest.raises(NotAllowed):
            await tx.threads.relocate(thread.id, Place("slack", "D1", workspace="T1"))


async def test_a_turn_knows_who_asked_and_who_has_a_part_in_it(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        hers, his = await ask(tx, thread, ann, "zebra"), await ask(tx, thread, bob, "giraffe")
        assert (hers.asker, his.asker) == (ann.id, bob.id)
        assert await tx.turns.names([hers.id, his.id]) == {hers.id: "Ann", his.id: "Bob"}
        assert (await tx.turns.at_hand(his.id, 999, CHANNEL)).id == his.id
        assert (await tx.turns.at_hand(his.id, ann.id, CHANNEL.room)).id == his.id
        for user_id, place in ((bob.id, CHANNEL.room), (999, Place("slack", "C1", "17.2", "T1"))):
            with pytest.raises(NotAllowed):
                await tx.turns.at_hand(hers.id, user_id, place)
        assert (await tx.turns.asked_by(his.id, bob.id)).id == his.id
        with pytest.raises(NotAllowed):
            await tx.turns.asked_by(his.id, ann.id)
        with pytest.raises(NotAllowed):
            await tx.turns.create(thread.id, "", asker=999)
        assert await tx.turns.count_since(bob.id, his.created_at) == 1
        said = await tx.turns.said_by(bob.id, thread.id, limit=9, before_turn=his.id + 1)
        assert [one.text for one in said] == ["giraffe", "re: giraffe"]


async def test_what_is_open_there_is_open_for_everybody(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        turn = await tx.turns.create(thread.id, "", asker=ann.id)
        assert [one.id for one in await tx.turns.open_at(bob.id, CHANNEL)] == [turn.id]
        assert await tx.turns.open_at(bob.id, CHANNEL.room) == []
        assert await tx.turns.running(thread.id) is None
        await tx.turns.begin(turn.id)
        running = await tx.turns.running(thread.id)
        assert running is not None
        assert (running.id, running.asker) == (turn.id, ann.id)


async def test_an_edit_or_a_deletion_is_for_who_said_it(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        turn = await ask(tx, thread, bob, "giraffe")
        ref = Ref(CHANNEL, f"u{turn.id}")
        assert await tx.turns.replace_message(ref, ann.id, "zebra") is None
        assert await tx.turns.delete_message(ref, ann.id) is None
        assert await tx.turns.replace_message(ref, bob.id, "lion") is not None
        await tx.memory.set(thread.id, "Bob spoke of lions", turn.id)
        found = await tx.turns.delete_message(ref, bob.id)
        assert found is not None
        assert (found[0].id, set(found[1])) == (turn.id, {"lion", "giraffe"})
        assert [one.role for one in await tx.turns.messages(turn.id)] == ["assistant"]
        assert (await tx.memory.get(thread.id)).summary == ""
        assert await tx.turns.delete_message(ref, bob.id) is None


async def test_a_summary_of_what_was_before_a_deleted_message_stays(store: Store) -> None:
    ann, _ = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.open(ann.id, CHANNEL)
        before, turn = await ask(tx, thread, ann, "zebra"), await ask(tx, thread, ann, "giraffe")
        await tx.memory.set(thread.id, "zebras", before.id)
        await tx.turns.delete_message(Ref(CHANNEL, f"u{turn.id}"), ann.id)
        assert (await tx.memory.get(thread.id)).summary == "zebras"


async def test_a_turn_that_is_dropped_leaves_no_work_and_no_gap_in_the_books(store: Store) -> None:
    ann, _ = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.open(ann.id, CHANNEL)
        kept, dropped = [await tx.turns.create(thread.id, "") for _ in range(2)]
        for turn in (kept, dropped):
            await tx.updates.insert(f"slack:{turn.id}", "UserMessage", NOON)
            await tx.updates.expects_reply(f"slack:{turn.id}", turn.id)
            await tx.jobs.put(thread_lane(thread.id), "turn", {"turn": turn.id})
        await tx.turns.drop(dropped.id)
        assert await tx.jobs.waiting(thread_lane(thread.id)) == 1
        account = await tx.ledger.account()
        assert (account.received, account.waiting, account.lost) == (1, 1, 0)
        with pytest.raises(NotAllowed):
            await tx.turns.get(dropped.id)


async def test_thumbs_are_added_up_person_by_person(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        turn = await ask(tx, thread, ann, "zebra")
        for by, rating, total in ((ann, 1, 1), (bob, 1, 2), (bob, 1, 2), (bob, -1, 0), (ann, 0, -1)):
            await tx.turns.rate(turn.id, rating, by=by.id)
            assert (await tx.turns.get(turn.id)).rating == total
        await tx.turns.requeue(turn.id)
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="anew", refs=())
        await tx.turns.rate(turn.id, 1, by=ann.id)
        assert (await tx.turns.get(turn.id)).rating == 1


async def test_thumbs_that_add_up_to_nothing_do_not_outlive_their_reply(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        turn = await ask(tx, thread, ann, "zebra")
        for by, rating in ((ann, 1), (bob, -1)):
            await tx.turns.rate(turn.id, rating, by=by.id)
        assert await tx.turns.thumbs(bob.id, [turn.id]) == {turn.id: -1}
        await tx.turns.requeue(turn.id)
        assert await tx.turns.thumbs(bob.id, [turn.id]) == {}
        await tx.turns.rate(turn.id, -1, by=ann.id)
        assert (await tx.turns.get(turn.id)).rating == -1


async def test_search_finds_in_a_shared_thread_what_one_asked_oneself(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        await ask(tx, thread, ann, "a zebra")
        await ask(tx, thread, bob, "a giraffe")
        assert len(await tx.search.messages(ann.id, "zebra")) == 2
        assert await tx.search.messages(ann.id, "giraffe") == []
        assert len(await tx.search.messages(bob.id, "giraffe")) == 2
        assert await tx.search.messages(bob.id, "zebra") == []
        assert [one.id for one in await tx.threads.taken_part_in(bob.id)] == [thread.id]


async def test_what_one_took_part_in_is_on_the_shelf(store: Store) -> None:
    ann, bob = await people(store)
    alone = await conversation(store, bob, Place("telegram", "2"), "lion")
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        for asker, text in ((ann, "zebra"), (bob, "giraffe"), (bob, "tiger")):
            await ask(tx, thread, asker, text)
        assert [one.id for one in await tx.threads.shelf(bob.id, limit=9)] == [thread.id, alone.id]
        assert [one.id for one in await tx.threads.shelf(bob.id, limit=1)] == [thread.id]
        assert [one.id for one in await tx.threads.shelf(ann.id, limit=9)] == [thread.id]
        assert await tx.threads.shelf(bob.id, limit=9, archived=True) == []
        words = await tx.threads.first_words(bob.id, [thread.id, alone.id, 999])
        assert words == {thread.id: "giraffe", alone.id: "lion"}
        assert (await tx.threads.has_part(thread.id, bob.id)).id == thread.id
        for thread_id, user_id in ((thread.id, 999), (alone.id, ann.id)):
            with pytest.raises(NotAllowed):
                await tx.threads.has_part(thread_id, user_id)


async def test_a_title_is_of_the_turn_that_gave_it(store: Store) -> None:
    ann, _ = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        first, second = await ask(tx, thread, ann, "zebra"), await ask(tx, thread, ann, "giraffe")
        assert await tx.threads.entitle(thread.id, "zebra", first.id, instead_of="")
        assert not await tx.threads.entitle(thread.id, "giraffe", second.id, instead_of="zebra")
        assert await tx.threads.entitle(thread.id, "Stripes", first.id, instead_of="zebra")
        assert not await tx.threads.untitle(thread.id, second.id)
        assert (await tx.threads.get(thread.id)).title_turn == first.id
        assert await tx.threads.untitle(thread.id, first.id)
        assert not await tx.threads.entitle(thread.id, "Stripes", first.id, instead_of="zebra")
        await tx.threads.rename(thread.id, "Animals")
        assert not await tx.threads.entitle(thread.id, "zebra", first.id, instead_of="Animals")


async def test_who_leaves_a_thread_takes_their_words_and_nothing_else(store: Store) -> None:
    ann, bob = await people(store)
    thread, hers, his = await fill(store, ann, bob)
    async with store.begin() as tx:
        await tx.examples.add(ann.id, "design", "chrysanthemum", turn_id=hers.id)
        assert await tx.threads.leave(thread.id, ann.id)
        left = await tx.threads.get(thread.id)
        assert (left.user_id, left.title) == (bob.id, "")
        assert [one.text for one in await tx.turns.transcript(thread.id)] == ["rhododendron", "re: rhododendron"]
        assert (await tx.turns.get(his.id)).rating == 2
        assert await tx.jobs.depth() == {"turn": 1, "title": 1, "sweep": 1}
        account = await tx.ledger.account()
        assert (account.received, account.answered, account.lost) == (1, 1, 0)
    assert "chrysanthemum" not in str(await everything(store))
    async with store.begin() as tx:
        assert not await tx.threads.leave(thread.id, bob.id)
        assert not await tx.threads.exists_at(CHANNEL)


async def test_briefs_of_shared_threads_are_nobodys_own(store: Store) -> None:
    ann, _ = await people(store)
    alone = await conversation(store, ann, Place("telegram", "1"), "zebra")
    async with store.begin() as tx:
        shared = await tx.threads.here(ann.id, CHANNEL, shared=True)
        for thread in (alone, shared):
            await tx.briefs.save(ann.id, thread.id, "design", {"what": "a zebra"}, complete=False)
        assert [brief.thread_id for brief in await tx.briefs.list(ann.id)] == [alone.id]


@pytest.mark.parametrize("what", ["merge", "erase"])
async def test_who_is_joined_or_erased_while_a_reply_ends_waits_for_it(store: Store, what: str) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        begun_by = ann if what == "merge" else bob
        thread = await tx.threads.here(begun_by.id, CHANNEL, shared=True)
        await ask(tx, thread, ann, "zebra")
        turn = await tx.turns.create(thread.id, "concierge", asker=bob.id)
        await tx.turns.rate(turn.id, 1, by=ann.id)
        await tx.turns.begin(turn.id)
    held = asyncio.Event()

    async def ending() -> None:
        async with store.begin() as tx:
            await tx.turns.hold(turn.id)
            held.set()
            if tx.wire.dialect == "postgresql":
                await asyncio.create_task(somebody_waits_for_a_lock(store))
            await tx.turns.finish(turn.id, TurnState.COMPLETED, text="done", refs=())

    async def changing() -> None:
        await held.wait()
        async with store.begin() as tx:
            if what == "merge":
                await tx.users.merge(ann.id, bob.id)
            else:
                await tx.privacy.erase(ann.id)

    await asyncio.gather(ending(), changing())
    async with store.begin() as tx:
        assert (await tx.turns.get(turn.id)).state is TurnState.COMPLETED


@pytest.mark.parametrize("what", ["delete", "erase"])
async def test_what_was_said_is_held_by_who_sums_it_up(store: Store, what: str) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        turn = await ask(tx, thread, ann, "zebra")
        await ask(tx, thread, bob, "giraffe")
    held = asyncio.Event()

    async def summing_up() -> None:
        async with store.begin() as tx:
            assert [one.text for one in await tx.turns.said_in([turn.id])] == ["zebra", "re: zebra"]
            assert await tx.memory.hold(thread.id) == Memory()
            held.set()
            if tx.wire.dialect == "postgresql":
                await asyncio.create_task(somebody_waits_for_a_lock(store))
            await tx.memory.set(thread.id, "a zebra", turn.id)

    async def taking_back() -> None:
        await held.wait()
        async with store.begin() as tx:
            if what == "delete":
                await tx.turns.delete_message(Ref(CHANNEL, f"u{turn.id}"), ann.id)
            else:
                await tx.privacy.erase(ann.id)

    await asyncio.gather(summing_up(), taking_back())
    async with store.begin() as tx:
        assert await tx.memory.get(thread.id) == Memory()


async def test_one_who_joins_two_accounts_asked_and_thumbed_with_both(store: Store) -> None:
    ann, bob = await people(store)
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        turn = await ask(tx, thread, bob, "giraffe")
        for by in (ann, bob):
            await tx.turns.rate(turn.id, 1, by=by.id)
        await tx.users.merge(bob.id, ann.id)
        joined = await tx.turns.get(turn.id)
        assert (joined.asker, joined.rating) == (ann.id, 1)


async def fill(store: Store, ann: User, bob: User) -> tuple[Thread, Turn, Turn]:
    """A thread that Ann began and Bob spoke in, with everything that hangs on it."""
    async with store.begin() as tx:
        thread = await tx.threads.here(ann.id, CHANNEL, shared=True)
        hers, his = await ask(tx, thread, ann, "chrysanthemum"), await ask(tx, thread, bob, "rhododendron")
        await tx.threads.rename(thread.id, "About chrysanthemum")
        await tx.memory.set(thread.id, "They spoke of chrysanthemum", his.id)
        await tx.briefs.save(bob.id, thread.id, "design", {"what": "chrysanthemum"}, complete=False)
        for turn, user in ((hers, ann), (his, bob)):
            word = "chrysanthemum" if user == ann else "rhododendron"
            await file_of(tx, user.id, f"{word}.txt", turn_id=turn.id, version=1)
            await tx.ledger.record_usage(turn.id, user.id, "T1", Usage("p", "m", 5, 6), NOON)
            await tx.updates.insert(f"slack:{turn.id}", "UserMessage", NOON)
            await tx.updates.expects_reply(f"slack:{turn.id}", turn.id)
            await tx.jobs.put(thread_lane(thread.id), "turn", {"turn": turn.id, "about": word})
            await tx.jobs.put(upkeep_lane(thread.id), "title", {"thread": thread.id, "turn": turn.id, "title": word})
            for by in (ann, bob):
                await tx.turns.rate(turn.id, 1, by=by.id)
    return thread, hers, his


async def test_who_is_erased_leaves_a_thread_to_the_others(store: Store) -> None:
    ann, bob = await people(store)
    thread, hers, his = await fill(store, ann, bob)
    async with store.begin() as tx:
        assert await tx.privacy.erase(ann.id) == [thread.id]
        left = await tx.threads.get(thread.id)
        assert (left.user_id, left.title, left.shared) == (bob.id, "", True)
        assert await tx.threads.current(bob.id, CHANNEL) == left
        assert [one.text for one in await tx.turns.transcript(thread.id)] == ["rhododendron", "re: rhododendron"]
        assert (await tx.turns.get(his.id)).rating == 1
        with pytest.raises(NotAllowed):
            await tx.turns.get(hers.id)
        account = await tx.ledger.account()
        assert (account.received, account.answered, account.lost) == (1, 1, 0)
        assert await tx.jobs.depth() == {"turn": 1, "title": 1, "sweep": 1}
    assert "chrysanthemum" not in str(await everything(store))


async def test_who_is_erased_takes_along_what_they_asked_in_threads_of_others(store: Store) -> None:
    ann, bob = await people(store)
    thread, hers, _ = await fill(store, ann, bob)
    async with store.begin() as tx:
        await tx.privacy.erase(bob.id)
        left = await tx.threads.get(thread.id)
        assert (left.user_id, left.title) == (ann.id, "")
        assert [one.turn_id for one in await tx.turns.transcript(thread.id)] == [hers.id, hers.id]
    assert "rhododendron" not in str(await everything(store))
    async with store.begin() as tx:
        await tx.privacy.erase(ann.id)
        assert not await tx.threads.exists_at(CHANNEL)


async def test_somebodys_name_in_a_workspace(store: Store) -> None:
    async with store.begin() as tx:
        ann = await tx.users.resolve("slack", "T1", "U1", name="Ann", locale="en")
        assert await tx.users.known_as(ann.id, CHANNEL) == "U1"
        assert await tx.users.known_as(ann.id, Place("slack", "C1", workspace="T2")) == ""


async def test_a_private_thread_is_asked_in_by_its_owner(store: Store) -> None:
    ann, _ = await people(store)
    thread = await conversation(store, ann, Place("telegram", "1"), "zebra")
    async with store.begin() as tx:
        latest = await tx.turns.latest(thread.id)
        assert latest is not None
        assert latest.asker == ann.id
