"""Events, interactions and commands posted to us: verified, stored, and only then answered with 200."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from adapters.slack.messenger import SlackMessenger
from bot.domain.errors import StorageError
from bot.domain.incoming import Command, Press, UserMessage
from bot.domain.messenger import Take
from tests.adapters.slack_cast import Door, Stage, eventually, said, stage
from tests.fakes.clock import ManualClock

SECRET = "emulated-signing-secret"
FORM = "application/x-www-form-urlencoded"


@asynccontextmanager
async def serving(app: SlackMessenger, take: Take) -> AsyncIterator[str]:
    """The address of our own HTTP server with the messenger's hook."""

    async def answer(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        posted = await app.deliver(headers, await request.read(), take)
        content_type = {"Content-Type": posted.media_type}
        return web.Response(status=posted.status, body=posted.body.encode(), headers=content_type)

    server = web.Application()
    assert app.hook_path is not None
    server.router.add_post(app.hook_path, answer)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}{app.hook_path}"
    await runner.cleanup()


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with posted() as one:
        yield one


@asynccontextmanager
async def posted(*failures: Exception) -> AsyncIterator[Stage]:
    async with (
        stage(mode="http", inbox=Door(*failures), running=False) as one,
        serving(one.app, one.inbox.take) as url,
    ):
        await one.slack.posts_to(url)
        yield one


def signed(clock: ManualClock, body: bytes, media_type: str = "application/json") -> Mapping[str, str]:
    at = str(int(clock.now().timestamp()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=at, body=body)
    assert signature is not None
    return {"x-slack-request-timestamp": at, "x-slack-signature": signature, "content-type": media_type}


async def test_events_interactions_and_commands_come_by_one_path(here: Stage) -> None:
    ann = here.slack.user("Ann")
    await ann.says("hello")
    assert (await here.heard()).payload == UserMessage(here.ref(ann.dm, ann.dm.messages[-1]), "hello")
    await here.app.send(here.at(ann.dm), said("hello Ann"))
    await ann.presses("Again")
    press = (await here.heard(2)).payload
    assert isinstance(press, Press)
    assert press.action == "again:7"
    await ann.runs("/switchboard", "what is a payload?")
    assert (await here.heard(3)).payload == UserMessage(None, "what is a payload?")
    await here.settles()
    assert here.app.hook_path == "/slack/events"
    assert await here.app.identify() == "@switchboard in Home, by HTTP at /slack/events"


async def test_a_command_in_a_channel_is_answered_with_a_note(here: Stage) -> None:
    ann = here.slack.user("Ann")
    team = here.slack.channel("team", [ann])
    await ann.runs("/new", in_=team)
    assert (await here.heard()).payload == Command(None, "new")
    await eventually(lambda: bool(ann.ephemerals))
    assert "direct message" in ann.ephemerals[-1].text_content


async def test_a_form_is_opened_and_closes(here: Stage) -> None:
    ann = here.slack.user("Ann")
    modal = await ann.uses_shortcut(await ann.says("The tax is 7 %."))
    await here.heard()
    await ann.submits(modal, question="Is that right?")
    heard = await here.heard(2)
    await here.settles()
    assert not modal.is_open
    assert heard.payload == UserMessage(None, "@anyone Is that right?\n\n> The tax is 7 %.\n>\n> — ann")


async def test_a_form_without_words_stays_open_and_says_so(here: Stage) -> None:
    ann = here.slack.user("Ann")
    modal = await ann.uses_shortcut(await ann.says("The tax is 7 %."))
    await ann.submits(modal, question=" ")
    await eventually(lambda: bool(modal.errors))
    assert modal.errors == {"question": "Please write something here."}
    assert modal.is_open


async def test_what_could_not_be_stored_is_posted_again() -> None:
    async with posted(StorageError("locked"), ValueError("a bug of ours")) as here:
        await here.slack.user("Ann").says("hello")
        for seconds in (1, 61):
            await eventually(lambda: not any(one.in_flight for one in here.slack.deliveries))
            assert here.inbox.stored == []
            await here.clock.advance(seconds)
            await here.slack.redelivers()
        await here.heard()
        await here.settles()
        assert here.slack.deliveries[-1].retry_numbers == [0, 1, 2]


async def test_while_slack_does_not_say_who_we_are_it_is_asked_to_come_back(here: Stage) -> None:
    here.slack.faults.fails(503, method="auth.test")
    await here.slack.user("Ann").says("hello")
    await eventually(lambda: here.called("auth.test") == 1)
    await eventually(lambda: not any(one.in_flight for one in here.slack.deliveries))
    await here.clock.advance(1)
    await here.slack.redelivers()
    await here.heard()


async def test_the_challenge_is_given_back() -> None:
    async with stage(mode="http", running=False) as here:
        body = json.dumps({"type": "url_verification", "challenge": "c-1", "token": "old"}).encode()
        answer = await here.app.deliver(signed(here.clock, body), body, here.inbox.take)
        assert answer.status == 200
        assert json.loads(answer.body) == {"challenge": "c-1"}
        assert here.called("auth.test") == 0


@pytest.mark.parametrize(
    "spoilt",
    [
        {"x-slack-signature": "v0=0"},
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0=é"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": "٣"},
        {"x-slack-request-timestamp": "9" * 400},
        {"x-slack-request-timestamp": "1"},
    ],
)
async def test_a_post_that_slack_did_not_sign_is_refused(
    here: Stage, spoilt: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    body = json.dumps({"type": "event_callback", "event": {"type": "message", "text": "the secret recipe"}}).encode()
    answer = await here.app.deliver({**signed(here.clock, body), **spoilt}, body, here.inbox.take)
    assert (answer.status, answer.body) == (401, "")
    assert "recipe" not in caplog.text


async def test_a_post_is_good_for_five_minutes(here: Stage) -> None:
    body = b'{"type": "url_verification", "challenge": "c"}'
    headers = signed(here.clock, body)
    for seconds, status in ((290, 200), (20, 401)):
        await here.clock.advance(seconds)
        assert (await here.app.deliver(headers, body, here.inbox.take)).status == status
    here.clock.jump(timedelta(seconds=-700))
    assert (await here.app.deliver(headers, body, here.inbox.take)).status == 401


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"payload=%7B", FORM, 400),
        (b"payload=7", FORM, 400),
        (b"\xff\xfe", FORM, 401),
        (b"\xff\xfe", "application/json", 401),
    ],
)
async def test_what_is_posted_badly_is_answered_and_not_taken(
    here: Stage, body: bytes, media_type: str, status: int
) -> None:
    headers = (
        signed(here.clock, body, media_type)
        if status != 401
        else {**signed(here.clock, b""), "content-type": media_type}
    )
    assert (await here.app.deliver(headers, body, here.inbox.take)).status == status
    assert here.inbox.stored == []


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback", "event": None},
        {"type": "event_callback", "event": {"type": "hologram_opened"}},
        {"type": "block_actions", "actions": "?", "user": {"id": "U1"}},
        {"type": "block_actions", "user": 7},
        {"type": "view_closed"},
        {"type": "workflow_step_edit"},
    ],
)
async def test_what_means_nothing_to_us_is_taken_and_let_go(here: Stage, payload: dict[str, object]) -> None:
    team = here.slack.home.id
    body = urlencode({"payload": json.dumps(payload | {"team": {"id": team}, "team_id": team})}).encode()
    answer = await here.app.deliver(signed(here.clock, body, FORM), body, here.inbox.take)
    assert answer.status == 200
    assert here.inbox.stored == []


async def test_by_socket_nothing_is_taken_by_post() -> None:
    async with stage() as here:
        body = b'{"type": "url_verification", "challenge": "c"}'
        assert (await here.app.deliver(signed(here.clock, body), body, here.inbox.take)).status == 401
        assert here.app.hook_path is None
