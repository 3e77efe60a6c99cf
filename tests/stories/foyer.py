"""A platform around lobbies: the real floors under a messenger whose threads are shared and whose users have pages."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bot.calling import Calling
from bot.commands.commands import Commands
from bot.commands.notices import Notices
from bot.commands.presses import Presses
from bot.courier import Courier
from bot.dispatcher import Dispatcher, Minds
from bot.documents.limits import Limits
from bot.documents.workshop import Workshop
from bot.domain.messenger import Homing, Messenger
from bot.domain.place import Place
from bot.home import Home
from bot.inspection import FileLimits, Inspection
from bot.intake import Intake, IntakeLimits
from bot.media import MediaStep
from bot.quota import DailyLimits, Quota
from bot.spoken import SpokenReplies
from bot.telemetry import Metrics
from bot.texts import Texts
from bot.transcripts import Transcripts
from bot.upkeep import Reminders, Upkeep
from bot.work import Handler
from bot.worker import Worker
from specialists.memory import Window
from specialists.registry import Team
from specialists.router import Router
from specialists.scripted import ScriptedEngine
from specialists.triage import Ask
from storage.library import Library
from storage.object_files import ObjectFiles
from storage.stems import Stemmer
from storage.store import Store, in_transaction
from storage.vault import Vault
from tests.fakes.clock import ManualClock, WatchedLoop
from tests.fakes.lobby import Lobby

_ROOT = Path(__file__).parent.parent.parent
_SETTLED_WITHIN_SECONDS = 3_600


@dataclass
class Foyer:
    """Who and what a story needs."""

    lobbies: Sequence[Lobby]
    clock: ManualClock
    store: Store
    engine: ScriptedEngine
    texts: Texts

    @property
    def lobby(self) -> Lobby:
        return self.lobbies[0]

    async def settles(self) -> None:
        """Until no job is open."""
        began_at = self.clock.monotonic()
        while await self._open_jobs():
            await self.clock.step()
            assert self.clock.monotonic() - began_at < _SETTLED_WITHIN_SECONDS, "work goes round in circles"

    async def _open_jobs(self) -> int:
        async with self.store.begin() as tx:
            return sum((await tx.jobs.depth()).values())


@asynccontextmanager
async def open_foyer(
    database_url: str, *, ask: Ask | None = None, limits: DailyLimits | None = None, names: Sequence[str] = ("lobby",)
) -> AsyncIterator[Foyer]:
    """One process on a migrated database, with a lobby of each name."""
    clock = ManualClock()
    lobbies = [Lobby(clock, name, f"W{number}") for number, name in enumerate(names, 1)]
    texts = Texts(_ROOT / "bot" / "locales")
    engine = ScriptedEngine(clock)
    store = await Store.open(database_url, clock=clock, name="foyer")
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    loop.busy.append(lambda: store.open_transactions > 0)
    foyer = Foyer(lobbies, clock, store, engine, texts)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(store.close)
        workshop = Workshop(Limits())
        closing.push_async_callback(workshop.close)
        folder = Path(closing.enter_context(TemporaryDirectory(prefix="foyer-")))
        files = ObjectFiles.at(str(folder / "files"))
        closing.push_async_callback(files.close)
        group = await closing.enter_async_context(asyncio.TaskGroup())
        tasks = _start(group, foyer, ask, Quota(limits or DailyLimits(), clock), workshop, files, folder)
        yield foyer
        for task in tasks:
            task.cancel()


def _start(
    group: asyncio.TaskGroup,
    foyer: Foyer,
    ask: Ask | None,
    quota: Quota,
    workshop: Workshop,
    files: ObjectFiles,
    folder: Path,
) -> list[asyncio.Task[None]]:
    store, clock, texts = foyer.store, foyer.clock, foyer.texts
    metrics, random, team = Metrics(), Random(7), Team(_ROOT / "specialists" / "team")
    messengers: Sequence[Messenger] = foyer.lobbies
    homing = {messenger.name for messenger in messengers if isinstance(messenger, Homing)}

    def homes(place: Place) -> bool:
        return place.messenger in homing

    async def moved(old: Place, new: Place) -> None:
        raise AssertionError("no lobby moves")

    calls = Calling(foyer.lobbies, clock=clock, metrics=metrics, random=random, moved=moved, entering=_outside)
    courier = Courier(calls)
    intake = Intake(
        store,
        clock=clock,
        metrics=metrics,
        limits=IntakeLimits(),
        capabilities=courier.capabilities,
        team=team,
        stems=Stemmer().stems,
        texts=texts,
        homes=homes,
    )
    window = Window()
    vault = Vault(store, files)
    spoken = SpokenReplies(store, vault, courier, clock, speaker=None, entering=_outside)
    upkeep = Upkeep(store, clock, window, quota, ask=ask, entering=_outside, entitle=courier.entitle, spoken=spoken)
    inspection = Inspection(
        store,
        vault,
        Library(store),
        workshop,
        transcriber=None,
        temporary=folder,
        limits=FileLimits(),
        metrics=metrics,
        entering=_outside,
    )
    transcripts = Transcripts(store, courier, texts)
    minds = Minds(
        team,
        lambda _: foyer.engine,
        Router(team.all, ask=None, stemmer=Stemmer(), clock=clock),
        window,
        remembers=True,
    )
    home = Home(store, courier, texts, team, quota, clock, remembers=True, speaks=True)
    handlers: dict[str, Handler] = {
        "turn": Dispatcher(
            store,
            courier,
            minds,
            media=MediaStep(store, courier, inspection, transcripts, team, clock),
            vault=vault,
            upkeep=upkeep,
            quota=quota,
            texts=texts,
            clock=clock,
            metrics=metrics,
            entering=_outside,
        ),
        "command": Commands(
            store, courier, texts, team, quota, clock, vault=vault, remembers=True, speaks=True, homes=homes
        ),
        "notice": Notices(courier, texts),
        "press": Presses(courier, texts),
        "title": upkeep,
        "summary": upkeep,
        "reminder": Reminders(courier, texts),
        "home": home,
        "suggest": home,
    }
    worker = Worker(store, handlers, clock=clock, metrics=metrics, random=random, lease_seconds=60)
    receiving = [group.create_task(lobby.run(intake.take)) for lobby in foyer.lobbies]
    return [*receiving, group.create_task(worker.run())]


def _outside() -> None:
    assert not in_transaction(), "the outside world is called inside a transaction"
