"""How much a user, a workspace and a specialist may take in a day, and what it says when that is spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.reply import Usage
from bot.domain.specialist import Specialist
from storage.store import Tx


@dataclass(frozen=True, slots=True)
class DailyLimits:
    """Of a day in UTC; None is no limit."""

    user_tokens: int | None = None
    workspace_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """A limit is reached: the Fluent key of what is said, and the time from which it will be otherwise."""

    sentence: str
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Left:
    """What a user may still take today; None where there is no limit."""

    user_tokens: int | None
    workspace_tokens: int | None
    resets_at: datetime


class Quota:
    """Counts in `tx.counters`, by day in UTC."""

    def __init__(self, limits: DailyLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock

    @property
    def resets_at(self) -> datetime:
        """The next midnight in UTC."""
        return self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

    def limits(self, specialist: Specialist | None) -> bool:
        """Whether there is anything to look up before it, or anybody, replies."""
        own = None if specialist is None else specialist.daily_quota
        return any(one is not None for one in (self._limits.user_tokens, self._limits.workspace_tokens, own))

    async def spent(self, tx: Tx, user_id: int, place: Place, specialist: Specialist | None) -> Spent | None:
        """The limit that the next reply would exceed, the specialist's own included; None when it may be made."""
        left = await self.left(tx, user_id, place)
        if left.user_tokens is not None and left.user_tokens <= 0:
            return Spent("quota-user", left.resets_at)
        if left.workspace_tokens is not None and left.workspace_tokens <= 0:
            return Spent("quota-workspace", left.resets_at)
        if specialist is not None and specialist.daily_quota is not None:
            replies = await tx.counters.get(_replies_of(user_id, specialist.name), self._today)
            if replies >= specialist.daily_quota:
                return Spent("quota-specialist", left.resets_at)
        return None

    async def left(self, tx: Tx, user_id: int, place: Place) -> Left:
        """For `/usage`."""
        limits = self._limits
        user = workspace = None
        if limits.user_tokens is not None:
            user = limits.user_tokens - await tx.counters.get(_tokens_of_user(user_id), self._today)
        if limits.workspace_tokens is not None:
            workspace = limits.workspace_tokens - await tx.counters.get(_tokens_of_workspace(place), self._today)
        return Left(user, workspace, self.resets_at)

    async def charge(
        self, tx: Tx, user_id: int, place: Place, usages: Sequence[Usage], specialist: Specialist | None = None
    ) -> None:
        """Count what was taken from models, and a reply of `specialist` when one is given; only what some limit looks
        at is written."""
        tokens = sum(usage.input_tokens + usage.output_tokens for usage in usages)
        if tokens and self._limits.user_tokens is not None:
            await tx.counters.add(_tokens_of_user(user_id), self._today, tokens)
        if tokens and self._limits.workspace_tokens is not None:
            await tx.counters.add(_tokens_of_workspace(place), self._today, tokens)
        if specialist is not None and specialist.daily_quota is not None:
            await tx.counters.add(_replies_of(user_id, specialist.name), self._today)

    @property
    def _today(self) -> str:
        return self._clock.now().date().isoformat()


def _tokens_of_user(user_id: int) -> str:
    return f"tokens:user:{user_id}"


def _tokens_of_workspace(place: Place) -> str:
    return f"tokens:workspace:{place.messenger}:{place.workspace}"


def _replies_of(user_id: int, specialist: str) -> str:
    return f"replies:user:{user_id}:{specialist}"
