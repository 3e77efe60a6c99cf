"""The right to be forgotten."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Row, Select, Text, cast, delete, literal, null, or_, select, union, update

from bot.domain.job import Json
from bot.domain.place import Place
from storage.blobs import held_by, let_go
from storage.feedback import Feedback
from storage.holding import concern, hold_turns
from storage.jobs import LANES_OF_THREAD, LANES_OF_USER
from storage.leaving import Leaving, portions
from storage.merging import counted
from storage.said import forget_words
from storage.tables import (
    counters,
    feedback,
    files,
    identities,
    jobs,
    messages,
    threads,
    turn_refs,
    turns,
    updates,
    uploads,
    usage,
    users,
)
from storage.types import CleanText, dump_json
from storage.wire import Wire


class Privacy:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def erase(self, user_id: int) -> list[int]:
        """Nothing about the user remains: no word, no name, no place that is theirs alone, no work to be done for them.

        Two things stay, without identity: that updates were received, so that none is taken for new when it is
        delivered again, and what replies cost, entered for user 0. Whoever works for the user loses the job and falls
        silent. Threads that others have in the same rooms stay as they are; what the user asked in shared ones is gone
        with its replies, and one that they began goes on as that of whoever spoke next. An absent user is erased
        already.

        The shared threads that go on without the user; their titles are gone, and are to be made anew.
        """
        locked = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
        if await self._wire.row(locked) is None:
            return []
        await hold_turns(self._wire, concern([user_id]))
        left = await self._leave_shared_threads(user_id)
        rooms = await self._own_rooms(user_id)
        own_threads = select(threads.c.id).where(threads.c.user_id == user_id)
        own_turns = select(turns.c.id).where(turns.c.thread_id.in_(own_threads))
        await self._wire.count(update(updates).where(updates.c.turn_id.in_(own_turns)).values(turn_id=null()))
        await self._wire.count(update(usage).where(usage.c.user_id == user_id).values(user_id=0, turn_id=0))
        await self._erase_jobs(user_id, rooms)
        await self._wire.count(delete(counters).where(counted(user_id)))
        of_files = or_(files.c.user_id == user_id, files.c.turn_id.in_(own_turns))
        held = await held_by(self._wire, uploads.c.thread_id.in_(own_threads), of_files)
        await self._wire.count(delete(users).where(users.c.id == user_id))
        await let_go(self._wire, held)
        await forget_words(self._wire)
        return left

    async def _leave_shared_threads(self, user_id: int) -> list[int]:
        """Nothing is left there that the user said or thought, or that was said to them. Those that go on."""
        asked = select(turns.c.thread_id).where(turns.c.asker_id == user_id)
        took_part = select(threads.c.id).where(
            threads.c.shared, or_(threads.c.user_id == user_id, threads.c.id.in_(asked))
        )
        ids = [row.id for row in await self._wire.rows(took_part.order_by(threads.c.id))]
        left = [thread_id for thread_id in ids if await Leaving(self._wire).leave(thread_id, user_id)]
        theirs = feedback.delete().where(feedback.c.user_id == user_id).returning(feedback.c.turn_id)
        rated = sorted(row.turn_id for row in await self._wire.rows(theirs))
        for some in portions(rated):
            await Feedback(self._wire).add_up(turns.c.id.in_(some))
        return left

    async def _own_rooms(self, user_id: int) -> list[str]:
        """The private chats of the user: those with their own id, and rooms in which nobody else has a thread."""
        named = select(identities).where(identities.c.user_id == user_id)
        chats = [_private_chat(row) for row in await self._wire.rows(named)]
        seen = [row.room for row in await self._wire.rows(_rooms_of(user_id))]
        shared: set[str] = set()
        for some in portions(seen):
            others = select(threads.c.room).where(threads.c.room.in_(some), threads.c.user_id != user_id).distinct()
            shared.update(row.room for row in await self._wire.rows(others))
        return sorted({*filter(None, chats), *seen} - shared)

    async def _erase_jobs(self, user_id: int, rooms: Sequence[str]) -> None:
        """Those in the lanes of the user and of their threads, and whatever else names the user or a private chat."""
        for lane in LANES_OF_THREAD:
            own = select(literal(f"{lane}:", CleanText) + cast(threads.c.id, Text)).where(threads.c.user_id == user_id)
            await self._wire.count(delete(jobs).where(jobs.c.lane.in_(own)))
        for lane in LANES_OF_USER:
            whole, beginning = f"{lane}:{user_id}", f"{lane}:{user_id}:"
            own_lane = or_(jobs.c.lane == whole, jobs.c.lane.startswith(beginning, autoescape=True))
            await self._wire.count(delete(jobs).where(own_lane))
        ids: set[int] = set()
        is_named = _naming(rooms)
        for some in portions([f'"user":{user_id}', *(dump_json(room)[1:-1] for room in rooms)]):
            for row in await self._wire.rows(_jobs_that_contain(some)):
                # What contains `12` may mean 123.
                if row.payload.get("user") == user_id or is_named([row.lane, row.dedup, row.payload, row.steps]):
                    ids.add(row.id)
        for portion in portions(sorted(ids)):
            await self._wire.count(delete(jobs).where(jobs.c.id.in_(portion)))


def _private_chat(identity: Row[*tuple[Any, ...]]) -> str | None:
    """As messengers and our web page name it, the chat with a user has the user's own id."""
    try:
        return str(Place(identity.messenger, identity.external_id, workspace=identity.workspace))
    except ValueError:
        return None


def _rooms_of(user_id: int) -> CompoundSelect[*tuple[Any, ...]]:
    """Wherever the user's threads are, and were."""
    own = threads.c.user_id == user_id
    said = select(messages.c.room).join(threads).where(own, messages.c.room.is_not(None))
    shown = select(turn_refs.c.room).select_from(turn_refs.join(turns).join(threads)).where(own)
    return union(select(threads.c.room).where(own), said, shown)


def _jobs_that_contain(needles: Sequence[str]) -> Select[*tuple[Any, ...]]:
    written = (jobs.c.lane, jobs.c.dedup, cast(jobs.c.payload, Text), cast(jobs.c.steps, Text))
    any_of = or_(*(part.contains(needle, autoescape=True) for part in written for needle in needles))
    return select(jobs.c.id, jobs.c.lane, jobs.c.dedup, jobs.c.payload, jobs.c.steps).where(any_of)


def _naming(rooms: Sequence[str]) -> Callable[[Json], bool]:
    """Whether a JSON value names one of the rooms, alone or as part of a place, a ref or a lane."""
    if not rooms:
        return lambda _: False
    any_room = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, rooms))})(?![\w-])")

    def names(value: Json) -> bool:
        match value:
            case str():
                return any_room.search(value) is not None
            case Mapping():
                return any(names(item) for pair in value.items() for item in pair)
            case list() | tuple():
                return any(map(names, value))
            case _:
                return False

    return names
