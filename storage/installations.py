"""Workspaces that have let us in. Their tokens are here sealed only, and leave in no list."""

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, select, update

from bot.domain.errors import SettingsError
from bot.domain.installation import Installation
from storage.sealing import Sealing
from storage.tables import installations
from storage.wire import Wire

CHANGED = "installations"
"""The topic on which the workspace of a changed installation is told."""

logger = logging.getLogger(__name__)


class Installations:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def put(self, installation: Installation, sealing: Sealing) -> None:
        """New, or in place of an earlier one of the workspace. SettingsError when there is no key to seal with."""
        values = {
            "name": installation.name,
            "sealed_token": sealing.seal(installation.token, _place_of(installation)),
            "bot_user": installation.bot_user,
            "scopes": " ".join(installation.scopes),
            "at": installation.at,
        }
        entry = Wire.insert(installations).values(
            messenger=installation.messenger, workspace=installation.workspace, **values
        )
        key = [installations.c.messenger, installations.c.workspace]
        replaced = {column: entry.excluded[column] for column in values}
        await self._wire.count(entry.on_conflict_do_update(index_elements=key, set_=replaced))
        self._tell(installation.workspace)

    async def get(self, messenger: str, workspace: str, sealing: Sealing) -> Installation | None:
        """With its token. SettingsError when the token cannot be opened."""
        row = await self._wire.row(select(installations).where(_is(messenger, workspace)))
        if row is None:
            return None
        return _installation(row, sealing.open(row.sealed_token, _place(messenger, workspace)))

    async def list(self, messenger: str) -> Sequence[Installation]:
        """By name, without tokens."""
        rows = await self._wire.rows(select(installations).where(installations.c.messenger == messenger))
        return sorted((_installation(row, "") for row in rows), key=lambda one: (one.name, one.workspace))

    async def delete(self, messenger: str, workspace: str) -> bool:
        """False when there is none."""
        deleted = bool(await self._wire.count(delete(installations).where(_is(messenger, workspace))))
        if deleted:
            self._tell(workspace)
        return deleted

    async def reseal(self, sealing: Sealing) -> int:
        """Seal every token with the newest key, so that older ones can go; how many. Nobody is told.

        What cannot be opened stays as it is, and is logged.
        """
        count = 0
        for row in await self._wire.rows(select(installations)):
            if sealing and not sealing.is_fresh(row.sealed_token):
                count += await self._reseal(row, sealing)
        return count

    async def _reseal(self, row: Row[*tuple[Any, ...]], sealing: Sealing) -> int:
        place = _place(row.messenger, row.workspace)
        try:
            anew = sealing.seal(sealing.open(row.sealed_token, place), place)
        except SettingsError as error:
            logger.warning("the token of workspace %s stays as it is: %s", row.workspace, error.detail)
            return 0
        same = and_(_is(row.messenger, row.workspace), installations.c.sealed_token == row.sealed_token)
        self._wire.forgets = True
        return await self._wire.count(update(installations).where(same).values(sealed_token=anew))

    def _tell(self, workspace: str) -> None:
        self._wire.forgets = True
        self._wire.notify(CHANGED, workspace)


def _is(messenger: str, workspace: str) -> ColumnElement[bool]:
    return and_(installations.c.messenger == messenger, installations.c.workspace == workspace)


def _place(messenger: str, workspace: str) -> str:
    """What a sealed token is bound to: nobody can move it to another workspace."""
    return f"installations\n{messenger}\n{workspace}"


def _place_of(installation: Installation) -> str:
    return _place(installation.messenger, installation.workspace)


def _installation(row: Row[*tuple[Any, ...]], token: str) -> Installation:
    return Installation(
        messenger=row.messenger,
        workspace=row.workspace,
        name=row.name,
        token=token,
        bot_user=row.bot_user,
        scopes=tuple(row.scopes.split()),
        at=row.at,
    )
