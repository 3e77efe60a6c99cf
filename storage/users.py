"""People and the messengers' names for them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from bot.domain.errors import NotAllowed
from bot.domain.place import Place
from bot.domain.thread import Thinking, User
from storage.merging import merge_users
from storage.tables import identities, users
from storage.types import LARGEST_ID
from storage.wire import Wire

KNOWN = (
    select(users)
    .join(identities)
    .where(
        identities.c.messenger == bindparam("messenger"),
        identities.c.workspace == bindparam("workspace"),
        identities.c.external_id == bindparam("external_id"),
    )
)
BY_ID = select(users).where(users.c.id == bindparam("user"))


@dataclass(frozen=True, slots=True)
class Identity:
    """A messenger's name for a user."""

    messenger: str
    workspace: str
    external_id: str


class Users:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def resolve(self, messenger: str, workspace: str, external_id: str, *, name: str, locale: str) -> User:
        """The user behind that identity, created when it is new.

        A changed, not empty `name` is taken over; `locale` counts only at creation.
        """
        identity = {"messenger": messenger, "workspace": workspace, "external_id": external_id}
        row = await self._wire.row(KNOWN, identity)
        if row is None and self._wire.dialect != "sqlite":
            await self._wire.lock(f"identity {messenger} {workspace} {external_id}")
            row = await self._wire.row(KNOWN, identity)
        if row is None:
            created = insert(users).values(name=name, locale=locale, created_at=self._wire.now()).returning(users)
            (row,) = await self._wire.rows(created)
            await self._wire.count(insert(identities).values(user_id=row.id, **identity))
        elif name and name != row.name:
            (row,) = await self._wire.rows(update(users).where(users.c.id == row.id).values(name=name).returning(users))
        return _user(row)

    async def find(self, messenger: str, workspace: str, external_id: str) -> User | None:
        """The user behind that identity; None when nobody of that identity ever did anything."""
        identity = {"messenger": messenger, "workspace": workspace, "external_id": external_id}
        row = await self._wire.row(KNOWN, identity)
        return None if row is None else _user(row)

    async def get(self, user_id: int) -> User:
        """NotAllowed when there is no such user."""
        row = None
        if 0 < user_id <= LARGEST_ID:
            row = await self._wire.row(BY_ID, {"user": user_id})
        if row is None:
            raise NotAllowed("no such user")
        return _user(row)

    async def set_locale(self, user_id: int, locale: str) -> None:
        await self._wire.count(update(users).where(users.c.id == user_id).values(locale=locale))

    async def set_thinking(self, user_id: int, thinking: Thinking) -> None:
        await self._wire.count(update(users).where(users.c.id == user_id).values(thinking=thinking))

    async def set_voice(self, user_id: int, voice: bool) -> None:
        """Whether replies are spoken to the user, too."""
        await self._wire.count(update(users).where(users.c.id == user_id).values(voice=voice))

    async def identities(self, user_id: int) -> list[Identity]:
        """All of the user's, in the order of their names."""
        theirs = select(identities).where(identities.c.user_id == user_id)
        found = [Identity(row.messenger, row.workspace, row.external_id) for row in await self._wire.rows(theirs)]
        return sorted(found, key=lambda one: (one.messenger, one.workspace, one.external_id))

    async def known_as(self, user_id: int, place: Place) -> str:
        """The user's `Sender.id` in the messenger and workspace of `place`; empty when they have none there."""
        there = select(identities.c.external_id).where(
            identities.c.user_id == user_id,
            identities.c.messenger == place.messenger,
            identities.c.workspace == place.workspace,
        )
        return str(await self._wire.scalar(there.order_by(identities.c.external_id).limit(1)) or "")

    async def merge(self, source_id: int, target_id: int) -> None:
        """Two users are one person: all that is the source's becomes the target's, and the source is gone.

        The target keeps its name, locale and settings. Where both have a current thread at one place, the one active
        last stays current. NotAllowed when either is absent; nothing happens when they are one already.
        """
        await self.get(source_id)
        await self.get(target_id)
        if source_id != target_id:
            await merge_users(self._wire, source_id, target_id)


def _user(row: Row[*tuple[Any, ...]]) -> User:
    return User(id=row.id, name=row.name, locale=row.locale, thinking=row.thinking, voice=row.voice)
