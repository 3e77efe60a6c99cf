"""Files that belong to users: what came with their replies and what was exported for them.

Their content is in the vault (`storage.vault`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, insert, or_, select

from bot.domain.errors import NotAllowed
from storage.blobs import Held, let_go, refer
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
    blob: int = 0
    """Where the content is; 0 when an earlier version kept it, and `Vault.adopt` has not come to it yet."""

    @property
    def link(self) -> str:
        """Where a page of ours fetches it."""
        return f"/files/{self.token}"


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
    files.c.blob_id,
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
        name: str,
        media_type: str,
        size_bytes: int,
        blob: int,
        *,
        turn_id: int | None = None,
        version: int = 0,
        ttl_seconds: float | None = None,
    ) -> StoredFile:
        """Keep the file for its user, with a turn's reply or apart, for so long or until it is deleted with them.

        `blob` is from `Vault.keep`; StorageError when it was swept since.
        """
        values = {
            "user_id": user_id,
            "turn_id": turn_id,
            "version": version,
            "token": token_urlsafe(TOKEN_BYTES),
            "name": name,
            "media_type": media_type,
            "content": b"",
            "size_bytes": size_bytes,
            "blob_id": blob,
        }
        expires_at = None if ttl_seconds is None else self._wire.now(ttl_seconds)
        (row,) = await self._wire.rows(ADD.values(**values, created_at=self._wire.now(), expires_at=expires_at))
        await refer(self._wire, blob)
        return _stored(row)

    async def get(self, file_id: int) -> StoredFile:
        """NotAllowed when there is none of that id."""
        row = None
        if 0 < file_id <= LARGEST_ID:
            row = await self._wire.row(select(*_ABOUT).where(files.c.id == file_id))
        if row is None:
            raise NotAllowed("no such file")
        return _stored(row)

    async def of_turn(self, turn_id: int, version: int) -> list[StoredFile]:
        """In the order in which they were added."""
        return [_stored(row) for row in await self._wire.rows(OF_TURN, {"turn": turn_id, "reply_version": version})]

    async def of_turns(self, turn_ids: Sequence[int]) -> list[StoredFile]:
        """Of all versions of their replies, by turn and in the order in which they were added."""
        if not turn_ids:
            return []
        theirs = select(*_ABOUT).where(files.c.turn_id.in_(turn_ids)).order_by(files.c.turn_id, files.c.id)
        return [_stored(row) for row in await self._wire.rows(theirs)]

    async def by_token(self, token: str) -> StoredFile | None:
        """None when there is none, or none any more."""
        lasts = or_(files.c.expires_at.is_(None), files.c.expires_at > self._wire.now())
        row = await self._wire.row(select(*_ABOUT).where(files.c.token == token, lasts))
        return None if row is None else _stored(row)

    async def drop(self, turn_id: int, version: int) -> int:
        """Delete what came with that version of the reply; how many."""
        return await self._delete(and_(files.c.turn_id == turn_id, files.c.version == version))

    async def remove(self, file_id: int) -> None:
        """Delete that one; nothing happens when there is none of that id."""
        await self._delete(files.c.id == file_id)

    async def prune(self) -> int:
        """Delete the expired ones; how many."""
        return await self._delete(files.c.expires_at <= self._wire.now())

    async def _delete(self, which: ColumnElement[bool]) -> int:
        gone = await self._wire.rows(delete(files).where(which).returning(files.c.blob_id))
        await let_go(self._wire, Held(tuple(sorted({row.blob_id for row in gone if row.blob_id is not None}))))
        return len(gone)


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
        blob=row.blob_id or 0,
    )
