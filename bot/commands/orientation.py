"""Finding one's way: help, what to say to a command that does not exist, and stop."""

from collections.abc import Iterable
from difflib import get_close_matches

from bot.commands.answer import Answer, Given
from bot.domain.action import CommandAction
from bot.domain.messenger import Button
from bot.markdown.plain import literal
from bot.texts import Texts
from storage.store import Tx

_LIKENESS = 0.6


class Orientation:
    """`/help`, `/stop`, and everything unknown."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def help(self, tx: Tx, given: Given) -> Answer:
        return Answer(self._texts.say(given.locale, "help"))

    async def stop(self, tx: Tx, given: Given) -> Answer:
        """The intake has asked the running replies to stop, and each of them says so itself."""
        return Answer("" if given.stopped else self._texts.say(given.locale, "nothing-to-stop"))

    def unknown(self, given: Given, known: Iterable[str]) -> Answer:
        """Says so, with the likeliest of the `known` names as a button."""
        nearest = get_close_matches(given.name, sorted(known), n=1, cutoff=_LIKENESS)
        if not nearest:
            return Answer(self._texts.say(given.locale, "unknown-command", name=literal(given.name)))
        text = self._texts.say(
            given.locale, "unknown-command-nearest", name=literal(given.name), nearest=literal(nearest[0])
        )
        return Answer(text, ((Button(f"/{nearest[0]}", str(CommandAction(nearest[0]))),),))
