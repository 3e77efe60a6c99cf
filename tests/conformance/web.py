"""The web chat: a page that hears the bus and asks the store for what is too long for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from adapters.web import (
    Changed,
    Deleted,
    Edited,
    Grew,
    Rows,
    Sent,
    WebEvent,
    WebMessenger,
    decode,
    edited,
    filled,
    pressed,
    said,
    topic,
    web_place,
)
from bot.domain.action import FixAction
from bot.domain.errors import FileGone, FileTooLarge
from bot.domain.incoming import Attachment, Incoming
from bot.domain.messenger import Button, File, Messenger, Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Bus
from bot.main import Switchboard
from storage.bus import LocalBus
from storage.store import Store
from tests.conformance.venue import STOP, Shown
from tests.fakes.clock import ManualClock
from tests.stories.stage import Stage

_UPLOAD_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as the bus told it; `text` is None when only the store has it."""

    text: str | None
    buttons: tuple[Button, ...] = ()
    file: str = ""
    """Name of the file that the page offers with it."""


class Shelf(Protocol):
    """Where a visitor's uploads wait for the message that they come with."""

    async def keep(self, place: Place, file: File) -> str:
        """The token of the upload."""
        ...

    async def lose(self, place: Place, token: str) -> None: ...


class Tray:
    """Uploads where the messenger is by itself."""

    def __init__(self) -> None:
        self._files: dict[tuple[Place, str], bytes] = {}

    async def keep(self, place: Place, file: File) -> str:
        token = uuid4().hex
        self._files[place, token] = file.content
        return token

    async def lose(self, place: Place, token: str) -> None:
        del self._files[place, token]

    async def fetch(self, place: Place, token: str, into: Path, limit_bytes: int) -> int:
        content = self._files.get((place, token))
        if content is None:
            raise FileGone
        if len(content) > limit_bytes:
            raise FileTooLarge
        return await asyncio.to_thread(into.write_bytes, content)


@dataclass(frozen=True, slots=True)
class Locker:
    """Uploads as the whole platform keeps them."""

    board: Switchboard

    async def keep(self, place: Place, file: File) -> str:
        blob = await self.board.vault.keep_bytes(file.content)
        async with self.board.store.begin() as tx:
            user = await tx.users.resolve(place.messenger, "", place.chat, name="", locale="en")
            kept = await tx.files.add(
                user.id, file.name, file.media_type, len(file.content), blob, ttl_seconds=_UPLOAD_SECONDS
            )
        return kept.token

    async def lose(self, place: Place, token: str) -> None:
        async with self.board.store.begin() as tx:
            file = await tx.files.by_token(token)
            assert file is not None
            await tx.files.remove(file.id)


class WebVenue:
    """A visitor at the chat page. `listen` runs as long as the page is open."""

    def __init__(self, bus: Bus, take: Take, clock: ManualClock, store: Store | None, shelf: Shelf) -> None:
        self.place: Place = web_place(uuid4().hex, uuid4().hex)
        self._bus = bus
        self._take = take
        self._clock = clock
        self._store = store
        self._shelf = shelf
        self._uploaded: dict[str, tuple[Attachment, ...]] = {}
        self._bubbles: dict[str, Bubble] = {}
        self._growth: dict[str, list[str]] = {}
        self._last: Incoming | None = None
        self._numbers = count(1)
        self._marks: dict[str, asyncio.Event] = {}

    async def listen(self, opened: asyncio.Event) -> None:
        async with self._bus.subscribe(topic(self.place)) as messages:
            opened.set()
            async for _, message in messages:
                event = decode(message)
                if event is not None:
                    self._hear(event)
                elif message in self._marks:
                    self._marks[message].set()

    async def look(self) -> list[Shown]:
        await self._catch_up()
        shown = []
        for message, bubble in self._bubbles.items():
            text = await self._stored(message) if bubble.text is None else bubble.text
            labels = tuple(button.label for button in bubble.buttons)
            shown.append(Shown(message, text, labels, file=bubble.file))
        return shown

    @property
    def preview(self) -> str | None:
        return None

    @property
    def growth(self) -> list[str]:
        return next(reversed(self._growth.values()), [])

    @property
    def is_typing(self) -> bool:
        return False

    async def says(self, text: str) -> Ref:
        return await self._says(text)

    async def sends(self, *files: File, text: str = "") -> list[Ref]:
        attachments = [
            Attachment(
                "document", await self._shelf.keep(self.place, file), file.name, file.media_type, len(file.content)
            )
            for file in files
        ]
        return [await self._says(text, *attachments)]

    async def speaks(self, speech: bytes, seconds: int) -> Ref:
        token = await self._shelf.keep(self.place, File("voice", speech, "audio/webm"))
        return await self._says("", Attachment("voice", token, "", "audio/webm", len(speech), seconds))

    async def fixes(self, heard: str, said: str) -> None:
        """The pencil in the bubble of one's own words."""
        assert self._store is not None
        async with self._store.begin() as tx:
            user = await tx.users.find(self.place.messenger, "", self.place.chat)
            assert user is not None
            thread = await tx.threads.current(user.id, self.place)
            assert thread is not None
            upload = next(one for one in await tx.uploads.of_thread(thread.id) if one.text == heard)
        await self._does(filled(self.place, "", "en", str(FixAction(upload.id)), said, self._clock.now()))

    async def loses(self, ref: Ref) -> None:
        for attachment in self._uploaded[ref.message]:
            await self._shelf.lose(self.place, attachment.file)

    def refuses_voice(self) -> bool:
        return False

    async def _says(self, text: str, *attachments: Attachment) -> Ref:
        incoming = said(self.place, "", "en", text, self._clock.now(), attachments=attachments)
        await self._does(incoming)
        ref = getattr(incoming.payload, "ref", None)
        assert isinstance(ref, Ref)
        self._uploaded[ref.message] = attachments
        return ref

    async def edits(self, ref: Ref, text: str) -> None:
        await self._does(edited(ref, "", "en", text, self._clock.now()))

    async def presses(self, label: str) -> None:
        await self._catch_up()
        message, action = next(
            (message, button.action)
            for message, bubble in reversed(self._bubbles.items())
            for button in bubble.buttons
            if button.label == label
        )
        ref = Ref(self.place, message)
        await self._does(pressed(self.place, "", "en", action, self._clock.now(), ref=ref))

    async def stops(self) -> None:
        await self.presses(STOP)

    async def repeats(self) -> None:
        """As after a connection that broke while the page waited for the answer."""
        assert self._last is not None
        await self._take(self._last)

    async def echoes(self, ref: Ref) -> None:
        """What is said to the page reaches nobody else."""

    @property
    def answered_presses(self) -> int:
        return 0

    @property
    def forgives(self) -> frozenset[str]:
        return frozenset()

    @property
    def troubles(self) -> dict[str, Callable[[], AbstractContextManager[None]]]:
        """None: whatever happens to the bus, it raises nothing."""
        return {}

    async def _does(self, incoming: Incoming) -> None:
        self._last = incoming
        await self._take(incoming)

    def _hear(self, event: WebEvent) -> None:
        known = self._bubbles.get(event.message, Bubble(""))
        match event:
            case Sent(message, text, rows):
                self._bubbles[message] = Bubble(text, _flat(rows), event.file.name if event.file else "")
            case Edited(message, text, rows):
                self._bubbles[message] = replace(known, text=text, buttons=_flat(rows))
            case Grew(message, offset, text):
                assert known.text is not None
                assert offset <= len(known.text), "an event was lost"
                self._bubbles[message] = replace(known, text=known.text[:offset] + text)
            case Changed(message):
                self._bubbles[message] = Bubble(None)
            case Deleted(message):
                self._bubbles.pop(message, None)
        now = self._bubbles.get(event.message)
        if now is not None and now.text is not None:
            self._growth.setdefault(event.message, []).append(now.text)

    async def _catch_up(self) -> None:
        """Hear everything that was published until now."""
        mark = f"look {next(self._numbers)}"
        heard = self._marks[mark] = asyncio.Event()
        await self._bus.publish(topic(self.place), mark)
        await heard.wait()

    async def _stored(self, message: str) -> str:
        if self._store is None:
            return ""  # The messenger is by itself here, and nobody has stored what it said.
        async with self._store.begin() as tx:
            turn = await tx.turns.by_reply_ref(Ref(self.place, message))
            assert turn is not None
            said_here = await tx.turns.messages(turn.id)
        (answer,) = (one for one in said_here if one.role == "assistant" and one.version == turn.version)
        return answer.text


def _flat(rows: Rows) -> tuple[Button, ...]:
    return tuple(button for row in rows for button in row)


@asynccontextmanager
async def open_page(page: WebVenue) -> AsyncIterator[WebVenue]:
    opened = asyncio.Event()
    listening = asyncio.create_task(page.listen(opened))
    await opened.wait()
    try:
        yield page
        assert not listening.done(), "the page broke"
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class WebWorld:
    messenger: Messenger
    bus: Bus
    take: Take
    clock: ManualClock
    shelf: Tray

    def venue(self) -> AbstractAsyncContextManager[WebVenue]:
        return open_page(WebVenue(self.bus, self.take, self.clock, None, self.shelf))


@dataclass(frozen=True, slots=True)
class Web:
    name: str

    @asynccontextmanager
    async def alone(self, take: Take, clock: ManualClock) -> AsyncIterator[WebWorld]:
        bus, shelf = LocalBus(), Tray()
        messenger = WebMessenger(bus, shelf.fetch)
        await messenger.run(take)
        yield WebWorld(messenger, bus, take, clock, shelf)
        await messenger.close()

    def staged(self, stage: Stage) -> AbstractAsyncContextManager[WebVenue]:
        board = stage.board
        return open_page(WebVenue(board.store.bus, board.intake.take, stage.clock, board.store, Locker(board)))
