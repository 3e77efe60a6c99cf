"""How the answer to a command reaches the user."""

from dataclasses import replace

from bot.budget import Priority
from bot.commands.answer import Answer
from bot.courier import Courier
from bot.domain.errors import MessageGone, Unrenderable
from bot.domain.messenger import Outgoing
from bot.domain.place import Place, Ref
from bot.home_calls import HomeCalls
from bot.spelling import spelled
from bot.work import Work

_ELLIPSIS = "…"


class Delivery:
    def __init__(self, courier: Courier, home: HomeCalls) -> None:
        self._courier = courier
        self._home = home

    async def say(self, work: Work, answer: Answer) -> None:
        """Once, whichever attempt of the job this is: at the pressed button, in its message, or in a new one."""
        payload, ours = work.job.payload, self._courier.on_behalf_of(work.check)
        place, pressed = Place.parse(payload["place"]), bool(payload.get("pressed"))
        about = Ref.parse(payload["ref"]) if payload.get("ref") else None
        await ours.acknowledge(place, payload.get("press", ""), spelled(ours, place, answer.toast))
        is_at_home = self._home.is_at_home(place, at_home=bool(payload.get("at_home")))
        if not answer.text or (is_at_home and answer.replaces):
            return  # The page itself shows it.
        outgoing = Outgoing(self._fitting(place, spelled(ours, place, answer.text)), answer.buttons, file=answer.file)
        if pressed and answer.replaces and about is not None and await self._replace(ours, about, outgoing):
            return
        if not pressed and about is not None and ours.capabilities(place).quotes:
            outgoing = replace(outgoing, reply_to=about)
        await ours.send(place, outgoing, priority=Priority.NOTICE, step=work.step("said"), after=about)

    async def _replace(self, ours: Courier, pressed: Ref, outgoing: Outgoing) -> bool:
        """Show it in the message whose button was pressed; False when that cannot be.

        Only where nobody else reads: which message was pressed is what a client says, and one could say another's.
        """
        if not ours.capabilities(pressed.place).private:
            return False
        try:
            await ours.edit(pressed, outgoing, priority=Priority.NOTICE)
        except (MessageGone, Unrenderable):
            return False
        return True

    def _fitting(self, place: Place, text: str) -> str:
        """As many lines as can be one message."""
        lines = text.split("\n")
        while len(lines) > 1 and not self._courier.fits(place, "\n".join(lines)):
            lines = [*lines[: -1 - (lines[-1] == _ELLIPSIS)], _ELLIPSIS]
        return "\n".join(lines)
