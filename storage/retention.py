"""What was said and sent too long ago is not kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, null, or_, select, update

from bot.domain.media import UploadState
from bot.domain.thread import TurnState
from storage.blobs import Held, held_by, let_go
from storage.holding import hold_turns
from storage.said import forget_words
from storage.tables import documents, files, threads, turns, uploads
from storage.threads import Threads
from storage.wire import Wire

SECONDS_PER_DAY = 86_400.0


class Retention:
    """Each verb does a portion of its work, so that no transaction is long, and says whether there may be more.

    Nothing is taken from a thread in which a reply is being made or waits to be. One that waits for a person's decision
    keeps nothing: nobody may ever decide.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def forget_threads(self, days: float, *, limit: int = 20) -> int:
        """Delete threads in which nothing has happened for so many days, with all that belongs to them; how many."""
        is_old = and_(threads.c.active_at <= self._before(days), ~_works_in(threads.c.id))
        old = select(threads.c.id).where(is_old).order_by(threads.c.id)
        ids = [row.id for row in await self._wire.rows(old.limit(limit))]
        # Somebody may have gone on with one meanwhile: from here on nobody can.
        await hold_turns(self._wire, turns.c.thread_id.in_(ids))
        held = [row.id for row in await self._wire.rows(old.where(threads.c.id.in_(ids)).with_for_update())]
        for thread_id in held:
            await Threads(self._wire).clear(thread_id)
        if held:
            await forget_words(self._wire)
        return len(held)

    async def forget_uploads(self, days: float, *, limit: int = 100) -> int:
        """Of what users sent so long ago, in threads that go on, keep neither the content nor the text of documents;
        what was heard in speech is a message by now, and stays. How many."""
        holds = or_(uploads.c.blob_id.is_not(None), exists().where(documents.c.upload_id == uploads.c.id))
        old = and_(uploads.c.created_at <= self._before(days), holds, ~_works_in(uploads.c.thread_id))
        ids = [
            row.id for row in await self._wire.rows(select(uploads.c.id).where(old).order_by(uploads.c.id).limit(limit))
        ]
        await self._empty_uploads(ids)
        return len(ids)

    async def forget_files(self, days: float, *, limit: int = 500) -> int:
        """Delete files that came with replies so long ago, or were made for users; how many."""
        busy = select(turns.c.id).where(_works_in(turns.c.thread_id))
        old = and_(files.c.created_at <= self._before(days), or_(files.c.turn_id.is_(None), ~files.c.turn_id.in_(busy)))
        some = select(files.c.id).where(old).order_by(files.c.id).limit(limit)
        gone = await self._wire.rows(delete(files).where(files.c.id.in_(some)).returning(files.c.blob_id))
        await let_go(self._wire, Held(tuple(sorted({row.blob_id for row in gone if row.blob_id is not None}))))
        return len(gone)

    async def _empty_uploads(self, ids: Sequence[int]) -> None:
        these = uploads.c.id.in_(ids)
        held = await held_by(self._wire, these)
        await self._wire.count(delete(documents).where(documents.c.upload_id.in_(ids)))
        is_file = uploads.c.sort.in_(["picture", "document"])
        gone = {
            "state": UploadState.REFUSED,
            "sort": "",
            "parts": 0,
            "part_kind": "",
            "cut": False,
            "refusal": "file-gone",
            "arguments": {},
        }
        await self._wire.count(update(uploads).where(these, is_file).values(**gone))
        await self._wire.count(update(uploads).where(these).values(blob_id=null()))
        await let_go(self._wire, held)

    def _before(self, days: float) -> ColumnElement[datetime]:
        return self._wire.now(-days * SECONDS_PER_DAY)


def _works_in(thread_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a turn of the thread is being replied to, or waits for that."""
    at_work = turns.alias("at_work")
    states = [TurnState.QUEUED, TurnState.RUNNING]
    return exists().where(at_work.c.thread_id == thread_id, at_work.c.state.in_(states))
