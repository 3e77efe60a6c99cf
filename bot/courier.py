"""The one door out: every call into a messenger, inside its budgets, with what must land landing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol, TypeVar

from bot.budget import Priority
from bot.domain.errors import (
    Blocked,
    ChatMoved,
    Flooded,
    MessengerError,
    NotModified,
)
from bot.domain.job import backoff_seconds
from bot.domain.messenger import (
    Acknowledging,
    Appending,
    Buttons,
    Capabilities,
    Delta,
    Drafting,
    Finding,
    Messenger,
    Outgoing,
    Typing,
    Unbuttoning,
)
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock
from bot.outbox import Meter, Outbox
from bot.telemetry import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")

_TRIES = 8
"""Attempts against an unreachable platform before the job itself is put back: about two minutes."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A send that was about to happen: by these its message can be found, should the answer never have come."""

    watermark: str
    buttons: Buttons


class Step(Protocol):
    """What is known of one send across crashes: nothing, that it was begun, or its message."""

    @property
    def ref(self) -> Ref | None: ...

    @property
    def begun(self) -> Begun | None:
        """Set when the send was begun and its end is not known."""
        ...

    async def begin(self, begun: Begun) -> None:
        """Write down, durably, that the send is about to happen."""
        ...

    async def done(self, ref: Ref) -> None: ...


class Courier:
    """Speaks for everyone into every place. Holds the messengers; nobody else calls their verbs."""

    def __init__(
        self,
        messengers: Iterable[Messenger],
        *,
        clock: Clock,
        metrics: Metrics,
        random: Random,
        moved: Callable[[Place, Place], Awaitable[None]],
        entering: Callable[[], None],
    ) -> None:
        """`moved(old, new)` is told of chats that changed address; `entering` runs before each call to a platform
        and raises when the caller is not in a state to make one (a transaction is open)."""
        self._outboxes = {messenger.name: Outbox(messenger, clock) for messenger in messengers}
        self._clock = clock
        self._metrics = metrics
        self._random = random
        self._moved = moved
        self._entering = entering

    def on_behalf_of(self, check: Callable[[], None]) -> "Courier":
        """The same courier, which also runs `check` before each call: it raises `LeaseLost` when its job was taken."""
        ours = copy(self)
        entering = self._entering

        def enter() -> None:
            entering()
            check()

        ours._entering = enter
        return ours

    def capabilities(self, place: Place) -> Capabilities:
        return self._messenger(place).capabilities(place)

    def fits(self, place: Place, text: str) -> bool:
        return self._messenger(place).fits(place, text)

    async def send(
        self, place: Place, outgoing: Outgoing, *, priority: Priority, step: Step, after: Ref | None = None
    ) -> Ref:
        """Say `outgoing` once, whatever was begun before, and return its message.

        `after` is a message that is certainly older, such as the one that is answered: a send in doubt is looked for
        behind it, whichever process sent it.
        Raises `Blocked`, `Unrenderable` and the like at once; what is transient is tried again for minutes.
        """
        if step.ref is not None:
            return step.ref
        messenger = self._messenger(place)

        async def once(where: Place) -> Ref:
            ref = None
            if step.begun is not None:
                ref = await self._find(messenger, where, step.begun, outgoing, after)
            else:
                await step.begin(
                    Begun(messenger.watermark(where) if isinstance(messenger, Finding) else "", outgoing.buttons)
                )
            if ref is None:
                ref = await messenger.send(where, outgoing)
            await step.done(ref)
            return ref

        return await self._insist(place, priority, "send", lambda where: _uncut(once(where)))

    async def edit(self, ref: Ref, outgoing: Outgoing, *, priority: Priority) -> Ref:
        """Make the message read `outgoing`; its ref, a new one when the chat has moved.

        `MessageGone` when the user or an admin deleted it.
        """
        messenger = self._messenger(ref.place)

        async def call(where: Place) -> Ref:
            here = Ref(where, ref.message)
            with suppress(NotModified):
                await messenger.edit(here, outgoing)
            return here

        return await self._insist(ref.place, priority, "edit", call)

    async def delete(self, ref: Ref, *, priority: Priority = Priority.NOTICE) -> None:
        messenger = self._messenger(ref.place)
        await self._insist(ref.place, priority, "delete", lambda where: messenger.delete(Ref(where, ref.message)))

    async def clear_buttons(self, ref: Ref) -> None:
        """Take the buttons off an older message, if that can be done; it does not matter when it cannot."""
        messenger = self._messenger(ref.place)
        if isinstance(messenger, Unbuttoning):
            await self._try(ref.place, "sends", "clear_buttons", lambda: messenger.clear_buttons(ref))

    async def preview(self, ref: Ref, latest: Callable[[], Outgoing]) -> bool:
        """Edit to what `latest` gives at the moment it is this room's turn; whether the user sees it now."""
        messenger = self._messenger(ref.place)
        return await self._try(ref.place, "sends", "edit", lambda: messenger.edit(ref, latest()))

    async def draft(self, place: Place, draft: int, latest: Callable[[], Outgoing]) -> bool:
        """Show `latest` as a draft where the place has drafts; whether the user sees it now."""
        messenger = self._messenger(place)
        if not isinstance(messenger, Drafting):
            return False
        return await self._try(place, "drafts", "draft", lambda: messenger.draft(place, draft, latest()))

    async def append(self, ref: Ref, latest: Callable[[], Delta]) -> bool:
        """Let the message grow by `latest` where the place can; whether the user sees it now."""
        messenger = self._messenger(ref.place)
        if not isinstance(messenger, Appending):
            return False
        return await self._try(ref.place, "sends", "append", lambda: messenger.append(ref, latest()))

    async def typing(self, place: Place) -> None:
        messenger = self._messenger(place)
        if isinstance(messenger, Typing):
            await self._try(place, "free", "typing", lambda: messenger.typing(place))

    async def acknowledge(self, place: Place, press: str, text: str) -> None:
        messenger = self._messenger(place)
        if press and isinstance(messenger, Acknowledging):
            await self._try(place, "free", "acknowledge", lambda: messenger.acknowledge(press, text))

    async def close(self) -> None:
        for outbox in self._outboxes.values():
            outbox.close()
            await outbox.messenger.close()

    async def _find(
        self, messenger: Messenger, place: Place, begun: Begun, outgoing: Outgoing, after: Ref | None
    ) -> Ref | None:
        """The message of a send in doubt, made to read `outgoing`; None when it is not there."""
        if not isinstance(messenger, Finding):
            return None
        wanted = replace(outgoing, buttons=begun.buttons, reply_to=outgoing.reply_to or after)
        found = await messenger.find(place, begun.watermark, wanted)
        log.info("looked for a send in doubt", extra={"place": str(place), "found": found is not None})
        if found is not None:
            with suppress(NotModified):
                await messenger.edit(found, outgoing)
        return found

    def _messenger(self, place: Place) -> Messenger:
        return self._outboxes[place.messenger].messenger

    async def _try(self, place: Place, meter: Meter, verb: str, call: Callable[[], Awaitable[None]]) -> bool:
        """One attempt at something that may be skipped. Only what ends the conversation is raised (`Blocked`)."""
        try:
            async with self._outboxes[place.messenger].slot(place, Priority.PREVIEW, meter):
                self._entering()
                await call()
        except NotModified:
            return True
        except Blocked:
            self._count(place, verb, "blocked")
            raise
        except MessengerError as error:
            self._count(place, verb, type(error).__name__.lower())
            return False
        self._count(place, verb, "ok")
        return True

    async def _insist(self, place: Place, priority: Priority, verb: str, call: Callable[[Place], Awaitable[T]]) -> T:
        """Call until it succeeds, fails for good, or the platform was out of reach for `_TRIES` attempts."""
        failures = 0
        while True:
            try:
                async with self._outboxes[place.messenger].slot(place, priority):
                    self._entering()
                    result = await call(place)
            except Flooded:
                self._count(place, verb, "flooded")
            except ChatMoved as move:
                await self._moved(place, move.place)
                place = replace(move.place, topic=place.topic)
            except MessengerError as error:
                self._count(place, verb, type(error).__name__.lower())
                failures += 1
                if not error.retryable or failures >= _TRIES:
                    raise
                await self._clock.sleep(backoff_seconds(failures, self._random, cap=30))
            else:
                self._count(place, verb, "ok")
                return result

    def _count(self, place: Place, verb: str, result: str) -> None:
        self._metrics.sends_total.labels(place.messenger, verb, result).inc()
        if result == "flooded":
            self._metrics.floods_total.labels(place.messenger).inc()


async def _uncut(sending: Coroutine[object, object, T]) -> T:
    """Let a call that cannot be repeated safely come to its end, even when the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("a call failed after its caller had gone", extra={"error": type(error).__name__})
        raise
