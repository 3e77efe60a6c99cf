"""A whole platform on a stage: the real Switchboard, the real SDK clients, emulated messengers, a clock to move."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from adapters.slack.emulator import Limits as SlackLimits
from adapters.slack.emulator import SlackEmulator
from adapters.telegram.emulator import Chat, Limits, TelegramEmulator
from bot.domain.reply import Prompt
from bot.main import Switchboard, build
from bot.settings import Settings
from specialists.scripted import Script, ScriptedEngine, echo
from tests.fakes.clock import ManualClock, WatchedLoop

_SETTLED_WITHIN_SECONDS = 3_600
SECRET = "a secret of the tests, long enough to sign with"


@dataclass
class Stage:
    """Who and what a story needs."""

    tg: TelegramEmulator
    slack: SlackEmulator
    """Takes part when the stage was set with limits for it."""
    clock: ManualClock
    engine: ScriptedEngine
    settings: Settings
    folder: Path
    """Where users' files are kept, and looked at."""
    thinks: bool = False
    """The settings say who answers, as in real life, instead of the scripted `engine`."""
    processes: list["Process"] = field(default_factory=list)

    @property
    def board(self) -> Switchboard:
        """The platform as its first living process has it."""
        return self.processes[0].board

    async def until(self, condition: Callable[[], bool], *, within_seconds: float = 600.0) -> None:
        await self.clock.until(condition, within_seconds=within_seconds)

    async def settles(self) -> None:
        """Until every update was taken and no job is open."""
        began_at, stuck = self.clock.monotonic(), 0
        while self._unheard() or await self._open_jobs():
            stuck = 0 if await self.clock.step() else stuck + 1
            assert stuck < 500, "nothing moves any more"
            assert self.clock.monotonic() - began_at < _SETTLED_WITHIN_SECONDS, "work goes round in circles"

    async def hears(self) -> None:
        """Until every update was taken."""
        await self.until(lambda: not self._unheard())

    @property
    def files_on_disk(self) -> list[Path]:
        """Whatever of users' files is on disk, kept or on its way."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def _unheard(self) -> int:
        return self.tg.pending_updates + self.slack.pending_events

    async def _open_jobs(self) -> int:
        async with self.board.store.begin() as tx:
            return sum((await tx.jobs.depth()).values())

    @asynccontextmanager
    async def process(self, name: str = "one") -> AsyncIterator["Process"]:
        """A process of the platform; several may share a PostgreSQL."""
        settings = self.settings.model_copy(update={"process_name": name})
        engine = None if self.thinks else lambda _: self.engine
        async with build(settings, SECRET, self.clock, engine=engine, random=Random(7)) as board:
            process = Process(board)
            process.start()
            _watch(board)
            self.processes.append(process)
            try:
                yield process
            finally:
                if process in self.processes:
                    self.processes.remove(process)
                await process.dies()


@dataclass
class Process:
    board: Switchboard
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self.task = asyncio.create_task(self.board.work(self.stop))

    async def dies(self) -> None:
        """At once and without handing anything over; a story that wants a graceful end sets `stop` and waits."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def set_stage(
    database_url: str,
    *,
    limits: Limits | None = None,
    slack_limits: SlackLimits | None = None,
    choose: Callable[[Prompt], Script] = echo,
    grain_seconds: float = 0.0,
) -> AsyncIterator[Stage]:
    """Emulated messengers and the settings for them, Slack among them when it has `slack_limits`; enter
    `Stage.process` to begin."""
    clock = ManualClock(grain_seconds=grain_seconds)
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(TemporaryDirectory(prefix="stage-")))
        tg = await closing.enter_async_context(TelegramEmulator(clock=clock, limits=limits))
        slack = SlackEmulator(clock=clock, limits=slack_limits)
        accounts: dict[str, Any] = {
            "telegram_bot_token": tg.token,
            "telegram_api_base": tg.url,
            "files_url": str(folder / "files"),
            "temporary_dir": folder / "temporary",
        }
        if slack_limits is not None:
            await closing.enter_async_context(slack)
            accounts |= {
                "slack_bot_token": slack.token,
                "slack_app_token": slack.app_token,
                "slack_api_base": slack.url,
            }
        settings = Settings(_env_file=None, database_url=database_url, **accounts)
        yield Stage(tg, slack, clock, ScriptedEngine(clock, choose), settings, folder)


def _watch(board: Switchboard) -> None:
    """A moment is not over while a transaction is open."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    loop.busy.append(lambda: board.store.open_transactions > 0)


def texts(chat: Chat) -> list[str]:
    """What the bot's visible messages in `chat` say."""
    return [message.text_content for message in chat.replies]
