"""Verbs that fail: the right error of ours, and nothing given away."""

import traceback

import pytest

from adapters.telegram.emulator.emulator import TelegramEmulator
from adapters.telegram.emulator.floods import Limits
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.errors import Ambiguous, Blocked, ChatMoved, Flooded, MessengerError, Misconfigured, Unreachable
from bot.domain.messenger import Outgoing
from tests.adapters.telegram_cast import at
from tests.fakes.clock import ManualClock


async def test_a_flood_says_how_long_to_wait(clock: ManualClock) -> None:
    async with TelegramEmulator(clock=clock, limits=Limits.telegram()) as tg:
        bot, team = TelegramMessenger(tg.token, clock, api_base=tg.url), tg.supergroup("Team")
        for number in range(20):
            await bot.send(at(team.id), Outgoing(f"{number}"))
        with pytest.raises(Flooded) as flood:
            await bot.send(at(team.id), Outgoing("too much"))
        await bot.close()
    assert flood.value.retry_after_seconds == 60


async def test_who_blocked_us_cannot_be_reached(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann, bob = tg.user("Ann"), tg.user("Bob", started=False)
    await ann.blocks()
    team = tg.group("Team", members=[bob])
    await team.kicks_bot()
    for chat in (ann.id, bob.id, team.id, -4_000_000):
        with pytest.raises(Blocked):
            await bot.send(at(chat), Outgoing("hello"))


async def test_a_topic_that_is_gone_cannot_be_reached(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    forum = tg.supergroup("Forum", forum=True)
    with pytest.raises(Blocked):
        await bot.send(at(forum.id, 777), Outgoing("hello"))


async def test_a_group_that_moved_tells_its_new_address(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    old = tg.group("Team", members=[tg.user("Ann")])
    new = await old.migrates()
    with pytest.raises(ChatMoved) as moved:
        await bot.send(at(old.id), Outgoing("hello"))
    assert moved.value.place == at(new.id)


@pytest.mark.parametrize("fault", ["drops_after", "drops_before", "garbage", "fails"])
async def test_a_send_that_ended_in_the_dark_is_ambiguous(
    tg: TelegramEmulator, bot: TelegramMessenger, fault: str
) -> None:
    getattr(tg.faults, fault)(method="sendRichMessage")
    with pytest.raises(Ambiguous):
        await bot.send(at(tg.user("Ann").id), Outgoing("hello"))


@pytest.mark.parametrize("fault", ["drops_after", "drops_before", "garbage", "fails"])
async def test_an_edit_that_ended_in_the_dark_may_simply_be_made_again(
    tg: TelegramEmulator, bot: TelegramMessenger, fault: str
) -> None:
    ref = await bot.send(at(tg.user("Ann").id), Outgoing("hello"))
    getattr(tg.faults, fault)(method="editMessageText")
    with pytest.raises(Unreachable):
        await bot.edit(ref, Outgoing("hello again"))


async def test_nobody_at_the_other_end_means_certainly_not_delivered(nowhere: str) -> None:
    bot = TelegramMessenger("42:TEST", ManualClock(), api_base=nowhere)
    with pytest.raises(Unreachable):
        await bot.send(at(7), Outgoing("hello"))
    await bot.close()


async def test_a_refused_token_is_a_matter_for_the_operator(tg: TelegramEmulator, clock: ManualClock) -> None:
    bot = TelegramMessenger("43:OTHER", clock, api_base=tg.url)
    with pytest.raises(Misconfigured, match="TELEGRAM_BOT_TOKEN"):
        await bot.send(at(tg.user("Ann").id), Outgoing("hello"))
    await bot.close()


async def test_no_trouble_shows_the_token_or_the_text(tg: TelegramEmulator, bot: TelegramMessenger) -> None:
    ann = tg.user("Ann")
    told: list[str] = []
    secret = " ".join(("the", "secret", "recipe"))
    for spoil in (tg.faults.drops_after, tg.faults.garbage, tg.faults.fails):
        spoil(method="sendRichMessage")
        try:
            await bot.send(at(ann.id), Outgoing(secret))
        except MessengerError as trouble:
            told.extend(traceback.format_exception(trouble))
    elsewhere = TelegramMessenger("42:TEST", ManualClock(), api_base="ftp://nowhere")
    try:
        await elsewhere.send(at(ann.id), Outgoing(secret))
    except MessengerError as trouble:
        told.extend(traceback.format_exception(trouble))
    await elsewhere.close()
    assert len(told) > 4
    assert tg.token not in "".join(told)
    assert secret not in "".join(told)
