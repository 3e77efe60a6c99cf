"""Two users become one."""

from sqlalchemy import ColumnElement, and_, delete, exists, literal, or_, select, update

from storage.counters import ADD as COUNT
from storage.feedback import Feedback
from storage.holding import concern, hold_turns
from storage.jobs import LANES_OF_USER
from storage.tables import (
    JOB_IS_CLAIMED,
    briefs,
    counters,
    escalations,
    examples,
    facts,
    feedback,
    files,
    fixes,
    identities,
    jobs,
    threads,
    turns,
    usage,
    users,
)
from storage.types import CleanText
from storage.wire import Wire

OWNED = (identities, files, fixes, examples, briefs, escalations, usage)
"""Tables whose rows just change their owner."""


async def merge_users(wire: Wire, source_id: int, target_id: int) -> None:
    """See `Users.merge`; both exist and differ."""
    both = select(users.c.id).where(users.c.id.in_((source_id, target_id))).order_by(users.c.id)
    await wire.rows(both.with_for_update(key_share=True))
    await hold_turns(wire, concern((source_id, target_id)))
    await _merge_threads(wire, source_id, target_id)
    await _merge_facts(wire, source_id, target_id)
    await _merge_counters(wire, source_id, target_id)
    await wire.count(update(turns).where(turns.c.asker_id == source_id).values(asker_id=target_id))
    await _merge_feedback(wire, source_id, target_id)
    await _merge_jobs(wire, source_id, target_id)
    for table in OWNED:
        await wire.count(update(table).where(table.c.user_id == source_id).values(user_id=target_id))
    await wire.count(delete(users).where(users.c.id == source_id))


def counted(user_id: int) -> ColumnElement[bool]:
    """Counters of that user, as in `turns:user:12` and `replies:user:12:mentor`."""
    name = literal(":", CleanText) + counters.c.name + literal(":", CleanText)
    return name.contains(f":user:{user_id}:", autoescape=True)


async def _merge_threads(wire: Wire, source_id: int, target_id: int) -> None:
    """Of two current threads at one place, the one that was active last stays so."""
    other = threads.alias("other")
    is_newer = or_(
        other.c.active_at > threads.c.active_at,
        and_(other.c.active_at == threads.c.active_at, other.c.id > threads.c.id),
    )
    has_newer = exists().where(
        other.c.user_id.in_((source_id, target_id)),
        other.c.room == threads.c.room,
        other.c.topic == threads.c.topic,
        other.c.current,
        is_newer,
    )
    older = and_(threads.c.user_id.in_((source_id, target_id)), threads.c.current, has_newer)
    await wire.count(update(threads).where(older).values(current=False))
    await wire.count(update(threads).where(threads.c.user_id == source_id).values(user_id=target_id))


async def _merge_facts(wire: Wire, source_id: int, target_id: int) -> None:
    """A fact that both know is kept once. There may be more of them than a user could add."""
    for user_id in sorted((source_id, target_id)):
        await wire.lock(f"facts {user_id}")
    same = facts.alias("same")
    known = exists().where(same.c.user_id == target_id, same.c.text == facts.c.text)
    await wire.count(delete(facts).where(facts.c.user_id == source_id, known))
    await wire.count(update(facts).where(facts.c.user_id == source_id).values(user_id=target_id))


async def _merge_feedback(wire: Wire, source_id: int, target_id: int) -> None:
    """A person has one thumb: of two on the same reply the target's counts."""
    same = feedback.alias("same")
    both = exists().where(same.c.user_id == target_id, same.c.turn_id == feedback.c.turn_id)
    twice = delete(feedback).where(feedback.c.user_id == source_id, both).returning(feedback.c.turn_id)
    rated = [row.turn_id for row in await wire.rows(twice)]
    await wire.count(update(feedback).where(feedback.c.user_id == source_id).values(user_id=target_id))
    if rated:
        await Feedback(wire).add_up(turns.c.id.in_(rated))


async def _merge_counters(wire: Wire, source_id: int, target_id: int) -> None:
    """What either has used up is used up."""
    rows = await wire.rows(delete(counters).where(counted(source_id)).returning(counters))
    for row in rows:
        name = f":{row.name}:".replace(f":user:{source_id}:", f":user:{target_id}:")[1:-1]
        await wire.count(COUNT, {"name": name, "period": row.period, "amount": row.amount})


async def _merge_jobs(wire: Wire, source_id: int, target_id: int) -> None:
    """What waits to be done for the source is done for the target, reminders for one."""
    theirs = or_(
        *(jobs.c.lane == f"{lane}:{source_id}" for lane in LANES_OF_USER),
        *(jobs.c.lane.startswith(f"{lane}:{source_id}:", autoescape=True) for lane in LANES_OF_USER),
    )
    for row in await wire.rows(
        select(jobs.c.id, jobs.c.lane, jobs.c.payload, JOB_IS_CLAIMED.label("is_held")).where(theirs)
    ):
        kind, _, rest = row.lane.partition(":")
        own = {"user": target_id} if row.payload.get("user") == source_id else {}
        # A job that is held stays in its lane: another may be held in the lane of the target.
        lane = row.lane if row.is_held else f"{kind}:{target_id}{rest.removeprefix(str(source_id))}"
        await wire.count(update(jobs).where(jobs.c.id == row.id).values(payload={**row.payload, **own}, lane=lane))
