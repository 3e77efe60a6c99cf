"""One person leaves a thread that others hold too."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import delete, null, select, update

from storage.blobs import held_by, let_go
from storage.jobs import LANES_OF_THREAD
from storage.tables import briefs, examples, files, jobs, thread_memory, threads, turns, updates, uploads
from storage.wire import Wire

AT_ONCE = 50
"""Values looked for by one statement, which takes a limited number of them."""

Item = TypeVar("Item")


class Leaving:
    """The caller holds the turns that the user asked (`storage.holding`)."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def leave(self, thread_id: int, user_id: int) -> bool:
        """Nothing is left there that the user said or that was said to them. What was told of all of it together, the
        title, the summary and the briefs, goes too, and is made anew of the rest; and so does whatever is being done
        for their turns. One that they began goes on as that of whoever spoke next. Whether anybody is left to go on.
        """
        # Before the jobs, as whoever writes a summary does.
        for table in (thread_memory, briefs):
            await self._wire.count(delete(table).where(table.c.thread_id == thread_id))
        await self._drop_turns(thread_id, user_id)
        first = select(turns.c.asker_id).where(turns.c.thread_id == thread_id).order_by(turns.c.id).limit(1)
        next_one = await self._wire.scalar(first)
        here = update(threads).where(threads.c.id == thread_id)
        await self._wire.count(here.values(title="", title_turn_id=0))
        if next_one is not None:
            await self._wire.count(here.where(threads.c.user_id == user_id).values(user_id=next_one))
        owner = await self._wire.scalar(select(threads.c.user_id).where(threads.c.id == thread_id))
        return bool(owner != user_id)

    async def _drop_turns(self, thread_id: int, user_id: int) -> None:
        """Those that the user asked, and whatever is to be done for them."""
        own = select(turns.c.id).where(turns.c.thread_id == thread_id, turns.c.asker_id == user_id)
        ids = {row.id for row in await self._wire.rows(own)}
        lanes = [f"{lane}:{thread_id}" for lane in LANES_OF_THREAD]
        put = await self._wire.rows(select(jobs.c.id, jobs.c.payload).where(jobs.c.lane.in_(lanes)))
        for some in portions([job.id for job in put if job.payload.get("turn") in ids]):
            await self._wire.count(delete(jobs).where(jobs.c.id.in_(some)))
        await self._wire.count(update(updates).where(updates.c.turn_id.in_(own)).values(turn_id=null()))
        await self._wire.count(delete(examples).where(examples.c.turn_id.in_(own)))
        held = await held_by(self._wire, uploads.c.turn_id.in_(own), files.c.turn_id.in_(own))
        await self._wire.count(delete(turns).where(turns.c.id.in_(own)))
        await let_go(self._wire, held)


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
