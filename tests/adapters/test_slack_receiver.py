"""Socket Mode: stored first, acknowledged after that, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.deadline import LOOK_SECONDS
from adapters.slack.emulator.emulator import SlackEmulator
from adapters.slack.messenger import SlackMessenger
from adapters.slack.socket_mode import check_app_token
from bot.domain.errors import Misconfigured, SettingsError, StorageError, Unreachable
from bot.domain.incoming import Incoming
from bot.domain.place import Place
from tests.adapters.slack_cast import TEXTS, Door, Inbox, Stage, SwiftClock, eventually, receiving, said, stage
from tests.adapters.telegram_cast import hanging_up


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as one:
        yield one


async def test_an_event_is_acknowledged_when_it_is_stored() -> None:
    stored = asyncio.Event()

    class Slow(Door):
        async def take(self, incoming: Incoming) -> None:
            await stored.wait()
            await super().take(incoming)

    async with stage(inbox=Slow()) as here:
        await here.slack.user("Ann").says("hello")
        await eventually(lambda: here.called("users.info") == 1)
        assert here.slack.pending_events == 1
        stored.set()
        await here.heard()
        await here.settles()


@pytest.mark.parametrize("trouble", [StorageError("locked"), ValueError("a bug of ours")])
async def test_what_could_not_be_stored_comes_again(trouble: Exception) -> None:
    async with stage(inbox=Door(trouble)) as here:
        ann = here.slack.user("Ann")
        await ann.says("hello")
        await eventually(lambda: here.inbox.failures == [])
        assert here.inbox.stored == []
        await here.clock.advance(4)
        await here.slack.redelivers()
        await here.heard()
        assert here.slack.deliveries[-1].retry_numbers == [0, 1]
        await here.settles()


async def test_what_slack_does_not_let_us_look_up_now_comes_again(here: Stage) -> None:
    ann = here.slack.user("Ann")
    ref = await here.app.send(here.at(ann.dm), said("hello"))
    here.slack.faults.floods(30, method="reactions.get")
    await ann.reacts(here.seen(ann.dm, ref), "+1")
    await eventually(lambda: here.called("reactions.get") == 1)
    await here.clock.advance(4)
    await here.slack.redelivers()
    await here.heard()


async def test_an_event_that_comes_twice_has_one_id() -> None:
    async with stage(inbox=Inbox()) as here:
        ann = here.slack.user("Ann")
        await ann.says("hello")
        await here.inbox.holds(1)
        await here.slack.repeats_events()
        await here.inbox.holds(2)
        assert len({one.id for one in here.inbox.stored}) == 1


async def test_a_lost_connection_is_made_anew(here: Stage) -> None:
    ann = here.slack.user("Ann")
    for rudely in (False, True):
        await here.slack.hangs_up(rudely=rudely)
        await eventually(lambda: len(here.slack.connections) == 1)
    await ann.says("hello")
    await here.heard()
    await here.settles()


async def test_slack_may_ask_for_another_connection(here: Stage) -> None:
    ann = here.slack.user("Ann")
    for number in range(3):
        await here.slack.disconnects()
        await ann.says(f"{number}")
        await eventually(lambda: any(not one.leaving for one in here.slack.connections))
    await here.heard(3)
    await here.settles()
    await eventually(lambda: len(here.slack.connections) == 1)


async def test_who_we_are_is_asked_once(here: Stage) -> None:
    ann = here.slack.user("Ann")
    for number in range(5):
        await ann.says(f"{number}")
    await here.heard(5)
    assert here.called("auth.test") == 1
    assert here.called("users.info") == 1


async def test_slack_may_be_away_when_we_start() -> None:
    clock = SwiftClock()
    async with stage(clock=clock, running=False) as here:
        here.slack.faults.fails(503, method="auth.test", times=2)
        here.slack.faults.drops_before(method="apps.connections.open")
        here.slack.faults.floods(40, method="apps.connections.open")
        async with receiving(here):
            await here.slack.user("Ann").says("hello")
            await here.heard()
        assert len([nap for nap in clock.naps if nap != LOOK_SECONDS]) == 4
        assert max(clock.naps) == 40


async def test_a_refused_token_names_its_setting() -> None:
    async with stage(running=False) as here:
        here.slack.faults.fails("not_allowed_token_type", method="apps.connections.open")
        with pytest.raises(SettingsError, match="SLACK_APP_TOKEN"):
            await here.app.run(here.inbox.take)
        here.slack.faults.fails("invalid_auth", method="auth.test")
        with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
            await here.messenger().run(here.inbox.take)


async def test_an_address_that_is_none_names_its_setting(here: Stage) -> None:
    app = _messenger(here.slack, "ftp://nowhere/")
    with pytest.raises(SettingsError, match="SLACK_API_BASE"):
        await app.run(here.inbox.take)
    await app.close()


async def test_who_only_hangs_up_is_tried_again_later() -> None:
    clock = SwiftClock()
    async with stage(clock=clock, running=False) as here, hanging_up() as url:
        app = _messenger(here.slack, f"{url}/api/", clock)
        task = asyncio.create_task(app.run(here.inbox.take))
        await eventually(lambda: len(clock.naps) >= 3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await app.close()


async def test_the_environment_of_bolt_is_not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"):
        monkeypatch.setenv(name, "other")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with stage() as here:
        await here.slack.user("Ann").says("hello")
        await here.heard()
        await here.settles()
    assert _files(tmp_path) == []


async def test_several_processes_share_what_comes(here: Stage) -> None:
    other = here.messenger()
    task = asyncio.create_task(other.run(here.inbox.take))
    await eventually(lambda: len(here.slack.connections) == 2)
    ann = here.slack.user("Ann")
    for number in range(6):
        await ann.says(f"{number}")
    await here.heard(6)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await eventually(lambda: len(here.slack.connections) == 1)


async def test_several_workspaces_are_served_each_with_its_token() -> None:
    tokens: dict[str, str] = {}

    async def token(team: str) -> str:
        return tokens.get(team, "")

    async with stage(tokens=token) as here:
        acme, other = here.slack.workspace("Acme"), here.slack.workspace("Other")
        tokens |= {here.slack.home.id: here.slack.token, acme.id: acme.token}
        ann, zoe, eve = here.slack.user("Ann"), here.slack.user("Zoe", workspace=acme), other.user("Eve")
        await ann.says("hello")
        await here.heard(1)
        await zoe.says("hello")
        heard = await here.heard(2)
        assert heard.place == Place("slack", zoe.dm.id, workspace=acme.id)
        await here.app.send(heard.place, said("hello Zoe"))
        assert zoe.dm.replies[-1].text_content == "hello Zoe"
        await eve.says("hello?")
        await here.settles()
        assert len(here.inbox.stored) == 2
        assert here.called("auth.test") == 2
        assert await here.app.identify() == "an app for several workspaces, by Socket Mode"


async def test_a_workspace_that_shows_us_out_is_forgotten() -> None:
    tokens: dict[str, str] = {}

    async def token(team: str) -> str:
        return tokens.get(team, "")

    async with stage(tokens=token) as here:
        acme = here.slack.workspace("Acme")
        tokens[acme.id] = acme.token
        zoe = acme.user("Zoe")
        await zoe.says("hello")
        await here.heard()
        await acme.uninstalls()
        await eventually(lambda: here.left == [acme.id, acme.id])
        tokens[acme.id] = acme.installs()
        await zoe.says("hello again")
        heard = await here.heard(2)
        await here.app.send(heard.place, said("welcome back"))
        assert zoe.dm.replies[-1].text_content == "welcome back"


async def test_a_person_who_takes_back_their_own_token_does_not_show_us_out(here: Stage) -> None:
    await here.slack.push({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}})
    await here.settles()
    assert here.left == []


def _files(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def _messenger(slack: SlackEmulator, api_base: str, clock: SwiftClock | None = None) -> SlackMessenger:
    async def no(_: Place) -> bool:
        return False

    async def left(_: str) -> None:
        return None

    return SlackMessenger(
        slack.token,
        clock or SwiftClock(),
        TEXTS,
        api_base=api_base,
        app_token=slack.app_token,
        commands=tuple,
        ours=no,
        specialists=lambda _: (),
        left=left,
    )


async def test_an_app_token_can_be_tried_beforehand() -> None:
    async with stage(running=False) as here:
        await check_app_token(here.slack.app_token, here.slack.url)
        assert here.slack.connections == []
        for wrong in ("xapp-wrong", here.slack.token):
            with pytest.raises(Misconfigured, match=r"SLACK_APP_TOKEN.*connections:write"):
                await check_app_token(wrong, here.slack.url)
        here.slack.faults.fails(503, method="apps.connections.open")
        with pytest.raises(Unreachable):
            await check_app_token(here.slack.app_token, here.slack.url)
