"""The short answer at a pressed button."""

from bot.courier import Courier
from bot.domain.place import Place
from bot.spelling import spelled
from bot.texts import Texts
from bot.work import Handler, Work


class Presses(Handler):
    """The handler of jobs of kind `press`; the intake has done the deed.

    The payload has `place`, `press` (the messenger's id of it), `locale`, `key` of the text and, where the text takes
    some, its `arguments`.
    """

    def __init__(self, courier: Courier, texts: Texts) -> None:
        self._courier = courier
        self._texts = texts

    async def run(self, work: Work) -> None:
        payload = work.job.payload
        text = self._texts.say(payload["locale"], payload["key"], **payload.get("arguments", {}))
        place = Place.parse(payload["place"])
        await self._courier.acknowledge(place, payload["press"], spelled(self._courier, place, text))

    async def give_up(self, work: Work, error: Exception) -> None:
        """The platform ends the wait at the button by itself."""
