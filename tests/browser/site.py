"""A whole Switchboard with a scripted specialist and the chat page, as a process of its own.

`python -m tests.browser.site DATABASE_URL PORT` serves until it is ended. NiceGUI keeps its state in the process, so
the tests keep the page out of theirs.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import uvicorn

from bot.clock import SystemClock
from bot.console.chat import mount
from bot.domain.errors import StorageError
from bot.domain.incoming import Incoming, UserMessage
from bot.domain.messenger import Take
from bot.domain.ports import Clock
from bot.domain.reply import Prompt, ReplyEvent
from bot.main import build
from bot.settings import Settings
from specialists.emulator import ModelEmulator
from specialists.scripted import Hang, ScriptedEngine
from storage.migrate import migrate
from tests.browser.scripts import script

SECRET = "for tests only"
_TWINS = Path(__file__).with_name("team")
BROKEN_DOOR = "the database is gone"
HEARD = "How many read apples are there?"
"""What is understood of any sound; it was `red`."""
FILE_MEGABYTES = 1


class Stage:
    """Plays every reply on an engine of its own, so that `release` frees those that hang now and no later ones."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hanging: set[ScriptedEngine] = set()
        self._hangs = asyncio.Event()

    async def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent]:
        steps = script(prompt)
        engine = ScriptedEngine(self._clock, queue=[steps])
        if Hang() in steps:
            self._hanging.add(engine)
            self._hangs.set()
        try:
            async with aclosing(engine.reply(prompt)) as events:
                async for event in events:
                    yield event
        finally:
            self._hanging.discard(engine)

    async def release(self) -> int:
        """Wait for a reply that hangs or will, and free all such; how many there were."""
        await self._hangs.wait()
        self._hangs.clear()
        freed = len(self._hanging)
        while self._hanging:
            self._hanging.pop().release()
        return freed


class Server(uvicorn.Server):
    """Says `ready` on standard output when it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write("ready\n")
        sys.stdout.flush()


class Door:
    """The door in, which finds the database gone the first time that somebody says so."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._broke = False

    async def take(self, incoming: Incoming) -> None:
        payload = incoming.payload
        if isinstance(payload, UserMessage) and payload.text == BROKEN_DOOR and not self._broke:
            self._broke = True
            raise StorageError("as the test wishes")
        await self._take(incoming)


def _settings(database_url: str, models: ModelEmulator) -> Settings:
    """Everything is kept beside the database. Two of the team know the same, so that the router cannot choose."""
    folder = Path(database_url.removeprefix("sqlite:///")).parent
    return Settings(
        _env_file=None,
        database_url=database_url,
        burst_seconds=0.0,
        specialists_dir=_TWINS,
        files_url=str(folder / "files"),
        temporary_dir=folder / "temporary",
        file_megabytes=FILE_MEGABYTES,
        transcribe_model="openai:ears",
        transcribe_base_url=models.openai_url,
        speech_model="openai:voice",
        speech_base_url=models.openai_url,
    )


async def serve(database_url: str, port: int) -> None:
    """Run the platform and its page until the process is told to end."""
    clock = SystemClock()
    stage = Stage(clock)
    async with AsyncExitStack() as running:
        models = await running.enter_async_context(ModelEmulator(clock=clock))
        models.hear = lambda _: HEARD
        settings = _settings(database_url, models)
        board = await running.enter_async_context(build(settings, SECRET, clock, engine=lambda _: stage))
        board.app.post("/_release")(stage.release)
        mount(
            board.app,
            store=board.store,
            take=Door(board.intake.take).take,
            clock=clock,
            texts=board.texts,
            title="Switchboard",
            team=board.team,
            vault=board.vault,
            temporary=board.temporary,
            file_bytes=settings.file_megabytes * 1_000_000,
            voice_seconds=settings.voice_minutes * 60.0,
            storage_secret=SECRET,
        )
        server = Server(uvicorn.Config(board.app, host="127.0.0.1", port=port, log_level="warning"))
        ending = asyncio.Event()
        working = asyncio.create_task(board.work(ending))
        await server.serve()
        ending.set()
        await working


if __name__ == "__main__":
    migrate(sys.argv[1])
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
