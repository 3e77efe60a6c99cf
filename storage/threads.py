"""Conversations, and which of them a user continues at a place."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, insert, select, update

from bot.domain.errors import NotAllowed
from bot.domain.place import Place
from bot.domain.thread import Thread
from storage.refs import place_of, room_columns
from storage.tables import messages, threads, turn_refs
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
RENAME = update(threads).where(threads.c.id == bindparam("thread")).values(title=bindparam("new_title"))


class Threads:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def current(self, user_id: int, place: Place) -> Thread | None:
        """The thread that a message of the user at `place` continues; None before the first."""
        row = await self._wire.row(CURRENT, {"user": user_id, **room_columns(place)})
        return None if row is None else _thread(row)

    async def open(self, user_id: int, place: Place, *, specialist: str) -> Thread:
        """A new thread, from now on the current one of the user at `place`."""
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
        return _thread(row)

    async def activate(self, thread_id: int) -> Thread:
        """Make it the current one of its user and place. NotAllowed when it is absent."""
        thread = await self.get(thread_id)
        await self._leave_current(thread.user_id, thread.place)
        await self._wire.count(update(threads).where(threads.c.id == thread_id).values(current=True))
        return thread

    async def get(self, thread_id: int) -> Thread:
        """NotAllowed when there is no such thread."""
        row = None
        if 0 < thread_id <= LARGEST_ID:
            row = await self._wire.row(BY_ID, {"thread": thread_id})
        if row is None:
            raise NotAllowed("no such thread")
        return _thread(row)

    async def owned(self, thread_id: int, user_id: int) -> Thread:
        """NotAllowed when it is someone else's or absent, without telling which."""
        thread = await self.get(thread_id)
        if thread.user_id != user_id:
            raise NotAllowed("no such thread")
        return thread

    async def rename(self, thread_id: int, title: str) -> None:
        await self._wire.count(RENAME, {"thread": thread_id, "new_title": title})

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
    ) -> ThreadList:
        """Newest activity first; those active before `before`, when given."""
        wanted = select(threads).where(threads.c.user_id == user_id)
        if place is not None:
            wanted = wanted.where(threads.c.room == str(place.room), threads.c.topic == place.topic)
        if messenger is not None:
            wanted = wanted.where(threads.c.messenger == messenger)
        if before is not None:
            wanted = wanted.where(threads.c.active_at < before)
        newest = wanted.order_by(threads.c.active_at.desc(), threads.c.id.desc()).limit(limit)
        return [_thread(row) for row in await self._wire.rows(newest)]

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


def _thread(row: Row[*tuple[Any, ...]]) -> Thread:
    return Thread(
        id=row.id,
        user_id=row.user_id,
        place=place_of(row.room, row.topic),
        title=row.title,
        specialist=row.specialist,
        reachable=row.reachable,
        created_at=row.created_at,
        active_at=row.active_at,
    )
