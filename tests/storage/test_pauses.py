"""Replies that wait for a decision."""

import asyncio

import pytest

from bot.domain.errors import NotAllowed
from bot.domain.place import Ref
from bot.domain.reply import Request
from bot.domain.thread import Thread, Turn, TurnState
from storage.pauses import Pause
from storage.store import Store
from tests.storage.conftest import OpenStore
from tests.storage.people import CHAT, conversation, person, running

ASKED = (Request("call-1", "refund", "amount: 12 €"), Request("call-2", "mail", 'to: "Ann"'))
SHOWN = (Ref(CHAT, "7"), Ref(CHAT, "8"))


@pytest.fixture
async def thread(store: Store) -> Thread:
    return await conversation(store, await person(store))


async def paused(store: Store, thread: Thread, text: str = "Let me see.") -> Turn:
    async with store.begin() as tx:
        turn = await running(tx, thread)
        return await tx.turns.pause(turn.id, text=text, refs=SHOWN, requests=ASKED, state='{"messages":[]}')


async def test_a_pause_keeps_what_was_said_shown_and_asked(store: Store, thread: Thread) -> None:
    turn = await paused(store, thread)
    assert (turn.state, turn.reply_refs) == (TurnState.REQUIRES_ACTION, SHOWN)
    async with store.begin() as tx:
        assert await tx.turns.get(turn.id) == turn
        assert await tx.turns.partial(turn.id) == "Let me see."
        assert await tx.turns.pause_of(turn.id) == Pause(turn.id, "Let me see.", ASKED, '{"messages":[]}', None)


async def test_a_question_of_who_should_answer_has_no_requests(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await running(tx, thread)
        await tx.turns.pause(turn.id, text="", refs=(), requests=(), state="")
        assert await tx.turns.pause_of(turn.id) == Pause(turn.id, "", (), "", None)
        await tx.turns.assign(turn.id, "mentor")
        assert (await tx.turns.get(turn.id)).specialist == "mentor"


@pytest.mark.parametrize("granted", [True, False])
async def test_the_first_decision_counts(store: Store, thread: Thread, granted: bool) -> None:
    turn = await paused(store, thread)
    async with store.begin() as tx:
        assert await tx.turns.decide(turn.id, granted)
        assert not await tx.turns.decide(turn.id, not granted)
        pause = await tx.turns.pause_of(turn.id)
        assert pause is not None
        assert pause.granted is granted


async def test_of_two_decisions_at_once_one_wins(url: str, open_store: OpenStore) -> None:
    store = await open_store(url)
    turn = await paused(store, await conversation(store, await person(store)))

    async def decide(granted: bool) -> bool:
        async with store.begin() as tx:
            return await tx.turns.decide(turn.id, granted)

    won = await asyncio.gather(*(decide(number % 2 == 0) for number in range(8)))
    assert won.count(True) == 1
    async with store.begin() as tx:
        pause = await tx.turns.pause_of(turn.id)
    assert pause is not None
    assert pause.granted is (won.index(True) % 2 == 0)


async def test_nothing_is_decided_where_nothing_waits(store: Store, thread: Thread) -> None:
    turn = await paused(store, thread)
    async with store.begin() as tx:
        going = await running(tx, thread)
        assert not await tx.turns.decide(going.id, True)
        assert not await tx.turns.decide(999, True)
        assert await tx.turns.pause_of(999) is None
        await tx.turns.begin(turn.id)
        assert not await tx.turns.decide(turn.id, True)


async def test_a_reply_that_goes_on_can_read_its_pause_and_pause_once_more(store: Store, thread: Thread) -> None:
    turn = await paused(store, thread)
    async with store.begin() as tx:
        await tx.turns.decide(turn.id, True)
        assert (await tx.turns.begin(turn.id)).reply_refs == SHOWN
        pause = await tx.turns.pause_of(turn.id)
        assert pause is not None
        assert (pause.granted, pause.text) == (True, "Let me see.")
        await tx.turns.pause(turn.id, text="And then?", refs=SHOWN[:1], requests=ASKED[:1], state="2")
        assert await tx.turns.pause_of(turn.id) == Pause(turn.id, "And then?", ASKED[:1], "2", None)
        assert (await tx.turns.get(turn.id)).reply_refs == SHOWN[:1]
        assert await tx.turns.decide(turn.id, False)


@pytest.mark.parametrize("state", [TurnState.COMPLETED, TurnState.STOPPED, TurnState.FAILED])
async def test_the_end_of_a_turn_forgets_its_pause(store: Store, thread: Thread, state: TurnState) -> None:
    turn = await paused(store, thread)
    async with store.begin() as tx:
        ended = await tx.turns.finish(turn.id, state, text="Done.", refs=SHOWN)
        assert (ended.state, await tx.turns.pause_of(turn.id), await tx.turns.partial(turn.id)) == (state, None, "")
        assert await tx.turns.waiting_for_action(thread.id) == []
        await tx.turns.requeue(turn.id)
        assert await tx.turns.pause_of(turn.id) is None


async def test_only_a_running_turn_pauses(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await tx.turns.create(thread.id, "")
        with pytest.raises(ValueError, match="cannot become requires_action"):
            await tx.turns.pause(turn.id, text="", refs=(), requests=(), state="")
        with pytest.raises(NotAllowed):
            await tx.turns.pause(999, text="", refs=(), requests=(), state="")


async def test_what_waits_in_a_thread_is_listed_with_its_messages(store: Store, thread: Thread) -> None:
    elsewhere = await conversation(store, await person(store, "43"))
    first, second, _ = [await paused(store, where) for where in (thread, thread, elsewhere)]
    async with store.begin() as tx:
        assert await tx.turns.waiting_for_action(thread.id) == [first, second]
