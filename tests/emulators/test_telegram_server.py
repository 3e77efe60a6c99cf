"""The server itself: tokens, methods, parameters, and the faults it can be told to have."""

import asyncio

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage

from adapters.telegram.emulator import TelegramEmulator
from tests.fakes.clock import ManualClock

Answer = dict[str, object]


async def ask(tg: TelegramEmulator, method: str, **params: object) -> Answer:
    async with aiohttp.ClientSession() as http:
        answer = await http.post(f"{tg.url}/bot{tg.token}/{method}", json=params)
        body: Answer = await answer.json()
        assert body.get("error_code", 200) == answer.status
        return body


async def test_a_wrong_token_is_refused(tg: TelegramEmulator) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(tg.url))
    async with Bot("42:OTHER", session=session) as stranger:
        with pytest.raises(TelegramUnauthorizedError, match="Unauthorized"):
            await stranger.get_me()


async def test_get_and_post_in_every_encoding(tg: TelegramEmulator) -> None:
    ann = tg.user("Ann")
    url = f"{tg.url}/bot{tg.token}/SENDMESSAGE"
    form = aiohttp.FormData({"chat_id": str(ann.id), "text": "multipart"}, default_to_multipart=True)
    async with aiohttp.ClientSession() as http:
        for answer in (
            await http.get(url, params={"chat_id": ann.id, "text": "query"}),
            await http.post(url, data={"chat_id": ann.id, "text": "form"}),
            await http.post(url, json={"chat_id": ann.id, "text": "json"}),
            await http.post(url, data=form),
        ):
            assert answer.status == 200
    assert [message.text for message in ann.private.messages] == ["query", "form", "json", "multipart"]


async def test_an_unknown_method_is_not_found_and_noted(tg: TelegramEmulator) -> None:
    assert (await ask(tg, "sendTelepathy"))["description"] == "Not Found"
    assert tg.violations == ["unknown method sendTelepathy"]


async def test_a_method_the_emulator_lacks_is_never_silently_ok(tg: TelegramEmulator, bot: Bot) -> None:
    with pytest.raises(TelegramServerError, match="Not Implemented"):
        await bot.send_dice(tg.user("Ann").id)
    with pytest.raises(TelegramServerError, match="Not Implemented"):
        await bot.send_message(tg.user("Bob").id, "x", business_connection_id="b")
    assert tg.violations == ["sendDice is not emulated", "sendMessage: business_connection_id is not emulated"]


async def test_unknown_parameters_are_noted_at_every_depth(tg: TelegramEmulator) -> None:
    ann = tg.user("Ann")
    markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a", "colour": "red"}]]}
    assert (await ask(tg, "sendMessage", chat_id=ann.id, text="x", txet="y", reply_markup=markup))["ok"]
    assert tg.violations == [
        "sendMessage: unknown parameter txet",
        "sendMessage: unknown parameter reply_markup.inline_keyboard[][].colour",
    ]


@pytest.mark.parametrize(
    ("method", "params", "complaint"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 1001}, "message text is empty"),
        ("sendMessage", {"chat_id": 1001, "text": {"a": 1}}, 'field "text" must be of type String'),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "reply_markup": "{nonsense"},
            "can't parse reply_markup JSON object",
        ),
        ("sendMessage", {"chat_id": 1001, "text": "x", "entities": [{"offset": 1}]}, "can't parse entities"),
        ("deleteMessage", {"chat_id": 1001, "message_id": "first"}, 'parameter "message_id" must be a number'),
        (
            "sendRichMessage",
            {"chat_id": 1001, "rich_message": {"blocks": [{"type": "hologram"}]}},
            "can't parse rich_message",
        ),
        ("editMessageText", {"chat_id": 1001, "text": "x"}, "message identifier is not specified"),
    ],
)
async def test_wrong_types_and_missing_values_are_refused(
    tg: TelegramEmulator, method: str, params: dict[str, object], complaint: str
) -> None:
    assert tg.user("Ann").id == 1001
    answer = await ask(tg, method, **params)
    assert answer["error_code"] == 400
    assert str(answer["description"]).startswith(f"Bad Request: {complaint}")


async def test_the_calls_are_logged(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await bot.send_message(ann.id, "x")
    with pytest.raises(TelegramBadRequest):
        await bot.send_message(ann.id, "<b>", parse_mode="HTML")
    assert [(call.method, call.params["text"], call.status) for call in tg.calls] == [
        ("sendMessage", "x", 200),
        ("sendMessage", "<b>", 400),
    ]


async def test_the_server_can_fail(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    tg.faults.fails(502, "Bad Gateway", method="sendMessage")
    with pytest.raises(TelegramServerError, match="Bad Gateway"):
        await bot.send_message(ann.id, "lost")
    tg.faults.fails(401, "Unauthorized", times=None)
    for _ in range(3):
        with pytest.raises(TelegramUnauthorizedError):
            await bot.get_me()
    tg.faults.clear()
    await bot.send_message(ann.id, "kept")
    assert [message.text for message in ann.private.messages] == ["kept"]


async def test_a_connection_can_be_cut_before_or_after_the_work(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    tg.faults.drops_before(method="sendMessage")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ann.id, "never arrived")
    tg.faults.drops_after(method="sendMessage")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ann.id, "arrived unbeknown")
    assert [message.text for message in ann.private.messages] == ["arrived unbeknown"]


async def test_an_answer_can_be_slow_or_garbage(tg: TelegramEmulator, bot: Bot, clock: ManualClock) -> None:
    ann = tg.user("Ann")
    fault = tg.faults.slow(method="sendMessage", chat=ann.id)
    sending = asyncio.create_task(bot(SendMessage(chat_id=ann.id, text="slow")))
    await clock.until(lambda: bool(ann.private.messages))
    assert not sending.done()
    fault.release.set()
    assert (await sending).text == "slow"
    tg.faults.garbage(method="sendMessage")
    with pytest.raises(ClientDecodeError):
        await bot.send_message(ann.id, "done, though")
    assert ann.private.messages[-1].text == "done, though"


async def test_a_logged_out_bot_is_shut_out(tg: TelegramEmulator, bot: Bot) -> None:
    await bot.log_out()
    with pytest.raises(TelegramAPIError, match="logged out"):
        await bot.get_me()
