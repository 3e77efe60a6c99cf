"""The account of what was received and answered, and what it cost."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, insert, or_, select

from bot.domain.reply import Usage
from bot.domain.thread import TurnState
from storage.tables import turns, updates
from storage.tables import usage as usage_entries
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

    async def record_usage(self, turn_id: int, user_id: int, specialist: str, usage: Usage, at: datetime) -> None:
        """Enter what one reply cost. A turn that ran twice has two entries."""
        entry = insert(usage_entries).values(
            turn_id=turn_id,
            user_id=user_id,
            specialist=specialist,
            provider=usage.provider,
            model=usage.model,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_usd=usage.cost_usd,
            at=at,
        )
        await self._wire.count(entry)
