"""Turns of a thread, what was said in them, and the messages that show their replies."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from bot.domain.errors import NotAllowed
from bot.domain.place import Ref
from bot.domain.thread import Message, Turn, TurnState
from storage.refs import is_at, ref_columns, ref_of
from storage.tables import message_versions, messages, threads, turn_refs, turns
from storage.types import LARGEST_ID, NOW
from storage.wire import Values, Wire

Role = Literal["user", "assistant"]


def _with_refs(turn_id: Select[*tuple[int]]) -> Select[*tuple[Any, ...]]:
    """The turn of that id, once for every message that shows its reply, in order, or once."""
    shown = (turn_refs.c.room, turn_refs.c.topic, turn_refs.c.message)
    found = select(turns, *shown).outerjoin(turn_refs).where(turns.c.id == turn_id.scalar_subquery())
    return found.order_by(turn_refs.c.position)


def _said(where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Messages with each reply in its newest version, newest first."""
    replies = messages.alias("replies")
    newest = (
        select(func.max(replies.c.version))
        .where(replies.c.turn_id == messages.c.turn_id, replies.c.role == "assistant")
        .scalar_subquery()
    )
    is_reply = case((messages.c.role == "assistant", 1), else_=0)
    said = select(messages).where(where, or_(messages.c.role == "user", messages.c.version == newest))
    return said.order_by(messages.c.turn_id.desc(), is_reply.desc(), messages.c.id.desc())


# Put together once: for a turn, building its statements would cost more than running them.
_THIS = turns.c.id == bindparam("turn")
_THREAD_OF_THIS = select(turns.c.thread_id).where(_THIS).scalar_subquery()
_EARLIER = select(func.max(turns.c.id)).where(turns.c.thread_id == _THREAD_OF_THIS, turns.c.id < bindparam("turn"))
BY_ID = _with_refs(select(turns.c.id).where(_THIS))
LATEST = _with_refs(select(func.max(turns.c.id)).where(turns.c.thread_id == bindparam("thread")))
BEFORE = _with_refs(_EARLIER)
LOCK = select(turns.c.id).where(_THIS).with_for_update()
JOB = select(turns.c.job_id).where(_THIS)

CREATE = insert(turns).values(created_at=NOW).returning(turns)
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
    .returning(turns)
)
TOUCH = update(threads).where(threads.c.id == bindparam("thread")).values(active_at=NOW)
SHOW = insert(turn_refs)
SAY = insert(messages).values(created_at=NOW).returning(messages)

SAID_IN_TURN = _said(messages.c.turn_id == bindparam("turn"))
TRANSCRIPT = _said(messages.c.thread_id == bindparam("thread")).limit(bindparam("most", type_=Integer))
TRANSCRIPT_BEFORE = TRANSCRIPT.where(messages.c.turn_id < bindparam("before_turn"))


class Turns:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def create(self, thread_id: int, specialist: str) -> Turn:
        """A new turn, queued."""
        turn = {"thread_id": thread_id, "specialist": specialist, "state": TurnState.QUEUED}
        (row,) = await self._wire.rows(CREATE, turn)
        return _turn(row, ())

    async def get(self, turn_id: int) -> Turn:
        """NotAllowed when there is no such turn."""
        turn = None
        if 0 < turn_id <= LARGEST_ID:
            turn = await self._find(BY_ID, {"turn": turn_id})
        if turn is None:
            raise NotAllowed("no such turn")
        return turn

    async def latest(self, thread_id: int) -> Turn | None:
        return await self._find(LATEST, {"thread": thread_id})

    async def owned(self, turn_id: int, user_id: int) -> Turn:
        """The turn, which must be in a thread of the user's; NotAllowed when it is someone else's, or absent."""
        turn = await self.get(turn_id)
        owner = await self._wire.scalar(select(threads.c.user_id).where(threads.c.id == turn.thread_id))
        if owner != user_id:
            raise NotAllowed("no such turn")
        return turn

    async def before(self, turn_id: int) -> Turn | None:
        """The turn that came before this one in its thread."""
        return await self._find(BEFORE, {"turn": turn_id})

    async def by_reply_ref(self, ref: Ref) -> Turn | None:
        """The turn whose reply the message `ref` shows; None when it shows none."""
        shown = select(turn_refs.c.turn_id).where(is_at(turn_refs, ref))
        best = shown.order_by((turn_refs.c.topic == ref.place.topic).desc(), turn_refs.c.turn_id.desc()).limit(1)
        return await self._find(_with_refs(best), {})

    async def attach_job(self, turn_id: int, job_id: int) -> None:
        await self._wire.count(ATTACH_JOB, {"turn": turn_id, "job": job_id})

    async def job_of(self, turn_id: int) -> int | None:
        job_id: int | None = await self._wire.scalar(JOB, {"turn": turn_id})
        return job_id

    async def begin(self, turn_id: int) -> Turn:
        """The reply is being made. ValueError when the turn has ended."""
        turn = await self._locked(turn_id, TurnState.RUNNING)
        await self._wire.count(BEGIN, {"turn": turn_id})
        return replace(turn, state=TurnState.RUNNING)

    async def requeue(self, turn_id: int) -> Turn:
        """An ended turn is to be replied to anew, in the same messages. ValueError when it is still open."""
        turn = await self._locked(turn_id, TurnState.QUEUED)
        if turn.state.is_open:
            raise ValueError(f"turn {turn_id} is still {turn.state}")
        fresh = replace(
            turn,
            state=TurnState.QUEUED,
            version=turn.version + 1,
            finished_at=None,
            confidence=None,
            error="",
            rating=0,
        )
        await self._set(
            turn_id,
            state=fresh.state,
            version=fresh.version,
            finished_at=null(),
            confidence=null(),
            error="",
            rating=0,
            partial="",
        )
        return fresh

    async def finish(
        self,
        turn_id: int,
        state: TurnState,
        *,
        text: str,
        refs: Sequence[Ref],
        confidence: float | None = None,
        error: str = "",
    ) -> Turn:
        """End the turn: `text`, if any, is the reply of this version, and `refs` are the messages that show it.

        ValueError when `state` is no end or may not follow.
        """
        turn = await self._locked(turn_id, state)
        if state.is_open:
            raise ValueError(f"a turn does not end {state}")
        end = {"turn": turn_id, "end_state": state, "end_confidence": confidence, "end_error": error}
        (row,) = await self._wire.rows(FINISH, end)
        if tuple(refs) != turn.reply_refs:
            await self._write_refs(turn, refs)
        if text:
            await self._write_message(turn, "assistant", text, refs[0] if refs else None, cut=False)
        await self._touch(turn.thread_id)
        return _turn(row, tuple(refs))

    async def rate(self, turn_id: int, rating: int) -> None:
        """1 thumbs up, -1 thumbs down, 0 none."""
        await self._set(turn_id, rating=rating)

    async def save_partial(self, turn_id: int, text: str) -> None:
        """Keep what a running reply reads so far, for a page that is loaded meanwhile; the end clears it."""
        await self._wire.count(SAVE_PARTIAL, {"turn": turn_id, "text": text})

    async def partial(self, turn_id: int) -> str:
        return str(await self._wire.scalar(select(turns.c.partial).where(turns.c.id == turn_id)) or "")

    async def add_message(self, turn_id: int, role: Role, text: str, ref: Ref | None, *, cut: bool = False) -> Message:
        """`cut`: the user's next message of the turn continues this one without a break."""
        turn = await self.get(turn_id)
        await self._touch(turn.thread_id)
        return await self._write_message(turn, role, text, ref, cut=cut)

    async def replace_message(self, ref: Ref, user_id: int, text: str) -> tuple[Turn, bool] | None:
        """The user's message `ref` reads `text` now; what it read before is kept as an earlier version.

        Its turn, and whether that is the latest of its thread. None when no message of this user is known there.
        """
        theirs = (
            select(messages)
            .join(threads)
            .where(is_at(messages, ref), messages.c.role == "user", threads.c.user_id == user_id)
            .order_by((messages.c.topic == ref.place.topic).desc(), messages.c.id.desc())
            .limit(1)
            .with_for_update(of=messages)
        )
        row = await self._wire.row(theirs)
        if row is None:
            return None
        if row.text != text:
            await self._write_version(row, text)
        turn = await self.get(row.turn_id)
        newest = await self._wire.scalar(select(func.max(turns.c.id)).where(turns.c.thread_id == turn.thread_id))
        return turn, newest == turn.id

    async def messages(self, turn_id: int) -> list[Message]:
        """What the user said, then the newest version of the reply, if there is one yet."""
        return await self._read(SAID_IN_TURN, {"turn": turn_id})

    async def transcript(self, thread_id: int, *, limit: int = 50, before_turn: int | None = None) -> list[Message]:
        """The newest `limit` messages of the thread, oldest first, each reply in its newest version.

        `before_turn` leaves out that turn and all later ones.
        """
        if before_turn is None:
            return await self._read(TRANSCRIPT, {"thread": thread_id, "most": limit})
        return await self._read(TRANSCRIPT_BEFORE, {"thread": thread_id, "most": limit, "before_turn": before_turn})

    async def _find(self, wanted: Select[*tuple[Any, ...]], values: Values) -> Turn | None:
        rows = await self._wire.rows(wanted, values)
        if not rows:
            return None
        refs = (ref_of(at.room, at.topic, at.message) for at in rows)
        return _turn(rows[0], tuple(filter(None, refs)))

    async def hold(self, turn_id: int) -> Turn:
        """The turn as it stands; nobody else changes it until the transaction ends."""
        turn = await self.get(turn_id)
        return await self._locked(turn_id, turn.state) if turn.state.is_open else turn

    async def _locked(self, turn_id: int, state: TurnState) -> Turn:
        """The turn, which nobody else changes until the transaction ends; ValueError when `state` may not follow."""
        if self._wire.dialect == "postgresql":
            # Not in the statement that reads: its refs would be those from before the wait.
            await self._wire.rows(LOCK, {"turn": turn_id})
        turn = await self.get(turn_id)
        if not turn.state.may_become(state):
            raise ValueError(f"turn {turn_id} is {turn.state} and cannot become {state}")
        return turn

    async def _set(self, turn_id: int, **values: object) -> None:
        await self._wire.count(update(turns).where(turns.c.id == turn_id).values(**values))

    async def _touch(self, thread_id: int) -> None:
        await self._wire.count(TOUCH, {"thread": thread_id})

    async def _write_refs(self, turn: Turn, refs: Sequence[Ref]) -> None:
        if turn.reply_refs:
            await self._wire.count(delete(turn_refs).where(turn_refs.c.turn_id == turn.id))
        if refs:
            shown = enumerate(refs)
            await self._wire.each(SHOW, [{"turn_id": turn.id, "position": at, **ref_columns(ref)} for at, ref in shown])

    async def _write_message(self, turn: Turn, role: Role, text: str, ref: Ref | None, *, cut: bool) -> Message:
        message = {
            "thread_id": turn.thread_id,
            "turn_id": turn.id,
            "role": role,
            "text": text,
            "version": turn.version if role == "assistant" else 1,
            "cut": cut,
            **ref_columns(ref),
        }
        (row,) = await self._wire.rows(SAY, message)
        return _message(row)

    async def _write_version(self, row: Row[*tuple[Any, ...]], text: str) -> None:
        earlier = insert(message_versions).values(
            message_id=row.id, version=row.version, text=row.text, replaced_at=self._wire.now()
        )
        await self._wire.count(earlier)
        await self._wire.count(
            update(messages).where(messages.c.id == row.id).values(text=text, version=row.version + 1)
        )

    async def _read(self, said: Select[*tuple[Any, ...]], values: Values) -> list[Message]:
        return [_message(row) for row in reversed(await self._wire.rows(said, values))]


def _turn(row: Row[*tuple[Any, ...]], refs: tuple[Ref, ...]) -> Turn:
    return Turn(
        id=row.id,
        thread_id=row.thread_id,
        state=TurnState(row.state),
        created_at=row.created_at,
        finished_at=row.finished_at,
        specialist=row.specialist,
        version=row.version,
        reply_refs=refs,
        confidence=row.confidence,
        error=row.error,
        rating=row.rating,
    )


def _message(row: Row[*tuple[Any, ...]]) -> Message:
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
