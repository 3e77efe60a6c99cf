"""How the platform speaks to a user: `/settings`, `/language`, `/thinking`, `/voice`."""

from typing import get_args

from bot.commands.answer import Answer, Given, choice, in_rows
from bot.domain.action import CommandAction
from bot.domain.messenger import Button, Buttons
from bot.domain.thread import Thinking
from bot.markdown.plain import literal
from bot.texts import Texts
from storage.store import Tx

_THINKING: tuple[Thinking, ...] = get_args(Thinking)


class Preferences:
    def __init__(self, texts: Texts, *, remembers: bool, speaks: bool) -> None:
        """`remembers`: the platform's policy lets facts about users be kept. `speaks`: replies can be spoken."""
        self._texts = texts
        self._remembers = remembers
        self._speaks = speaks

    async def settings(self, tx: Tx, given: Given) -> Answer:
        """All of them at a glance; the buttons lead to each."""
        locale = given.locale
        facts = len(await tx.memory.facts(given.user.id))
        identities = await tx.users.identities(given.user.id)
        messengers = dict.fromkeys(identity.messenger.capitalize() for identity in identities)
        thinking = self._texts.say(locale, f"thinking-name-{given.user.thinking}")
        text = self._texts.say(
            locale,
            "settings",
            language=self._texts.say(locale, "language-name"),
            thinking=thinking,
            voice="none" if not self._speaks else "on" if given.user.voice else "off",
            remembers="yes" if self._remembers else "no",
            facts=facts,
            messengers=literal(", ".join(messengers)),
        )
        doors = (
            ("language", "settings-language"),
            ("thinking", "settings-thinking"),
            *([("voice", "settings-voice")] if self._speaks else []),
            ("memory", "settings-memory"),
            ("link", "settings-link"),
        )
        buttons = [Button(self._texts.say(locale, key), str(CommandAction(name))) for name, key in doors]
        return Answer(text, in_rows(buttons, 2))

    async def thinking(self, tx: Tx, given: Given) -> Answer:
        """`/thinking off|brief|full`; without a word, or with another, the choice."""
        wish = given.arguments.casefold()
        chosen = next((one for one in _THINKING if wish in (one, self._name(given.locale, one).casefold())), None)
        locale = given.locale
        if chosen is None:
            return Answer(self._texts.say(locale, "thinking-choose"), self.thinking_menu(locale, given.user.thinking))
        await tx.users.set_thinking(given.user.id, chosen)
        text = self._texts.say(locale, "thinking-set", level=chosen)
        return Answer(text, self.thinking_menu(locale, chosen), replaces=True)

    async def voice(self, tx: Tx, given: Given) -> Answer:
        """`/voice on|off`; without a word, or with another, the choice."""
        locale = given.locale
        if not self._speaks:
            return Answer(self._texts.say(locale, "voice-not-here"))
        wish = given.arguments.casefold()
        is_on = next((on for on in (True, False) if wish in (_switch(on), self._switch_name(locale, on))), None)
        if is_on is None:
            return Answer(self._texts.say(locale, "voice-choose"), self.voice_menu(locale, on=given.user.voice))
        await tx.users.set_voice(given.user.id, is_on)
        text = self._texts.say(locale, "voice-set", state=_switch(is_on))
        return Answer(text, self.voice_menu(locale, on=is_on), replaces=True)

    async def language(self, tx: Tx, given: Given) -> Answer:
        """`/language code`, or the language's own name; without a word, or with another, the choice."""
        wish = given.arguments.casefold()
        languages = self._texts.languages
        chosen = next((one for one in languages if wish in (one.lower(), self._own_name(one).casefold())), None)
        if chosen is None:
            text = self._texts.say(given.locale, "language-choose")
            return Answer(text, self.language_menu(self._texts.match(given.locale)))
        await tx.users.set_locale(given.user.id, chosen)
        return Answer(self._texts.say(chosen, "language-set"), self.language_menu(chosen), replaces=True)

    def thinking_menu(self, locale: str, now: Thinking) -> Buttons:
        """A button for each way, `now` is ticked."""
        return (tuple(choice("thinking", one, self._name(locale, one), one == now) for one in _THINKING),)

    def voice_menu(self, locale: str, *, on: bool) -> Buttons:
        """A button for each state, the one that holds is ticked."""
        states = (True, False)
        return (
            tuple(
                choice("voice", _switch(one), self._texts.say(locale, f"voice-name-{_switch(one)}"), one == on)
                for one in states
            ),
        )

    def language_menu(self, now: str) -> Buttons:
        """A button for each language in its own words, `now` is ticked."""
        return (tuple(choice("language", one, self._own_name(one), one == now) for one in self._texts.languages),)

    def _name(self, locale: str, thinking: Thinking) -> str:
        return self._texts.say(locale, f"thinking-name-{thinking}")

    def _switch_name(self, locale: str, on: bool) -> str:
        return self._texts.say(locale, f"voice-name-{_switch(on)}").casefold()

    def _own_name(self, language: str) -> str:
        return self._texts.say(language, "language-name")


def _switch(on: bool) -> str:
    return "on" if on else "off"
