"""What was said, read: messages with each reply in its newest version."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, bindparam, case, exists, func, or_, select, text

from bot.domain.thread import Message
from storage.refs import ref_of
from storage.tables import messages, turns
from storage.wire import Wire


def is_newest() -> ColumnElement[bool]:
    """Of a reply, that no later version replaced it; true of what users said."""
    replies = messages.alias("replies")
    newest = (
        select(func.max(replies.c.version))
        .where(replies.c.turn_id == messages.c.turn_id, replies.c.role == "assistant")
        .scalar_subquery()
    )
    return or_(messages.c.role == "user", messages.c.version == newest)


def _said(where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Newest first."""
    is_reply = case((messages.c.role == "assistant", 1), else_=0)
    said = select(messages).where(where, is_newest())
    return said.order_by(messages.c.turn_id.desc(), is_reply.desc(), messages.c.id.desc())


SAID_IN_TURN = _said(messages.c.turn_id == bindparam("turn"))
TRANSCRIPT = (
    _said(messages.c.thread_id == bindparam("thread"))
    .where(messages.c.turn_id > bindparam("after_turn"))
    .limit(bindparam("most", type_=Integer))
)
TRANSCRIPT_BEFORE = TRANSCRIPT.where(messages.c.turn_id < bindparam("before_turn"))
TRANSCRIPT_OF_ASKER = TRANSCRIPT_BEFORE.where(
    exists().where(turns.c.id == messages.c.turn_id, turns.c.asker_id == bindparam("user"))
)
TIDY_INDEX = text("INSERT INTO message_index(message_index) VALUES ('optimize')")


def message_of(row: Row[*tuple[Any, ...]]) -> Message:
    return Message(
        id=row.id,
        thread_id=row.thread_id,
        turn_id=row.turn_id,
        role=row.role,
        text=row.text,
        version=row.version,
        ref=ref_of(row.room, row.topic, row.message),
        created_at=row.created_at,
        cut=row.cut,
    )


async def forget_words(wire: Wire) -> None:
    """Let what was deleted leave SQLite's index and log now; by themselves they drop it some time later."""
    if wire.dialect == "sqlite":
        await wire.count(TIDY_INDEX)
        wire.forgets = True
