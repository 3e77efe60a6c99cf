"""`switchboard doctor`: look at everything a start needs, and say what to do about what is wrong."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import uuid4

from pydantic import SecretStr

from adapters.slack.address import INSTALL_PATH, NAME
from bot.clock import SystemClock
from bot.domain.errors import MessengerError, Misconfigured, SettingsError, StorageError
from bot.domain.messenger import Identifying, Messenger
from bot.domain.place import Place
from bot.minds import adopt_providers, build_models, load_team
from bot.outside import Asked, check_slack_socket, no_token, nobody_left, outside_messengers
from bot.parts import LOCALES
from bot.senses import build_speaker, build_transcriber
from bot.settings import Settings
from bot.texts import Texts
from specialists.models import Models
from storage.migrate import current
from storage.object_files import ObjectFiles
from storage.sealing import Sealing
from storage.store import Store, Tx


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    what: str
    advice: str = ""
    """What to do; empty when nothing needs doing."""


async def diagnose(settings: Settings) -> list[Finding]:
    """One finding for each part, in the order in which a start needs them."""
    return [
        await _specialists(settings),
        _secret(settings),
        *await _database(settings),
        await _files(settings),
        *await _speech(settings),
        *await _messengers(settings),
    ]


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


async def _files(settings: Settings) -> Finding:
    """Something is really kept, read and taken away again."""
    is_folder = not settings.files_url.startswith("s3://")
    advice = (
        "Check FILES_URL: a folder that we may write, or s3://bucket/prefix."
        if is_folder
        else "FILES_URL: is there a bucket of that name? Are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the "
        "environment, and may they read and write there? Can S3_ENDPOINT be reached from here?"
    )
    try:
        files = ObjectFiles.at(settings.files_url, endpoint=settings.s3_endpoint)
    except SettingsError as error:
        return Finding(False, f"files: {error}", advice)
    try:
        await _try_out(files)
    except StorageError as error:
        return Finding(False, f"files: {error}", advice)
    finally:
        await files.close()
    several = is_folder and not settings.database_url.startswith("sqlite")
    hint = "Processes on several machines need a shared folder, or s3://bucket/prefix in FILES_URL." if several else ""
    return Finding(True, f"files: kept in {'a folder' if is_folder else 'a bucket'}", hint)


async def _try_out(files: ObjectFiles) -> None:
    key, content = f"doctor/{uuid4().hex}", b"Switchboard was here."
    with TemporaryDirectory() as folder:
        source = Path(folder) / "doctor"
        source.write_bytes(content)
        await files.put(key, source)
    try:
        if await files.read(key) != content:
            raise StorageError("what was kept reads otherwise")
    finally:
        await files.delete(key)


async def _speech(settings: Settings) -> list[Finding]:
    """What is set can be built; no service is asked, as that costs."""
    clock, random = SystemClock(), Random()  # noqa: S311  spreads retries, guards nothing
    findings = []
    for what, name, build in (
        ("voice messages", settings.transcribe_model, build_transcriber),
        ("spoken replies", settings.speech_model, build_speaker),
    ):
        if not name:
            advice = f"Set {'TRANSCRIBE_MODEL' if build is build_transcriber else 'SPEECH_MODEL'} to have them."
            findings.append(Finding(True, f"{what}: none", advice))
            continue
        try:
            built = build(settings, clock, random)
        except SettingsError as error:
            findings.append(Finding(False, f"{what}: {error}", "Mend the setting that is named."))
            continue
        if built is not None:
            await built.close()
        findings.append(Finding(True, f"{what}: {name.partition(':')[0]}"))
    return findings


async def _messengers(settings: Settings) -> list[Finding]:
    telegram = settings.model_copy(update={"slack_bot_token": SecretStr(""), "slack_client_id": ""})
    slack = settings.model_copy(update={"telegram_bot_token": SecretStr("")})
    findings = [*await _identified(telegram), *(await _slack(slack) if settings.has_slack else ())]
    if findings:
        return findings
    advice = "Set TELEGRAM_BOT_TOKEN, or SLACK_BOT_TOKEN and SLACK_APP_TOKEN, to be there too."
    return [Finding(True, "messengers: the web chat only", advice)]


async def _slack(settings: Settings) -> list[Finding]:
    """Each workspace by itself: that of the settings, then those that installed the app."""
    alone = settings.model_copy(update={"slack_client_id": ""})
    findings = [*await _identified(alone), *await _slack_socket(settings)]
    if not settings.slack_client_id:
        return findings
    door = f"{settings.public_url}{INSTALL_PATH}"
    try:
        tokens = await _installed(settings)
    except (StorageError, SettingsError) as error:
        return [*findings, Finding(False, f"slack: the installations cannot be read: {error}")]
    for workspace, token in tokens.items():
        if token:
            (found,) = await _identified(alone.model_copy(update={"slack_bot_token": SecretStr(token)}))
        else:
            found = Finding(False, "slack: its token cannot be opened with ENCRYPTION_KEYS")
        advice = "" if found.ok else f"Let somebody there add the app anew at {door}"
        findings.append(Finding(found.ok, f"{found.what} (workspace {workspace})", advice))
    return [*findings, Finding(True, f"slack: installed in {len(tokens)} workspaces", f"More are added at {door}")]


async def _slack_socket(settings: Settings) -> list[Finding]:
    if settings.slack_mode != "socket":
        return []
    try:
        await check_slack_socket(settings)
    except Misconfigured as error:
        return [Finding(False, "slack: the app-level token is refused", error.detail)]
    except MessengerError as error:
        return [Finding(False, f"slack: no connection can be opened ({type(error).__name__})", "Try again later.")]
    return [Finding(True, "slack: connections can be opened")]


async def _installed(settings: Settings) -> dict[str, str]:
    """Name of each workspace → its token, empty when it cannot be opened. StorageError, SettingsError."""
    sealing = Sealing.parse(settings.encryption_keys.get_secret_value())
    store = await Store.open(settings.database_url, clock=SystemClock(), exclusive=False)
    try:
        async with store.begin() as tx:
            return {one.name: await _opened(tx, one.workspace, sealing) for one in await tx.installations.list(NAME)}
    finally:
        await store.close()


async def _opened(tx: Tx, workspace: str, sealing: Sealing) -> str:
    try:
        found = await tx.installations.get(NAME, workspace, sealing)
    except SettingsError:
        return ""
    return "" if found is None else found.token


async def _identified(settings: Settings) -> list[Finding]:
    try:
        messengers = outside_messengers(settings, Texts(LOCALES), SystemClock(), _NOTHING_ASKED)
    except SettingsError as error:
        return [Finding(False, f"messengers: {error}")]
    return [await _messenger(messenger) for messenger in messengers]


async def _messenger(messenger: Messenger) -> Finding:
    try:
        who = await messenger.identify() if isinstance(messenger, Identifying) else "configured"
    except Misconfigured:
        return Finding(False, f"{messenger.name}: the token is refused", _REFUSED[messenger.name])
    except MessengerError as error:
        advice = "Check the network of this machine, and the API base URL if you set one."
        return Finding(False, f"{messenger.name}: cannot be reached ({type(error).__name__})", advice)
    finally:
        await messenger.close()
    return Finding(True, f"{messenger.name}: {who}")


_REFUSED = {
    "telegram": "Its token is not valid. Copy TELEGRAM_BOT_TOKEN from @BotFather again.",
    "slack": "Copy SLACK_BOT_TOKEN (xoxb-…, OAuth & Permissions) and SLACK_APP_TOKEN (xapp-…, Basic Information) again "
    "from the app's page at api.slack.com/apps; after a change of scopes, reinstall the app there.",
}


async def _not_ours(_: Place) -> bool:
    return False


_NOTHING_ASKED = Asked(_not_ours, tuple, lambda _: (), no_token, nobody_left)
