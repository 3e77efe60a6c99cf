"""The one door in: every event is stored, deduplicated and put into its lane before it is acknowledged."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from bot.buttons import ButtonPresses
from bot.domain.action import CommandAction, Starter
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
from bot.domain.specialist import Specialist, Team
from bot.domain.thread import Thread, Turn, TurnState, User
from bot.lanes import command_lane, notice_lane, press_lane, thread_lane, thread_topic
from bot.queue import TurnQueue
from bot.telemetry import Metrics, bound
from storage.store import Store, Tx

log = logging.getLogger(__name__)

_BURST_MESSAGES = 30
"""A burst longer than this is cut, so that nobody who never pauses waits for ever."""
_ADDRESSED = re.compile(r"[@/]([A-Za-z][A-Za-z0-9_-]{0,31})[,:]?\s+(\S.*)", re.DOTALL)
"""`@name …`, and `/name …` where it comes in an edit and not as a command."""
_NOTICE_SECONDS = 15
_CHOOSING = ("specialist", "start")
"""Commands whose argument may be the name of the specialist who is to answer from now on."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    burst_seconds: float = 0.8
    """Messages of one user that follow each other within this time are one turn."""
    waiting_turns: int = 20
    """Turns that may wait in one thread; the next one is refused with a sentence."""
    text_chars: int = 100_000
    turns_per_minute: int = 0
    """Turns that one user may begin in a minute; 0 for no limit."""


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
        team: Team,
        stems: Callable[[str], Sequence[str]],
        language: Callable[[str], str],
    ) -> None:
        """`stems` gives the words of a text in the form in which a routing choice is remembered, `language` the
        interface language for a locale tag."""
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._capabilities = capabilities
        self._team = team
        self._queue = TurnQueue()
        self._buttons = ButtonPresses(self._queue, team, stems, self._within_rate)
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
                await self._buttons.react(tx, user, payload)
            case StopRequest():
                await self._queue.stop_all(tx, user, incoming.place)
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
            return await tx.threads.open(user.id, place)
        if not thread.reachable:
            await tx.threads.set_reachable(place, True)
        return thread

    async def _message(
        self, tx: Tx, incoming: Incoming, user: User, said: UserMessage, chosen: Specialist | None = None
    ) -> None:
        """`chosen` answers from now on, when the user has just said who should."""
        if chosen is None and (called := self._called(said.text)) is not None:
            # Nothing but `@name`: as good as `/name`.
            await self._command(tx, incoming, user, Command(said.ref, "specialist", called.name))
            return
        if chosen is None:
            chosen, said = self._addressed(said)
        if not said.text.strip():
            await self._refuse(tx, incoming, user, "attachments-later" if said.attachments else "empty-message")
            return
        if len(said.text) > self._limits.text_chars:
            await self._refuse(tx, incoming, user, "too-long", limit=self._limits.text_chars)
            return
        thread = await self._thread(tx, user, incoming.place)
        if chosen is not None:
            await self._hand_to(tx, thread.id, chosen)
            thread = replace(thread, specialist=chosen.name)
        latest = await tx.turns.latest(thread.id)
        turn = None if chosen is not None else await self._merge(tx, latest, said, thread.place)
        if turn is None:
            turn = await self._new_turn(tx, incoming, user, thread, said, latest)
        if turn is None:
            return
        await tx.updates.expects_reply(incoming.id, turn.id)
        if said.attachments:
            await self._notice(tx, incoming, user, "attachments-later")
        tx.notify(thread_topic(thread.id), "queued")

    def _addressed(self, said: UserMessage) -> tuple[Specialist | None, UserMessage]:
        """Whom `@name …` speaks to, and what is said to them."""
        match = _ADDRESSED.fullmatch(said.text.strip())
        specialist = None if match is None else self._named(match[1])
        return (None, said) if match is None or specialist is None else (specialist, replace(said, text=match[2]))

    def _called(self, text: str) -> Specialist | None:
        """Who is called by `@name` and nothing more."""
        name = text.strip()
        return self._named(name[1:]) if name.startswith("@") else None

    def _named(self, name: str) -> Specialist | None:
        """The specialist of that name, as messengers let it be written: `_` for `-`, in any case."""
        return self._team.get(name.lower().replace("_", "-"))

    async def _merge(self, tx: Tx, latest: Turn | None, said: UserMessage, place: Place) -> Turn | None:
        """The turn of the burst that `said` belongs to; None when it begins a new one.

        A burst is over when its job is due, by the one clock that all processes share, the database's.
        """
        burst = self._burst_seconds(place)
        if burst <= 0 or latest is None or latest.state is not TurnState.QUEUED or latest.version > 1:
            return None
        job = await tx.turns.job_of(latest.id)
        if job is None or len(await tx.turns.messages(latest.id)) >= _BURST_MESSAGES:
            return None
        if not await tx.jobs.postpone(job, delay_seconds=burst):
            return None
        await tx.turns.add_message(latest.id, "user", said.text, said.ref, cut=said.cut)
        return latest

    async def _new_turn(
        self, tx: Tx, incoming: Incoming, user: User, thread: Thread, said: UserMessage, latest: Turn | None
    ) -> Turn | None:
        """A queued turn with its job; None when the user was told that it cannot be taken."""
        lane = thread_lane(thread.id)
        if await tx.jobs.waiting(lane) >= self._limits.waiting_turns:
            await self._refuse(tx, incoming, user, "queue-full")
            return None
        if not await self._within_rate(tx, user):
            await self._refuse(tx, incoming, user, "too-fast", seconds=60 - self._clock.now().second)
            return None
        if latest is not None and latest.state is TurnState.REQUIRES_ACTION:
            # What comes instead of a decision is a no.
            await self._queue.end(tx, latest)
        specialist = self._in_force(thread.specialist)
        turn = await tx.turns.create(thread.id, "" if specialist is None else specialist.name)
        await tx.turns.add_message(turn.id, "user", said.text, said.ref, cut=said.cut)
        await self._queue.put(tx, turn, delay_seconds=self._burst_seconds(thread.place))
        if specialist is not None and specialist.interrupt:
            await tx.jobs.stop(lane)
        return turn

    def _in_force(self, name: str) -> Specialist | None:
        """Who answers a thread; None when that is for the router to say."""
        return None if not name else self._team.get(name) or self._team.default

    async def _within_rate(self, tx: Tx, user: User) -> bool:
        if not self._limits.turns_per_minute:
            return True
        minute = self._clock.now().strftime("%Y-%m-%dT%H:%M")
        return await tx.counters.add(f"turns:user:{user.id}", minute) <= self._limits.turns_per_minute

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
        chosen, said = self._addressed(UserMessage(edit.ref, edit.text))
        found = await tx.turns.replace_message(edit.ref, user.id, said.text)
        if found is None:
            return
        turn, latest = found
        if not latest:
            return
        if not await self._within_rate(tx, user):
            await self._refuse(tx, incoming, user, "too-fast", seconds=60 - self._clock.now().second)
            return
        await tx.updates.expects_reply(incoming.id, turn.id)
        if chosen is not None:
            await self._hand_to(tx, turn.thread_id, chosen)
            await tx.turns.assign(turn.id, chosen.name)
        await self._queue.again(tx, turn, keeps=False)

    async def _command(
        self, tx: Tx, incoming: Incoming, user: User, command: Command, *, pressed: Press | None = None
    ) -> None:
        """`pressed` is the press when a button gave the command."""
        called = self._named(command.name)
        if called is not None and command.arguments:
            said = UserMessage(command.ref, command.arguments)
            await self._message(tx, incoming, user, said, called)
            return
        if called is not None:
            command = replace(command, name="specialist", arguments=called.name)
        stopped = await self._take_effect(tx, incoming, user, command)
        payload = {
            "user": user.id,
            "place": str(incoming.place),
            "ref": str(command.ref or ""),
            "name": command.name[:64],
            "arguments": command.arguments[:4096],
            "stopped": stopped,
            "pressed": pressed is not None,
            "press": pressed.press if pressed is not None else "",
        }
        await tx.jobs.put(command_lane(user.id, incoming.place), "command", payload)

    async def _take_effect(self, tx: Tx, incoming: Incoming, user: User, command: Command) -> int:
        """At once, not as a job: what the user says next already meets it. How many replies were stopped."""
        if command.name == "stop":
            return await self._queue.stop_all(tx, user, incoming.place)
        if command.name == "new":
            for turn in await tx.turns.open_at(user.id, incoming.place):
                if turn.state is TurnState.REQUIRES_ACTION:
                    await self._queue.end(tx, turn)
            await tx.threads.open(user.id, incoming.place)
        elif command.name in _CHOOSING and (chosen := self._named(command.arguments)) is not None:
            thread = await self._thread(tx, user, incoming.place)
            await self._hand_to(tx, thread.id, chosen)
        return 0

    async def _hand_to(self, tx: Tx, thread_id: int, chosen: Specialist) -> None:
        """From now on that one answers the thread."""
        await tx.threads.set_specialist(thread_id, chosen.name)
        tx.notify(thread_topic(thread_id), "assigned")

    async def _press(self, tx: Tx, incoming: Incoming, user: User, press: Press) -> None:
        """Do what the button says; a short answer at the button follows in a job."""
        key = ""
        if (command := CommandAction.parse(press.action)) is not None:
            ordered = Command(press.ref, command.name, command.arguments)
            await self._command(tx, incoming, user, ordered, pressed=press)
            return
        if (starter := Starter.parse(press.action)) is not None:
            key = await self._start(tx, incoming, user, starter)
        else:
            key = await self._buttons.press(tx, user, incoming.place, press.action)
        payload = {"place": str(incoming.place), "press": press.press, "key": key, "locale": user.locale}
        await tx.jobs.put(press_lane(user.id), "press", payload)

    async def _start(self, tx: Tx, incoming: Incoming, user: User, starter: Starter) -> str:
        """The user asks one of the questions that a specialist offers."""
        specialist = self._team.get(starter.specialist)
        questions = () if specialist is None else specialist.localised(user.locale).starters
        if specialist is None or starter.index >= len(questions):
            return "old-button"
        await self._message(tx, incoming, user, UserMessage(None, questions[starter.index]), specialist)
        return "thinking"

    async def _refuse(self, tx: Tx, incoming: Incoming, user: User, key: str, **arguments: str | int) -> None:
        await tx.updates.refuse(incoming.id, key)
        self._metrics.refusals_total.labels(key).inc()
        await self._notice(tx, incoming, user, key, **arguments)

    async def _notice(self, tx: Tx, incoming: Incoming, user: User, key: str, **arguments: str | int) -> None:
        """Tell the user, once in a while however often the same happens."""
        place = str(incoming.place)
        moment = int(self._clock.now().timestamp() // _NOTICE_SECONDS)
        payload = {"place": place, "key": key, "arguments": arguments, "locale": user.locale}
        await tx.jobs.put(notice_lane(incoming.place), "notice", payload, dedup=f"notice:{place}:{key}:{moment}")
