"""What users change about what they have said: another text, none at all, and what becomes of the turn then."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, and_, delete, null, select, update

from bot.domain.place import Ref
from bot.domain.thread import Message
from storage.blobs import held_by, let_go
from storage.holding import hold_turns
from storage.refs import is_at
from storage.said import forget_words, is_newest, message_of
from storage.tables import (
    JOB_IS_CLAIMED,
    JOB_IS_OPEN,
    briefs,
    examples,
    files,
    jobs,
    message_versions,
    messages,
    thread_memory,
    turns,
    updates,
    uploads,
)
from storage.upload_rows import recaption, write_version
from storage.wire import Wire


def own_message(ref: Ref, user_id: int) -> Select[*tuple[Any, ...]]:
    """The row of the user's message `ref`."""
    return (
        select(messages)
        .join(turns, turns.c.id == messages.c.turn_id)
        .where(is_at(messages, ref), messages.c.role == "user", turns.c.asker_id == user_id)
        .order_by((messages.c.topic == ref.place.topic).desc(), messages.c.id.desc())
        .limit(1)
    )


class Corrections:
    """`Turns` is what others talk to, and says what each of these promises."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def replace(self, ref: Ref, user_id: int, text: str) -> int | None:
        """The id of the turn."""
        row = await self._own_message(ref, user_id)
        if row is None:
            return None
        text = await recaption(self._wire, row.id, text)
        if row.text != text:
            await write_version(self._wire, row, text)
        return int(row.turn_id)

    async def delete(self, ref: Ref, user_id: int) -> tuple[int, tuple[str, ...]] | None:
        """The id of the turn, and all texts."""
        row = await self._own_message(ref, user_id)
        if row is None:
            return None
        earlier = select(message_versions.c.text).where(message_versions.c.message_id == row.id)
        texts = (row.text, *(version.text for version in await self._wire.rows(earlier)))
        held = await held_by(self._wire, uploads.c.message_id == row.id)
        await self._wire.count(delete(messages).where(messages.c.id == row.id))
        await let_go(self._wire, held)
        told_of = and_(thread_memory.c.thread_id == row.thread_id, thread_memory.c.upto_turn >= row.turn_id)
        await self._wire.count(delete(thread_memory).where(told_of))
        await self._wire.count(delete(examples).where(examples.c.turn_id == row.turn_id))
        await self._drop_brief(row.turn_id)
        await forget_words(self._wire)
        return row.turn_id, texts

    async def said_in(self, turn_ids: Collection[int]) -> list[Message]:
        """Held until the transaction ends."""
        await hold_turns(self._wire, turns.c.id.in_(turn_ids))
        said = select(messages).where(messages.c.turn_id.in_(turn_ids), is_newest()).order_by(messages.c.id)
        return [message_of(row) for row in await self._wire.rows(said)]

    async def _drop_brief(self, turn_id: int) -> None:
        """A brief does not know which turn gave it which answer, so it goes as a whole, unless it is older."""
        asked = select(turns.c.id).where(
            turns.c.id == turn_id,
            turns.c.thread_id == briefs.c.thread_id,
            turns.c.specialist == briefs.c.specialist,
            turns.c.created_at <= briefs.c.updated_at,
        )
        await self._wire.count(delete(briefs).where(asked.exists()))

    async def drop(self, turn_id: int) -> None:
        await self._wire.count(update(updates).where(updates.c.turn_id == turn_id).values(turn_id=null()))
        held = await held_by(self._wire, uploads.c.turn_id == turn_id, files.c.turn_id == turn_id)
        await self._wire.count(delete(turns).where(turns.c.id == turn_id))
        await let_go(self._wire, held)

    async def withdraw_jobs(self, turn_id: int, thread_id: int, *, begun: bool) -> None:
        lane = select(jobs.c.id, jobs.c.payload).where(jobs.c.lane == f"thread:{thread_id}", JOB_IS_OPEN)
        if not begun:
            lane = lane.where(~JOB_IS_CLAIMED, jobs.c.attempts == 0)
        ids = [row.id for row in await self._wire.rows(lane) if row.payload.get("turn") == turn_id]
        await self._wire.count(delete(jobs).where(jobs.c.id.in_(ids)))

    async def _own_message(self, ref: Ref, user_id: int) -> Row[*tuple[Any, ...]] | None:
        """The row of the user's message `ref`, which nobody else changes until the transaction ends: its turn is held,
        and so is whoever makes something of what was said in it."""
        theirs = own_message(ref, user_id)
        found = await self._wire.row(theirs)
        if found is None or self._wire.dialect == "sqlite":
            return found
        await hold_turns(self._wire, turns.c.id == found.turn_id)
        return await self._wire.row(theirs.where(messages.c.id == found.id))
