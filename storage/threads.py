"""Conversations, and which of them a user continues at a place."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, exists, insert, null, select, update

from bot.domain.errors import NotAllowed
from bot.domain.place import Place
from bot.domain.thread import Thread
from storage.jobs import LANES_OF_THREAD
from storage.refs import place_of, room_columns
from storage.said import forget_words
from storage.tables import jobs, messages, threads, turn_refs, turns, updates
from storage.types import LARGEST_ID
from storage.wire import Wire

ThreadList = list[Thread]

CURRENT = select(threads).where(
    threads.c.user_id == bindparam("user"),
    threads.c.room == bindparam("room"),
    threads.c.topic == bindparam("topic"),
    threads.c.current,
)
BY_ID = select(threads).where(threads.c.id == bindparam("thread"))
ASSIGN = update(threads).where(threads.c.id == bindparam("thread")).values(specialist=bindparam("chosen"))
RENAME = update(threads).where(threads.c.id == bindparam("thread")).values(title=bindparam("new_title"))


class Threads:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def current(self, user_id: int, place: Place) -> Thread | None:
        """The thread that a message of the user at `place` continues; None before the first."""
        row = await self._wire.row(CURRENT, {"user": user_id, **room_columns(place)})
        return None if row is None else thread_of(row)

    async def open(self, user_id: int, place: Place, *, specialist: str = "") -> Thread:
        """A new thread, from now on the current one of the user at `place`; nobody answers in it yet by default."""
        await self._leave_current(user_id, place)
        now = self._wire.now()
        thread = insert(threads).values(
            user_id=user_id,
            messenger=place.messenger,
            **room_columns(place),
            current=True,
            specialist=specialist,
            created_at=now,
            active_at=now,
        )
        (row,) = await self._wire.rows(thread.returning(threads))
        return thread_of(row)

    async def activate(self, thread_id: int) -> Thread:
        """Make it the current one of its user and place. NotAllowed when it is absent."""
        thread = await self.get(thread_id)
        await self._leave_current(thread.user_id, thread.place)
        await self._wire.count(update(threads).where(threads.c.id == thread_id).values(current=True))
        return thread

    async def relocate(self, thread_id: int, place: Place) -> Thread:
        """It goes on at `place`, as the current one of its user there; what was said in it stays shown where it was.

        NotAllowed when it is absent.
        """
        thread = await self.get(thread_id)
        await self._leave_current(thread.user_id, place)
        there = {"messenger": place.messenger, **room_columns(place), "current": True, "reachable": True}
        moved = update(threads).where(threads.c.id == thread_id).values(**there).returning(threads)
        (row,) = await self._wire.rows(moved)
        return thread_of(row)

    async def get(self, thread_id: int) -> Thread:
        """NotAllowed when there is no such thread."""
        row = None
        if 0 < thread_id <= LARGEST_ID:
            row = await self._wire.row(BY_ID, {"thread": thread_id})
        if row is None:
            raise NotAllowed("no such thread")
        return thread_of(row)

    async def owned(self, thread_id: int, user_id: int) -> Thread:
        """NotAllowed when it is someone else's or absent, without telling which."""
        thread = await self.get(thread_id)
        if thread.user_id != user_id:
            raise NotAllowed("no such thread")
        return thread

    async def rename(self, thread_id: int, title: str) -> None:
        await self._wire.count(RENAME, {"thread": thread_id, "new_title": title})

    async def set_specialist(self, thread_id: int, name: str) -> None:
        """Who answers there from now on."""
        await self._wire.count(ASSIGN, {"thread": thread_id, "chosen": name})

    async def archive(self, thread_id: int, archived: bool) -> None:
        """Out of the list, until the user says something in it; or back."""
        await self._wire.count(update(threads).where(threads.c.id == thread_id).values(archived=archived))

    async def delete(self, thread_id: int) -> None:
        """With all that was said in it and is being done for it; only the books remember what it cost.

        Whoever works on it loses the job and falls silent.
        """
        own = select(turns.c.id).where(turns.c.thread_id == thread_id)
        if self._wire.dialect == "postgresql":
            # Turns before threads and jobs, as at the end of a reply: two transactions never wait for each other.
            await self._wire.rows(own.order_by(turns.c.id).with_for_update(key_share=True))
        await self._wire.count(update(updates).where(updates.c.turn_id.in_(own)).values(turn_id=null()))
        await self._wire.count(delete(threads).where(threads.c.id == thread_id))
        lanes = [f"{lane}:{thread_id}" for lane in LANES_OF_THREAD]
        await self._wire.count(delete(jobs).where(jobs.c.lane.in_(lanes)))
        await forget_words(self._wire)

    async def set_reachable(self, place: Place, reachable: bool, *, topic_only: bool = False) -> int:
        """For all threads of the room, or of the one topic of it that `place` names; how many."""
        there = update(threads).where(threads.c.room == str(place.room))
        if topic_only:
            there = there.where(threads.c.topic == place.topic)
        return await self._wire.count(there.values(reachable=reachable))

    async def move(self, old: Place, new: Place) -> int:
        """The room `old` is `new` now: threads (how many) and the refs of their messages follow, topics are kept.

        Where the user already has a current thread in the new room, that one stays current.
        """
        before, after = str(old.room), str(new.room)
        if before == after:
            return 0
        there = threads.alias("there")
        taken = exists().where(
            and_(
                there.c.user_id == threads.c.user_id,
                there.c.room == after,
                there.c.topic == threads.c.topic,
                there.c.current,
            )
        )
        moving = update(threads).where(threads.c.room == before)
        await self._wire.count(moving.where(threads.c.current, taken).values(current=False))
        for table in (messages, turn_refs):
            await self._wire.count(update(table).where(table.c.room == before).values(room=after))
        return await self._wire.count(moving.values(room=after, messenger=new.messenger))

    async def list(
        self,
        user_id: int,
        *,
        place: Place | None = None,
        messenger: str | None = None,
        limit: int = 20,
        before: datetime | None = None,
        archived: bool = False,
    ) -> ThreadList:
        """Either the archived ones or the others, newest activity first; those active before `before`, when given."""
        wanted = select(threads).where(threads.c.user_id == user_id, threads.c.archived == archived)
        if place is not None:
            wanted = wanted.where(threads.c.room == str(place.room), threads.c.topic == place.topic)
        if messenger is not None:
            wanted = wanted.where(threads.c.messenger == messenger)
        if before is not None:
            wanted = wanted.where(threads.c.active_at < before)
        newest = wanted.order_by(threads.c.active_at.desc(), threads.c.id.desc()).limit(limit)
        return [thread_of(row) for row in await self._wire.rows(newest)]

    async def _leave_current(self, user_id: int, place: Place) -> None:
        """Until the transaction ends, nobody else changes which thread is the current one there."""
        await self._wire.lock(f"current thread {user_id} {place}")
        here = and_(
            threads.c.user_id == user_id,
            threads.c.room == str(place.room),
            threads.c.topic == place.topic,
            threads.c.current,
        )
        await self._wire.count(update(threads).where(here).values(current=False))


def thread_of(row: Row[*tuple[Any, ...]]) -> Thread:
    return Thread(
        id=row.id,
        user_id=row.user_id,
        place=place_of(row.room, row.topic),
        title=row.title,
        specialist=row.specialist,
        reachable=row.reachable,
        created_at=row.created_at,
        active_at=row.active_at,
        archived=row.archived,
    )
