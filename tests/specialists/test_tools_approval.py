"""Tools that a person must allow."""

import json
from collections.abc import AsyncIterator

import pytest
from pydantic_ai import DeferredToolRequests, DeferredToolResults, ToolDenied
from pydantic_ai.messages import ModelMessagesTypeAdapter, ToolReturnPart

from specialists.tools.call import Call
from specialists.tools.tool import Result, tool
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.specialists.tooling import Stage

SCRIPT = (("transfer_money", {"amount": 40, "to": "Ada"}),)


@tool(approval=True)
async def transfer_money(call: Call, amount: int, to: str) -> Result:
    """Transfer money, which nobody should do unasked."""
    await call.acting().escalate(f"{amount} to {to}")
    return {"transferred": amount}


@tool()
async def look(call: Call) -> Result:
    """Look, which is harmless."""
    return "seen"


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    stage = Stage(store, ManualClock(), tools=(transfer_money, look))
    yield stage
    await stage.toolbox.close()


async def paused(stage: Stage) -> tuple[DeferredToolRequests, bytes]:
    """What is asked for, and all that is kept of the reply meanwhile."""
    result = await stage.asking(stage.prompt("transfer_money", "look"), *SCRIPT).run("pay her")
    assert isinstance(result.output, DeferredToolRequests)
    return result.output, result.all_messages_json()


async def resumed(stage: Stage, kept: bytes, results: DeferredToolResults) -> ToolReturnPart:
    agent = stage.asking(stage.prompt("transfer_money", "look"), *SCRIPT)
    history = ModelMessagesTypeAdapter.validate_json(kept)
    result = await agent.run(message_history=history, deferred_tool_results=results)
    assert result.output == "Done."
    (told,) = [part for sent in result.new_messages() for part in sent.parts if isinstance(part, ToolReturnPart)]
    return told


async def test_a_tool_that_needs_a_yes_pauses_the_reply(stage: Stage) -> None:
    requests, _ = await paused(stage)
    (request,) = requests.approvals
    assert (request.tool_name, request.args) == SCRIPT[0]
    assert stage.notebook.escalations == []


async def test_after_a_yes_it_runs_exactly_once(stage: Stage) -> None:
    requests, kept = await paused(stage)
    told = await resumed(stage, kept, DeferredToolResults(approvals={requests.approvals[0].tool_call_id: True}))
    assert json.loads(str(told.content)) == {"data": {"transferred": 40}}
    assert stage.notebook.escalations == ["40 to Ada"]


async def test_after_a_no_it_never_runs_and_the_model_is_told(stage: Stage) -> None:
    requests, kept = await paused(stage)
    no = ToolDenied("The user said no.")
    told = await resumed(stage, kept, DeferredToolResults(approvals={requests.approvals[0].tool_call_id: no}))
    assert (told.outcome, told.content) == ("denied", "The user said no.")
    assert stage.notebook.escalations == []


async def test_nobody_is_asked_about_a_call_that_makes_no_sense(stage: Stage) -> None:
    agent = stage.asking(stage.prompt("transfer_money"), ("transfer_money", {"amount": "all", "to": "Ada"}))
    result = await agent.run("pay her")
    assert result.output == "Done."
    assert stage.notebook.escalations == []


async def test_a_harmless_tool_does_not_pause_the_reply(stage: Stage) -> None:
    (told,) = await stage.answers(stage.prompt("look"), ("look", {}))
    assert told.outcome == "success"
