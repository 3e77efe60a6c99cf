"""Turns of a thread, what was said in them, and the messages that show their replies."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import Row, Select, case, delete, func, insert, null, or_, select, update

from bot.domain.errors import NotAllowed
from bot.domain.place import Ref
from bot.domain.thread import Message, Turn, TurnState
from storage.refs import is_at, ref_columns, ref_of
from storage.tables import message_versions, messages, threads, turn_refs, turns
from storage.types import LARGEST_ID
from storage.wire import Wire

Role = Literal["user", "assistant"]


class Turns:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def create(self, thread_id: int, specialist: str) -> Turn:
        """A new turn, queued."""
        turn = insert(turns).values(
            thread_id=thread_id, specialist=specialist, state=TurnState.QUEUED, created_at=self._wire.now()
        )
        (row,) = await self._wire.rows(turn.returning(turns))
        return _turn(row, ())

    async def get(self, turn_id: int) -> Turn:
        """NotAllowed when there is no such turn."""
        turn = None
        if 0 < turn_id <= LARGEST_ID:
            turn = await self._find(select(turns).where(turns.c.id == turn_id))
        if turn is None:
            raise NotAllowed("no such turn")
        return turn

    async def latest(self, thread_id: int) -> Turn | None:
        of_thread = select(turns).where(turns.c.thread_id == thread_id)
        return await self._find(of_thread.order_by(turns.c.id.desc()).limit(1))

    async def owned(self, turn_id: int, user_id: int) -> Turn:
        """The turn, which must be in a thread of the user's; NotAllowed when it is someone else's, or absent."""
        turn = await self.get(turn_id)
        owner = await self._wire.scalar(select(threads.c.user_id).where(threads.c.id == turn.thread_id))
        if owner != user_id:
            raise NotAllowed("no such turn")
        return turn

    async def before(self, turn_id: int) -> Turn | None:
        """The turn that came before this one in its thread."""
        thread_id = select(turns.c.thread_id).where(turns.c.id == turn_id).scalar_subquery()
        earlier = select(turns).where(turns.c.thread_id == thread_id, turns.c.id < turn_id)
        return await self._find(earlier.order_by(turns.c.id.desc()).limit(1))

    async def by_reply_ref(self, ref: Ref) -> Turn | None:
        """The turn whose reply the message `ref` shows; None when it shows none."""
        shown = select(turns).join(turn_refs).where(is_at(turn_refs, ref))
        return await self._find(
            shown.order_by((turn_refs.c.topic == ref.place.topic).desc(), turns.c.id.desc()).limit(1)
        )

    async def attach_job(self, turn_id: int, job_id: int) -> None:
        await self._set(turn_id, job_id=job_id)

    async def job_of(self, turn_id: int) -> int | None:
        job_id: int | None = await self._wire.scalar(select(turns.c.job_id).where(turns.c.id == turn_id))
        return job_id

    async def begin(self, turn_id: int) -> Turn:
        """The reply is being made. ValueError when the turn has ended."""
        turn = await self._locked(turn_id, TurnState.RUNNING)
        await self._set(turn_id, state=TurnState.RUNNING)
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
        values = {"state": state, "confidence": confidence, "error": error}
        changed = update(turns).where(turns.c.id == turn_id).values(finished_at=self._wire.now(), partial="", **values)
        (row,) = await self._wire.rows(changed.returning(turns))
        if tuple(refs) != turn.reply_refs:
            await self._write_refs(turn_id, refs)
        if text:
            await self._write_message(turn, "assistant", text, refs[0] if refs else None, cut=False)
        await self._touch(turn.thread_id)
        return _turn(row, tuple(refs))

    async def rate(self, turn_id: int, rating: int) -> None:
        """1 thumbs up, -1 thumbs down, 0 none."""
        await self._set(turn_id, rating=rating)

    async def save_partial(self, turn_id: int, text: str) -> None:
        """Keep what a running reply reads so far, for a page that is loaded meanwhile; the end clears it."""
        await self._set(turn_id, partial=text)

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
        return await self._read(select(messages).where(messages.c.turn_id == turn_id))

    async def transcript(self, thread_id: int, *, limit: int = 50, before_turn: int | None = None) -> list[Message]:
        """The newest `limit` messages of the thread, oldest first, each reply in its newest version.

        `before_turn` leaves out that turn and all later ones.
        """
        said = select(messages).where(messages.c.thread_id == thread_id)
        if before_turn is not None:
            said = said.where(messages.c.turn_id < before_turn)
        return await self._read(said.limit(limit))

    async def _find(self, wanted: Select[*tuple[Any, ...]]) -> Turn | None:
        row = await self._wire.row(wanted)
        if row is None:
            return None
        shown = select(turn_refs).where(turn_refs.c.turn_id == row.id).order_by(turn_refs.c.position)
        refs = (ref_of(at.room, at.topic, at.message) for at in await self._wire.rows(shown))
        return _turn(row, tuple(filter(None, refs)))

    async def _locked(self, turn_id: int, state: TurnState) -> Turn:
        """The turn, which nobody else changes until the transaction ends; ValueError when `state` may not follow."""
        turn = await self._find(select(turns).where(turns.c.id == turn_id).with_for_update())
        if turn is None:
            raise NotAllowed("no such turn")
        if not turn.state.may_become(state):
            raise ValueError(f"turn {turn_id} is {turn.state} and cannot become {state}")
        return turn

    async def _set(self, turn_id: int, **values: object) -> None:
        await self._wire.count(update(turns).where(turns.c.id == turn_id).values(**values))

    async def _touch(self, thread_id: int) -> None:
        await self._wire.count(update(threads).where(threads.c.id == thread_id).values(active_at=self._wire.now()))

    async def _write_refs(self, turn_id: int, refs: Sequence[Ref]) -> None:
        await self._wire.count(delete(turn_refs).where(turn_refs.c.turn_id == turn_id))
        for position, ref in enumerate(refs):
            shown = insert(turn_refs).values(turn_id=turn_id, position=position, **ref_columns(ref))
            await self._wire.count(shown)

    async def _write_message(self, turn: Turn, role: Role, text: str, ref: Ref | None, *, cut: bool) -> Message:
        message = insert(messages).values(
            thread_id=turn.thread_id,
            turn_id=turn.id,
            role=role,
            text=text,
            version=turn.version if role == "assistant" else 1,
            cut=cut,
            created_at=self._wire.now(),
            **ref_columns(ref),
        )
        (row,) = await self._wire.rows(message.returning(messages))
        return _message(row)

    async def _write_version(self, row: Row[*tuple[Any, ...]], text: str) -> None:
        earlier = insert(message_versions).values(
            message_id=row.id, version=row.version, text=row.text, replaced_at=self._wire.now()
        )
        await self._wire.count(earlier)
        await self._wire.count(
            update(messages).where(messages.c.id == row.id).values(text=text, version=row.version + 1)
        )

    async def _read(self, said: Select[*tuple[Any, ...]]) -> list[Message]:
        replies = messages.alias("replies")
        newest = (
            select(func.max(replies.c.version))
            .where(replies.c.turn_id == messages.c.turn_id, replies.c.role == "assistant")
            .scalar_subquery()
        )
        is_reply = case((messages.c.role == "assistant", 1), else_=0)
        latest = said.where(or_(messages.c.role == "user", messages.c.version == newest))
        rows = await self._wire.rows(latest.order_by(messages.c.turn_id.desc(), is_reply.desc(), messages.c.id.desc()))
        return [_message(row) for row in reversed(rows)]


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
