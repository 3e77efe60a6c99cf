"""Turns, what was said in them, and the account of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from bot.domain.place import Place, Ref
from bot.domain.reply import Usage
from bot.domain.thread import Thread, Turn, TurnState, User
from storage.ledger import Account, UsageTotal
from storage.store import Store, Tx
from storage.tables import jobs, message_versions, turns, updates, usage
from tests.fakes.clock import ManualClock

CHAT = Place("telegram", "-100", "7")
NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def ann(store: Store) -> User:
    async with store.begin() as tx:
        return await tx.users.resolve("telegram", "", "42", name="Ann", locale="en")


@pytest.fixture
async def thread(store: Store, ann: User) -> Thread:
    async with store.begin() as tx:
        return await tx.threads.open(ann.id, CHAT, specialist="concierge")


def at(message: int) -> Ref:
    return Ref(CHAT, str(message))


async def asked(tx: Tx, thread: Thread, text: str, message: int | None = None) -> Turn:
    turn = await tx.turns.create(thread.id, "concierge")
    await tx.turns.add_message(turn.id, "user", text, None if message is None else at(message))
    return turn


async def answered(tx: Tx, turn: Turn, text: str, *messages: int, state: TurnState = TurnState.COMPLETED) -> Turn:
    await tx.turns.begin(turn.id)
    return await tx.turns.finish(turn.id, state, text=text, refs=[at(message) for message in messages])


async def test_a_turn_goes_from_queued_to_its_end(store: Store, thread: Thread, clock: ManualClock) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi", 5)
        assert (turn.state, turn.version, turn.finished_at, turn.reply_refs) == (TurnState.QUEUED, 1, None, ())
        assert (await tx.turns.begin(turn.id)).state is TurnState.RUNNING
        assert (await tx.turns.begin(turn.id)).state is TurnState.RUNNING, "a successor takes over"
    await clock.advance(30)
    async with store.begin() as tx:
        done = await tx.turns.finish(
            turn.id, TurnState.COMPLETED, text="ho", refs=[at(6), at(7)], confidence=0.25, error=""
        )
        assert done == await tx.turns.get(turn.id) == await tx.turns.latest(thread.id)
        assert (await tx.threads.get(thread.id)).active_at > thread.active_at
    assert done.state is TurnState.COMPLETED
    assert done.reply_refs == (at(6), at(7))
    assert done.confidence == 0.25
    assert done.finished_at is not None
    assert done.finished_at > done.created_at


@pytest.mark.parametrize("end", [TurnState.COMPLETED, TurnState.STOPPED, TurnState.FAILED])
async def test_an_ended_turn_can_only_be_queued_again(store: Store, thread: Thread, end: TurnState) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi")
        await answered(tx, turn, "", state=end)
        with pytest.raises(ValueError, match="cannot become"):
            await tx.turns.begin(turn.id)
        with pytest.raises(ValueError, match="cannot become"):
            await tx.turns.finish(turn.id, TurnState.COMPLETED, text="", refs=[])
        again = await tx.turns.requeue(turn.id)
        assert (again.state, again.version, again.finished_at) == (TurnState.QUEUED, 2, None)
        with pytest.raises(ValueError, match="still queued"):
            await tx.turns.requeue(turn.id)
        with pytest.raises(ValueError, match="does not end"):
            await tx.turns.finish(turn.id, TurnState.RUNNING, text="", refs=[])


async def test_a_regenerated_reply_keeps_its_messages_and_its_earlier_version(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi", 5)
        await answered(tx, turn, "one", 6)
        await tx.turns.rate(turn.id, -1)
        assert (await tx.turns.get(turn.id)).rating == -1
        again = await tx.turns.requeue(turn.id)
        assert (again.reply_refs, again.rating, again.confidence) == ((at(6),), 0, None)
        assert [message.text for message in await tx.turns.messages(turn.id)] == ["hi", "one"]
        await answered(tx, again, "two", 6)
        said = await tx.turns.messages(turn.id)
        assert [(message.role, message.text, message.version) for message in said] == [
            ("user", "hi", 1),
            ("assistant", "two", 2),
        ]


async def test_a_reply_is_found_by_any_of_its_messages(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi", 5)
        await answered(tx, turn, "long", 6, 7)
        for message in (6, 7):
            assert await tx.turns.by_reply_ref(at(message)) == await tx.turns.get(turn.id)
        assert await tx.turns.by_reply_ref(at(5)) is None
        assert await tx.turns.by_reply_ref(Ref(CHAT.room, "7")) is not None, "reactions do not tell the topic"
        assert await tx.turns.by_reply_ref(Ref(Place("telegram", "-100", "8"), "7")) is None
        assert await tx.turns.by_reply_ref(Ref(Place("telegram", "-200", "7"), "7")) is None


async def test_a_burst_is_kept_message_by_message(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await tx.turns.create(thread.id, "concierge")
        await tx.turns.add_message(turn.id, "user", "a long pa", at(5), cut=True)
        await tx.turns.add_message(turn.id, "user", "ste", at(6))
        said = await tx.turns.messages(turn.id)
    assert [(message.text, message.ref, message.cut) for message in said] == [
        ("a long pa", at(5), True),
        ("ste", at(6), False),
    ]


async def test_a_users_edit_replaces_the_text_and_keeps_the_old_one(store: Store, thread: Thread, ann: User) -> None:
    async with store.begin() as tx:
        first, last = await asked(tx, thread, "frist", 5), await asked(tx, thread, "last", 6)
        await answered(tx, last, "reply", 7)
        assert await tx.turns.replace_message(at(5), ann.id, "first") == (await tx.turns.get(first.id), False)
        assert await tx.turns.replace_message(at(6), ann.id, "last!") == (await tx.turns.get(last.id), True)
        assert await tx.turns.replace_message(at(6), ann.id, "last!!") is not None
        assert await tx.turns.replace_message(at(6), ann.id, "last!!") is not None
        assert [message.text for message in await tx.turns.messages(last.id)] == ["last!!", "reply"]
        old = await tx.wire.rows(
            select(message_versions.c.version, message_versions.c.text).order_by("message_id", "version")
        )
    assert [tuple(row) for row in old] == [(1, "frist"), (1, "last"), (2, "last!")]


async def test_an_edit_of_an_unknown_message_or_by_someone_else_changes_nothing(
    store: Store, thread: Thread, ann: User
) -> None:
    async with store.begin() as tx:
        bob = await tx.users.resolve("telegram", "", "43", name="Bob", locale="en")
        turn = await asked(tx, thread, "hi", 5)
        await answered(tx, turn, "ho", 6)
        assert await tx.turns.replace_message(at(5), bob.id, "no") is None
        assert await tx.turns.replace_message(at(6), ann.id, "no") is None, "the reply is not theirs to edit"
        assert await tx.turns.replace_message(at(99), ann.id, "no") is None
        assert [message.text for message in await tx.turns.messages(turn.id)] == ["hi", "ho"]


async def test_a_transcript_is_the_newest_messages_in_their_newest_versions(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        other = await tx.threads.open(thread.user_id, CHAT, specialist="concierge")
        await asked(tx, other, "elsewhere")
        turns = [await asked(tx, thread, f"q{number}") for number in range(4)]
        for number, turn in enumerate(turns[:3]):
            await answered(tx, turn, f"a{number}")
        await answered(tx, await tx.turns.requeue(turns[1].id), "a1 again")
        whole = ["q0", "a0", "q1", "a1 again", "q2", "a2", "q3"]
        assert [message.text for message in await tx.turns.transcript(thread.id)] == whole
        assert [message.text for message in await tx.turns.transcript(thread.id, limit=3)] == whole[-3:]
        before = await tx.turns.transcript(thread.id, before_turn=turns[2].id, limit=3)
        assert [message.text for message in before] == ["a0", "q1", "a1 again"]


async def test_what_a_running_reply_reads_so_far_is_kept_until_its_end(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi")
        assert await tx.turns.partial(turn.id) == ""
        await tx.turns.begin(turn.id)
        await tx.turns.save_partial(turn.id, "half a rep")
        assert await tx.turns.partial(turn.id) == "half a rep"
        await tx.turns.finish(turn.id, TurnState.STOPPED, text="half a rep", refs=[])
        assert await tx.turns.partial(turn.id) == ""


async def test_a_turn_knows_its_job(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi")
        assert await tx.turns.job_of(turn.id) is None
        await tx.turns.attach_job(turn.id, 77)
        assert await tx.turns.job_of(turn.id) == 77
        assert await tx.turns.job_of(turn.id + 1) is None


NASTY = [
    ("NUL \0 inside", "NUL \ufffd inside"),
    ("lone \ud800 and \udc00", "lone \ufffd and \ufffd"),
    ("pair \ud83d\ude00", "pair 😀"),
    ("👩‍👩‍👧‍👦 مرحبا z̷̢̛a̸l̶g̷o̴ \u202e", "👩‍👩‍👧‍👦 مرحبا z̷̢̛a̸l̶g̷o̴ \u202e"),
    ("x" * 100_000, "x" * 100_000),
    ("", ""),
    ("'; DROP TABLE users; -- %s :a $1 \\", "'; DROP TABLE users; -- %s :a $1 \\"),
]


@pytest.mark.parametrize(("said", "kept"), NASTY, ids=range(len(NASTY)))
async def test_any_text_is_stored_alike_on_both_databases(store: Store, thread: Thread, said: str, kept: str) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, said)
        await tx.threads.rename(thread.id, said)
        job = await tx.jobs.put(
            f"lane {said[:50]}", "turn", {"text": said, said[:50]: [said, 1, None, 0.5]}, dedup=said[:50]
        )
        assert job is not None
        assert await tx.jobs.put("other", "turn", {}, dedup=said[:50]) is None
        assert await tx.updates.insert(said[:50] or "-", said[:50], NOON)
        assert not await tx.updates.insert(said[:50] or "-", said[:50], NOON)
    async with store.begin() as tx:
        assert (await tx.turns.messages(turn.id))[0].text == kept
        assert (await tx.threads.get(thread.id)).title == kept
        payload = await tx.wire.scalar(select(jobs.c.payload).where(jobs.c.id == job.id))
    assert payload == {"text": kept, kept[: len(job.lane) - 5]: [kept, 1, None, 0.5]}


async def test_received_is_answered_refused_or_waiting(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        ends = {"1": TurnState.COMPLETED, "2": TurnState.STOPPED, "3": TurnState.FAILED, "4": None, "5": None}
        for update_id, end in ends.items():
            turn = await asked(tx, thread, "hi")
            assert await tx.updates.insert(update_id, "message", NOON)
            await tx.updates.expects_reply(update_id, turn.id)
            if end is not None:
                await answered(tx, turn, "", state=end)
        for update_id in ("6", "7"):
            assert await tx.updates.insert(update_id, "message", NOON)
        await tx.updates.refuse("6", "queue-full")
        assert await tx.ledger.account() == Account(received=6, answered=2, refused=2, waiting=2)
        assert (await tx.ledger.account()).lost == 0
        received_at = await tx.wire.scalar(select(updates.c.at).where(updates.c.id == "1"))
        assert received_at == NOON


async def test_a_turn_that_vanished_shows_as_lost(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi")
        await tx.updates.insert("1", "message", NOON)
        await tx.updates.expects_reply("1", turn.id)
        await tx.wire.count(turns.delete().where(turns.c.id == turn.id))
        account = await tx.ledger.account()
    assert (account.received, account.lost) == (1, 1)


async def test_an_update_that_was_refused_and_yet_answered_counts_once(store: Store, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi")
        await tx.updates.insert("1", "message", NOON)
        await tx.updates.expects_reply("1", turn.id)
        await tx.updates.refuse("1", "late")
        assert await tx.ledger.account() == Account(received=1, answered=0, refused=1, waiting=0)


async def test_usage_is_kept_to_the_billionth_of_a_dollar(store: Store, thread: Thread, ann: User) -> None:
    known = Usage("openai", "some-model", 10, 20, 3, 4, Decimal("0.000123456"))
    async with store.begin() as tx:
        turn = await asked(tx, thread, "hi")
        for used in (known, Usage()):
            await tx.ledger.record_usage(turn.id, ann.id, "", used, NOON)
        rows = await tx.wire.rows(select(usage).order_by(usage.c.id))
    assert [row.cost_usd for row in rows] == [Decimal("0.000123456"), None]
    assert (rows[0].model, rows[0].input_tokens, rows[0].reasoning_tokens, rows[0].at) == ("some-model", 10, 4, NOON)


async def test_usage_is_added_up_by_specialist_and_model(store: Store, ann: User, thread: Thread) -> None:
    priced = Usage("openai", "m", 100, 10, 40, 4, Decimal("0.000000003"), specialist="mentor")
    async with store.begin() as tx:
        bob = await tx.users.resolve("telegram", "", "43", name="Bob", locale="en")
        first, second = await asked(tx, thread, "one"), await asked(tx, thread, "two")
        for turn in (first, second, second):
            await tx.ledger.record_usage(turn.id, ann.id, "T1", priced, NOON)
        unpriced = replace(priced, cost_usd=None, estimated=True)
        await tx.ledger.record_usage(first.id, ann.id, "T1", unpriced, NOON)
        await tx.ledger.record_usage(first.id, ann.id, "", replace(unpriced, specialist=""), NOON)
        await tx.ledger.record_usage(first.id, ann.id, "T1", priced, NOON - timedelta(days=1))
        await tx.ledger.record_usage(first.id, bob.id, "T1", priced, NOON)
        rows = await tx.wire.rows(select(usage.c.workspace, usage.c.estimated).order_by(usage.c.id))
        assert [tuple(row) for row in rows[2:5]] == [("T1", False), ("T1", True), ("", True)]
        assert await tx.ledger.usage_of(ann.id, NOON) == [
            UsageTotal("", "openai", "m", 1, 100, 10, 40, 4, None, 1),
            UsageTotal("mentor", "openai", "m", 2, 400, 40, 160, 16, Decimal("0.000000009"), 1),
        ]
        assert await tx.ledger.usage_of(bob.id, NOON + timedelta(seconds=1)) == []


async def test_turns_of_a_user_are_counted_from_a_moment_on(
    store: Store, ann: User, thread: Thread, clock: ManualClock
) -> None:
    async with store.begin() as tx:
        await asked(tx, thread, "early")
    await clock.advance(10)
    since = clock.now()
    async with store.begin() as tx:
        elsewhere = await tx.threads.open(ann.id, Place("web", "x"))
        await asked(tx, elsewhere, "late")
        await asked(tx, thread, "late")
        assert await tx.turns.count_since(ann.id, since) == 2
        assert await tx.turns.count_since(ann.id, since - timedelta(seconds=10)) == 3
        assert await tx.turns.count_since(999, since) == 0


async def test_one_process_holds_a_named_lease_until_it_ends_or_is_dropped(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        assert await tx.leases.hold("telegram", "a", lease_seconds=10)
        assert not await tx.leases.hold("telegram", "b", lease_seconds=10)
        assert await tx.leases.hold("slack", "b", lease_seconds=10)
    await clock.advance(8)
    async with store.begin() as tx:
        assert await tx.leases.hold("telegram", "a", lease_seconds=10)
    await clock.advance(8)
    async with store.begin() as tx:
        assert not await tx.leases.hold("telegram", "b", lease_seconds=10)
    await clock.advance(3)
    async with store.begin() as tx:
        assert await tx.leases.hold("telegram", "b", lease_seconds=10)
        await tx.leases.drop("telegram", "a")
        assert not await tx.leases.hold("telegram", "a", lease_seconds=10)
        await tx.leases.drop("telegram", "b")
        assert await tx.leases.hold("telegram", "a", lease_seconds=10)
