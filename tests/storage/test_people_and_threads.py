"""Users, and which of their conversations is the current one where."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.errors import NotAllowed
from bot.domain.place import Place, Ref
from bot.domain.thread import Thread, TurnState, User
from storage.store import Store
from tests.fakes.clock import ManualClock

PRIVATE = Place("telegram", "42")
GROUP = Place("telegram", "-100")


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
