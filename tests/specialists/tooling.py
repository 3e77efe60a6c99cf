"""A stage for tools: a real store, a scripted model, and what the platform would do for them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic_ai import Agent, DeferredToolRequests
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.toolsets import AbstractToolset

from bot.domain.errors import Refused
from bot.domain.reply import Prompt
from bot.domain.specialist import Specialist
from specialists.tools import shipped
from specialists.tools.signals import Signals
from specialists.tools.tool import Tool
from specialists.tools.toolbox import ForeignTools, Toolbox, tools_of
from specialists.tools.toolset import ReplyTools
from storage.store import Store
from tests.fakes.clock import ManualClock

Call = tuple[str, object]
"""Name and arguments, as the scripted model sends them: an object, or any text in its place."""


def specialist(name: str = "mentor", *, tools: Iterable[str] = (), **fields: object) -> Specialist:
    made: dict[str, object] = {"title": name.title(), "description": f"The {name}.", "instructions": "Help."}
    return Specialist(name=name, tools=tuple(tools), **(made | fields))  # type: ignore[arg-type]


TEAM = (specialist("concierge"), specialist("mentor"), specialist("analyst"))


@dataclass
class Notebook:
    """What the tools caused; stands in for the platform's `Actions`."""

    reminders: list[tuple[str, datetime]] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    escalations: list[str] = field(default_factory=list)
    briefs: list[tuple[dict[str, str], bool]] = field(default_factory=list)
    full: bool = False

    async def remind(self, text: str, at: datetime) -> None:
        if self.full:
            raise Refused("at most 50 reminders a day")
        self.reminders.append((text, at))

    async def remember(self, fact: str) -> None:
        self.facts.append(fact)

    async def escalate(self, reason: str) -> None:
        self.escalations.append(reason)

    async def save_brief(self, values: Mapping[str, str], *, complete: bool) -> None:
        self.briefs.append((dict(values), complete))


@dataclass
class Stage:
    store: Store
    clock: ManualClock
    tools: tuple[Tool, ...] = field(default_factory=lambda: tools_of(shipped))
    memory_enabled: bool = True
    shared: tuple[str, ...] = ()
    foreign: ForeignTools | None = None
    notebook: Notebook = field(default_factory=Notebook)
    team: tuple[Specialist, ...] = TEAM
    seen: list[AgentInfo] = field(default_factory=list)
    """What the model was given at each of its requests."""
    signals: Signals = field(default_factory=Signals)
    """Of the latest reply."""

    def __post_init__(self) -> None:
        self.toolbox = Toolbox(
            self.tools,
            store=self.store,
            clock=self.clock,
            team=lambda: self.team,
            memory_enabled=self.memory_enabled,
            shared=self.shared,
            foreign=self.foreign,
        )

    def prompt(self, *tools: str, who: Specialist | None = None, **fields: Any) -> Prompt:
        values: dict[str, object] = {"turn": 1, "text": "hi", "actions": self.notebook, "user": 1, "thread": 1}
        return Prompt(specialist=who or specialist(tools=tools), **(values | fields))  # type: ignore[arg-type]

    def toolsets(self, prompt: Prompt) -> list[AbstractToolset[object]]:
        """As the engine asks for them; it keeps an eye on the signals of the first."""
        toolsets = self.toolbox.toolsets(prompt)
        assert isinstance(toolsets[0], ReplyTools)
        self.signals = toolsets[0].signals
        return toolsets

    async def answers(self, prompt: Prompt, *calls: Call) -> list[ToolReturnPart]:
        """What the model is told when it makes these calls, one after the other, and then ends its reply."""
        agent = Agent(self.model(*calls), toolsets=self.toolsets(prompt))
        result = await agent.run(prompt.text)
        return [part for message in result.all_messages() for part in message.parts if isinstance(part, ToolReturnPart)]

    async def answer(self, tool: str, arguments: object, /, **fields: Any) -> ToolReturnPart:
        (part,) = await self.answers(self.prompt(tool, **fields), (tool, arguments))
        return part

    def asking(self, prompt: Prompt, *calls: Call) -> "Agent[object, str | DeferredToolRequests]":
        """An agent that may end with requests for approval."""
        return Agent(self.model(*calls), toolsets=self.toolsets(prompt), output_type=[str, DeferredToolRequests])

    def model(self, *calls: Call) -> FunctionModel:
        return FunctionModel(_script(calls, self.seen.append))


def _script(calls: tuple[Call, ...], see: Callable[[AgentInfo], None]) -> Callable[..., ModelResponse]:
    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        see(info)
        made = sum(isinstance(part, ToolCallPart) for message in messages for part in message.parts)
        if made >= len(calls):
            return ModelResponse(parts=[TextPart("Done.")])
        name, arguments = calls[made]
        return ModelResponse(parts=[ToolCallPart(name, arguments, f"call-{made}")])  # type: ignore[arg-type]

    return answer
