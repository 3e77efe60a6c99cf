"""What came with a message, over HTTP: to its owner's browser alone, and harmless whatever is in it."""

import pytest

from adapters.web import web_place
from bot.console.content import content_response
from bot.console.received import upload_response
from bot.domain.incoming import Attachment
from bot.domain.messenger import File
from bot.domain.place import Ref
from storage.store import Store
from storage.vault import Vault

VISITOR, STRANGER = "a" * 32, "f" * 32
PLACE = web_place(VISITOR, "b" * 32)
SOUND = File("reply.ogg", b"OggS0123456789", "audio/ogg")


async def sent(store: Store, vault: Vault, name: str, media_type: str, *, kept: bool = True) -> str:
    """The number of what the visitor sent; somebody else is known too."""
    blob = await vault.keep_bytes(b"content")
    async with store.begin() as tx:
        user = await tx.users.resolve("web", "", VISITOR, name="", locale="en")
        await tx.users.resolve("web", "", STRANGER, name="", locale="en")
        thread = await tx.threads.open(user.id, PLACE, specialist="concierge")
        turn = await tx.turns.create(thread.id, "concierge")
        message = await tx.turns.add_message(turn.id, "user", "", Ref(PLACE, "1"))
        (upload,) = await tx.uploads.add(message, [Attachment("document", "token", name, "text/plain")])
        if kept:
            await tx.uploads.ready(upload.id, sort="document", media_type=media_type, size_bytes=7, blob=blob)
        return str(upload.id)


async def test_its_owner_sees_a_picture(store: Store, vault: Vault) -> None:
    number = await sent(store, vault, "cat.png", "image/png")
    response = await upload_response(store, vault, VISITOR, number)
    assert (response.status_code, response.body, response.headers["content-type"]) == (200, b"content", "image/png")
    assert response.headers["content-disposition"].startswith('inline; filename="cat.png"')


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/pdf"])
async def test_what_could_run_is_downloaded(store: Store, vault: Vault, media_type: str) -> None:
    response = await upload_response(store, vault, VISITOR, await sent(store, vault, "page.html", media_type))
    assert response.headers["content-disposition"].startswith("attachment; ")
    assert response.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("visitor", [STRANGER, "0" * 32], ids=["known", "unknown"])
async def test_nobody_else_gets_it(store: Store, vault: Vault, visitor: str) -> None:
    number = await sent(store, vault, "cat.png", "image/png")
    assert (await upload_response(store, vault, visitor, number)).status_code == 404


@pytest.mark.parametrize("number", ["", "0", "-1", "9" * 18, "9" * 40, "1 or 1=1", "²"])
async def test_a_number_that_was_never_given_leads_nowhere(store: Store, vault: Vault, number: str) -> None:
    await sent(store, vault, "cat.png", "image/png")
    assert (await upload_response(store, vault, VISITOR, number)).status_code == 404


async def test_what_is_not_kept_leads_nowhere(store: Store, vault: Vault) -> None:
    number = await sent(store, vault, "voice", "", kept=False)
    assert (await upload_response(store, vault, VISITOR, number)).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status", "body", "told"),
    [
        ("bytes=0-3", 206, b"OggS", "bytes 0-3/14"),
        ("bytes=4-", 206, b"0123456789", "bytes 4-13/14"),
        ("bytes=4-999", 206, b"0123456789", "bytes 4-13/14"),
        ("bytes=-2", 206, b"89", "bytes 12-13/14"),
        ("bytes=-999", 206, SOUND.content, "bytes 0-13/14"),
        ("bytes=14-", 416, b"", "bytes */14"),
        ("bytes=-0", 416, b"", "bytes */14"),
    ],
)
def test_players_get_the_parts_they_ask_for(wanted: str, status: int, body: bytes, told: str) -> None:
    response = content_response(SOUND, wanted=wanted)
    assert (response.status_code, response.body, response.headers["content-range"]) == (status, body, told)


@pytest.mark.parametrize("wanted", ["", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b"])
def test_what_is_no_single_part_is_the_whole(wanted: str) -> None:
    response = content_response(SOUND, wanted=wanted)
    assert (response.status_code, response.body) == (200, SOUND.content)
    assert response.headers["accept-ranges"] == "bytes"


def test_what_may_be_compressed_on_its_way_has_no_parts() -> None:
    response = content_response(File("table.csv", b"a,b", "text/csv"), wanted="bytes=0-0")
    assert (response.status_code, response.body) == (200, b"a,b")
