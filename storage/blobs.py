"""Which contents of files there are, who needs them, and which nobody needs any more.

A content is needed while an upload or a file refers to it, and while somebody claims it who is about to refer to it.
Rows of messages and turns are locked before those of uploads and files, and these before those of blobs, so that no two
transactions wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, insert, or_, select, text, true, update

from bot.domain.errors import FilesAway
from storage.faults import ContentGone
from storage.jobs import Jobs
from storage.tables import BLOB_LIVES, blobs, claims, documents, files, uploads
from storage.types import LARGEST_ID
from storage.wire import Wire

CLAIM_SECONDS = 900.0
"""Of a claim that nobody ends."""

SWEEP = "sweep"
"""Lane and kind of the job that lets go of what nobody needs."""

_GENERATION_BYTES = 6
_TIDY_INDEX = text("INSERT INTO passage_index(passage_index) VALUES ('optimize')")


@dataclass(frozen=True, slots=True)
class Blob:
    id: int
    key: str
    """In the `FileStore`; never used again for another blob."""
    size_bytes: int
    is_whole: bool
    """The store has it."""


@dataclass(frozen=True, slots=True)
class Held:
    """What rows that are about to be deleted refer to."""

    blobs: tuple[int, ...]
    has_documents: bool = False


class Blobs:
    """`Vault` is what others talk to."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def claim(self, digest: bytes, size_bytes: int, token: str) -> Blob:
        """The blob of that content, made when there is none; it is not swept until the claim `token`, a new one, is
        released, at most for 15 minutes."""
        fresh = Wire.insert(blobs).values(
            digest=digest,
            key=f"{digest.hex()[:2]}/{digest.hex()}-{token_hex(_GENERATION_BYTES)}",
            size_bytes=size_bytes,
            created_at=self._wire.now(),
        )
        # Nobody dooms it meanwhile: a row that is written is held, though nothing in it changes.
        known = fresh.on_conflict_do_update(
            index_elements=[blobs.c.digest], index_where=BLOB_LIVES, set_={"size_bytes": size_bytes}
        )
        (row,) = await self._wire.rows(known.returning(blobs))
        claim = insert(claims).values(token=token, blob_id=row.id, until=self._wire.now(CLAIM_SECONDS))
        await self._wire.count(claim)
        return _blob(row)

    async def release(self, token: str) -> bool:
        """That claim ends, and no other; whether nobody needs the blob now. Nothing happens when there is no such."""
        ended = await self._wire.rows(delete(claims).where(claims.c.token == token).returning(claims.c.blob_id))
        free = select(blobs.c.id).where(blobs.c.id.in_([row.blob_id for row in ended]), self._is_free())
        return await self._wire.row(free) is not None

    async def mark_whole(self, blob_id: int, is_whole: bool = True) -> bool:
        """Whether the store has its content now; False when the blob was swept meanwhile."""
        lives = update(blobs).where(blobs.c.id == blob_id, BLOB_LIVES)
        return bool(await self._wire.count(lives.values(whole=is_whole)))

    async def get(self, blob_id: int) -> Blob:
        """ContentGone when there is none."""
        row = None
        if 0 < blob_id <= LARGEST_ID:
            row = await self._wire.row(select(blobs).where(blobs.c.id == blob_id, BLOB_LIVES))
        if row is None:
            raise ContentGone("no such content")
        return _blob(row)

    async def doom(self, *, after: int = 0, limit: int = 50) -> list[Blob]:
        """The next blobs, by their ids, that nobody needs, or that nobody needed when a sweep broke off. From now on
        the same content is another blob. Nobody can begin to need them while this looks."""
        await self._wire.count(delete(claims).where(claims.c.until <= self._wire.now()))
        free = self._is_free()
        found = select(blobs.c.id).where(blobs.c.id > after, or_(free, ~BLOB_LIVES)).order_by(blobs.c.id).limit(limit)
        ids = [row.id for row in await self._wire.rows(found.with_for_update(skip_locked=True))]
        # What was committed before the lock is seen only by a statement that begins after it.
        await self._wire.count(update(blobs).where(blobs.c.id.in_(ids), free).values(deleted_at=self._wire.now()))
        doomed = select(blobs).where(blobs.c.id.in_(ids), ~BLOB_LIVES).order_by(blobs.c.id)
        return [_blob(row) for row in await self._wire.rows(doomed)]

    async def remove(self, blob_ids: Sequence[int]) -> None:
        """The store does not have the content of these doomed ones any more."""
        await self._wire.count(delete(blobs).where(blobs.c.id.in_(blob_ids), ~BLOB_LIVES))

    def _is_free(self) -> ColumnElement[bool]:
        is_claimed = exists().where(claims.c.blob_id == blobs.c.id, claims.c.until > self._wire.now())
        return and_(BLOB_LIVES, ~is_claimed, ~_IS_NEEDED)


async def refer(wire: Wire, blob_id: int) -> None:
    """What refers to the blob was written just now, and stays true. FilesAway when the blob was swept before."""
    if wire.dialect == "postgresql":
        await wire.rows(select(blobs.c.id).where(blobs.c.id == blob_id).with_for_update(read=True))
    if await wire.row(select(blobs.c.id).where(blobs.c.id == blob_id, BLOB_LIVES)) is None:
        raise FilesAway("the content was kept too long ago, and is gone")


async def held_by(wire: Wire, of_uploads: ColumnElement[bool], of_files: ColumnElement[bool] | None = None) -> Held:
    """What these uploads and files, which are about to be deleted, refer to."""
    uploaded = select(uploads.c.blob_id).where(of_uploads, uploads.c.blob_id.is_not(None))
    ids = {row.blob_id for row in await wire.rows(uploaded)}
    if of_files is not None:
        kept = select(files.c.blob_id).where(of_files, files.c.blob_id.is_not(None))
        ids |= {row.blob_id for row in await wire.rows(kept)}
    shelved = select(documents.c.id).join(uploads, uploads.c.id == documents.c.upload_id).where(of_uploads).limit(1)
    return Held(tuple(sorted(ids)), await wire.row(shelved) is not None)


async def let_go(wire: Wire, held: Held) -> None:
    """What was held is free, now that the rows are deleted: the next sweep, which is put, takes what nobody else needs,
    and no word of a document stays in SQLite's index and log."""
    if held.blobs:
        await Jobs(wire).put(SWEEP, SWEEP, {})
    if held.has_documents and wire.dialect == "sqlite":
        await wire.count(_TIDY_INDEX)
        wire.forgets = True


_IS_NEEDED = or_(
    exists().where(uploads.c.blob_id == blobs.c.id, true()),
    exists().where(files.c.blob_id == blobs.c.id, true()),
)


def _blob(row: Row[*tuple[Any, ...]]) -> Blob:
    return Blob(id=row.id, key=row.key, size_bytes=row.size_bytes, is_whole=row.whole)
