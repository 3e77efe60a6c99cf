"""How the app gets into a workspace, and out of it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator

from adapters.slack.emulator import SlackEmulator
from bot.domain.errors import Refused
from tests.emulators.slack_apps import client_of
from tests.fakes.clock import ManualClock

# slack_sdk 3.47 signs this one call in a way that aiohttp 3.14 calls old.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
_BACK = "https://switchboard.example.org/slack/oauth_redirect"


def consent(slack: SlackEmulator, state: str = "s1", client_id: str = "") -> str:
    made = AuthorizeUrlGenerator(
        client_id=client_id or slack.client_id, redirect_uri=_BACK, scopes=["chat:write", "im:history"]
    )
    return made.generate(state)


def answer_in(address: str) -> dict[str, str]:
    assert address.startswith(f"{_BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


async def test_a_workspace_lets_the_app_in(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        other = slack.workspace("Other", installed=False)
        assert other.token == ""
        back = answer_in(await other.approves(consent(slack)))
        assert back["state"] == "s1"
        answer = await client_of(slack, "").oauth_v2_access(
            client_id=slack.client_id, client_secret=slack.client_secret, code=back["code"], redirect_uri=_BACK
        )
        assert answer["access_token"] == other.token
        assert (answer["team"]["id"], answer["bot_user_id"]) == (other.id, other.bot_user)
        assert answer["scope"] == "chat:write,im:history"
        assert (await client_of(slack, other.token).auth_test())["team_id"] == other.id
        assert slack.violations == []


async def test_a_code_is_good_once(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        code = answer_in(await slack.home.approves(consent(slack)))["code"]
        client = client_of(slack, "")

        async def exchange(secret: str) -> None:
            await client.oauth_v2_access(client_id=slack.client_id, client_secret=secret, code=code, redirect_uri=_BACK)

        with pytest.raises(SlackApiError, match="bad_client_secret"):
            await exchange("another")
        await exchange(slack.client_secret)
        with pytest.raises(SlackApiError, match=re.compile("invalid_code|code_already_used")):
            await exchange(slack.client_secret)


async def test_somebody_says_no(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        assert answer_in(await slack.home.denies(consent(slack))) == {"error": "access_denied", "state": "s1"}
        with pytest.raises(Refused):
            await slack.home.approves(consent(slack, client_id="1.2"))


async def test_the_scopes_are_those_that_were_asked_for(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        await slack.home.approves(consent(slack))
        ann = slack.user("Ann")
        with pytest.raises(SlackApiError, match="missing_scope"):
            await client_of(slack).users_info(user=ann.id)


async def test_a_workspace_throws_the_app_out_and_lets_it_in_again(clock: ManualClock) -> None:
    async with SlackEmulator(clock=clock) as slack:
        old, ann = slack.token, slack.user("Ann")
        await slack.home.uninstalls()
        with pytest.raises(SlackApiError):
            await client_of(slack, old).auth_test()
        await ann.says("anybody?")
        assert len(slack.deliveries) == 2
        new = slack.home.installs()
        assert new != old
        assert (await client_of(slack, new).auth_test())["ok"]
