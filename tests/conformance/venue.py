"""What a messenger brings to this suite: its fake platform, and a person at one kind of its places."""

from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from bot.domain.incoming import Incoming
from bot.domain.messenger import File, Messenger, Take
from bot.domain.place import Place, Ref
from tests.fakes.clock import ManualClock
from tests.stories.stage import Stage

STOP = "⏹ Stop"


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of ours as a person reads it now, as plain text or as Markdown, whichever the place shows."""

    message: str
    text: str
    buttons: tuple[str, ...] = ()
    """Their labels, in order."""
    file: str = ""
    """The name of the file that came with it."""
    quotes: str = ""
    """Id of the message that it answers visibly."""
    is_voice: bool = False
    """It is played as speech; such a file shows no name."""


class Venue(Protocol):
    """A place with somebody in it."""

    @property
    def place(self) -> Place: ...

    async def look(self) -> list[Shown]:
        """Our messages there, the oldest first."""
        ...

    @property
    def preview(self) -> str | None:
        """What is shown of a growing reply besides the messages; None for nothing."""
        ...

    @property
    def growth(self) -> list[str]:
        """Every text in which the newest reply was shown while it grew, the oldest first."""
        ...

    @property
    def is_typing(self) -> bool:
        """Whether the place was ever told that an answer is being written."""
        ...

    async def says(self, text: str) -> Ref:
        """The person says `text` to us, as one does there; their message."""
        ...

    async def sends(self, *files: File, text: str = "") -> list[Ref]:
        """The person sends files at once, with one `text` or none, as one does there; their messages."""
        ...

    async def speaks(self, speech: bytes, seconds: int) -> Ref:
        """The person sends a recording of their voice, as one does there; their message."""
        ...

    async def fixes(self, heard: str, said: str) -> None:
        """The person corrects what was `heard` in their newest recording, as one does there: it was `said`."""
        ...

    async def loses(self, ref: Ref) -> None:
        """The platform loses the files of the person's message, or they are deleted."""
        ...

    def refuses_voice(self) -> bool:
        """From now on the place takes no voice messages; False where it knows no such wish."""
        ...

    async def edits(self, ref: Ref, text: str) -> None:
        """The person changes their own message to `text`."""
        ...

    async def presses(self, label: str) -> None:
        """The person presses the newest button with this label."""
        ...

    async def stops(self) -> None:
        """The person stops the growing reply by what the place offers for it."""
        ...

    async def repeats(self) -> None:
        """The last event is delivered once more."""
        ...

    async def echoes(self, ref: Ref) -> None:
        """The platform, if it ever does, tells us of our own message."""
        ...

    @property
    def answered_presses(self) -> int:
        """How many presses have seen their wait end."""
        ...

    @property
    def forgives(self) -> frozenset[str]:
        """Verbs that the messenger tries for show only: it keeps their failures to itself."""
        ...

    @property
    def troubles(self) -> dict[str, Callable[[], AbstractContextManager[None]]]:
        """What the platform can do to every call into this place, by name."""
        ...


class World(Protocol):
    """A messenger that is connected to its fake platform."""

    @property
    def messenger(self) -> Messenger: ...

    def venue(self) -> AbstractAsyncContextManager[Venue]:
        """A new place with a new person in it."""
        ...


class Enrolment(Protocol):
    """One kind of place of one messenger."""

    @property
    def name(self) -> str: ...

    def alone(self, take: Take, clock: ManualClock) -> AbstractAsyncContextManager[World]:
        """The messenger by itself; what it hears goes to `take`."""
        ...

    def staged(self, stage: Stage) -> AbstractAsyncContextManager[Venue]:
        """A new place with a new person in it, where the whole platform answers."""
        ...


class Inbox:
    """A door in that keeps what it takes, by place."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._heard: defaultdict[Place, deque[Incoming]] = defaultdict(deque)

    async def take(self, incoming: Incoming) -> None:
        self._heard[incoming.place].append(incoming)

    async def next(self, place: Place) -> Incoming:
        """The oldest event of `place` that was not looked at; AssertionError when none comes."""
        heard = self._heard[place]
        await self._clock.until(lambda: bool(heard), within_seconds=60)
        return heard.popleft()
