"""One process of the platform, from its start to the signal to stop."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Literal

import uvicorn
from fastapi import FastAPI

from bot.clock import SystemClock
from bot.console import chat
from bot.documents.confine import shield_process
from bot.domain.errors import SettingsError
from bot.main import Switchboard, build
from bot.secret import keep_secret
from bot.settings import Settings

log = logging.getLogger(__name__)

Role = Literal["all", "web", "worker"]


async def serve(settings: Settings, role: Role) -> None:
    """Run until SIGINT or SIGTERM. `web` answers HTTP only, `worker` receives and replies only, `all` does both.

    Prints the address of the chat page once it can be opened. SettingsError when the platform cannot start as it is.
    """
    shield_process()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    secret = keep_secret(settings)
    async with build(settings, secret, SystemClock()) as switchboard:
        if role == "worker":
            await switchboard.work(stop)
            return
        _mount_chat(switchboard, settings, secret)
        async with _http(switchboard.app, settings):
            await (switchboard.work(stop) if role == "all" else _show(switchboard, stop))
    log.info("stopped in order")


async def _show(switchboard: Switchboard, until: asyncio.Event) -> None:
    """Serve pages for a platform whose work others do."""
    following = asyncio.create_task(switchboard.follow())
    await until.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


def _mount_chat(switchboard: Switchboard, settings: Settings, secret: str) -> None:
    chat.mount(
        switchboard.app,
        store=switchboard.store,
        take=switchboard.intake.take,
        clock=switchboard.clock,
        texts=switchboard.texts,
        title="Switchboard",
        team=switchboard.team,
        vault=switchboard.vault,
        temporary=switchboard.temporary,
        file_bytes=settings.file_megabytes * 1_000_000,
        voice_seconds=settings.voice_minutes * 60.0 if settings.transcribe_model else 0.0,
        storage_secret=secret,
        secure_cookie=settings.public_url.startswith("https://"),
    )


class _Server(uvicorn.Server):
    """Leaves signals to `serve`, which ends the parts in order, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _http(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Answer HTTP inside; the pages stay up until the replies have ended."""
    listener = _listen(settings)
    port = listener.getsockname()[1]
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="websockets-sansio")
    config.timeout_graceful_shutdown = 3
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    await server.listening.wait()
    print(f"Switchboard is up: open {settings.chat_url(port)}", flush=True)  # noqa: T201  the one line for people
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _listen(settings: Settings) -> socket.socket:
    """The listening socket; SettingsError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"HOST, PORT: cannot listen on {settings.host}:{settings.port} ({error.strerror})"
        ) from None
    listener.listen(1_024)
    return listener
