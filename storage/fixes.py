"""Whose next message is the right wording of a speech."""

from sqlalchemy import ColumnElement, and_, delete, insert, null, select, update

from bot.domain.place import Place, Ref
from storage.refs import is_at_columns, ref_columns, ref_of, room_columns
from storage.tables import fixes
from storage.wire import Wire


class Fixes:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def expect(self, user_id: int, place: Place, upload_id: int, ttl_seconds: float, note: Ref | None) -> None:
        """What the user says next at the place, within that time, corrects the upload; whatever was expected there
        before is not any more. `note` is the message of ours that asks for it: a reply to it corrects at any time."""
        await self.end(user_id, place)
        values = {
            "user_id": user_id,
            "upload_id": upload_id,
            **room_columns(place),
            **{f"note_{name}": value for name, value in ref_columns(note).items()},
        }
        await self._wire.count(insert(fixes).values(**values, expires_at=self._wire.now(ttl_seconds)))

    async def expected(self, user_id: int, place: Place) -> int | None:
        """The upload that the user's next message there corrects; None when it is a message like any other."""
        waits = and_(_here(user_id, place), fixes.c.expires_at > self._wire.now())
        newest = select(fixes.c.upload_id).where(waits).order_by(fixes.c.id.desc()).limit(1)
        upload_id: int | None = await self._wire.scalar(newest)
        return upload_id

    async def by_note(self, ref: Ref) -> int | None:
        """The upload for which the message `ref` asked, whenever that was; None when it asked for none."""
        asked = is_at_columns(fixes.c.note_room, fixes.c.note_topic, fixes.c.note_message, ref)
        exact = (fixes.c.note_topic == ref.place.topic).desc()
        upload_id: int | None = await self._wire.scalar(
            select(fixes.c.upload_id).where(asked).order_by(exact, fixes.c.id.desc()).limit(1)
        )
        return upload_id

    async def note(self, user_id: int, place: Place) -> Ref | None:
        """The message of ours that asks there for the right words, in vain when its time is over; None when nothing is
        asked for, or nobody has told yet by which message."""
        stands = and_(_here(user_id, place), fixes.c.expires_at.is_not(None))
        row = await self._wire.row(select(fixes).where(stands).order_by(fixes.c.id.desc()).limit(1))
        return None if row is None else ref_of(row.note_room, row.note_topic, row.note_message)

    async def end(self, user_id: int, place: Place) -> None:
        """Nothing is expected there any more."""
        here = _here(user_id, place)
        await self._wire.count(delete(fixes).where(here, fixes.c.note_message.is_(None)))
        await self._wire.count(update(fixes).where(here, fixes.c.expires_at.is_not(None)).values(expires_at=null()))


def _here(user_id: int, place: Place) -> ColumnElement[bool]:
    return and_(fixes.c.user_id == user_id, fixes.c.room == str(place.room), fixes.c.topic == place.topic)
