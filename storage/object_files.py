"""The `FileStore` of the platform: a folder of this machine, or a bucket that speaks Amazon's S3."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from bot.domain.errors import FilesAway, SettingsError, StorageError
from storage.faults import ContentGone

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore.store import ClientConfig, RetryConfig, S3Config

_THREADS = 8
_CHUNK_BYTES = 1 << 20
_FOLDER_MODE = 0o700
_HOW = "FILES_URL: give the path of a folder, or s3://bucket/prefix"

_CLIENT: "ClientConfig" = {"connect_timeout": timedelta(seconds=10), "timeout": timedelta(seconds=120)}
_RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=60)}
"""Together far less than a claim on what is being kept lasts (`storage.blobs`)."""

Result = TypeVar("Result")


class ObjectFiles:
    """Every verb works in a thread of its own pool and raises `FilesAway`, whose text names the kind of the fault
    only; `ContentGone` when there is nothing to read."""

    def __init__(self, kept: "_Kept") -> None:
        self._kept = kept
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="files")

    @classmethod
    def at(
        cls, url: str, *, access_key: str = "", secret_key: str = "", endpoint: str = "", region: str = ""
    ) -> "ObjectFiles":
        """A folder, by its path or `file://` URL, which is made when it is missing; or `s3://bucket/prefix`.

        Of S3: what is not given is taken from the usual variables, `AWS_ACCESS_KEY_ID` and so on; `endpoint` is the URL
        of a server that is not Amazon's. SettingsError when `url` is neither, or the folder cannot be made.
        """
        scheme, separator, _ = url.partition("://")
        if not separator and url.strip():
            return cls(_Folder(Path(url.strip())))
        match scheme.lower():
            case "file":
                return cls(_Folder(Path(unquote(urlsplit(url).path))))
            case "s3":
                return cls(_Bucket(url, _config(access_key, secret_key, endpoint, region)))
            case _:
                raise SettingsError(_HOW)

    async def put(self, key: str, source: Path) -> None:
        await self._in_thread(lambda: self._kept.put(key, source))

    async def get(self, key: str, into: Path) -> None:
        await self._in_thread(lambda: self._kept.get(key, into))

    async def read(self, key: str) -> bytes:
        return await self._in_thread(lambda: self._kept.read(key))

    async def delete(self, key: str) -> None:
        await self._in_thread(lambda: self._kept.delete(key))

    async def close(self) -> None:
        """Nothing is asked of it any more; what runs in a thread comes to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _translated, work)


def _translated(work: Callable[[], Result]) -> Result:
    # Texts of these errors have addresses and paths, and their causes have more.
    try:
        return work()
    except FileNotFoundError:
        fault: StorageError = ContentGone("there is no such content")
    except (BaseError, OSError, ValueError) as error:
        fault = FilesAway(f"the store of files refused or did not answer: {type(error).__name__}")
    raise fault from None


class _Kept(Protocol):
    """Where it is; its verbs block, and raise what obstore raises."""

    def put(self, key: str, source: Path) -> None: ...

    def get(self, key: str, into: Path) -> None: ...

    def read(self, key: str) -> bytes: ...

    def delete(self, key: str) -> None: ...


class _Objects:
    def __init__(self, store: LocalStore | S3Store) -> None:
        self._store = store

    def put(self, key: str, source: Path) -> None:
        with _opened(source, "rb") as file:
            obstore.put(self._store, key, file)

    def get(self, key: str, into: Path) -> None:
        found = obstore.get(self._store, key)
        try:
            with _opened(into, "wb") as file:
                for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
                    file.write(chunk)
        except BaseException:
            into.unlink(missing_ok=True)
            raise

    def read(self, key: str) -> bytes:
        return bytes(obstore.get(self._store, key).bytes())

    def delete(self, key: str) -> None:
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return  # S3 does not tell, and a folder does


def _opened(path: Path, mode: Literal["rb", "wb"]) -> BinaryIO:
    try:
        return path.open(mode)
    except FileNotFoundError as error:
        raise OSError("no such file or folder here") from error  # is not that nothing is kept


class _Folder(_Objects):
    """Nobody but the platform's own user can look into it."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        try:
            self._path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            store = LocalStore(self._path, automatic_cleanup=True)
        except (OSError, BaseError, ValueError) as error:
            raise SettingsError(f"FILES_URL: the folder cannot be made or used ({type(error).__name__})") from error
        super().__init__(store)

    def put(self, key: str, source: Path) -> None:
        super().put(key, source)
        with (self._path / key).open("rb") as file:
            os.fsync(file.fileno())

    def delete(self, key: str) -> None:
        # What a process that died while it wrote has left: obstore writes to `key#1` first, and then renames it.
        file = self._path / key
        for rest in file.parent.glob(f"{file.name}#*"):
            rest.unlink(missing_ok=True)
        super().delete(key)


class _Bucket(_Objects):
    def __init__(self, url: str, config: "S3Config") -> None:
        try:
            parts = urlsplit(url)
            if not parts.hostname or parts.netloc != parts.hostname or parts.query or parts.fragment:
                raise SettingsError(_HOW)
            prefix = unquote(parts.path).strip("/")
            client: ClientConfig = {**_CLIENT, "allow_http": config.get("endpoint", "").startswith("http://")}
            if "endpoint" not in config:
                client.pop("allow_http")
            store = S3Store(
                parts.hostname, prefix=prefix or None, config=config, client_options=client, retry_config=_RETRIES
            )
        except (BaseError, OSError, ValueError) as error:
            raise SettingsError(f"FILES_URL: S3 cannot be used so ({type(error).__name__})") from None
        super().__init__(store)


def _config(access_key: str, secret_key: str, endpoint: str, region: str) -> "S3Config":
    config: S3Config = {}
    if access_key:
        config["access_key_id"] = access_key
    if secret_key:
        config["secret_access_key"] = secret_key
    if endpoint:
        config["endpoint"] = endpoint
    if region:
        config["region"] = region
    return config
