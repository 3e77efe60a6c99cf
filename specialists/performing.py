"""The tool calls of one response: carried out side by side, each once, each with a result that a model can read."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_ai import RunContext
from pydantic_ai.exceptions import ApprovalRequired, ModelRetry, ToolFailed
from pydantic_ai.messages import InstructionPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models import Model
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_ai.usage import RunUsage

from bot.domain.messenger import File
from bot.domain.reply import Attached, Handover, Request, ToolFinished, ToolStarted
from specialists.tools.signals import Signals
from specialists.tools.toolset import ReplyTools

DENIED: Final = "The person did not allow this. Do not try it again; go on without it and say what was not done."
UNKNOWN: Final = (
    "The person allowed this and it was begun, then interrupted; whether it took effect is not known. "
    "Do not do it again: say so, and how the person can find out."
)
_BROKEN = "The tool failed for a reason of its own. Go on without it and say so."
_NEEDS_APPROVAL = "unapproved"
_SHOWN_CHARS = 300
_SECRET = ("password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "credential", "private_key")

_ARGUMENTS: Final = TypeAdapter(dict[str, JsonValue])

logger = logging.getLogger(__name__)


@runtime_checkable
class Signalling(Protocol):
    """A toolset whose tools tell the engine more than their results."""

    @property
    def signals(self) -> Signals: ...


@dataclass(slots=True)
class Toolkit:
    """The tools of one reply."""

    tools: dict[str, ToolsetTool[object]]
    rules: tuple[str, ...]
    """What the model is told about using them."""
    context: RunContext[object]
    signals: Sequence[Signals]
    results: list[ToolReturnPart] = field(default_factory=list)
    """Of the response that is being worked on."""
    waiting: list[ToolCallPart] = field(default_factory=list)
    """Its calls that a person must allow first; nothing of them was done."""
    failed: int = 0

    @classmethod
    async def of(cls, toolsets: Sequence[AbstractToolset[object]], model: Model) -> "Toolkit":
        """Ask every toolset what it has; the first of two tools with one name counts."""
        context: RunContext[object] = RunContext(deps=None, model=model, usage=RunUsage())
        tools: dict[str, ToolsetTool[object]] = {}
        rules: list[str] = []
        for toolset in toolsets:
            tools = await toolset.get_tools(context) | tools
            rules += _texts(await toolset.get_instructions(context))
        signals = [toolset.signals for toolset in toolsets if isinstance(toolset, Signalling)]
        return cls(tools, tuple(rules), context, signals)

    @property
    def definitions(self) -> list[ToolDefinition]:
        return [tool.tool_def for tool in self.tools.values()]

    @property
    def handover(self) -> Handover | None:
        """Who goes on, when a tool said that somebody else shall."""
        return next((signals.handover for signals in self.signals if signals.handover is not None), None)

    async def perform(
        self, calls: Sequence[ToolCallPart], *, granted: bool = False
    ) -> AsyncGenerator[ToolStarted | ToolFinished | Attached, None]:
        """Carry out `calls`, or note those that wait for leave, unless it is `granted`.

        Closing the generator ends what is still under way.
        """
        self.waiting = []
        order = {call.tool_call_id: index for index, call in enumerate(calls)}
        shown = {call.tool_call_id for call in calls if granted or not self._asks_first(call)}
        tasks: dict[asyncio.Task[ToolReturnPart | None], ToolCallPart] = {}
        try:
            for call in calls:
                if call.tool_call_id in shown:
                    yield ToolStarted(call.tool_call_id, self._title(call.tool_name))
                tasks[asyncio.create_task(self._outcome(call, granted=granted))] = call
            pending = set(tasks)
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(done, key=lambda one: order[tasks[one].tool_call_id]):
                    ok = self._note(tasks[task], task.result())
                    if tasks[task].tool_call_id in shown:
                        yield ToolFinished(tasks[task].tool_call_id, ok)
                for file in self._attachments():
                    yield Attached(file)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.waiting.sort(key=lambda call: order[call.tool_call_id])

    def deny(self, calls: Iterable[ToolCallPart]) -> None:
        """Note for the model that a person said no."""
        self.results += [ToolReturnPart(call.tool_name, DENIED, call.tool_call_id, outcome="denied") for call in calls]

    def doubt(self, calls: Iterable[ToolCallPart]) -> None:
        """Note for the model that nobody knows whether these allowed calls were carried out."""
        self.results += [_failed(call, UNKNOWN) for call in calls]

    def take_results(self, calls: Sequence[ToolCallPart]) -> list[ToolReturnPart]:
        """All results so far, in the order of `calls`."""
        order = {call.tool_call_id: index for index, call in enumerate(calls)}
        taken, self.results = self.results, []
        return sorted(taken, key=lambda result: order.get(result.tool_call_id, len(order)))

    async def _outcome(self, call: ToolCallPart, *, granted: bool) -> ToolReturnPart | None:
        """The result; None when a person must allow the call first."""
        tool = self.tools.get(call.tool_name)
        if tool is None:
            return _failed(call, f"There is no tool {call.tool_name!r}. There are: {', '.join(self.tools) or 'none'}.")
        try:
            arguments = _checked(tool, call)
            if tool.tool_def.kind == _NEEDS_APPROVAL and not granted:
                return None
            content = await tool.toolset.call_tool(call.tool_name, arguments, self.context, tool)
        except ApprovalRequired:
            return _failed(call, DENIED) if granted else None
        except (ToolFailed, ModelRetry) as error:
            return _failed(call, error.message)
        except ValidationError as error:
            reasons = "; ".join(f"{_where(one['loc'])}: {one['msg']}" for one in error.errors(include_url=False))
            return _failed(call, f"The arguments are wrong; nothing was done: {reasons}")
        except Exception as error:
            logger.error("tool %s failed: %s", call.tool_name, type(error).__name__)
            return _failed(call, _BROKEN)
        return ToolReturnPart(call.tool_name, content, call.tool_call_id)

    def _note(self, call: ToolCallPart, result: ToolReturnPart | None) -> bool:
        if result is None:
            self.waiting.append(call)
            return True
        self.results.append(result)
        self.failed += result.outcome == "failed"
        return result.outcome == "success"

    def _asks_first(self, call: ToolCallPart) -> bool:
        tool = self.tools.get(call.tool_name)
        return tool is not None and tool.tool_def.kind == _NEEDS_APPROVAL

    def _title(self, name: str) -> str:
        ours = name in self.tools and isinstance(self.tools[name].toolset, ReplyTools)
        return f"tool-{name.replace('_', '-')}" if ours else name

    def _attachments(self) -> list[File]:
        return [file for signals in self.signals for file in signals.take_attachments()]


def requests(calls: Iterable[ToolCallPart]) -> tuple[Request, ...]:
    """What a person is asked to allow."""
    return tuple(Request(call.tool_call_id, call.tool_name, _readable(call)) for call in calls)


def _checked(tool: ToolsetTool[object], call: ToolCallPart) -> dict[str, object]:
    arguments = call.args
    if isinstance(arguments, str) or arguments is None:
        checked: dict[str, object] = tool.args_validator.validate_json(arguments or "{}")
    else:
        checked = tool.args_validator.validate_python(arguments)
    return checked


def _readable(call: ToolCallPart) -> str:
    """One line per argument, cut where it is long; what looks like a secret is not shown."""
    try:
        arguments = _ARGUMENTS.validate_json(call.args_as_json_str())
    except ValidationError:
        return ""
    return "\n".join(f"{name}: {_shown(name, value)}" for name, value in arguments.items())


def _shown(name: str, value: JsonValue) -> str:
    if any(word in name.lower() for word in _SECRET):
        return "•••"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def _failed(call: ToolCallPart, reason: str) -> ToolReturnPart:
    return ToolReturnPart(call.tool_name, reason, call.tool_call_id, outcome="failed")


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "arguments"


def _texts(told: str | InstructionPart | Sequence[str | InstructionPart] | None) -> list[str]:
    match told:
        case None:
            return []
        case str():
            return [told]
        case InstructionPart():
            return [told.content]
        case _:
            return [text for one in told for text in _texts(one)]
