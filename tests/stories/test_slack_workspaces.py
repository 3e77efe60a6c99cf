"""An app in several workspaces, by connection and by HTTP: installed by a browser, answered with the right token."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr

from adapters.slack.emulator import SlackEmulator
from adapters.slack.emulator.people import User
from adapters.slack.emulator.workspace import Workspace
from bot.main import Switchboard, build
from bot.settings import Settings
from specialists.scripted import ScriptedEngine, echo
from tests.api.office import FIRST
from tests.fakes.clock import ManualClock
from tests.stories.stage import SECRET, Process

HERE = "https://bot.example"


@dataclass
class Town:
    slack: SlackEmulator
    clock: ManualClock
    settings: Settings

    @asynccontextmanager
    async def process(self, name: str, *, works: bool = True) -> AsyncIterator[Switchboard]:
        settings = self.settings.model_copy(update={"process_name": name})
        engine = ScriptedEngine(self.clock, echo)
        async with build(settings, SECRET, self.clock, engine=lambda _: engine) as board:
            process = Process(board)
            if works:
                process.start()
            else:
                process.task = asyncio.create_task(board.follow())
            yield board
            await process.dies()

    async def installs(self, board: Switchboard, workspace: Workspace) -> None:
        transport = ASGITransport(board.app)
        async with AsyncClient(transport=transport, base_url=HERE) as browser:
            begun = await browser.get("/slack/install")
            done = await browser.get(await workspace.approves(begun.headers["location"]))
            assert done.status_code == 200

    async def answers(self, *people: User) -> None:
        """Each says their name, and is told it back."""
        before = [len(one.dm.replies) for one in people]
        for one in people:
            await one.says(f"I am {one.name}.")
        await self.clock.until(
            lambda: all(
                len(one.dm.replies) > count and not one.dm.replies[-1].is_streaming
                for one, count in zip(people, before, strict=True)
            ),
            within_seconds=600,
        )
        for one in people:
            assert f"I am {one.name}." in one.dm.replies[-1].text_content


@asynccontextmanager
async def open_town(url: str, **settings: object) -> AsyncIterator[Town]:
    clock = ManualClock()
    async with SlackEmulator(clock=clock) as slack:
        chosen: dict[str, object] = {
            "database_url": url,
            "public_url": HERE,
            "encryption_keys": SecretStr(f"1:{FIRST}"),
            "slack_client_id": slack.client_id,
            "slack_client_secret": SecretStr(slack.client_secret),
            "slack_app_token": SecretStr(slack.app_token),
            "slack_signing_secret": SecretStr(slack.signing_secret),
            "slack_api_base": slack.url,
        }
        yield Town(slack, clock, Settings(_env_file=None, **(chosen | settings)))  # type: ignore[arg-type]
        assert not slack.violations


async def workspaces_of(board: Switchboard) -> list[str]:
    async with board.store.begin() as tx:
        return [one.name for one in await tx.installations.list("slack")]


async def test_people_of_two_workspaces_are_answered_and_one_of_them_leaves(sqlite_url: str) -> None:
    async with open_town(sqlite_url) as town, town.process("one") as board:
        acme, zoo = (town.slack.workspace(name, installed=False) for name in ("Acme", "Zoo"))
        ann, bob = town.slack.user("Ann", workspace=acme), town.slack.user("Bob", workspace=zoo)
        await town.installs(board, acme)
        await town.installs(board, zoo)
        await town.answers(ann, bob)

        await zoo.uninstalls()
        await town.clock.until(lambda: town.slack.pending_events == 0, within_seconds=60)
        assert await workspaces_of(board) == ["Acme"]
        await town.answers(ann)

        await town.installs(board, zoo)
        await town.answers(bob)


async def test_a_farewell_that_comes_late_does_not_take_back_a_new_installation(sqlite_url: str) -> None:
    async with open_town(sqlite_url) as town, town.process("one") as board:
        acme = town.slack.workspace("Acme", installed=False)
        await town.installs(board, acme)
        await town.slack.push({"type": "app_uninstalled"}, acme)
        await town.clock.until(lambda: town.slack.pending_events == 0, within_seconds=60)
        assert await workspaces_of(board) == ["Acme"]
        await town.answers(town.slack.user("Ann", workspace=acme))


async def test_the_token_of_the_settings_serves_its_own_workspace_and_installations_the_others(sqlite_url: str) -> None:
    async with open_town(sqlite_url) as town:
        town.settings = town.settings.model_copy(update={"slack_bot_token": SecretStr(town.slack.token)})
        async with town.process("one") as board:
            acme = town.slack.workspace("Acme", installed=False)
            await town.installs(board, acme)
            await town.answers(town.slack.user("Eve"), town.slack.user("Ann", workspace=acme))


async def test_a_workspace_let_in_by_one_process_is_served_by_another_at_once(postgres_url: str) -> None:
    async with open_town(postgres_url) as town, town.process("worker"), town.process("web", works=False) as web:
        acme = town.slack.workspace("Acme", installed=False)
        await town.installs(web, acme)
        await town.answers(town.slack.user("Ann", workspace=acme))


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off"))
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a port of this machine; its address."""
    server = _Server(app)
    serving = asyncio.create_task(server.serve())
    await server.listening.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def test_slack_posts_to_our_own_server(sqlite_url: str) -> None:
    async with (
        open_town(sqlite_url, slack_mode="http") as town,
        town.process("one") as board,
        served(board.app) as address,
    ):
        await town.slack.posts_to(f"{address}/slack/events")
        acme = town.slack.workspace("Acme", installed=False)
        await town.installs(board, acme)
        await town.answers(town.slack.user("Ann", workspace=acme))
        async with AsyncClient() as stranger:
            refused = await stranger.post(
                f"{address}/slack/events", json={"type": "url_verification", "challenge": "c"}
            )
        assert (refused.status_code, refused.text) == (401, "")


async def test_a_workspace_where_we_are_not_is_told_nothing(sqlite_url: str) -> None:
    async with open_town(sqlite_url) as town, town.process("one"):
        ann = town.slack.user("Ann", workspace=town.slack.workspace("Acme", installed=False))
        given = await ann.runs("/usage")
        await town.clock.until(lambda: given.acked)
        assert not ann.ephemerals
        assert not ann.dm.replies


async def test_a_key_that_does_not_open_the_token_loses_no_message(sqlite_url: str) -> None:
    async with open_town(sqlite_url) as town:
        acme = town.slack.workspace("Acme", installed=False)
        ann = town.slack.user("Ann", workspace=acme)
        async with town.process("one") as board:
            await town.installs(board, acme)
            await town.answers(ann)
        right = town.settings
        town.settings = right.model_copy(update={"encryption_keys": SecretStr(f"2:{'A' * 43}=")})
        async with town.process("one"):
            await ann.says("Is anybody there?")
            await town.clock.advance(5)
            assert not town.slack.deliveries[-1].acked
        town.settings = right
        async with town.process("one"):
            await town.clock.until(lambda: bool(town.slack.connections))
            await town.slack.redelivers()
            await town.clock.until(lambda: ann.dm.replies[-1].text_content.endswith("Is anybody there?"))
