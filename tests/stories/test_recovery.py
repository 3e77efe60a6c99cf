"""Processes die, networks lie, databases go away: every message is answered once all the same."""

import asyncpg
import pytest

from adapters.telegram.emulator import TelegramEmulator
from specialists.scripted import Babble, Hang, Say
from tests.postgres import Server
from tests.stories.stage import Stage, set_stage, texts

LONG = "The bridge opens at nine and closes at five. " * 12


def _calls(tg: TelegramEmulator, method: str) -> int:
    return sum(call.method == method for call in tg.calls)


async def test_a_process_dies_in_mid_reply_and_the_next_finishes_in_the_same_bubble(any_url: str) -> None:
    async with set_stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        team = stage.tg.supergroup("Team", members=[ann])
        stage.engine.then(Say(LONG), Hang())
        stage.engine.then(Say(LONG))
        async with stage.process():
            await ann.says(f"@{stage.tg.me.username} when?", chat=team)
            await stage.until(lambda: any("closes at five" in text for text in texts(team)))
        bubble = team.replies[0].message_id
        async with stage.process():
            await stage.settles()
        assert [(m.message_id, m.text_content) for m in team.replies] == [(bubble, LONG.strip())]


async def test_a_fellow_takes_over_in_under_fifteen_seconds(postgres_url: str) -> None:
    async with set_stage(postgres_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(Say(LONG), Hang())
        stage.engine.then(Say(LONG))
        async with stage.process("one"), stage.process("two"):
            await ann.says("when?")
            await stage.until(lambda: len(ann.private.drafts) > 3)
            (holder,) = (process for process in stage.processes if process.board.worker.jobs_in_hand)
            await holder.dies()
            died_at = stage.clock.monotonic()
            await stage.until(lambda: bool(ann.private.replies))
            assert stage.clock.monotonic() - died_at < 15
            await stage.settles()
        assert texts(ann.private) == [LONG.strip()]


async def test_a_graceful_end_hands_a_long_reply_over_at_once(any_url: str) -> None:
    async with set_stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(Say("Wait. "), Hang())
        stage.engine.then(Say("Here it is."))
        async with stage.process() as first:
            await ann.says("when?")
            await stage.until(lambda: bool(ann.private.drafts))
            first.stop.set()
            await stage.until(lambda: first.task is not None and first.task.done())
        began_at = stage.clock.monotonic()
        async with stage.process():
            await stage.until(lambda: bool(ann.private.replies))
            assert stage.clock.monotonic() - began_at < 5
            await stage.settles()
        assert texts(ann.private) == ["Here it is."]


async def test_a_graceful_end_lets_a_short_reply_end(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say(LONG))
    await ann.says("when?")
    await stage.until(lambda: len(ann.private.drafts) > 1)
    (process,) = stage.processes
    process.stop.set()
    await stage.until(lambda: process.task is not None and process.task.done())
    assert texts(ann.private) == [LONG.strip()]


@pytest.mark.parametrize("group", [False, True], ids=["private", "group"])
async def test_a_send_whose_answer_was_lost_is_not_repeated(stage: Stage, group: bool) -> None:
    ann = stage.tg.user("Ann")
    chat = stage.tg.supergroup("Team", members=[ann]) if group else ann.private
    stage.tg.faults.drops_after(method="sendMessage" if group else "sendRichMessage")
    await ann.says(f"@{stage.tg.me.username} hello", chat=chat)
    await stage.settles()
    assert len(stage.tg.faults.injected) == 1
    assert len(chat.replies) == 1
    assert "hello" in texts(chat)[0]


async def test_a_send_that_never_arrived_is_repeated(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.tg.faults.drops_before(method="sendRichMessage")
    stage.tg.faults.fails(502, method="sendRichMessage")
    await ann.says("hello")
    await stage.settles()
    assert texts(ann.private) == ["hello"]


async def test_a_process_dies_between_sending_and_writing_it_down(any_url: str) -> None:
    async with set_stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        fault = stage.tg.faults.drops_after(method="sendRichMessage")
        async with stage.process() as first:
            await ann.says("hello")
            await stage.until(lambda: fault.hits == 1)
            await first.dies()
        assert texts(ann.private) == ["hello"]
        async with stage.process():
            await stage.settles()
            assert texts(ann.private) == ["hello"]
            await ann.says("and again")
            await stage.settles()
        assert texts(ann.private) == ["hello", "and again"]
        assert len(stage.engine.prompts) == 2


async def test_any_process_can_stop_a_reply(postgres_url: str) -> None:
    async with set_stage(postgres_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(Babble())
        async with stage.process("one"), stage.process("two"):
            await ann.says("Tell me everything")
            await stage.until(lambda: len(ann.private.drafts) > 2)
            pressed_at = stage.clock.monotonic()
            await ann.presses_stop()
            await stage.until(lambda: bool(ann.private.replies))
            assert stage.clock.monotonic() - pressed_at < 1
            await stage.settles()
        assert texts(ann.private)[0].endswith("Stopped.")


async def test_updates_that_come_again_are_answered_once(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("hello")
    await stage.settles()
    await stage.tg.repeats_updates(1)
    await stage.settles()
    assert texts(ann.private) == ["hello"]


async def test_poison_among_the_updates_holds_nobody_up(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    chat = {"id": ann.private.id, "type": "private", "first_name": "Ann"}
    sender = {"id": ann.id, "is_bot": False, "first_name": "Ann"}
    rich = {"blocks": [{"type": "hologram", "text": "?"}]}
    base = {"message_id": 900_000, "date": 1_790_000_000, "chat": chat, "from": sender}
    for poison in (
        {"message": base | {"rich_message": rich}},
        {"telepathy": {"thought": "?"}},
        {"message": {"nothing": "known"}},
        {"message": base | {"message_id": 900_001, "text": "lone \ud800 surrogate"}},
        {"callback_query": {"id": "1", "from": sender, "chat_instance": "1", "data": "x" * 64}},
    ):
        await stage.tg.push(poison)
    await ann.says("are you alive?")
    await stage.settles()
    assert texts(ann.private)[-1].endswith("are you alive?")


async def test_the_database_is_gone_for_a_minute(postgres_url: str, postgres_server: Server) -> None:
    name = postgres_url.partition("?")[0].rsplit("/", 1)[1]
    async with set_stage(postgres_url) as stage, stage.process():
        ann = stage.tg.user("Ann")
        await ann.says("before")
        await stage.settles()
        admin = await asyncpg.connect(postgres_server.url("postgres"))
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            name,
        )
        await ann.says("meanwhile")
        await stage.clock.advance(60)
        assert texts(ann.private) == ["before"]
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await admin.close()
        await stage.until(lambda: len(ann.private.replies) == 2)
        await stage.settles()
        assert texts(ann.private) == ["before", "meanwhile"]


async def test_a_clock_that_jumps_loses_and_repeats_nothing(stage: Stage) -> None:
    from_then = stage.clock.now()
    ann = stage.tg.user("Ann")
    stage.engine.then(Say(LONG))
    await ann.says("one")
    await stage.until(lambda: bool(ann.private.drafts))
    stage.clock.jump(-2 * (stage.clock.now() - from_then) - (from_then - from_then.replace(year=2020)))
    await stage.settles()
    stage.clock.jump(4 * (from_then - from_then.replace(year=2020)))
    await ann.says("two")
    await stage.settles()
    assert texts(ann.private) == [LONG.strip(), "two"]
