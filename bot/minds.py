"""Builds what thinks: the models that the settings name, the engines that speak with them, tools, and the router."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TypeVar

from bot.clock import SystemClock
from bot.commands.names import RESERVED
from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from bot.domain.reply import Engine, Prompt, ReplyEvent, Usage
from bot.domain.specialist import Specialist
from bot.settings import Settings
from bot.texts import Texts
from specialists.added import AddedProvider
from specialists.engine import ModelEngine, Timeouts
from specialists.handbook import DOCUMENTS, HandbookEngine
from specialists.interview import InterviewEngine
from specialists.models import GOOGLE, SERVICES, Credentials, Make, Models
from specialists.persona import Rules
from specialists.registry import Team
from specialists.router import Router
from specialists.scripted import ScriptedEngine
from specialists.tools import shipped
from specialists.tools.toolbox import ForeignTools, Toolbox, tools_of
from specialists.triage import Ask
from storage.providers import Provider, place_of_key
from storage.sealing import Sealing
from storage.stems import Stemmer
from storage.store import Store

_TEAM = Path(__file__).parent.parent / "specialists" / "team"
T = TypeVar("T")
HANDBOOK = "handbook"
ECHO = "scripted:echo"
"""Says slowly what the user said: for demonstrations and for trying out a messenger."""
BUILT_IN = frozenset({*SERVICES, HANDBOOK, ECHO.partition(":")[0]})
"""Names that no provider made at run time can have."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Thinking:
    """Everything that thinks, for one platform."""

    engine: Callable[[Specialist], Engine]
    router: Router
    ask: Ask | None
    """None when there is no model to ask."""
    check: Callable[[Specialist], None]
    """SettingsError when a specialist wants a tool or a server that is not there."""


def credentials(settings: Settings) -> Credentials:
    return Credentials(
        openai_api_key=settings.openai_api_key.get_secret_value(),
        openai_base_url=settings.openai_base_url,
        anthropic_api_key=settings.anthropic_api_key.get_secret_value(),
        anthropic_base_url=settings.anthropic_base_url,
        deepseek_api_key=settings.deepseek_api_key.get_secret_value(),
        deepseek_base_url=settings.deepseek_base_url,
        xai_api_key=settings.xai_api_key.get_secret_value(),
        xai_base_url=settings.xai_base_url,
        openrouter_api_key=settings.openrouter_api_key.get_secret_value(),
        openrouter_base_url=settings.openrouter_base_url,
        google_api_key=settings.google_api_key.get_secret_value(),
        google_base_url=settings.google_base_url,
        ollama_base_url=settings.ollama_base_url,
    )


def build_models(settings: Settings, clock: Clock) -> Models:
    """The models that the keys and addresses of the settings reach. SettingsError when Google's extra is missing."""
    return Models.build(credentials(settings), clock, extra=_google(settings), text_only=settings.text_only_models)


def _google(settings: Settings) -> dict[str, Make]:
    key = settings.google_api_key.get_secret_value()
    if not key:
        return {}
    try:
        # Google's SDK is optional, and costs time and memory.
        from specialists.google import maker  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "GOOGLE_API_KEY: install the extra `google`, as in `pip install switchboard[google]`"
        ) from error
    return {GOOGLE: maker(key, settings.google_base_url)}


def _foreign_tools(settings: Settings, clock: Clock) -> ForeignTools | None:
    if not settings.mcp_servers:
        return None
    # MCP costs a second and 42 MB, which a platform without such servers need not spend.
    from specialists.tools.mcp import McpServers  # noqa: PLC0415

    return McpServers.parse(settings.mcp_servers, clock)


def folders(settings: Settings) -> list[Path]:
    """Where specialists come from, later ones before earlier ones of the same name."""
    return [_TEAM, *filter(None, [settings.specialists_dir])]


def load_team(settings: Settings, models: Models) -> Team:
    """The shipped specialists and those of `SPECIALISTS_DIR`; SettingsError for a bad file or a model that cannot be
    asked."""
    known = rules()
    team = Team(*folders(settings), reserved=known.reserved, tools=known.tools)
    for who, names in models_in_use(settings, team).items():
        for name in names:
            try:
                check_model(models, name)
            except SettingsError as error:
                raise SettingsError(f"{who}: {error}") from error
    _check_servers(settings, team)
    return team


def _check_servers(settings: Settings, team: Team) -> None:
    """SettingsError when `MCP_SERVERS` cannot be read, or a specialist wants a server that is not in it."""
    foreign = _foreign_tools(settings, SystemClock())
    servers = foreign.names if foreign is not None else ()
    for specialist in team.all():
        for name in specialist.mcp_servers:
            if name not in servers:
                raise SettingsError(f"specialist {specialist.name}: there is no server {name!r} in MCP_SERVERS")


def rules() -> Rules:
    """What a specialist may be called, and which tools there are."""
    return Rules.of(RESERVED, [tool.name for tool in tools_of(shipped)])


def models_in_use(settings: Settings, team: Team) -> Mapping[str, Sequence[str]]:
    """Setting or specialist → the models that it names."""
    wanted = {
        "DEFAULT_MODEL": [settings.main_model],
        "FALLBACK_MODELS": settings.fallback_models,
        "SMALL_MODEL": [settings.small_model],
    }
    wanted |= {f"specialist {one.name}": [one.model, *one.fallback_models] for one in team.all()}
    return {who: [name for name in names if name] for who, names in wanted.items()}


def check_model(models: Models, name: str) -> None:
    """SettingsError when nothing of that name can be asked."""
    if name not in (HANDBOOK, ECHO):
        models.check(name)


def source_of(settings: Settings, name: str) -> str | None:
    """The file of the specialist `name` that is read last, where there is one. SettingsError when it cannot be read."""
    paths = [folder / f"{name}.md" for folder in folders(settings)]
    path = next((path for path in reversed(paths) if path.is_file()), None)
    try:
        return None if path is None else path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SettingsError(f"the file of {name} cannot be read: {type(error).__name__}") from error


async def adopt_catalog(store: Store, team: Team) -> None:
    """Put the specialists of the database in force, over those of files. StorageError."""
    async with store.begin() as tx:
        entries = await tx.catalog.specialists()
    team.adopt({entry.name: entry.source for entry in entries})


async def adopt_providers(store: Store, sealing: Sealing, models: Models) -> None:
    """Put the providers of the database in force. StorageError."""
    async with store.begin() as tx:
        found = await tx.providers.with_keys()
    models.adopt([_opened(provider, sealed, sealing) for provider, sealed in found])


async def reseal_keys(store: Store, sealing: Sealing) -> None:
    """Seal the keys of providers with the newest key, so that older ones can go. StorageError."""
    async with store.begin() as tx:
        for provider, sealed in await tx.providers.with_keys():
            added = _opened(provider, sealed, sealing)
            if sealed and sealing and not sealing.is_fresh(sealed) and not added.trouble:
                anew = sealing.seal(added.key, place_of_key(provider.name, provider.base_url))
                await tx.providers.reseal(provider.name, sealed, anew)
                log.info("the key of a provider is sealed anew", extra={"provider": provider.name})


def _opened(provider: Provider, sealed: str, sealing: Sealing) -> AddedProvider:
    added = AddedProvider(provider.name, provider.kind, provider.base_url)
    if not sealed:
        return added
    try:
        return replace(added, key=sealing.open(sealed, place_of_key(provider.name, provider.base_url)))
    except SettingsError as error:
        return replace(added, trouble=error.detail)


@asynccontextmanager
async def thinking(
    settings: Settings, store: Store, team: Team, models: Models, texts: Texts, clock: Clock, random: Random
) -> AsyncIterator[Thinking]:
    """Everything built once; connections are closed at the end."""
    toolbox = Toolbox(
        tools_of(shipped),
        store=store,
        clock=clock,
        team=team.all,
        memory_enabled=settings.memory_facts,
        shared=(DOCUMENTS,),
        foreign=_foreign_tools(settings, clock),
    )
    handbook = HandbookEngine(store, texts)
    asks = _Choice(settings)
    interview = InterviewEngine(store, texts)
    minds = ModelEngine(
        models,
        chain=asks.chain,
        toolsets=toolbox.toolsets,
        clock=clock,
        random=random,
        timeouts=Timeouts(settings.first_event_seconds, settings.reply_seconds),
        retries=settings.model_retries,
        last=_Keyless(handbook, interview),
    )
    hinted = _Hinted(minds, settings.openai_temperature, settings.openai_max_tokens)
    unmodelled: dict[str, Engine] = {HANDBOOK: _Keyless(handbook, interview), ECHO: ScriptedEngine(clock)}

    def engine(specialist: Specialist) -> Engine:
        """Who speaks for it."""
        return unmodelled.get(asks.first(specialist), hinted)

    async def ask(instructions: str, text: str, form: type[T], /) -> tuple[T, Usage]:
        return await minds.ask(instructions, text, form, model=small)

    small = settings.small_model or settings.main_model
    question = None if small in unmodelled else ask
    try:
        yield Thinking(engine, Router(team.all, ask=question, stemmer=Stemmer(), clock=clock), question, toolbox.check)
    finally:
        await toolbox.close()


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which models a specialist is to speak with, from its file and the settings."""

    settings: Settings

    def first(self, specialist: Specialist) -> str:
        return specialist.model or self.settings.main_model

    def chain(self, specialist: Specialist) -> Sequence[str]:
        """In the order in which they are asked, each once; those that need no model are left out."""
        names = (self.first(specialist), *specialist.fallback_models, *self.settings.fallback_models)
        return [name for name in dict.fromkeys(names) if name not in (HANDBOOK, ECHO)]


@dataclass(frozen=True, slots=True)
class _Keyless:
    """Answers where no model can: an order is asked about, everything else is looked up."""

    handbook: Engine
    interview: Engine

    def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        return (self.interview if prompt.specialist.kind == "order" else self.handbook).reply(prompt)


@dataclass(frozen=True, slots=True)
class _Hinted:
    """An engine for specialists that do not set these hints themselves."""

    engine: Engine
    temperature: float | None
    max_tokens: int | None

    def reply(self, prompt: Prompt) -> AsyncGenerator[ReplyEvent, None]:
        own = prompt.specialist
        temperature = self.temperature if own.temperature is None else own.temperature
        specialist = replace(own, temperature=temperature, max_tokens=own.max_tokens or self.max_tokens)
        return self.engine.reply(replace(prompt, specialist=specialist))
