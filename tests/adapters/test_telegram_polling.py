"""Polling the emulated Telegram: everything once, in order, stored before it is acknowledged."""

import asyncio
import json
import logging

import pytest
from aiogram.methods import SetWebhook

from adapters.telegram.client import Client
from adapters.telegram.emulator.emulator import TelegramEmulator
from adapters.telegram.parse import UPDATE_KINDS
from bot.domain.errors import SettingsError, StorageError
from bot.domain.incoming import Incoming, Unsupported
from tests.adapters.telegram_cast import PAYLOADS, Inbox, SwiftClock, eventually, hanging_up, receiver, receiving


@pytest.fixture
def clock() -> SwiftClock:
    return SwiftClock()


async def test_messages_arrive_in_order_and_are_confirmed(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    ann, inbox = tg.user("Ann"), Inbox()
    await ann.says("written before we were there")
    async with receiving(receiver(client, clock), inbox.take):
        await inbox.holds(1)
        for text in ("one", "two", "three"):
            await ann.says(text)
        assert await inbox.holds(4) == ["written before we were there", "one", "two", "three"]
        await eventually(lambda: tg.pending_updates == 0)


async def test_an_update_is_confirmed_only_when_it_is_stored(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    ann = tg.user("Ann")
    asked, stored = asyncio.Event(), asyncio.Event()

    async def slow_take(_incoming: Incoming) -> None:
        asked.set()
        await stored.wait()

    async with receiving(receiver(client, clock), slow_take):
        await ann.says("hello")
        await asked.wait()
        assert tg.pending_updates == 1
        stored.set()
        await eventually(lambda: tg.pending_updates == 0)


async def test_while_the_database_is_gone_the_same_update_waits_and_the_order_holds(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    ann, inbox = tg.user("Ann"), Inbox(*(StorageError("locked") for _ in range(40)))
    await ann.says("first")
    await ann.says("second")
    async with receiving(receiver(client, clock), inbox.take):
        assert await inbox.holds(2) == ["first", "second"]
    assert len(clock.naps) == 40
    assert max(clock.naps) <= 30
    assert sum(clock.naps) > 300


async def test_an_update_that_we_cannot_take_is_given_up_and_the_next_one_arrives(
    tg: TelegramEmulator, client: Client, clock: SwiftClock, caplog: pytest.LogCaptureFixture
) -> None:
    ann, inbox = tg.user("Ann"), Inbox(*(KeyError("a bug of ours") for _ in range(6)))
    await ann.says("hopeless")
    await ann.says("fine")
    async with receiving(receiver(client, clock), inbox.take):
        assert await inbox.holds(1) == ["fine"]
    assert "given up" in caplog.text


async def test_no_update_stalls_the_poller(tg: TelegramEmulator, client: Client, clock: SwiftClock) -> None:
    ann, inbox = tg.user("Ann"), Inbox()
    for name in ("unknown_kind", "missing_chat", "private_rich_unreadable", "reaction_unknown", "press_inaccessible"):
        update = json.loads((PAYLOADS / f"{name}.json").read_text())
        del update["update_id"]
        await tg.push(update)
    await tg.push({"message": None})
    await ann.says("still there?")
    async with receiving(receiver(client, clock), inbox.take):
        assert await inbox.holds(4) == ["still there?"]
        await eventually(lambda: tg.pending_updates == 0)
    assert isinstance(inbox.stored[0].payload, Unsupported)


async def test_a_redelivered_update_has_the_same_id(tg: TelegramEmulator, client: Client, clock: SwiftClock) -> None:
    ann, inbox = tg.user("Ann"), Inbox()
    async with receiving(receiver(client, clock), inbox.take):
        await ann.says("once")
        await inbox.holds(1)
        await tg.repeats_updates()
        await inbox.holds(2)
    assert inbox.stored[0] == inbox.stored[1]
    assert inbox.stored[0].id.startswith("telegram:42:")


async def test_all_kinds_that_we_read_are_asked_for(tg: TelegramEmulator, client: Client, clock: SwiftClock) -> None:
    inbox = Inbox()
    async with receiving(receiver(client, clock), inbox.take):
        await eventually(lambda: any(call.method == "deleteWebhook" for call in tg.calls))
        await tg.user("Ann").says("hi")
        await inbox.holds(1)
    polls = [call for call in tg.calls if call.method == "getUpdates"]
    assert {tuple(call.params["allowed_updates"]) for call in polls} == {UPDATE_KINDS}


async def test_a_webhook_that_was_left_behind_is_removed(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    inbox = Inbox()
    await client.call(SetWebhook(url="http://127.0.0.1:9/old"))
    await tg.user("Ann").says("waiting behind the webhook")
    async with receiving(receiver(client, clock), inbox.take):
        assert await inbox.holds(1) == ["waiting behind the webhook"]


async def test_a_webhook_set_while_we_poll_is_removed_too(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    ann, inbox = tg.user("Ann"), Inbox()
    async with receiving(receiver(client, clock), inbox.take):
        await ann.says("before")
        await inbox.holds(1)
        await client.call(SetWebhook(url="http://127.0.0.1:9/strange"))
        await ann.says("after")
        assert await inbox.holds(2) == ["before", "after"]


async def test_a_second_poller_is_waited_for(
    tg: TelegramEmulator, client: Client, clock: SwiftClock, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()
    tg.faults.fails(409, "Conflict: terminated by other getUpdates request", method="getUpdates", times=3)
    await tg.user("Ann").says("hi")
    async with receiving(receiver(client, clock), inbox.take):
        await inbox.holds(1)
    assert "another program polls" in caplog.text
    assert len(clock.naps) == 3


async def test_whatever_the_network_does_polling_goes_on_and_the_token_stays_secret(
    tg: TelegramEmulator, client: Client, clock: SwiftClock, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()
    tg.faults.drops_before(method="getMe")
    tg.faults.fails(502, method="deleteWebhook")
    tg.faults.drops_before(method="getUpdates")
    tg.faults.fails(500, method="getUpdates")
    tg.faults.garbage(method="getUpdates")
    tg.faults.floods(45, method="getUpdates")
    await tg.user("Ann").says("hi")
    with caplog.at_level(logging.DEBUG):
        async with receiving(receiver(client, clock), inbox.take):
            assert await inbox.holds(1) == ["hi"]
    assert max(clock.naps) == 45
    assert tg.token not in caplog.text


async def test_telegram_away_at_the_start_is_waited_for(clock: SwiftClock) -> None:
    async with hanging_up() as away:
        client = Client("42:TEST", away)
        async with receiving(receiver(client, clock), Inbox().take) as task:
            await eventually(lambda: len(clock.naps) > 8)
            assert not task.done()
        await client.close()
    assert max(clock.naps) <= 30


async def test_a_wrong_token_stops_the_start_and_names_the_setting(tg: TelegramEmulator, clock: SwiftClock) -> None:
    stranger = Client("43:OTHER", tg.url)
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN") as refused:
        await receiver(stranger, clock).run(Inbox().take)
    await stranger.close()
    assert "OTHER" not in str(refused.value)


async def test_a_token_withdrawn_while_polling_names_the_setting(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    tg.faults.fails(401, "Unauthorized", method="getUpdates")
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN"):
        await receiver(client, clock).run(Inbox().take)


def test_something_that_is_no_token_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN"):
        Client("hello", "http://127.0.0.1:9")
