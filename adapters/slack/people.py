"""Who the people are: what they are called, which language they read, and where we talk to them alone."""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from adapters.slack.client import Client
from adapters.slack.deadline import LOOK_SECONDS, within
from bot.domain.errors import MessengerError, Misconfigured, Unreachable
from bot.domain.ports import Clock

log = logging.getLogger(__name__)

_REMEMBERED = 10_000
_FRESH_SECONDS = 6 * 3600.0
_FAILED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Person:
    name: str = ""
    locale: str = ""
    """An IETF language tag; empty when Slack did not say."""
    team: str = ""
    """Their own workspace, which in a channel shared by several may be another than ours; empty when not known."""


class People:
    """Asks Slack once in a while and remembers. Nobody's name is worth losing or delaying a message for."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._persons: OrderedDict[tuple[str, str], tuple[float, Person]] = OrderedDict()
        """Until when it is known, and what."""
        self._directs: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._closed: set[str] = set()
        """Workspaces that do not let us read who is who."""

    async def describe(self, team: str, user: str) -> Person:
        """Name and language of a user; empty when Slack does not tell within a second. It is asked again later."""
        good_until, person = self._persons.get((team, user), (float("-inf"), Person()))
        if not user or team in self._closed or self._clock.monotonic() < good_until:
            return person
        look = self._client.look(team, lambda web: web.users_info(user=user, include_locale=True))
        try:
            answer = await within(self._clock, LOOK_SECONDS, look)
        except Misconfigured as refusal:
            log.warning("workspace %s does not tell who its people are: %s", team, refusal.detail)
            self._closed.add(team)
            return person
        except MessengerError as trouble:
            log.info("user %s of %s stays without a name: %s", user, team, type(trouble).__name__)
            self._remember(team, user, person, _FAILED_SECONDS)
            return person
        found = _person(answer.get("user"))
        self._remember(team, user, found, _FRESH_SECONDS)
        return found

    async def home_of(self, team: str, user: str) -> str:
        """The workspace that a user of the workspace `team`, or of a channel it shares, belongs to."""
        return (await self.describe(team, user)).team or team

    async def direct_channel(self, team: str, user: str) -> str:
        """The channel in which we talk to a user alone.

        MessengerError; Blocked when we cannot, Unreachable when Slack does not tell within a second.
        """
        if (team, user) not in self._directs:
            look = self._client.look(team, lambda web: web.conversations_open(users=user))
            channel = (await within(self._clock, LOOK_SECONDS, look)).get("channel")
            if not isinstance(channel, dict) or not channel.get("id"):
                raise Unreachable("conversations.open without a channel")
            self._directs[team, user] = str(channel["id"])
            if len(self._directs) > _REMEMBERED:
                self._directs.popitem(last=False)
        return self._directs[team, user]

    def forget(self, team: str) -> None:
        """We were uninstalled there: what was known may be different when we return."""
        self._closed.discard(team)
        for known in (self._persons, self._directs):
            for key in [key for key in known if key[0] == team]:
                del known[key]

    def _remember(self, team: str, user: str, person: Person, seconds: float) -> None:
        self._persons[team, user] = (self._clock.monotonic() + seconds, person)
        if len(self._persons) > _REMEMBERED:
            self._persons.popitem(last=False)


def _person(user: Any) -> Person:
    if not isinstance(user, dict):
        return Person()
    profile = user.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    team = str(user.get("team_id") or "")
    # In organisations it may be theirs (`E…`), which is no workspace.
    return Person(
        str(next(filter(None, names), "")), str(user.get("locale") or ""), team if team.startswith("T") else ""
    )
