"""`switchboard doctor`: look at everything a start needs, and say what to do about what is wrong."""

import asyncio
from dataclasses import dataclass

from bot.clock import SystemClock
from bot.domain.errors import MessengerError, Misconfigured, SettingsError, StorageError
from bot.domain.messenger import Identifying, Messenger
from bot.main import outside_messengers
from bot.minds import adopt_providers, build_models, load_team
from bot.settings import Settings
from specialists.models import Models
from storage.migrate import current
from storage.sealing import Sealing
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    what: str
    advice: str = ""
    """What to do; empty when nothing needs doing."""


async def diagnose(settings: Settings) -> list[Finding]:
    """One finding for each part, in the order in which a start needs them."""
    return [await _specialists(settings), _secret(settings), *await _database(settings), *await _messengers(settings)]


async def _specialists(settings: Settings) -> Finding:
    try:
        models = build_models(settings, SystemClock())
        await _add_providers(settings, models)
        team = load_team(settings, models)
    except SettingsError as error:
        return Finding(False, f"specialists: {error}", "Mend the file or the setting that is named.")
    return Finding(True, f"specialists: {', '.join(one.name for one in team.all())}")


async def _add_providers(settings: Settings, models: Models) -> None:
    """Those that were made at run time, so that their models are known; what is wrong with the database is found
    elsewhere."""
    sealing = Sealing.parse(settings.encryption_keys.get_secret_value())
    try:
        store = await Store.open(settings.database_url, clock=SystemClock(), exclusive=False)
    except (StorageError, SettingsError):
        return
    try:
        await adopt_providers(store, sealing, models)
    except StorageError:
        return
    finally:
        await store.close()


def _secret(settings: Settings) -> Finding:
    if settings.jwt_secret.get_secret_value():
        return Finding(True, "secret: from JWT_SECRET")
    if settings.database_url.startswith("sqlite"):
        return Finding(True, "secret: made here and kept in var/secret")
    advice = "Set JWT_SECRET to the same value in every process, for example from `openssl rand -hex 32`."
    return Finding(False, "secret: several processes need the same one", advice)


async def _database(settings: Settings) -> list[Finding]:
    try:
        store = await Store.open(settings.database_url, clock=SystemClock(), exclusive=False)
        await store.close()
        have, need = await asyncio.to_thread(current, settings.database_url)
    except (StorageError, SettingsError) as error:
        return [Finding(False, f"database: {error}", "Check DATABASE_URL, and that the server runs and lets us in.")]
    if have == need:
        return [Finding(True, "database: reachable, newest schema")]
    return [Finding(False, "database: reachable, schema not the newest", "Run `switchboard migrate`.")]


async def _messengers(settings: Settings) -> list[Finding]:
    try:
        messengers = outside_messengers(settings, SystemClock())
    except SettingsError as error:
        return [Finding(False, f"messengers: {error}")]
    if not messengers:
        return [Finding(True, "messengers: the web chat only", "Set TELEGRAM_BOT_TOKEN to be on Telegram too.")]
    return [await _messenger(messenger) for messenger in messengers]


async def _messenger(messenger: Messenger) -> Finding:
    try:
        who = await messenger.identify() if isinstance(messenger, Identifying) else "configured"
    except Misconfigured:
        advice = "Its token is not valid. For Telegram, copy TELEGRAM_BOT_TOKEN from @BotFather again."
        return Finding(False, f"{messenger.name}: the token is refused", advice)
    except MessengerError as error:
        advice = "Check the network of this machine, and the API base URL if you set one."
        return Finding(False, f"{messenger.name}: cannot be reached ({type(error).__name__})", advice)
    finally:
        await messenger.close()
    return Finding(True, f"{messenger.name}: {who}")
