"""Conversations, and which of them a user continues at a place."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, exists, func, insert, null, or_, select, update

from bot.domain.errors import NotAllowed
from bot.domain.place import Place
from bot.domain.thread import Thread
from storage.blobs import held_by, let_go
from storage.holding import hold_turns
from storage.jobs import LANES_OF_THREAD
from storage.leaving import Leaving, portions
from storage.refs import place_of, room_columns
from storage.said import forget_words
from storage.tables import examples, files, fixes, jobs, messages, threads, turn_refs, turns, updates, uploads
from storage.types import LARGEST_ID
from storage.wire import Wire

ThreadList = list[Thread]

_HERE = and_(threads.c.room == bindparam("room"), threads.c.topic == bindparam("topic"), threads.c.current)
CURRENT = (
    select(threads)
    .where(_HERE, or_(threads.c.user_id == bindparam("user"), threads.c.shared))
    .order_by(threads.c.shared.desc())
    .limit(1)
)
ANY_HERE = select(threads.c.id).where(_HERE).limit(1)
BY_ID = select(threads).where(threads.c.id == bindparam("thread"))
ASSIGN = update(threads).where(threads.c.id == bindparam("thread")).values(specialist=bindparam("chosen"))
RENAME = (
    update(threads)
    .where(threads.c.id == bindparam("thread"))
    .values(title=bindparam("new_title"), title_turn_id=bindparam("turn"))
)
ENTITLE = RENAME.where(
    threads.c.title == bindparam("old_title"),
    or_(threads.c.title == "", threads.c.title_turn_id == bindparam("turn")),
)


class Threads:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def current(self, user_id: int, place: Place) -> Thread | None:
        """The thread that a message of the user at `place` continues, whoever began it if it is shared; None before
        the first."""
        row = await self._wire.row(CURRENT, {"user": user_id, **room_columns(place)})
        return None if row is None else thread_of(row)

    async def here(self, user_id: int, place: Place, *, shared: bool = False) -> Thread:
        """The current one, opened if there is none yet. Of those who speak first at once, all get the same one when
        it is to be `shared`."""
        thread = await self.current(user_id, place)
        if thread is None and shared:
            await self._wire.lock(f"shared thread {place}")
            thread = await self.current(user_id, place)
        return thread or await self.open(user_id, place, shared=shared)

    async def exists_at(self, place: Place) -> bool:
        """Whether anybody has a conversation with us at `place` that has not moved on or been deleted."""
        return await self._wire.row(ANY_HERE, room_columns(place)) is not None

    async def open(self, user_id: int, place: Place, *, specialist: str = "", shared: bool = False) -> Thread:
        """A new thread, from now on the current one of the user at `place`, and of everybody there when it is
        `shared`; nobody answers in it yet by default."""
        await self._leave_current(user_id, place, shared=shared)
        now = self._wire.now()
        thread = insert(threads).values(
            user_id=user_id,
            messenger=place.messenger,
            **room_columns(place),
            current=True,
            shared=shared,
            specialist=specialist,
            created_at=now,
            active_at=now,
        )
        (row,) = await self._wire.rows(thread.returning(threads))
        return thread_of(row)

    async def activate(self, thread_id: int) -> Thread:
        """Make it the current one of its user and place. NotAllowed when it is absent."""
        thread = await self.get(thread_id)
        await self._leave_current(thread.user_id, thread.place, shared=thread.shared)
        await self._wire.count(update(threads).where(threads.c.id == thread_id).values(current=True))
        return thread

    async def relocate(self, thread_id: int, place: Place) -> Thread:
        """It goes on at `place`, as the current one of its user there; what was said in it stays shown where it was.

        NotAllowed when it is absent, or shared: where others speak it stays, and what was said alone with us is not
        taken there.
        """
        thread = await self.get(thread_id)
        if thread.shared:
            raise NotAllowed("a shared thread stays where it is")
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
        """As a user wants it."""
        await self._wire.count(RENAME, {"thread": thread_id, "new_title": title, "turn": 0})

    async def entitle(self, thread_id: int, title: str, turn_id: int, *, instead_of: str) -> bool:
        """A title made of what was said in that turn, in place of none or of an earlier one of the same turn; False
        when the thread is not called `instead_of` any more."""
        new = {"thread": thread_id, "new_title": title, "turn": turn_id, "old_title": instead_of}
        return bool(await self._wire.count(ENTITLE, new))

    async def untitle(self, thread_id: int, turn_id: int) -> bool:
        """No title, if it was made of that turn; whether it was."""
        made_of_it = update(threads).where(threads.c.id == thread_id, threads.c.title_turn_id == turn_id)
        return bool(await self._wire.count(made_of_it.values(title="", title_turn_id=0)))

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
        await self.clear(thread_id)
        await forget_words(self._wire)

    async def clear(self, thread_id: int) -> None:
        """As `delete`, but what was said may stay in SQLite's index and log for some time."""
        own = select(turns.c.id).where(turns.c.thread_id == thread_id)
        await hold_turns(self._wire, turns.c.thread_id == thread_id)
        await self._wire.count(update(updates).where(updates.c.turn_id.in_(own)).values(turn_id=null()))
        await self._wire.count(delete(examples).where(examples.c.turn_id.in_(own)))
        held = await held_by(self._wire, uploads.c.thread_id == thread_id, files.c.turn_id.in_(own))
        await self._wire.count(delete(threads).where(threads.c.id == thread_id))
        await let_go(self._wire, held)
        lanes = [f"{lane}:{thread_id}" for lane in LANES_OF_THREAD]
        await self._wire.count(delete(jobs).where(jobs.c.lane.in_(lanes)))

    async def leave(self, thread_id: int, user_id: int) -> bool:
        """What the user asked in the shared thread is gone, with its replies and whatever is being done for them; what
        others asked goes on. The title, the summary and the briefs are made anew. With nobody left the thread is gone;
        whether somebody is.
        """
        await hold_turns(self._wire, and_(turns.c.thread_id == thread_id, turns.c.asker_id == user_id))
        goes_on = await Leaving(self._wire).leave(thread_id, user_id)
        if goes_on:
            await forget_words(self._wire)
        else:
            await self.delete(thread_id)
        return goes_on

    async def set_reachable(self, place: Place, reachable: bool, *, topic_only: bool = False) -> int:
        """For all threads of the room, or of the one topic of it that `place` names; how many."""
        there = update(threads).where(threads.c.room == str(place.room))
        if topic_only:
            there = there.where(threads.c.topic == place.topic)
        return await self._wire.count(there.values(reachable=reachable))

    async def move(self, old: Place, new: Place) -> int:
        """The room `old` is `new` now: threads (how many) and the refs of their messages follow, topics are kept.

        Where the user already has a current thread in the new room, or everybody has, that one stays current.
        """
        before, after = str(old.room), str(new.room)
        if before == after:
            return 0
        there = threads.alias("there")
        taken = exists().where(
            and_(
                or_(there.c.user_id == threads.c.user_id, and_(there.c.shared, threads.c.shared)),
                there.c.room == after,
                there.c.topic == threads.c.topic,
                there.c.current,
            )
        )
        moving = update(threads).where(threads.c.room == before)
        await self._wire.count(moving.where(threads.c.current, taken).values(current=False))
        for table in (messages, turn_refs):
            await self._wire.count(update(table).where(table.c.room == before).values(room=after))
        for room in (uploads.c.shown_room, fixes.c.room, fixes.c.note_room):
            await self._wire.count(update(room.table).where(room == before).values({room: after}))
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

    async def taken_part_in(self, user_id: int) -> ThreadList:
        """The shared threads in which the user asked something, whoever began them, oldest first."""
        asked = select(turns.c.thread_id).where(turns.c.asker_id == user_id)
        theirs = select(threads).where(threads.c.shared, threads.c.id.in_(asked)).order_by(threads.c.id)
        return [thread_of(row) for row in await self._wire.rows(theirs)]

    async def has_part(self, thread_id: int, user_id: int) -> Thread:
        """The thread, which the user must have begun, or asked something in while it is shared; else NotAllowed."""
        thread = await self.get(thread_id)
        asked = select(turns.c.id).where(turns.c.thread_id == thread_id, turns.c.asker_id == user_id).limit(1)
        if thread.user_id != user_id and not (thread.shared and await self._wire.row(asked) is not None):
            raise NotAllowed("no such thread")
        return thread

    async def shelf(self, user_id: int, *, limit: int, archived: bool = False) -> ThreadList:
        """As `list`, and with the shared threads that others began and the user asked something in."""
        own = await self.list(user_id, limit=limit, archived=archived)
        others = [
            thread
            for thread in await self.taken_part_in(user_id)
            if thread.user_id != user_id and thread.archived == archived
        ]
        newest = sorted((*own, *others), key=lambda thread: (thread.active_at, thread.id), reverse=True)
        return newest[:limit]

    async def first_words(self, user_id: int, thread_ids: Sequence[int]) -> dict[int, str]:
        """The first message that the user said in each of these threads, by the thread; the others are left out."""
        found: dict[int, str] = {}
        for some in portions(thread_ids):
            first = (
                select(func.min(messages.c.id))
                .join(turns, turns.c.id == messages.c.turn_id)
                .where(messages.c.thread_id.in_(some), messages.c.role == "user", turns.c.asker_id == user_id)
                .group_by(messages.c.thread_id)
            )
            said = select(messages.c.thread_id, messages.c.text).where(messages.c.id.in_(first))
            found |= {row.thread_id: row.text for row in await self._wire.rows(said)}
        return found

    async def _leave_current(self, user_id: int, place: Place, *, shared: bool = False) -> None:
        """Until the transaction ends, nobody else changes which thread is the current one there."""
        await self._wire.lock(f"shared thread {place}" if shared else f"current thread {user_id} {place}")
        here = and_(
            threads.c.shared if shared else threads.c.user_id == user_id,
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
        shared=row.shared,
        title_turn=row.title_turn_id,
    )
