"""Albums in groups: each part is a message of its own, and as a rule only one of them names us."""

from collections import OrderedDict
from dataclasses import dataclass, field

from aiogram.types import Message

from bot.domain.incoming import Incoming

_REMEMBERED = 200
_PARTS = 10
"""Of one album at most (https://core.telegram.org/bots/api#sendmediagroup)."""


@dataclass(slots=True)
class _Album:
    is_ours: bool = False
    held: dict[str, Incoming] = field(default_factory=dict)
    """By their ids, as an update may come twice."""


class Albums:
    """Remembers the newest albums of groups: which were meant for us, and the parts that came before one knew.

    Nothing waits here: a part that comes after the one that names us is taken at once, and one that came before it is
    taken together with it. Photos carry their caption on the first part, documents on the last. What another process
    received is not known here, so all parts of an album must come to one.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], _Album] = OrderedDict()

    @staticmethod
    def may_be_ours(message: Message) -> bool:
        """Whether `message` is a part of an album of a group."""
        return message.media_group_id is not None and message.chat.type != "private"

    def is_ours(self, message: Message) -> bool:
        """Whether another part of its album named us before."""
        album = self._known.get(_key(message))
        return album is not None and album.is_ours

    def hold(self, message: Message, part: Incoming | None) -> None:
        """`message` does not name us; `part` is what it would tell us."""
        album = self._album(message)
        if part is not None and len(album.held) < _PARTS:
            album.held[part.id] = part

    def open(self, message: Message) -> list[Incoming]:
        """`message` names us; the parts of its album that came before it.

        The same ones again when the platform sends `message` once more, as it does when they could not be stored.
        """
        if not self.may_be_ours(message):
            return []
        album = self._album(message)
        album.is_ours = True
        return list(album.held.values())

    def _album(self, message: Message) -> _Album:
        album = self._known.setdefault(_key(message), _Album())
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return album


def _key(message: Message) -> tuple[int, str]:
    return message.chat.id, message.media_group_id or ""
