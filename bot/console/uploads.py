"""What visitors upload before they send it: taken from our own page only, within limits, and kept for a day."""

import asyncio
import mimetypes
import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from adapters.web import NAME, Release
from adapters.web import Uploads as Fetch
from bot.console.waiting import UPLOAD_SECONDS, Waiting
from bot.console.words import Words
from bot.domain.errors import FileGone, FileRefused, FileTooLarge, StorageError, Unreachable
from bot.domain.place import Place
from bot.markdown.plain import clean
from storage.files import StoredFile
from storage.store import Store, Tx
from storage.vault import Vault

_BUFFER_BYTES = 1_000_000
_PATIENCE_SECONDS = 30.0
_NAME_CHARS = 200
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,127}")
_STATUS = {"web-upload-stranger": 403, "web-upload-too-large": 413, "web-upload-empty": 422, "web-upload-broken": 408}
_TOO_MUCH = 429


@dataclass(frozen=True, slots=True)
class UploadDesk:
    """Takes uploads, and gives them back to those whose they are. `visitor` is empty for a stranger: somebody whose
    cookie we have not signed."""

    store: Store
    vault: Vault
    waiting: Waiting
    temporary: Path
    """Folder of what is on its way."""
    file_bytes: int
    """Of one upload, at most."""

    async def receive(self, request: Request, visitor: str, words: Words) -> Response:
        """The answer to `POST /upload?name=…`, whose body is the content: `{token, name, size_bytes, media_type}`, or
        a problem (RFC 9457) with a sentence for the visitor as its `detail`."""
        name = _name(request.query_params.get("name", ""))
        try:
            _check_source(request, visitor)
            announced_bytes = self._announced_bytes(request)
            await self._make_room(visitor, announced_bytes)
            with self.waiting.room(visitor, announced_bytes):
                file = await self._keep(request, visitor, name, words.locale)
                self.waiting.add(visitor, file.token, file.size_bytes)
        except FileRefused as error:
            return _refusal(error, words, name)
        except StorageError as error:
            return _problem(503, words(error.sentence))
        about = {"token": file.token, "name": name, "size_bytes": file.size_bytes, "media_type": file.media_type}
        return JSONResponse(about, 201)

    async def remove(self, request: Request, visitor: str, token: str, words: Words) -> Response:
        """The answer to `DELETE /upload/TOKEN`; it is the same when there is no such upload of the visitor's."""
        try:
            _check_source(request, visitor)
            await self._remove([(visitor, token)])
        except FileRefused as error:
            return _refusal(error, words, "")
        except StorageError as error:
            return _problem(503, words(error.sentence))
        return Response(status_code=204)

    async def found(self, visitor: str, tokens: Sequence[str]) -> dict[str, StoredFile]:
        """What the visitor uploaded under those of the `tokens` that are theirs. StorageError."""
        if not tokens:
            return {}
        async with self.store.begin() as tx:
            files = [await _mine(tx, visitor, token) for token in tokens]
        return {file.token: file for file in files if file is not None}

    async def _make_room(self, visitor: str, size_bytes: int) -> None:
        """Before anybody is refused: what was sent by way of another process, or forgotten, takes no room, and what
        has waited for long gives way. StorageError."""
        if self.waiting.has_room(visitor, size_bytes):
            return
        tokens = self.waiting.tokens(visitor)
        self.waiting.drop(visitor, set(tokens) - (await self.found(visitor, tokens)).keys())
        await self._remove(self.waiting.giving_way(visitor, size_bytes))

    async def _remove(self, uploads: Sequence[tuple[str, str]]) -> None:
        """Each by whose it is and its token; those that are not there are none. StorageError."""
        if not uploads:
            return
        async with self.store.begin() as tx:
            for visitor, token in uploads:
                if (file := await _mine(tx, visitor, token)) is not None:
                    await tx.files.remove(file.id)
        for visitor, token in uploads:
            self.waiting.drop(visitor, [token])

    def _announced_bytes(self, request: Request) -> int:
        """What the request says of its size, else the most it may be."""
        announced = request.headers.get("content-length", "")
        if not re.fullmatch(r"[0-9]{1,18}", announced):
            return self.file_bytes
        if int(announced) > self.file_bytes:
            raise _too_large(self.file_bytes)
        return int(announced)

    async def _keep(self, request: Request, visitor: str, name: str, locale: str) -> StoredFile:
        with tempfile.TemporaryDirectory(dir=self.temporary, prefix="upload-") as folder:
            path = Path(folder) / "content"
            size_bytes = await _write(request, path, self.file_bytes)
            if size_bytes == 0:
                raise FileRefused("web-upload-empty")
            media_type = _media_type(request.headers.get("content-type", ""), name)
            async with self.vault.hold(path) as blob, self.store.begin() as tx:
                user = await tx.users.resolve(NAME, "", visitor, name="", locale=locale)
                return await tx.files.add(user.id, name, media_type, size_bytes, blob, ttl_seconds=UPLOAD_SECONDS)


def fetching(store: Store, vault: Vault) -> Fetch:
    """What `WebMessenger` needs to hand out uploads."""

    async def fetch(place: Place, token: str, into: Path, limit_bytes: int) -> int:
        async with store.begin() as tx:
            file = await _mine(tx, place.chat, token)
        if file is None or not file.blob:
            raise FileGone("no such upload")
        if file.size_bytes > limit_bytes:
            raise FileTooLarge(f"{file.size_bytes} bytes")
        await vault.fetch(file.blob, into)
        return file.size_bytes

    return fetch


def releasing(store: Store) -> Release:
    """What `WebMessenger` needs to let go of those that were made use of."""

    async def release(place: Place, token: str) -> None:
        try:
            async with store.begin() as tx:
                if (file := await _mine(tx, place.chat, token)) is not None:
                    await tx.files.remove(file.id)
        except StorageError as error:
            raise Unreachable("the database does not let go") from error

    return release


async def _mine(tx: Tx, visitor: str, token: str) -> StoredFile | None:
    """The upload under that token, when it is the visitor's."""
    user = await tx.users.find(NAME, "", visitor)
    file = await tx.files.by_token(token)
    return file if file and user and file.user_id == user.id and file.turn_id is None else None


def _check_source(request: Request, visitor: str) -> None:
    """Only our own page may ask: browsers say where a request comes from (Fetch Metadata, `Sec-Fetch-Site`), and where
    they do not, as without HTTPS, they name its origin (RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "")
    named = urlsplit(origin).netloc
    is_ours = site == "same-origin" if site else bool(named) and named == request.headers.get("host")
    if not visitor or not is_ours:
        raise FileRefused("web-upload-stranger")


async def _write(request: Request, path: Path, limit_bytes: int) -> int:
    """Write the body to `path`; its size. FileRefused as soon as it is too long, or when it breaks off."""
    size_bytes = 0
    try:
        with await asyncio.to_thread(path.open, "wb") as file:
            async for piece in _pieces(request):
                size_bytes += len(piece)
                if size_bytes > limit_bytes:
                    raise _too_large(limit_bytes)
                await asyncio.to_thread(file.write, piece)
    except (ClientDisconnect, TimeoutError) as error:
        raise FileRefused("web-upload-broken") from error
    return size_bytes


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces worth a write; TimeoutError when the browser falls silent."""
    stream = aiter(request.stream())
    gathered = bytearray()
    while True:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            piece = await anext(stream, None)
        gathered += piece or b""
        if piece is None or len(gathered) >= _BUFFER_BYTES:
            yield bytes(gathered)
            gathered.clear()
        if piece is None:
            return


def _too_large(limit_bytes: int) -> FileRefused:
    return FileRefused("web-upload-too-large", megabytes=limit_bytes // 1_000_000)


def _name(name: str) -> str:
    """Without folders and line breaks; never empty."""
    last = re.split(r"[/\\]", clean(name))[-1]
    return " ".join(last.split())[:_NAME_CHARS] or "file"


def _media_type(declared: str, name: str) -> str:
    """As the browser says, or else as the name does; nobody trusts it."""
    plain = declared.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(plain) or plain == "application/octet-stream":
        plain = mimetypes.guess_type(name)[0] or ""
    return plain or "application/octet-stream"


def _refusal(error: FileRefused, words: Words, name: str) -> Response:
    return _problem(_STATUS.get(error.reason, _TOO_MUCH), words(error.reason, **{"name": name, **error.arguments}))


def _problem(status: int, detail: str) -> Response:
    body = {"type": "about:blank", "title": "The upload was refused.", "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
