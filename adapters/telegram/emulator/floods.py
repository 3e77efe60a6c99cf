"""Flood limits: how often a bot may speak, and the 429 that follows when it speaks more often."""

import math
from collections import deque
from dataclasses import dataclass, field

from bot.domain.ports import Clock

DRAFT_METHODS = frozenset({"sendMessageDraft", "sendRichMessageDraft"})
MESSAGE_METHODS = frozenset(
    {
        "sendMessage",
        "sendRichMessage",
        "editMessageText",
        "editMessageReplyMarkup",
        "sendDocument",
        "sendPhoto",
        "sendAudio",
        "sendVoice",
        "copyMessage",
        "forwardMessage",
    }
)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` within any `seconds`."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """How many messages (edits included) and drafts a bot may send; an empty tuple means no limit."""

    private: tuple[Window, ...] = ()
    group: tuple[Window, ...] = ()
    bot: tuple[Window, ...] = ()
    drafts: tuple[Window, ...] = ()

    @classmethod
    def none(cls) -> "Limits":
        return cls()

    @classmethod
    def telegram(cls) -> "Limits":
        """Telegram's own numbers, as far as they are known (Bot FAQ, "My bot is hitting limits").

        Private chat: one message a second on the average, in bursts of five; group: 20 a minute; all chats together:
        30 a second. Drafts have a budget of their own in each chat, 20 in 5 s and 40 in 30 s (third-party reports),
        and do not count as messages.
        """
        return cls(
            private=(Window(5, 5.0),),
            group=(Window(20, 60.0),),
            bot=(Window(30, 1.0),),
            drafts=(Window(20, 5.0), Window(40, 30.0)),
        )


@dataclass(frozen=True, slots=True)
class Flood:
    """One 429 that the server gave by its own limits."""

    method: str
    chat_id: int
    retry_after: int
    at: float


@dataclass(slots=True)
class _Meter:
    """The calls let through under one budget, and how long the bot is shut out."""

    windows: tuple[Window, ...]
    passed: deque[float] = field(default_factory=deque)
    closed_until: float = 0.0

    def wait_seconds(self, now: float) -> float:
        """Seconds until a call may pass, 0 when it may now; a full window shuts the bot out until then."""
        if now >= self.closed_until:
            for window in self.windows:
                recent = [at for at in self.passed if at > now - window.seconds]
                if len(recent) >= window.calls:
                    free_at = recent[-window.calls] + window.seconds
                    self.closed_until = max(self.closed_until, now + max(1, math.ceil(free_at - now)))
        return max(0.0, self.closed_until - now)

    def note(self, now: float) -> None:
        longest = max((window.seconds for window in self.windows), default=0.0)
        while self.passed and self.passed[0] <= now - longest:
            self.passed.popleft()
        self.passed.append(now)


class FloodGate:
    """Lets calls pass or answers how long to wait; remembers every refusal in `floods`."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self.limits = limits
        self.floods: list[Flood] = []
        self._meters: dict[tuple[str, int], _Meter] = {}

    def retry_after(self, method: str, chat_id: int, *, private: bool) -> int:
        """0 lets the call pass and counts it; otherwise the whole seconds of a 429."""
        meters = self._meters_of(method, chat_id, private)
        now = self._clock.monotonic()
        wait = max((meter.wait_seconds(now) for meter in meters), default=0.0)
        if wait > 0:
            seconds = math.ceil(wait)
            self.floods.append(Flood(method, chat_id, seconds, now))
            return seconds
        for meter in meters:
            meter.note(now)
        return 0

    def _meters_of(self, method: str, chat_id: int, private: bool) -> list[_Meter]:
        if method in DRAFT_METHODS:
            return [self._meter("drafts", chat_id, self.limits.drafts)]
        if method not in MESSAGE_METHODS:
            return []
        windows = self.limits.private if private else self.limits.group
        return [self._meter("chat", chat_id, windows), self._meter("bot", 0, self.limits.bot)]

    def _meter(self, budget: str, chat_id: int, windows: tuple[Window, ...]) -> _Meter:
        key = (budget, chat_id)
        if key not in self._meters:
            self._meters[key] = _Meter(windows)
        return self._meters[key]
