"""What people think of replies: one thumb a person, and their sum on the turn."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update

from storage.tables import feedback, turns
from storage.types import NOW
from storage.wire import Wire

_GIVE = Wire.insert(feedback).values(at=NOW)
GIVE = _GIVE.on_conflict_do_update(
    index_elements=[feedback.c.turn_id, feedback.c.user_id],
    set_={name: _GIVE.excluded[name] for name in ("rating", "at")},
)
TAKE_BACK = delete(feedback).where(feedback.c.turn_id == bindparam("turn"), feedback.c.user_id == bindparam("user"))
FORGET = delete(feedback).where(feedback.c.turn_id == bindparam("turn"))
_SUM = select(func.coalesce(func.sum(feedback.c.rating), 0)).where(feedback.c.turn_id == turns.c.id)
ADD_UP = update(turns).values(rating=_SUM.scalar_subquery())


class Feedback:
    """`Turns` is what others talk to."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def give(self, turn_id: int, user_id: int, rating: int) -> None:
        """The user's thumb is `rating` now; 0 takes it back."""
        if rating:
            await self._wire.count(GIVE, {"turn_id": turn_id, "user_id": user_id, "rating": rating})
        else:
            await self._wire.count(TAKE_BACK, {"turn": turn_id, "user": user_id})
        await self.add_up(turns.c.id == turn_id)

    async def of(self, user_id: int, turn_ids: Collection[int]) -> dict[int, int]:
        given = select(feedback.c.turn_id, feedback.c.rating).where(
            feedback.c.user_id == user_id, feedback.c.turn_id.in_(turn_ids)
        )
        return {row.turn_id: row.rating for row in await self._wire.rows(given)}

    async def forget(self, turn_id: int) -> None:
        """There is a new reply, of which nobody has said anything; the caller takes the sum off the turn."""
        await self._wire.count(FORGET, {"turn": turn_id})

    async def add_up(self, which: ColumnElement[bool]) -> None:
        """Bring the sums of these turns up to date."""
        await self._wire.count(ADD_UP.where(which))
