"""`/forget`: everything about the user goes."""

from bot.commands.answer import Answer, Consent, Given, question_buttons
from bot.domain.errors import NotAllowed
from bot.lanes import thread_lane
from bot.texts import Texts
from storage.store import Tx

_RUNNING_AT_MOST = 100


class Privacy:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def forget(self, tx: Tx, given: Given) -> Answer:
        """Explains and asks; the yes of the one who was asked stops what is being written and is the farewell."""
        consent = Consent.parse(given.arguments)
        say = self._texts.say
        if consent is None:
            yes, no = say(given.locale, "forget-yes"), say(given.locale, "button-keep")
            return Answer(say(given.locale, "forget-ask"), question_buttons(given, "", yes=yes, no=no))
        if consent.user_id != given.user.id:
            raise NotAllowed("somebody else was asked")
        if not consent.granted:
            return Answer(say(given.locale, "nothing-changed"), replaces=True)
        begun = await tx.threads.list(given.user.id, limit=_RUNNING_AT_MOST)
        for thread in (*begun, *await tx.threads.taken_part_in(given.user.id)):
            running = await tx.turns.running(thread.id) if thread.shared else None
            if running is None or running.asker == given.user.id:
                await tx.jobs.stop(thread_lane(thread.id))
        return Answer(say(given.locale, "forgotten"), replaces=True, is_farewell=True)
