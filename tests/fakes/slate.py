"""A messenger whose messages can grow, with the rules of such platforms: budgets per workspace, streams that end."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from bot.domain.errors import Ambiguous, Flooded, MessageGone, MessengerError, NotModified, StreamEnded, Unrenderable
from bot.domain.messenger import (
    Button,
    Capabilities,
    Delta,
    HomeSection,
    Outgoing,
    Rate,
    Suggestion,
    Take,
    ToolCard,
)
from bot.domain.place import Place, Ref
from tests.fakes.clock import ManualClock

NAME = "slate"
EXPIRES_SECONDS = 300.0
"""A stream to which nothing was added for so long is closed."""

_METERED = {"edit": "edits", "end_stream": "streams", "begin_stream": "streams", "grow_stream": "growths"}
"""What counts against which budget of the workspace. Beginnings and endings of streams count each by itself."""


@dataclass
class Line:
    """One of our messages."""

    ref: Ref
    text: str
    mark: str
    buttons: tuple[Button, ...] = ()
    tools: tuple[ToolCard, ...] = ()
    live: bool = False
    grown_at: float = 0.0
    goes_on: bool = False
    file: str = ""
    versions: list[str] = field(default_factory=list)
    """Every text it ever showed."""


@dataclass(frozen=True)
class Call:
    verb: str
    place: Place
    at: float
    text: str = ""


class Slate:
    """Answers at once, or after `answer_seconds`. What breaks a rule is refused and kept in `violations`.

    What a caller asked for is done, even when the caller has hung up meanwhile.
    """

    name = NAME
    budget: tuple[Rate, ...] = ()

    def __init__(self, clock: ManualClock, facts: Capabilities, *, page_chars: int = 4_000) -> None:
        self.facts = facts
        self.answer_seconds = 0.0
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.floods: list[str] = []
        """Verbs that were answered with "slow down", asked for by a test or not."""
        self.typed: list[tuple[Place, Ref | None]] = []
        self.homes: dict[str, tuple[HomeSection, ...]] = {}
        self.suggested: list[tuple[Suggestion, ...]] = []
        self.titles: dict[Place, str] = {}
        self._clock = clock
        self._page_chars = page_chars
        self._lines: dict[Ref, Line] = {}
        self._known: set[Ref] = set()
        """Streams of which the process that speaks now was told."""
        self._numbers = count(1)
        self._marks = count(1)
        self._troubles: defaultdict[str, deque[tuple[MessengerError, bool]]] = defaultdict(deque)
        self._spent: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self._takes: defaultdict[str, deque[float]] = defaultdict(deque)
        self._cuts: dict[str, float] = {}
        self._serving: set[asyncio.Task[Ref | None]] = set()

    # What a test sees and does

    def says(self, place: Place) -> list[Line]:
        """Our messages there, the oldest first."""
        return [line for line in self._lines.values() if line.ref.place == place]

    def made(self, *verbs: str, place: Place | None = None) -> list[Call]:
        return [call for call in self.calls if call.verb in verbs and place in (None, call.place)]

    def floods_once(self, verb: str, seconds: float) -> None:
        """The next such call is not done but told to wait."""
        self._troubles[verb].append((Flooded(retry_after_seconds=seconds), False))

    def refuses(self, verb: str, error: MessengerError) -> None:
        self._troubles[verb].append((error, False))

    def loses(self, verb: str) -> None:
        """The next such call is done, and nobody learns of it."""
        self._troubles[verb].append((Ambiguous("no answer"), True))

    def takes(self, verb: str, seconds: float) -> None:
        """The next such call lasts so long."""
        self._takes[verb].append(seconds)

    def cuts(self, verb: str, seconds: float) -> None:
        """The next such call loses its connection, and is done only `seconds` later."""
        self._cuts[verb] = seconds

    def user_stops(self, place: Place) -> None:
        """The person closes what grows there by the platform's own button."""
        for line in self.says(place):
            line.live = False

    def is_new_process(self) -> None:
        """The process that spoke until now is gone, and another speaks."""
        self._known.clear()

    def user_deletes(self, line: Line) -> None:
        del self._lines[line.ref]

    # The verbs

    def capabilities(self, place: Place) -> Capabilities:
        return self.facts

    def fits(self, place: Place, text: str) -> bool:
        return len(text) <= self._page_chars

    async def run(self, take: Take) -> None:
        await asyncio.Event().wait()

    async def send(self, place: Place, outgoing: Outgoing) -> Ref:
        ref = await self._serves("send", self._send(place, outgoing))
        assert ref is not None
        return ref

    async def _send(self, place: Place, outgoing: Outgoing) -> Ref:
        lost = await self._called("send", place, outgoing.text)
        line = self._new(place, outgoing)
        _raise(lost)
        return line.ref

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        await self._serves("edit", self._edit(ref, outgoing))

    async def _edit(self, ref: Ref, outgoing: Outgoing) -> None:
        if outgoing.file is not None:
            raise self._violation("the file of a message cannot be replaced")
        line = self._lines.get(ref)
        meter = "end_stream" if line is not None and line.live else "edit"
        lost = await self._called("edit", ref.place, outgoing.text, meter=meter)
        line = self._there(ref)
        buttons = _flat(outgoing)
        if (line.text, line.buttons, line.live) == (outgoing.text, buttons, False):
            raise NotModified
        self._check(outgoing)
        line.text, line.buttons, line.live = outgoing.text, buttons, False
        line.mark, line.goes_on = outgoing.mark or line.mark, outgoing.goes_on
        line.versions.append(line.text)
        _raise(lost)

    async def delete(self, ref: Ref) -> None:
        await self._called("delete", ref.place)
        del self._lines[self._there(ref).ref]

    async def begin_stream(self, place: Place, outgoing: Outgoing, recipient: str) -> Ref:
        ref = await self._serves("begin_stream", self._begin_stream(place, outgoing, recipient))
        assert ref is not None
        self._known.add(ref)
        return ref

    async def _begin_stream(self, place: Place, outgoing: Outgoing, recipient: str) -> Ref:
        lost = await self._called("begin_stream", place, outgoing.text)
        if not recipient:
            raise self._violation("a stream for nobody")
        if outgoing.buttons:
            raise self._violation("a stream has no buttons before it ends")
        line = self._new(place, replace(outgoing, mark=""))
        line.live, line.grown_at = True, self._clock.monotonic()
        _raise(lost)
        return line.ref

    async def grow_stream(self, ref: Ref, delta: Delta) -> None:
        lost = await self._called("grow_stream", ref.place, delta.text)
        line = self._there(ref)
        now = self._clock.monotonic()
        if not line.live or now - line.grown_at > EXPIRES_SECONDS:
            line.live = False
            raise StreamEnded("not in streaming state")
        if delta.offset != len(line.text):
            raise self._violation(f"grew at {delta.offset} of {len(line.text)}")
        if not delta.text and delta.tools == line.tools:
            raise self._violation("grew by nothing")
        line.text, line.tools, line.grown_at = line.text + delta.text, delta.tools, now
        line.versions.append(line.text)
        _raise(lost)

    async def typing(self, place: Place, to: Ref | None = None) -> None:
        await self._called("typing", place)
        self.typed.append((place, to))

    async def show_home(self, place: Place, owner: str, sections: tuple[HomeSection, ...]) -> None:
        await self._called("show_home", place)
        self.homes[owner] = sections

    async def suggest(self, place: Place, suggestions: tuple[Suggestion, ...]) -> None:
        await self._called("suggest", place)
        self.suggested.append(suggestions)

    async def entitle(self, place: Place, title: str) -> None:
        await self._called("entitle", place)
        self.titles[place] = title

    def watermark(self, place: Place) -> str:
        return f"mark{next(self._marks)}"

    async def find(self, place: Place, watermark: str, outgoing: Outgoing) -> Ref | None:
        """Streams carry no mark: one that is open, and of which this process was not told, is the one in doubt."""
        await self._called("find", place)
        return next((line.ref for line in self.says(place) if line.mark == watermark or self._is_orphan(line)), None)

    async def close(self) -> None:
        return

    def _is_orphan(self, line: Line) -> bool:
        return line.live and not line.mark and line.ref not in self._known

    def _new(self, place: Place, outgoing: Outgoing) -> Line:
        self._check(outgoing)
        ref = Ref(place, str(next(self._numbers)))
        line = self._lines[ref] = Line(ref, outgoing.text, outgoing.mark, _flat(outgoing), goes_on=outgoing.goes_on)
        line.file = "" if outgoing.file is None else outgoing.file.name
        line.versions.append(line.text)
        return line

    def _there(self, ref: Ref) -> Line:
        if ref not in self._lines:
            raise MessageGone
        return self._lines[ref]

    def _check(self, outgoing: Outgoing) -> None:
        if len(outgoing.text) > self._page_chars:
            raise self._violation("a text too long")

    async def _serves(self, verb: str, work: Coroutine[object, object, Ref | None]) -> Ref | None:
        late = self._cuts.pop(verb, None)
        serving = asyncio.create_task(work if late is None else self._later(late, work))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        if late is not None:
            raise Ambiguous("the connection was cut")
        return await asyncio.shield(serving)

    async def _later(self, seconds: float, work: Coroutine[object, object, Ref | None]) -> Ref | None:
        await self._clock.sleep(seconds)
        return await work

    async def _called(self, verb: str, place: Place, text: str = "", *, meter: str = "") -> MessengerError | None:
        """Note the call and answer it; what is returned is raised when the deed is done."""
        self.calls.append(Call(verb, place, self._clock.monotonic(), text))
        lasting = self._takes[verb].popleft() if self._takes[verb] else self.answer_seconds
        if lasting:
            await self._clock.sleep(lasting)
        self._count(meter or verb, place)
        troubles = self._troubles[verb]
        if not troubles:
            return None
        error, done = troubles.popleft()
        if isinstance(error, Flooded):
            self.floods.append(verb)
        if not done:
            raise error
        return error

    def _count(self, verb: str, place: Place) -> None:
        now = self._clock.monotonic()
        spent = self._spent[place.workspace, verb]
        for rate in self._rates(verb):
            counting = [at for at in spent if at + rate.seconds > now]
            if len(counting) >= rate.count:
                self.floods.append(verb)
                raise Flooded(retry_after_seconds=counting[-rate.count] + rate.seconds - now)
        spent.append(now)

    def _rates(self, verb: str) -> Iterator[Rate]:
        rates: tuple[Rate, ...] = getattr(self.facts, _METERED[verb]) if verb in _METERED else ()
        yield from rates

    def _violation(self, what: str) -> Unrenderable:
        self.violations.append(what)
        return Unrenderable(what)


def _flat(outgoing: Outgoing) -> tuple[Button, ...]:
    return tuple(button for row in outgoing.buttons for button in row)


def _raise(error: MessengerError | None) -> None:
    if error is not None:
        raise error
