"""What Slack shows while we work: the status line of a thread and the state of the session, with its stop button.

Both are an extra: no reply is lost for a status, so nothing here raises. Apps that are no agents have no sessions;
the first refusal in a workspace is remembered, and they are not asked for there again.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from adapters.slack.address import is_direct
from adapters.slack.deadline import within
from adapters.slack.extras import Extras
from bot.domain.errors import MessengerError
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock

_LINE_SECONDS = 60.0
"""Slack clears the line by itself after two minutes (docs.slack.dev/reference/methods/assistant.threads.setStatus)."""
_SESSION_SECONDS = 600.0
_REMEMBERED = 5_000
_TITLE_CHARS = 200
_SESSIONS = "agents.sessions"
_SESSIONS_A_MINUTE = 23
"""A workspace has about 50 calls a minute for this method (tier 3), and every session is opened and closed."""
_OWED = 500
_TRIES = 8
_AGAIN_SECONDS = 2.0
"""Before the second try; twice as long before each further one."""
_SETTLE_SECONDS = 2.0
"""How long a verb may wait for a closing that is tried again, and our own end for all of them."""


@dataclass(slots=True)
class _Work:
    """What is shown while an answer is on its way."""

    thread: str
    """The `thread_ts` it hangs on: of the place, or the message that is answered."""
    began_at: float
    line_at: float | None = None
    in_session: bool = False
    """The session shows it, with Slack's stop button."""
    growing: Ref | None = None
    """The answer's message, as far as it can be seen: while there is one, no other message is the answer."""


@dataclass(slots=True)
class _Owed:
    """A session that could not be closed yet."""

    tries: int = 0
    not_before: float = 0.0


class Status:
    """The status lines and sessions of all conversations."""

    def __init__(self, extras: Extras, clock: Clock, line: Callable[[], str], untitled: Callable[[], str]) -> None:
        """`line` gives what a status line says, `untitled` what stands where a title was taken back."""
        self._extras = extras
        self._clock = clock
        self._line = line
        self._untitled = untitled
        self._work: OrderedDict[Place, _Work] = OrderedDict()
        self._owed: OrderedDict[tuple[Place, str], _Owed] = OrderedDict()
        self._opened: dict[str, deque[float]] = {}
        """Workspace → when its newest sessions were opened."""

    def has_sessions(self, workspace: str) -> bool:
        """Whether Slack may show its stop button there; false once it has refused us a session."""
        return self._extras.allows(workspace, _SESSIONS)

    async def working(self, place: Place, to: Ref | None) -> None:
        """An answer is on its way there, to the message `to`."""
        thread = place.topic or (to.message if to is not None else "")
        if not thread:
            return
        now = self._clock.monotonic()
        work = self._work.get(place)
        if work is None or work.thread != thread or now - work.began_at >= _SESSION_SECONDS:
            work = self._begin(place, thread, now)
            # Assumed while the call is under way: who shows it may be cut, and then it is to be closed all the same.
            work.in_session = True
            work.in_session = await self._open(place, thread, now)
        if work.in_session:
            # Line and session share one spot on the screen, and the last word stands: a line would hide the button.
            return
        if work.line_at is None or now - work.line_at >= _LINE_SECONDS:
            work.line_at = now
            await self._show(place, thread, self._line())

    def grows(self, ref: Ref) -> None:
        """The answer can be seen in `ref`, and is not whole."""
        work = self._said(ref.place)
        if work is not None:
            work.growing = ref

    def goes_on(self, ref: Ref) -> None:
        """`ref` is whole, and the answer goes on in another message. Also: `ref` can never become the answer."""
        work = self._said(ref.place)
        if work is not None and work.growing == ref:
            work.growing = None

    async def done(self, ref: Ref, *, is_told: bool = False) -> None:
        """The answer is there, unless another message is; `is_told` says that Slack knows it already."""
        place = ref.place
        work = self._said(place)
        if work is None or work.growing not in (None, ref):
            return
        del self._work[place]
        if work.thread != place.topic and work.line_at is not None:
            # The answer is not in the thread of its question, so its coming has not taken the line away.
            await self._show(place, work.thread, "")
        if work.in_session and not is_told:
            await self._close(place, work.thread)

    async def settle(self, workspace: str) -> None:
        """Try again to close a session of that workspace whose closing failed, if one is due."""
        now = self._clock.monotonic()
        due = (key for key, owed in self._owed.items() if key[0].workspace == workspace and now >= owed.not_before)
        await self._settle(list(islice(due, 1)))

    async def settle_all(self) -> None:
        """The last try, for a moment, of all that are not closed."""
        await self._settle(list(self._owed))

    async def entitle(self, place: Place, title: str) -> None:
        """Name the session, or where there are none, the assistant's thread; Slack takes no empty names."""
        if not place.topic:
            return
        short = title.strip()[:_TITLE_CHARS] or self._untitled()
        is_renamed = await self._extras.tried(
            place.workspace,
            _SESSIONS,
            lambda web: web.agents_sessions_rename(channel_id=place.chat, title=short, thread_ts=place.topic),
        )
        if not is_renamed and is_direct(place):
            await self._extras.tried(
                place.workspace,
                "assistant.threads.setTitle",
                lambda web: web.assistant_threads_setTitle(channel_id=place.chat, thread_ts=place.topic, title=short),
            )

    def _begin(self, place: Place, thread: str, now: float) -> _Work:
        self._owed.pop((place, thread), None)
        work = self._work[place] = _Work(thread, now)
        self._work.move_to_end(place)
        if len(self._work) > _REMEMBERED:
            self._work.popitem(last=False)
        return work

    async def _open(self, place: Place, thread: str, now: float) -> bool:
        """Show the session at work, unless too many were opened in this minute: then the line must do."""
        opened = self._opened.setdefault(place.workspace, deque(maxlen=_SESSIONS_A_MINUTE))
        if len(opened) == _SESSIONS_A_MINUTE and now - opened[0] < 60:
            return False
        opened.append(now)
        return await self._session(place, thread, "processing") is None

    def _said(self, place: Place) -> _Work | None:
        """The work there, after a message landed, which takes the line away."""
        work = self._work.get(place)
        if work is not None and work.thread == place.topic:
            work.line_at = None
        return work

    async def _settle(self, keys: list[tuple[Place, str]]) -> None:
        async def closing() -> None:
            for place, thread in keys:
                await self._close(place, thread)

        if keys:
            with suppress(MessengerError):
                await within(self._clock, _SETTLE_SECONDS, closing())

    async def _close(self, place: Place, thread: str) -> None:
        """Take the stop button away; what fails for the moment is owed, for a few tries."""
        key = place, thread
        owed = self._owed.setdefault(key, _Owed())
        # Noted first, as several verbs may come by at the same time, and this one may be cut.
        owed.tries += 1
        owed.not_before = self._clock.monotonic() + _AGAIN_SECONDS * 2 ** (owed.tries - 1)
        trouble = await self._session(place, thread, "active")
        if trouble is None or not trouble.retryable or owed.tries >= _TRIES:
            self._owed.pop(key, None)
            return
        owed.not_before = max(owed.not_before, self._clock.monotonic() + (trouble.retry_after_seconds or 0.0))
        if len(self._owed) > _OWED:
            self._owed.popitem(last=False)

    async def _session(self, place: Place, thread: str, status: str) -> MessengerError | None:
        return await self._extras.trouble(
            place.workspace,
            _SESSIONS,
            lambda web: web.agents_sessions_setStatus(channel_id=place.chat, status=status, thread_ts=thread),
        )

    async def _show(self, place: Place, thread: str, line: str) -> None:
        await self._extras.tried(
            place.workspace,
            "assistant.threads.setStatus",
            lambda web: web.assistant_threads_setStatus(channel_id=place.chat, thread_ts=thread, status=line),
        )
