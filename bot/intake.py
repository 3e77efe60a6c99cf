"""The one door in: every event is stored, deduplicated and put into its lane before it is acknowledged."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import assert_never

from bot.addressees import Addressees
from bot.buttons import ButtonPresses
from bot.commands.names import ANYONE
from bot.domain.action import CommandAction, FixAction, Starter, ThreadAction
from bot.domain.incoming import (
    Command,
    Filled,
    Incoming,
    Membership,
    Moved,
    Opened,
    Press,
    Reaction,
    StopRequest,
    Unsupported,
    UserDeletion,
    UserEdit,
    UserMessage,
)
from bot.domain.messenger import Capabilities
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.specialist import Team
from bot.domain.thread import TurnState, User
from bot.fixing import Fixing
from bot.home_calls import HomeCalls
from bot.lanes import command_lane, press_lane
from bot.queue import TurnQueue
from bot.refusals import Refusals
from bot.talk import IntakeLimits, Talk
from bot.telemetry import Metrics, bound
from bot.texts import Texts
from storage.store import Store, Tx

__all__ = ["Intake", "IntakeLimits"]

log = logging.getLogger(__name__)

_CHOOSING = ("specialist", "start")
"""Commands whose argument may be the name of the specialist who is to answer from now on."""


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
        texts: Texts,
        homes: Callable[[Place], bool],
    ) -> None:
        """`stems` gives the words of a text in the form in which a routing choice is remembered; `homes` says whether
        the messenger of a place is `Homing`."""
        self._store = store
        self._metrics = metrics
        self._capabilities = capabilities
        self._team = team
        self._language = texts.match
        self._addressees = Addressees(team)
        self._queue = TurnQueue()
        self._refusals = Refusals(clock, metrics)
        self._talk = Talk(
            clock=clock,
            limits=limits,
            capabilities=capabilities,
            addressees=self._addressees,
            queue=self._queue,
            refusals=self._refusals,
            texts=texts,
        )
        self._fixing = Fixing(self._talk, self._addressees, self._refusals, capabilities)
        self._buttons = ButtonPresses(self._queue, team, stems, self._talk.within_rate, capabilities)
        self._home = HomeCalls(homes)

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
                await self._talk.edit(tx, incoming, user, payload)
            case UserDeletion(ref):
                await self._fixing.forget(tx, user, ref)
                await self._talk.deletion(tx, user, payload)
            case Opened(view):
                await self._home.opened(tx, view, user.id, incoming.place, incoming.sender.id)
            case Command():
                await self._command(tx, incoming, user, payload)
            case Press():
                await self._press(tx, incoming, user, payload)
            case Filled():
                await self._fixing.filled(tx, incoming, user, payload)
            case Reaction():
                await self._buttons.react(tx, user, payload)
            case StopRequest():
                await self._queue.stop_all(tx, user, incoming.place)
            case Unsupported(what=what):
                await self._refusals.refuse(tx, incoming, user, "unsupported-message", what=what)
            case _:
                assert_never(payload)

    async def _user(self, tx: Tx, incoming: Incoming) -> User:
        sender, place = incoming.sender, incoming.place
        locale = self._language(sender.locale)
        return await tx.users.resolve(place.messenger, place.workspace, sender.id, name=sender.name, locale=locale)

    async def _message(self, tx: Tx, incoming: Incoming, user: User, said: UserMessage) -> None:
        called = self._addressees.called(said.text)
        if called is not None and not said.attachments:
            # Nothing but `@name`: as good as `/name`.
            await self._command(tx, incoming, user, Command(said.ref, "specialist", called or ANYONE))
            return
        if await self._fixing.is_meant(tx, incoming, user, said):
            return
        await self._talk.message(tx, incoming, user, said if called is None else replace(said, text=""), called)

    async def _command(
        self, tx: Tx, incoming: Incoming, user: User, command: Command, *, pressed: Press | None = None
    ) -> None:
        """`pressed` is the press when a button gave the command."""
        await self._fixing.end(tx, user, incoming.place)
        called = self._addressees.chosen(command.name)
        if called is not None and command.arguments:
            said = UserMessage(command.ref, command.arguments)
            await self._talk.message(tx, incoming, user, said, called)
            return
        if called is not None:
            command = replace(command, name="specialist", arguments=called or ANYONE)
        stopped = await self._take_effect(tx, incoming, user, command)
        payload = {
            "user": user.id,
            "sender": incoming.sender.id,
            "place": str(incoming.place),
            "ref": str(command.ref or ""),
            "name": command.name[:64],
            "arguments": command.arguments[:4096],
            "stopped": stopped,
            "pressed": pressed is not None,
            "press": pressed.press if pressed is not None else "",
            "at_home": pressed is not None and pressed.at_home,
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
            await tx.threads.open(user.id, incoming.place, shared=self._capabilities(incoming.place).shared)
        elif command.name in _CHOOSING and (chosen := self._addressees.chosen(command.arguments)) is not None:
            thread = await self._talk.thread(tx, user, incoming.place)
            await self._talk.hand_to(tx, thread.id, chosen)
        return 0

    async def _press(self, tx: Tx, incoming: Incoming, user: User, press: Press) -> None:
        """Do what the button says; a short answer at the button follows in a job."""
        is_at_home = self._home.is_at_home(incoming.place, at_home=press.at_home)
        if (command := self._ordered(press, is_at_home=is_at_home)) is not None:
            await self._command(tx, incoming, user, command, pressed=press)
            return
        if FixAction.parse(press.action) is not None:
            fixing = await self._fixing.press(tx, incoming, user, press)
            if fixing is None:
                return
            key = fixing
        elif (starter := Starter.parse(press.action)) is not None:
            await self._fixing.end(tx, user, incoming.place)
            key = await self._start(tx, incoming, user, starter)
        else:
            await self._fixing.end(tx, user, incoming.place)
            key = await self._buttons.press(tx, user, incoming.place, press.action)
        payload = {"place": str(incoming.place), "press": press.press, "key": key, "locale": user.locale}
        await tx.jobs.put(press_lane(user.id), "press", payload)
        if is_at_home:
            await self._home.changed(tx, user.id, incoming.place, incoming.sender.id)

    def _ordered(self, press: Press, *, is_at_home: bool) -> Command | None:
        """The command that the button gives; None when it is no command."""
        if (command := CommandAction.parse(press.action)) is not None:
            return Command(press.ref, command.name, command.arguments)
        if is_at_home and (opening := ThreadAction.parse(press.action)) is not None:
            # There is no message to answer at; what was said last is told where the thread goes on.
            return Command(None, "open", f"#{opening.thread}")
        return None

    async def _start(self, tx: Tx, incoming: Incoming, user: User, starter: Starter) -> str:
        """The user asks one of the questions that a specialist offers."""
        specialist = self._team.get(starter.specialist)
        questions = () if specialist is None else specialist.localised(user.locale).starters
        if specialist is None or starter.index >= len(questions):
            return "old-button"
        said = UserMessage(None, questions[starter.index])
        await self._talk.message(tx, incoming, user, said, specialist.name)
        return "thinking"
