"""A platform that runs, and an administrator who speaks HTTP with it."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

from bot.api.auth import issue
from bot.clock import SystemClock
from bot.main import Switchboard
from specialists.emulator import ModelEmulator
from tests.stories.stage import SECRET, Stage, set_stage
from tests.stories.thinking import Cast

FIRST = b64encode(bytes(range(32))).decode()
SECOND = b64encode(bytes(range(32, 64))).decode()
KEY = "acme-0123456789-very-secret"


@dataclass(frozen=True, slots=True)
class Admin:
    """Whoever holds a token of these scopes, at one process."""

    board: Switchboard
    scopes: tuple[str, ...] = ("admin",)

    async def get(self, path: str, **params: str | int) -> Response:
        return await self._ask("GET", path, params=params)

    async def post(self, path: str, **body: object) -> Response:
        return await self._ask("POST", path, json=body)

    async def put(self, path: str, **body: object) -> Response:
        return await self._ask("PUT", path, json=body)

    async def delete(self, path: str) -> Response:
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **options: Any) -> Response:
        token = issue(SECRET, "ann", self.scopes, now=SystemClock().now(), ttl_seconds=60)
        headers = {"Authorization": f"Bearer {token}"} if self.scopes else {}
        async with AsyncClient(transport=ASGITransport(self.board.app), base_url="http://switchboard") as browser:
            return await browser.request(method, f"/api/v1/{path}", headers=headers, **options)


@dataclass(frozen=True, slots=True)
class Office:
    stage: Stage
    models: ModelEmulator
    """What stands behind the address of the provider that the tests add."""
    cast: Cast

    @property
    def admin(self) -> Admin:
        return Admin(self.stage.board)

    @property
    def acme(self) -> dict[str, object]:
        """What makes the emulator a provider."""
        return {"kind": "openai-chat", "base_url": self.models.openai_url, "key": KEY, "local": True}


@asynccontextmanager
async def set_office(url: str, **settings: object) -> AsyncIterator[Office]:
    """As `open_office`; the processes are the test's to start."""
    async with set_stage(url) as stage, ModelEmulator(clock=stage.clock, key=KEY) as models:
        stage.thinks = True
        chosen = {"encryption_keys": SecretStr(f"1:{FIRST}")}
        stage.settings = stage.settings.model_copy(update=chosen | settings)
        yield Office(stage, models, Cast(models))
        assert not stage.tg.violations


@asynccontextmanager
async def open_office(url: str, **settings: object) -> AsyncIterator[Office]:
    async with set_office(url, **settings) as office, office.stage.process():
        yield office


def scout(**fields: str) -> str:
    """The source of a specialist, in which `fields` replace what it says of itself."""
    front = {"name": "scout", "title": "Scout", "description": "Finds the way.", "model": "acme:gpt-5.4"} | fields
    lines = "\n".join(f"{name}: {value}" for name, value in front.items() if value)
    return f"---\n{lines}\n---\nYou are a scout.\n"
