"""What our latest messages say, so that they can be rewritten without asking Slack for them."""

from collections import OrderedDict
from dataclasses import replace

from bot.domain.action import TurnAction
from bot.domain.messenger import Outgoing
from bot.domain.place import Ref

_REMEMBERED = 500
_LAST_VERBS = ("again", "up", "down")
"""Of the buttons under an answer that has ended."""


class Memory:
    """The messages that this process has sent and edited last."""

    def __init__(self) -> None:
        self._said: OrderedDict[Ref, Outgoing] = OrderedDict()

    def note(self, ref: Ref, outgoing: Outgoing) -> None:
        """The message reads `outgoing` now. A message with a file has no buttons, and its file is not kept."""
        self._said[ref] = replace(outgoing, file=None, buttons=()) if outgoing.file is not None else outgoing
        self._said.move_to_end(ref)
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)

    def drop(self, ref: Ref) -> None:
        """Nobody knows any more what it reads."""
        self._said.pop(ref, None)

    def knows(self, ref: Ref) -> bool:
        return ref in self._said

    def final(self, ref: Ref) -> Outgoing | None:
        """What the message reads, if that was its last word: any other, such as a question with two buttons, another
        process may have rewritten since."""
        said = self._said.get(ref)
        if said is None or said.streaming:
            return None
        actions = [TurnAction.parse(button.action) for row in said.buttons for button in row]
        is_last = not actions or any(action is not None and action.verb in _LAST_VERBS for action in actions)
        return said if is_last else None
