"""Workspaces that have let us in, and how one does so: by a consent page of the platform (OAuth)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Installation:
    """A workspace in which we may speak. Shows no token in its `repr`."""

    messenger: str
    workspace: str
    """As in `Place.workspace`."""
    name: str
    """What people call the workspace."""
    token: str = field(repr=False)
    bot_user: str
    """Who we are there."""
    scopes: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class NotInstalled:
    """Nothing has changed, and why.

    `declined`: the person said no. `expired`: what the platform sent along is used up or too old, so they may begin
    again. `organisation`: they chose all workspaces of an organisation at once, which we do not take.
    `misconfigured`: the platform knows us by other settings; only the operator can mend that.
    """

    reason: Literal["declined", "expired", "organisation", "misconfigured"]


class Installing(Protocol):
    """The two steps by which a workspace lets us in."""

    @property
    def messenger(self) -> str:
        """The name of the messenger, the first part of its places."""
        ...

    @property
    def install_path(self) -> str:
        """Where a browser begins, on our own server."""
        ...

    @property
    def return_path(self) -> str:
        """Where the platform sends the browser back to, on our own server."""
        ...

    def consent_url(self, state: str) -> str:
        """The platform's page that asks for consent; it brings `state` back: letters, digits, `.`, `-` and `_`."""
        ...

    async def finish(self, query: Mapping[str, str]) -> Installation | NotInstalled:
        """What came of it, by what the browser brought back. Raises from `MessengerError`."""
        ...
