"""The one door out: every call into a messenger, inside its budgets, with what must land landing."""

import logging
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Protocol

from bot.budget import Priority
from bot.calling import Calling, uncut
from bot.domain.errors import (
    Ambiguous,
    Blocked,
    FileGone,
    Flooded,
    MessageGone,
    MessengerError,
    NotModified,
    StreamEnded,
    Unreachable,
)
from bot.domain.messenger import (
    Acknowledging,
    Appending,
    Asking,
    Buttons,
    Capabilities,
    Delta,
    Dialog,
    Drafting,
    Fetching,
    Finding,
    HomeSection,
    Homing,
    Messenger,
    Outgoing,
    Releasing,
    Spelling,
    Streaming,
    Suggesting,
    Suggestion,
    Titling,
    Typing,
    Unbuttoning,
)
from bot.domain.place import Place, Ref
from bot.outbox import CrowdedError, Meter

log = logging.getLogger(__name__)


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
        """Set when the send was begun and there is no message yet."""
        ...

    @property
    def is_in_doubt(self) -> bool:
        """Whether what was begun may be there: nobody was told how it ended."""
        ...

    async def begin(self, begun: Begun) -> None:
        """Write down, durably, that the send is about to happen; it is in doubt from now on."""
        ...

    def refused(self) -> None:
        """What was begun certainly did not happen. Known to this attempt only, and so costs nothing."""
        ...

    @property
    def look_at(self) -> float:
        """When what is in doubt may be looked for, by the monotonic clock: it may still be on its way before."""
        ...

    def doubted(self, look_at: float) -> None: ...

    async def done(self, ref: Ref) -> None: ...


class Courier:
    """Speaks for everyone into every place. Holds the messengers; nobody else calls their verbs."""

    def __init__(self, calls: Calling) -> None:
        self._calls = calls
        self._streams = count(1)

    def on_behalf_of(self, check: Callable[[], None]) -> "Courier":
        """The same courier, which also runs `check` before each call: it raises `LeaseLost` when its job was taken."""
        ours = copy(self)
        ours._calls = self._calls.checked(check)
        return ours

    def capabilities(self, place: Place) -> Capabilities:
        return self._messenger(place).capabilities(place)

    def fits(self, place: Place, text: str) -> bool:
        return self._messenger(place).fits(place, text)

    def spelled(self, place: Place, command: str) -> str:
        """How `/command` is written at `place`."""
        messenger = self._messenger(place)
        return messenger.spelled(place, command) if isinstance(messenger, Spelling) else f"/{command}"

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
        self._calls.outbox(place).note(place, outgoing)

        async def once(where: Place) -> Ref:
            ref, marked = await self._mark_or_find(messenger, where, outgoing, step, after)
            if ref is None:
                ref = await self._calls.sure(messenger.send(where, marked), step.refused, step.doubted)
            elif outgoing.file is None:
                with suppress(NotModified):
                    await messenger.edit(ref, marked)
            await step.done(ref)
            return ref

        async def call(where: Place) -> Ref:
            await self._calls.until(step.look_at)
            return await uncut(once(where))

        return await self._calls.insist(place, priority, "send", call)

    async def edit(self, ref: Ref, outgoing: Outgoing, *, priority: Priority, ends_stream: bool = False) -> Ref:
        """Make the message read `outgoing`; its ref, a new one when the chat has moved.

        `ends_stream` says that the message is a stream that still grows, and that `outgoing` goes on where it stands.
        `MessageGone` when the user or an admin deleted it.
        """
        outbox = self._calls.outbox(ref.place)
        outbox.note(ref.place, outgoing)

        async def once(where: Place) -> Ref:
            here = Ref(where, ref.message)
            with suppress(NotModified):
                await outbox.messenger.edit(here, outgoing)
            outbox.ended(ref)
            return here

        meter: Meter = "ends" if ends_stream else "edits"
        try:
            return await self._calls.insist(
                ref.place, priority, "edit", lambda where: uncut(once(where)), meter=meter, who=str(ref)
            )
        except (Blocked, MessageGone):
            outbox.closed(ref)
            raise

    async def delete(self, ref: Ref, *, priority: Priority = Priority.NOTICE) -> None:
        outbox = self._calls.outbox(ref.place)

        async def once(where: Place) -> None:
            await outbox.messenger.delete(Ref(where, ref.message))
            outbox.ended(ref)

        await self._calls.insist(ref.place, priority, "delete", lambda where: uncut(once(where)))

    async def clear_buttons(self, ref: Ref) -> None:
        """Take the buttons off an older message, if that can be done; it does not matter when it cannot."""
        messenger = self._messenger(ref.place)
        if isinstance(messenger, Unbuttoning):
            await self._calls.succeeds(ref.place, "edits", "clear_buttons", lambda: uncut(messenger.clear_buttons(ref)))

    async def preview(self, ref: Ref, latest: Callable[[], Outgoing]) -> bool:
        """Edit to what `latest` gives at the moment it is this room's turn.

        False when the user does not see it now and the same may be tried again: what was refused for good may not.
        """
        outbox = self._calls.outbox(ref.place)

        async def once() -> None:
            outgoing = latest()
            outbox.note(ref.place, outgoing)
            with suppress(NotModified):
                await outbox.messenger.edit(ref, outgoing)
            outbox.ended(ref)

        try:
            await self._calls.attempt(ref.place, "edits", "edit", lambda: uncut(once()))
        except Blocked:
            raise
        except MessengerError as error:
            return not error.retryable
        return True

    def abandon(self, place: Place) -> None:
        """The reply that grew in `place` is said no further by us, so no edit is kept back for its ending."""
        self._calls.outbox(place).abandon(place)

    def takes_previews(self, place: Place) -> bool:
        """Whether an edit would be let through as a preview; where a workspace's edits are spent, it would not."""
        return self._calls.outbox(place).takes_previews(place)

    async def draft(self, place: Place, draft: int, latest: Callable[[], Outgoing]) -> bool:
        """Show `latest` as a draft where the place has drafts; whether the user sees it now."""
        messenger = self._messenger(place)
        if not isinstance(messenger, Drafting):
            return False
        return await self._calls.succeeds(place, "drafts", "draft", lambda: messenger.draft(place, draft, latest()))

    async def append(self, ref: Ref, latest: Callable[[], Delta]) -> bool:
        """Let the message grow by `latest` where the place can; whether the user sees it now."""
        messenger = self._messenger(ref.place)
        if not isinstance(messenger, Appending):
            return False
        return await self._calls.succeeds(ref.place, "sends", "append", lambda: messenger.append(ref, latest()))

    async def begin_stream(
        self, place: Place, outgoing: Outgoing, recipient: str, *, step: Step, after: Ref | None = None
    ) -> Ref | None:
        """Begin a message that `grow` lets grow and `edit` ends, for `recipient` (`Sender.id` of whoever asked).

        None at once when none may begin now: the messenger or the workspace has no more, or the message is there
        already. `Ambiguous` when it may have begun: it is found later as any send is, and then is no stream any more.
        """
        messenger = self._messenger(place)
        if step.ref is not None or not isinstance(messenger, Streaming):
            return None
        who = f"stream {next(self._streams)}"

        async def once() -> Ref | None:
            found, marked = await self._mark_or_find(messenger, place, outgoing, step, after)
            ref = found
            if ref is None:
                beginning = messenger.begin_stream(place, marked, recipient)
                ref = await self._calls.sure(beginning, step.refused, step.doubted)
            self._calls.outbox(place).began(who, ref)
            await step.done(ref)
            return ref if found is None else None

        async def call() -> Ref | None:
            await self._calls.until(step.look_at)
            return await uncut(once())

        try:
            return await self._calls.attempt(place, "streams", "begin_stream", call, who=who)
        except (Blocked, Ambiguous):
            raise
        except MessengerError:
            return None

    async def grow(self, ref: Ref, latest: Callable[[], Delta]) -> bool:
        """Let the stream `ref` grow by `latest`, if the workspace has a growth left; whether the user sees it now.

        `StreamEnded` when it must not be tried again: the platform closed the message, refuses what is new, or never
        said whether that arrived.
        """
        outbox = self._calls.outbox(ref.place)
        messenger = outbox.messenger
        if not isinstance(messenger, Streaming):
            return False
        try:
            await self._calls.attempt(
                ref.place, "growths", "grow_stream", lambda: uncut(messenger.grow_stream(ref, latest())), who=str(ref)
            )
        except (Blocked, StreamEnded):
            outbox.closed(ref)
            raise
        except (Flooded, Unreachable, CrowdedError):
            return False
        except MessengerError as error:
            outbox.grows_no_more(ref)
            raise StreamEnded(type(error).__name__) from error
        outbox.grew(ref)
        return True

    async def typing(self, place: Place, to: Ref | None = None) -> None:
        """Show that an answer is being written, to the message `to`."""
        messenger = self._messenger(place)
        if isinstance(messenger, Typing):
            await self._calls.succeeds(place, "free", "typing", lambda: messenger.typing(place, to))

    async def show_home(self, place: Place, owner: str, sections: tuple[HomeSection, ...]) -> None:
        """Make the own page of `owner` (`Sender.id`) show `sections`, where the messenger has such pages."""
        messenger = self._messenger(place)
        if isinstance(messenger, Homing):
            await self._calls.succeeds(place, "free", "show_home", lambda: messenger.show_home(place, owner, sections))

    async def suggest(self, place: Place, suggestions: tuple[Suggestion, ...]) -> None:
        """Offer `suggestions`, where the messenger can."""
        messenger = self._messenger(place)
        if isinstance(messenger, Suggesting):
            await self._calls.succeeds(place, "free", "suggest", lambda: messenger.suggest(place, suggestions))

    async def entitle(self, place: Place, title: str) -> None:
        """Name the conversation at `place`, where the messenger lists conversations."""
        messenger = self._messenger(place)
        if isinstance(messenger, Titling):
            await self._calls.succeeds(place, "free", "entitle", lambda: messenger.entitle(place, title))

    async def acknowledge(self, place: Place, press: str, text: str) -> None:
        messenger = self._messenger(place)
        if press and isinstance(messenger, Acknowledging):
            await self._calls.succeeds(place, "free", "acknowledge", lambda: messenger.acknowledge(press, text))

    async def ask(self, place: Place, press: str, dialog: Dialog) -> bool:
        """Open the dialog for whoever pressed, where the messenger has dialogs; whether they see it now."""
        messenger = self._messenger(place)
        if not press or not isinstance(messenger, Asking):
            return False
        return await self._calls.succeeds(place, "free", "ask", lambda: messenger.ask(place, press, dialog))

    async def fetch(self, place: Place, file: str, into: Path, limit_bytes: int) -> int:
        """Write a file that was sent at `place` to `into`; its size in bytes.

        `FileTooLarge`, `FileGone`; what is transient is tried again for about two minutes, and then raised.
        """
        messenger = self._messenger(place)
        if not isinstance(messenger, Fetching):
            raise FileGone(f"{messenger.name} hands out no files")
        return await self._calls.persist(
            place, "fetch", lambda: messenger.fetch(place, file, into, limit_bytes=limit_bytes)
        )

    async def release(self, place: Place, file: str) -> None:
        """Nobody will fetch the file again; it does not matter here when that cannot be said now."""
        messenger = self._messenger(place)
        if isinstance(messenger, Releasing):
            await self._calls.succeeds(place, "free", "release", lambda: messenger.release(place, file))

    async def close(self) -> None:
        await self._calls.close()

    async def _mark_or_find(
        self, messenger: Messenger, place: Place, outgoing: Outgoing, step: Step, after: Ref | None
    ) -> tuple[Ref | None, Outgoing]:
        """The message of a send in doubt, None when it is not there; and `outgoing` with the mark of this send.

        When None, the send has begun from here on.
        """
        begun, mark = step.begun, ""
        if begun is not None:
            mark = begun.watermark
        elif isinstance(messenger, Finding):
            mark = messenger.watermark(place)
        marked = replace(outgoing, mark=mark)
        if begun is not None and step.is_in_doubt and isinstance(messenger, Finding):
            wanted = replace(marked, buttons=begun.buttons, reply_to=outgoing.reply_to or after)
            found = await _look(messenger, place, wanted)
            if found is not None:
                return found, marked
        await step.begin(Begun(mark, outgoing.buttons))
        return None, marked

    def _messenger(self, place: Place) -> Messenger:
        return self._calls.outbox(place).messenger


async def _look(messenger: Finding, place: Place, wanted: Outgoing) -> Ref | None:
    """A flood of looks is none of messages: whoever looks must wait, and nobody else."""
    try:
        found = await messenger.find(place, wanted.mark, wanted)
    except Flooded as flood:
        raise Unreachable("told to wait before looking", retry_after_seconds=flood.retry_after_seconds) from flood
    log.info("looked for a send in doubt", extra={"place": str(place), "found": found is not None})
    return found
