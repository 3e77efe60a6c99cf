"""The parts of one platform, each put together from those below it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from adapters.web import WebMessenger
from bot.api.administration import Administration
from bot.api.installing import Reception
from bot.calling import Calling
from bot.commands.commands import Commands
from bot.commands.notices import Notices
from bot.commands.presses import Presses
from bot.console.uploads import fetching, releasing
from bot.courier import Courier
from bot.cron import Cron
from bot.dispatcher import Dispatcher, Minds
from bot.domain.messenger import Homing, Messenger
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.home import Home
from bot.inspection import FileLimits, Inspection
from bot.intake import Intake, IntakeLimits
from bot.media import MediaStep
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
)
from bot.outside import Workspaces, install_doors, slack_workspaces
from bot.quota import DailyLimits, Quota
from bot.senses import Senses, senses
from bot.settings import Settings
from bot.spoken import SpokenReplies
from bot.telemetry import Metrics
from bot.texts import Texts
from bot.transcripts import Transcripts
from bot.upkeep import Reminders, Upkeep
from bot.work import Handler
from bot.worker import Worker
from specialists.memory import Window
from specialists.models import Models
from specialists.registry import Team
from storage.library import Library
from storage.object_files import ObjectFiles
from storage.sealing import Sealing
from storage.stems import Stemmer
from storage.store import Store, in_transaction
from storage.vault import Vault

Handlers = Mapping[str, Handler]

LOCALES = Path(__file__).parent / "locales"
_LONE_LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Base:
    """What everything else stands on."""

    settings: Settings
    clock: Clock
    random: Random
    texts: Texts
    metrics: Metrics
    sealing: Sealing
    models: Models
    store: Store
    vault: Vault
    senses: Senses
    team: Team
    workspaces: Workspaces | None
    """None where no further ones can let us in."""


async def lay_base(settings: Settings, clock: Clock, random: Random, closing: AsyncExitStack) -> Base:
    """Open the database and read what is kept in it; what must be given back is pushed on `closing`."""
    models = build_models(settings, clock)
    closing.push_async_callback(models.close)
    sealing = Sealing.parse(settings.encryption_keys.get_secret_value())
    store = await Store.open(settings.database_url, clock=clock, name=settings.process_name)
    closing.push_async_callback(store.close)
    await reseal_keys(store, sealing)
    async with store.begin() as tx:
        await tx.installations.reseal(sealing)
    await adopt_providers(store, sealing, models)
    team = load_team(settings, models)
    files = ObjectFiles.at(settings.files_url, endpoint=settings.s3_endpoint)
    closing.push_async_callback(files.close)
    sense = await closing.enter_async_context(senses(settings, store.process, clock, random))
    vault = Vault(store, files, sense.temporary)
    await vault.adopt()
    return Base(
        settings,
        clock,
        random,
        Texts(LOCALES),
        Metrics(),
        sealing,
        models,
        store,
        vault,
        sense,
        team,
        slack_workspaces(settings, store, sealing),
    )


def courier(base: Base, outside: Sequence[Messenger]) -> Courier:
    async def moved(old: Place, new: Place) -> None:
        async with base.store.begin() as tx:
            await tx.threads.move(old, new)

    calls = Calling(
        [WebMessenger(base.store.bus, fetching(base.store, base.vault), releasing(base.store)), *outside],
        clock=base.clock,
        metrics=base.metrics,
        random=base.random,
        moved=moved,
        entering=outside_transactions,
    )
    return Courier(calls)


def homes(outside: Sequence[Messenger]) -> Callable[[Place], bool]:
    """Whether the messenger of a place has a page for each user."""
    names = frozenset(messenger.name for messenger in outside if isinstance(messenger, Homing))
    return lambda place: place.messenger in names


def intake(base: Base, courier: Courier, homes: Callable[[Place], bool]) -> Intake:
    settings = base.settings
    limits = IntakeLimits(
        settings.burst_seconds,
        settings.waiting_turns,
        turns_per_minute=settings.rate_per_minute,
        files_per_turn=settings.files_per_turn,
    )
    return Intake(
        base.store,
        clock=base.clock,
        metrics=base.metrics,
        limits=limits,
        capabilities=courier.capabilities,
        team=base.team,
        stems=Stemmer().stems,
        texts=base.texts,
        homes=homes,
    )


def handlers(base: Base, courier: Courier, cron: Cron, mind: Thinking, homes: Callable[[Place], bool]) -> Handlers:
    """Kind of job → who does it; `mind` is asked for replies, titles and summaries."""
    settings, store, clock, texts, team = base.settings, base.store, base.clock, base.texts, base.team
    window = Window(settings.memory_messages, settings.memory_tokens)
    quota = Quota(DailyLimits(settings.daily_tokens_per_user, settings.daily_tokens_per_workspace), clock)
    remembers = settings.memory_facts
    spoken = SpokenReplies(
        store, base.vault, courier, clock, speaker=base.senses.speaker, entering=outside_transactions
    )
    upkeep = Upkeep(
        store,
        clock,
        window,
        quota,
        ask=mind.ask,
        entering=outside_transactions,
        entitle=courier.entitle,
        spoken=spoken,
    )
    transcripts = Transcripts(store, courier, texts)
    dispatcher = Dispatcher(
        store,
        courier,
        Minds(team, mind.engine, mind.router, window, remembers=remembers),
        media=MediaStep(store, courier, inspection(base), transcripts, team, clock),
        vault=base.vault,
        upkeep=upkeep,
        quota=quota,
        texts=texts,
        clock=clock,
        metrics=base.metrics,
        entering=outside_transactions,
    )
    speaks = base.senses.speaker is not None
    home = Home(store, courier, texts, team, quota, clock, remembers=remembers, speaks=speaks)
    return {
        "turn": dispatcher,
        "command": Commands(
            store,
            courier,
            texts,
            team,
            quota,
            clock,
            vault=base.vault,
            remembers=remembers,
            speaks=speaks,
            homes=homes,
        ),
        "notice": Notices(courier, texts),
        "press": Presses(courier, texts),
        "home": home,
        "suggest": home,
        "title": upkeep,
        "summary": upkeep,
        "reminder": Reminders(courier, texts),
        "prune": cron,
        "sweep": cron,
        "fix": transcripts,
        "transcript": transcripts,
        "untold": transcripts,
        "speech": spoken,
    }


def inspection(base: Base) -> Inspection:
    """What looks at users' files."""
    settings, senses = base.settings, base.senses
    return Inspection(
        base.store,
        base.vault,
        Library(base.store),
        senses.workshop,
        transcriber=senses.transcriber,
        temporary=senses.temporary,
        limits=FileLimits(settings.file_megabytes * 1_000_000, settings.voice_minutes * 60.0),
        metrics=base.metrics,
        entering=outside_transactions,
    )


def worker(base: Base, handlers: Handlers) -> Worker:
    # Nobody can take over from a SQLite file's only process; what it held is free when it starts again.
    lease = base.settings.lease_seconds if base.store.dialect == "postgresql" else _LONE_LEASE_SECONDS
    return Worker(
        base.store,
        handlers,
        clock=base.clock,
        metrics=base.metrics,
        random=base.random,
        concurrency=base.settings.turn_concurrency,
        lease_seconds=lease,
    )


def administration(base: Base, mind: Thinking) -> Administration:
    return Administration(
        base.store,
        base.team,
        base.sealing,
        rules=rules(),
        check=mind.check,
        check_model=partial(check_model, base.models),
        source=partial(source_of, base.settings),
        models_in_use=partial(models_in_use, base.settings, base.team),
        taken=BUILT_IN,
        adopt_catalog=partial(adopt_catalog, base.store, base.team),
        adopt_providers=partial(adopt_providers, base.store, base.sealing, base.models),
    )


def reception(base: Base, secret: str) -> Reception | None:
    """None where no workspace can let us in."""
    if base.workspaces is None:
        return None
    return Reception(
        install_doors(base.settings, base.clock),
        keep=base.workspaces.keep,
        store=base.store,
        texts=base.texts,
        clock=base.clock,
        secret=secret,
        secure=base.settings.public_url.startswith("https://"),
    )


def outside_transactions() -> None:
    """A transaction must never wait for a messenger or a model (DESIGN D5)."""
    if in_transaction():
        raise RuntimeError("the outside world is called inside a transaction")
