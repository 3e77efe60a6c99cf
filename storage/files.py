"""Files that belong to users: what came with their replies and what was exported for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, or_, select

from bot.domain.errors import NotAllowed
from bot.domain.messenger import File
from storage.tables import files
from storage.types import LARGEST_ID
from storage.wire import Wire

TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class StoredFile:
    """All about a file but its content."""

    id: int
    token: str
    """Whoever knows it may fetch the file; not to be guessed."""
    name: str
    media_type: str
    size_bytes: int
    turn_id: int | None
    version: int
    """Of the turn's reply that the file came with."""
    created_at: datetime
    user_id: int
    """Whose it is."""


_ABOUT = (
    files.c.id,
    files.c.token,
    files.c.name,
    files.c.media_type,
    files.c.size_bytes,
    files.c.turn_id,
    files.c.version,
    files.c.created_at,
    files.c.user_id,
)
ADD = insert(files).returning(*_ABOUT)
OF_TURN = (
    select(*_ABOUT)
    .where(files.c.turn_id == bindparam("turn"), files.c.version == bindparam("reply_version"))
    .order_by(files.c.id)
)


class Files:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def add(
        self,
        user_id: int,
        file: File,
        *,
        turn_id: int | None = None,
        version: int = 0,
        ttl_seconds: float | None = None,
    ) -> StoredFile:
        """Keep the file for its user, with a turn's reply or apart, for so long or until it is deleted with them."""
        values = {
            "user_id": user_id,
            "turn_id": turn_id,
            "version": version,
            "token": token_urlsafe(TOKEN_BYTES),
            "name": file.name,
            "media_type": file.media_type,
            "content": file.content,
            "size_bytes": len(file.content),
        }
        expires_at = None if ttl_seconds is None else self._wire.now(ttl_seconds)
        (row,) = await self._wire.rows(ADD.values(**values, created_at=self._wire.now(), expires_at=expires_at))
        return _stored(row)

    async def content(self, file_id: int) -> File:
        """The file itself, with its link. NotAllowed when there is none of that id."""
        row = None
        if 0 < file_id <= LARGEST_ID:
            row = await self._wire.row(select(files).where(files.c.id == file_id))
        if row is None:
            raise NotAllowed("no such file")
        return _file(row)

    async def of_turn(self, turn_id: int, version: int) -> list[StoredFile]:
        """In the order in which they were added."""
        return [_stored(row) for row in await self._wire.rows(OF_TURN, {"turn": turn_id, "reply_version": version})]

    async def of_turns(self, turn_ids: Sequence[int]) -> list[StoredFile]:
        """Of all versions of their replies, by turn and in the order in which they were added."""
        if not turn_ids:
            return []
        theirs = select(*_ABOUT).where(files.c.turn_id.in_(turn_ids)).order_by(files.c.turn_id, files.c.id)
        return [_stored(row) for row in await self._wire.rows(theirs)]

    async def by_token(self, token: str) -> tuple[StoredFile, File] | None:
        """None when there is none, or none any more."""
        lasts = or_(files.c.expires_at.is_(None), files.c.expires_at > self._wire.now())
        row = await self._wire.row(select(files).where(files.c.token == token, lasts))
        return None if row is None else (_stored(row), _file(row))

    async def drop(self, turn_id: int, version: int) -> int:
        """Delete what came with that version of the reply; how many."""
        theirs = delete(files).where(files.c.turn_id == turn_id, files.c.version == version)
        return await self._wire.count(theirs)

    async def prune(self) -> int:
        """Delete the expired ones; how many."""
        return await self._wire.count(delete(files).where(files.c.expires_at <= self._wire.now()))


def _stored(row: Row[*tuple[Any, ...]]) -> StoredFile:
    return StoredFile(
        id=row.id,
        token=row.token,
        name=row.name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        turn_id=row.turn_id,
        version=row.version,
        created_at=row.created_at,
        user_id=row.user_id,
    )


def _file(row: Row[*tuple[Any, ...]]) -> File:
    return File(row.name, row.content, row.media_type, link=f"/files/{row.token}")
