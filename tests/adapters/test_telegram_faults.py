"""What goes wrong at the Bot API, in our own words."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramServerError,
)
from aiogram.methods import GetMe
from aiohttp import ServerDisconnectedError, web

from adapters.telegram.client import Client
from adapters.telegram.faults import translate
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.errors import (
    Ambiguous,
    Blocked,
    Flooded,
    MessageGone,
    MessengerError,
    Misconfigured,
    NotModified,
    TopicGone,
    Unreachable,
    Unrenderable,
)
from bot.domain.messenger import Outgoing
from bot.domain.place import Place, Ref
from tests.fakes.clock import ManualClock

ANNA = Place("telegram", "7001")


@pytest.mark.parametrize(
    ("prose", "kind"),
    [
        ("message is not modified: specified new message content and reply markup are exactly the same", NotModified),
        ("message to edit not found", MessageGone),
        ("message to delete not found", MessageGone),
        ("message to be replied not found", MessageGone),
        ("message can't be edited", MessageGone),
        ("message can't be deleted for everyone", MessageGone),
        ("MESSAGE_ID_INVALID", MessageGone),
        ("message thread not found", TopicGone),
        ("TOPIC_CLOSED", TopicGone),
        ("TOPIC_DELETED", TopicGone),
        ("chat not found", Blocked),
        ("PEER_ID_INVALID", Blocked),
        ("group chat was deactivated", Blocked),
        ("not enough rights to send text messages to the chat", Misconfigured),
        ("have no rights to send a message", Misconfigured),
        ("CHAT_WRITE_FORBIDDEN", Misconfigured),
        ("can't parse entities: Can't find end of Bold entity at byte offset 4", Unrenderable),
        ("message is too long", Unrenderable),
        ("message caption is too long", Unrenderable),
        ("message text is empty", Unrenderable),
        ("ENTITY_BOUNDS_INVALID", Unrenderable),
        ("BUTTON_DATA_INVALID", Unrenderable),
        ("something that Telegram says since yesterday", Unrenderable),
    ],
)
def test_a_bad_request_is_told_apart_by_its_prose(prose: str, kind: type[MessengerError]) -> None:
    assert type(translate(TelegramBadRequest(GetMe(), f"Bad Request: {prose}"), ANNA)) is kind


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (TelegramForbiddenError(GetMe(), "Forbidden: bot was blocked by the user"), Blocked),
        (TelegramNotFound(GetMe(), "Not Found"), Misconfigured),
        (TelegramNotFound(GetMe(), "Not Found: method not found"), Unrenderable),
        (TelegramConflictError(GetMe(), "Conflict: terminated by other getUpdates request"), Unreachable),
        (TelegramEntityTooLarge(GetMe(), "Request Entity Too Large"), Unrenderable),
        (TelegramAPIError(GetMe(), "Too Many Requests: retry later"), Flooded),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), Unrenderable),
    ],
)
def test_other_refusals(exc: Exception, kind: type[MessengerError]) -> None:
    assert type(translate(exc, ANNA, repeatable=False)) is kind


def timed_out() -> Exception:
    exc = TelegramNetworkError(GetMe(), "Request timeout error")
    exc.__cause__ = TimeoutError()
    return exc


def cut() -> Exception:
    exc = TelegramNetworkError(GetMe(), "ServerDisconnectedError")
    exc.__cause__ = ServerDisconnectedError()
    return exc


def server_error() -> Exception:
    return TelegramServerError(GetMe(), "Internal Server Error")


def gateway_page() -> Exception:
    return ClientDecodeError("Failed to decode object", ValueError(), "<html>")


@pytest.mark.parametrize("make", [timed_out, cut, server_error, gateway_page, lambda: OSError("disk")])
def test_only_what_must_not_be_done_twice_is_ambiguous(make: Callable[[], Exception]) -> None:
    assert type(translate(make(), ANNA, repeatable=False)) is Ambiguous
    assert type(translate(make(), ANNA, repeatable=True)) is Unreachable


@asynccontextmanager
async def answering(status: int, body: object) -> AsyncIterator[str]:
    """A Bot API server that always answers the same."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=json.dumps(body), content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


STRANGE = {
    "message_id": 77,
    "date": 1763640000,
    "chat": {"id": 7001, "type": "private"},
    "rich_message": {"blocks": [{"type": "hologram"}]},
}


async def test_a_message_that_was_sent_but_comes_back_unreadable_was_sent() -> None:
    async with answering(200, {"ok": True, "result": STRANGE}) as url:
        bot = TelegramMessenger("42:TEST", ManualClock(), api_base=url)
        assert await bot.send(ANNA, Outgoing("hello")) == Ref(ANNA, "77")
        await bot.edit(Ref(ANNA, "77"), Outgoing("hello again"))
        await bot.close()


async def test_a_sent_message_without_an_id_is_ambiguous() -> None:
    async with answering(200, {"ok": True, "result": {"blocks": 7}}) as url:
        bot = TelegramMessenger("42:TEST", ManualClock(), api_base=url)
        with pytest.raises(Ambiguous):
            await bot.send(ANNA, Outgoing("hello"))
        await bot.close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, {"ok": False, "error_code": 500}, Ambiguous),
        (200, {"ok": True}, Ambiguous),
        (200, [], Ambiguous),
        (429, {"ok": False, "error_code": 429, "description": "Too Many Requests"}, Flooded),
    ],
)
async def test_answers_that_the_library_stumbles_over(status: int, body: object, kind: type[MessengerError]) -> None:
    async with answering(status, body) as url:
        bot = TelegramMessenger("42:TEST", ManualClock(), api_base=url)
        with pytest.raises(kind):
            await bot.send(ANNA, Outgoing("hello"))
        await bot.close()


async def test_a_wrong_address_names_its_setting() -> None:
    bot = TelegramMessenger("42:TEST", ManualClock(), api_base="ftp://nowhere")
    with pytest.raises(Misconfigured, match="TELEGRAM_API_BASE"):
        await bot.send(ANNA, Outgoing("hello"))
    await bot.close()


def test_a_cause_that_names_the_token_is_recognised() -> None:
    client = Client("42:TEST", "http://127.0.0.1:9")
    outer = TelegramNetworkError(GetMe(), "InvalidURL")
    outer.__cause__ = ValueError("http://x/bot42:TEST/getMe")
    assert client.reveals(outer)
    assert not client.reveals(TelegramNetworkError(GetMe(), "ServerDisconnectedError"))


async def test_being_cancelled_is_no_error_of_the_messenger() -> None:
    async with answering(200, {"ok": True}) as url:
        bot = TelegramMessenger("42:TEST", ManualClock(), api_base=url)
        task = asyncio.create_task(bot.send(ANNA, Outgoing("hello")))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await bot.close()
