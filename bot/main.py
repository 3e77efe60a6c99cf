"""The composition root: builds everything from `Settings`, starts it, and ends it in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from fastapi import FastAPI

from adapters.web import WebMessenger
from bot.api.administration import Administration
from bot.api.app import create_app
from bot.commands.commands import MENU, Commands
from bot.commands.notices import Notices
from bot.commands.presses import Presses
from bot.courier import Courier
from bot.cron import Cron
from bot.dispatcher import Dispatcher, Minds
from bot.domain.errors import MessengerError, SettingsError, StorageError
from bot.domain.messenger import Hooked, Menus, Messenger
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.reply import Engine
from bot.domain.specialist import Specialist
from bot.intake import Intake, IntakeLimits
from bot.leader import Leader
from bot.minds import (
    BUILT_IN,
    Thinking,
    adopt_catalog,
    adopt_providers,
    build_models,
    check_model,
    load_team,
    models_in_use,
    reseal_keys,
    rules,
    source_of,
    thinking,
)
from bot.quota import DailyLimits, Quota
from bot.settings import Settings
from bot.telemetry import Metrics
from bot.texts import Texts
from bot.upkeep import Reminders, Upkeep
from bot.work import Handler
from bot.worker import Worker
from specialists import knowledge
from specialists.memory import Window
from specialists.models import Models
from specialists.registry import Team
from storage import catalog, providers
from storage.sealing import Sealing
from storage.stems import Stemmer
from storage.store import Store, in_transaction

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_HANDBOOK = _HERE.parent / "specialists" / "handbook"
_RECEIVE_AGAIN_SECONDS = 30.0
_LONE_LEASE_SECONDS = 60.0
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
    texts: Texts
    clock: Clock
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
    texts = Texts(_HERE / "locales")
    metrics = Metrics()
    async with AsyncExitStack() as closing:
        models = build_models(settings, clock)
        closing.push_async_callback(models.close)
        sealing = Sealing.parse(settings.encryption_keys.get_secret_value())
        store = await Store.open(settings.database_url, clock=clock, name=settings.process_name)
        closing.push_async_callback(store.close)
        await reseal_keys(store, sealing)
        await adopt_providers(store, sealing, models)
        team = load_team(settings, models)
        await sync_knowledge(store, settings.knowledge_dir)

        outside = outside_messengers(settings, clock)
        courier = _courier(store, [WebMessenger(store.bus), *outside], clock, metrics, random)
        closing.push_async_callback(courier.close)
        intake = Intake(
            store,
            clock=clock,
            metrics=metrics,
            limits=IntakeLimits(
                settings.burst_seconds, settings.waiting_turns, turns_per_minute=settings.rate_per_minute
            ),
            capabilities=courier.capabilities,
            team=team,
            stems=Stemmer().stems,
            language=texts.match,
        )
        mind = await closing.enter_async_context(thinking(settings, store, team, models, texts, clock, random))
        window = Window(settings.memory_messages, settings.memory_tokens)
        quota = Quota(DailyLimits(settings.daily_tokens_per_user, settings.daily_tokens_per_workspace), clock)
        upkeep = Upkeep(store, clock, window, quota, ask=mind.ask, entering=_outside_transactions)
        dispatcher = Dispatcher(
            store,
            courier,
            Minds(team, engine or mind.engine, mind.router, window, remembers=settings.memory_facts),
            upkeep=upkeep,
            quota=quota,
            texts=texts,
            clock=clock,
            metrics=metrics,
            entering=_outside_transactions,
        )
        cron = Cron(store, clock)
        handlers: dict[str, Handler] = {
            "turn": dispatcher,
            "command": Commands(store, courier, texts, team, quota, clock, remembers=settings.memory_facts),
            "notice": Notices(courier, texts),
            "press": Presses(courier, texts),
            "title": upkeep,
            "summary": upkeep,
            "reminder": Reminders(courier, texts),
            "prune": cron,
        }
        worker = _worker(settings, store, handlers, clock, metrics, random)
        hooks = [messenger for messenger in outside if isinstance(messenger, Hooked)]
        administration = _administration(settings, store, team, models, sealing, mind)
        app = create_app(
            store=store,
            take=intake.take,
            hooks=hooks,
            metrics=metrics,
            clock=clock,
            secret=secret,
            administration=administration,
        )
        yield Switchboard(
            store,
            app,
            intake,
            worker,
            cron,
            Leader(store, clock),
            outside,
            team,
            administration.adopt_catalog,
            administration.adopt_providers,
            texts,
            clock,
            settings.grace_seconds,
        )


def _administration(
    settings: Settings, store: Store, team: Team, models: Models, sealing: Sealing, mind: Thinking
) -> Administration:
    return Administration(
        store,
        team,
        sealing,
        rules=rules(),
        check=mind.check,
        check_model=partial(check_model, models),
        source=partial(source_of, settings),
        models_in_use=partial(models_in_use, settings, team),
        taken=BUILT_IN,
        adopt_catalog=partial(adopt_catalog, store, team),
        adopt_providers=partial(adopt_providers, store, sealing, models),
    )


def _worker(
    settings: Settings,
    store: Store,
    handlers: Mapping[str, Handler],
    clock: Clock,
    metrics: Metrics,
    random: Random,
) -> Worker:
    # Nobody can take over from a SQLite file's only process; what it held is free when it starts again.
    lease = settings.lease_seconds if store.dialect == "postgresql" else _LONE_LEASE_SECONDS
    return Worker(
        store,
        handlers,
        clock=clock,
        metrics=metrics,
        random=random,
        concurrency=settings.turn_concurrency,
        lease_seconds=lease,
    )


def _courier(store: Store, messengers: Sequence[Messenger], clock: Clock, metrics: Metrics, random: Random) -> Courier:
    async def moved(old: Place, new: Place) -> None:
        async with store.begin() as tx:
            await tx.threads.move(old, new)

    return Courier(messengers, clock=clock, metrics=metrics, random=random, moved=moved, entering=_outside_transactions)


def outside_messengers(settings: Settings, clock: Clock) -> list[Messenger]:
    """The messengers that the settings name; the web chat is always there and not among them."""
    token = settings.telegram_bot_token.get_secret_value()
    if not token:
        return []
    # The one kind of late import there is: aiogram costs 1.9 s and 160 MB.
    from adapters.telegram.messenger import TelegramMessenger  # noqa: PLC0415

    telegram = TelegramMessenger(
        token,
        clock,
        api_base=settings.telegram_api_base,
        mode=settings.telegram_mode,
        public_url=settings.public_url,
        webhook_secret=settings.telegram_webhook_secret.get_secret_value(),
    )
    return [telegram]


async def sync_knowledge(store: Store, folder: Path | None) -> None:
    """Index what the handbook engine answers from, where it has changed: our handbook, and `folder` if there is one."""
    await knowledge.sync(store, _HANDBOOK, "handbook")
    if folder is not None:
        await knowledge.sync(store, folder, "documents")


def _outside_transactions() -> None:
    """A transaction must never wait for a messenger or a model (DESIGN D5)."""
    if in_transaction():
        raise RuntimeError("the outside world is called inside a transaction")


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
