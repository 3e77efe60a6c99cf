"""What messengers post to our own server."""

from collections.abc import AsyncIterator

import pytest
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr

from adapters.slack.emulator.emulator import SlackEmulator
from bot.main import build
from bot.settings import Settings
from tests.fakes.clock import ManualClock
from tests.stories.stage import SECRET


@pytest.fixture
async def sender(sqlite_url: str) -> AsyncIterator[AsyncClient]:
    """Whoever knows our address."""
    clock = ManualClock()
    async with SlackEmulator(clock=clock, socket_mode=False) as slack:
        settings = Settings(
            _env_file=None,
            database_url=sqlite_url,
            slack_mode="http",
            slack_bot_token=SecretStr(slack.token),
            slack_signing_secret=SecretStr(slack.signing_secret),
            slack_api_base=slack.url,
        )
        async with (
            build(settings, SECRET, clock) as board,
            AsyncClient(transport=ASGITransport(board.app), base_url="http://switchboard") as client,
        ):
            yield client


async def test_a_post_that_is_too_large_is_refused_before_anybody_reads_it(sender: AsyncClient) -> None:
    for size, status in ((1_000_000, 401), (1_000_001, 413)):
        answer = await sender.post("/slack/events", content=b" " * size)
        assert answer.status_code == status
