"""Looks whether a message of ours arrived although its sending ended in doubt."""

import logging
from collections import OrderedDict

from aiogram.methods import EditMessageReplyMarkup
from aiogram.types import InlineKeyboardMarkup

from adapters.telegram.bodies import markup
from adapters.telegram.client import Client
from adapters.telegram.counters import MessageCounters, is_supergroup
from bot.domain.errors import MessageGone, MessengerError, NotModified
from bot.domain.messenger import Outgoing
from bot.domain.place import Place, Ref

log = logging.getLogger(__name__)

_PROBES = 30
# A supergroup counts by itself, so ours is close; and every probe spends its 20 edits a minute.
_PROBES_IN_SUPERGROUP = 10
_REMEMBERED = 1_000


class Search:
    """Gives the ids after a watermark, one by one, the very buttons that the message should carry.

    A send is atomic and its buttons name their turn, so "message is not modified" means: this is it. A success means
    that we spoilt another message of ours, which cannot be the one; it is left without buttons, the safe state.
    A search that a flood interrupts goes on where it was when it is asked again.
    """

    def __init__(self, client: Client, counters: MessageCounters) -> None:
        self._client = client
        self._counters = counters
        self._interrupted: OrderedDict[tuple[Place, str], int] = OrderedDict()

    async def find(self, place: Place, watermark: str, outgoing: Outgoing) -> Ref | None:
        """None without buttons, without a watermark, and when none of the next ids is the message."""
        buttons = markup(place, outgoing)
        start = self._start(place, watermark, outgoing.reply_to)
        if not isinstance(buttons, InlineKeyboardMarkup) or start == 0:
            return None
        search = (place, watermark)
        probes = _PROBES_IN_SUPERGROUP if is_supergroup(place.chat) else _PROBES
        for message in range(self._interrupted.get(search, start + 1), start + 1 + probes):
            self._remember(search, message)
            if await self._carries(place, message, buttons):
                self._counters.saw(place.chat, message)
                self._interrupted.pop(search, None)
                return Ref(place, str(message))
        self._interrupted.pop(search, None)
        return None

    def _start(self, place: Place, watermark: str, reply_to: Ref | None) -> int:
        """The highest id that certainly existed before the send; 0 when none is known."""
        known = int(watermark) if watermark.isdecimal() else 0
        if reply_to is not None and self._counters.same(place, reply_to.place):
            known = max(known, int(reply_to.message))
        return known

    def _remember(self, search: tuple[Place, str], message: int) -> None:
        self._interrupted[search] = message
        if len(self._interrupted) > _REMEMBERED:
            self._interrupted.popitem(last=False)

    async def _carries(self, place: Place, message: int, buttons: InlineKeyboardMarkup) -> bool:
        chat = int(place.chat)
        try:
            await self._client.call(
                EditMessageReplyMarkup(chat_id=chat, message_id=message, reply_markup=buttons), place
            )
        except NotModified:
            return True
        except MessageGone:
            return False
        log.warning("looking for a message took the buttons of %s#%d", place, message)
        try:
            await self._client.call(EditMessageReplyMarkup(chat_id=chat, message_id=message), place)
        except (NotModified, MessageGone):
            pass
        except MessengerError as refusal:
            log.warning("could not take the buttons back at %s#%d: %s", place, message, type(refusal).__name__)
        return False
