"""Drafts: the message that is being written before the user's eyes."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.types import InputRichMessage

from adapters.telegram.emulator import Limits, TelegramEmulator
from adapters.telegram.emulator.chat import Chat
from bot.domain.errors import Refused
from tests.emulators.conftest import bot_of
from tests.fakes.clock import ManualClock


async def refused(call: object) -> str:
    with pytest.raises(TelegramBadRequest) as caught:
        await call  # type: ignore[misc]
    return caught.value.message


def shown(chat: Chat) -> str | None:
    return chat.draft.text_content if chat.draft else None


async def test_a_draft_grows_and_goes_when_the_message_comes(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await bot.send_message_draft(ann.id, 5)
    assert ann.private.draft is not None
    assert ann.private.draft.thinking == "Thinking…"
    await bot.send_message_draft(ann.id, 5, text="<b>Hel</b>", parse_mode="HTML")
    await bot.send_message_draft(ann.id, 5, text="Hello")
    assert shown(ann.private) == "Hello"
    assert ann.private.messages == []
    await bot.send_message(ann.id, "Hello!")
    assert shown(ann.private) is None
    assert [frame.text_content for frame in ann.private.drafts] == ["", "Hel", "Hello"]


async def test_a_draft_fades_after_thirty_seconds_unless_refreshed(
    tg: TelegramEmulator, bot: Bot, clock: ManualClock
) -> None:
    ann = tg.user("Ann")
    await bot.send_message_draft(ann.id, 5, text="one")
    await clock.advance(29)
    await bot.send_message_draft(ann.id, 5, text="one")
    await clock.advance(29)
    assert shown(ann.private) == "one"
    await clock.advance(1)
    assert shown(ann.private) is None


async def test_a_rich_draft_may_think(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    html = "<tg-thinking>Reading</tg-thinking><p>So far</p>"
    await bot.send_rich_message_draft(ann.id, 7, InputRichMessage(html=html))
    assert ann.private.draft is not None
    assert (ann.private.draft.text_content, ann.private.draft.thinking) == ("So far", "Reading")
    await bot.send_rich_message_draft(ann.id, 7, InputRichMessage(markdown="Hi\n\n<tg-thinking>Still</tg-thinking>"))
    assert ann.private.draft.thinking == "Still"


async def test_drafts_are_for_private_chats_and_have_an_id_and_no_new_media(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    team = tg.group("Team", members=[ann])
    assert "only to private chats" in await refused(bot.send_message_draft(team.id, 5, text="x"))
    assert "draft_id must be non-zero" in await refused(bot.send_message_draft(ann.id, 0, text="x"))
    assert "message is too long" in await refused(bot.send_message_draft(ann.id, 5, text="x" * 4097))
    picture = InputRichMessage(html='<img src="https://e.org/x.png"/>')
    assert "can't be used in rich message drafts" in await refused(bot.send_rich_message_draft(ann.id, 5, picture))


async def test_the_stop_button_tells_the_bot_and_ends_the_draft(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await bot.send_message_draft(ann.id, 5, text="no button")
    with pytest.raises(Refused):
        await ann.presses_stop()
    await bot.send_message_draft(ann.id, 5, text="with button", can_stop=True)
    assert await ann.presses_stop() == 5
    assert shown(ann.private) is None
    await bot.send_message_draft(ann.id, 5, text="too late", can_stop=True)
    assert shown(ann.private) is None
    (update,) = await bot.get_updates()
    stopped = update.stopped_message_generation
    assert stopped is not None
    assert (stopped.chat.id, stopped.draft_id) == (ann.id, 5)


async def test_a_stopped_draft_stays_a_while_when_asked_to(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await bot.send_message_draft(ann.id, 5, text="partial", can_stop=True, keep_on_stop=True)
    await ann.presses_stop()
    assert shown(ann.private) == "partial"


async def test_each_topic_of_a_private_chat_has_its_own_draft(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    one, two = await ann.creates_topic("one"), await ann.creates_topic("two")
    await bot.send_message_draft(ann.id, 5, text="first", message_thread_id=one.id, can_stop=True)
    await bot.send_message_draft(ann.id, 6, text="second", message_thread_id=two.id)
    await bot.send_message(ann.id, "done", message_thread_id=two.id)
    assert shown(ann.private) == "first"
    assert await ann.presses_stop(topic=one) == 5
    stopped = (await bot.get_updates())[-1].stopped_message_generation
    assert stopped is not None
    assert stopped.message_thread_id == one.id


async def test_drafts_have_a_budget_of_their_own(clock: ManualClock) -> None:
    async with TelegramEmulator(clock=clock, limits=Limits.telegram()) as tg, bot_of(tg) as bot:
        ann = tg.user("Ann")
        for count in range(20):
            await bot.send_message_draft(ann.id, 5, text=f"{count}")
        with pytest.raises(TelegramRetryAfter):
            await bot.send_message_draft(ann.id, 5, text="too much")
        await bot.send_message(ann.id, "messages are counted apart")
