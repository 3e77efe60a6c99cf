"""Puts in line what users see before they say anything: their page in the messenger, and what they may ask."""

from collections.abc import Callable
from typing import Literal

from bot.domain.place import Place
from bot.lanes import home_lane, suggestion_lane
from storage.store import Tx


class HomeCalls:
    """Every method works in the transaction it is given."""

    def __init__(self, homes: Callable[[Place], bool]) -> None:
        """`homes` says whether the messenger of a place has a page for each user."""
        self._homes = homes

    def is_at_home(self, place: Place, *, at_home: bool) -> bool:
        """Whether a button was pressed on the page; `at_home` is what the press says (`Press.at_home`)."""
        return at_home and self._homes(place)

    async def opened(self, tx: Tx, view: Literal["home", "chat"], user_id: int, place: Place, owner: str) -> None:
        """The user looks at their page, or at the empty conversation. `owner` is their `Sender.id`."""
        lane = home_lane(user_id, place.room) if view == "home" else suggestion_lane(user_id, place)
        shown_at = place.room if view == "home" else place
        # One that waits will show what is true when it is its turn.
        if not await tx.jobs.waiting(lane):
            payload = {"user": user_id, "place": str(shown_at), "owner": owner}
            await tx.jobs.put(lane, "home" if view == "home" else "suggest", payload)

    async def changed(self, tx: Tx, user_id: int, place: Place, owner: str) -> None:
        """What the page shows is out of date, if the messenger has one."""
        if owner and self._homes(place):
            await self.opened(tx, "home", user_id, place, owner)
