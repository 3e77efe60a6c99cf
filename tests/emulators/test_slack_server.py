"""The server: who may call, with what parameters, over which encodings; OAuth, response URLs and faults."""

import inspect
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.emulator.content import reading_of
from adapters.slack.emulator.methods.table import implemented_methods
from adapters.slack.emulator.request import Method
from tests.emulators.slack_api import SlackApi, markdown, refused, running_api, why
from tests.fakes.clock import ManualClock


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackApi]:
    async with running_api(clock) as api:
        yield api


@pytest.mark.parametrize("method", implemented_methods().values(), ids=lambda method: method.name)
def test_the_declared_parameters_are_those_of_the_sdk(method: Method) -> None:
    signature = inspect.signature(getattr(AsyncWebClient, method.name.replace(".", "_")))
    ours = {*method.required, *method.optional, *method.not_emulated}
    theirs = set(signature.parameters) - {"self", "kwargs", "app_token"}
    assert theirs <= ours
    needed = {name for name in theirs if signature.parameters[name].default is inspect.Parameter.empty}
    assert needed - set(method.required) <= {"status", "client_id", "client_secret"}


async def test_a_call_needs_a_good_token(slack: SlackApi) -> None:
    assert (await slack.app.auth_test())["team_id"] == slack.team.id
    assert await refused(slack.client("").auth_test()) == "not_authed"
    assert await refused(slack.client("xoxb-wrong").auth_test()) == "invalid_auth"
    assert await refused(slack.client(slack.world.app_token).auth_test()) == "not_allowed_token_type"
    assert await refused(slack.app.apps_connections_open(app_token=slack.team.token)) == "not_allowed_token_type"
    by_parameter = AsyncWebClient(base_url=f"{slack.base}/api/", session=slack.session)
    assert (await by_parameter.auth_test(token=slack.team.token))["user_id"] == slack.team.bot_user


async def test_a_token_dies_with_the_installation(slack: SlackApi) -> None:
    old = slack.team.token
    await slack.app.auth_revoke()
    assert await refused(slack.app.auth_test()) == "account_inactive"
    assert slack.world.install(slack.team) != old
    assert (await slack.client(slack.team.token).auth_test())["ok"]


async def test_a_method_needs_its_scope(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    dm = slack.dm(ann)
    message = slack.says(ann, "hi", dm)
    slack.team.scopes = frozenset({"chat:write"})
    with pytest.raises(SlackApiError) as caught:
        await slack.app.conversations_history(channel=dm.id)
    assert (caught.value.response["needed"], caught.value.response["provided"]) == ("im:history", "chat:write")
    app = slack.app
    assert await refused(app.reactions_get(channel=dm.id, timestamp=message.ts)) == "missing_scope"
    assert await refused(app.users_info(user=ann.id)) == "missing_scope"
    assert await refused(app.conversations_open(users=ann.id)) == "missing_scope"
    assert await refused(app.files_getUploadURLExternal(filename="a", length=1)) == "missing_scope"
    answer = await app.chat_postMessage(channel=dm.id, text="hello")
    assert answer.headers["X-OAuth-Scopes"] == "chat:write"


async def test_unknown_names_are_noted_and_missing_ones_refused(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    assert await refused(slack.app.api_call("chat.shout", json={})) == "unknown_method"
    await slack.app.chat_postMessage(channel=dm.id, text="x", colour="red")
    nothing = slack.app.api_call("chat.update", json={"channel": dm.id, "text": "x"})
    assert await why(nothing) == "invalid_arguments: missing required field: ts"
    assert slack.world.violations == [
        "chat.shout is unknown or not emulated",
        "chat.postMessage: unknown parameter colour",
        "chat.update: required parameter ts is missing",
    ]


async def test_what_would_change_the_meaning_is_not_ignored(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    post = slack.app.chat_postMessage(channel=dm.id, text="x", attachments=[{"text": "y"}])
    assert await why(post) == "invalid_arguments: the emulator has no attachments"
    assert slack.world.violations == ["chat.postMessage: attachments is not emulated"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"thread_ts": 17.5}, "thread_ts must be of type text"),
        ({"blocks": {"type": "divider"}}, "blocks must be of type list"),
        ({"blocks": "[{"}, "blocks is not JSON"),
        ({"metadata": []}, "metadata must be of type object"),
        ({"mrkdwn": "maybe"}, "mrkdwn must be of type flag"),
    ],
)
async def test_values_have_their_types(slack: SlackApi, fields: dict[str, Any], reason: str) -> None:
    dm = slack.dm(slack.user("Ann"))
    post = slack.app.api_call("chat.postMessage", json={"channel": dm.id, "text": "x", **fields})
    assert await why(post) == f"invalid_arguments: {reason}"


async def test_a_form_carries_json_as_text(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    form = {"channel": dm.id, "text": "x", "blocks": '[{"type": "divider"}]', "unfurl_links": "false"}
    await slack.app.api_call("chat.postMessage", data=form)
    assert [block["type"] for block in dm.messages[0].blocks] == ["divider"]


async def test_some_methods_take_no_json(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    call = slack.app.api_call("conversations.history", json={"channel": dm.id})
    assert await refused(call) == "invalid_arguments"
    assert slack.world.violations == ["conversations.history: takes a form, not JSON"]


async def test_what_is_no_json_is_refused(slack: SlackApi) -> None:
    for body, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {slack.team.token}"}
        async with slack.session.post(f"{slack.base}/api/auth.test", data=body, headers=headers) as answer:
            assert (await answer.json())["error"] == error


async def test_calls_are_remembered_with_what_came_of_them(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    await slack.app.chat_postMessage(channel=dm.id, text="x")
    await refused(slack.app.chat_update(channel=dm.id, ts="1.2", text="y"))
    post, update = slack.server.calls
    assert (post.method, post.arguments["text"], post.team, post.ok) == ("chat.postMessage", "x", slack.team.id, True)
    assert (update.status, update.error, update.ok) == (200, "message_not_found", False)


async def test_a_socket_address_is_given_to_the_app_token(slack: SlackApi) -> None:
    app = slack.app
    assert await refused(app.apps_connections_open(app_token=slack.world.app_token)) == "feature_not_enabled"
    slack.world.sockets = lambda: "ws://here/link?ticket=1"
    opened = await app.apps_connections_open(app_token=slack.world.app_token)
    assert opened["url"] == "ws://here/link?ticket=1"


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # the SDK's way of sending the client's secret
async def test_an_oauth_code_buys_a_token_once(slack: SlackApi) -> None:
    world = slack.world
    team = world.add_team("Globex", scopes=frozenset(), installed=False)
    zoe = slack.user("Zoe", team)
    team.codes["code.1"] = "https://app.example/back"
    team.scopes = frozenset({"chat:write", "users:read"})
    access, app_id = slack.client("").oauth_v2_access, {"client_id": world.client_id}
    good = {**app_id, "client_secret": world.client_secret, "redirect_uri": "https://app.example/back"}
    assert await refused(access(**{**good, "client_id": "1.1"}, code="code.1")) == "invalid_client_id"
    assert await refused(access(**{**good, "client_secret": "x"}, code="code.1")) == "bad_client_secret"
    bought = await access(**good, code="code.1")
    assert (bought["access_token"], bought["scope"]) == (team.token, "chat:write,users:read")
    assert (bought["team"]["id"], bought["bot_user_id"], bought["authed_user"]["id"]) == (
        team.id,
        team.bot_user,
        zoe.id,
    )
    assert await refused(access(**good, code="code.1")) == "invalid_code"
    team.codes["code.2"] = "https://app.example/back"
    elsewhere = access(**{**good, "redirect_uri": "https://evil.example"}, code="code.2")
    assert await refused(elsewhere) == "bad_redirect_uri"
    assert (await slack.client(team.token).auth_test())["team"] == "Globex"


async def post_json(slack: SlackApi, url: str, body: dict[str, Any]) -> tuple[int, str]:
    async with slack.session.post(url, json=body) as answer:
        return answer.status, await answer.text()


async def test_a_response_url_answers_five_times_in_half_an_hour(slack: SlackApi, clock: ManualClock) -> None:
    ann = slack.user("Ann")
    room = slack.channel(ann)
    url = slack.world.response_url(slack.team.id, room.id, ann.id)
    assert await post_json(slack, url, {"text": "only you"}) == (200, "ok")
    assert await post_json(slack, url, {"text": "all", "response_type": "in_channel"}) == (200, "ok")
    assert [(one.text, one.ephemeral_for) for one in room.messages] == [("only you", ann.id), ("all", "")]
    for _ in range(3):
        await post_json(slack, url, {"text": "x"})
    assert (await post_json(slack, url, {"text": "x"}))[0] == 404
    late = slack.world.response_url(slack.team.id, room.id, ann.id)
    await clock.advance(1801.0)
    assert (await post_json(slack, late, {"text": "x"}))[0] == 404
    assert slack.world.violations == ["response_url: used_url", "response_url: expired_url"]


async def test_a_response_url_can_replace_and_delete_what_was_pressed(slack: SlackApi) -> None:
    ann = slack.user("Ann")
    room = slack.channel(ann)
    ts = (await slack.app.chat_postEphemeral(channel=room.id, user=ann.id, text="really?"))["message_ts"]
    url = slack.world.response_url(slack.team.id, room.id, ann.id, message_ts=ts)
    await post_json(slack, url, {"replace_original": True, "text": "x", "blocks": [markdown("done")]})
    assert reading_of(room.messages[0]) == "done"
    await post_json(slack, url, {"delete_original": True})
    assert room.messages[0].deleted
    assert (await post_json(slack, url, {"text": "x", "colour": "red"}))[0] == 200
    assert "invalid additional property: colour" in slack.world.violations[0]


async def test_faults_choose_their_calls(slack: SlackApi) -> None:
    here, there = slack.dm(slack.user("Ann")), slack.dm(slack.user("Bob"))
    slack.faults.fails("fatal_error", method="chat.postMessage", chat=here.id, nth=2)
    post = slack.app.chat_postMessage
    await post(channel=here.id, text="1")
    await post(channel=there.id, text="x")
    assert await refused(post(channel=here.id, text="2")) == "fatal_error"
    await post(channel=here.id, text="3")
    assert [one.text for one in here.messages] == ["1", "3"]


async def test_an_injected_flood_says_how_long(slack: SlackApi) -> None:
    slack.faults.floods(7, times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await slack.app.auth_test()
        assert caught.value.response.headers["Retry-After"] == "7"
    await slack.app.auth_test()
    assert slack.gate.floods == []


async def test_a_bare_status_comes_without_json(slack: SlackApi) -> None:
    slack.faults.fails(503, times=None)
    with pytest.raises(SlackApiError) as caught:
        await slack.app.auth_test()
    assert caught.value.response.status_code == 503
    slack.faults.clear()
    await slack.app.auth_test()


async def test_a_cut_before_the_call_and_a_cut_after_it(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    slack.faults.drops_before(method="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await slack.app.chat_postMessage(channel=dm.id, text="never came")
    slack.faults.drops_after(method="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await slack.app.chat_postMessage(channel=dm.id, text="came")
    assert [one.text for one in dm.messages] == ["came"]
    assert [call.status for call in slack.server.calls] == [0, 200]


async def test_garbage_is_an_answer_too(slack: SlackApi) -> None:
    dm = slack.dm(slack.user("Ann"))
    slack.faults.garbage()
    with pytest.raises((SlackApiError, AttributeError, TypeError)):
        await slack.app.chat_postMessage(channel=dm.id, text="came")
    assert len(dm.messages) == 1
