"""The emulated Telegram and a real aiogram client of it."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from adapters.telegram.emulator import TelegramEmulator
from tests.fakes.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def tg(clock: ManualClock) -> AsyncIterator[TelegramEmulator]:
    """Without flood limits, so that a test speaks of one thing."""
    async with TelegramEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def bot(tg: TelegramEmulator) -> AsyncIterator[Bot]:
    async with bot_of(tg) as connected:
        yield connected


class PlainSession(AiohttpSession):
    """aiogram's session without the quarter of a second that it gives to TLS at the end; there is no TLS here."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def bot_of(tg: TelegramEmulator) -> Bot:
    """A client of `tg`; `async with` closes it."""
    return Bot(tg.token, session=PlainSession(api=TelegramAPIServer.from_base(tg.url)))
