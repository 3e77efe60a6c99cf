"""Everything one messenger is about to say: a gate per room, then one for the bot as a whole."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from bot.budget import Gate, Priority, Window
from bot.domain.errors import Flooded, MessengerError
from bot.domain.messenger import Messenger
from bot.domain.place import Place
from bot.domain.ports import Clock

Meter = Literal["sends", "drafts", "free"]

_DEFAULT_WAIT_SECONDS = 5.0
_SWEEP_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class _Room:
    gate: Gate
    windows: dict[Meter, Window]

    def is_idle(self, now: float) -> bool:
        return self.gate.is_idle and all(window.idle_since(now) for window in self.windows.values())


class CrowdedError(MessengerError):
    """Nothing was called: all that the bot may say at the moment is more important."""


class Outbox:
    """Slots to call one messenger in. A room is called by one at a time, and a room that waits holds up no other."""

    def __init__(self, messenger: Messenger, clock: Clock) -> None:
        self.messenger = messenger
        self._clock = clock
        self._rooms: dict[Place, _Room] = {}
        self._bot = Gate(clock, exclusive=False)
        self._bot_window = Window(messenger.budget)
        self._calls = 0

    @asynccontextmanager
    async def slot(self, place: Place, priority: Priority, meter: Meter = "sends") -> AsyncIterator[None]:
        """Inside, one call into `place` may be made. `Flooded` raised inside closes the room for as long as it says.

        `CrowdedError` for a preview while the bot's budget is used up. Drafts have no part in that budget, which is
        for messages; what is free waits for nobody.
        """
        room = self._room(place)
        free = meter == "free"
        if not free:
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
            room.gate.block(flood.retry_after_seconds or _DEFAULT_WAIT_SECONDS)
            raise
        finally:
            if not free:
                room.gate.leave()

    def close(self) -> None:
        for room in self._rooms.values():
            room.gate.close()
        self._bot.close()

    def _room(self, place: Place) -> _Room:
        key = place.room
        self._calls += 1
        if self._calls % _SWEEP_EVERY == 0:
            self._forget_idle()
        if key not in self._rooms:
            facts = self.messenger.capabilities(place)
            windows: dict[Meter, Window] = {"sends": Window(facts.sends), "drafts": Window(facts.drafts)}
            self._rooms[key] = _Room(Gate(self._clock, exclusive=True), windows)
        return self._rooms[key]

    def _forget_idle(self) -> None:
        now = self._clock.monotonic()
        self._rooms = {place: room for place, room in self._rooms.items() if not room.is_idle(now)}
