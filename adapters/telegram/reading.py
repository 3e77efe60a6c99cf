"""Raw update → event, one by one: nothing that Telegram sends can raise here."""

import logging
from collections.abc import Mapping

from aiogram import Bot
from aiogram.types import CallbackQuery, Message, Update
from pydantic import ValidationError

from adapters.telegram.address import Me
from adapters.telegram.counters import MessageCounters
from adapters.telegram.parse import parse
from adapters.telegram.pastes import Pastes
from adapters.telegram.salvage import salvage
from bot.domain.incoming import Incoming
from bot.domain.ports import Clock

log = logging.getLogger(__name__)


class Reader:
    """Reads updates that were sent to `me`, and notes the message ids they mention."""

    def __init__(self, bot: Bot, me: Me, clock: Clock, counters: MessageCounters) -> None:
        self._bot = bot
        self._me = me
        self._clock = clock
        self._counters = counters
        self._pastes = Pastes()

    def read(self, raw: Mapping[str, object]) -> Incoming | None:
        """The event in `raw`; None for what is not for us, and, with a line in the log, for what cannot be read."""
        try:
            update = self._validated(raw)
            if update is None:
                return None
            self._note(update)
            continues = update.message is not None and self._pastes.continues(update.message)
            incoming = parse(update, self._me, self._clock.now(), continues=continues)
            if update.message is not None and incoming is not None:
                self._pastes.saw(update.message)
            return incoming
        except Exception as exc:
            # One strange update must not stop all that follow. The exception's text would quote it.
            log.error("update %s of kind %s skipped: %s", update_id(raw), _kind(raw), type(exc).__name__)
            return None

    def _validated(self, raw: Mapping[str, object]) -> Update | None:
        context = {"bot": self._bot}
        try:
            return Update.model_validate(raw, context=context)
        except ValidationError as refusal:
            count = refusal.error_count()
        rest = salvage(raw)
        log.warning(
            "update %s of kind %s does not validate (%d errors), %s",
            update_id(raw), _kind(raw), count, "skipped" if rest is None else "reading the known part",
        )  # fmt: skip
        return None if rest is None else Update.model_validate(rest, context=context)

    def _note(self, update: Update) -> None:
        message: object = update.message or update.edited_message or update.callback_query
        if isinstance(message, CallbackQuery):
            message = message.message
        if isinstance(message, Message):
            self._counters.saw(str(message.chat.id), message.message_id)


def update_id(raw: Mapping[str, object]) -> int | None:
    """The id of an update; None when it has none that could be acknowledged."""
    found = raw.get("update_id")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _kind(raw: Mapping[str, object]) -> str:
    return next((name[:40] for name in raw if name != "update_id"), "none")
