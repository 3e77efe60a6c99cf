"""The messengers that the settings name, and what they ask of the platform."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from adapters.slack.address import NAME
from bot.commands.names import NAMES
from bot.domain.errors import Misconfigured, SettingsError, StorageError, Unreachable
from bot.domain.installation import Installation, Installing
from bot.domain.messenger import Messenger
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.specialist import Team
from bot.settings import Settings
from bot.texts import Texts
from storage.sealing import Sealing
from storage.store import Store

log = logging.getLogger(__name__)


class Workspaces:
    """The workspaces that have let us in at one messenger, with their tokens as this process knows them."""

    def __init__(
        self,
        store: Store,
        sealing: Sealing,
        messenger: str,
        *,
        whose: Callable[[str], Awaitable[str]],
        own_token: str = "",
    ) -> None:
        """`whose` asks the platform for the workspace of a token: MessengerError, Misconfigured when it is no good.

        `own_token` is the token that the settings name; it is used in its own workspace whoever installs us there.
        """
        self._store = store
        self._sealing = sealing
        self._messenger = messenger
        self._whose = whose
        self._own_token = own_token
        self._own: str | None = None
        """The workspace of that token, once asked; empty when the token is refused."""
        self._known: dict[str, str] = {}

    async def token(self, workspace: str) -> str:
        """Empty when we are not installed there. MessengerError."""
        if self._own_token and await self._is_own(workspace):
            return self._own_token
        known = self._known
        if workspace not in known and (token := await self._read(workspace)):
            # After a change meanwhile this dictionary is not the one in use any more.
            known[workspace] = token
        return known.get(workspace, "")

    async def keep(self, installation: Installation) -> None:
        """In force in every process from the commit on. StorageError, SettingsError."""
        async with self._store.begin() as tx:
            await tx.installations.put(installation, self._sealing)

    async def left(self, workspace: str) -> None:
        """It has shown us out, unless it let us in again meanwhile: the word may come late. StorageError,
        MessengerError."""
        try:
            token = await self._read(workspace)
        except Unreachable:
            token = ""  # Nobody can speak with it any more.
        try:
            if token and await self._whose(token) == workspace:
                log.info("not uninstalled, its token is good", extra={"workspace": workspace})
                return
        except Misconfigured:
            pass
        async with self._store.begin() as tx:
            await tx.installations.delete(self._messenger, workspace)
        log.info("uninstalled", extra={"workspace": workspace})

    async def adopt(self) -> None:
        """Ask the database again, as it may know something else by now."""
        self._known, self._own = {}, None

    async def _is_own(self, workspace: str) -> bool:
        """Whether the token of the settings belongs to it; a token that is refused belongs to none. MessengerError."""
        if self._own is None:
            try:
                self._own = await self._whose(self._own_token)
            except Misconfigured as error:
                log.error("the token of the settings is refused: %s", error.detail)
                self._own = ""
        return self._own != "" and workspace in ("", self._own)

    async def _read(self, workspace: str) -> str:
        try:
            async with self._store.begin() as tx:
                found = await tx.installations.get(self._messenger, workspace, self._sealing)
        except StorageError as error:
            raise Unreachable("the database does not say the token") from error
        except SettingsError as error:
            log.error("the token of workspace %s cannot be opened: %s", workspace, error.detail)
            # What comes from there is not taken, so the platform sends it again, perhaps after the key was mended.
            raise Unreachable("its token cannot be opened") from error
        return "" if found is None else found.token


@dataclass(frozen=True, slots=True)
class Asked:
    """What messengers ask of the platform."""

    ours: Callable[[Place], Awaitable[bool]]
    """Whether somebody has a conversation with us there. StorageError."""
    commands: Callable[[], Collection[str]]
    """The names of all commands, specialists among them."""
    specialists: Callable[[str], Sequence[tuple[str, str]]]
    """Locale → name and title of each."""
    token: Callable[[str], Awaitable[str]]
    """Workspace → how we speak there. MessengerError."""
    left: Callable[[str], Awaitable[None]]
    """A workspace has shown us out. StorageError."""

    @classmethod
    def of(cls, store: Store, team: Team, texts: Texts, workspaces: Workspaces | None) -> "Asked":
        async def ours(place: Place) -> bool:
            async with store.begin() as tx:
                return await tx.threads.exists_at(place)

        def specialists(locale: str) -> Sequence[tuple[str, str]]:
            here = [one.localised(texts.match(locale)) for one in team.all()]
            return [(one.name, f"{one.emoji} {one.title}".strip()) for one in here]

        def commands() -> Collection[str]:
            return NAMES | {one.name for one in team.all()}

        if workspaces is None:
            return cls(ours, commands, specialists, no_token, nobody_left)
        return cls(ours, commands, specialists, workspaces.token, workspaces.left)


async def no_token(_: str) -> str:
    """Of a platform that has no further workspaces."""
    return ""


async def nobody_left(_: str) -> None:
    """Of the same: the operator takes the token out of the settings."""


def outside_messengers(settings: Settings, texts: Texts, clock: Clock, asked: Asked) -> list[Messenger]:
    """The messengers that the settings name; the web chat is always there and not among them."""
    return [*_telegram(settings, clock), *_slack(settings, texts, clock, asked)]


def _telegram(settings: Settings, clock: Clock) -> list[Messenger]:
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


def _slack(settings: Settings, texts: Texts, clock: Clock, asked: Asked) -> list[Messenger]:
    if not settings.has_slack:
        return []
    from adapters.slack.messenger import SlackMessenger  # noqa: PLC0415

    slack = SlackMessenger(
        asked.token if settings.slack_client_id else settings.slack_bot_token.get_secret_value(),
        clock,
        texts,
        api_base=settings.slack_api_base,
        mode=settings.slack_mode,
        app_token=settings.slack_app_token.get_secret_value(),
        signing_secret=settings.slack_signing_secret.get_secret_value(),
        commands=asked.commands,
        ours=asked.ours,
        specialists=asked.specialists,
        left=asked.left,
    )
    return [slack]


async def check_slack_socket(settings: Settings) -> None:
    """Try whether Slack lets us open connections. MessengerError; Misconfigured, whose `detail` says what to do."""
    from adapters.slack.socket_mode import check_app_token  # noqa: PLC0415

    await check_app_token(settings.slack_app_token.get_secret_value(), settings.slack_api_base)


def slack_workspaces(settings: Settings, store: Store, sealing: Sealing) -> Workspaces | None:
    """Those that installed the app, and the one whose token the settings name; None without `SLACK_CLIENT_ID`."""
    if not settings.slack_client_id:
        return None
    from adapters.slack.oauth import team_of  # noqa: PLC0415

    whose = partial(team_of, api_base=settings.slack_api_base)
    own_token = settings.slack_bot_token.get_secret_value()
    return Workspaces(store, sealing, NAME, whose=whose, own_token=own_token)


def install_doors(settings: Settings, clock: Clock) -> tuple[Installing, ...]:
    """By which further workspaces come in."""
    if not settings.slack_client_id:
        return ()
    from adapters.slack.oauth import SlackOAuth  # noqa: PLC0415

    door = SlackOAuth(
        settings.slack_client_id,
        settings.slack_client_secret.get_secret_value(),
        settings.public_url,
        clock,
        api_base=settings.slack_api_base,
    )
    return (door,)
