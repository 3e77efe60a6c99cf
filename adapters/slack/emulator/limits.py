"""Rate tiers: how often an app may call a method in a workspace, and the 429 that follows when it calls more often."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from bot.domain.ports import Clock

MAX_PAGE = 999
Tier = Literal["tier1", "tier2", "tier3", "tier4", "post", "special"]
"""`post` is counted in each conversation, the tiers by method and workspace, `special` not at all."""


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` within any `seconds`."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What each tier lets through; a tier without windows is not limited."""

    tier1: tuple[Window, ...] = ()
    tier2: tuple[Window, ...] = ()
    tier3: tuple[Window, ...] = ()
    tier4: tuple[Window, ...] = ()
    post: tuple[Window, ...] = ()
    history: tuple[Window, ...] = ()
    """conversations.history and .replies, when they have a limit of their own."""
    page_messages: int = MAX_PAGE
    """How many messages these two give at once, whatever they are asked for."""

    @classmethod
    def none(cls) -> "Limits":
        return cls()

    @classmethod
    def slack(cls, *, unlisted: bool = False) -> "Limits":
        """Slack's tiers as a minute has them, and one post a second in each conversation with a small burst.

        The burst is not documented; four in four seconds is our guess. `unlisted` is an app that is distributed outside
        the Marketplace: one history call a minute, for 15 messages. https://docs.slack.dev/apis/web-api/rate-limits/
        """
        return cls(
            tier1=(Window(1, 60.0),),
            tier2=(Window(20, 60.0),),
            tier3=(Window(50, 60.0),),
            tier4=(Window(100, 60.0),),
            post=(Window(4, 4.0),),
            history=(Window(1, 60.0),) if unlisted else (),
            page_messages=15 if unlisted else MAX_PAGE,
        )


@dataclass(frozen=True, slots=True)
class Flood:
    """One 429 that the server gave by its own limits; `at` is the clock's monotonic time."""

    method: str
    team: str
    channel: str
    retry_after_seconds: int
    at: float


@dataclass(slots=True)
class _Meter:
    """The calls let through under one budget, and until when the app is shut out."""

    windows: tuple[Window, ...]
    passed: deque[float] = field(default_factory=deque)
    closed_until: float = 0.0

    def wait_seconds(self, now: float) -> float:
        """Seconds until a call may pass, 0 when it passes now and is counted."""
        if now < self.closed_until:
            return self.closed_until - now
        for window in self.windows:
            recent = [at for at in self.passed if at > now - window.seconds]
            if len(recent) >= window.calls:
                free_at = recent[-window.calls] + window.seconds
                self.closed_until = max(self.closed_until, now + max(1, math.ceil(free_at - now)))
        if now >= self.closed_until:
            self._note(now)
        return max(0.0, self.closed_until - now)

    def _note(self, now: float) -> None:
        longest = max(window.seconds for window in self.windows)
        while self.passed and self.passed[0] <= now - longest:
            self.passed.popleft()
        self.passed.append(now)


class Gate:
    """Lets calls pass or answers how long to wait; remembers every refusal in `floods`."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self.limits = limits
        self.floods: list[Flood] = []
        self._meters: dict[tuple[str, str, str], _Meter] = {}

    def retry_after_seconds(self, method: str, tier: Tier, team: str, channel: str) -> int:
        """0 lets the call pass and counts it; otherwise the whole seconds of a 429."""
        windows = self._windows(method, tier)
        if not windows:
            return 0
        key = (method, team, channel if tier == "post" else "")
        meter = self._meters.setdefault(key, _Meter(windows))
        now = self._clock.monotonic()
        seconds = math.ceil(meter.wait_seconds(now))
        if seconds:
            self.floods.append(Flood(method, team, channel, seconds, now))
        return seconds

    def _windows(self, method: str, tier: Tier) -> tuple[Window, ...]:
        if method in ("conversations.history", "conversations.replies") and self.limits.history:
            return self.limits.history
        of_tier: dict[Tier, tuple[Window, ...]] = {
            "tier1": self.limits.tier1,
            "tier2": self.limits.tier2,
            "tier3": self.limits.tier3,
            "tier4": self.limits.tier4,
            "post": self.limits.post,
        }
        return of_tier.get(tier, ())
