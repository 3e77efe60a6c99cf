"""Files over HTTP: to their owner's browser alone, and harmless whatever is in them."""

import pytest
from fastapi import Response

from bot.console.files import file_response, is_picture
from bot.domain.messenger import File
from storage.store import Store

VISITOR, STRANGER = "a" * 32, "f" * 32
PICTURE = File("chart.png", b"\x89PNG", "image/png")


async def kept(store: Store, file: File, *, ttl_seconds: float | None = None) -> str:
    """The token of the visitor's file; somebody else is known too."""
    async with store.begin() as tx:
        user = await tx.users.resolve("web", "", VISITOR, name="", locale="en")
        await tx.users.resolve("web", "", STRANGER, name="", locale="en")
        return (await tx.files.add(user.id, file, ttl_seconds=ttl_seconds)).token


def is_locked_up(response: Response) -> bool:
    headers = response.headers
    return (
        headers["x-content-type-options"] == "nosniff"
        and headers["content-security-policy"] == "default-src 'none'; sandbox"
        and headers["cache-control"].startswith("private")
    )


async def test_a_picture_is_shown_to_its_owner(store: Store) -> None:
    response = await file_response(store, VISITOR, await kept(store, PICTURE))
    assert (response.status_code, response.body, response.headers["content-type"]) == (200, b"\x89PNG", "image/png")
    assert response.headers["content-disposition"].startswith('inline; filename="chart.png"')
    assert is_locked_up(response)


@pytest.mark.parametrize("visitor", [STRANGER, "0" * 32], ids=["known", "unknown"])
async def test_nobody_else_gets_it_even_with_its_address(store: Store, visitor: str) -> None:
    response = await file_response(store, visitor, await kept(store, PICTURE))
    assert (response.status_code, response.body) == (404, b"")
    assert is_locked_up(response)


@pytest.mark.parametrize("token", ["", "nonsense", "я", "x" * 10_000, "' or 1=1"])
async def test_an_address_that_was_never_given_leads_nowhere(store: Store, token: str) -> None:
    await kept(store, PICTURE)
    assert (await file_response(store, VISITOR, token)).status_code == 404


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/json", "", "text/x\r\nSet-Cookie: a"]
)
async def test_what_could_run_is_downloaded(store: Store, media_type: str) -> None:
    file = File("page.html", b"<script>1</script>", media_type)
    response = await file_response(store, VISITOR, await kept(store, file))
    assert response.headers["content-disposition"].startswith("attachment; ")
    assert "\n" not in response.headers["content-type"]
    assert is_locked_up(response)


async def test_any_name_makes_a_header(store: Store) -> None:
    file = File('Отчёт "за"\r\nмай; \ud83d.csv', b"a", "text/csv")
    disposition = (await file_response(store, VISITOR, await kept(store, file))).headers["content-disposition"]
    assert disposition.isascii()
    assert disposition.isprintable()
    assert "filename*=UTF-8''%D0%9E%D1%82%D1%87" in disposition


@pytest.mark.parametrize("media_type", ["image/png", "IMAGE/JPEG", "image/webp; q=1"])
def test_pictures_are_known(media_type: str) -> None:
    assert is_picture(media_type)
