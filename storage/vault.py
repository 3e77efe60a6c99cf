"""Files of users: their content in the `FileStore`, once for each different content, and never without a row."""

import asyncio
import hashlib
import logging
import os
import tempfile
from pathlib import Path

from sqlalchemy import select, update

from bot.domain.errors import StorageError
from bot.domain.messenger import File
from bot.domain.ports import FileStore
from storage.blobs import Held, let_go, refer
from storage.faults import ContentGone
from storage.files import StoredFile
from storage.store import Store
from storage.tables import files as stored_files

log = logging.getLogger(__name__)

_SWEPT_AT_ONCE = 50


class Vault:
    """Never to be called inside a transaction: each verb opens its own, and talks to the store between them."""

    def __init__(self, store: Store, files: FileStore) -> None:
        self._store = store
        self._files = files

    async def keep(self, path: Path) -> int:
        """The id of the blob with what is in the file. A row must refer to it within 15 minutes, or it may be swept.

        StorageError when it could not be kept.
        """
        digest, size_bytes = await asyncio.to_thread(_measure, path)
        async with self._store.begin() as tx:
            blob = await tx.blobs.claim(digest, size_bytes)
        # Not whole: it is new, or whoever made it died before the content was there, or is about to bring it, too.
        if not blob.is_whole:
            await self._files.put(blob.key, path)
            async with self._store.begin() as tx:
                lives = await tx.blobs.mark_whole(blob.id)
            if not lives:
                await self._files.delete(blob.key)
                raise StorageError("it took so long to keep the content that it was swept")
        return blob.id

    async def keep_bytes(self, content: bytes) -> int:
        """As `keep`."""
        path = await asyncio.to_thread(_write_down, content)
        try:
            return await self.keep(path)
        finally:
            path.unlink(missing_ok=True)

    async def let_go(self, blob: int) -> None:
        """Whoever had it kept does not need it: it goes at once, unless somebody else does. StorageError."""
        async with self._store.begin() as tx:
            await let_go(tx.wire, Held((blob,)))
        await self.sweep()

    async def read(self, blob: int) -> bytes:
        """The content. StorageError; ContentGone, which is not retryable, when there is none."""
        return await self._files.read(await self._key(blob))

    async def fetch(self, blob: int, into: Path) -> None:
        """The same into a file."""
        await self._files.get(await self._key(blob), into)

    async def file(self, stored: StoredFile) -> File:
        """The file with its content and its link, wherever the content is kept. Errors as `read`."""
        if stored.blob:
            content = await self.read(stored.blob)
        else:
            content = await self._old_content(stored.id)
        return File(stored.name, content, stored.media_type, link=stored.link)

    async def sweep(self) -> int:
        """Nothing is kept any more that nobody needs; how many contents are gone. What a sweep that broke off has left
        is taken, too. StorageError when the store did not delete all of it; the next sweep tries again."""
        gone, last, failed = 0, 0, None
        while True:
            async with self._store.begin() as tx:
                doomed = await tx.blobs.doom(after=last, limit=_SWEPT_AT_ONCE)
            if not doomed:
                break
            deleted = []
            for blob in doomed:
                try:
                    await self._files.delete(blob.key)
                except StorageError as error:
                    failed = error
                else:
                    deleted.append(blob.id)
            async with self._store.begin() as tx:
                await tx.blobs.remove(deleted)
            gone, last = gone + len(deleted), doomed[-1].id
        if failed is not None:
            raise failed
        return gone

    async def adopt(self) -> int:
        """Bring what earlier versions kept in the database here; how many files."""
        adopted, last = 0, 0
        while True:
            old = select(stored_files.c.id, stored_files.c.content).where(
                stored_files.c.id > last, stored_files.c.blob_id.is_(None)
            )
            async with self._store.begin() as tx:
                row = await tx.wire.row(old.order_by(stored_files.c.id).limit(1))
            if row is None:
                return adopted
            blob = await self.keep_bytes(row.content)
            moved = update(stored_files).where(stored_files.c.id == row.id, stored_files.c.blob_id.is_(None))
            async with self._store.begin() as tx:
                if await tx.wire.count(moved.values(blob_id=blob, content=b"")):
                    await refer(tx.wire, blob)
                    adopted += 1
            last = row.id

    async def _key(self, blob: int) -> str:
        async with self._store.begin() as tx:
            return (await tx.blobs.get(blob)).key

    async def _old_content(self, file_id: int) -> bytes:
        """Or where it was brought meanwhile."""
        wanted = select(stored_files.c.content, stored_files.c.blob_id).where(stored_files.c.id == file_id)
        async with self._store.begin() as tx:
            row = await tx.wire.row(wanted)
        if row is None:
            raise ContentGone("no such file")
        return await self.read(row.blob_id) if row.blob_id is not None else bytes(row.content)


def _measure(path: Path) -> tuple[bytes, int]:
    """Its SHA-256 and its length in bytes."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            return digest, file.tell()
    except OSError as error:
        raise StorageError(f"the file to keep cannot be read: {type(error).__name__}") from error


def _write_down(content: bytes) -> Path:
    try:
        handle, name = tempfile.mkstemp(prefix="switchboard-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        raise StorageError(f"the disk for temporary files refused: {type(error).__name__}") from error
    return Path(name)
