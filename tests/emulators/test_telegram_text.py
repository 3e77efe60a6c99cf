"""What Telegram takes as a text, and what it refuses, in its own words."""

import json

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import MessageEntity

from adapters.telegram.emulator import TelegramEmulator


async def refused(call: object) -> str:
    with pytest.raises(TelegramBadRequest) as caught:
        await call  # type: ignore[misc]
    return caught.value.message


async def test_html_is_parsed_and_the_user_sees_only_the_text(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    sent = await bot.send_message(ann.id, "<b>bold</b> &lt;x&gt; <a href='http://e.org'>link</a>", parse_mode="HTML")
    assert sent.text == ann.private.messages[-1].text_content == "bold <x> link"
    assert [(e.type, e.offset, e.length) for e in sent.entities or []] == [("bold", 0, 4), ("text_link", 9, 4)]


@pytest.mark.parametrize(
    ("mode", "text", "complaint"),
    [
        ("HTML", "<b>open", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("HTML", "<p>x</p>", 'can\'t parse entities: Unsupported start tag "p" at byte offset 0'),
        ("MarkdownV2", "a.b", "can't parse entities: Character '.' is reserved and must be escaped"),
        ("Markdown", "*open", "can't parse entities: Can't find end of the entity starting at byte offset 0"),
        ("BBCode", "x", "unsupported parse_mode"),
    ],
)
async def test_wrong_markup_is_refused_in_tdlibs_words(
    tg: TelegramEmulator, bot: Bot, mode: str, text: str, complaint: str
) -> None:
    ann = tg.user("Ann")
    assert f"Bad Request: {complaint}" in await refused(bot.send_message(ann.id, text, parse_mode=mode))
    assert ann.private.messages == []


async def test_length_counts_utf16_units_after_the_parsing_of_entities(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await bot.send_message(ann.id, "😀" * 2048)
    await bot.send_message(ann.id, "<b>" + "x" * 4096 + "</b>", parse_mode="HTML")
    assert "message is too long" in await refused(bot.send_message(ann.id, "😀" * 2048 + "x"))


async def test_a_text_of_nothing_is_refused(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    assert "message text is empty" in await refused(bot.send_message(ann.id, ""))
    assert "message must be non-empty" in await refused(bot.send_message(ann.id, " \n "))
    assert "message must be non-empty" in await refused(bot.send_message(ann.id, "<b> </b>", parse_mode="HTML"))


async def test_text_is_trimmed_and_cleaned_as_telegram_does(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    bold = MessageEntity(type="bold", offset=3, length=4)
    sent = await bot.send_message(ann.id, "\n a\r\tb  \n", entities=[bold])
    assert sent.text == "a b"
    assert [(e.type, e.offset, e.length) for e in sent.entities or []] == [("bold", 1, 2)]


@pytest.mark.parametrize(
    ("text", "entity", "complaint"),
    [
        ("abc", {"type": "bold", "offset": 0, "length": 9}, "ends after the end of the text"),
        ("abc", {"type": "bold", "offset": -1, "length": 2}, "incorrect offset"),
        ("abc", {"type": "bold", "offset": 0, "length": 0}, "incorrect length"),
        ("a😀", {"type": "bold", "offset": 2, "length": 1}, "middle of a UTF-16 symbol"),
        ("abc", {"type": "sparkle", "offset": 0, "length": 1}, "Unsupported type specified"),
        ("abc", {"type": "text_link", "offset": 0, "length": 1, "url": "no url"}, "is invalid"),
    ],
)
async def test_entities_that_do_not_fit_the_text_are_refused(
    tg: TelegramEmulator, bot: Bot, text: str, entity: dict[str, object], complaint: str
) -> None:
    ann = tg.user("Ann")
    assert complaint in await refused(bot.send_message(ann.id, text, entities=[MessageEntity.model_validate(entity)]))


async def test_nothing_may_stand_inside_code(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    entities = [MessageEntity(type="code", offset=0, length=8), MessageEntity(type="bold", offset=0, length=3)]
    sent = await bot.send_message(ann.id, "abc defg", entities=entities)
    assert [e.type for e in sent.entities or []] == ["code"]


async def test_markdown_in_a_text_with_entities_stays_as_it_is(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    sent = await bot.send_message(ann.id, "**x** __y__", entities=[MessageEntity(type="bold", offset=2, length=1)])
    assert sent.text == "**x** __y__"


async def test_lone_surrogates_are_refused(tg: TelegramEmulator) -> None:
    ann = tg.user("Ann")
    body = json.dumps({"chat_id": ann.id, "text": "bad \ud800"})
    url = f"{tg.url}/bot{tg.token}/sendMessage"
    async with aiohttp.ClientSession() as http:
        for answer in (
            await http.post(url, data=body, headers={"Content-Type": "application/json"}),
            await http.post(
                url, data=f"chat_id={ann.id}&text=%ff%fe", headers={"Content-Type": "application/x-www-form-urlencoded"}
            ),
        ):
            assert answer.status == 400
            assert (await answer.json())["description"] == "Bad Request: strings must be encoded in UTF-8"


async def test_hard_texts_arrive_unharmed(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    for text in ("שלום עולם", "z̷̧̢̛͉̗a̶l̸g̵o", "\u200fмир", "👨‍👩‍👧‍👦", "<b>&amp;", "a\u200bb"):
        assert (await bot.send_message(ann.id, text)).text == text
