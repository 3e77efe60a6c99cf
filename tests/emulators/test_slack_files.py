"""Files: up in three steps, down with the token, and what is known of them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

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
    file = slack.world.add_file(slack.team, ann.id, "a.txt", b"x", "text/plain", external=True)
    assert slack.world.file_json(file) == {"id": file.id, "file_access": "check_file_info"}
    assert (await slack.app.files_info(file=file.id))["file"]["name"] == "a.txt"
