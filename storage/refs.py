"""How places and refs lie in columns: the room as text, the topic and the message beside it."""

from dataclasses import replace

from sqlalchemy import ColumnElement, Table, and_, true

from bot.domain.place import Place, Ref


def room_columns(place: Place) -> dict[str, str]:
    return {"room": str(place.room), "topic": place.topic}


def ref_columns(ref: Ref | None) -> dict[str, str | None]:
    if ref is None:
        return {"room": None, "topic": None, "message": None}
    return {**room_columns(ref.place), "message": ref.message}


def place_of(room: str, topic: str) -> Place:
    return replace(Place.parse(room), topic=topic)


def ref_of(room: str | None, topic: str | None, message: str | None) -> Ref | None:
    if room is None or message is None:
        return None
    return Ref(place_of(room, topic or ""), message)


def is_at(table: Table, ref: Ref) -> ColumnElement[bool]:
    """Rows of the message `ref`. Some updates (reactions) do not tell the topic, so a ref without one fits any."""
    return is_at_columns(table.c.room, table.c.topic, table.c.message, ref)


def is_at_columns(
    room: ColumnElement[str], topic: ColumnElement[str], message: ColumnElement[str], ref: Ref
) -> ColumnElement[bool]:
    """The same where the columns have other names."""
    same_topic = topic == ref.place.topic if ref.place.topic else true()
    return and_(room == str(ref.place.room), message == ref.message, same_topic)
