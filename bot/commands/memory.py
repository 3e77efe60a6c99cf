"""`/memory`: what the user asked to keep in mind, to see, to add to and to take back."""

from bot.commands.answer import Answer, Consent, Given, in_rows, page_buttons, page_of, question_buttons, shortened
from bot.domain.action import CommandAction
from bot.domain.errors import NotAllowed, Refused
from bot.domain.messenger import Button, Buttons
from bot.markdown.plain import literal
from bot.texts import Texts
from storage.memory import Fact
from storage.store import Tx

_ON_A_PAGE = 8
_FACT_CHARS = 1_000
_SHOWN_CHARS = 200


class MemoryCommands:
    def __init__(self, texts: Texts, *, remembers: bool) -> None:
        """`remembers`: the platform's policy lets facts about users be kept."""
        self._texts = texts
        self._remembers = remembers

    async def memory(self, tx: Tx, given: Given) -> Answer:
        """Without arguments the list; `add text`, `remove id page`, `clear`."""
        verb, _, rest = given.arguments.partition(" ")
        match verb.lower():
            case "add":
                return await self._add(tx, given, rest.strip())
            case "remove":
                return await self._remove(tx, given, rest)
            case "clear":
                return await self._ask_to_clear(tx, given)
            case "yes" | "no":
                return await self._clear(tx, given)
            case _:
                return await self._list(tx, given, page_of(given.arguments))

    async def _list(self, tx: Tx, given: Given, page: int, *, replaces: bool = True) -> Answer:
        locale, facts = given.locale, await tx.memory.facts(given.user.id)
        if not facts:
            return Answer(
                self._texts.say(locale, "memory-empty" if self._remembers else "memory-off"), replaces=replaces
            )
        last = -(-len(facts) // _ON_A_PAGE)
        page = min(page, last)
        start = (page - 1) * _ON_A_PAGE
        shown = list(enumerate(facts, 1))[start : start + _ON_A_PAGE]
        lines = [f"{number}. {literal(shortened(fact.text, _SHOWN_CHARS))}" for number, fact in shown]
        title = self._texts.say(locale, "memory-title" if self._remembers else "memory-title-off")
        text = "\n".join((title, "", *lines, "", self._texts.say(locale, "memory-hint")))
        return Answer(
            text,
            (*self._removals(shown, page), *page_buttons(self._texts, given, page, last, "page")),
            replaces=replaces,
        )

    async def _add(self, tx: Tx, given: Given, text: str) -> Answer:
        locale = given.locale
        if not self._remembers:
            return Answer(self._texts.say(locale, "memory-off"))
        if not 0 < len(text) <= _FACT_CHARS:
            return Answer(self._texts.say(locale, "memory-add-how", limit=_FACT_CHARS))
        try:
            fact = await tx.memory.add_fact(given.user.id, text)
        except Refused:
            return Answer(self._texts.say(locale, "memory-full"))
        return Answer(self._texts.say(locale, "memory-added", text=literal(shortened(fact.text, _SHOWN_CHARS))))

    async def _remove(self, tx: Tx, given: Given, words: str) -> Answer:
        """`id page`: the id is in the button, so that a list which has changed since removes nothing else."""
        fact, _, page = words.partition(" ")
        if fact.isascii() and fact.isdecimal():
            await tx.memory.remove_fact(given.user.id, int(fact[:18]))
        return await self._list(tx, given, page_of(page))

    async def _ask_to_clear(self, tx: Tx, given: Given) -> Answer:
        facts = await tx.memory.facts(given.user.id)
        if not facts:
            return await self._list(tx, given, 1)
        say = self._texts.say
        yes, no = say(given.locale, "memory-clear-yes"), say(given.locale, "button-keep")
        question = say(given.locale, "memory-clear-ask", count=len(facts))
        return Answer(question, question_buttons(given, "", yes=yes, no=no))

    async def _clear(self, tx: Tx, given: Given) -> Answer:
        consent = Consent.parse(given.arguments)
        if consent is None or consent.user_id != given.user.id:
            raise NotAllowed("somebody else was asked")
        if not consent.granted:
            return Answer(self._texts.say(given.locale, "nothing-changed"), replaces=True)
        for fact in await tx.memory.facts(given.user.id):
            await tx.memory.remove_fact(given.user.id, fact.id)
        return Answer(self._texts.say(given.locale, "memory-cleared"), replaces=True)

    def _removals(self, shown: list[tuple[int, Fact]], page: int) -> Buttons:
        """One button for each, by its number in the list, four in a row."""
        buttons = [
            Button(f"✕ {number}", str(CommandAction("memory", f"remove {fact.id} {page}"))) for number, fact in shown
        ]
        return in_rows(buttons, 4)
