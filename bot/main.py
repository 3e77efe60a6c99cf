"""The composition root: builds everything from `Settings`, starts it, and ends it in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fastapi import FastAPI

from adapters.web import WebMessenger
from bot.api.app import create_app
from bot.commands import MENU, Commands, Notices, Presses
from bot.courier import Courier
from bot.cron import Cron
from bot.dispatcher import Dispatcher
from bot.domain.errors import MessengerError, SettingsError
from bot.domain.messenger import Hooked, Menus, Messenger
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.reply import Engine
from bot.domain.specialist import Specialist
from bot.intake import Intake, IntakeLimits
from bot.leader import Leader
from bot.settings import Settings
from bot.telemetry import Metrics
from bot.texts import Texts
from bot.work import Handler
from bot.worker import Worker
from specialists import knowledge
from specialists.handbook import HandbookEngine
from specialists.registry import Registry
from specialists.scripted import ScriptedEngine
from storage.store import Store, in_transaction

log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_TEAM = _HERE.parent / "specialists" / "team"
_HANDBOOK = _HERE.parent / "specialists" / "handbook"
_RECEIVE_AGAIN_SECONDS = 30.0
_LONE_LEASE_SECONDS = 60.0
_MODELS = ("handbook", "scripted:echo")
"""`scripted:echo` says slowly what the user said: for demonstrations and for trying out a messenger."""


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
    team: Registry
    texts: Texts
    clock: Clock
    grace_seconds: float

    async def work(self, until: asyncio.Event) -> None:
        """Receive, work and tick until `until` is set; then stop receiving, let replies end, hand over the rest."""
        receivers = [asyncio.create_task(self._receive(messenger)) for messenger in self.messengers]
        worker = asyncio.create_task(self.worker.run())
        ending = asyncio.create_task(until.wait())
        try:
            async with self.cron:
                await asyncio.wait({worker, ending}, return_when=asyncio.FIRST_COMPLETED)
                await _cancel(receivers)
                await self.worker.drain(self.grace_seconds)
        finally:
            await _cancel([*receivers, ending])
            if not worker.done():
                await _cancel([worker])
        if not worker.cancelled() and (error := worker.exception()) is not None:
            raise error

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
    team = load_team(settings)
    metrics = Metrics()
    async with AsyncExitStack() as closing:
        store = await Store.open(settings.database_url, clock=clock, name=settings.process_name)
        closing.push_async_callback(store.close)
        await sync_knowledge(store, settings.knowledge_dir)

        outside = outside_messengers(settings, clock)
        courier = _courier(store, [WebMessenger(store.bus), *outside], clock, metrics, random)
        closing.push_async_callback(courier.close)
        intake = Intake(
            store,
            clock=clock,
            metrics=metrics,
            limits=IntakeLimits(settings.burst_seconds, settings.waiting_turns),
            capabilities=courier.capabilities,
            specialist=lambda name: _known(team, name).name,
            interrupts=lambda name: _known(team, name).interrupt,
            language=texts.match,
        )
        speaks = engine or _engines(settings, store, texts, clock)
        dispatcher = Dispatcher(
            store,
            courier,
            specialist=lambda name: _known(team, name),
            engine=speaks,
            texts=texts,
            clock=clock,
            metrics=metrics,
            entering=_outside_transactions,
        )
        cron = Cron(store, clock)
        handlers: dict[str, Handler] = {
            "turn": dispatcher,
            "command": Commands(store, courier, texts),
            "notice": Notices(courier, texts),
            "press": Presses(courier, texts),
            "prune": cron,
        }
        worker = _worker(settings, store, handlers, clock, metrics, random)
        hooks = [messenger for messenger in outside if isinstance(messenger, Hooked)]
        app = create_app(store=store, take=intake.take, hooks=hooks, metrics=metrics, clock=clock, secret=secret)
        leader = Leader(store, clock)
        yield Switchboard(store, app, intake, worker, cron, leader, outside, team, texts, clock, settings.grace_seconds)


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


def load_team(settings: Settings) -> Registry:
    """The shipped specialists and those of `SPECIALISTS_DIR`; SettingsError for a bad file or an unknown model."""
    team = Registry.load(_TEAM, *filter(None, [settings.specialists_dir]))
    wanted = {"DEFAULT_MODEL": settings.default_model} | {
        f"specialist {specialist.name}": specialist.model for specialist in team.all() if specialist.model
    }
    for who, model in wanted.items():
        if model not in _MODELS:
            raise SettingsError(f"{who}: the model {model!r} is not known; this version has {', '.join(_MODELS)}")
    return team


def _known(team: Registry, name: str) -> Specialist:
    return team.get(name) or team.default


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


def _engines(settings: Settings, store: Store, texts: Texts, clock: Clock) -> Callable[[Specialist], Engine]:
    """Which engine speaks for a specialist of a checked team."""
    engines: dict[str, Engine] = dict(zip(_MODELS, (HandbookEngine(store, texts), ScriptedEngine(clock)), strict=True))
    return lambda specialist: engines[specialist.model or settings.default_model]


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
