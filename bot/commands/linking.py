"""`/link`: one person on several messengers, by a one-time code."""

from datetime import datetime

from bot.commands.answer import Answer, Consent, Given, question_buttons
from bot.domain.errors import NotAllowed
from bot.domain.ports import Clock
from bot.markdown.plain import literal
from bot.texts import Texts
from storage.store import Tx

_VALID_MINUTES = 10
_TRIES = 5
_TRY_MINUTES = 10
_CODE_CHARS = 20


class Linking:
    def __init__(self, texts: Texts, clock: Clock) -> None:
        self._texts = texts
        self._clock = clock

    async def link(self, tx: Tx, given: Given) -> Answer:
        """Without arguments a fresh code; with a code the question whether to join; its yes joins.

        The question is there because whoever made the code will read everything: nobody is to be talked into it.
        """
        if not given.arguments:
            code = await tx.links.create(given.user.id, ttl_seconds=_VALID_MINUTES * 60)
            text = self._texts.say(given.locale, "link-code", code=code, minutes=_VALID_MINUTES)
            return Answer(text, is_secret=True)
        consent = Consent.parse(given.arguments)
        if consent is None:
            return self._ask(given)
        if consent.user_id != given.user.id:
            raise NotAllowed("somebody else was asked")
        if not consent.granted:
            return Answer(self._texts.say(given.locale, "nothing-changed"), replaces=True)
        return await self._join(tx, given, consent.subject)

    def _ask(self, given: Given) -> Answer:
        say = self._texts.say
        code = "".join(char for char in given.arguments if char.isalnum() and char.isascii()).upper()[:_CODE_CHARS]
        if not code:
            return Answer(say(given.locale, "link-wrong"))
        yes, no = say(given.locale, "link-yes"), say(given.locale, "link-no")
        return Answer(say(given.locale, "link-ask"), question_buttons(given, code, yes=yes, no=no))

    async def _join(self, tx: Tx, given: Given, code: str) -> Answer:
        """The user who redeems joins the one who made the code, and has that one's settings from now on."""
        say, user = self._texts.say, given.user
        if await tx.counters.add(f"link:user:{user.id}", _window(self._clock.now())) > _TRIES:
            return Answer(say(given.locale, "link-too-often", minutes=_TRY_MINUTES), replaces=True)
        owner = await tx.links.redeem(code)
        if owner is None:
            return Answer(say(given.locale, "link-wrong"), replaces=True)
        if owner == user.id:
            return Answer(say(given.locale, "link-yourself"), replaces=True)
        await tx.users.merge(user.id, owner)
        joined = await tx.users.get(owner)
        messengers = dict.fromkeys(one.messenger.capitalize() for one in await tx.users.identities(owner))
        return Answer(say(joined.locale, "linked", messengers=literal(", ".join(messengers))), replaces=True)


def _window(now: datetime) -> str:
    """The ten minutes in which tries are counted together, by their beginning."""
    return now.replace(minute=now.minute - now.minute % _TRY_MINUTES).strftime("%Y-%m-%dT%H:%M")
