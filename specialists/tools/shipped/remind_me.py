"""`remind_me`: the user hears from us at a time they chose."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from bot.domain.errors import Refused
from specialists.tools.call import Call
from specialists.tools.tool import Result, tool, where_acting

_MOST_MINUTES = 365 * 24 * 60
_SOONEST = timedelta(minutes=1)
_MARGIN = timedelta(seconds=1)

_AT = (
    "Date and time in ISO 8601 with the offset from UTC, like 2027-03-01T09:00+03:00. The user's time zone is not "
    "known: ask for it, or take UTC and say so."
)


@tool(offered=where_acting)
async def remind_me(
    call: Call,
    text: Annotated[str, Field(description="What to remind of, in the user's language.", min_length=1, max_length=500)],
    in_minutes: Annotated[int | None, Field(description="Minutes from now.", ge=1, le=_MOST_MINUTES)] = None,
    at: Annotated[datetime | None, Field(description=_AT)] = None,
) -> Result:
    """Remind the user of something, in one minute to one year. Give either `in_minutes` or `at`.

    Use it only when the user asks to be reminded, and tell them when it will be.
    """
    now = call.clock.now()
    moment = _moment(now, in_minutes, at)
    await call.acting().remind(text, moment)
    return {
        "reminder_at": moment.astimezone(UTC).isoformat(timespec="minutes"),
        "in_minutes": round((moment - now).total_seconds() / 60),
    }


def _moment(now: datetime, in_minutes: int | None, at: datetime | None) -> datetime:
    if (in_minutes is None) == (at is None):
        raise Refused("Give either in_minutes or at.")
    if at is None:
        # Whoever checks the shortest time does so a moment later.
        return now + timedelta(minutes=in_minutes or 0) + _MARGIN
    if at.tzinfo is None:
        raise Refused("The time has no offset from UTC. Ask the user for their time zone, or take UTC and say so.")
    if at < now + _SOONEST:
        raise Refused(f"That time is over or less than a minute ahead; now it is {now:%Y-%m-%dT%H:%M}Z.")
    if at > now + timedelta(minutes=_MOST_MINUTES):
        raise Refused("That is more than a year ahead.")
    return at
