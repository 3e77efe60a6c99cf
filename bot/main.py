"""The composition root: builds everything from `Settings`, starts it, and ends it in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from fastapi import FastAPI

from bot import parts
from bot.api.app import create_app
from bot.commands.names import MENU
from bot.cron import Cron
from bot.domain.errors import MessengerError, SettingsError, StorageError
from bot.domain.messenger import Hooked, Menus, Messenger
from bot.domain.ports import Clock
from bot.domain.reply import Engine
from bot.domain.specialist import Specialist
from bot.intake import Intake
from bot.leader import Leader
from bot.minds import thinking
from bot.outside import Asked, outside_messengers
from bot.settings import Settings
from bot.texts import Texts
from bot.worker import Worker
from specialists import knowledge
from specialists.registry import Team
from storage import catalog, installations, providers
from storage.store import Store
from storage.vault import Vault

log = logging.getLogger(__name__)

_HANDBOOK = Path(__file__).parent.parent / "specialists" / "handbook"
_RECEIVE_AGAIN_SECONDS = 30.0
_RELOAD_SECONDS = 5.0
_ADOPT_AGAIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Switchboard:
    """One platform, built and ready to run. Several may live in one process."""

    store: Store
    app: FastAPI
    intake: Intake
    worker: Worker
    cron: Cron
    leader: Leader
    messengers: Sequence[Messenger]
    """Those that receive by themselves; the chat page calls the intake."""
    team: Team
    adopt_catalog: Callable[[], Awaitable[None]]
    """Put the specialists of the database in force in this process. StorageError."""
    adopt_providers: Callable[[], Awaitable[None]]
    """The same for the providers of models."""
    adopt_installations: Callable[[], Awaitable[None]] | None
    """The same for the workspaces that have let us in; None where none can."""
    texts: Texts
    clock: Clock
    vault: Vault
    temporary: Path
    """Folder of files that are on their way, of this process alone."""
    grace_seconds: float

    async def work(self, until: asyncio.Event) -> None:
        """Receive, work and tick until `until` is set; then stop receiving, let replies end, hand over the rest."""
        receivers = [asyncio.create_task(self._receive(messenger)) for messenger in self.messengers]
        following = asyncio.create_task(self.follow())
        worker = asyncio.create_task(self.worker.run())
        ending = asyncio.create_task(until.wait())
        try:
            async with self.cron:
                await asyncio.wait({worker, ending}, return_when=asyncio.FIRST_COMPLETED)
                await _cancel(receivers)
                await self.worker.drain(self.grace_seconds)
        finally:
            await _cancel([*receivers, following, ending])
            if not worker.done():
                await _cancel([worker])
        if not worker.cancelled() and (error := worker.exception()) is not None:
            raise error

    async def follow(self) -> None:
        """Keep the team that of its files and of the database, until cancelled; for processes that do not work too."""
        await asyncio.gather(
            self.team.watch(self.clock, _RELOAD_SECONDS),
            self._follow(providers.CHANGED, self.adopt_providers),
            self._follow(catalog.CHANGED, self.adopt_catalog),
            *([self._follow(installations.CHANGED, self.adopt_installations)] if self.adopt_installations else []),
        )

    async def _follow(self, topic: str, adopt: Callable[[], Awaitable[None]]) -> None:
        """What is made at run time is in force in every process at once."""
        async with self.store.bus.subscribe(topic) as changes:
            await self._adopt(topic, adopt)
            async for _ in changes:
                await self._adopt(topic, adopt)

    async def _adopt(self, topic: str, adopt: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await adopt()
            except StorageError:
                log.warning("the %s of the database could not be read, and is tried again", topic)
                await self.clock.sleep(_ADOPT_AGAIN_SECONDS)

    async def _receive(self, messenger: Messenger) -> None:
        """Receive for ever, in whichever process leads; what is misconfigured is said aloud and tried again."""

        async def receive() -> None:
            if isinstance(messenger, Menus):
                await self._publish_commands(messenger)
            await messenger.run(self.intake.take)

        while True:
            try:
                await self.leader.lead(f"receive:{messenger.name}", receive)
            except (MessengerError, SettingsError) as error:
                log.error("%s does not receive: %s", messenger.name, error)
            except Exception:
                log.exception("%s broke and is started again", messenger.name)
            await self.clock.sleep(_RECEIVE_AGAIN_SECONDS)

    async def _publish_commands(self, messenger: Menus) -> None:
        menus = {
            "" if language == "en" else language: tuple(
                (name, self.texts.say(language, f"command-{name}")) for name in MENU
            )
            for language in self.texts.languages
        }
        try:
            await messenger.publish_commands(menus)
        except MessengerError as error:
            log.warning("the command menu was not published", extra={"error": type(error).__name__})


@asynccontextmanager
async def build(
    settings: Settings,
    secret: str,
    clock: Clock,
    *,
    engine: Callable[[Specialist], Engine] | None = None,
    random: Random | None = None,
) -> AsyncIterator[Switchboard]:
    """Everything in its place on a migrated database, which is given back at the end.

    `secret` signs sessions and tokens. `engine` replaces the settings' choice of engines, for tests and benchmarks.
    """
    random = random or Random()  # noqa: S311  spreads retries, guards nothing
    async with AsyncExitStack() as closing:
        base = await parts.lay_base(settings, clock, random, closing)
        store, team, texts = base.store, base.team, base.texts
        await sync_knowledge(store, settings.knowledge_dir)
        outside = outside_messengers(settings, texts, clock, Asked.of(store, team, texts, base.workspaces))
        courier = parts.courier(base, outside)
        closing.push_async_callback(courier.close)
        homes = parts.homes(outside)
        intake = parts.intake(base, courier, homes)
        mind = await closing.enter_async_context(thinking(settings, store, team, base.models, texts, clock, random))
        mind = mind if engine is None else replace(mind, engine=engine)
        cron = Cron(store, clock, vault=base.vault, days=settings.retention_days)
        administration = parts.administration(base, mind)
        app = create_app(
            store=store,
            take=intake.take,
            hooks=[messenger for messenger in outside if isinstance(messenger, Hooked)],
            metrics=base.metrics,
            clock=clock,
            secret=secret,
            administration=administration,
            reception=parts.reception(base, secret),
        )
        yield Switchboard(
            store=store,
            app=app,
            intake=intake,
            worker=parts.worker(base, parts.handlers(base, courier, cron, mind, homes)),
            cron=cron,
            leader=Leader(store, clock),
            messengers=outside,
            team=team,
            adopt_catalog=administration.adopt_catalog,
            adopt_providers=administration.adopt_providers,
            adopt_installations=base.workspaces.adopt if base.workspaces else None,
            texts=texts,
            clock=clock,
            vault=base.vault,
            temporary=base.senses.temporary,
            grace_seconds=settings.grace_seconds,
        )


async def sync_knowledge(store: Store, folder: Path | None) -> None:
    """Index what the handbook engine answers from, where it has changed: our handbook, and `folder` if there is one."""
    await knowledge.sync(store, _HANDBOOK, "handbook")
    if folder is not None:
        await knowledge.sync(store, folder, "documents")


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
