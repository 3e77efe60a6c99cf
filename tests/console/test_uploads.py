"""What a visitor uploads: within limits, from our own page, theirs alone, and handed out once it is sent."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from httpx2 import ASGITransport, AsyncClient
from httpx2 import Response as Answer

from adapters.web import WebMessenger, web_place
from bot.console.composer import Draft, Recorded, read_draft
from bot.console.sending import UploadsGone, attached
from bot.console.uploads import UploadDesk, fetching
from bot.console.waiting import (
    GIVES_WAY_SECONDS,
    MAX_BYTES_OF_ALL,
    MAX_WAITING,
    MAX_WAITING_BYTES,
    UPLOAD_SECONDS,
    Waiting,
)
from bot.console.words import Words, preferred_locale
from bot.domain.errors import FileGone, FileTooLarge
from bot.domain.incoming import Attachment
from bot.domain.messenger import Fetching
from bot.texts import Texts
from storage.bus import LocalBus
from storage.store import Store
from storage.vault import Vault
from tests.fakes.clock import ManualClock

VISITOR, STRANGER = "a" * 32, "f" * 32
PLACE = web_place(VISITOR, "b" * 32)
FILE_BYTES = 1_000_000
OURS = {"sec-fetch-site": "same-origin"}


@dataclass
class Browser:
    """Somebody at our page; `visitor` is who the cookie says, empty when it says nothing."""

    client: AsyncClient
    desk: UploadDesk
    visitor: str = VISITOR

    async def uploads(self, content: bytes | AsyncIterator[bytes], name: str = "report.pdf", **headers: str) -> Answer:
        sent = {"x-visitor": self.visitor, **OURS, **{key.replace("_", "-"): value for key, value in headers.items()}}
        return await self.client.post("/upload", params={"name": name}, content=content, headers=sent)

    async def uploaded(self, content: bytes, name: str = "report.pdf", **headers: str) -> str:
        """The token."""
        answer = await self.uploads(content, name, **headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def removes(self, token: str) -> Answer:
        return await self.client.delete(f"/upload/{token}", headers={"x-visitor": self.visitor, **OURS})

    async def attaches(self, *tokens: str, voice: Recorded | None = None) -> tuple[Attachment, ...]:
        return await attached(self.desk, self.visitor, Draft("", tokens, voice))


@pytest.fixture
def waiting(clock: ManualClock) -> Waiting:
    return Waiting(clock)


@pytest.fixture
async def browser(
    store: Store, vault: Vault, waiting: Waiting, shipped_texts: Texts, tmp_path: Path
) -> AsyncIterator[Browser]:
    temporary = tmp_path / "on-its-way"
    temporary.mkdir()
    desk = UploadDesk(store, vault, waiting, temporary, FILE_BYTES)
    app = FastAPI()

    def words(request: Request) -> Words:
        return Words(shipped_texts, preferred_locale(shipped_texts, request.headers.get("accept-language", "")))

    @app.post("/upload")
    async def upload(request: Request) -> Response:
        return await desk.receive(request, request.headers.get("x-visitor", ""), words(request))

    @app.delete("/upload/{token}")
    async def take_back(request: Request, token: str) -> Response:
        return await desk.remove(request, request.headers.get("x-visitor", ""), token, words(request))

    async with AsyncClient(transport=ASGITransport(app), base_url="http://chat.example.org") as client:
        yield Browser(client, desk)
    assert list(temporary.iterdir()) == []


def sentence(answer: Answer) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"])


async def test_an_upload_is_kept_until_it_is_sent_and_handed_out_then(
    browser: Browser, store: Store, vault: Vault, tmp_path: Path
) -> None:
    answer = await browser.uploads(b"%PDF-1.7", "report.pdf", content_type="application/pdf")
    about = answer.json()
    token = about.pop("token")
    assert about == {"name": "report.pdf", "size_bytes": 8, "media_type": "application/pdf"}
    (attachment,) = await browser.attaches(token)
    assert attachment == Attachment("document", token, "report.pdf", "application/pdf", 8)
    web = WebMessenger(LocalBus(), fetching(store, vault))
    assert isinstance(web, Fetching)
    into = tmp_path / "fetched"
    assert await web.fetch(PLACE, token, into, limit_bytes=8) == 8
    assert into.read_bytes() == b"%PDF-1.7"


async def test_more_than_was_agreed_is_not_handed_out(
    browser: Browser, store: Store, vault: Vault, tmp_path: Path
) -> None:
    token = await browser.uploaded(b"x" * 100)
    with pytest.raises(FileTooLarge):
        await fetching(store, vault)(PLACE, token, tmp_path / "fetched", 99)


async def test_nobody_gets_the_upload_of_somebody_else(
    browser: Browser, store: Store, vault: Vault, tmp_path: Path
) -> None:
    token = await browser.uploaded(b"secret")
    stranger = Browser(browser.client, browser.desk, STRANGER)
    await stranger.uploaded(b"mine")
    with pytest.raises(UploadsGone) as lost:
        await stranger.attaches(token)
    assert lost.value.tokens == [token]
    with pytest.raises(FileGone):
        await fetching(store, vault)(web_place(STRANGER, "b" * 32), token, tmp_path / "fetched", 1_000)
    assert (await stranger.removes(token)).status_code == 204
    assert await browser.attaches(token)


async def test_what_was_removed_is_gone(browser: Browser, store: Store, vault: Vault, tmp_path: Path) -> None:
    token = await browser.uploaded(b"a mistake")
    assert (await browser.removes(token)).status_code == 204
    assert (await browser.removes(token)).status_code == 204
    with pytest.raises(UploadsGone):
        await browser.attaches(token)
    with pytest.raises(FileGone):
        await fetching(store, vault)(PLACE, token, tmp_path / "fetched", 1_000)


async def test_what_nobody_sent_is_gone_after_a_day(browser: Browser, clock: ManualClock) -> None:
    token = await browser.uploaded(b"forgotten")
    await clock.advance(UPLOAD_SECONDS + 1)
    with pytest.raises(UploadsGone):
        await browser.attaches(token)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "", "origin": "https://evil.example.org"},
        {"sec-fetch-site": "", "origin": "null"},
        {"sec-fetch-site": ""},
        {"sec-fetch-site": "", "origin": "null", "host": ""},
        {"sec-fetch-site": "", "host": ""},
    ],
    ids=["cross-site", "same-site", "other origin", "no origin", "silent", "no origin, no host", "silent, no host"],
)
async def test_other_sites_cannot_upload_for_a_visitor(browser: Browser, headers: dict[str, str]) -> None:
    answer = await browser.uploads(b"planted", **headers)
    assert (answer.status_code, "token" in answer.json()) == (403, False)


async def test_a_page_without_https_is_known_by_its_origin(browser: Browser) -> None:
    answer = await browser.uploads(b"mine", sec_fetch_site="", origin="http://chat.example.org")
    assert answer.status_code == 201


async def test_whoever_has_no_cookie_of_ours_is_told_to_reload(browser: Browser, store: Store) -> None:
    browser.visitor = ""
    answer = await browser.uploads(b"who am I?")
    assert answer.status_code == 403
    assert "reload" in sentence(answer)


async def test_what_is_too_large_by_its_own_word_is_not_even_read(browser: Browser) -> None:
    answer = await browser.uploads(b"", "film.mp4", content_length=str(FILE_BYTES + 1))
    assert answer.status_code == 413
    assert sentence(answer) == "film.mp4 is too large: at most 1 MB can be sent."


async def test_what_says_nothing_of_its_size_is_cut_off_at_the_limit(browser: Browser) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 100 * FILE_BYTES:
            read += 100_000
            yield bytes(100_000)

    answer = await browser.uploads(endless(), "film.mp4")
    assert (answer.status_code, "too large" in sentence(answer)) == (413, True)


async def test_nothing_is_no_file_and_the_sentence_speaks_the_language_of_the_page(browser: Browser) -> None:
    answer = await browser.uploads(b"", "пусто.txt", accept_language="ru")
    assert (answer.status_code, sentence(answer)) == (422, "Файл «пусто.txt» пуст.")


async def test_a_visitor_has_room_for_so_many_and_gets_it_back(browser: Browser, waiting: Waiting) -> None:
    tokens = [await browser.uploaded(b"%d" % number) for number in range(MAX_WAITING)]
    answer = await browser.uploads(b"one more")
    assert (answer.status_code, f"{MAX_WAITING} files" in sentence(answer)) == (429, True)
    await browser.removes(tokens[0])
    waiting.drop(VISITOR, [tokens[1]])
    await browser.uploaded(b"one more")
    await browser.uploaded(b"another one")
    assert (await browser.uploads(b"too many")).status_code == 429
    assert (await Browser(browser.client, browser.desk, STRANGER).uploads(b"not my room")).status_code == 201


async def test_what_waits_in_a_tab_that_was_closed_gives_way_the_oldest_first(
    browser: Browser, clock: ManualClock
) -> None:
    first, second, *_ = [await browser.uploaded(b"%d" % number) for number in range(MAX_WAITING)]
    await clock.advance(GIVES_WAY_SECONDS)
    new = await browser.uploaded(b"in a new tab")
    assert [attachment.file for attachment in await browser.attaches(second, new)] == [second, new]
    with pytest.raises(UploadsGone):
        await browser.attaches(first)


async def test_what_is_gone_takes_no_room(browser: Browser, store: Store) -> None:
    """As after /forget, or when another process sent it."""
    tokens = [await browser.uploaded(b"%d" % number) for number in range(MAX_WAITING)]
    async with store.begin() as tx:
        for token in tokens:
            file = await tx.files.by_token(token)
            assert file is not None
            await tx.files.remove(file.id)
    await browser.uploaded(b"the beginning of something new")


async def test_all_visitors_together_have_so_much_room_whatever_their_cookies(
    browser: Browser, clock: ManualClock, waiting: Waiting
) -> None:
    for number in range(MAX_BYTES_OF_ALL // MAX_WAITING_BYTES):
        waiting.add(f"{number:032x}", f"film {number}", MAX_WAITING_BYTES)
    answer = await browser.uploads(b"one more")
    assert (answer.status_code, "in some minutes" in sentence(answer)) == (429, True)
    await clock.advance(GIVES_WAY_SECONDS)
    await browser.uploaded(b"one more")
    assert (waiting.tokens(f"{0:032x}"), waiting.tokens(f"{1:032x}")) == ([], ["film 1"])


async def test_what_waits_too_long_takes_no_room(browser: Browser, clock: ManualClock) -> None:
    for number in range(MAX_WAITING):
        await browser.uploaded(b"%d" % number)
    await clock.advance(UPLOAD_SECONDS + 1)
    await browser.uploaded(b"the next day")


def test_a_visitor_has_room_for_so_many_bytes(clock: ManualClock) -> None:
    waiting = Waiting(clock)
    waiting.add(VISITOR, "film", 90_000_000)
    with pytest.raises(Exception, match="web-upload-too-much"), waiting.room(VISITOR, 20_000_000):
        pass
    with waiting.room(VISITOR, 10_000_000):
        pass


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\plan.docx", "plan.docx"),
        ("two\nlines\u2028.txt", "two lines .txt"),
        ("", "file"),
        ("///", "file"),
        ("я" * 500, "я" * 200),
    ],
)
async def test_a_name_is_only_a_name(browser: Browser, name: str, kept: str) -> None:
    assert (await browser.uploads(b"content", name)).json()["name"] == kept


@pytest.mark.parametrize(
    ("declared", "name", "kind", "media_type"),
    [
        ("image/jpeg", "cat.jpg", "photo", "image/jpeg"),
        ("image/svg+xml", "logo.svg", "document", "image/svg+xml"),
        ("audio/mpeg", "talk.mp3", "audio", "audio/mpeg"),
        ("video/mp4; codecs=x", "clip.mp4", "video", "video/mp4"),
        ("", "table.csv", "document", "text/csv"),
        ("nonsense", "what", "document", "application/octet-stream"),
    ],
)
async def test_an_attachment_is_of_the_kind_that_the_browser_says(
    browser: Browser, declared: str, name: str, kind: str, media_type: str
) -> None:
    token = await browser.uploaded(b"content", name, **({"content-type": declared} if declared else {}))
    (attachment,) = await browser.attaches(token)
    assert (attachment.kind, attachment.media_type) == (kind, media_type)


async def test_a_recording_is_a_voice_message_with_its_length(browser: Browser) -> None:
    picture = await browser.uploaded(b"\x89PNG", "cat.png", content_type="image/png")
    voice = await browser.uploaded(b"\x1a\x45", "voice.webm", content_type="audio/webm;codecs=opus")
    first, second = await browser.attaches(picture, voice=Recorded(voice, 7.5))
    assert first.kind == "photo"
    assert second == Attachment("voice", voice, "", "audio/webm", 2, 7.5)


@pytest.mark.parametrize(
    ("sent", "draft"),
    [
        ({"text": "Hi", "files": ["abc"], "voice": None}, Draft("Hi", ("abc",))),
        ({"text": "", "voice": {"token": "abc", "seconds": 3}}, Draft("", (), Recorded("abc", 3.0))),
        ({"text": 7, "files": "abc", "voice": "abc"}, Draft("7")),
        ({"files": ["../x", 7, None, "abc", "abc"]}, Draft("", ("abc",))),
        ({"voice": {"token": "abc", "seconds": "soon"}}, Draft("", (), Recorded("abc", 0.0))),
        ({"voice": {"token": "abc", "seconds": float("nan")}}, Draft("", (), Recorded("abc", 0.0))),
        ("Hi", Draft("")),
        (None, Draft("")),
    ],
)
def test_nothing_that_a_browser_sends_is_trusted(sent: Any, draft: Draft) -> None:
    assert read_draft(sent) == draft
