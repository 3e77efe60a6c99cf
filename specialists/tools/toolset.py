"""The tools of one reply, in the form that pydantic-ai calls them."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import InstructionPart
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool

from specialists.tools.arguments import Checked
from specialists.tools.budget import Budget
from specialists.tools.call import Audience, Call
from specialists.tools.framing import RULES
from specialists.tools.running import outcome
from specialists.tools.signals import Signals
from specialists.tools.tool import Shape, Tool, shape


class ReplyTools(AbstractToolset[object]):
    """Our own tools, for one reply of one specialist to one user."""

    def __init__(
        self,
        tools: Sequence[Tool],
        call: Call,
        budget: Budget,
        *,
        shapes: Callable[[Tool, Audience], Shape] = shape,
        beside: bool = False,
    ) -> None:
        """`beside`: there are toolsets of others too, to which the same rules apply."""
        self._beside = beside
        self._shapes = shapes
        self._tools = {tool.name: tool for tool in tools if tool.offered(call)}
        self._call = call
        self._budget = budget
        self._prepared: dict[str, ToolsetTool[object]] = {}

    @property
    def id(self) -> str:
        return "switchboard"

    @property
    def signals(self) -> Signals:
        """What the tools told the engine so far."""
        return self._call.signals

    async def get_instructions(self, ctx: RunContext[object]) -> InstructionPart | None:
        return InstructionPart(RULES, dynamic=False) if self._tools or self._beside else None

    async def get_tools(self, ctx: RunContext[object]) -> dict[str, ToolsetTool[object]]:
        """In the order in which the specialist names them, so that a provider's prompt cache hits."""
        if not self._prepared:
            self._prepared = {name: self._shown(tool) for name, tool in self._tools.items()}
        return self._prepared

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[object], tool: ToolsetTool[object]
    ) -> str:
        """The framed result. ToolFailed for everything that goes wrong."""
        self._budget.spend()
        called = self._tools[name]
        return await outcome(
            called.function(self._call, **tool_args),
            name=name,
            turn=self._call.turn,
            clock=self._call.clock,
            timeout_seconds=called.timeout_seconds,
            output_chars=called.output_chars,
        )

    def _shown(self, tool: Tool) -> ToolsetTool[object]:
        shape = self._shapes(tool, self._call.audience)
        return ToolsetTool(
            toolset=self,
            tool_def=ToolDefinition(
                name=tool.name,
                description=tool.description,
                parameters_json_schema=shape.schema,
                kind="unapproved" if tool.approval else "function",
            ),
            max_retries=self._budget.calls,
            args_validator=Checked(shape.arguments, self._budget),
        )
