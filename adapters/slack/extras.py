"""Calls that may fail: no reply is lost for them, and a feature that is refused is not asked for again."""

import logging

from adapters.slack.client import Ask, Client
from adapters.slack.faults import UNAUTHORISED, code_of
from bot.domain.errors import MessengerError, Misconfigured

log = logging.getLogger(__name__)


class Extras:
    """Refusals of a feature are remembered for each workspace."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._refused: set[tuple[str, str]] = set()

    def allows(self, team: str, feature: str) -> bool:
        """False once it was refused."""
        return (team, feature) not in self._refused

    async def tried(self, team: str, feature: str, ask: Ask) -> bool:
        """Whether the call was carried out."""
        return await self.trouble(team, feature, ask) is None

    async def trouble(self, team: str, feature: str, ask: Ask) -> MessengerError | None:
        """Why the call was not carried out; None when it was."""
        if not self.allows(team, feature):
            return Misconfigured("refused before")
        try:
            await self._client.call(team, ask)
        except MessengerError as trouble:
            log.info("%s failed in workspace %s: %s", feature, team, trouble.detail)
            # With another token, the feature may be there.
            if isinstance(trouble, Misconfigured) and code_of(trouble) not in UNAUTHORISED:
                self._refused.add((team, feature))
            return trouble
        return None

    def forget(self, team: str) -> None:
        """We may be installed anew with other rights."""
        self._refused = {one for one in self._refused if one[0] != team}
