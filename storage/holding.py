"""Turns are locked before threads, jobs and whatever else hangs on them, as at the end of a reply: so two transactions
never wait for each other."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select

from storage.tables import feedback, threads, turns
from storage.wire import Wire


async def hold_turns(wire: Wire, which: ColumnElement[bool]) -> None:
    """Nobody else changes these turns, or what was said in them, until the transaction ends."""
    if wire.dialect == "postgresql":
        held = select(turns.c.id).where(which).order_by(turns.c.id)
        await wire.rows(held.with_for_update(key_share=True))


def concern(user_ids: Iterable[int]) -> ColumnElement[bool]:
    """Turns in threads of these users, those that they asked in threads of others, and those that they gave a thumb."""
    ids = list(user_ids)
    return or_(
        turns.c.thread_id.in_(select(threads.c.id).where(threads.c.user_id.in_(ids))),
        turns.c.asker_id.in_(ids),
        turns.c.id.in_(select(feedback.c.turn_id).where(feedback.c.user_id.in_(ids))),
    )
