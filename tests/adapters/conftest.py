from collections.abc import AsyncIterator

import pytest

from adapters.telegram.client import Client
from adapters.telegram.emulator.emulator import TelegramEmulator
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.ports import Clock
from tests.fakes.clock import ManualClock


@pytest.fixture
def clock() -> Clock:
    return ManualClock()


@pytest.fixture
async def tg(clock: Clock) -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(clock=clock) as emulator:
        yield emulator
        assert emulator.violations == []


@pytest.fixture
async def bot(tg: TelegramEmulator, clock: Clock) -> AsyncIterator[TelegramMessenger]:
    made = TelegramMessenger(tg.token, clock, api_base=tg.url)
    yield made
    await made.close()


@pytest.fixture
async def client(tg: TelegramEmulator) -> AsyncIterator[Client]:
    made = Client(tg.token, tg.url)
    yield made
    await made.close()
