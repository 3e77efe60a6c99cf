"""Files over HTTP: to their owner's browser alone, and harmless whatever is in them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import Response
from sqlalchemy import text

from bot.console.files import file_response, is_picture
from bot.domain.messenger import File
from storage.object_files import ObjectFiles
from storage.store import Store
from storage.vault import Vault

VISITOR, STRANGER = "a" * 32, "f" * 32
PICTURE = File("chart.png", b"\x89PNG", "image/png")


@pytest.fixture
async def vault(store: Store, tmp_path: Path) -> AsyncIterator[Vault]:
    files = ObjectFiles.at(str(tmp_path / "kept"))
    yield Vault(store, files)
    await files.close()


async def kept(store: Store, vault: Vault, file: File) -> str:
    """The token of the visitor's file; somebody else is known too."""
    blob = await vault.keep_bytes(file.content)
    async with store.begin() as tx:
        user = await tx.users.resolve("web", "", VISITOR, name="", locale="en")
        await tx.users.resolve("web", "", STRANGER, name="", locale="en")
        return (await tx.files.add(user.id, file.name, file.media_type, len(file.content), blob)).token


def is_locked_up(response: Response) -> bool:
    headers = response.headers
    return (
        headers["x-content-type-options"] == "nosniff"
        and headers["content-security-policy"] == "default-src 'none'; sandbox"
        and headers["cache-control"].startswith("private")
    )


async def test_a_picture_is_shown_to_its_owner(store: Store, vault: Vault) -> None:
    response = await file_response(store, vault, VISITOR, await kept(store, vault, PICTURE))
    assert (response.status_code, response.body, response.headers["content-type"]) == (200, b"\x89PNG", "image/png")
    assert response.headers["content-disposition"].startswith('inline; filename="chart.png"')
    assert is_locked_up(response)


@pytest.mark.parametrize("visitor", [STRANGER, "0" * 32], ids=["known", "unknown"])
async def test_nobody_else_gets_it_even_with_its_address(store: Store, vault: Vault, visitor: str) -> None:
    response = await file_response(store, vault, visitor, await kept(store, vault, PICTURE))
    assert (response.status_code, response.body) == (404, b"")
    assert is_locked_up(response)


@pytest.mark.parametrize("token", ["", "nonsense", "я", "x" * 10_000, "' or 1=1"])
async def test_an_address_that_was_never_given_leads_nowhere(store: Store, vault: Vault, token: str) -> None:
    await kept(store, vault, PICTURE)
    assert (await file_response(store, vault, VISITOR, token)).status_code == 404


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/json", "", "text/x\r\nSet-Cookie: a"]
)
async def test_what_could_run_is_downloaded(store: Store, vault: Vault, media_type: str) -> None:
    file = File("page.html", b"<script>1</script>", media_type)
    response = await file_response(store, vault, VISITOR, await kept(store, vault, file))
    assert response.headers["content-disposition"].startswith("attachment; ")
    assert "\n" not in response.headers["content-type"]
    assert is_locked_up(response)


async def test_any_name_makes_a_header(store: Store, vault: Vault) -> None:
    file = File('Отчёт "за"\r\nмай; \ud83d.csv', b"a", "text/csv")
    disposition = (await file_response(store, vault, VISITOR, await kept(store, vault, file))).headers[
        "content-disposition"
    ]
    assert disposition.isascii()
    assert disposition.isprintable()
    assert "filename*=UTF-8''%D0%9E%D1%82%D1%87" in disposition


async def test_a_file_whose_content_is_gone_is_not_found(store: Store, vault: Vault) -> None:
    token = await kept(store, vault, PICTURE)
    async with store.begin() as tx:
        await tx.wire.count(text("UPDATE blobs SET deleted_at = 1"))
    assert (await file_response(store, vault, VISITOR, token)).status_code == 404


@pytest.mark.parametrize("media_type", ["image/png", "IMAGE/JPEG", "image/webp; q=1"])
def test_pictures_are_known(media_type: str) -> None:
    assert is_picture(media_type)
