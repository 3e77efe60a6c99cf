"""The stores of files: a folder, and S3 as a real server speaks it."""

import asyncio
import stat
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from bot.domain.errors import SettingsError, StorageError
from storage.faults import ContentGone
from storage.object_files import ObjectFiles
from storage.store import Store
from storage.vault import Vault
from tests.fakes.clock import ManualClock
from tests.storage.conftest import OpenStore

KEY = "ab/abcdef0123-77"
SECRET = "wJalrXUtnFEMI"
LARGE = bytes(range(256)) * 50_000
"""More than goes in one request."""


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str) -> str:
    """The address of a server that has the empty bucket `kept`."""
    for path, method in (("moto-api/reset", "POST"), ("kept", "PUT")):
        urllib.request.urlopen(urllib.request.Request(f"{s3_server}/{path}", method=method)).close()
    return s3_server


def in_bucket(endpoint: str, prefix: str = "/files/of us") -> ObjectFiles:
    return ObjectFiles.at(
        f"s3://kept{prefix}", access_key="AKIDEXAMPLE", secret_key=SECRET, endpoint=endpoint, region="eu-west-1"
    )


@pytest.fixture(params=["folder", "s3"])
async def files(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectFiles]:
    if request.param == "folder":
        opened = ObjectFiles.at(str(tmp_path / "a" / "folder"))
    else:
        opened = in_bucket(request.getfixturevalue("bucket"))
    yield opened
    await opened.close()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"", b"short", LARGE], ids=["empty", "short", "large"])
async def test_what_is_put_is_there(files: ObjectFiles, tmp_path: Path, content: bytes) -> None:
    source, into = written(tmp_path / "source", content), tmp_path / "into"
    await files.put(KEY, source)
    assert await files.read(KEY) == content
    await files.get(KEY, into)
    assert into.read_bytes() == content
    assert source.exists()


async def test_a_second_put_replaces_the_first(files: ObjectFiles, tmp_path: Path) -> None:
    for content in (LARGE, b"new"):
        await files.put(KEY, written(tmp_path / "source", content))
    assert await files.read(KEY) == b"new"


async def test_what_is_deleted_is_gone(files: ObjectFiles, tmp_path: Path) -> None:
    await files.put(KEY, written(tmp_path / "source", b"a"))
    await files.put("ab/other", written(tmp_path / "source", b"b"))
    await files.delete(KEY)
    await files.delete(KEY)
    with pytest.raises(ContentGone):
        await files.read(KEY)
    with pytest.raises(ContentGone):
        await files.get(KEY, tmp_path / "into")
    assert not (tmp_path / "into").exists()
    assert not ContentGone.retryable
    assert await files.read("ab/other") == b"b"


async def test_what_cannot_be_read_is_not_put(files: ObjectFiles, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as failed:
        await files.put(KEY, tmp_path / "absent")
    assert not isinstance(failed.value, ContentGone)
    with pytest.raises(ContentGone):
        await files.read(KEY)


async def test_many_at_once(files: ObjectFiles, tmp_path: Path) -> None:
    keys = [f"{number:02}/{number}" for number in range(20)]
    await asyncio.gather(*(files.put(key, written(tmp_path / key[:2], key.encode())) for key in keys))
    assert await asyncio.gather(*map(files.read, keys)) == [key.encode() for key in keys]
    await asyncio.gather(*map(files.delete, keys))


async def test_the_vault_keeps_and_sweeps(
    files: ObjectFiles, sqlite_url: str, open_store: OpenStore, clock: ManualClock
) -> None:
    store: Store = await open_store(sqlite_url)
    vault = Vault(store, files)
    blob = await vault.keep_bytes(LARGE)
    async with store.begin() as tx:
        key = (await tx.blobs.get(blob)).key
    assert await vault.read(blob) == await files.read(key) == LARGE
    await clock.advance(1_000)
    assert await vault.sweep() == 1
    with pytest.raises(ContentGone):
        await files.read(key)


async def test_a_folder_is_made_for_us_alone_and_left_without_a_trace(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    files = ObjectFiles.at(f"file://{folder}")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await files.put(KEY, written(tmp_path / "source", b"content"))
    assert (folder / KEY).read_bytes() == b"content"
    (folder / f"{KEY}#1").write_bytes(b"of a process that died")
    await files.delete(KEY)
    assert list(folder.iterdir()) == []
    await files.close()


async def test_a_put_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    files = ObjectFiles.at(str(folder))
    await files.put(KEY, written(tmp_path / "source", b"old"))
    with pytest.raises(StorageError):
        await files.put(KEY, tmp_path)  # a folder can be opened by nobody
    assert await files.read(KEY) == b"old"
    assert [path.name for path in (folder / "ab").iterdir()] == [KEY.partition("/")[2]]
    await files.close()


@pytest.mark.parametrize(
    "url", ["", "  ", "ftp://host/path", "s3://", "s3:///prefix", "s3://user:password@bucket", "s3://kept?acl"]
)
def test_an_address_that_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="FILES_URL") as refused:
        ObjectFiles.at(url)
    assert "password" not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "file", b"")
    with pytest.raises(SettingsError, match="FILES_URL"):
        ObjectFiles.at(str(tmp_path / "file" / "folder"))


async def test_prefixes_are_worlds_of_their_own(bucket: str, tmp_path: Path) -> None:
    here, there, whole = [in_bucket(bucket, prefix) for prefix in ("/here", "/there/", "")]
    await here.put(KEY, written(tmp_path / "source", b"here"))
    with pytest.raises(ContentGone):
        await there.read(KEY)
    assert await whole.read(f"here/{KEY}") == b"here"
    for files in (here, there, whole):
        await files.close()


async def test_faults_of_a_server_tell_no_secret(nowhere: str, bucket: str, tmp_path: Path) -> None:
    absent = ObjectFiles.at("s3://absent", access_key="AKIDEXAMPLE", secret_key=SECRET, endpoint=bucket)
    unheard = in_bucket(nowhere)
    source = written(tmp_path / "source", b"content")
    for files in (absent, unheard):
        with pytest.raises(StorageError) as failed:
            await files.put(KEY, source)
        shown = f"{failed.value!r} {failed.value.__cause__!r} {failed.value.__suppress_context__}"
        assert not [told for told in (SECRET, "AKIDEXAMPLE", str(tmp_path), "127.0.0.1", KEY) if told in shown]
        assert failed.value.__suppress_context__
        await files.close()
    with pytest.raises(StorageError) as failed:
        await in_bucket(nowhere).read(KEY)
    assert failed.value.retryable
