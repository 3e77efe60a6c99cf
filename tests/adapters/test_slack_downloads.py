"""Files that people send, fetched from Slack."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from adapters.slack.downloads import may_see_token
from adapters.slack.emulator import DOWNLOAD, Channel, Upload, User
from bot.domain.errors import FileGone, FileTooLarge, Flooded, MessengerError, Misconfigured, Unreachable
from bot.domain.incoming import Attachment, UserMessage
from bot.domain.messenger import Fetching
from tests.adapters.slack_cast import Stage, eventually, stage

LIMIT_BYTES = 1_000_000
REPORT = Upload("report.pdf", b"%PDF-1.7 " + bytes(range(256)) * 1_000, "application/pdf")
CLIP = Upload("audio_message.m4a", b"sound", "audio/mp4", subtype="slack_audio", duration_ms=4_320)


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


@asynccontextmanager
async def elsewhere() -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A host that is none of Slack's: its address, and who came."""
    came: list[web.Request] = []

    async def page(http: web.Request) -> web.Response:
        came.append(http)
        return web.Response(body=b"evil")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}", came
    finally:
        await runner.cleanup()


async def sent(here: Stage, *files: Upload, to: Channel | None = None, by: User | None = None) -> list[Attachment]:
    """What we hear of files that somebody sends."""
    before = len(here.inbox.stored)
    await (by or here.slack.user("Ann")).says("", to=to, files=files)
    payload = (await here.heard(before + 1)).payload
    assert isinstance(payload, UserMessage)
    return list(payload.attachments)


async def fetched(here: Stage, one: Attachment, into: Path, limit_bytes: int = LIMIT_BYTES) -> int:
    place = here.inbox.stored[-1].place
    return await here.app.fetch(place, one.file, into, limit_bytes=limit_bytes)


async def refusal(here: Stage, one: Attachment, into: Path, limit_bytes: int = LIMIT_BYTES) -> MessengerError:
    """Why the file is not given; it tells neither the address nor the name nor the token."""
    with pytest.raises(MessengerError) as trouble:
        await fetched(here, one, into, limit_bytes)
    error = trouble.value
    told = f"{error!r} {error.__cause__!r} {'' if error.__suppress_context__ else error.__context__!r}"
    assert not [secret for secret in (here.slack.token, "files-pri", "report", "http") if secret in told]
    return error


async def test_a_voice_clip_is_fetched(here: Stage, tmp_path: Path) -> None:
    assert isinstance(here.app, Fetching)
    (clip,) = await sent(here, CLIP)
    assert (clip.kind, clip.name, clip.media_type) == ("voice", "audio_message.m4a", "audio/mp4")
    assert (clip.size_bytes, clip.duration_seconds) == (5, 4.32)
    assert here.slack.downloads == []
    assert await fetched(here, clip, tmp_path / "clip") == 5
    assert (tmp_path / "clip").read_bytes() == b"sound"


async def test_several_files_of_a_message_are_fetched_one_by_one(here: Stage, tmp_path: Path) -> None:
    report, clip = await sent(here, REPORT, CLIP)
    assert await fetched(here, report, tmp_path / "report") == len(REPORT.data)
    assert await fetched(here, clip, tmp_path / "clip") == len(CLIP.data)
    assert (tmp_path / "report").read_bytes() == REPORT.data
    assert [one.file for one in here.slack.downloads] == [report.file, clip.file]


async def test_a_file_in_a_thread_of_ours_needs_no_mention(here: Stage, tmp_path: Path) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann], private=True)
    question = await ann.says("look at this", to=team)
    place = (await here.heard()).place
    here.ours.add(place)
    await ann.says("", to=team, thread=question, files=[REPORT])
    heard = await here.heard(2)
    assert heard.place == place
    assert isinstance(heard.payload, UserMessage)
    assert await fetched(here, heard.payload.attachments[0], tmp_path / "report") == len(REPORT.data)


async def test_a_file_beside_us_is_not_heard(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    lunch = await ann.says("lunch?", to=team, mention=False, files=[REPORT])
    await ann.says("", to=team, thread=lunch, files=[REPORT])
    await here.settles()
    assert here.inbox.stored == []


async def test_a_long_file_is_not_even_begun(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, Upload("report.pdf", b"%PDF", "application/pdf", size_bytes=LIMIT_BYTES + 1))
    assert isinstance(await refusal(here, report, tmp_path / "report"), FileTooLarge)
    assert here.slack.downloads == []


async def test_a_file_that_is_longer_than_it_said_is_cut(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, Upload("report.pdf", bytes(LIMIT_BYTES), "application/pdf", size_bytes=10))
    assert isinstance(await refusal(here, report, tmp_path / "report", 100_000), FileTooLarge)
    assert (tmp_path / "report").stat().st_size <= 100_000


async def test_a_file_as_long_as_the_limit_is_fetched(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    assert await fetched(here, report, tmp_path / "report", len(REPORT.data)) == len(REPORT.data)


@pytest.mark.parametrize("mode", ["external", "hidden_by_limit", "tombstone"])
async def test_what_slack_does_not_have_is_gone(here: Stage, tmp_path: Path, mode: str) -> None:
    ann = here.slack.user("Ann")
    message = await ann.says("", files=[Upload("report.pdf", b"", "application/pdf", mode=mode), CLIP])
    payload = (await here.heard()).payload
    assert isinstance(payload, UserMessage)
    # Of what is gone already, nothing is heard.
    assert [one.kind for one in payload.attachments] == (["other", "voice"] if mode == "external" else ["voice"])
    lost = Attachment("document", message.files[0].id)
    assert isinstance(await refusal(here, lost, tmp_path / "report"), FileGone)
    assert isinstance(await refusal(here, Attachment("document", "F404"), tmp_path / "report"), FileGone)
    assert here.slack.downloads == []


async def test_a_file_deleted_meanwhile_is_gone(here: Stage, tmp_path: Path) -> None:
    ann = here.slack.user("Ann")
    message = await ann.says("", files=[REPORT])
    payload = (await here.heard()).payload
    assert isinstance(payload, UserMessage)
    await ann.deletes_file(message, "report.pdf")
    await here.settles()
    assert len(here.inbox.stored) == 1
    assert isinstance(await refusal(here, payload.attachments[0], tmp_path / "report"), FileGone)


async def test_a_file_from_another_workspace_is_described_and_fetched(here: Stage, tmp_path: Path) -> None:
    far = Upload("far.m4a", b"sound", "audio/mp4", connect=True, subtype="slack_audio", duration_ms=1_000)
    (one,) = await sent(here, far)
    assert (one.kind, one.name, one.media_type, one.duration_seconds) == ("voice", "far.m4a", "audio/mp4", 1.0)
    assert await fetched(here, one, tmp_path / "far") == 5


async def test_a_file_from_another_workspace_is_heard_though_nothing_is_told_of_it(here: Stage) -> None:
    here.slack.faults.fails(503, method="files.info")
    (one,) = await sent(here, Upload("far.pdf", b"pdf", connect=True))
    assert one == Attachment("document", one.file)


@pytest.mark.parametrize("mode", ["quip", "email"])
async def test_canvases_and_emails_are_pages(here: Stage, tmp_path: Path, mode: str) -> None:
    page = b"<html><h1>Bridge plan</h1></html>"
    (one,) = await sent(here, Upload("Bridge_plan", page, "application/vnd.slack-docs", mode=mode, title="Bridge plan"))
    assert (one.kind, one.name, one.media_type) == ("document", "Bridge plan.html", "text/html")
    await fetched(here, one, tmp_path / "plan")
    assert (tmp_path / "plan").read_bytes() == page


async def test_a_web_page_that_somebody_sent_is_no_page_to_sign_in(here: Stage, tmp_path: Path) -> None:
    (one,) = await sent(here, Upload("page.html", b"<html></html>", "text/html"))
    assert await fetched(here, one, tmp_path / "page") == 13


async def test_an_app_that_may_not_read_files_says_so(tmp_path: Path) -> None:
    async with stage(scopes=("chat:write", "im:history", "im:write", "users:read")) as here:
        (report,) = await sent(here, REPORT)
        error = await refusal(here, report, tmp_path / "report")
        assert isinstance(error, Misconfigured)
        assert "files:read" in str(error)


async def test_a_page_to_sign_in_is_not_taken_for_the_file(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    # What files.info tells is true, and our right to the content is gone a moment later.
    slow = here.slack.faults.slow(method="files.info")
    fetching = asyncio.create_task(fetched(here, report, tmp_path / "report"))
    await eventually(lambda: bool(slow.hits))
    here.slack.home.state.scopes -= {"files:read"}
    slow.release.set()
    with pytest.raises(Misconfigured, match="files:read"):
        await fetching
    assert (tmp_path / "report").exists() is False


async def test_our_token_does_not_follow_to_other_hosts(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    async with elsewhere() as (address, came):
        for target in (f"{address}/file", f"{here.slack.url.replace('http://', 'http://evil@')}", "file:///etc/passwd"):
            here.slack.faults.redirects(target)
            assert isinstance(await refusal(here, report, tmp_path / "report"), Misconfigured)
        assert came == []


async def test_a_redirect_within_slack_is_followed(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    here.slack.faults.redirects(f"/files-pri/{here.slack.home.id}-{report.file}/{report.file}")
    assert await fetched(here, report, tmp_path / "report") == len(REPORT.data)
    here.slack.faults.redirects("/files-pri/round/round", times=None)
    assert isinstance(await refusal(here, report, tmp_path / "report"), Unreachable)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Misconfigured), (403, Misconfigured), (404, FileGone), (503, Unreachable), (400, MessengerError)],
)
async def test_refusals_are_translated(here: Stage, tmp_path: Path, status: int, kind: type[MessengerError]) -> None:
    (report,) = await sent(here, REPORT)
    here.slack.faults.fails(status, method=DOWNLOAD)
    assert type(await refusal(here, report, tmp_path / "report")) is kind


async def test_a_flood_says_how_long_to_wait(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    for method in ("files.info", DOWNLOAD):
        here.slack.faults.floods(17, method=method)
        error = await refusal(here, report, tmp_path / "report")
        assert isinstance(error, Flooded)
        assert error.retry_after_seconds == 17


async def test_a_cut_connection_may_be_tried_again(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    for cuts in (here.slack.faults.drops_before, here.slack.faults.drops_after):
        cuts(method=DOWNLOAD, times=None)
        assert isinstance(await refusal(here, report, tmp_path / "report"), Unreachable)
        here.slack.faults.clear()
    assert await fetched(here, report, tmp_path / "report") == len(REPORT.data)


async def test_a_download_that_stalls_is_let_go(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    stall = here.slack.faults.slow(method=DOWNLOAD)
    fetching = asyncio.create_task(refusal(here, report, tmp_path / "report"))
    await eventually(lambda: bool(stall.hits))
    await here.clock.advance(31)
    assert isinstance(await fetching, Unreachable)


async def test_what_the_disk_refuses_is_not_slacks_fault(here: Stage, tmp_path: Path) -> None:
    (report,) = await sent(here, REPORT)
    error = await refusal(here, report, tmp_path / "nowhere" / "report")
    assert type(error) is MessengerError
    assert not error.retryable


async def test_each_workspace_has_its_own_token(tmp_path: Path) -> None:
    async def token_of(team: str) -> str:
        return tokens.get(team, "")

    tokens: dict[str, str] = {}
    async with stage(tokens=token_of) as here:
        zoo = here.slack.workspace("Zoo")
        tokens |= {zoo.id: zoo.token, here.slack.home.id: here.slack.token}
        (report,) = await sent(here, REPORT, by=here.slack.user("Bob", workspace=zoo))
        assert here.inbox.stored[-1].place.workspace == zoo.id
        assert await fetched(here, report, tmp_path / "report") == len(REPORT.data)
        assert [one.team for one in here.slack.downloads] == [zoo.id]


async def test_the_log_tells_no_names_and_addresses(
    here: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="adapters.slack")
    (report,) = await sent(here, REPORT)
    here.slack.faults.drops_after(method=DOWNLOAD)
    await refusal(here, report, tmp_path / "report")
    await fetched(here, report, tmp_path / "report")
    assert not [word for word in ("report", "files-pri", here.slack.token) if word in caplog.text]


@pytest.mark.parametrize(
    ("address", "api_base", "may"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.pdf?origin_team=T1", "https://slack.com/api/", True),
        ("https://FILES.slack.com/a", "https://slack.com/api/", True),
        ("https://files-edge.slack.com/a", "https://slack.com/api/", True),
        ("https://files.slack-gov.com/a", "https://slack-gov.com/api/", True),
        ("https://files.slack.com/a", "https://gateway.example.org/slack/api/", True),
        ("https://gateway.example.org/files/a", "https://gateway.example.org/slack/api/", True),
        ("http://127.0.0.1:8089/files-pri/a", "http://127.0.0.1:8089/api/", True),
        ("http://127.0.0.1:8090/files-pri/a", "http://127.0.0.1:8089/api/", False),
        ("http://files.slack.com/a", "https://slack.com/api/", False),
        ("https://files.slack.com:8443/a", "https://slack.com/api/", False),
        ("https://files.slack.com.evil.org/a", "https://slack.com/api/", False),
        ("https://evilslack.com/a", "https://slack.com/api/", False),
        ("https://files.slack.com@evil.org/a", "https://slack.com/api/", False),
        ("https://evil.org\\@files.slack.com/a", "https://slack.com/api/", False),
        ("https://evil.org#@files.slack.com/a", "https://slack.com/api/", False),
        ("https://files.slack.com/a\nHost: evil.org", "https://slack.com/api/", False),
        ("https://docs.google.com/a", "https://slack.com/api/", False),
        ("ftp://files.slack.com/a", "", False),
        ("", "", False),
    ],
)
def test_only_slacks_own_hosts_see_our_token(address: str, api_base: str, may: bool) -> None:
    assert may_see_token(address, api_base) is may
