"""What is kept in mind: the summary of a thread's earlier part, and the facts that a user asked to keep."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, literal_column, select, union_all

from bot.domain.errors import Refused
from storage.tables import facts, thread_memory
from storage.types import LARGEST_ID, NOW, storable
from storage.wire import Wire

MOST_FACTS = 100


@dataclass(frozen=True, slots=True)
class Memory:
    """`summary` stands for all turns of the thread up to and with `upto_turn`."""

    summary: str = ""
    upto_turn: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    id: int
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Recalled:
    """All that a reply is made with beside the newest messages."""

    memory: Memory
    facts: tuple[Fact, ...]


OF_THREAD = select(thread_memory).where(thread_memory.c.thread_id == bindparam("thread"))
OF_USER = select(facts).where(facts.c.user_id == bindparam("user")).order_by(facts.c.id)
RECALL = union_all(
    select(
        literal_column("0").label("is_fact"),
        thread_memory.c.upto_turn.label("id"),
        thread_memory.c.summary.label("text"),
        thread_memory.c.updated_at.label("created_at"),
    ).where(thread_memory.c.thread_id == bindparam("thread")),
    select(literal_column("1"), facts.c.id, facts.c.text, facts.c.created_at).where(
        facts.c.user_id == bindparam("user")
    ),
).order_by("is_fact", "id")
_KEEP = Wire.insert(thread_memory).values(updated_at=NOW)
KEEP = _KEEP.on_conflict_do_update(
    index_elements=[thread_memory.c.thread_id],
    set_={name: _KEEP.excluded[name] for name in ("summary", "upto_turn", "updated_at")},
    where=thread_memory.c.upto_turn <= _KEEP.excluded.upto_turn,
).returning(thread_memory.c.thread_id)


class Memories:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def get(self, thread_id: int) -> Memory:
        row = await self._wire.row(OF_THREAD, {"thread": thread_id})
        return Memory() if row is None else Memory(row.summary, row.upto_turn)

    async def hold(self, thread_id: int) -> Memory:
        """As `get`; nobody else changes it until the transaction ends, if it is there."""
        row = await self._wire.row(OF_THREAD.with_for_update(), {"thread": thread_id})
        return Memory() if row is None else Memory(row.summary, row.upto_turn)

    async def recall(self, thread_id: int, user_id: int) -> Recalled:
        """The thread's memory and the user's facts, in one look."""
        rows = await self._wire.rows(RECALL, {"thread": thread_id, "user": user_id})
        summaries = [Memory(row.text, row.id) for row in rows if not row.is_fact]
        return Recalled(summaries[0] if summaries else Memory(), tuple(_fact(row) for row in rows if row.is_fact))

    async def set(self, thread_id: int, summary: str, upto_turn: int) -> bool:
        """Replace the summary by one that reaches at least as far; False when a later one is there."""
        memory = {"thread_id": thread_id, "summary": summary, "upto_turn": upto_turn}
        return await self._wire.row(KEEP, memory) is not None

    async def facts(self, user_id: int) -> list[Fact]:
        """Oldest first."""
        return [_fact(row) for row in await self._wire.rows(OF_USER, {"user": user_id})]

    async def add_fact(self, user_id: int, text: str) -> Fact:
        """The fact, which is kept once however often it is told. Refused beyond 100."""
        await self._wire.lock(f"facts {user_id}")
        kept = storable(text)
        known = await self.facts(user_id)
        for fact in known:
            if fact.text == kept:
                return fact
        if len(known) >= MOST_FACTS:
            raise Refused(f"at most {MOST_FACTS} facts are kept; remove one first")
        fact_row = insert(facts).values(user_id=user_id, text=kept, created_at=self._wire.now()).returning(facts)
        (row,) = await self._wire.rows(fact_row)
        return _fact(row)

    async def remove_fact(self, user_id: int, fact_id: int) -> bool:
        """False when the user has no such fact."""
        if not 0 < fact_id <= LARGEST_ID:
            return False
        return bool(await self._wire.count(delete(facts).where(facts.c.user_id == user_id, facts.c.id == fact_id)))


def _fact(row: Row[*tuple[Any, ...]]) -> Fact:
    return Fact(row.id, row.text, row.created_at)
