"""Statements about turns, put together once, and turns as their rows read."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, func, insert, or_, select, update

from bot.domain.place import Ref
from bot.domain.thread import Turn, TurnState
from storage.refs import ref_of
from storage.tables import messages, pauses, threads, turn_refs, turns, users
from storage.types import NOW, Id, Moment

FILES_FROM = 10_000
"""Positions of `turn_refs` from here on are of messages with files, those before of the pages of a reply."""


# Turns in order, each once for every message that shows its reply, in order, or once.
_WITH_REFS = (
    select(turns, turn_refs.c.position, turn_refs.c.room, turn_refs.c.topic, turn_refs.c.message)
    .outerjoin(turn_refs)
    .order_by(turns.c.id, turn_refs.c.position)
)


def with_refs(turn_id: Select[*tuple[int]]) -> Select[*tuple[Any, ...]]:
    """The turn of that id."""
    return _WITH_REFS.where(turns.c.id == turn_id.scalar_subquery())


# Put together once: for a turn, building its statements would cost more than running them.
_THIS = turns.c.id == bindparam("turn")
_THREAD_OF_THIS = select(turns.c.thread_id).where(_THIS).scalar_subquery()
_EARLIER = select(func.max(turns.c.id)).where(turns.c.thread_id == _THREAD_OF_THIS, turns.c.id < bindparam("turn"))
BY_ID = with_refs(select(turns.c.id).where(_THIS))
BY_IDS = _WITH_REFS.where(turns.c.id.in_(bindparam("ids", expanding=True)))
LATEST = with_refs(select(func.max(turns.c.id)).where(turns.c.thread_id == bindparam("thread")))
BEFORE = with_refs(_EARLIER)
LOCK = select(turns.c.id).where(_THIS).with_for_update()
JOB = select(turns.c.job_id).where(_THIS)

_OWNER = select(threads.c.user_id).where(threads.c.id == bindparam("thread")).scalar_subquery()
CREATE = (
    insert(turns).values(created_at=NOW, asker_id=func.coalesce(bindparam("asker", type_=Id), _OWNER)).returning(turns)
)
ASKER = select(users.c.id).where(users.c.id == bindparam("asker")).with_for_update(read=True, key_share=True)
"""Nobody is erased between what they say and what becomes of it."""
ASSIGN = update(turns).where(_THIS).values(specialist=bindparam("chosen"))
ATTACH_JOB = update(turns).where(_THIS).values(job_id=bindparam("job"))
BEGIN = update(turns).where(_THIS).values(state=TurnState.RUNNING)
SAVE_PARTIAL = update(turns).where(_THIS).values(partial=bindparam("text"))
FINISH = (
    update(turns)
    .where(_THIS)
    .values(
        state=bindparam("end_state"),
        confidence=bindparam("end_confidence"),
        error=bindparam("end_error"),
        partial="",
        finished_at=NOW,
    )
    .returning(turns, exists().where(pauses.c.turn_id == turns.c.id).label("was_paused"))
)
PAUSE = update(turns).where(_THIS).values(state=TurnState.REQUIRES_ACTION, partial=bindparam("text")).returning(turns)
RUNNING = _WITH_REFS.where(turns.c.thread_id == bindparam("thread"), turns.c.state == TurnState.RUNNING)
WAITING = _WITH_REFS.where(turns.c.thread_id == bindparam("thread"), turns.c.state == TurnState.REQUIRES_ACTION)
OPEN_AT = _WITH_REFS.where(
    turns.c.thread_id.in_(
        select(threads.c.id).where(
            or_(threads.c.user_id == bindparam("user"), threads.c.shared),
            threads.c.room == bindparam("room"),
            threads.c.topic == bindparam("topic"),
        )
    ),
    turns.c.state.in_([state for state in TurnState if state.is_open]),
)
SINCE = (
    select(func.count())
    .select_from(turns)
    .where(turns.c.asker_id == bindparam("user"), turns.c.created_at >= bindparam("since", type_=Moment))
)
TOUCH = update(threads).where(threads.c.id == bindparam("thread")).values(active_at=NOW)
TOUCH_AND_UNARCHIVE = TOUCH.values(archived=False)
THREAD = select(threads.c.user_id, threads.c.shared, threads.c.room, threads.c.topic).where(
    threads.c.id == bindparam("thread")
)
NAMES = (
    select(turns.c.id, users.c.name)
    .join(users, users.c.id == turns.c.asker_id)
    .where(turns.c.id.in_(bindparam("ids", expanding=True)))
)
SHOW = insert(turn_refs)
SAY = insert(messages).values(created_at=NOW).returning(messages)


def turn_shown(rows: Sequence[Row[*tuple[Any, ...]]]) -> Turn:
    """The turn of which all these rows are."""
    refs = [(at.position, ref) for at in rows if (ref := ref_of(at.room, at.topic, at.message)) is not None]
    pages = tuple(ref for position, ref in refs if position < FILES_FROM)
    return turn_of(rows[0], pages, tuple(ref for position, ref in refs if position >= FILES_FROM))


def turn_of(row: Row[*tuple[Any, ...]], refs: tuple[Ref, ...], file_refs: tuple[Ref, ...] = ()) -> Turn:
    return Turn(
        id=row.id,
        thread_id=row.thread_id,
        state=TurnState(row.state),
        created_at=row.created_at,
        finished_at=row.finished_at,
        specialist=row.specialist,
        version=row.version,
        reply_refs=refs,
        file_refs=file_refs,
        confidence=row.confidence,
        error=row.error,
        rating=row.rating,
        asker=row.asker_id,
    )
