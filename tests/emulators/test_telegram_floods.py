"""Flood limits: when the server says 429, for how long, and to whom."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter

from adapters.telegram.emulator import Limits, TelegramEmulator, Window
from tests.emulators.conftest import bot_of
from tests.fakes.clock import ManualClock


async def flooded(call: object) -> int:
    with pytest.raises(TelegramRetryAfter) as caught:
        await call  # type: ignore[misc]
    return caught.value.retry_after


async def test_a_private_chat_takes_a_burst_and_then_one_message_a_second(clock: ManualClock) -> None:
    async with TelegramEmulator(clock=clock, limits=Limits.telegram()) as tg, bot_of(tg) as bot:
        ann, bob = tg.user("Ann"), tg.user("Bob")
        for _ in range(5):
            await bot.send_message(ann.id, "x")
        assert await flooded(bot.send_message(ann.id, "x")) == 5
        await bot.send_message(bob.id, "another chat is free")
        await clock.advance(3)
        assert await flooded(bot.send_message(ann.id, "still waiting")) == 2
        await clock.advance(2)
        await bot.send_message(ann.id, "x")
        assert [(flood.chat_id, flood.retry_after) for flood in tg.floods] == [(ann.id, 5), (ann.id, 2)]


async def test_edits_count_like_messages_in_a_group(clock: ManualClock) -> None:
    async with TelegramEmulator(clock=clock, limits=Limits.telegram()) as tg, bot_of(tg) as bot:
        team = tg.group("Team", members=[tg.user("Ann")])
        sent = await bot.send_message(team.id, "0")
        for count in range(1, 20):
            await clock.advance(1)
            await bot.edit_message_text(f"{count}", chat_id=team.id, message_id=sent.message_id)
        assert await flooded(bot.edit_message_text("20", chat_id=team.id, message_id=sent.message_id)) == 41
        await bot.send_chat_action(team.id, "typing")
        assert team.messages[-1].text == "19"


async def test_all_chats_together_have_a_limit(clock: ManualClock) -> None:
    async with TelegramEmulator(clock=clock, limits=Limits.telegram()) as tg, bot_of(tg) as bot:
        people = [tg.user(f"User{number}") for number in range(31)]
        for person in people[:30]:
            await bot.send_message(person.id, "x")
        assert await flooded(bot.send_message(people[30].id, "x")) == 1
        await clock.advance(1)
        await bot.send_message(people[30].id, "x")


async def test_limits_can_be_chosen(clock: ManualClock) -> None:
    limits = Limits(private=(Window(1, 100.0),))
    async with TelegramEmulator(clock=clock, limits=limits) as tg, bot_of(tg) as bot:
        ann = tg.user("Ann")
        await bot.send_message(ann.id, "x")
        assert await flooded(bot.send_message(ann.id, "x")) == 100


async def test_injected_floods_are_not_counted(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    tg.faults.floods(7, method="sendMessage", chat=ann.id, nth=2)
    await bot.send_message(ann.id, "one")
    assert await flooded(bot.send_message(ann.id, "two")) == 7
    await bot.send_message(ann.id, "three")
    assert tg.floods == []
    assert len(tg.faults.injected) == 1
