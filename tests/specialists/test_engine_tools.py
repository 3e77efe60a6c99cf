"""Tools in a reply of a model: shown, run once, handed over, waited for."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.toolsets import AbstractToolset, FunctionToolset

from bot.domain.errors import NetworkFailed
from bot.domain.messenger import File
from bot.domain.reply import Attached, Decision, Handover, Prompt, ToolFinished, ToolStarted
from specialists.emulator import Call, Cut, Say, Stall
from specialists.tools.signals import Signals
from tests.fakes.clock import ManualClock
from tests.specialists.minds import CHAT, CLAUDE, WIRES, Stage, a_stage, prompt


class Tools(FunctionToolset[object]):
    """A toolset that tells the engine more than its results."""

    def __init__(self) -> None:
        super().__init__()
        self.signals = Signals()


@dataclass
class Workshop:
    """What the tools of the tests did."""

    done: list[str] = field(default_factory=list)

    def toolsets(self, _: Prompt) -> Sequence[AbstractToolset[object]]:
        tools = Tools()

        def weather(city: str) -> str:
            """The weather."""
            self.done.append(f"weather {city}")
            return f"Sunny in {city}"

        def chart() -> str:
            """A chart."""
            tools.signals.attachments.append(File("chart.png", b"png"))
            return "drawn"

        def transfer_to(specialist: str) -> str:
            """Somebody else."""
            tools.signals.handover = Handover(specialist, "asked for it")
            return "done"

        def broken() -> str:
            """Fails."""
            raise ToolFailed("The thing is closed today.")

        def pay(amount: int, api_token: str = "") -> str:
            """Pays."""
            self.done.append(f"paid {amount}")
            return f"{amount} paid"

        for function in (weather, chart, transfer_to, broken):
            tools.add_function(_plain(function))
        tools.add_function(_plain(pay), requires_approval=True)
        return (tools,)


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


@pytest.fixture
async def stage(workshop: Workshop) -> AsyncIterator[Stage]:
    async with a_stage(ManualClock()) as made:
        made.toolsets = workshop.toolsets
        yield made


def script(stage: Stage, wire: str, *steps: object) -> None:
    machine = stage.second if wire == CLAUDE else stage.first
    machine.then(*steps)  # type: ignore[arg-type]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_tool_is_used_and_its_result_read(stage: Stage, workshop: Workshop, wire: str) -> None:
    script(stage, wire, Say("Let me look."), Call("weather", {"city": "Oslo"}))
    script(stage, wire, Say("It is sunny."))
    told = await stage.hear(prompt(), wire)
    assert told.text == "Let me look.\n\nIt is sunny."
    (started,) = told.of(ToolStarted)
    assert started.title == "weather"
    assert told.of(ToolFinished) == [ToolFinished(started.call, True)]
    assert workshop.done == ["weather Oslo"]
    asked = (stage.second if wire == CLAUDE else stage.first).asked
    assert ("tool", "Sunny in Oslo") in asked[-1].messages
    (usage,) = told.finished.usages
    assert usage.input_tokens > 0


@pytest.mark.parametrize("wire", WIRES)
async def test_no_tool_runs_twice_when_a_provider_dies_after_it(stage: Stage, workshop: Workshop, wire: str) -> None:
    other = CHAT if wire == CLAUDE else CLAUDE
    script(stage, wire, Call("weather", {"city": "Oslo"}))
    script(stage, wire, Say("It is sunny in the nor", pause_seconds=0.01), Cut())
    script(stage, other, Say("sunny in the north of Oslo."))
    told = await stage.hear(prompt(), wire, other)
    assert told.text == "It is sunny in the north of Oslo."
    assert workshop.done == ["weather Oslo"]
    asked = (stage.first if wire == CLAUDE else stage.second).asked
    assert ("tool", "Sunny in Oslo") in asked[-1].messages
    assert not stage.first.violations
    assert not stage.second.violations


@pytest.mark.parametrize("wire", WIRES)
async def test_a_call_that_was_cut_off_is_not_carried_out(stage: Stage, workshop: Workshop, wire: str) -> None:
    script(stage, wire, Call("weather", {"city": "A" * 100}, pause_seconds=0.01), Cut())
    script(stage, wire, Say("I could not look."))
    told = await stage.hear(prompt(), wire)
    assert workshop.done == []
    assert told.text == "I could not look."


async def test_a_failed_tool_is_told_and_makes_the_reply_less_sure(stage: Stage) -> None:
    script(stage, CHAT, Call("broken", {}), Call("nonsense", {}), Call("weather", {"town": 1}))
    script(stage, CHAT, Say("It is closed. <confidence>1</confidence>"))
    told = await stage.hear(prompt(), CHAT)
    assert [event.ok for event in told.of(ToolFinished)] == [False, False, False]
    results = [text for role, text in stage.first.asked[-1].messages if role == "tool"]
    assert "The thing is closed today." in results[0]
    assert "There is no tool 'nonsense'" in results[1]
    assert "city" in results[2]
    assert told.finished.confidence == 0.51


async def test_a_file_of_a_tool_is_attached(stage: Stage) -> None:
    script(stage, CHAT, Call("chart", {}))
    script(stage, CHAT, Say("Here it is."))
    told = await stage.hear(prompt(), CHAT)
    assert [event.file.name for event in told.of(Attached)] == ["chart.png"]


@pytest.mark.parametrize("wire", WIRES)
async def test_a_handover_ends_the_reply_at_once(stage: Stage, wire: str) -> None:
    script(stage, wire, Say("One moment."), Call("transfer_to", {"specialist": "analyst"}))
    told = await stage.hear(prompt(), wire)
    assert told.of(Handover) == [Handover("analyst", "asked for it")]
    assert told.finished.usages
    assert len(stage.first.asked) + len(stage.second.asked) == 1


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("granted", [True, False])
async def test_a_tool_that_needs_leave_waits_for_it_even_in_another_process(
    stage: Stage, workshop: Workshop, wire: str, granted: bool
) -> None:
    script(
        stage,
        wire,
        Say("I will pay."),
        Call("weather", {"city": "Oslo"}),
        Call("pay", {"amount": 5, "api_token": "hidden"}),
    )
    told = await stage.hear(prompt(), wire)
    (request,) = told.paused.requests
    assert request.tool == "pay"
    assert request.arguments == "amount: 5\napi_token: •••"
    assert workshop.done == ["weather Oslo"]
    assert told.usages
    script(stage, wire, Say("So it is."))
    resumed = prompt(said=told.text, decision=Decision(told.paused.state, granted))
    async with a_stage(ManualClock()):
        after = await stage.hear(resumed, wire)
    assert after.text == "\n\nSo it is."
    assert workshop.done == (["weather Oslo", "paid 5"] if granted else ["weather Oslo"])
    asked = (stage.second if wire == CLAUDE else stage.first).asked
    results = [text for role, text in asked[-1].messages if role == "tool"]
    assert results[0] == "Sunny in Oslo"
    assert ("5 paid" in results[1]) if granted else ("did not allow" in results[1])
    assert not stage.first.violations
    assert not stage.second.violations


async def test_what_was_allowed_and_then_interrupted_is_not_done_again(stage: Stage, workshop: Workshop) -> None:
    script(stage, CHAT, Call("pay", {"amount": 5}))
    told = await stage.hear(prompt(), CHAT)
    script(stage, CHAT, Say("I do not know whether it was paid."))
    after = await stage.hear(prompt(decision=Decision(told.paused.state, True, begun=True)), CHAT)
    assert after.text == "I do not know whether it was paid."
    assert workshop.done == []
    assert "not known" in stage.first.asked[-1].messages[-1][1]


async def test_a_state_that_nobody_understands_is_gone_on_from_what_was_said(stage: Stage, workshop: Workshop) -> None:
    script(stage, CHAT, Say(" and the rest."))
    told = await stage.hear(prompt(said="The beginning", decision=Decision("???", True)), CHAT)
    assert told.text == " and the rest."
    assert workshop.done == []


async def test_tools_that_never_end_are_ended(stage: Stage) -> None:
    for _ in range(23):
        script(stage, CHAT, Call("weather", {"city": "Oslo"}))
    script(stage, CHAT, Say("That is all."))
    told = await stage.hear(prompt(), CHAT)
    assert told.text == "That is all."
    assert stage.first.asked[-1].body["tool_choice"] == "none"


@pytest.mark.parametrize("wire", WIRES)
async def test_whoever_stops_listening_closes_the_connection(stage: Stage, wire: str) -> None:
    script(stage, wire, Say("Some words."), Stall())
    events = stage.engine(wire).reply(prompt())
    async for event in events:
        if getattr(event, "text", ""):
            break
    await events.aclose()
    machine = stage.second if wire == CLAUDE else stage.first
    await stage.clock.until(lambda: machine.asked[0].closed_early)
    assert stage.clock.monotonic() == 0


async def test_a_failure_after_a_tool_says_what_was_done_to_nobody(stage: Stage, workshop: Workshop) -> None:
    script(stage, CHAT, Call("weather", {"city": "Oslo"}))
    for _ in range(3):
        script(stage, CHAT, Cut())
    told = await stage.hear(prompt(), CHAT)
    assert isinstance(told.failed.error, NetworkFailed)
    assert workshop.done == ["weather Oslo"]
