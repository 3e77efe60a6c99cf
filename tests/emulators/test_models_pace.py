"""How long answers take, what stalls, and clients that do not wait for the end."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from specialists.emulator import ModelEmulator, Say, Stall, Think
from tests.emulators.model_clients import WIRES, Clients, anthropic_of, openai_of
from tests.fakes.clock import ManualClock


@pytest.fixture
async def models(clock: ManualClock) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def clients(models: ModelEmulator) -> AsyncIterator[Clients]:
    async with openai_of(models) as one, anthropic_of(models) as other:
        yield Clients(one, other)


@pytest.mark.parametrize("wire", WIRES)
async def test_an_answer_takes_the_time_of_its_script(
    models: ModelEmulator, clients: Clients, clock: ManualClock, wire: str
) -> None:
    models.then(Stall(5), Say("abcdef", chunk_chars=2, pause_seconds=1), Stall(3), Say("gh"))
    heard: list[str] = []
    start = clock.monotonic()
    answer = asyncio.create_task(clients.hears(wire, heard))

    await clock.until(lambda: heard == ["ab"])
    assert clock.monotonic() - start == 5
    await clock.until(lambda: len(heard) == 3)
    assert clock.monotonic() - start == 7
    await clock.until(answer.done)
    assert clock.monotonic() - start == 11
    assert heard == ["ab", "cd", "ef", "gh"]


async def test_a_stalled_answer_waits_to_be_released(
    models: ModelEmulator, clients: Clients, clock: ManualClock
) -> None:
    models.then(Say("one"), Stall(), Say("two"))
    heard: list[str] = []
    answer = asyncio.create_task(clients.hears("chat", heard))

    await clock.until(lambda: models.stalled == 1 and heard == ["one"])
    await clock.advance(3600)
    assert heard == ["one"]

    models.release()
    await answer
    assert heard == ["one", "two"]
    assert models.stalled == 0


@pytest.mark.parametrize("wire", WIRES)
async def test_a_client_that_goes_away_is_noticed(
    models: ModelEmulator, clients: Clients, clock: ManualClock, wire: str
) -> None:
    models.then(Say("one"), Stall(), Say("two"))
    heard: list[str] = []
    answer = asyncio.create_task(clients.hears(wire, heard))
    await clock.until(lambda: models.stalled == 1 and heard == ["one"])

    answer.cancel()

    await clock.until(lambda: models.asked[0].closed_early)
    assert (models.asked[0].ended, models.stalled) == (False, 0)


async def test_a_client_that_goes_away_while_the_model_talks_is_noticed(
    models: ModelEmulator, clients: Clients, clock: ManualClock
) -> None:
    models.then(Say("word " * 100, chunk_chars=5, pause_seconds=0.1))
    heard: list[str] = []
    answer = asyncio.create_task(clients.hears("chat", heard))
    await clock.until(lambda: len(heard) == 7)

    answer.cancel()

    await clock.until(lambda: models.asked[0].closed_early)
    assert not models.asked[0].ended
    assert len(heard) == 7


async def test_an_answer_heard_to_its_end_was_not_closed_early(
    models: ModelEmulator, clients: Clients, clock: ManualClock
) -> None:
    for wire in WIRES:
        await clients.hears(wire, [])
        await clients.asks(wire)
    await clock.advance(60)

    assert [(asked.ended, asked.closed_early) for asked in models.asked] == [(True, False)] * 6


async def test_an_emulator_stops_while_an_answer_stalls(clock: ManualClock) -> None:
    heard: list[str] = []
    async with ModelEmulator(clock=clock) as models:
        models.then(Think("Hm."), Say("one"), Stall(), Say("two"))
        one, other = openai_of(models), anthropic_of(models)
        answer = asyncio.create_task(Clients(one, other).hears("chat", heard))
        await clock.until(lambda: models.stalled == 1 and heard == ["one"])

    await answer
    await one.close()
    await other.close()
    assert heard == ["one", "two"], "what stalls is let go"
