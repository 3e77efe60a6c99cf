"""Fetches what users sent: asked for by `getFile`, then piece by piece into a file, never whole into memory."""

import asyncio
import errno
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path

from aiogram.methods import GetFile

from adapters.telegram.client import Client
from bot.domain.errors import FileGone, FileTooLarge, MessengerError, Unreachable, Unrenderable
from bot.domain.ports import Clock

log = logging.getLogger(__name__)

# A server of one's own fetches the file from Telegram before it answers.
_LOOKUP_SECONDS = 120
_STALL_SECONDS = 30.0
_PIECE_BYTES = 256 * 1024


class Downloads:
    """The files of one bot, from the cloud or from a Bot API server of one's own (`has_own_server`)."""

    def __init__(self, client: Client, clock: Clock, *, has_own_server: bool) -> None:
        self._client = client
        self._clock = clock
        self._has_own_server = has_own_server

    async def fetch(self, file: str, into: Path, limit_bytes: int) -> int:
        """Write the file with the `file_id` `file` to `into`; its size in bytes. After a failure nothing is left there.

        FileTooLarge by what Telegram says of it (the cloud hands out 20 MB, https://core.telegram.org/bots/api#getfile),
        else as soon as it proves so; FileGone; Unreachable also when for 30 s nothing comes; MessengerError, which no
        second try mends at once, when `into` cannot be written.
        """
        try:
            found = await self._client.ask(GetFile(file_id=file), timeout_seconds=_LOOKUP_SECONDS)
        except Unrenderable as refusal:
            # Whatever else is wrong with the question, it has one parameter.
            raise FileGone(refusal.detail) from None
        if found.file_size is not None and found.file_size > limit_bytes:
            raise FileTooLarge(f"{found.file_size} bytes of at most {limit_bytes}")
        if not found.file_path:
            # The library's types allow it, and large files were answered so once.
            raise FileGone("the answer names no path")
        pieces = self._pieces(found.file_path)
        try:
            return await _Pouring(pieces, into, limit_bytes, self._clock).run()
        except BaseException:
            with suppress(OSError):
                await asyncio.to_thread(into.unlink)
            raise

    def _pieces(self, path: str) -> AsyncGenerator[bytes, None]:
        if not Path(path).is_absolute():
            return self._client.content(path)
        if not self._has_own_server:
            # In the cloud a path of this machine can only be somebody's trick.
            raise FileGone("a path of this machine")
        return _local(Path(path))


class _Pouring:
    """One download on its way, and who looks now and then whether it still goes on."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], into: Path, limit_bytes: int, clock: Clock) -> None:
        self._pieces = pieces
        self._into = into
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._size = 0

    async def run(self) -> int:
        pouring, watching = asyncio.ensure_future(self._pour()), asyncio.ensure_future(self._stalled())
        try:
            await asyncio.wait({pouring, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not pouring.done():
                raise Unreachable(f"nothing came for {_STALL_SECONDS:.0f} s, after {self._size} bytes")
            return pouring.result()
        finally:
            for task in (pouring, watching):
                task.cancel()
            await asyncio.gather(pouring, watching, return_exceptions=True)

    async def _pour(self) -> int:
        async with aclosing(self._pieces) as pieces:
            try:
                with await asyncio.to_thread(self._into.open, "wb") as out:
                    async for piece in pieces:
                        self._size += len(piece)
                        if self._size > self._limit_bytes:
                            raise FileTooLarge(f"more than {self._limit_bytes} bytes")
                        await asyncio.to_thread(out.write, piece)
            except OSError as exc:
                log.error("a download cannot be written to disk: %s", type(exc).__name__)
                raise MessengerError(f"not written: {errno.errorcode.get(exc.errno or 0)}") from None
        return self._size

    async def _stalled(self) -> None:
        """Return when nothing has come for too long."""
        seen = -1
        while self._size != seen:
            seen = self._size
            await self._clock.sleep(_STALL_SECONDS)


async def _local(path: Path) -> AsyncGenerator[bytes, None]:
    """The file that a Bot API server with `--local` has put on this machine's disk; the path may hold the token."""
    try:
        with await asyncio.to_thread(path.open, "rb") as source:
            while piece := await asyncio.to_thread(source.read, _PIECE_BYTES):
                yield piece
    except OSError as exc:
        log.error(
            "the Bot API server (TELEGRAM_API_BASE) runs with --local, and its files cannot be read here (%s): share "
            "its folder with this process under the same path, or run it without --local",
            type(exc).__name__,
        )
        raise FileGone(f"{type(exc).__name__} at a file of the Bot API server") from None
