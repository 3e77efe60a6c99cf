"""Sending, editing, deleting: the rules a bot meets every day."""

from collections.abc import Awaitable

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat
from aiogram.methods import EditMessageText
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputRichMessage,
    ReactionTypeEmoji,
    ReplyParameters,
)

from adapters.telegram.emulator import TelegramEmulator
from tests.fakes.clock import ManualClock


async def refused(call: object, kind: type[TelegramAPIError] = TelegramBadRequest) -> str:
    with pytest.raises(kind) as caught:
        await call  # type: ignore[misc]
    return caught.value.message


def keyboard(*rows: list[tuple[str, str]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=data) for text, data in row] for row in rows]
    )


async def test_private_chats_and_groups_share_one_row_of_ids_and_supergroups_have_their_own(
    tg: TelegramEmulator, bot: Bot
) -> None:
    ann, bob = tg.user("Ann"), tg.user("Bob")
    group, big = tg.group("Team", members=[ann]), tg.supergroup("Big", members=[ann])
    places = [ann.id, bob.id, group.id, big.id, ann.id, big.id]
    sent = [(await bot.send_message(place, "x")).message_id for place in places]
    assert sent == [1, 2, 3, 2, 4, 3]


async def test_an_edit_changes_the_message_and_keeps_its_history(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    sent = await bot.send_message(ann.id, "one")
    edited = await bot.edit_message_text("two", chat_id=ann.id, message_id=sent.message_id)
    assert not isinstance(edited, bool)
    assert edited.edit_date is not None
    (message,) = ann.private.messages
    assert (message.text_content, message.versions) == ("two", ["one", "two"])


async def test_an_edit_that_changes_nothing_is_refused(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    number = (await bot.send_message(ann.id, "<b>x</b>", parse_mode="HTML")).message_id
    rich = InputRichMessage(html="<p>x</p>")
    buttons = keyboard([("A", "a")])

    def edit(
        text: str | None = None,
        mode: str | None = None,
        rich: InputRichMessage | None = None,
        markup: InlineKeyboardMarkup | None = None,
    ) -> Awaitable[object]:
        where = {"chat_id": ann.id, "message_id": number}
        return bot(
            EditMessageText(text=text, parse_mode=mode, rich_message=rich, reply_markup=markup).model_copy(update=where)
        )

    assert "message is not modified" in await refused(edit("<b>x</b>", "HTML"))
    await edit("x")
    await edit("x", markup=buttons)
    assert "message is not modified" in await refused(edit("x", markup=buttons))
    await edit(rich=rich)
    assert "message is not modified" in await refused(edit(rich=rich))
    assert "exactly one of text and rich_message" in await refused(edit("x", rich=rich))


async def test_only_own_messages_that_exist_can_be_edited(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    hers = await ann.says("mine")
    edit = bot.edit_message_text
    assert "message can't be edited" in await refused(edit("x", chat_id=ann.id, message_id=hers.message_id))
    assert "message to edit not found" in await refused(edit("x", chat_id=ann.id, message_id=99))
    assert "chat not found" in await refused(edit("x", chat_id=123456, message_id=1))


async def test_deleting_needs_a_message_and_the_right_to_it(tg: TelegramEmulator, bot: Bot, clock: ManualClock) -> None:
    ann = tg.user("Ann")
    group = tg.group("Team", members=[ann])
    sent = await bot.send_message(ann.id, "x")
    await bot.delete_message(ann.id, sent.message_id)
    assert ann.private.messages == []
    assert "message to delete not found" in await refused(bot.delete_message(ann.id, sent.message_id))
    hers = await ann.says("keep", chat=group)
    assert "message can't be deleted" in await refused(bot.delete_message(group.id, hers.message_id))
    old = await bot.send_message(ann.id, "old")
    await clock.advance(49 * 3600)
    assert "message can't be deleted" in await refused(bot.delete_message(ann.id, old.message_id))


async def test_deleting_many_skips_the_missing(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    ids = [(await bot.send_message(ann.id, "x")).message_id for _ in range(3)]
    assert await bot.delete_messages(ann.id, [*ids[:2], 99])
    assert [message.message_id for message in ann.private.messages] == ids[2:]


async def test_a_reply_names_an_existing_message(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    hers = await ann.says("question")
    sent = await bot.send_message(ann.id, "answer", reply_parameters=ReplyParameters(message_id=hers.message_id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "question"
    gone = ReplyParameters(message_id=99)
    assert "message to be replied not found" in await refused(bot.send_message(ann.id, "x", reply_parameters=gone))
    anyway = ReplyParameters(message_id=99, allow_sending_without_reply=True)
    assert (await bot.send_message(ann.id, "x", reply_parameters=anyway)).reply_to_message is None


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        (keyboard([("A", "x" * 65)]), "BUTTON_DATA_INVALID"),
        (keyboard([("A", "ы" * 33)]), "BUTTON_DATA_INVALID"),
        (keyboard([(str(n), "x") for n in range(9)]), "reply markup is too long"),
        (keyboard(*[[(str(n), "x") for n in range(5)]] * 21), "reply markup is too long"),
        (InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="A")]]), "Text buttons are unallowed"),
        (keyboard([(" ", "x")]), "text must be non-empty"),
    ],
)
async def test_wrong_keyboards_are_refused(
    tg: TelegramEmulator, bot: Bot, markup: InlineKeyboardMarkup, complaint: str
) -> None:
    ann = tg.user("Ann")
    assert complaint in await refused(bot.send_message(ann.id, "x", reply_markup=markup))


async def test_a_keyboard_can_be_changed_alone_and_only_to_an_inline_one(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    sent = await bot.send_message(ann.id, "x", reply_markup=keyboard([("A", "a")]))
    await bot.edit_message_reply_markup(chat_id=ann.id, message_id=sent.message_id)
    assert ann.private.messages[-1].reply_markup is None
    forced = {"chat_id": ann.id, "message_id": sent.message_id, "reply_markup": {"force_reply": True}}
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"{tg.url}/bot{tg.token}/editMessageReplyMarkup", json=forced)
        assert answer.status == 400


async def test_a_pressed_button_is_answered_once_it_is_known(
    tg: TelegramEmulator, bot: Bot, clock: ManualClock
) -> None:
    ann = tg.user("Ann")
    await bot.send_message(ann.id, "x", reply_markup=keyboard([("Stop", "stop:1")]))
    query_id = await ann.presses("Stop")
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert (update.callback_query.id, update.callback_query.data) == (query_id, "stop:1")
    await bot.answer_callback_query(query_id, "stopped")
    assert tg.presses[query_id].text == "stopped"
    assert "query is too old" in await refused(bot.answer_callback_query("77"))
    await clock.advance(3600)
    assert "query is too old" in await refused(bot.answer_callback_query(query_id))


async def test_a_blocked_bot_hears_of_it_and_gets_403(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await ann.blocks()
    assert "bot was blocked by the user" in await refused(bot.send_message(ann.id, "x"), TelegramForbiddenError)
    await ann.unblocks()
    await bot.send_message(ann.id, "x")
    blocked, unblocked = [update.my_chat_member for update in await bot.get_updates()]
    assert blocked is not None
    assert unblocked is not None
    assert (blocked.new_chat_member.status, unblocked.new_chat_member.status) == ("kicked", "member")


async def test_a_stranger_cannot_be_written_to_first(tg: TelegramEmulator, bot: Bot) -> None:
    bob = tg.user("Bob", started=False)
    assert "can't initiate conversation" in await refused(bot.send_message(bob.id, "x"), TelegramForbiddenError)
    await bob.says("/start")
    await bot.send_message(bob.id, "welcome")
    assert "chat not found" in await refused(bot.send_message(4711, "x"))


async def test_a_kicked_bot_gets_403(tg: TelegramEmulator, bot: Bot) -> None:
    team = tg.supergroup("Team", members=[tg.user("Ann")])
    await team.kicks_bot()
    complaint = await refused(bot.send_message(team.id, "x"), TelegramForbiddenError)
    assert "bot was kicked from the supergroup chat" in complaint


async def test_a_migrated_group_answers_with_its_new_id(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    group = tg.group("Team", members=[ann])
    big = await group.migrates()
    with pytest.raises(TelegramMigrateToChat) as caught:
        await bot.send_message(group.id, "x")
    assert caught.value.migrate_to_chat_id == big.id
    await bot.send_message(big.id, "x")
    moved, came = [update.message for update in await bot.get_updates()]
    assert moved is not None
    assert came is not None
    assert (moved.migrate_to_chat_id, came.migrate_from_chat_id) == (big.id, group.id)


async def test_files_go_both_ways(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    voice = await ann.sends_voice(b"OggS words")
    file = await bot.get_file(voice.media["voice"]["file_id"])
    assert file.file_path is not None
    downloaded = await bot.download_file(file.file_path)
    assert downloaded is not None
    assert downloaded.read() == b"OggS words"
    sent = await bot.send_document(
        ann.id, BufferedInputFile(b"data", "report.txt"), caption="<b>it</b>", parse_mode="HTML"
    )
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size, sent.caption) == ("report.txt", 4, "it")
    again = await bot.send_document(ann.id, sent.document.file_id)
    assert again.document is not None
    photo = await bot.send_photo(ann.id, BufferedInputFile(b"jpg", "p.jpg"))
    assert photo.photo


async def test_files_have_their_limits(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    huge = await ann.sends_document("film.bin", b"x", size_bytes=21 * 1024 * 1024)
    assert "file is too big" in await refused(bot.get_file(huge.media["document"]["file_id"]))
    photo = BufferedInputFile(bytes(10 * 1024 * 1024 + 1), "p.jpg")
    assert "too big for a photo" in await refused(bot.send_photo(ann.id, photo))
    film = BufferedInputFile(bytes(50 * 1024 * 1024 + 1), "f.bin")
    assert "Request Entity Too Large" in await refused(bot.send_document(ann.id, film), TelegramAPIError)
    assert "wrong file identifier" in await refused(bot.send_document(ann.id, "nonsense"))
    small = BufferedInputFile(b"x", "x.txt")
    assert "caption is too long" in await refused(bot.send_document(ann.id, small, caption="x" * 1025))
    assert "no text in the message" in await refused(
        bot.edit_message_text("x", chat_id=ann.id, message_id=(await bot.send_document(ann.id, small)).message_id)
    )


async def test_copies_and_forwards(tg: TelegramEmulator, bot: Bot) -> None:
    ann, bob = tg.user("Ann"), tg.user("Bob")
    hers = await ann.says("help me")
    await bot.copy_message(bob.id, ann.id, hers.message_id)
    forwarded = await bot.forward_message(bob.id, ann.id, hers.message_id)
    assert [message.text_content for message in bob.private.messages] == ["help me", "help me"]
    assert forwarded.forward_origin is not None
    assert "message to copy not found" in await refused(bot.copy_message(bob.id, ann.id, 99))


async def test_reactions_are_one_known_emoji(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    hers = await ann.says("nice")
    await bot.set_message_reaction(ann.id, hers.message_id, [ReactionTypeEmoji(emoji="👍")])
    assert hers.reactions[tg.me.id] == [{"type": "emoji", "emoji": "👍"}]
    odd = bot.set_message_reaction(ann.id, hers.message_id, [ReactionTypeEmoji(emoji="🪐")])
    assert "REACTION_INVALID" in await refused(odd)


async def test_the_menu_of_commands_is_kept_by_scope(tg: TelegramEmulator, bot: Bot) -> None:
    menu = [BotCommand(command="help", description="What I can do")]
    await bot.set_my_commands(menu)
    await bot.set_my_commands(menu * 2, language_code="ru")
    assert [(one.command, one.description) for one in await bot.get_my_commands()] == [("help", "What I can do")]
    await bot.delete_my_commands(language_code="ru")
    assert await bot.get_my_commands(language_code="ru") == []
    assert "BOT_COMMAND_INVALID" in await refused(bot.set_my_commands([BotCommand(command="No!", description="x")]))


async def test_chat_facts(tg: TelegramEmulator, bot: Bot) -> None:
    ann, bob = tg.user("Ann"), tg.user("Bob")
    team = tg.supergroup("Team", members=[ann, bob], bot_is_admin=True)
    assert (await bot.get_chat(team.id)).title == "Team"
    assert [member.user.id for member in await bot.get_chat_administrators(team.id)] == [ann.id, tg.me.id]
    assert (await bot.get_chat_member(team.id, bob.id)).status == "member"
    assert "PARTICIPANT_ID_INVALID" in await refused(bot.get_chat_member(team.id, 5))
    await bot.send_chat_action(ann.id, "typing")
    assert ann.private.actions == ["typing"]
    assert "wrong parameter action" in await refused(bot.send_chat_action(ann.id, "dance"))
    await bot.leave_chat(team.id)
    await refused(bot.send_message(team.id, "x"), TelegramForbiddenError)


async def test_a_quote_must_be_in_the_message_it_quotes(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    hers = await ann.says("one two three")
    quoting = ReplyParameters(message_id=hers.message_id, quote="two")
    sent = await bot.send_message(ann.id, "x", reply_parameters=quoting)
    assert sent.quote is not None
    assert sent.quote.text == "two"
    wrong = ReplyParameters(message_id=hers.message_id, quote="four")
    assert "QUOTE_TEXT_INVALID" in await refused(bot.send_message(ann.id, "x", reply_parameters=wrong))


async def test_the_bots_descriptions_have_their_limits(tg: TelegramEmulator, bot: Bot) -> None:
    assert await bot.set_my_description("A team of specialists")
    assert await bot.set_my_short_description("A team")
    assert "description is too long" in await refused(bot.set_my_description("x" * 513))
    assert "short description is too long" in await refused(bot.set_my_short_description("x" * 121))
