"""Updates posted to us: verified, stored, and only then answered with 200."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from adapters.telegram.client import Client
from adapters.telegram.emulator.emulator import TelegramEmulator
from adapters.telegram.parse import UPDATE_KINDS
from adapters.telegram.receiver import HOOK_PATH, Receiver, Webhook
from bot.domain.errors import SettingsError, StorageError
from bot.domain.messenger import Posted, Take
from tests.adapters.telegram_cast import PAYLOADS, Inbox, SwiftClock, eventually, receiver, receiving

SECRET = "hush"
HEADERS = {"x-telegram-bot-api-secret-token": SECRET}


@pytest.fixture
def clock() -> SwiftClock:
    return SwiftClock()


def body(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


@asynccontextmanager
async def hooked(
    client: Client, clock: SwiftClock, inbox: Inbox, url: str = "https://bot.example"
) -> AsyncIterator[Receiver]:
    one = receiver(client, clock, webhook=Webhook(url, SECRET))
    async with receiving(one, inbox.take):
        await eventually(lambda: one.is_ready)
        yield one


async def test_the_webhook_is_set_with_its_secret(tg: TelegramEmulator, client: Client, clock: SwiftClock) -> None:
    async with hooked(client, clock, Inbox()):
        await eventually(lambda: tg.calls[-1].method == "setWebhook")
    assert tg.calls[-1].params["url"] == "https://bot.example/telegram/webhook"
    assert tg.calls[-1].params["secret_token"] == SECRET
    assert tg.calls[-1].params["allowed_updates"] == list(UPDATE_KINDS)


@pytest.mark.parametrize(
    "headers", [{}, {"x-telegram-bot-api-secret-token": "wrong"}, {"x-telegram-bot-api-secret-token": "é\udc80"}]
)
async def test_a_post_without_the_secret_is_refused(
    tg: TelegramEmulator, client: Client, clock: SwiftClock, headers: dict[str, str]
) -> None:
    inbox = Inbox()
    async with hooked(client, clock, inbox) as one:
        assert await one.deliver(headers, body("private_text"), inbox.take) == Posted(401)
    assert inbox.stored == []


@pytest.mark.parametrize(
    ("posted", "status"),
    [
        (b" " * 1_000_001, 413),
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'{"update_id": "7"}', 400),
        (b"[" * 100_000, 400),
        (b'{"update_id": 7}', 200),
        (b'{"update_id": 7, "holographic_call": {"id": 1}}', 200),
        (b'{"update_id": 7, "message": {"message_id": 1}}', 200),
    ],
)
async def test_what_is_posted_badly_is_answered_and_not_taken(
    tg: TelegramEmulator, client: Client, clock: SwiftClock, posted: bytes, status: int
) -> None:
    inbox = Inbox()
    async with hooked(client, clock, inbox) as one:
        assert await one.deliver(HEADERS, posted, inbox.take) == Posted(status)
    assert inbox.stored == []


async def test_before_we_know_who_we_are_telegram_is_asked_to_come_back(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    one, inbox = receiver(client, clock, webhook=Webhook("https://bot.example", SECRET)), Inbox()
    tg.faults.fails(500, method="getMe")
    assert await one.deliver(HEADERS, body("private_text"), inbox.take) == Posted(503)
    assert await one.deliver(HEADERS, body("private_text"), inbox.take) == Posted(200)
    assert len(inbox.stored) == 1


async def test_in_polling_mode_nothing_is_taken_by_post(client: Client, clock: SwiftClock) -> None:
    assert await receiver(client, clock).deliver(HEADERS, body("private_text"), Inbox().take) == Posted(401)


async def test_what_could_not_be_stored_is_posted_again(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    ann, inbox = tg.user("Ann"), Inbox(StorageError("locked"), ValueError("a bug of ours"))
    async with _server() as (url, serve), hooked(client, clock, inbox, url) as one:
        serve(one, inbox.take)
        await eventually(lambda: tg.calls[-1].method == "setWebhook")
        await ann.says("hello")
        for seconds in (2, 4):
            assert tg.pending_updates == 1
            await clock.advance(seconds)
            await tg.redelivers()
        assert await inbox.holds(1) == ["hello"]
        assert tg.pending_updates == 0


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[str, Callable[[Receiver, Take], None]]]:
    """Our own HTTP server, whose hook goes to the receiver that is set later."""
    target: list[tuple[Receiver, Take]] = []

    async def answer(request: web.Request) -> web.Response:
        one, take = target[-1]
        headers = {name.lower(): value for name, value in request.headers.items()}
        posted = await one.deliver(headers, await request.read(), take)
        return web.Response(status=posted.status, text=posted.body, content_type=posted.media_type)

    app = web.Application()
    app.router.add_post(HOOK_PATH, answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}", lambda one, take: target.append((one, take))
    await runner.cleanup()


async def test_an_address_that_telegram_refuses_names_the_setting(
    tg: TelegramEmulator, client: Client, clock: SwiftClock
) -> None:
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        await receiver(client, clock, webhook=Webhook("http://bot.example", SECRET)).run(Inbox().take)


@pytest.mark.parametrize(("url", "secret", "named"), [("", SECRET, "PUBLIC_URL"), ("https://b.example", "", "SECRET")])
def test_a_webhook_needs_an_address_and_a_secret(url: str, secret: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Webhook(url, secret)
