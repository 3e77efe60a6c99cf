"""Carries a streaming reply into a messenger: previews while it grows, and one ending that always lands."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import assert_never

from bot.bubble import Bubble, Growing
from bot.courier import Courier
from bot.domain.errors import Blocked, EngineError, LeaseLost, StorageError, UnknownFailure
from bot.domain.messenger import Buttons, Capabilities, File, ToolCard
from bot.domain.ports import Clock
from bot.domain.reply import (
    Asked,
    Attached,
    Failed,
    Finished,
    Handover,
    Paused,
    ReplyEvent,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolStarted,
    Unseen,
    Usage,
)
from bot.domain.thread import Thinking, TurnState
from bot.told import Told
from bot.work import Work
from specialists.memory import estimate_tokens

log = logging.getLogger(__name__)

_THINKING_CHARS: dict[Thinking, int] = {"off": 0, "brief": 300, "full": 3_000}
"""How much of the latest thinking is shown."""
_PARTIAL_EVERY_SECONDS = 2.0
_DRAFT_REFRESH_SHARE = 0.6
_SILENCE_SECONDS = 0.5
"""How long an engine may say nothing before an empty draft shows that it thinks."""
_TYPING_SECONDS = 4.0
"""Typing fades after about 5 s."""
_TYPING_AGAIN_SECONDS = 2.0
"""Least time between two signs of typing, and how long a reply that is whole waits for one that is on its way: what
came after the reply would stand there with nobody at work."""
_RETRY_SECONDS = 1.0
"""After how long what the workspace had nothing left for is tried again."""


Incremental = (
    Asked | ThinkingDelta | TextDelta | ToolStarted | ToolFinished | Unseen | Handover | Finished | Paused | Failed
)
"""Events that are taken in at once; a file must be stored first."""


class Relay:
    """Listens to one reply and shows it in a `Bubble`. Use once."""

    def __init__(
        self,
        bubble: Bubble,
        work: Work,
        courier: Courier,
        clock: Clock,
        *,
        buttons: Buttons,
        save_partial: Callable[[str], Awaitable[None]],
        keep_file: Callable[[File], Awaitable[None]],
        first_text: Callable[[], None],
        title: Callable[[str], str],
        thinking: Thinking = "brief",
        lead: str = "",
        said: str = "",
    ) -> None:
        """`buttons` stand under the growing reply (stop); `lead` is shown above it and is no part of it.

        `save_partial` keeps what has come so far where a page that is loaded now can read it; `keep_file` stores a
        file of the reply; `first_text` is called once, when the engine's first text arrives. `title` says what a tool
        does in the user's language. `said` is what the reply read before it paused.
        """
        self._bubble = bubble
        self._work = work
        self._courier = courier
        self._clock = clock
        self._buttons = buttons
        self._save_partial = save_partial
        self._keep_file = keep_file
        self._first_text = first_text
        self._title = title
        self._thinking_chars = _THINKING_CHARS[thinking]
        self._now = Growing(said, lead=lead)
        self._changed = asyncio.Event()
        self._outcome: Finished | Paused | Failed | None = None
        self._usages: tuple[Usage, ...] = ()
        self._asked: list[Usage] = []
        """Models whose account has not come (yet), with the estimate of their input."""
        self._heard_chars = len(said)
        self._unseen = 0
        """Pictures that the model could not look at."""
        self._behind = False
        """The last preview was not shown for want of budget."""
        self._typing: asyncio.Task[None] | None = None
        self._typed_at = float("-inf")
        self._saved_at = float("-inf")
        self._saved_chars = 0

    async def listen(self, events: AsyncGenerator[ReplyEvent, None]) -> Told:
        """Take the reply in until it ends or is stopped, showing it meanwhile. Nothing final is said yet.

        Raises `Blocked` when the user cannot be reached any more. The engine is closed before this returns.
        """
        try:
            return await self._listen(events)
        except BaseException:
            self._bubble.abandon()
            raise
        finally:
            if self._typing is not None:
                self._typing.cancel()
                await asyncio.wait({self._typing})

    async def _listen(self, events: AsyncGenerator[ReplyEvent, None]) -> Told:
        consumer = asyncio.create_task(self._consume(events))
        presenter = asyncio.create_task(self._present())
        stopper = asyncio.create_task(self._work.stop.wait())
        try:
            await asyncio.wait({consumer, presenter, stopper}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (presenter, stopper, consumer):
                task.cancel()
            await asyncio.wait({consumer, presenter, stopper})
        await self._end_typing()
        if not presenter.cancelled() and (error := presenter.exception()) is not None:
            raise error
        return replace(self._told(consumer), unseen=self._unseen)

    @property
    def spent(self) -> tuple[Usage, ...]:
        """What the reply took so far; where a provider has not told (yet), counted from the text."""
        return self._account()

    def _told(self, consumer: "asyncio.Task[None]") -> Told:
        if not consumer.cancelled() and (error := consumer.exception()) is not None:
            if isinstance(error, StorageError):
                raise error  # not the engine's fault: the turn is done anew when the database is back
            if not isinstance(error, EngineError):
                log.error("the engine broke", exc_info=error)
                error = UnknownFailure(type(error).__name__)
            return self._failed(error)
        match self._outcome:
            case Finished(_, confidence):
                return Told(TurnState.COMPLETED, self._now.text, confidence=confidence, usages=self._usages)
            case Paused(requests, state):
                return Told(
                    TurnState.REQUIRES_ACTION, self._now.text, usages=self._usages, requests=requests, pause=state
                )
            case Failed(error):
                return self._failed(error)
            case None if self._work.stop.is_set():
                return Told(TurnState.STOPPED, self._now.text, usages=self._account())
            case None:
                return self._failed(UnknownFailure("the engine ended without a word"))

    def _failed(self, error: EngineError) -> Told:
        log.warning("the engine failed", extra={"error": type(error).__name__, "detail": error.detail})
        return Told(TurnState.FAILED, self._now.text, sentence=error.sentence, usages=self._account())

    def _account(self) -> tuple[Usage, ...]:
        """What the reply took; where a provider could not tell any more, counted from the text."""
        if not self._asked:
            return self._usages
        *earlier, last = self._asked
        written = estimate_tokens(self._now.text[self._heard_chars :])
        open_ones = (*earlier, replace(last, output_tokens=last.output_tokens + written))
        return (*self._usages, *(replace(usage, estimated=True) for usage in open_ones))

    async def _consume(self, events: AsyncGenerator[ReplyEvent, None]) -> None:
        async with aclosing(events) as stream:
            async for event in stream:
                if isinstance(event, Attached):
                    await self._keep_file(event.file)
                else:
                    self._take_in(event)
                    self._changed.set()

    def _take_in(self, event: Incremental) -> None:
        now = self._now
        match event:
            case Asked(usage):
                self._asked.append(usage)
            case TextDelta(text):
                if not now.text and text:
                    self._first_text()
                now.text += text
            case ThinkingDelta(text):
                now.thinking = (now.thinking + text)[-self._thinking_chars :] if self._thinking_chars else ""
            case ToolStarted(call, title):
                now.status = self._title(title)
                now.tools[call] = ToolCard(call, now.status, "running")
            case ToolFinished(call, ok):
                if call in now.tools:
                    now.tools[call] = replace(now.tools[call], state="done" if ok else "failed")
                running = (tool.title for tool in reversed(now.tools.values()) if tool.state == "running")
                now.status = next(running, "")
            case Unseen(pictures):
                self._unseen = pictures
            case Handover():
                now.thinking = now.status = ""
            case Finished() | Paused() | Failed():
                self._outcome = event
                self._usages += event.usages
                self._asked.clear()
                self._heard_chars = len(now.text)
            case _:
                assert_never(event)

    async def _present(self) -> None:
        """Preview at the place's pace, always the latest state; keep a draft from vanishing."""
        facts = self._courier.capabilities(self._bubble.place)
        shown = 0
        self._type()
        while True:
            pace = facts.pace_seconds[min(shown, len(facts.pace_seconds) - 1)]
            await self._clock.sleep(pace)
            await self._wait_for_change(self._idle_seconds(facts, shown))
            self._changed.clear()
            if self._now.is_visible(facts) or facts.streaming == "drafts":
                await self._preview()
                shown += 1
            else:
                self._type()
            if self._behind and not self._bubble.is_streaming:
                self._type()
            if facts.streaming == "appends":
                await self._keep_partial()

    def _idle_seconds(self, facts: Capabilities, shown: int) -> float:
        """After how long without a change something is shown all the same; 0: not before a change."""
        match facts.streaming:
            case "drafts":
                return facts.draft_ttl_seconds * _DRAFT_REFRESH_SHARE if shown else _SILENCE_SECONDS
            case "appends":
                return _PARTIAL_EVERY_SECONDS
            case "edits" | "streams" if self._behind:
                return _RETRY_SECONDS
            case "edits" | "streams":
                return 0.0 if self._now.is_visible(facts) else _TYPING_SECONDS
            case _:
                assert_never(facts.streaming)

    async def _preview(self) -> None:
        """A preview that cannot be made is skipped: the ending says it all again. Only a lost cause is raised."""
        try:
            self._behind = not await self._bubble.preview(self._now, self._buttons)
        except (Blocked, LeaseLost):
            raise
        except Exception:
            log.warning("a preview failed", exc_info=True)

    def _type(self) -> None:
        """Let it be shown, beside all else, that the answer is being written, unless that was shown just now.

        Raises what the time before has met.
        """
        if self._typing is not None:
            if not self._typing.done():
                return
            self._typing.result()
        now = self._clock.monotonic()
        if now - self._typed_at >= _TYPING_AGAIN_SECONDS:
            self._typed_at = now
            about = self._bubble.after or self._bubble.reply_to
            self._typing = asyncio.create_task(self._courier.typing(self._bubble.place, about))

    async def _end_typing(self) -> None:
        """Wait for the sign that is on its way, but not for long. What it meets, the reply meets too."""
        if self._typing is None or self._typing.done():
            return
        timer = asyncio.ensure_future(self._clock.sleep(_TYPING_AGAIN_SECONDS))
        try:
            await asyncio.wait({self._typing, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()

    async def _wait_for_change(self, at_most_seconds: float) -> None:
        if self._changed.is_set():
            return
        if at_most_seconds <= 0:
            await self._changed.wait()
            return
        waker = asyncio.ensure_future(self._changed.wait())
        timer = asyncio.ensure_future(self._clock.sleep(at_most_seconds))
        try:
            await asyncio.wait({waker, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waker.cancel()
            timer.cancel()

    async def _keep_partial(self) -> None:
        now = self._clock.monotonic()
        if now - self._saved_at >= _PARTIAL_EVERY_SECONDS and self._saved_chars != len(self._now.text):
            self._saved_at, self._saved_chars = now, len(self._now.text)
            try:
                await self._save_partial(self._now.text)
            except StorageError:
                log.warning("a partial reply was not kept; only a page that is loaded now misses it")
