"""Threads that are long already, written straight into their tables: through the door they would take an hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from adapters.web import web_place
from bot.domain.thread import TurnState
from storage.store import Store, Tx
from storage.tables import messages, turns

QUESTION = "When does the bridge open on Sundays, and who keeps its keys then? Ann asks for the {} time."
ANSWER = (
    "On weekdays the bridge opens at nine, on Sundays at ten. Its keys are with the warden, who lives in the house "
    "behind the gate and answers until eight in the evening. Should nobody open, ask at the harbour office: a second "
    "pair hangs there, and they write down who takes it. From November until March the bridge stays closed when there "
    "is ice on it; a red flag on the tower shows that from afar. Bicycles are pushed, dogs are led, and nobody swims "
    "below the arches, whatever the weather is like. Is there anything else that you would like to know about it? "
)
"""About 40 and 150 tokens of most models."""
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Owned:
    """A thread, and whose it is."""

    conversation: int
    thread: int
    user: int


async def open_thread(store: Store, conversation: int, specialist: str) -> Owned:
    """A thread without a word, where the visitor of that conversation goes on; `specialist` answers in it."""
    place = web_place(f"{conversation:032x}", f"{conversation:032x}")
    async with store.begin() as tx:
        user = await tx.users.resolve(place.messenger, place.workspace, f"{conversation:032x}", name="Ann", locale="en")
        thread = await tx.threads.open(user.id, place, specialist=specialist)
        await tx.threads.rename(thread.id, "The bridge")
    return Owned(conversation, thread.id, user.id)


async def lengthen(store: Store, owned: Owned, specialist: str, now: datetime, count: int) -> None:
    """`count` messages more: questions with their answers, a minute apart, the last of them a minute before `now`."""
    pairs = count // 2
    for first in range(0, pairs, _ROWS_AT_ONCE):
        times = [now - timedelta(minutes=pairs - at) for at in range(first, min(first + _ROWS_AT_ONCE, pairs))]
        async with store.begin() as tx:
            await _write(tx, owned.thread, specialist, times)


async def _write(tx: Tx, thread: int, specialist: str, times: list[datetime]) -> None:
    done = {"thread_id": thread, "specialist": specialist, "state": TurnState.COMPLETED}
    newest = await tx.wire.scalar(select(turns.c.id).order_by(turns.c.id.desc()).limit(1)) or 0
    await tx.wire.each(insert(turns), [{**done, "created_at": at, "finished_at": at} for at in times])
    ids = [row.id for row in await tx.wire.rows(select(turns.c.id).where(turns.c.id > newest).order_by(turns.c.id))]
    said = [
        {"thread_id": thread, "turn_id": turn, "role": role, "text": text, "version": 1, "created_at": at}
        for turn, at in zip(ids, times, strict=True)
        for role, text in (("user", QUESTION.format(turn)), ("assistant", ANSWER))
    ]
    await tx.wire.each(insert(messages), said)
