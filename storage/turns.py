"""Turns of a thread, what was said in them, and the messages that show their replies."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Select, delete, func, null, select, update

from bot.domain.errors import NotAllowed
from bot.domain.place import Place, Ref
from bot.domain.reply import Request
from bot.domain.thread import Message, Turn, TurnState
from storage.corrections import Corrections
from storage.feedback import Feedback
from storage.pauses import Pause, Pauses
from storage.refs import is_at, place_of, ref_columns, room_columns
from storage.said import (
    SAID_IN_TURN,
    TRANSCRIPT,
    TRANSCRIPT_BEFORE,
    TRANSCRIPT_OF_ASKER,
    message_of,
)
from storage.tables import (
    threads,
    turn_refs,
    turns,
)
from storage.turn_rows import (
    ASKER,
    ASSIGN,
    ATTACH_JOB,
    BEFORE,
    BEGIN,
    BY_ID,
    BY_IDS,
    CREATE,
    FILES_FROM,
    FINISH,
    JOB,
    LATEST,
    LOCK,
    NAMES,
    OPEN_AT,
    PAUSE,
    RUNNING,
    SAVE_PARTIAL,
    SAY,
    SHOW,
    SINCE,
    THREAD,
    TOUCH,
    TOUCH_AND_UNARCHIVE,
    WAITING,
    turn_of,
    turn_shown,
    with_refs,
)
from storage.types import LARGEST_ID
from storage.wire import Values, Wire

Role = Literal["user", "assistant"]


class Turns:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._pauses = Pauses(wire)
        self._feedback = Feedback(wire)
        self._corrections = Corrections(wire)

    async def create(self, thread_id: int, specialist: str, *, asker: int | None = None) -> Turn:
        """A new turn, queued; `specialist` is empty when the router is to decide.

        `asker` is the user who speaks, by default the thread's owner; NotAllowed when there is no such user.
        """
        if asker is not None and await self._wire.row(ASKER, {"asker": asker}) is None:
            raise NotAllowed("no such user")
        of = {"thread": thread_id, "asker": asker}
        turn = {"thread_id": thread_id, "specialist": specialist, "state": TurnState.QUEUED}
        (row,) = await self._wire.rows(CREATE, {**turn, **of})
        return turn_of(row, ())

    async def get(self, turn_id: int) -> Turn:
        """NotAllowed when there is no such turn."""
        turn = None
        if 0 < turn_id <= LARGEST_ID:
            turn = await self._find(BY_ID, {"turn": turn_id})
        if turn is None:
            raise NotAllowed("no such turn")
        return turn

    async def many(self, turn_ids: Sequence[int]) -> list[Turn]:
        """Those turns in that order; the absent are left out."""
        ids = [turn_id for turn_id in turn_ids if 0 < turn_id <= LARGEST_ID]
        rows = await self._wire.rows(BY_IDS, {"ids": ids}) if ids else ()
        found = {
            turn.id: turn for turn in (turn_shown(list(group)) for _, group in groupby(rows, key=lambda row: row.id))
        }
        return [found[turn_id] for turn_id in ids if turn_id in found]

    async def latest(self, thread_id: int) -> Turn | None:
        return await self._find(LATEST, {"thread": thread_id})

    async def owned(self, turn_id: int, user_id: int) -> Turn:
        """The turn, which must be in a thread of the user's; NotAllowed when it is someone else's, or absent."""
        turn = await self.get(turn_id)
        owner = await self._wire.scalar(select(threads.c.user_id).where(threads.c.id == turn.thread_id))
        if owner != user_id:
            raise NotAllowed("no such turn")
        return turn

    async def asked_by(self, turn_id: int, user_id: int) -> Turn:
        """The turn, which must be the user's own; NotAllowed when somebody else asked, or it is absent."""
        turn = await self.get(turn_id)
        if turn.asker != user_id:
            raise NotAllowed("no such turn")
        return turn

    async def at_hand(self, turn_id: int, user_id: int, place: Place) -> Turn:
        """The turn, which the user, who acts at `place`, must have a part in: in a thread of theirs, or in the shared
        one there. NotAllowed when it is elsewhere, or absent."""
        turn = await self.get(turn_id)
        thread = await self._wire.row(THREAD, {"thread": turn.thread_id})
        is_here = thread is not None and thread.shared and place_of(thread.room, thread.topic) == place
        if thread is None or not (thread.user_id == user_id or is_here):
            raise NotAllowed("no such turn")
        return turn

    async def names(self, turn_ids: Collection[int]) -> dict[int, str]:
        """What whoever asked each of these turns is called, by the turn."""
        rows = await self._wire.rows(NAMES, {"ids": list(turn_ids)}) if turn_ids else ()
        return {row.id: row.name for row in rows}

    async def before(self, turn_id: int) -> Turn | None:
        """The turn that came before this one in its thread."""
        return await self._find(BEFORE, {"turn": turn_id})

    async def by_reply_ref(self, ref: Ref) -> Turn | None:
        """The turn whose reply the message `ref` shows; None when it shows none."""
        shown = select(turn_refs.c.turn_id).where(is_at(turn_refs, ref))
        best = shown.order_by((turn_refs.c.topic == ref.place.topic).desc(), turn_refs.c.turn_id.desc()).limit(1)
        return await self._find(with_refs(best), {})

    async def attach_job(self, turn_id: int, job_id: int) -> None:
        await self._wire.count(ATTACH_JOB, {"turn": turn_id, "job": job_id})

    async def job_of(self, turn_id: int) -> int | None:
        job_id: int | None = await self._wire.scalar(JOB, {"turn": turn_id})
        return job_id

    async def assign(self, turn_id: int, specialist: str) -> None:
        """Who answers it."""
        await self._wire.count(ASSIGN, {"turn": turn_id, "chosen": specialist})

    async def begin(self, turn_id: int) -> Turn:
        """The reply is being made; a pause it goes on after stays readable. ValueError when the turn has ended."""
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
        await self._pauses.forget(turn_id)
        await self._feedback.forget(turn_id)
        return fresh

    async def pause(
        self,
        turn_id: int,
        *,
        text: str,
        refs: Sequence[Ref],
        requests: Sequence[Request],
        state: str,
        file_refs: Sequence[Ref] = (),
    ) -> Turn:
        """The reply, of which `text` is told and shown by `refs`, waits for a decision on all of `requests`.

        No requests: the question is who should answer. `state` is `Paused.state`. ValueError when it does not run.
        """
        turn = await self._locked(turn_id, TurnState.REQUIRES_ACTION)
        (row,) = await self._wire.rows(PAUSE, {"turn": turn_id, "text": text})
        await self._pauses.put(turn_id, text, requests, state)
        await self._write_refs(turn, refs, file_refs)
        return turn_of(row, tuple(refs), tuple(file_refs))

    async def pause_of(self, turn_id: int) -> Pause | None:
        """The last pause of the reply that is being made; None when it has none, or has ended."""
        return await self._pauses.of(turn_id)

    async def decide(self, turn_id: int, granted: bool) -> bool:
        """Whether this decision counts: it is the first, and the turn waits for one."""
        return await self._pauses.decide(turn_id, granted)

    async def waiting_for_action(self, thread_id: int) -> list[Turn]:
        """Turns of the thread that wait for a decision, oldest first."""
        rows = await self._wire.rows(WAITING, {"thread": thread_id})
        return [turn_shown(list(group)) for _, group in groupby(rows, key=lambda row: row.id)]

    async def running(self, thread_id: int) -> Turn | None:
        """The turn whose reply is being made in the thread."""
        rows = await self._wire.rows(RUNNING, {"thread": thread_id})
        return next((turn_shown(list(group)) for _, group in groupby(rows, key=lambda row: row.id)), None)

    async def count_since(self, user_id: int, since: datetime) -> int:
        """How many turns the user began since then, those of deleted threads left out."""
        return int(await self._wire.scalar(SINCE, {"user": user_id, "since": since}))

    async def finish(
        self,
        turn_id: int,
        state: TurnState,
        *,
        text: str,
        refs: Sequence[Ref],
        confidence: float | None = None,
        error: str = "",
        file_refs: Sequence[Ref] = (),
    ) -> Turn:
        """End the turn: `text`, if any, is the reply of this version, `refs` are the messages that show it, and
        `file_refs` those with its files.

        ValueError when `state` is no end or may not follow.
        """
        turn = await self._locked(turn_id, state)
        if state.is_open:
            raise ValueError(f"a turn does not end {state}")
        end = {"turn": turn_id, "end_state": state, "end_confidence": confidence, "end_error": error}
        (row,) = await self._wire.rows(FINISH, end)
        if row.was_paused:
            await self._pauses.forget(turn_id)
        await self._write_refs(turn, refs, file_refs)
        if text:
            await self._write_message(turn, "assistant", text, refs[0] if refs else None, cut=False)
        await self._wire.count(TOUCH, {"thread": turn.thread_id})
        return turn_of(row, tuple(refs))

    async def show_more(self, turn_id: int, version: int, ref: Ref) -> bool:
        """`ref` shows a file of the reply's `version`, behind those that are there. False, and nothing is kept, when
        the turn is on another reply by now."""
        turn = await self.hold(turn_id)
        if turn.version != version or turn.state is not TurnState.COMPLETED:
            return False
        position = FILES_FROM + len(turn.file_refs)
        await self._wire.each(SHOW, [{"turn_id": turn_id, "position": position, **ref_columns(ref)}])
        return True

    async def rate(self, turn_id: int, rating: int, *, by: int | None = None) -> None:
        """1 thumbs up, -1 thumbs down, 0 none, by that user (by default whoever asked), in place of what they gave
        before."""
        turn = await self.hold(turn_id)
        await self._feedback.give(turn_id, turn.asker if by is None else by, rating)

    async def save_partial(self, turn_id: int, text: str) -> None:
        """Keep what a running reply reads so far, for a page that is loaded meanwhile; the end clears it."""
        await self._wire.count(SAVE_PARTIAL, {"turn": turn_id, "text": text})

    async def partial(self, turn_id: int) -> str:
        return str(await self._wire.scalar(select(turns.c.partial).where(turns.c.id == turn_id)) or "")

    async def add_message(self, turn_id: int, role: Role, text: str, ref: Ref | None, *, cut: bool = False) -> Message:
        """`cut`: the user's next message of the turn continues this one without a break. An archived thread returns."""
        turn = await self.get(turn_id)
        await self._wire.count(TOUCH_AND_UNARCHIVE, {"thread": turn.thread_id})
        return await self._write_message(turn, role, text, ref, cut=cut)

    async def thumbs(self, user_id: int, turn_ids: Collection[int]) -> dict[int, int]:
        """What the user gave each of these turns, as in `rate`; those without are left out."""
        return await self._feedback.of(user_id, turn_ids)

    async def said_in(self, turn_ids: Collection[int]) -> list[Message]:
        """What was said in these turns, in order, each reply in its newest version. Nobody changes it until the
        transaction ends."""
        return await self._corrections.said_in(turn_ids)

    async def replace_message(self, ref: Ref, user_id: int, text: str) -> tuple[Turn, bool] | None:
        """The user's message `ref` reads `text` now; what it read before is kept as an earlier version.

        Its turn, and whether that is the latest of its thread. None when no message of this user is known there.
        """
        turn_id = await self._corrections.replace(ref, user_id, text)
        if turn_id is None:
            return None
        turn = await self.get(turn_id)
        newest = await self._wire.scalar(select(func.max(turns.c.id)).where(turns.c.thread_id == turn.thread_id))
        return turn, newest == turn.id

    async def delete_message(self, ref: Ref, user_id: int) -> tuple[Turn, tuple[str, ...]] | None:
        """The user's message `ref` is gone, in all its versions, and so are the summary that told of it, the routing
        examples made of its turn, and the brief of the specialist who answered if it may hold what it said.

        Its turn, and what the message ever read. None when no message of this user is known there.
        """
        found = await self._corrections.delete(ref, user_id)
        return None if found is None else (await self.get(found[0]), found[1])

    async def drop(self, turn_id: int) -> None:
        """The turn was never asked: it is gone, nobody waits for it and nobody works on it any more.

        Whoever does loses the job and falls silent.
        """
        await self.withdraw_jobs(await self.hold(turn_id))
        await self._corrections.drop(turn_id)

    async def withdraw_jobs(self, turn: Turn, *, begun: bool = True) -> None:
        """Nothing that is to be done for the turn is done; what has `begun` already may be let go on."""
        await self._corrections.withdraw_jobs(turn.id, turn.thread_id, begun=begun)

    async def messages(self, turn_id: int) -> list[Message]:
        """What the user said, then the newest version of the reply, if there is one yet."""
        return await self._read(SAID_IN_TURN, {"turn": turn_id})

    async def transcript(
        self, thread_id: int, *, limit: int = 50, before_turn: int | None = None, after_turn: int = 0
    ) -> list[Message]:
        """The newest `limit` messages of the thread, oldest first, each reply in its newest version.

        `before_turn` leaves out that turn and all later ones, `after_turn` that turn and all earlier ones.
        """
        wanted = {"thread": thread_id, "most": limit, "after_turn": after_turn}
        if before_turn is None:
            return await self._read(TRANSCRIPT, wanted)
        return await self._read(TRANSCRIPT_BEFORE, {**wanted, "before_turn": before_turn})

    async def said_by(self, user_id: int, thread_id: int, *, limit: int, before_turn: int) -> list[Message]:
        """The newest `limit` messages of the turns before `before_turn` that the user asked in the thread, and of their
        replies, oldest first."""
        wanted = {"user": user_id, "thread": thread_id, "most": limit, "after_turn": 0, "before_turn": before_turn}
        return await self._read(TRANSCRIPT_OF_ASKER, wanted)

    async def _find(self, wanted: Select[*tuple[Any, ...]], values: Values) -> Turn | None:
        rows = await self._wire.rows(wanted, values)
        return turn_shown(rows) if rows else None

    async def open_at(self, user_id: int, place: Place) -> list[Turn]:
        """Every turn in that place, of the user's threads and of shared ones, which has not ended; archived threads
        and left ones included."""
        rows = await self._wire.rows(OPEN_AT, {"user": user_id, **room_columns(place)})
        return [turn_shown(list(group)) for _, group in groupby(rows, key=lambda row: row.id)]

    async def hold(self, turn_id: int) -> Turn:
        """The turn as it stands; nobody else changes it until the transaction ends."""
        if self._wire.dialect == "postgresql":
            # Not in the statement that reads: its refs would be those from before the wait.
            await self._wire.rows(LOCK, {"turn": turn_id})
        return await self.get(turn_id)

    async def _locked(self, turn_id: int, state: TurnState) -> Turn:
        """The turn, which nobody else changes until the transaction ends; ValueError when `state` may not follow."""
        turn = await self.hold(turn_id)
        if not turn.state.may_become(state):
            raise ValueError(f"turn {turn_id} is {turn.state} and cannot become {state}")
        return turn

    async def _set(self, turn_id: int, **values: object) -> None:
        await self._wire.count(update(turns).where(turns.c.id == turn_id).values(**values))

    async def _write_refs(self, turn: Turn, refs: Sequence[Ref], file_refs: Sequence[Ref]) -> None:
        if (tuple(refs), tuple(file_refs)) == (turn.reply_refs, turn.file_refs):
            return
        if turn.reply_refs or turn.file_refs:
            await self._wire.count(delete(turn_refs).where(turn_refs.c.turn_id == turn.id))
        shown = [*enumerate(refs), *enumerate(file_refs, FILES_FROM)]
        if shown:
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
        return message_of(row)

    async def _read(self, said: Select[*tuple[Any, ...]], values: Values) -> list[Message]:
        return [message_of(row) for row in reversed(await self._wire.rows(said, values))]
