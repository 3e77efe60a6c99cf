"""What a reply of a model looks like from outside, on all three wires."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import ContentRefused
from bot.domain.reply import Asked, Finished, TextDelta, Utterance
from specialists.emulator import End, Say, Think, Used
from tests.fakes.clock import ManualClock
from tests.specialists.minds import CHAT, CLAUDE, RESPONSES, WIRES, Stage, Told, a_stage, prompt, with_hints


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(ManualClock()) as made:
        yield made


@pytest.mark.parametrize("wire", WIRES)
async def test_a_reply_is_streamed_and_accounted(stage: Stage, wire: str) -> None:
    for machine in (stage.first, stage.second):
        machine.then(Say("Good morning, how can I help?"), Used(100, 20, cached=40, reasoning=0))
    told = await stage.hear(prompt(), wire)
    assert told.text == "Good morning, how can I help?"
    assert isinstance(told.events[0], Asked)
    (usage,) = told.finished.usages
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (100, 20, 40)
    assert f"{usage.provider}:{usage.model}" == wire
    assert usage.specialist == "mentor"
    assert not usage.estimated
    assert usage.cost_usd is not None
    assert usage.cost_usd > Decimal(0)
    assert not stage.first.violations
    assert not stage.second.violations


@pytest.mark.parametrize("wire", WIRES)
async def test_the_hidden_trailer_becomes_the_confidence(stage: Stage, wire: str) -> None:
    for machine in (stage.first, stage.second):
        machine.then(Say("Paris.\n\n<confidence>0.9</confidence>", chunk_chars=3))
    told = await stage.hear(prompt(), wire)
    assert told.text == "Paris."
    assert told.finished.confidence == 0.9


@pytest.mark.parametrize("wire", [RESPONSES, CLAUDE])
async def test_thinking_is_told_apart_from_text(stage: Stage, wire: str) -> None:
    for machine in (stage.first, stage.second):
        machine.then(Think("Let me see. "), Say("Four."))
    told = await stage.hear(prompt(specialist=with_hints(effort="medium")), wire)
    assert told.thinking.strip() == "Let me see."
    assert told.text == "Four."


@pytest.mark.parametrize("wire", [RESPONSES, CLAUDE])
async def test_text_before_and_after_a_thought_are_two_paragraphs(stage: Stage, wire: str) -> None:
    for machine in (stage.first, stage.second):
        machine.then(Think("Hm."), Say("Let me see."), Think("Two and two."), Say("Four."))
    told = await stage.hear(prompt(specialist=with_hints(effort="medium")), wire)
    assert told.text == "Let me see.\n\nFour."


@pytest.mark.parametrize("wire", WIRES)
async def test_a_model_reads_the_thread_and_the_instructions(stage: Stage, wire: str) -> None:
    history = (Utterance("user", "My name is Ann."), Utterance("assistant", "Hello Ann."))
    await stage.hear(prompt("Who am I?", history=history), wire)
    (asked,) = [*stage.first.asked, *stage.second.asked]
    assert asked.messages == (("user", "My name is Ann."), ("assistant", "Hello Ann."), ("user", "Who am I?"))
    assert asked.system.startswith("You are a mentor.")
    assert "store" not in asked.body or asked.body["store"] is False


@pytest.mark.parametrize("wire", WIRES)
async def test_a_refusal_by_content_ends_the_reply_and_nobody_else_is_asked(stage: Stage, wire: str) -> None:
    for machine in (stage.first, stage.second):
        machine.then(End("refusal"))
    told = await stage.hear(prompt(), wire, *WIRES)
    assert isinstance(told.failed.error, ContentRefused)
    assert len(stage.first.asked) + len(stage.second.asked) == 1


@pytest.mark.parametrize("wire", WIRES)
async def test_a_reply_at_its_greatest_length_is_less_sure(stage: Stage, wire: str) -> None:
    for machine in (stage.first, stage.second):
        machine.then(Say("It is a long story that"), End("length"))
    told = await stage.hear(prompt(), wire)
    assert told.text == "It is a long story that"
    assert told.finished.confidence == 0.5


async def test_a_slow_listener_gets_at_once_what_has_come_meanwhile(stage: Stage) -> None:
    stage.first.then(Say("word " * 200, chunk_chars=5))
    events = stage.engine(CHAT).reply(prompt())
    told = Told([await anext(events), await anext(events)])
    await stage.clock.until(lambda: stage.first.asked[0].ended)
    told.events += [event async for event in events]
    assert told.text == "word " * 200
    assert len(told.of(TextDelta)) < 10


async def test_the_same_prompt_is_sent_byte_for_byte(stage: Stage) -> None:
    for _ in range(2):
        await stage.hear(prompt(facts=("likes tea",), summary="They met."), CHAT)
    assert stage.first.asked[0].body == stage.first.asked[1].body


async def test_a_specialist_without_a_model_fails_kindly(stage: Stage) -> None:
    stage.default = ()
    told = await stage.hear(prompt())
    assert told.events == [told.failed]


async def test_the_last_event_is_the_only_end(stage: Stage) -> None:
    told = await stage.hear(replace(prompt(), text=""), CHAT)
    assert len(told.of(Finished)) == 1
