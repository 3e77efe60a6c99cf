"""Who answers: the menu of specialists, the choice of one, and the first hello."""

from bot.commands.answer import Answer, Given, choice, in_rows, shortened
from bot.commands.names import ANYONE
from bot.domain.action import Starter
from bot.domain.messenger import Button, Buttons
from bot.domain.specialist import Specialist, Team
from bot.lanes import thread_topic
from bot.markdown.plain import literal
from bot.texts import Texts
from storage.store import Tx

_SHOWN = 24
_DESCRIPTION_CHARS = 160
_STARTER_CHARS = 60
_STARTERS = 6


class TeamCommands:
    """`/start`, `/specialists`, `/specialist`, and `/name` of every specialist."""

    def __init__(self, team: Team, texts: Texts) -> None:
        self._team = team
        self._texts = texts

    @property
    def names(self) -> list[str]:
        """The specialists' commands, as messengers let them be written."""
        return [specialist.name.replace("-", "_") for specialist in self._team.all()]

    def find(self, word: str) -> Specialist | None:
        """The specialist whose name, with `_` for `-` if need be, or whose title in some language is `word`."""
        wanted = " ".join(word.casefold().split()).replace("_", "-")
        found = self._team.get(wanted)
        if found is not None or not wanted:
            return found
        return next((one for one in self._team.all() if wanted in _titles(one)), None)

    async def start(self, tx: Tx, given: Given) -> Answer:
        """Welcome with the menu; `/start name`, as in a deep link, chooses that specialist at once."""
        chosen = self.find(given.arguments)
        if chosen is not None:
            return await self.choose(tx, given, chosen)
        welcome = self._texts.say(given.locale, "welcome", name=literal(given.user.name))
        return Answer(welcome, self.menu(given.locale))

    async def specialists(self, tx: Tx, given: Given) -> Answer:
        """Everyone with a word about them; whoever answers here now is marked."""
        locale, thread = given.locale, await tx.threads.current(given.user.id, given.place)
        now = thread.specialist if thread is not None else ""
        lines = [
            self._texts.say(
                locale,
                "specialists-line",
                title=literal(self._title(one, locale)),
                description=literal(shortened(one.localised(locale).description, _DESCRIPTION_CHARS)),
                now="yes" if one.name == now else "no",
            )
            for one in self._team.all()[:_SHOWN]
        ]
        text = "\n".join((self._texts.say(locale, "specialists-title"), "", *lines))
        return Answer(text, self.menu(locale))

    async def specialist(self, tx: Tx, given: Given) -> Answer:
        """`/specialist name` chooses, `/specialist anyone` takes that back; an unknown name gets the menu."""
        if not given.arguments:
            return await self.specialists(tx, given)
        if given.arguments.strip().casefold() == ANYONE:
            return await self._anyone(tx, given)
        chosen = self.find(given.arguments)
        if chosen is not None:
            return await self.choose(tx, given, chosen)
        name = literal(shortened(given.arguments, _STARTER_CHARS))
        return Answer(self._texts.say(given.locale, "specialist-unknown", name=name), self.menu(given.locale))

    async def choose(self, tx: Tx, given: Given, chosen: Specialist) -> Answer:
        """From now on `chosen` answers in the user's thread here, and says hello in its own words."""
        thread = await tx.threads.here(given.user.id, given.place, shared=given.is_shared)
        await tx.threads.set_specialist(thread.id, chosen.name)
        tx.notify(thread_topic(thread.id), "assigned")
        shown = chosen.localised(given.locale)
        hello = self._texts.say(
            given.locale,
            "specialist-hello",
            title=literal(self._title(chosen, given.locale)),
            description=literal(shown.description),
            starters=len(shown.starters),
        )
        return Answer(hello, _starters(shown))

    async def _anyone(self, tx: Tx, given: Given) -> Answer:
        """From now on whoever fits a question best answers in the user's thread here."""
        thread = await tx.threads.here(given.user.id, given.place, shared=given.is_shared)
        await tx.threads.set_specialist(thread.id, "")
        tx.notify(thread_topic(thread.id), "assigned")
        return Answer(self._texts.say(given.locale, "specialist-anyone-chosen"))

    def menu(self, locale: str, now: str = "") -> Buttons:
        """A button for each, which chooses them; `now` is ticked, and one more takes the choice back."""
        buttons = [
            choice("specialist", one.name, self._title(one, locale), one.name == now)
            for one in self._team.all()[:_SHOWN]
        ]
        if now:
            buttons.append(choice("specialist", ANYONE, self._texts.say(locale, "specialist-anyone"), False))
        return in_rows(buttons, 2)

    def _title(self, specialist: Specialist, locale: str) -> str:
        return f"{specialist.emoji} {specialist.localised(locale).title}".strip()


def _titles(specialist: Specialist) -> set[str]:
    titles = (specialist.title, *(words.title for words in specialist.translations))
    return {title.casefold().replace("_", "-") for title in titles if title}


def _starters(specialist: Specialist) -> Buttons:
    return tuple(
        (Button(shortened(text, _STARTER_CHARS), str(Starter(specialist.name, index))),)
        for index, text in enumerate(specialist.starters[:_STARTERS])
    )
