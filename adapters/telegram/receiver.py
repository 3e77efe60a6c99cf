"""Receives updates, by long polling or by webhook: stored first, acknowledged after that."""

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiogram.exceptions import TelegramBadRequest, TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import GetMe, GetWebhookInfo, SetWebhook

from adapters.telegram.address import Me
from adapters.telegram.client import FAILURES, Client
from adapters.telegram.counters import MessageCounters
from adapters.telegram.parse import UPDATE_KINDS
from adapters.telegram.polling import Poller
from adapters.telegram.reading import Reader, update_id
from bot.domain.errors import SettingsError, StorageError
from bot.domain.incoming import Incoming
from bot.domain.messenger import Posted, Take
from bot.domain.patience import Patience
from bot.domain.ports import Clock

log = logging.getLogger(__name__)

HOOK_PATH = "/telegram/webhook"
_BODY_BYTES = 1_000_000
_TRIES = 5
_FAILED_REMEMBERED = 1_000
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_WORD_HEADER = "x-telegram-bot-api-secret-token"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram shall post to, and the word by which we know that it was Telegram."""

    public_url: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.public_url:
            raise SettingsError("PUBLIC_URL is missing; TELEGRAM_MODE=webhook needs the https address of this server")
        if not _SECRET.fullmatch(self.secret):
            raise SettingsError("TELEGRAM_WEBHOOK_SECRET must be 1 to 256 of A-Z, a-z, 0-9, _ and -")

    @property
    def url(self) -> str:
        return self.public_url.rstrip("/") + HOOK_PATH


class Receiver:
    """The receiving half of the messenger."""

    def __init__(self, client: Client, clock: Clock, counters: MessageCounters, webhook: Webhook | None) -> None:
        self._client = client
        self._clock = clock
        self._counters = counters
        self._webhook = webhook
        self._reader: Reader | None = None
        self._failed: dict[str, int] = {}

    @property
    def is_ready(self) -> bool:
        """Whether we know who we are; posted updates are put off until then."""
        return self._reader is not None

    async def run(self, take: Take) -> None:
        """Receive until cancelled; SettingsError when Telegram refuses the token or the webhook."""
        reader = await self._introduce()
        if self._webhook is not None:
            await self._hook(self._webhook)
            await asyncio.Event().wait()
        await Poller(self._client, self._clock, reader).run(take)

    async def deliver(self, headers: Mapping[str, str], body: bytes, take: Take) -> Posted:
        """Take one posted update. The status decides: 200 ends it, 5xx makes Telegram post it again."""
        if self._webhook is None or not _is_secret(headers.get(_WORD_HEADER, ""), self._webhook.secret):
            return Posted(401)
        if len(body) > _BODY_BYTES:
            return Posted(413)
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            return Posted(400)
        if not isinstance(raw, dict) or update_id(raw) is None:
            return Posted(400)
        reader = await self._known()
        if reader is None:
            return Posted(503)
        for incoming in reader.read(raw):
            if (status := await self._take(incoming, take)) != 200:
                return Posted(status)
        return Posted(200)

    async def _take(self, incoming: Incoming, take: Take) -> int:
        """The status to answer with."""
        try:
            await take(incoming)
        except StorageError:
            log.warning("update %s could not be stored; Telegram will post it again", incoming.id)
            return 500
        except Exception:
            log.exception("update %s could not be taken", incoming.id)
            return self._after_failure(incoming.id)
        return 200

    def _after_failure(self, update: str) -> int:
        """500 makes Telegram post it again; an update that fails again and again must not hold up those behind it."""
        tries = self._failed.pop(update, 0) + 1
        if tries >= _TRIES:
            log.error("update %s is given up", update)
            return 200
        self._failed[update] = tries
        if len(self._failed) > _FAILED_REMEMBERED:
            self._failed.pop(next(iter(self._failed)))
        return 500

    async def describe(self) -> str:
        """Who we are and how updates reach us, for the operator of the machine. MessengerError."""
        me = await self._client.ask(GetMe())
        hook = await self._client.ask(GetWebhookInfo())
        if not hook.url:
            return f"@{me.username}, by polling" if self._webhook is None else f"@{me.username}, webhook not set yet"
        waiting = f"{hook.pending_update_count} updates wait"
        trouble = f", last error: {hook.last_error_message}" if hook.last_error_message else ""
        return f"@{me.username}, webhook {hook.url}, {waiting}{trouble}"

    async def _introduce(self) -> Reader:
        """Learn who we are, however long Telegram cannot be reached."""
        patience = Patience(self._clock)
        while (reader := await self._known()) is None:
            await patience.wait()
        return reader

    async def _known(self) -> Reader | None:
        """Who reads for us, in any process that is posted to, the one that `run`s or another; None while Telegram does
        not say who we are. SettingsError when it refuses the token."""
        if self._reader is None:
            try:
                me = await self._client.bot(GetMe())
            except (TelegramUnauthorizedError, TelegramNotFound):
                raise SettingsError("Telegram refuses TELEGRAM_BOT_TOKEN; copy it again from @BotFather") from None
            except FAILURES as exc:
                log.warning("Telegram does not say who we are (%s)", type(exc).__name__)
                return None
            log.info("Telegram bot %d is ready", me.id)
            self._reader = Reader(self._client.bot, Me(me.id, me.username or ""), self._clock, self._counters)
        return self._reader

    async def _hook(self, webhook: Webhook) -> None:
        patience = Patience(self._clock)
        method = SetWebhook(url=webhook.url, secret_token=webhook.secret, allowed_updates=list(UPDATE_KINDS))
        while True:
            try:
                await self._client.bot(method)
            except TelegramBadRequest as refusal:
                raise SettingsError(f"Telegram refuses PUBLIC_URL as webhook: {refusal.message}") from None
            except FAILURES as exc:
                log.warning("the webhook could not be set (%s), trying again", type(exc).__name__)
                await patience.wait()
            else:
                return


def _is_secret(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())
