"""The account of what was received and answered, and what it cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, bindparam, func, insert, or_, select

from bot.domain.reply import Usage
from bot.domain.thread import TurnState
from storage.tables import turns, updates
from storage.tables import usage as usage_entries
from storage.types import Moment
from storage.wire import Wire


@dataclass(frozen=True, slots=True)
class Account:
    """Updates that expect a reply, by what became of them."""

    received: int
    answered: int
    refused: int
    waiting: int

    @property
    def lost(self) -> int:
        """Neither answered nor refused nor waiting. It must be 0."""
        return self.received - self.answered - self.refused - self.waiting


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """What a user's replies by one specialist took from one model."""

    specialist: str
    provider: str
    model: str
    replies: int
    """Turns; one that was answered anew counts once."""
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal | None
    """Of the entries whose price is known; None when there is none."""
    unpriced: int
    """Entries whose price is not known."""
    audio_seconds: float = 0.0
    """Of speech that was heard or spoken."""


ENTER = insert(usage_entries)
_SUMMED = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd", "audio_seconds")
_BY = (usage_entries.c.specialist, usage_entries.c.provider, usage_entries.c.model)
USAGE_OF_USER = (
    select(
        *_BY,
        func.count(usage_entries.c.turn_id.distinct()).label("replies"),
        *(func.sum(usage_entries.c[name], type_=usage_entries.c[name].type).label(name) for name in _SUMMED),
        func.count().filter(usage_entries.c.cost_usd.is_(None)).label("unpriced"),
    )
    .where(usage_entries.c.user_id == bindparam("user"), usage_entries.c.at >= bindparam("since", type_=Moment))
    .group_by(*_BY)
    .order_by(*_BY)
)


class Ledger:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def account(self) -> Account:
        """Counted from the updates and the states of their turns, so that a turn that vanished shows as lost."""
        told_no = updates.c.refusal != ""
        answered = turns.c.state.in_([TurnState.COMPLETED, TurnState.STOPPED])
        is_open = turns.c.state.in_([state for state in TurnState if state.is_open])
        counts = (
            select(
                func.count().label("received"),
                func.count().filter(and_(~told_no, answered)).label("answered"),
                func.count().filter(or_(told_no, turns.c.state == TurnState.FAILED)).label("refused"),
                func.count().filter(and_(~told_no, is_open)).label("waiting"),
            )
            .select_from(updates.outerjoin(turns, turns.c.id == updates.c.turn_id))
            .where(or_(updates.c.turn_id.is_not(None), told_no))
        )
        (row,) = await self._wire.rows(counts)
        return Account(row.received, row.answered, row.refused, row.waiting)

    async def record_usage(self, turn_id: int, user_id: int, workspace: str, usage: Usage, at: datetime) -> None:
        """Enter what one model took for a reply of `usage.specialist`. A turn that ran twice has entries of both."""
        entry = {
            "turn_id": turn_id,
            "user_id": user_id,
            "workspace": workspace,
            "specialist": usage.specialist,
            "provider": usage.provider,
            "model": usage.model,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cached_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
            "cost_usd": usage.cost_usd,
            "estimated": usage.estimated,
            "audio_seconds": usage.audio_seconds,
            "at": at,
        }
        await self._wire.count(ENTER, entry)

    async def usage_of(self, user_id: int, since: datetime) -> list[UsageTotal]:
        """What the user took since then, by specialist, provider and model."""
        rows = await self._wire.rows(USAGE_OF_USER, {"user": user_id, "since": since})
        return [
            UsageTotal(
                specialist=row.specialist,
                provider=row.provider,
                model=row.model,
                replies=row.replies,
                input_tokens=int(row.input_tokens),
                output_tokens=int(row.output_tokens),
                cached_tokens=int(row.cached_tokens),
                reasoning_tokens=int(row.reasoning_tokens),
                cost_usd=row.cost_usd,
                unpriced=row.unpriced,
                audio_seconds=float(row.audio_seconds),
            )
            for row in rows
        ]
