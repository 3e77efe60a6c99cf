"""Raw update → event, one by one: nothing that Telegram sends can raise here."""

import logging
from collections.abc import Mapping

from aiogram import Bot
from aiogram.types import CallbackQuery, Message, Update
from pydantic import ValidationError

from adapters.telegram.address import Me
from adapters.telegram.albums import Albums
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
        self._albums = Albums()

    def read(self, raw: Mapping[str, object]) -> list[Incoming]:
        """The event in `raw`; none for what is not for us, and, with a line in the log, for what cannot be read.

        Several when it shows that earlier updates, which seemed not to be for us, are parts of an album that is.
        """
        try:
            update = self._validated(raw)
            if update is None:
                return []
            self._note(update)
            return self._parsed(update)
        except Exception as exc:
            # One strange update must not stop all that follow. The exception's text would quote it.
            log.error("update %s of kind %s skipped: %s", update_id(raw), _kind(raw), type(exc).__name__)
            return []

    def _parsed(self, update: Update) -> list[Incoming]:
        now, message = self._clock.now(), update.message
        if message is None:
            return _listed(parse(update, self._me, now))
        incoming = parse(update, self._me, now, continues=self._pastes.continues(message))
        if incoming is not None:
            self._pastes.saw(message)
            return [*self._albums.open(message), incoming]
        if not Albums.may_be_ours(message):
            return []
        part = parse(update, self._me, now, continues=True)
        if self._albums.is_ours(message):
            return _listed(part)
        self._albums.hold(message, part)
        return []

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
        if rest is None:
            return None
        try:
            return Update.model_validate(rest, context=context)
        except ValidationError:
            return Update.model_validate(salvage(raw, files=False), context=context)

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


def _listed(incoming: Incoming | None) -> list[Incoming]:
    return [] if incoming is None else [incoming]


def _kind(raw: Mapping[str, object]) -> str:
    return next((name[:40] for name in raw if name != "update_id"), "none")
