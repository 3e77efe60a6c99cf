"""Workspaces that let us in: off to Slack's consent page and back, and in force in every process at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

from adapters.slack.emulator.emulator import SlackEmulator
from adapters.slack.emulator.workspace import Workspace
from adapters.slack.manifest import SCOPES
from adapters.slack.oauth import SlackOAuth
from bot.domain.errors import MessengerError, Unreachable
from bot.domain.installation import Installation, NotInstalled
from bot.main import Switchboard, build
from bot.settings import Settings
from storage.sealing import Sealing
from tests.api.office import FIRST
from tests.fakes.clock import ManualClock
from tests.stories.stage import SECRET

HERE = "https://bot.example"


@dataclass
class Town:
    """An emulated Slack, our platform, and people with browsers."""

    slack: SlackEmulator
    clock: ManualClock
    settings: Settings
    board: Switchboard

    def browser(self, language: str = "en") -> AsyncClient:
        """Of one person; it keeps cookies."""
        return AsyncClient(
            transport=ASGITransport(self.board.app), base_url=HERE, headers={"accept-language": language}
        )

    async def installs(self, workspace: Workspace, browser: AsyncClient) -> Response:
        """Somebody adds us to their workspace; the last page they see."""
        return await browser.get(await workspace.approves(await consent_of(browser)))

    async def known(self) -> list[str]:
        async with self.board.store.begin() as tx:
            return [one.name for one in await tx.installations.list("slack")]


async def consent_of(browser: AsyncClient) -> str:
    """Begin; the address of Slack's page."""
    begun = await browser.get("/slack/install")
    assert begun.status_code == 302
    return begun.headers["location"]


@asynccontextmanager
async def open_town(url: str) -> AsyncIterator[Town]:
    clock = ManualClock()
    async with SlackEmulator(clock=clock) as slack:
        settings = Settings(
            _env_file=None,
            database_url=url,
            public_url=HERE,
            encryption_keys=SecretStr(f"1:{FIRST}"),
            slack_client_id=slack.client_id,
            slack_client_secret=SecretStr(slack.client_secret),
            slack_app_token=SecretStr(slack.app_token),
            slack_api_base=slack.url,
        )
        async with build(settings, SECRET, clock) as board:
            yield Town(slack, clock, settings, board)


@pytest.fixture
async def town(sqlite_url: str) -> AsyncIterator[Town]:
    async with open_town(sqlite_url) as made:
        yield made
        assert not made.slack.violations


async def test_a_workspace_lets_us_in_and_its_token_is_sealed(town: Town) -> None:
    acme = town.slack.workspace("Acme <&> Sons", installed=False)
    async with town.browser() as browser:
        page = await town.installs(acme, browser)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Acme &lt;&amp;&gt; Sons" in page.text
    assert acme.token not in page.text
    async with town.board.store.begin() as tx:
        kept = await tx.installations.get("slack", acme.id, Sealing.parse(f"1:{FIRST}"))
    assert kept is not None
    assert (kept.token, kept.bot_user, kept.at) == (acme.token, acme.bot_user, town.clock.now())
    assert set(kept.scopes) == set(SCOPES)


async def test_slack_is_asked_for_what_the_manifest_says_and_told_where_to_return(town: Town) -> None:
    async with town.browser() as browser:
        begun = await browser.get("/slack/install")
    parts = urlsplit(begun.headers["location"])
    asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}/api/" == town.slack.url
    assert parts.path == "/oauth/v2/authorize"
    assert asked["scope"].split(",") == list(SCOPES)
    assert asked["redirect_uri"] == f"{HERE}/slack/oauth_redirect"
    cookie = begun.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "secure", "samesite=lax", "max-age=600", "path=/slack/oauth"))
    assert begun.headers["cache-control"] == "no-store"


async def test_the_way_back_can_be_gone_once_only(town: Town) -> None:
    acme = town.slack.workspace("Acme", installed=False)
    async with town.browser() as browser:
        consent = await consent_of(browser)
        cookies = dict(browser.cookies)
        assert (await browser.get(await acme.approves(consent))).status_code == 200
        browser.cookies.update(cookies)
        again = await browser.get(await acme.approves(consent))
    assert again.status_code == 400
    assert "begin again" in again.text
    assert "/slack/install" in again.text


async def test_another_browser_cannot_bring_our_consent_back(town: Town) -> None:
    acme = town.slack.workspace("Acme", installed=False)
    async with town.browser() as mallory, town.browser() as ann:
        back = await acme.approves(await consent_of(mallory))
        assert (await ann.get(back)).status_code == 400
        await consent_of(ann)
        assert (await ann.get(back)).status_code == 400
    assert await town.known() == []


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?code=y", "?state=&code=&error=", "?error=access_denied"])
async def test_what_did_not_begin_here_does_not_end_here(town: Town, query: str) -> None:
    async with town.browser() as browser:
        await consent_of(browser)
        assert (await browser.get(f"/slack/oauth_redirect{query}")).status_code == 400
    assert not [call for call in town.slack.calls if call.method == "oauth.v2.access"]


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (601, 400)])
async def test_ten_minutes_are_enough_and_eleven_too_many(town: Town, seconds: int, status: int) -> None:
    acme = town.slack.workspace("Acme", installed=False)
    async with town.browser() as browser:
        back = await acme.approves(await consent_of(browser))
        await town.clock.advance(seconds)
        assert (await browser.get(back)).status_code == status


async def test_who_says_no_is_told_that_nothing_was_changed(town: Town) -> None:
    acme = town.slack.workspace("Acme", installed=False)
    async with town.browser("ru-RU,ru;q=0.9") as browser:
        page = await browser.get(await acme.denies(await consent_of(browser)))
    assert page.status_code == 200
    assert '<html lang="ru">' in page.text
    assert "Ничего не добавлено" in page.text
    assert await town.known() == []


async def test_a_code_that_slack_does_not_know_is_too_old(town: Town) -> None:
    async with town.browser() as browser:
        state = parse_qs(urlsplit(await consent_of(browser)).query)["state"][0]
        page = await browser.get("/slack/oauth_redirect", params={"state": state, "code": "made-up"})
    assert (page.status_code, "begin again" in page.text) == (400, True)


async def test_a_slack_that_is_away_is_said_so(town: Town) -> None:
    acme = town.slack.workspace("Acme", installed=False)
    town.slack.faults.fails(503, method="oauth.v2.access")
    async with town.browser() as browser:
        assert (await town.installs(acme, browser)).status_code == 503
        assert (await town.installs(acme, browser)).status_code == 200, "and who begins again comes in"


async def test_a_wrong_secret_is_the_operators_to_mend(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    door = SlackOAuth(town.slack.client_id, "wrong", HERE, town.clock, api_base=town.slack.url)
    acme = town.slack.workspace("Acme", installed=False)
    back = urlsplit(await acme.approves(door.consent_url("s")))
    query = {name: value for name, (value,) in parse_qs(back.query).items()}
    assert await door.finish(query) == NotInstalled("misconfigured")
    assert "SLACK_CLIENT_SECRET" in caplog.text
    assert "wrong" not in caplog.text


async def test_nobody_at_the_other_end_is_an_error_of_ours() -> None:
    door = SlackOAuth("1.2", "secret", HERE, ManualClock(), api_base="http://127.0.0.1:9/api/")
    with pytest.raises(MessengerError) as caught:
        await door.finish({"code": "c"})
    assert isinstance(caught.value, Unreachable)


async def test_who_installs_again_and_who_leaves(town: Town) -> None:
    acme, zoo = (town.slack.workspace(name, installed=False) for name in ("Acme", "Zoo"))
    async with town.browser() as browser:
        for workspace in (acme, zoo, acme):
            assert (await town.installs(workspace, browser)).status_code == 200
    assert await town.known() == ["Acme", "Zoo"]


async def test_another_process_knows_a_new_workspace_at_once(postgres_url: str) -> None:
    async with open_town(postgres_url) as town:
        other = town.settings.model_copy(update={"process_name": "two"})
        async with build(other, SECRET, town.clock) as two:
            acme = town.slack.workspace("Acme", installed=False)
            async with town.browser() as browser:
                await town.installs(acme, browser)
            async with two.store.begin() as tx:
                kept = await tx.installations.get("slack", acme.id, Sealing.parse(f"1:{FIRST}"))
    assert isinstance(kept, Installation)
