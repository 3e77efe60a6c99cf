"""`get_user_profile` and `get_user_achievements`: what is stored about the user, and nothing of anybody else."""

from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from bot.domain.errors import NotAllowed
from specialists.tools.achievements import Record, reached, upcoming
from specialists.tools.call import Call
from specialists.tools.tool import Result, tool
from storage.store import Tx

_MOST_THREADS = 1_000
_DAYS = 30
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@tool()
async def get_user_profile(call: Call) -> Result:
    """Tell who the user is: name, language, messengers, settings, number of conversations, facts they asked to keep."""
    async with call.store.begin() as tx:
        user = await tx.users.get(call.user)
        identities = await tx.users.identities(call.user)
        threads = len(await tx.threads.list(call.user, limit=_MOST_THREADS))
        title = await _title(tx, call)
    profile: dict[str, JsonValue] = {
        "name": user.name,
        "language": user.locale,
        "messengers": [*dict.fromkeys(identity.messenger for identity in identities)],
        "shows_thinking": user.thinking,
        "open_conversations": threads,
        "this_conversation": title,
        "talks_to": call.specialist.name,
        "time_zone": "unknown",
    }
    if call.memory_enabled:
        profile["asked_to_remember"] = [*call.facts]
    return profile


@tool()
async def get_user_achievements(call: Call) -> Result:
    """Tell what the user has reached here so far, counted from what is stored, and what comes next.

    Use it when they ask about their progress, statistics or achievements. Never invent others.
    """
    record = await _record(call)
    return {
        "questions": record.questions,
        "conversations": record.conversations,
        "specialists_met": [*record.specialists],
        f"days_active_in_the_last_{_DAYS}": record.days_active,
        "days_in_a_row": record.streak,
        "reached": [*reached(record)],
        "next": [*upcoming(record)],
        "counted": f"Days are days in UTC, a row is counted up to {_DAYS} days; what was deleted does not count.",
    }


async def _title(tx: Tx, call: Call) -> str:
    try:
        return (await tx.threads.owned(call.thread, call.user)).title
    except NotAllowed:
        return ""


async def _record(call: Call) -> Record:
    midnight = call.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    async with call.store.begin() as tx:
        open_threads = await tx.threads.list(call.user, limit=_MOST_THREADS)
        archived = await tx.threads.list(call.user, limit=_MOST_THREADS, archived=True)
        used = await tx.ledger.usage_of(call.user, _EVER)
        questions = await tx.turns.count_since(call.user, _EVER)
        since = [await tx.turns.count_since(call.user, midnight - timedelta(days=day)) for day in range(_DAYS)]
    active = [later - earlier > 0 for later, earlier in zip(since, (0, *since), strict=False)]
    met = {total.specialist for total in used} | {thread.specialist for thread in (*open_threads, *archived)}
    known = {specialist.name for specialist in call.team}
    return Record(
        questions=questions,
        conversations=len(open_threads) + len(archived),
        specialists=tuple(sorted(met & known)),
        days_active=sum(active),
        streak=_streak(active),
    )


def _streak(active: list[bool]) -> int:
    """Days in a row up to today; a day that has only just begun does not break it."""
    days = active if active[0] else active[1:]
    return next((count for count, was_active in enumerate(days) if not was_active), len(days))
