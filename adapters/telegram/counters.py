"""The highest message id seen in each of Telegram's counters."""

from collections import OrderedDict

from bot.domain.place import Place

# Below this a chat is a supergroup or channel, which counts its messages by itself; private chats and
# basic groups share one counter per account (TDLib, MessageId).
_SUPERGROUPS = -1_000_000_000_000
_ACCOUNT = "account"


class MessageCounters:
    """Remembers the account's counter and those of the supergroups used last, at most `limit` of them."""

    def __init__(self, limit: int = 10_000) -> None:
        self._highest: OrderedDict[str, int] = OrderedDict()
        self._limit = limit
        self._account = 0

    def saw(self, chat: str, message: int) -> None:
        """A message `message` exists in `chat`."""
        if self._counter(chat) == _ACCOUNT:
            self._account = max(self._account, message)
            return
        self._highest[chat] = max(self._highest.pop(chat, 0), message)
        if len(self._highest) > self._limit:
            self._highest.popitem(last=False)

    def highest(self, place: Place) -> int:
        """The highest id seen in the counter that `place` draws from; 0 when none was."""
        counter = self._counter(place.chat)
        return self._account if counter == _ACCOUNT else self._highest.get(counter, 0)

    def same(self, one: Place, other: Place) -> bool:
        """Whether ids of the two places can be compared."""
        return self._counter(one.chat) == self._counter(other.chat)

    def _counter(self, chat: str) -> str:
        return chat if is_supergroup(chat) else _ACCOUNT


def is_supergroup(chat: str) -> bool:
    return int(chat) < _SUPERGROUPS
