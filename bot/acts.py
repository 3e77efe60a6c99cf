"""What the tools of a reply may cause, as rows and jobs of the turn's own user."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256

from bot.domain.errors import Refused
from bot.domain.ports import Clock
from bot.lanes import reminder_lane, thread_topic
from bot.running import Running
from bot.scene import Scene
from storage.store import Store, Tx

_REMINDERS_A_DAY = 50
_SOONEST = timedelta(minutes=1)
_LATEST = timedelta(days=366)
_TEXT_CHARS = 1_000


class TurnActions:
    """Implements `Actions` for one turn."""

    def __init__(self, store: Store, clock: Clock, running: Running, *, remembers: bool) -> None:
        """`remembers`: the platform's policy lets facts about users be kept."""
        self._store = store
        self._clock = clock
        self._running = running
        self._remembers = remembers

    @asynccontextmanager
    async def _acting(self) -> AsyncIterator[tuple[Tx, Scene, int]]:
        """A transaction, the turn as it stands, and the id of whoever asked it: for as long as they are there, and the
        turn's job is still ours."""
        self._running.check()
        async with self._store.begin() as tx:
            turn = await tx.turns.get(self._running.scene.turn.id)
            yield tx, self._running.scene, turn.asker

    async def remind(self, text: str, at: datetime) -> None:
        now = self._clock.now()
        if not text.strip() or len(text) > _TEXT_CHARS:
            raise Refused(f"a reminder has 1 to {_TEXT_CHARS} characters")
        if not now + _SOONEST <= at <= now + _LATEST:
            raise Refused("a reminder is due in one minute to one year from now")
        text, delay_seconds = text.strip(), (at - now).total_seconds()
        async with self._acting() as (tx, scene, user_id):
            payload = {
                "user": user_id,
                "place": str(scene.thread.place),
                "locale": scene.user.locale,
                "text": text,
            }
            if await tx.counters.add(f"reminders:user:{user_id}", now.date().isoformat()) > _REMINDERS_A_DAY:
                raise Refused(f"at most {_REMINDERS_A_DAY} reminders can be set in a day")
            # A reply that is made once more after a crash sets its reminders once.
            about = sha256(f"{text} {at:%Y-%m-%dT%H:%M}".encode()).hexdigest()[:16]
            key = f"{scene.turn.id}.{scene.turn.version}.{about}"
            lane = reminder_lane(user_id, key)
            await tx.jobs.put(lane, "reminder", payload, delay_seconds=delay_seconds, dedup=lane)

    async def remember(self, fact: str) -> None:
        if not self._remembers:
            raise Refused("nothing about users is kept here")
        if not fact.strip() or len(fact) > _TEXT_CHARS:
            raise Refused(f"a fact has 1 to {_TEXT_CHARS} characters")
        async with self._acting() as (tx, _, user_id):
            await tx.memory.add_fact(user_id, fact.strip())

    async def escalate(self, reason: str) -> None:
        async with self._acting() as (tx, scene, user_id):
            if any(one.turn_id == scene.turn.id for one in await tx.escalations.of_thread(scene.thread.id)):
                return  # a human is asked for once in a turn
            await tx.escalations.record(user_id, scene.thread.id, scene.turn.id, reason[:_TEXT_CHARS])
            tx.notify(thread_topic(scene.thread.id), "escalated")

    async def save_brief(self, values: Mapping[str, str], *, complete: bool) -> None:
        async with self._acting() as (tx, scene, user_id):
            specialist = scene.turn.specialist
            await tx.briefs.save(user_id, scene.thread.id, specialist, dict(values), complete=complete)
