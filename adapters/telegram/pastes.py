"""Long pastes in groups: clients cut them at 4,096 characters, and only the first piece names us."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiogram.types import Message

_PIECE_CHARS = 2_048
"""Clients cut at a line end or space in the second half of what one message holds."""
_WITHIN = timedelta(seconds=2)
_NEAR = 10
"""How many messages of others may come between two pieces."""
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class _Piece:
    message: int
    at: datetime


class Pastes:
    """Remembers who was in the middle of a paste to us, and where."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[int, int | None, int], _Piece] = OrderedDict()

    def saw(self, message: Message) -> None:
        """`message` was meant for us; a long one may go on."""
        if message.chat.type == "private" or message.from_user is None or len(message.text or "") < _PIECE_CHARS:
            return
        self._last[_whose(message, message.from_user.id)] = _Piece(message.message_id, message.date)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def continues(self, message: Message) -> bool:
        """Whether `message` is the next piece of a paste whose beginning was meant for us."""
        if message.from_user is None or not message.text:
            return False
        before = self._last.pop(_whose(message, message.from_user.id), None)
        if before is None or message.date - before.at > _WITHIN:
            return False
        return 0 < message.message_id - before.message <= _NEAR


def _whose(message: Message, user: int) -> tuple[int, int | None, int]:
    return message.chat.id, message.message_thread_id, user
