"""Updates: confirmed by offset, waited for, filtered, repeated; by polling and by webhook."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.exceptions import ClientDecodeError, TelegramBadRequest, TelegramConflictError
from aiogram.types import Message as AiogramMessage
from aiogram.types import Update
from aiohttp import web

from adapters.telegram.emulator import TelegramEmulator
from tests.emulators.conftest import bot_of
from tests.fakes.clock import ManualClock


def texts(updates: list[Update]) -> list[str | None]:
    return [update.message.text for update in updates if update.message]


async def test_updates_come_again_until_an_offset_confirms_them(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    for text in ("one", "two", "three"):
        await ann.says(text)
    assert texts(await bot.get_updates(limit=2)) == ["one", "two"]
    first, second, third = await bot.get_updates()
    assert (second.update_id, third.update_id) == (first.update_id + 1, first.update_id + 2)
    assert texts(await bot.get_updates(offset=second.update_id)) == ["two", "three"]
    assert texts(await bot.get_updates(offset=-1)) == ["three"]
    assert await bot.get_updates(offset=third.update_id + 1) == []
    assert tg.pending_updates == 0


async def test_a_long_poll_ends_when_something_happens(tg: TelegramEmulator, bot: Bot, clock: ManualClock) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await clock.until(lambda: tg.polls_waiting == 1)
    await tg.user("Ann").says("wake up")
    assert texts(await poll) == ["wake up"]


async def test_a_second_poller_ends_the_first(tg: TelegramEmulator, bot: Bot, clock: ManualClock) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await clock.until(lambda: tg.polls_waiting == 1)
    assert await bot.get_updates() == []
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await poll


async def test_rare_kinds_come_only_when_asked_for(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    said = await ann.says("hello")
    await ann.reacts(said, "👍")
    (only,) = await bot.get_updates()
    assert only.event_type == "message"
    await bot.get_updates(offset=only.update_id + 1, allowed_updates=["message_reaction"])
    await ann.reacts(said, "🔥")
    await ann.says("not wanted")
    (reaction,) = await bot.get_updates()
    assert reaction.message_reaction is not None
    assert [one.model_dump()["emoji"] for one in reaction.message_reaction.new_reaction] == ["🔥"]


async def test_updates_can_come_twice_even_when_confirmed(tg: TelegramEmulator, bot: Bot) -> None:
    await tg.user("Ann").says("once")
    (first,) = await bot.get_updates()
    assert await bot.get_updates(offset=first.update_id + 1) == []
    await tg.repeats_updates()
    (again,) = await bot.get_updates(offset=first.update_id + 1)
    assert again.update_id == first.update_id
    assert await bot.get_updates(offset=first.update_id + 1) == []


async def test_poison_and_unknown_updates_can_be_pushed(tg: TelegramEmulator, bot: Bot) -> None:
    await tg.push({"telepathy": {"thought": "x"}})
    (unknown,) = await bot.get_updates()
    assert unknown.model_extra == {"telepathy": {"thought": "x"}}
    ann = tg.user("Ann")
    said = (await ann.says("x")).to_json() | {"rich_message": {"blocks": [{"type": "hologram"}]}}
    await tg.push({"message": said})
    with pytest.raises(ClientDecodeError):
        await bot.get_updates()


async def test_aiograms_own_polling_works(tg: TelegramEmulator) -> None:
    ann = tg.user("Ann")
    dispatcher, answered = Dispatcher(), asyncio.Event()

    @dispatcher.message()
    async def echo(message: AiogramMessage) -> None:
        await message.answer(f"<b>{message.text}</b>")
        answered.set()

    async with bot_of(tg) as bot:
        bot.default = DefaultBotProperties(parse_mode="HTML")
        polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=1))
        await ann.says("hello")
        async with asyncio.timeout(10):
            await answered.wait()
        await dispatcher.stop_polling()
        await polling
    assert [message.text_content for message in ann.private.replies] == ["hello"]
    assert tg.violations == []


async def test_fifty_people_write_twenty_messages_each(tg: TelegramEmulator) -> None:
    people = [tg.user(f"User{number}") for number in range(50)]
    dispatcher, rest = Dispatcher(), 1000

    @dispatcher.message()
    async def echo(message: AiogramMessage) -> None:
        nonlocal rest
        await message.answer(f"re: {message.text}")
        rest -= 1
        if not rest:
            await dispatcher.stop_polling()

    async with bot_of(tg) as bot:
        polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, handle_as_tasks=False))
        for number in range(20):
            await asyncio.gather(*(person.says(f"{number}") for person in people))
        async with asyncio.timeout(60):
            await polling
    for person in people:
        assert [message.text_content for message in person.private.replies] == [f"re: {n}" for n in range(20)]


@asynccontextmanager
async def hook(statuses: list[int]) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A bot's web server that answers with the given statuses and then with 200."""
    seen: list[web.Request] = []

    async def take(request: web.Request) -> web.Response:
        seen.append(request)
        await request.read()
        return web.Response(status=statuses.pop(0) if statuses else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", seen
    finally:
        await runner.cleanup()


async def test_a_webhook_gets_updates_with_its_secret(tg: TelegramEmulator, bot: Bot) -> None:
    async with hook([]) as (url, seen):
        await bot.set_webhook(url, secret_token="s3cret")
        await tg.user("Ann").says("hello")
        (request,) = seen
        assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == "s3cret"
        assert Update.model_validate(await request.json()).message is not None
        assert (await bot.get_webhook_info()).pending_update_count == 0
        with pytest.raises(TelegramConflictError, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
        assert await bot.get_updates() == []


async def test_a_webhook_that_fails_is_tried_again_later(tg: TelegramEmulator, bot: Bot, clock: ManualClock) -> None:
    async with hook([500, 503]) as (url, seen):
        await bot.set_webhook(url)
        await tg.user("Ann").says("hello")
        info = await bot.get_webhook_info()
        assert (info.pending_update_count, info.last_error_message) == (
            1,
            "Wrong response from the webhook: 500 Internal Server Error",
        )
        assert await tg.redelivers() == 1
        assert len(seen) == 1
        await clock.advance(1)
        assert await tg.redelivers() == 1
        await clock.advance(2)
        assert await tg.redelivers() == 0
        assert len(seen) == 3


async def test_a_webhook_gets_what_waited_and_may_drop_it(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await ann.says("before")
    async with hook([]) as (url, seen):
        await bot.set_webhook(url)
        assert len(seen) == 1
        await bot.delete_webhook()
        await ann.says("dropped")
        await bot.set_webhook(url, drop_pending_updates=True)
        assert len(seen) == 1
        with pytest.raises(TelegramBadRequest, match="HTTPS URL must be provided"):
            await bot.set_webhook("http://e.org/hook")
        with pytest.raises(TelegramBadRequest, match="secret token contains unallowed"):
            await bot.set_webhook(url, secret_token="no spaces")
