"""Slack's direct messages, their threads and threads of channels, on the emulated Slack."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from adapters.slack.emulator import Channel, Delivery, Faults, Message, SlackEmulator, Upload, User
from adapters.slack.manifest import EVENTS
from adapters.slack.messenger import SlackMessenger
from bot.domain.messenger import File, Messenger, Take
from bot.domain.place import Place, Ref
from bot.texts import Texts
from tests.conformance.venue import STOP, Shown
from tests.fakes.clock import ManualClock
from tests.stories.stage import Stage

_LOCALES = Path(__file__).parents[2] / "bot" / "locales"
_FEEDBACK = {"👍", "👎"}

Cause = Callable[..., object]


@dataclass
class SlackVenue:
    slack: SlackEmulator
    clock: ManualClock
    person: User
    channel: Channel
    root: Message | None = None
    """The message under which they talk."""
    is_followed: bool = False
    """The platform remembers its threads, in which nobody needs to mention it twice."""
    _said: dict[str, Message] = field(default_factory=dict)
    _presses: list[Delivery] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return Place("slack", self.channel.id, self.root.ts if self.root else "", self.person.team.id)

    async def look(self) -> list[Shown]:
        return [_shown(message) for message in self._replies]

    @property
    def preview(self) -> str | None:
        return None

    @property
    def growth(self) -> list[str]:
        return self._replies[-1].versions if self._replies else []

    @property
    def is_typing(self) -> bool:
        thread = self._thread or next(reversed(self._said), "")
        return bool(self.channel.status(thread) or self.channel.session(thread))

    async def says(self, text: str) -> Ref:
        return await self._writes(text)

    async def sends(self, *files: File, text: str = "") -> list[Ref]:
        return [await self._writes(text, *(Upload(file.name, file.content, file.media_type) for file in files))]

    async def speaks(self, speech: bytes, seconds: int) -> Ref:
        clip = Upload("audio_message.m4a", speech, "audio/mp4", subtype="slack_audio", duration_ms=seconds * 1000)
        return await self._writes("", clip)

    async def fixes(self, heard: str, said: str) -> None:
        """The button opens a form that holds what was heard."""
        await self.presses("✏️ Fix")
        await self.clock.until(lambda: self.person.modal is not None)
        modal = self.person.modal
        assert modal is not None
        assert modal.value("text") == heard
        await self.person.submits(modal, text=said)

    async def loses(self, ref: Ref) -> None:
        message = self._said[ref.message]
        for file in message.files:
            await self.person.deletes_file(message, file.name)

    def refuses_voice(self) -> bool:
        return False

    async def edits(self, ref: Ref, text: str) -> None:
        await self.person.edits(self._said[ref.message], text)

    async def presses(self, label: str) -> None:
        press = await self.person.presses(label, self.channel)
        await self.clock.until(lambda: press.acked)
        self._presses.append(press)

    async def stops(self) -> None:
        if self.root is None:
            await self.presses(STOP)
        else:
            await self.person.presses_stop(self.channel, self._thread)

    async def repeats(self) -> None:
        await self.slack.repeats_events()

    async def echoes(self, ref: Ref) -> None:
        """Slack does so by itself, each time we say something."""

    @property
    def answered_presses(self) -> int:
        return sum(delivery.acked for delivery in self._presses)

    @property
    def forgives(self) -> frozenset[str]:
        return frozenset({"typing"})

    @property
    def troubles(self) -> dict[str, Callable[[], AbstractContextManager[None]]]:
        faults = self.slack.faults
        causes: dict[str, Cause] = {
            "a flood": partial(faults.floods, 3),
            "a broken server": partial(faults.fails, 503),
            "a refusal never heard of": partial(faults.fails, "something_new"),
            "an unknown method": partial(faults.fails, "unknown_method"),
            "being thrown out": partial(faults.fails, "not_in_channel"),
            "a refused token": partial(faults.fails, "invalid_auth"),
            "a cut before the call": faults.drops_before,
            "a cut after the call": faults.drops_after,
            "an answer that is no JSON": faults.garbage,
        }
        return {name: partial(_lasting, faults, cause, self.channel.id) for name, cause in causes.items()}

    async def _writes(self, text: str, *files: Upload) -> Ref:
        mention = not (self.is_followed and self._said)
        message = await self.person.says(text, self.channel, self.root, mention, files)
        self._said[message.ts] = message
        return Ref(self.place, message.ts)

    @property
    def _thread(self) -> str:
        return self.root.ts if self.root else ""

    @property
    def _replies(self) -> list[Message]:
        return [message for message in self.channel.replies if (message.thread_ts or "") == self._thread]


@contextmanager
def _lasting(faults: Faults, cause: Cause, channel: str) -> Iterator[None]:
    """The calls into one channel fail; receiving goes on."""
    cause(chat=channel, times=None)
    try:
        yield
    finally:
        faults.clear()


def _shown(message: Message) -> Shown:
    name = message.files[0].name if message.files else ""
    return Shown(message.ts, message.text_content, tuple(message.buttons), name)


Seat = Callable[[SlackEmulator, ManualClock], Awaitable[SlackVenue]]


async def in_direct_messages(slack: SlackEmulator, clock: ManualClock) -> SlackVenue:
    ann = slack.user("Ann")
    return SlackVenue(slack, clock, ann, ann.dm)


async def in_a_direct_thread(slack: SlackEmulator, clock: ManualClock) -> SlackVenue:
    ann = slack.user("Ann")
    return SlackVenue(slack, clock, ann, ann.dm, await ann.says("(a thread begins)"))


async def in_a_channel(slack: SlackEmulator, clock: ManualClock) -> SlackVenue:
    ann, ben = slack.user("Ann"), slack.user("Ben")
    channel = slack.channel("bridges", [ann, ben])
    root = await ben.says("The bridge is closed again.", channel, mention=False)
    return SlackVenue(slack, clock, ann, channel, root)


@asynccontextmanager
async def seated(slack: SlackEmulator, clock: ManualClock, seat: Seat) -> AsyncIterator[SlackVenue]:
    yield await seat(slack, clock)
    assert slack.violations == []


@dataclass(frozen=True, slots=True)
class SlackWorld:
    slack: SlackEmulator
    clock: ManualClock
    messenger: Messenger
    seat: Seat

    def venue(self) -> AbstractAsyncContextManager[SlackVenue]:
        return seated(self.slack, self.clock, self.seat)


@dataclass(frozen=True, slots=True)
class Slack:
    name: str
    seat: Seat

    @asynccontextmanager
    async def alone(self, take: Take, clock: ManualClock) -> AsyncIterator[SlackWorld]:
        # A mention comes as two events, of which the platform takes the first; whoever listens here takes everything.
        events = [event for event in EVENTS if event != "app_mention"]
        async with SlackEmulator(clock=clock, events=events) as slack:
            messenger = SlackMessenger(
                slack.token,
                clock,
                Texts(_LOCALES),
                api_base=slack.url,
                app_token=slack.app_token,
                commands=lambda: (),
                ours=_is_known,
                specialists=lambda _: (),
                left=_nobody_left,
            )
            receiving = asyncio.create_task(messenger.run(take))
            await clock.until(lambda: bool(slack.connections))
            try:
                yield SlackWorld(slack, clock, messenger, self.seat)
            finally:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
                await messenger.close()

    @asynccontextmanager
    async def staged(self, stage: Stage) -> AsyncIterator[SlackVenue]:
        async with seated(stage.slack, stage.clock, self.seat) as venue:
            await stage.settles()
            stage.engine.replies.clear()
            venue.is_followed = True
            yield venue


async def _is_known(place: Place) -> bool:
    """There are threads in direct messages; in channels one has to mention us."""
    return place.chat.startswith("D")


async def _nobody_left(team: str) -> None:
    raise AssertionError("the app stays installed")
