"""Files of users: their content in the `FileStore`, once for each different content, and never without a row."""

import asyncio
import hashlib
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

from sqlalchemy import select, update

from bot.domain.errors import FilesAway, StorageError
from bot.domain.messenger import File
from bot.domain.ports import FileStore
from storage.blobs import refer
from storage.faults import ContentGone
from storage.files import StoredFile
from storage.store import Store, in_transaction
from storage.tables import files as stored_files
from storage.unbroken import to_its_end

log = logging.getLogger(__name__)

_SWEPT_AT_ONCE = 50
_PAUSES_SECONDS = (1.0, 2.0, 4.0)
"""Before the store of files is asked again; an outage that lasts longer is for the user or the next hour."""
_TOKEN_BYTES = 12

Result = TypeVar("Result")


class Vault:
    """Never to be called inside a transaction: each verb opens its own, and talks to the store between them.

    FilesAway when the store of files does not answer for several seconds; StorageError when the database does not.
    """

    def __init__(self, store: Store, files: FileStore, temporary: Path | None = None) -> None:
        """`temporary` is a folder of this process alone, which is emptied when it starts; by default the system's."""
        self._store = store
        self._files = files
        self._temporary = temporary

    @asynccontextmanager
    async def hold(self, content: Path | bytes) -> AsyncIterator[int]:
        """The id of the blob with that content, or with what is in that file, for a row to refer to.

        It is not swept before the block ends, or for 15 minutes. What no row refers to at the end goes at once, however
        the block ends.
        """
        token = _new_token()
        try:
            yield await self._bring(content, token)
        finally:
            await to_its_end(self._release(token))

    async def keep(self, path: Path) -> int:
        """As `hold`, without an end: it is not swept for 15 minutes, even when what refers to it is deleted."""
        return await self._keep(path)

    async def keep_bytes(self, content: bytes) -> int:
        """As `keep`."""
        return await self._keep(content)

    async def read(self, blob: int) -> bytes:
        """The content. ContentGone, which is not retryable, when there is none."""
        return await self._taken(blob, self._files.read)

    async def fetch(self, blob: int, into: Path) -> None:
        """The same into a file."""
        await self._taken(blob, lambda key: self._files.get(key, into))

    async def file(self, stored: StoredFile) -> File:
        """The file with its content and its link, wherever the content is kept. Errors as `read`."""
        if stored.blob:
            content = await self.read(stored.blob)
        else:
            content = await self._old_content(stored.id)
        return File(stored.name, content, stored.media_type, link=stored.link)

    async def sweep(self) -> int:
        """Nothing is kept any more that nobody needs; how many contents are gone. What a sweep that broke off has left
        is taken, too. FilesAway when the store did not delete all of it; the next sweep tries again."""
        gone, last, failed = 0, 0, None
        while True:
            async with self._store.begin() as tx:
                doomed = await tx.blobs.doom(after=last, limit=_SWEPT_AT_ONCE)
            if not doomed:
                break
            deleted = []
            for blob in doomed:
                try:
                    await (self._delete(blob.key) if failed is None else self._files.delete(blob.key))
                except FilesAway as error:
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
            moved = update(stored_files).where(stored_files.c.id == row.id, stored_files.c.blob_id.is_(None))
            async with self.hold(row.content) as blob, self._store.begin() as tx:
                if await tx.wire.count(moved.values(blob_id=blob, content=b"")):
                    await refer(tx.wire, blob)
                    adopted += 1
            last = row.id

    async def _keep(self, content: Path | bytes) -> int:
        token = _new_token()
        try:
            return await self._bring(content, token)
        except BaseException:
            await to_its_end(self._release(token))
            raise

    async def _bring(self, content: Path | bytes, token: str) -> int:
        """The blob, which the claim `token` holds; when this raises, or is cancelled, the claim may be there."""
        if isinstance(content, Path):
            return await self._bring_file(content, token)
        with self._folder() as folder:
            path = folder / "content"
            await to_its_end(asyncio.to_thread(_write_down, path, content))
            return await self._bring_file(path, token)

    async def _bring_file(self, path: Path, token: str) -> int:
        digest, size_bytes = await asyncio.to_thread(_measure, path)
        async with self._store.begin() as tx:
            blob = await tx.blobs.claim(digest, size_bytes, token)
        # Not whole: it is new, or whoever made it died before the content was there, or is about to bring it, too.
        if not blob.is_whole:
            await self._patiently(lambda: to_its_end(self._files.put(blob.key, path)))
            async with self._store.begin() as tx:
                lives = await tx.blobs.mark_whole(blob.id)
            if not lives:
                await self._delete(blob.key)
                raise FilesAway("it took so long to keep the content that it was swept")
        return blob.id

    async def _release(self, token: str) -> None:
        try:
            async with self._store.begin() as tx:
                is_free = await tx.blobs.release(token)
            if is_free:
                await self.sweep()
        except StorageError as error:
            # The claim runs out, and each hour has its sweep.
            log.warning("a content is not let go yet", extra={"error": type(error).__name__})

    async def _taken(self, blob_id: int, take: Callable[[str], Awaitable[Result]]) -> Result:
        async with self._store.begin() as tx:
            blob = await tx.blobs.get(blob_id)
        try:
            return await self._patiently(lambda: take(blob.key))
        except ContentGone:
            log.error("the store of files has lost a content", extra={"blob": blob.id})
            async with self._store.begin() as tx:
                await tx.blobs.mark_whole(blob.id, False)  # whoever has it brings it again
            raise

    async def _delete(self, key: str) -> None:
        await self._patiently(lambda: self._files.delete(key))

    async def _patiently(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        for pause_seconds in _PAUSES_SECONDS:
            try:
                return await attempt()
            except FilesAway as error:
                log.warning("the store of files is asked again", extra={"detail": error.detail})
            await self._store.clock.sleep(pause_seconds)
        return await attempt()

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """For what is on its way to the store; gone at the end."""
        try:
            folder = tempfile.TemporaryDirectory(dir=self._temporary, prefix="kept-")
        except OSError as error:
            raise _refused(error) from error
        with folder as path:
            yield Path(path)

    async def _old_content(self, file_id: int) -> bytes:
        """Or where it was brought meanwhile."""
        wanted = select(stored_files.c.content, stored_files.c.blob_id).where(stored_files.c.id == file_id)
        async with self._store.begin() as tx:
            row = await tx.wire.row(wanted)
        if row is None:
            raise ContentGone("no such file")
        return await self.read(row.blob_id) if row.blob_id is not None else bytes(row.content)


def _new_token() -> str:
    """Of a claim. RuntimeError inside a transaction, which the claim's own would wait for."""
    if in_transaction():
        raise RuntimeError("nothing is kept inside a transaction")
    return token_hex(_TOKEN_BYTES)


def _measure(path: Path) -> tuple[bytes, int]:
    """Its SHA-256 and its length in bytes."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            return digest, file.tell()
    except OSError as error:
        raise FilesAway(f"the file to keep cannot be read: {type(error).__name__}") from error


def _write_down(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> FilesAway:
    return FilesAway(f"the disk for temporary files refused: {type(error).__name__}")
