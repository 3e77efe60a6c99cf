"""Everything one messenger is about to say: a gate per room, one for the bot as a whole, and the workspaces' meters."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from bot.budget import Gate, Priority, Turns, Window
from bot.domain.errors import Ambiguous, Flooded, MessengerError
from bot.domain.messenger import Capabilities, Messenger, Outgoing, Rate
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock

Meter = Literal["sends", "drafts", "edits", "streams", "ends", "growths", "free"]
"""What a call counts as. `ends` are the edits that do nothing but end a stream: platforms count them by themselves, as
many as streams in the same time. A minute that begins few streams may still end the many of earlier minutes, so the
endings are kept back for from the beginning: a stream begins only while those that are open and those that ended
lately are together fewer than may end. Every stream may then end whenever it is ready, whatever the others do."""

_DEFAULT_WAIT_SECONDS = 5.0
_SWEEP_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class _Room:
    gate: Gate
    windows: dict[Meter, Window]

    def is_idle(self, now: float) -> bool:
        return self.gate.is_idle and all(window.idle_since(now) for window in self.windows.values())


@dataclass(frozen=True, slots=True)
class _Line:
    """What one whole workspace may do of one kind."""

    gate: Gate
    window: Window
    turns: Turns

    def is_idle(self, now: float) -> bool:
        return self.gate.is_idle and self.window.idle_since(now)


class CrowdedError(MessengerError):
    """Nothing was called: all that the bot may say at the moment is more important."""

    retryable = True


class Outbox:
    """Slots to call one messenger in. A room is called by one at a time, and a room that waits holds up no other."""

    def __init__(self, messenger: Messenger, clock: Clock) -> None:
        self.messenger = messenger
        self._clock = clock
        self._rooms: dict[Place, _Room] = {}
        self._lines: dict[tuple[str, Meter], _Line] = {}
        self._bot = Gate(clock, exclusive=False)
        self._bot_window = Window(messenger.budget)
        self._calls = 0

    def slot(
        self, place: Place, priority: Priority, meter: Meter = "sends", *, who: str = ""
    ) -> AbstractAsyncContextManager[None]:
        """Inside, one call into `place` may be made.

        `Flooded` raised inside closes the room for as long as it says; raised by what is metered for the whole
        workspace, it closes that meter there and no room.

        `CrowdedError` for a preview while the bot's budget is used up. Drafts have no part in that budget, which is
        for messages; what is free waits for nobody. Of the workspace's meters, a preview, a stream and a growth never
        wait either: they take what is left, or `CrowdedError`. All who grow (`who`) share alike.

        `who` is a stream: a name of its own until it has begun (`began`), then its ref. Its ending waits for no budget
        then. A flood while it ends is one of endings, as nothing else was called.
        """
        self._calls += 1
        if self._calls % _SWEEP_EVERY == 0:
            self._forget_idle()
        facts = self.messenger.capabilities(place)
        match _counted_as(meter, facts):
            case "free":
                return self._free_slot(place, facts)
            case "sends" | "drafts" as room_meter:
                return self._room_slot(place, priority, room_meter)
            case "edits":
                waits = priority is not Priority.PREVIEW
                return self._line_slot(self._line(place, "edits", facts), priority, waits=waits)
            case "ends":
                return self._end_slot(self._line(place, "ends", facts), priority, who)
            case "streams":
                return self._stream_slot(place, facts, who)
            case "growths":
                # Nothing that must land is metered here, so nothing is kept back for it either.
                return self._line_slot(self._line(place, "growths", facts), Priority.NOTICE, waits=False, who=who)

    def note(self, place: Place, outgoing: Outgoing) -> None:
        """`outgoing` is about to be said. While a reply grows in `place`, an edit of its workspace is kept back for
        its ending from all previews."""
        facts = self.messenger.capabilities(place)
        if facts.edits:
            window = self._line(place, "edits", facts).window
            if outgoing.streaming or outgoing.goes_on:
                window.owe(str(place), self._clock.monotonic())
            else:
                window.pay(str(place))

    def abandon(self, place: Place) -> None:
        """Nothing more is said of the reply that grew in `place`."""
        if line := self._lines.get((place.workspace, "edits")):
            line.window.pay(str(place))

    def began(self, who: str, ref: Ref) -> None:
        """The stream that was to begin as `who` is `ref`."""
        ends = self._lines.get((ref.place.workspace, "ends"))
        if ends is not None and ends.window.pay(who):
            ends.window.owe(str(ref), self._clock.monotonic())

    def grew(self, ref: Ref) -> None:
        """The stream `ref` is open for some more minutes."""
        self.began(str(ref), ref)

    def grows_no_more(self, ref: Ref) -> None:
        """The stream `ref` may be open still, and nothing is added to it."""
        if growths := self._lines.get((ref.place.workspace, "growths")):
            growths.turns.leave(str(ref))

    def closed(self, ref: Ref) -> bool:
        """Whatever becomes of the stream `ref`, we need not end it; whether we had to until now."""
        self.grows_no_more(ref)
        ends = self._lines.get((ref.place.workspace, "ends"))
        return ends is not None and ends.window.pay(str(ref))

    def ended(self, ref: Ref) -> None:
        """`ref` was edited or deleted by us: were it a stream, it is none any more, and one more has ended."""
        if self.closed(ref):
            self._lines[ref.place.workspace, "ends"].window.spend(self._clock.monotonic())

    def takes_previews(self, place: Place) -> bool:
        """Whether the workspace has an edit left for one more preview, all endings set aside. Where edits count with
        the room's sends: yes."""
        facts = self.messenger.capabilities(place)
        if _counted_as("edits", facts) == "sends":
            return True
        line = self._line(place, "edits", facts)
        return line.gate.is_open(Priority.PREVIEW, line.window)

    def close(self) -> None:
        for gate in (*(room.gate for room in self._rooms.values()), *(line.gate for line in self._lines.values())):
            gate.close()
        self._bot.close()

    @asynccontextmanager
    async def _room_slot(self, place: Place, priority: Priority, meter: Meter) -> AsyncIterator[None]:
        room = self._room(place)
        await room.gate.enter(priority, room.windows[meter])
        try:
            if meter == "sends":
                if priority is Priority.PREVIEW and not self._bot.is_open(priority, self._bot_window):
                    # It would hold up its room; the next one shows more anyway.
                    raise CrowdedError("the bot has nothing left for previews now")
                await self._bot.enter(priority, self._bot_window)
                self._bot.leave()
                room.windows[meter].move_last(self._clock.monotonic())
            yield
        except Flooded as flood:
            _close_for(room.gate, flood)
            raise
        finally:
            room.gate.leave()

    @asynccontextmanager
    async def _free_slot(self, place: Place, facts: Capabilities) -> AsyncIterator[None]:
        try:
            yield
        except Flooded as flood:
            # A platform that counts edits by themselves counts every method so: messages are not what it means.
            if not facts.edits:
                _close_for(self._room(place).gate, flood)
            raise

    @asynccontextmanager
    async def _stream_slot(self, place: Place, facts: Capabilities, who: str) -> AsyncIterator[None]:
        ends = self._line(place, "ends", facts).window
        if not ends.has_room(self._clock.monotonic()):
            raise CrowdedError("as many streams are open as may end")
        async with self._line_slot(self._line(place, "streams", facts), Priority.NOTICE, waits=False):
            ends.owe(who, self._clock.monotonic())
            try:
                yield
            except BaseException as error:
                is_in_doubt = isinstance(error, Ambiguous) or not isinstance(error, MessengerError)
                if ends.pay(who) and is_in_doubt:
                    # Should it be there, it is found and ended soon.
                    ends.spend(self._clock.monotonic())
                raise

    def _end_slot(self, line: _Line, priority: Priority, who: str) -> AbstractAsyncContextManager[None]:
        # What is kept back for it was counted when it began, and counts as spent once it has `ended`.
        window = Window(()) if line.window.owes(who) else line.window
        return self._line_slot(line, priority, waits=priority is not Priority.PREVIEW, window=window)

    @asynccontextmanager
    async def _line_slot(
        self, line: _Line, priority: Priority, *, waits: bool, who: str = "", window: Window | None = None
    ) -> AsyncIterator[None]:
        now = self._clock.monotonic()
        window = window or line.window
        if not waits and not (line.turns.is_turn(who, now) and line.gate.is_open(priority, window)):
            raise CrowdedError("the workspace has nothing left for this now")
        await line.gate.enter(priority, window)
        line.gate.leave()
        if who:
            line.turns.take(who, now)
        try:
            yield
        except Flooded as flood:
            _close_for(line.gate, flood)
            raise

    def _room(self, place: Place) -> _Room:
        key = place.room
        if key not in self._rooms:
            facts = self.messenger.capabilities(place)
            windows: dict[Meter, Window] = {"sends": Window(facts.sends), "drafts": Window(facts.drafts)}
            self._rooms[key] = _Room(Gate(self._clock, exclusive=True), windows)
        return self._rooms[key]

    def _line(self, place: Place, meter: Literal["edits", "ends", "streams", "growths"], facts: Capabilities) -> _Line:
        key = place.workspace, meter
        if key not in self._lines:
            budgets = {"edits": facts.edits, "ends": facts.streams, "streams": facts.streams, "growths": facts.growths}
            rates: tuple[Rate, ...] = budgets[meter]
            self._lines[key] = _Line(Gate(self._clock, exclusive=False), Window(rates), Turns(rates))
        return self._lines[key]

    def _forget_idle(self) -> None:
        now = self._clock.monotonic()
        self._rooms = {place: room for place, room in self._rooms.items() if not room.is_idle(now)}
        self._lines = {key: line for key, line in self._lines.items() if not line.is_idle(now)}


def _counted_as(meter: Meter, facts: Capabilities) -> Meter:
    return "sends" if meter in ("edits", "ends") and not facts.edits else meter


def _close_for(gate: Gate, flood: Flooded) -> None:
    gate.block(flood.retry_after_seconds or _DEFAULT_WAIT_SECONDS)
