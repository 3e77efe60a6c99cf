"""Users, and which of their conversations is the current one where."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import NotAllowed, StorageError
from bot.domain.place import Place, Ref
from bot.domain.reply import Usage
from bot.domain.thread import Thread, Turn, TurnState, User
from bot.lanes import thread_lane, upkeep_lane
from storage.store import Store
from storage.users import Identity
from tests.fakes.clock import ManualClock
from tests.storage.people import everything, exchange, file_of, running, swept

PRIVATE = Place("telegram", "42")
GROUP = Place("telegram", "-100")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def user(store: Store, external_id: str = "42", *, name: str = "Ann", locale: str = "en") -> User:
    async with store.begin() as tx:
        return await tx.users.resolve("telegram", "", external_id, name=name, locale=locale)


async def thread(store: Store, owner: User, place: Place = PRIVATE) -> Thread:
    async with store.begin() as tx:
        return await tx.threads.open(owner.id, place, specialist="concierge")


async def test_an_identity_is_one_user_however_often_it_writes(store: Store) -> None:
    first = await user(store)
    assert await user(store, name="Anna", locale="ru") == User(first.id, "Anna", "en")
    assert await user(store, name="") == User(first.id, "Anna", "en")
    assert (await user(store, "43")).id != first.id
    async with store.begin() as tx:
        elsewhere = await tx.users.resolve("slack", "T1", "42", name="Ann", locale="en")
        await tx.users.set_locale(first.id, "ru")
        assert await tx.users.get(first.id) == User(first.id, "Anna", "ru")
    assert elsewhere.id != first.id


async def test_two_first_messages_at_once_make_one_user(store: Store) -> None:
    users = await asyncio.gather(*(user(store, name="Ann") for _ in range(8)))
    assert len(set(users)) == 1


@pytest.mark.parametrize("absent", [0, -1, 999, 10**30])
async def test_what_was_never_there_is_not_allowed(store: Store, absent: int) -> None:
    async with store.begin() as tx:
        for look_up in (tx.users.get, tx.threads.get, tx.threads.activate, tx.turns.get):
            with pytest.raises(NotAllowed):
                await look_up(absent)
        with pytest.raises(NotAllowed):
            await tx.threads.owned(absent, 1)


async def test_a_new_thread_is_the_current_one_of_its_user_and_place(store: Store) -> None:
    ann, bob = await user(store), await user(store, "43")
    async with store.begin() as tx:
        assert await tx.threads.current(ann.id, GROUP) is None
    old, new, bobs = await thread(store, ann, GROUP), await thread(store, ann, GROUP), await thread(store, bob, GROUP)
    topic = await thread(store, ann, Place("telegram", "-100", "7"))
    async with store.begin() as tx:
        assert await tx.threads.current(ann.id, GROUP) == new
        assert await tx.threads.current(ann.id, topic.place) == topic
        assert await tx.threads.current(bob.id, GROUP) == bobs
        assert await tx.threads.activate(old.id) == old
        assert await tx.threads.current(ann.id, GROUP) == old


async def test_threads_opened_at_once_leave_one_current(store: Store) -> None:
    ann = await user(store)
    opened = await asyncio.gather(*(thread(store, ann) for _ in range(6)))
    async with store.begin() as tx:
        current = await tx.threads.current(ann.id, PRIVATE)
        assert len(await tx.threads.list(ann.id)) == 6
    assert current in opened


async def test_nobody_reads_the_thread_of_someone_else(store: Store) -> None:
    ann, bob = await user(store), await user(store, "43")
    anns = await thread(store, ann)
    async with store.begin() as tx:
        assert await tx.threads.owned(anns.id, ann.id) == anns
        with pytest.raises(NotAllowed):
            await tx.threads.owned(anns.id, bob.id)
        assert await tx.threads.list(bob.id) == []


async def test_threads_are_listed_by_activity_and_filtered_by_place(store: Store, clock: ManualClock) -> None:
    ann = await user(store)
    threads = []
    for place in (PRIVATE, GROUP, Place("web", "ann", "c1"), PRIVATE):
        threads.append(await thread(store, ann, place))
        await clock.advance(60)
    async with store.begin() as tx:
        turn = await tx.turns.create(threads[0].id, "concierge")
        await tx.turns.add_message(turn.id, "user", "hello again", None)
        await tx.threads.rename(threads[0].id, "Hello")
        listed = await tx.threads.list(ann.id)
        assert [each.id for each in listed] == [threads[at].id for at in (0, 3, 2, 1)]
        assert listed[0].title == "Hello"
        assert [each.id for each in await tx.threads.list(ann.id, place=PRIVATE)] == [threads[0].id, threads[3].id]
        assert [each.id for each in await tx.threads.list(ann.id, messenger="web")] == [threads[2].id]
        older = await tx.threads.list(ann.id, before=listed[1].active_at, limit=1)
        assert [each.id for each in older] == [threads[2].id]
        assert await tx.threads.list(ann.id, before=listed[3].active_at - timedelta(seconds=1)) == []


async def test_a_room_falls_silent_with_all_its_topics(store: Store) -> None:
    ann = await user(store)
    private, topic = await thread(store, ann), await thread(store, ann, Place("telegram", "-100", "7"))
    general = await thread(store, ann, GROUP)
    async with store.begin() as tx:
        assert await tx.threads.set_reachable(topic.place, reachable=False) == 2
        assert [(await tx.threads.get(each.id)).reachable for each in (private, topic, general)] == [True, False, False]
        assert await tx.threads.set_reachable(GROUP, reachable=True) == 2


async def test_a_chat_that_moves_takes_its_threads_and_messages_along(store: Store) -> None:
    ann = await user(store)
    topic = Place("telegram", "-100", "7")
    moved, stays = await thread(store, ann, topic), await thread(store, ann)
    async with store.begin() as tx:
        turn = await tx.turns.create(moved.id, "concierge")
        await tx.turns.add_message(turn.id, "user", "hi", Ref(topic, "5"))
        await tx.turns.begin(turn.id)
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="ho", refs=[Ref(topic, "6")])
        assert await tx.threads.move(GROUP, Place("telegram", "-1009")) == 1
    new = Place("telegram", "-1009", "7")
    async with store.begin() as tx:
        assert (await tx.threads.get(moved.id)).place == new
        assert (await tx.threads.get(stays.id)).place == PRIVATE
        assert await tx.threads.current(ann.id, new) == await tx.threads.get(moved.id)
        assert await tx.turns.by_reply_ref(Ref(new, "6")) == await tx.turns.get(turn.id)
        assert await tx.turns.by_reply_ref(Ref(topic, "6")) is None
        assert await tx.turns.replace_message(Ref(new, "5"), ann.id, "hi!") is not None


async def test_a_chat_that_moves_twice_or_into_a_room_in_use_keeps_one_current_thread(store: Store) -> None:
    ann = await user(store)
    new = Place("telegram", "-1009")
    await thread(store, ann, GROUP)
    already = await thread(store, ann, new)
    async with store.begin() as tx:
        assert await tx.threads.move(GROUP, new) == 1
        assert await tx.threads.move(GROUP, new) == 0
        assert await tx.threads.move(new, new) == 0
        assert await tx.threads.current(ann.id, new) == already
        assert len(await tx.threads.list(ann.id, place=new)) == 2


async def test_settings_and_identities_are_the_users_own(store: Store) -> None:
    ann, bob = await user(store), await user(store, "43")
    assert ann.thinking == "brief"
    async with store.begin() as tx:
        await tx.users.set_thinking(ann.id, "full")
        assert (await tx.users.get(ann.id)).thinking == "full"
        assert (await tx.users.get(bob.id)).thinking == "brief"
        assert await tx.users.identities(ann.id) == [Identity("telegram", "", "42")]
        assert await tx.users.identities(999) == []


async def test_a_thread_without_a_chosen_specialist_gets_one_later(store: Store) -> None:
    ann = await user(store)
    async with store.begin() as tx:
        opened = await tx.threads.open(ann.id, PRIVATE)
        assert opened.specialist == ""
        await tx.threads.set_specialist(opened.id, "mentor")
        assert (await tx.threads.get(opened.id)).specialist == "mentor"


async def test_archived_threads_are_listed_apart_until_the_user_writes_again(store: Store) -> None:
    ann = await user(store)
    one, two = await thread(store, ann), await thread(store, ann, GROUP)
    async with store.begin() as tx:
        turn = await tx.turns.create(one.id, "concierge")
        await tx.turns.begin(turn.id)
        await tx.threads.archive(one.id, True)
        assert await tx.threads.list(ann.id) == [two]
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="done", refs=())
        (archived,) = await tx.threads.list(ann.id, archived=True)
        assert (archived.id, archived.archived) == (one.id, True)
        await tx.turns.add_message(turn.id, "user", "one more thing", None)
        assert await tx.threads.list(ann.id, archived=True) == []
        await tx.threads.archive(two.id, True)
        await tx.threads.archive(two.id, False)
        assert {each.id for each in await tx.threads.list(ann.id)} == {one.id, two.id}


async def test_a_thread_goes_on_at_another_place(store: Store) -> None:
    ann, bob = await user(store), await user(store, "43")
    web = Place("web", "abc")
    moving, left, bobs = await thread(store, ann), await thread(store, ann, web), await thread(store, bob)
    shown = Ref(PRIVATE, "9")
    async with store.begin() as tx:
        turn = await tx.turns.create(moving.id, "concierge")
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="here", refs=[shown])
        await tx.threads.set_reachable(PRIVATE, False)
        moved = await tx.threads.relocate(moving.id, web)
        assert (moved.id, moved.place, moved.reachable) == (moving.id, web, True)
        assert await tx.threads.current(ann.id, web) == moved
        assert await tx.threads.current(ann.id, PRIVATE) is None
        assert await tx.threads.get(left.id) == left
        assert (await tx.threads.current(bob.id, PRIVATE)) == replace(bobs, reachable=False)
        assert (await tx.turns.get(turn.id)).reply_refs == (shown,)
        assert await tx.threads.relocate(moving.id, web) == moved
        with pytest.raises(NotAllowed):
            await tx.threads.relocate(999, web)


async def test_threads_that_move_to_one_place_at_once_leave_one_current(store: Store) -> None:
    ann = await user(store)
    web = Place("web", "abc")
    moving = [await thread(store, ann, Place("telegram", str(number))) for number in range(5)]

    async def move(one: Thread) -> None:
        async with store.begin() as tx:
            await tx.threads.relocate(one.id, web)

    await asyncio.gather(*map(move, moving))
    async with store.begin() as tx:
        there = await tx.threads.list(ann.id, place=web)
        assert len(there) == 5
        assert await tx.threads.current(ann.id, web) in there


async def test_a_deleted_thread_leaves_only_its_cost(store: Store) -> None:
    ann, bob = await user(store), await user(store, "43")
    gone, kept, bobs = [await thread(store, *of) for of in ((ann, GROUP), (ann, PRIVATE), (bob, GROUP))]
    for one, owner in ((kept, ann), (bobs, bob)):
        await fill(store, one, owner)
    before = await everything(store)
    await fill(store, gone, ann)
    async with store.begin() as tx:
        await tx.threads.delete(gone.id)
        with pytest.raises(NotAllowed):
            await tx.threads.get(gone.id)
        assert await tx.threads.current(ann.id, GROUP) is None
        assert await tx.threads.current(bob.id, GROUP) is not None
        account = await tx.ledger.account()
        assert (account.received, account.lost) == (2, 0)
        # Redelivered, it is still known.
        assert not await tx.updates.insert(f"update-{gone.id}", "message", NOON)
        assert len(await tx.ledger.usage_of(ann.id, NOON)) == 1
    await swept(store)
    after = await everything(store)
    for name in before.keys() - {"usage", "updates", "threads"}:
        assert after[name] == before[name], name
    assert len(after["usage"]) == 3
    assert not [row for row in after["updates"] if f"update-{gone.id}" in row and "None" not in row]


@pytest.mark.parametrize("first", ["delete", "finish"])
async def test_a_thread_may_be_deleted_while_things_happen_in_it(store: Store, first: str) -> None:
    """Whoever comes late learns that the thread is gone; nobody waits for nobody."""
    ann = await user(store)
    one = await thread(store, ann)
    async with store.begin() as tx:
        turns = [await running(tx, one) for _ in range(6)]

    async def finish(turn: Turn) -> None:
        async with store.begin() as tx:
            await tx.turns.finish(turn.id, TurnState.COMPLETED, text="done", refs=[Ref(PRIVATE, str(turn.id))])

    async def say(turn: Turn) -> None:
        async with store.begin() as tx:
            await tx.turns.add_message(turn.id, "user", "and", None)

    async def delete() -> None:
        async with store.begin() as tx:
            await tx.threads.delete(one.id)

    happening = [*map(finish, turns), *map(say, turns)]
    work = [delete(), *happening] if first == "delete" else [*happening, delete()]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    assert outcomes.pop(0 if first == "delete" else -1) is None
    assert all(outcome is None or isinstance(outcome, (NotAllowed, StorageError)) for outcome in outcomes)
    async with store.begin() as tx:
        assert await tx.threads.list(ann.id) == []


async def fill(store: Store, one: Thread, owner: User) -> None:
    """Leave something about the thread in every table that has a place for it."""
    async with store.begin() as tx:
        turn = await exchange(tx, one, f"hello from {one.id}")
        await tx.updates.insert(f"update-{one.id}", "message", NOON)
        await tx.updates.expects_reply(f"update-{one.id}", turn.id)
        await tx.turns.replace_message(Ref(one.place, str(2000 + turn.id)), owner.id, "changed")
        await tx.memory.set(one.id, "a summary", turn.id)
        await file_of(tx, owner.id, f"{one.id}.txt", turn_id=turn.id, version=1)
        await tx.briefs.save(owner.id, one.id, "design", {"a": "b"}, complete=False)
        await tx.escalations.record(owner.id, one.id, turn.id, "why")
        await tx.ledger.record_usage(turn.id, owner.id, "", Usage("p", "m", 1, 1, specialist="s"), NOON)
        paused = await running(tx, one)
        await tx.turns.pause(paused.id, text="", refs=(), requests=(), state="")
        await tx.jobs.put(thread_lane(one.id), "turn", {"turn": paused.id})
        await tx.jobs.put(upkeep_lane(one.id), "title", {"thread": one.id})
