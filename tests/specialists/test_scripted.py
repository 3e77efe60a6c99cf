"""The scripted engine keeps the contract of `Engine`, at the pace the test sets."""

import asyncio
from contextlib import aclosing

import pytest

from bot.domain.errors import ApiFailed
from bot.domain.reply import (
    Engine,
    Failed,
    Finished,
    Handover,
    Prompt,
    ReplyEvent,
    TextDelta,
    ThinkingDelta,
    ToolFinished,
    ToolStarted,
)
from bot.domain.specialist import Specialist
from specialists.scripted import Babble, End, Fail, Hang, Pass, Pause, Say, ScriptedEngine, Think, Use
from tests.fakes.clock import ManualClock

CONCIERGE = Specialist("concierge", "Concierge", "Answers.", "Be kind.")


def _prompt(text: str = "hello") -> Prompt:
    return Prompt(turn=1, specialist=CONCIERGE, text=text)


async def _all(engine: Engine, prompt: Prompt) -> list[ReplyEvent]:
    return [event async for event in engine.reply(prompt)]


async def _played(engine: ScriptedEngine, clock: ManualClock, text: str = "hello") -> list[ReplyEvent]:
    task = asyncio.create_task(_all(engine, _prompt(text)))
    await clock.until(task.done)
    return await task


async def test_it_echoes_when_nothing_else_was_said() -> None:
    clock = ManualClock()
    events = await _played(ScriptedEngine(clock), clock, "a long enough sentence to come in pieces")
    texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(texts) == 2
    assert "".join(texts) == "a long enough sentence to come in pieces"
    assert isinstance(events[-1], Finished)


async def test_a_queue_comes_before_the_choice() -> None:
    clock = ManualClock()
    engine = ScriptedEngine(clock, lambda prompt: (Say(f"chosen for {prompt.text}", 99),), queue=[(Say("first"),)])
    engine.then(Say("second"))
    said = [await _played(engine, clock, "x") for _ in range(3)]
    assert [events[0] for events in said] == [TextDelta("first"), TextDelta("second"), TextDelta("chosen for x")]
    assert [prompt.text for prompt in engine.prompts] == ["x", "x", "x"]


async def test_every_kind_of_step_is_played_in_order() -> None:
    clock = ManualClock()
    engine = ScriptedEngine(clock)
    last = Finished(confidence=0.4)
    engine.then(Think("hm"), Use("search", ok=False), Pass("lawyer", "contract"), Pause(3), Say("yes"), End(last))
    assert await _played(engine, clock) == [
        ThinkingDelta("hm"),
        ToolStarted("call-1", "search"),
        ToolFinished("call-1", ok=False),
        Handover("lawyer", "contract"),
        TextDelta("yes"),
        last,
    ]


async def test_it_speaks_at_the_pace_of_the_clock() -> None:
    clock = ManualClock()
    engine = ScriptedEngine(clock, queue=[(Say("abcd", chunk_chars=1, pause_seconds=1),)])
    heard: list[ReplyEvent] = []

    async def listen() -> None:
        async for event in engine.reply(_prompt()):
            heard.append(event)  # noqa: PERF401 - the list is watched while it grows

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await clock.advance(2.5)
    assert heard == [TextDelta("a"), TextDelta("b"), TextDelta("c")]
    await clock.until(task.done)


async def test_a_failure_is_an_event_or_an_exception() -> None:
    clock = ManualClock()
    error = ApiFailed("500")
    engine = ScriptedEngine(clock, queue=[(Say("so far"), Fail(error), Say("never")), (Fail(error, raised=True),)])
    assert await _played(engine, clock) == [TextDelta("so far"), Failed(error)]
    with pytest.raises(ApiFailed):
        await _all(engine, _prompt())
    assert [reply.ended for reply in engine.replies] == [True, False]


async def test_what_hangs_goes_on_when_released() -> None:
    engine = ScriptedEngine(ManualClock(), queue=[(Hang(), End(Finished(confidence=1.0)))])
    task = asyncio.create_task(_all(engine, _prompt()))
    await asyncio.sleep(0)
    assert not task.done()
    engine.release()
    assert await task == [Finished(confidence=1.0)]
    assert not engine.replies[0].closed_early


async def test_it_remembers_that_it_was_closed_early() -> None:
    engine = ScriptedEngine(ManualClock(), queue=[(Babble(pause_seconds=0),)])
    async with aclosing(engine.reply(_prompt())) as events:
        async for _ in events:
            break
    assert engine.replies[0].closed_early


async def test_it_remembers_that_it_was_cancelled() -> None:
    engine = ScriptedEngine(ManualClock(), queue=[(Hang(),)])
    task = asyncio.create_task(_all(engine, _prompt()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert engine.replies[0].closed_early
