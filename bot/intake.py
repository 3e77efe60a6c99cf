"""The one door in: every event is stored, deduplicated and put into its lane before it is acknowledged."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from bot.domain.action import ThreadAction, TurnAction
from bot.domain.errors import NotAllowed
from bot.domain.incoming import (
    Command,
    Incoming,
    Membership,
    Moved,
    Press,
    Reaction,
    StopRequest,
    Unsupported,
    UserEdit,
    UserMessage,
)
from bot.domain.messenger import Capabilities
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.thread import Thread, Turn, TurnState, User
from bot.lanes import command_lane, notice_lane, press_lane, thread_lane, thread_topic
from bot.telemetry import Metrics, bound
from storage.store import Store, Tx

log = logging.getLogger(__name__)

_BURST_MESSAGES = 30
"""A burst longer than this is cut, so that nobody who never pauses waits for ever."""
_STOPPED_THREADS = 5
_THUMBS = {"👍": 1, "👎": -1}


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    burst_seconds: float = 0.8
    """Messages of one user that follow each other within this time are one turn."""
    waiting_turns: int = 20
    """Turns that may wait in one thread; the next one is refused with a sentence."""
    text_chars: int = 100_000


class Intake:
    """`take` is the whole interface; adapters receive it as a function."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        metrics: Metrics,
        limits: IntakeLimits,
        capabilities: Callable[[Place], Capabilities],
        specialist: Callable[[str], str],
        interrupts: Callable[[str], bool],
        language: Callable[[str], str],
    ) -> None:
        """`specialist` gives the name in force for a thread's ('' for a new one), `interrupts` whether that one's
        running reply yields to a new message, `language` the interface language for a locale tag."""
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._capabilities = capabilities
        self._specialist = specialist
        self._interrupts = interrupts
        self._language = language

    async def take(self, incoming: Incoming) -> None:
        """Return when the event is durable and its work is in a lane; a redelivery changes nothing.

        Raises `StorageError` when nothing was kept: the platform must deliver again.
        """
        kind = type(incoming.payload).__name__
        with bound(update=incoming.id, place=str(incoming.place), payload=kind):
            async with self._store.begin() as tx:
                fresh = await tx.updates.insert(incoming.id, kind, incoming.at)
                if fresh:
                    await self._sort(tx, incoming)
            if fresh:
                self._metrics.updates_total.labels(incoming.place.messenger, kind).inc()
            log.info("taken" if fresh else "seen before")

    async def _sort(self, tx: Tx, incoming: Incoming) -> None:
        payload = incoming.payload
        match payload:
            case Moved(to):
                await tx.threads.move(incoming.place, to)
                return
            case Membership(change):
                await tx.threads.set_reachable(incoming.place, change in ("unblocked", "joined"))
                return
            case _:
                pass
        user = await self._user(tx, incoming)
        match payload:
            case UserMessage():
                await self._message(tx, incoming, user, payload)
            case UserEdit():
                await self._edit(tx, incoming, user, payload)
            case Command():
                await self._command(tx, incoming, user, payload)
            case Press():
                await self._press(tx, incoming, user, payload)
            case Reaction():
                await self._reaction(tx, user, payload)
            case StopRequest():
                await self._stop(tx, user, incoming.place)
            case Unsupported(what=what):
                await self._refuse(tx, incoming, user, "unsupported-message", what=what)
            case _:
                assert_never(payload)

    async def _user(self, tx: Tx, incoming: Incoming) -> User:
        sender, place = incoming.sender, incoming.place
        locale = self._language(sender.locale)
        return await tx.users.resolve(place.messenger, place.workspace, sender.id, name=sender.name, locale=locale)

    async def _thread(self, tx: Tx, user: User, place: Place) -> Thread:
        thread = await tx.threads.current(user.id, place)
        if thread is None:
            return await tx.threads.open(user.id, place, specialist=self._specialist(""))
        if not thread.reachable:
            await tx.threads.set_reachable(place, True)
        return thread

    async def _message(self, tx: Tx, incoming: Incoming, user: User, said: UserMessage) -> None:
        if not said.text.strip():
            await self._refuse(tx, incoming, user, "attachments-later" if said.attachments else "empty-message")
            return
        if len(said.text) > self._limits.text_chars:
            await self._refuse(tx, incoming, user, "too-long", limit=self._limits.text_chars)
            return
        thread = await self._thread(tx, user, incoming.place)
        turn = await self._merge(tx, thread, said) or await self._new_turn(tx, thread, said)
        if turn is None:
            await self._refuse(tx, incoming, user, "queue-full")
            return
        await tx.updates.expects_reply(incoming.id, turn.id)
        if said.attachments:
            await self._notice(tx, incoming, user, "attachments-later")
        tx.notify(thread_topic(thread.id), "queued")

    async def _merge(self, tx: Tx, thread: Thread, said: UserMessage) -> Turn | None:
        """The turn of the burst that `said` belongs to; None when it begins a new one.

        A burst is over when its job is due, by the one clock that all processes share, the database's.
        """
        burst = self._burst_seconds(thread.place)
        turn = await tx.turns.latest(thread.id) if burst > 0 else None
        if turn is None or turn.state is not TurnState.QUEUED or turn.version > 1:
            return None
        job = await tx.turns.job_of(turn.id)
        if job is None or len(await tx.turns.messages(turn.id)) >= _BURST_MESSAGES:
            return None
        if not await tx.jobs.postpone(job, delay_seconds=burst):
            return None
        await tx.turns.add_message(turn.id, "user", said.text, said.ref, cut=said.cut)
        return turn

    async def _new_turn(self, tx: Tx, thread: Thread, said: UserMessage) -> Turn | None:
        """A queued turn with its job; None when too many wait already."""
        lane = thread_lane(thread.id)
        if await tx.jobs.waiting(lane) >= self._limits.waiting_turns:
            return None
        specialist = self._specialist(thread.specialist)
        turn = await tx.turns.create(thread.id, specialist)
        await tx.turns.add_message(turn.id, "user", said.text, said.ref, cut=said.cut)
        delay = self._burst_seconds(thread.place)
        await self._put_turn(tx, turn, delay_seconds=delay)
        if self._interrupts(specialist):
            await tx.jobs.stop(lane)
        return turn

    async def _put_turn(self, tx: Tx, turn: Turn, *, delay_seconds: float = 0.0, again: bool = False) -> None:
        payload = {"turn": turn.id, "again": again}
        job = await tx.jobs.put(thread_lane(turn.thread_id), "turn", payload, delay_seconds=delay_seconds)
        if job is not None:
            await tx.turns.attach_job(turn.id, job.id)

    def _burst_seconds(self, place: Place) -> float:
        return self._limits.burst_seconds if self._capabilities(place).bursts else 0.0

    async def _edit(self, tx: Tx, incoming: Incoming, user: User, edit: UserEdit) -> None:
        """A change of the thread's latest user message is answered anew in the same bubble; older ones are history."""
        if not edit.text.strip():
            log.info("an edit without text is left alone")
            return
        if len(edit.text) > self._limits.text_chars:
            await self._refuse(tx, incoming, user, "too-long", limit=self._limits.text_chars)
            return
        found = await tx.turns.replace_message(edit.ref, user.id, edit.text)
        if found is None:
            return
        turn, latest = found
        if not latest:
            return
        await tx.updates.expects_reply(incoming.id, turn.id)
        await self._again(tx, turn)

    async def _again(self, tx: Tx, turn: Turn) -> None:
        """Reply to the turn once more; the reply that still runs, if any, ends first.

        The turn is locked before its job, as at the end of a reply: two transactions never wait for each other.
        """
        turn = await tx.turns.hold(turn.id)
        if turn.state is TurnState.QUEUED:
            return
        running = turn.state.is_open
        if not running:
            await tx.turns.requeue(turn.id)
        await self._put_turn(tx, turn, again=True)
        if running:
            await tx.jobs.stop(thread_lane(turn.thread_id))
        tx.notify(thread_topic(turn.thread_id), "queued")

    async def _command(self, tx: Tx, incoming: Incoming, user: User, command: Command) -> None:
        stopped = 0
        if command.name == "stop":
            stopped = await self._stop(tx, user, incoming.place)
        elif command.name == "new":
            # At once, not as a job: what the user says next already belongs to the new thread.
            await tx.threads.open(user.id, incoming.place, specialist=self._specialist(""))
        payload = {
            "user": user.id,
            "place": str(incoming.place),
            "ref": str(command.ref),
            "name": command.name[:64],
            "arguments": command.arguments[:4096],
            "stopped": stopped,
        }
        await tx.jobs.put(command_lane(user.id, incoming.place), "command", payload)

    async def _press(self, tx: Tx, incoming: Incoming, user: User, press: Press) -> None:
        key = "old-button"
        try:
            if (action := TurnAction.parse(press.action)) is not None:
                key = await self._act(tx, user, action)
            elif (opening := ThreadAction.parse(press.action)) is not None:
                key = await self._open(tx, user, incoming.place, opening.thread)
        except NotAllowed as error:
            log.warning("a press on what is not theirs")
            key = error.sentence
        payload = {"place": str(incoming.place), "press": press.press, "key": key, "locale": user.locale}
        await tx.jobs.put(press_lane(user.id), "press", payload)

    async def _open(self, tx: Tx, user: User, place: Place, thread_id: int) -> str:
        """Go on with an earlier thread of the user's in the place where it was held."""
        thread = await tx.threads.owned(thread_id, user.id)
        if thread.place != place:
            return "old-button"
        await tx.threads.activate(thread.id)
        return "thread-opened"

    async def _act(self, tx: Tx, user: User, action: TurnAction) -> str:
        """Do what the button says to a turn of the user's own; the key of the short answer shown at the button."""
        turn = await tx.turns.owned(action.turn, user.id)
        latest = await tx.turns.latest(turn.thread_id)
        is_latest = latest is not None and latest.id == turn.id
        match action.verb:
            case "up" | "down":
                await tx.turns.rate(turn.id, 1 if action.verb == "up" else -1)
                tx.notify(thread_topic(turn.thread_id), "rated")
                return "feedback-thanks"
            case "stop":
                stopped = await tx.jobs.stop(thread_lane(turn.thread_id)) if turn.state.is_open else 0
                return "stopping" if stopped else "nothing-to-stop"
            case "again" if is_latest and not turn.state.is_open:
                await self._again(tx, turn)
                return "thinking"
            case "again":
                return "old-button"
            case _:
                assert_never(action.verb)

    async def _reaction(self, tx: Tx, user: User, reaction: Reaction) -> None:
        turn = await tx.turns.by_reply_ref(reaction.ref)
        if turn is None or (await tx.threads.get(turn.thread_id)).user_id != user.id:
            return
        rating = next((_THUMBS[emoji] for emoji in reaction.emoji if emoji in _THUMBS), 0)
        await tx.turns.rate(turn.id, rating)
        tx.notify(thread_topic(turn.thread_id), "rated")

    async def _stop(self, tx: Tx, user: User, place: Place) -> int:
        """Whatever is being written for the user in this place, in threads they have left as well."""
        threads = await tx.threads.list(user.id, place=place, limit=_STOPPED_THREADS)
        return sum([await tx.jobs.stop(thread_lane(thread.id)) for thread in threads])

    async def _refuse(self, tx: Tx, incoming: Incoming, user: User, key: str, **arguments: str | int) -> None:
        await tx.updates.refuse(incoming.id, key)
        self._metrics.refusals_total.labels(key).inc()
        await self._notice(tx, incoming, user, key, **arguments)

    async def _notice(self, tx: Tx, incoming: Incoming, user: User, key: str, **arguments: str | int) -> None:
        """Tell the user, once in a minute however often the same happens."""
        place = str(incoming.place)
        minute = self._clock.now().strftime("%Y-%m-%dT%H:%M")
        payload = {"place": place, "key": key, "arguments": arguments, "locale": user.locale}
        await tx.jobs.put(notice_lane(incoming.place), "notice", payload, dedup=f"notice:{place}:{key}:{minute}")
