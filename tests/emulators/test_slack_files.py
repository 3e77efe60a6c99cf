"""Files: up in three steps, down with the token, and what is known of them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.slack.emulator.faults import DOWNLOAD
from adapters.slack.emulator.state import FileState
from tests.emulators.slack_api import SlackApi, refused, running_api
from tests.fakes.clock import ManualClock


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackApi]:
    async with running_api(clock) as api:
        yield api


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_file_is_uploaded_in_three_steps_and_shared_in_the_thread(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    asked = slack.says(ann, "chart?", dm)
    events = slack.heard()
    await slack.app.files_upload_v2(
        filename="chart.png", content=b"\x89PNG", channel=dm.id, thread_ts=asked.ts, initial_comment="Here"
    )
    message = dm.messages[-1]
    assert (message.thread_ts, message.text, message.subtype) == (asked.ts, "Here", "file_share")
    assert (message.files[0].name, message.files[0].data) == ("chart.png", b"\x89PNG")
    assert [event["subtype"] for event in events] == ["file_share"]
    assert slack.world.violations == []


async def test_where_a_file_was_shared_is_told_by_files_info(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    room = slack.channel(ann)
    asked = slack.says(ann, "chart?", room)
    done = await slack.app.files_upload_v2(filename="a.txt", content="x", channel=room.id, thread_ts=asked.ts)
    info = (await slack.app.files_info(file=done["file"]["id"]))["file"]
    assert (info["mimetype"], info["size"]) == ("text/plain", 1)
    assert info["shares"] == {"public": {room.id: [{"ts": room.messages[-1].ts, "thread_ts": asked.ts}]}}
    assert await refused(slack.app.files_info(file="F404")) == "file_not_found"


async def test_the_description_of_an_image_comes_back(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    for name in ("chart.png", "code.py"):
        await slack.app.files_upload_v2(filename=name, content="x", alt_txt="A chart", channel=dm.id)
    shown = (await slack.app.conversations_history(channel=dm.id))["messages"]
    assert [file.get("alt_txt") for one in shown for file in one["files"]] == [None, "A chart"]


async def test_two_files_come_in_one_message(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    uploads = [{"filename": f"{name}.txt", "content": name} for name in ("a", "b")]
    await slack.app.files_upload_v2(file_uploads=uploads, channel=dm.id)
    (message,) = dm.messages
    assert [file.data for file in message.files] == [b"a", b"b"]


async def test_an_upload_is_as_long_as_it_was_announced(slack: SlackApi) -> None:
    step = await slack.app.files_getUploadURLExternal(filename="a.txt", length=5)
    async with slack.session.post(step["upload_url"], data=b"four") as answer:
        assert answer.status == 400
    complete = slack.app.files_completeUploadExternal(files=[{"id": step["file_id"]}])
    assert await refused(complete) == "file_not_found"
    assert slack.world.violations == ["upload of 4 bytes where 5 were announced"]


async def test_an_upload_is_completed_once(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    done = await slack.app.files_upload_v2(filename="a.txt", content="x", channel=dm.id)
    again = slack.app.files_completeUploadExternal(files=[{"id": done["file"]["id"]}], channel_id=dm.id)
    assert await refused(again) == "file_update_failed"
    form = aiohttp.FormData()
    form.add_field("file", b"xy", filename="b.txt")
    step = await slack.app.files_getUploadURLExternal(filename="b.txt", length=2)
    async with slack.session.post(step["upload_url"], data=form) as answer:
        assert (answer.status, await answer.text()) == (200, "OK - 2")


async def test_a_private_file_is_for_those_with_the_token(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    file = slack.world.add_file(slack.team, ann.id, "voice.m4a", b"sound", "audio/mp4", subtype="slack_audio")
    file.shares.append((dm.id, "1.2"))
    body = slack.world.file_json(file)
    assert (body["subtype"], body["filetype"]) == ("slack_audio", "m4a")
    for address in (body["url_private_download"], body["url_private"]):
        async with slack.session.get(address, headers=bearer(slack.team.token)) as answer:
            assert (answer.content_type, await answer.read()) == ("audio/mp4", b"sound")
    for headers in ({}, bearer("xoxb-wrong")):
        async with slack.session.get(body["url_private"], headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")


async def test_a_file_of_a_place_without_the_app_is_not_found(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    outside = slack.channel(ann, with_app=False)
    file = slack.world.add_file(slack.team, ann.id, "a.txt", b"x", "text/plain")
    file.shares.append((outside.id, "1.2"))
    async with slack.session.get(
        slack.world.file_json(file)["url_private"], headers=bearer(slack.team.token)
    ) as answer:
        assert answer.status == 404


async def test_an_external_file_says_little_until_it_is_asked_for(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    file = slack.world.add_file(slack.team, ann.id, "a.txt", b"x", "text/plain", connect=True)
    assert slack.world.file_json(file) == {"id": file.id, "file_access": "check_file_info"}
    assert (await slack.app.files_info(file=file.id))["file"]["name"] == "a.txt"


def shared(slack: SlackApi, data: bytes = b"0123456789", **more: str) -> FileState:
    """A file that Ann sent in her direct message."""
    ann = slack.user("Ann")
    file = slack.world.add_file(slack.team, ann.id, "plan.txt", data, "text/plain", **more)
    slack.world.add_message(slack.dm(ann), ann.id, files=[file], subtype="file_share")
    file.shares.append((slack.dm(ann).id, slack.dm(ann).messages[-1].ts))
    return file


def asked(slack: SlackApi, file: FileState, *, allow_redirects: bool = True) -> "aiohttp.client._RequestContextManager":
    """A download as the app asks for it."""
    address = slack.world.file_json(file, full=True)["url_private_download"]
    return slack.session.get(address, headers=bearer(slack.team.token), allow_redirects=allow_redirects)


async def test_every_download_is_noted(slack: SlackApi) -> None:
    file = shared(slack)
    async with asked(slack, file) as answer:
        assert (answer.status, answer.headers["Content-Disposition"]) == (200, "attachment")
        assert await answer.read() == b"0123456789"
    async with slack.session.get(slack.world.file_json(file)["url_private"]) as answer:
        assert "Content-Disposition" not in answer.headers
    async with slack.session.get(slack.world.file_json(file)["url_private"], headers=bearer("xoxb-wrong")):
        pass
    assert [(one.file, one.team, one.status) for one in slack.world.downloads] == [
        (file.id, slack.team.id, 200),
        (file.id, "", 200),
        (file.id, "", 200),
    ]


async def test_a_download_needs_the_token_of_its_workspace_and_the_scope(slack: SlackApi) -> None:
    file = shared(slack)
    other = slack.world.add_team("Zoo", scopes=slack.team.scopes)
    address = slack.world.file_json(file)["url_private_download"]
    async with slack.session.get(address, headers=bearer(other.token)) as answer:
        assert answer.status == 404
    slack.team.scopes -= {"files:read"}
    async with asked(slack, file) as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert "Sign in" in await answer.text()
    assert await refused(slack.app.files_info(file=file.id)) == "missing_scope"


async def test_a_download_is_cut_in_its_middle(slack: SlackApi) -> None:
    file = shared(slack)
    slack.faults.drops_after(method=DOWNLOAD, chat=file.id)
    async with asked(slack, file) as answer:
        assert await answer.content.readany() == b"01234"
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


async def test_a_download_stalls_until_it_is_let_go(slack: SlackApi) -> None:
    file = shared(slack)
    stall = slack.faults.slow(method=DOWNLOAD)
    async with asked(slack, file) as answer:
        assert await answer.content.readany() == b"01234"
        stall.release.set()
        assert await answer.read() == b"56789"


async def test_a_download_may_be_other_bytes_refused_or_led_astray(slack: SlackApi) -> None:
    file = shared(slack)
    slack.faults.garbage(method=DOWNLOAD)
    async with asked(slack, file) as answer:
        assert await answer.read() == b"9876543210"
    slack.faults.floods(7, method=DOWNLOAD)
    async with asked(slack, file) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    slack.faults.redirects("https://files.example.org/a", file=file.id)
    async with asked(slack, file, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "https://files.example.org/a")
    slack.faults.drops_before(method=DOWNLOAD, times=None)
    with pytest.raises(aiohttp.ClientError):
        async with asked(slack, file):
            pass


async def test_a_canvas_is_handed_out_as_a_page(slack: SlackApi) -> None:
    file = shared(slack, b"<h1>Plan</h1>", mode="quip")
    assert slack.world.file_json(file)["mode"] == "quip"
    async with asked(slack, file) as answer:
        assert answer.content_type == "text/html"
        assert "Content-Disposition" not in answer.headers


async def test_a_file_of_google_drive_is_only_a_link(slack: SlackApi) -> None:
    file = shared(slack, mode="external")
    body = (await slack.app.files_info(file=file.id))["file"]
    assert (body["mode"], body["is_external"], body["external_type"]) == ("external", True, "gdrive")
    assert "url_private_download" not in body
    assert not body["url_private"].startswith(slack.base)


async def test_of_a_deleted_file_a_trace_is_left(slack: SlackApi) -> None:
    file = shared(slack, mode="tombstone")
    assert slack.world.file_json(file) == {"id": file.id, "mode": "tombstone"}
    assert await refused(slack.app.files_info(file=file.id)) == "file_deleted"
    hidden = shared(slack, mode="hidden_by_limit")
    assert (await slack.app.files_info(file=hidden.id))["file"]["mode"] == "hidden_by_limit"


async def test_sound_keeps_its_media_type(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    for name in ("reply.ogg", "reply.MP3", "clip.m4a"):
        await slack.app.files_upload_v2(filename=name, content=b"sound", channel=dm.id)
    assert [message.files[0].media_type for message in dm.messages] == ["audio/ogg", "audio/mpeg", "audio/mp4"]
