"""One sentence of the platform to one place."""

from bot.budget import Priority
from bot.courier import Courier
from bot.domain.messenger import Outgoing
from bot.domain.place import Place
from bot.spelling import spelled
from bot.texts import Texts
from bot.work import Handler, Work


class Notices(Handler):
    """The handler of jobs of kind `notice`: `place`, `locale`, `key` of the text and its `arguments`."""

    def __init__(self, courier: Courier, texts: Texts) -> None:
        self._courier = courier
        self._texts = texts

    async def run(self, work: Work) -> None:
        payload = work.job.payload
        text = self._texts.say(payload["locale"], payload["key"], **payload["arguments"])
        ours, place = self._courier.on_behalf_of(work.check), Place.parse(payload["place"])
        outgoing = Outgoing(spelled(ours, place, text))
        await ours.send(place, outgoing, priority=Priority.NOTICE, step=work.step("said"))

    async def give_up(self, work: Work, error: Exception) -> None:
        """A notice that cannot be said is only logged, by the worker."""
