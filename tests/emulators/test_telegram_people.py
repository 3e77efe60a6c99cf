"""The people around the bot: what they do looks exactly like Telegram's JSON."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import Update

from adapters.telegram.emulator import TelegramEmulator
from bot.domain.errors import Refused, SettingsError
from tests.fakes.clock import ManualClock


async def refused(call: object) -> str:
    with pytest.raises(TelegramBadRequest) as caught:
        await call  # type: ignore[misc]
    return caught.value.message


async def one_update(bot: Bot) -> Update:
    update = (await bot.get_updates())[-1]
    await bot.get_updates(offset=update.update_id + 1)
    return update


async def test_telegram_marks_commands_and_mentions(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann", language_code="ru")
    await ann.says("😀 /help@switchboard_bot ask @switchboard_bot")
    message = (await one_update(bot)).message
    assert message is not None
    assert message.from_user is not None
    assert (message.from_user.first_name, message.from_user.language_code) == ("Ann", "ru")
    found = [(e.type, e.extract_from(message.text or "")) for e in message.entities or []]
    assert found == [("bot_command", "/help@switchboard_bot"), ("mention", "@switchboard_bot")]


async def test_a_long_paste_arrives_in_pieces(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    lines = "\n".join(f"line {number} " + "😀" * 40 for number in range(100))
    await ann.says(lines)
    pieces = [update.message.text or "" for update in await bot.get_updates() if update.message]
    assert len(pieces) == 3
    assert "\n".join(pieces) == lines
    await ann.says("x" * 5000)
    assert [len(message.text or "") for message in ann.private.messages[-2:]] == [4096, 904]


async def test_an_empty_text_is_never_sent(tg: TelegramEmulator) -> None:
    with pytest.raises(Refused):
        await tg.user("Ann").says("  ")


async def test_edits_replies_and_pictures(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    said = await ann.says("helo")
    await ann.edits(said, "hello")
    edited = (await one_update(bot)).edited_message
    assert edited is not None
    assert (edited.text, edited.message_id, edited.edit_date is not None) == ("hello", said.message_id, True)
    await ann.says("and", reply_to=said)
    reply = (await one_update(bot)).message
    assert reply is not None
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.text == "hello"
    await ann.sends_photo(caption="look")
    photo = (await one_update(bot)).message
    assert photo is not None
    assert photo.photo
    assert photo.caption == "look"
    await ann.sends_sticker(size_bytes=400 * 1024 * 1024)
    sticker = (await one_update(bot)).message
    assert sticker is not None
    assert sticker.sticker is not None
    await ann.sends_document("a.pdf", b"%PDF", media_type="application/pdf")
    document = (await one_update(bot)).message
    assert document is not None
    assert document.document is not None
    assert document.document.mime_type == "application/pdf"


async def test_an_album_is_several_messages_of_one_group(tg: TelegramEmulator, bot: Bot) -> None:
    await tg.user("Ann").sends_album([b"one", b"two", b"three"], caption="holiday")
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["holiday", None, None]


async def test_topics_of_a_private_chat(tg: TelegramEmulator, bot: Bot) -> None:
    assert (await bot.get_me()).has_topics_enabled
    ann = tg.user("Ann")
    topic = await ann.creates_topic("Taxes")
    created = (await one_update(bot)).message
    assert created is not None
    assert created.forum_topic_created is not None
    await ann.says("hello", topic=topic)
    said = (await one_update(bot)).message
    assert said is not None
    assert (said.message_thread_id, said.is_topic_message) == (topic.id, True)
    mine = await bot.create_forum_topic(ann.id, "Law")
    sent = await bot.send_message(ann.id, "x", message_thread_id=mine.message_thread_id)
    assert sent.is_topic_message
    await bot.edit_forum_topic(ann.id, topic.id, name="Taxes 2026")
    assert [one.name for one in ann.private.topics] == ["Taxes 2026", "Law"]
    assert "TOPIC_NOT_MODIFIED" in await refused(bot.edit_forum_topic(ann.id, topic.id, name="Taxes 2026"))
    await bot.delete_forum_topic(ann.id, topic.id)
    assert all(message.topic == mine.message_thread_id for message in ann.private.messages)
    gone = bot.send_message(ann.id, "x", message_thread_id=topic.id)
    assert "message thread not found" in await refused(gone)


async def test_a_bot_without_topics_has_none_in_private_chats(clock: ManualClock) -> None:
    async with TelegramEmulator(clock=clock, topics=False) as tg:
        with pytest.raises(Refused):
            await tg.user("Ann").creates_topic("x")


async def test_topics_of_a_forum_close_and_reopen(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    desk = tg.supergroup("Desk", members=[ann], forum=True)
    case = await bot.create_forum_topic(desk.id, "Case 1", icon_color=7322096)
    await ann.says("hello", chat=desk, topic=desk.topics[0])
    said = (await one_update(bot)).message
    assert said is not None
    assert said.reply_to_message is not None
    assert said.reply_to_message.forum_topic_created is not None
    await bot.close_forum_topic(desk.id, case.message_thread_id)
    assert desk.topics[0].closed
    assert "TOPIC_NOT_MODIFIED" in await refused(bot.close_forum_topic(desk.id, case.message_thread_id))
    await bot.reopen_forum_topic(desk.id, case.message_thread_id)
    assert "message thread not found" in await refused(bot.send_message(desk.id, "x", message_thread_id=1))
    assert "topic name is too long" in await refused(bot.create_forum_topic(desk.id, "x" * 129))
    plain = tg.supergroup("Plain", members=[ann])
    assert "the chat is not a forum" in await refused(bot.create_forum_topic(plain.id, "x"))


async def test_a_thread_of_replies_in_a_plain_supergroup_is_no_topic(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    team = tg.supergroup("Team", members=[ann])
    first = await ann.says("first", chat=team)
    await ann.says("second", chat=team, reply_to=first)
    second = (await one_update(bot)).message
    assert second is not None
    assert (second.message_thread_id, second.is_topic_message) == (first.message_id, None)


async def test_privacy_hides_what_is_not_for_the_bot(clock: ManualClock) -> None:
    async with TelegramEmulator(clock=clock, privacy=True) as tg:
        ann = tg.user("Ann")
        team = tg.group("Team", members=[ann])
        await ann.says("chatter", chat=team)
        assert tg.pending_updates == 0
        for heard in ("/help", "@switchboard_bot hello", "/help@switchboard_bot"):
            await ann.says(heard, chat=team)
        assert tg.pending_updates == 3
        await ann.says("/help@other_bot", chat=team)
        assert tg.pending_updates == 3


async def test_a_button_that_is_not_there_cannot_be_pressed(tg: TelegramEmulator) -> None:
    with pytest.raises(Refused):
        await tg.user("Ann").presses("Stop")


async def test_a_forged_button_reaches_the_bot(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    said = await ann.says("x")
    await ann.presses_data("never:issued", said)
    query = (await one_update(bot)).callback_query
    assert query is not None
    assert query.data == "never:issued"


async def test_a_closed_topic_is_closed_to_a_bot_without_rights(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    desk = tg.supergroup("Desk", members=[ann], forum=True, bot_is_admin=False)
    topic = await ann.creates_topic("Case", chat=desk)
    await bot.send_message(desk.id, "x", message_thread_id=topic.id)
    topic.closed = True
    assert "TOPIC_CLOSED" in await refused(bot.send_message(desk.id, "x", message_thread_id=topic.id))
    assert "not enough rights" in await refused(bot.create_forum_topic(desk.id, "x"))


async def test_a_bot_that_is_added_again_may_speak_again(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    team = tg.group("Team", members=[ann])
    await team.kicks_bot()
    await ann.says("behind its back", chat=team)
    await team.adds_bot()
    await bot.send_message(team.id, "hello again")
    assert [update.event_type for update in await bot.get_updates()] == ["my_chat_member", "my_chat_member"]


async def test_the_address_is_known_once_the_server_runs(clock: ManualClock) -> None:
    stopped = TelegramEmulator(clock=clock)
    with pytest.raises(SettingsError):
        _ = stopped.url
