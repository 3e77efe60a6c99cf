"""Long polling: the offset moves past an update only when `take` has stored it."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiogram.exceptions import TelegramConflictError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.methods import DeleteWebhook
from aiogram.methods.base import TelegramMethod

from adapters.telegram.client import Client
from adapters.telegram.parse import UPDATE_KINDS
from adapters.telegram.reading import Reader, update_id
from bot.domain.errors import SettingsError, StorageError
from bot.domain.incoming import Incoming
from bot.domain.messenger import Take
from bot.domain.patience import Patience
from bot.domain.ports import Clock

log = logging.getLogger(__name__)

_POLL_SECONDS = 25
_ANSWER_SECONDS = 15
_BATCH = 100
_TRIES_OF_A_BUG = 5


class _GetRawUpdates(TelegramMethod[list[Any]]):
    """`getUpdates` without validation: one unknown type in one update would refuse the whole answer, for ever."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = _BATCH
    timeout: int = _POLL_SECONDS
    allowed_updates: list[str] = list(UPDATE_KINDS)  # noqa: RUF012 - pydantic copies it


class Poller:
    """Fetches and takes updates in their order, and outlives everything but a refused token."""

    def __init__(self, client: Client, clock: Clock, reader: Reader) -> None:
        self._client = client
        self._clock = clock
        self._reader = reader
        self._offset: int | None = None
        """None asks for the oldest update that was never acknowledged."""

    async def run(self, take: Take) -> None:
        """Poll until cancelled; SettingsError when the token is refused."""
        patience = Patience(self._clock)
        is_unhooked = False
        while True:
            try:
                if not is_unhooked:
                    # While a webhook is set, getUpdates is refused. What waits for it is kept.
                    await self._client.bot(DeleteWebhook(drop_pending_updates=False))
                    is_unhooked = True
                batch = await self._fetch()
            except TelegramUnauthorizedError:
                raise SettingsError("Telegram refuses TELEGRAM_BOT_TOKEN; copy it again from @BotFather") from None
            except TelegramRetryAfter as flood:
                await patience.wait(flood.retry_after)
            except TelegramConflictError:
                log.warning("another program polls with this bot's token, or a webhook was set; waiting")
                is_unhooked = False
                await patience.wait()
            except Exception as exc:
                # Whatever it is, polling must outlive it; the exception's text may name the address with the token.
                log.warning("polling Telegram failed (%s), trying again", type(exc).__name__)
                await patience.wait()
            else:
                patience.reset()
                await self._take_all(batch, take)

    async def _fetch(self) -> list[Any]:
        method = _GetRawUpdates(offset=self._offset)
        return await self._client.bot(method, request_timeout=_POLL_SECONDS + _ANSWER_SECONDS) or []

    async def _take_all(self, batch: Sequence[object], take: Take) -> None:
        before = self._offset
        for raw in batch:
            if not isinstance(raw, Mapping) or (number := update_id(raw)) is None:
                log.error("something without an update id came from Telegram, skipped")
                continue
            for incoming in self._reader.read(raw):
                await self._take(incoming, take)
            self._offset = number + 1
        if batch and self._offset == before:
            await Patience(self._clock).wait()

    async def _take(self, incoming: Incoming, take: Take) -> None:
        """Store `incoming`, however long the database is gone; later updates wait, so their order holds."""
        patience = Patience(self._clock)
        while True:
            try:
                await take(incoming)
            except StorageError as exc:
                log.warning("update %s is not stored yet: %s", incoming.id, type(exc).__name__)
            except Exception:
                if patience.tries >= _TRIES_OF_A_BUG:
                    log.exception("update %s cannot be taken, given up", incoming.id)
                    return
                log.exception("update %s was not taken, trying again", incoming.id)
            else:
                return
            await patience.wait()
