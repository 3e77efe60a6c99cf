"""Small structured questions: routing, titles, summaries."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import BaseModel

from bot.domain.errors import ApiFailed, AuthFailed, EngineError, TimedOut
from specialists.emulator import Call, Refuse, Say, Stall, Used
from tests.fakes.clock import ManualClock
from tests.specialists.minds import CHAT, CLAUDE, WIRES, Stage, a_stage


class Title(BaseModel):
    title: str


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with a_stage(ManualClock()) as made:
        yield made


def script(stage: Stage, wire: str, *steps: object) -> None:
    (stage.second if wire == CLAUDE else stage.first).then(*steps)  # type: ignore[arg-type]


def asked_for(stage: Stage, wire: str, title: str) -> None:
    """The model answers in the form, however the wire asks for it."""
    script(stage, wire, Call("final_result", {"title": title}), Used(50, 9))


@pytest.mark.parametrize("wire", WIRES)
async def test_the_answer_has_the_form_that_was_asked_for(stage: Stage, wire: str) -> None:
    asked_for(stage, wire, "Paris in spring")
    answer, usage = await stage.run(stage.engine().ask("Make a title.", "We talked of Paris.", Title, model=wire))
    assert answer == Title(title="Paris in spring")
    assert (usage.input_tokens, usage.output_tokens) == (50, 9)
    assert usage.cost_usd is not None
    (asked,) = [*stage.first.asked, *stage.second.asked]
    assert asked.system.startswith("Make a title.")
    assert not stage.first.violations
    assert not stage.second.violations


@pytest.mark.parametrize("wire", WIRES)
async def test_a_passing_failure_is_tried_again(stage: Stage, wire: str) -> None:
    script(stage, wire, Refuse(503))
    asked_for(stage, wire, "Here")
    answer, _ = await stage.run(stage.engine().ask("Make a title.", "text", Title, model=wire))
    assert answer.title == "Here"


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("step", "error"), [(Refuse(401), AuthFailed), (Refuse(400, message="no"), ApiFailed), (Stall(), TimedOut)]
)
async def test_a_lasting_failure_is_an_error_of_ours(
    stage: Stage, wire: str, step: object, error: type[EngineError]
) -> None:
    for _ in range(3):
        script(stage, wire, step)
    with pytest.raises(error):
        await stage.run(stage.engine().ask("Make a title.", "text", Title, model=wire))


async def test_whoever_asked_before_a_hint_was_refused_is_answered_too(stage: Stage) -> None:
    for _ in range(2):
        script(stage, CHAT, Stall(1.0), Refuse(400, "unsupported_parameter", "'temperature' is not supported here."))
    for _ in range(2):
        asked_for(stage, CHAT, "Here")
    both = asyncio.gather(*(stage.engine().ask("Make a title.", "text", Title, model=CHAT) for _ in range(2)))
    answers = await stage.run(asyncio.wait_for(both, None))
    assert [answer.title for answer, _ in answers] == ["Here", "Here"]
    assert ["temperature" in asked.body for asked in stage.first.asked] == [True, True, False, False]


async def test_a_model_that_never_finds_the_form_is_an_error(stage: Stage) -> None:
    for _ in range(20):
        script(stage, CHAT, Say("I would rather not."))
    with pytest.raises(ApiFailed):
        await stage.run(stage.engine().ask("Make a title.", "text", Title, model=CHAT))


async def test_a_model_that_is_not_set_up_is_an_error_of_ours(stage: Stage) -> None:
    with pytest.raises(AuthFailed):
        await stage.run(stage.engine().ask("Make a title.", "text", Title, model="deepseek:deepseek-chat"))
