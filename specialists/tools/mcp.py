"""Tools of MCP servers, within the same limits as ours."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import JsonValue
from pydantic_ai import RunContext
from pydantic_ai.exceptions import ModelRetry, ToolFailed
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import BinaryContent, InstructionPart
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import to_jsonable_python

from bot.domain.messenger import File
from bot.domain.ports import Clock
from specialists.tools.arguments import Checked
from specialists.tools.budget import Budget
from specialists.tools.call import Call, within
from specialists.tools.framing import Data, framed
from specialists.tools.mcp_connection import Connection
from specialists.tools.mcp_settings import ServerSettings, parsed
from specialists.tools.running import outcome
from specialists.tools.tool import OUTPUT_CHARS

TIMEOUT_SECONDS = 30.0
_LIST_SECONDS = 10.0
_MOST_TOOLS = 64
_DESCRIPTION_CHARS = 2_000
_ERROR_CHARS = 1_000
_MOST_FILES = 4
_FILE_BYTES = 5_000_000

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

logger = logging.getLogger(__name__)


class McpServers:
    """All servers of the platform; implements `ForeignTools`. Nothing is connected before a reply needs it."""

    def __init__(self, settings: Iterable[ServerSettings], clock: Clock) -> None:
        self._connections = {server.name: Connection(server, clock) for server in settings}

    @classmethod
    def parse(cls, text: str, clock: Clock) -> "McpServers":
        """The servers of the setting `MCP_SERVERS`. SettingsError when it is wrong."""
        return cls(parsed(text), clock)

    @property
    def names(self) -> Sequence[str]:
        return tuple(self._connections)

    def toolset(self, name: str, call: Call, budget: Budget) -> AbstractToolset[object]:
        return ServerTools(self._connections[name], call, budget)

    async def close(self) -> None:
        for connection in self._connections.values():
            await connection.close()


class ServerTools(AbstractToolset[object]):
    """The tools of one server for one reply, named `server_tool`.

    A server that is away is left out, and the model is told; its errors are failed results.
    """

    def __init__(self, connection: Connection, call: Call, budget: Budget) -> None:
        self._connection = connection
        self._settings = connection.settings
        self._call = call
        self._budget = budget
        self._session: MCPToolset[object] | None = None
        self._tools: dict[str, ToolsetTool[object]] | None = None
        self._files = 0

    @property
    def id(self) -> str:
        return f"mcp-{self._settings.name}"

    async def get_instructions(self, ctx: RunContext[object]) -> InstructionPart | None:
        if await self.get_tools(ctx):
            return None
        away = f"The tools of {self._settings.name} cannot be reached at the moment. If they are needed, say so."
        return InstructionPart(away, dynamic=True)

    async def get_tools(self, ctx: RunContext[object]) -> dict[str, ToolsetTool[object]]:
        """Asked once for the whole reply, so that it does not change under the model's hands."""
        if self._tools is None:
            self._tools = await self._listed(ctx)
        return self._tools

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[object], tool: ToolsetTool[object]
    ) -> str:
        """The framed result. ToolFailed for everything that goes wrong."""
        self._budget.spend()
        return await outcome(
            self._answer(name.removeprefix(f"{self._settings.name}_"), tool_args),
            name=name,
            turn=self._call.turn,
            clock=self._call.clock,
            timeout_seconds=TIMEOUT_SECONDS,
            output_chars=OUTPUT_CHARS,
        )

    async def _listed(self, ctx: RunContext[object]) -> dict[str, ToolsetTool[object]]:
        self._session = await self._connection.session()
        if self._session is None:
            return {}
        try:
            listed = await within(self._call.clock, _LIST_SECONDS, self._session.get_tools(ctx))
        except Exception as error:
            await self._connection.drop(self._session, type(error).__name__)
            return {}
        return self._shown(listed)

    def _shown(self, listed: Mapping[str, ToolsetTool[object]]) -> dict[str, ToolsetTool[object]]:
        allowed = self._settings.tools
        wanted = {name: tool for name, tool in listed.items() if allowed is None or name in allowed}
        named = {f"{self._settings.name}_{name}": (name, tool) for name, tool in sorted(wanted.items())}
        usable = [full for full in named if _NAME.fullmatch(full)][:_MOST_TOOLS]
        if len(usable) < len(named):
            logger.warning("the MCP server %s: %s tools left out", self._settings.name, len(named) - len(usable))
        return {full: self._prepared(full, *named[full]) for full in usable}

    def _prepared(self, full: str, name: str, tool: ToolsetTool[object]) -> ToolsetTool[object]:
        definition = replace(
            tool.tool_def,
            name=full,
            description=(tool.tool_def.description or "")[:_DESCRIPTION_CHARS],
            kind="unapproved" if self._settings.asks_first(name) else "function",
            metadata=None,
            return_schema=None,
        )
        validator = Checked(None, self._budget)
        return replace(
            tool, toolset=self, tool_def=definition, args_validator=validator, max_retries=self._budget.calls
        )

    async def _answer(self, name: str, arguments: dict[str, Any]) -> Data:
        session = self._session
        if session is None:
            raise ToolFailed("The tool cannot be reached at the moment.")
        try:
            result = await session.direct_call_tool(name, arguments)
        except (ModelRetry, ToolFailed) as error:
            if isinstance(error, ModelRetry):
                await self._connection.examine(session)
            # The server's own words: as little to be obeyed as its results.
            raise ToolFailed(framed({"error": error.message}, _ERROR_CHARS)) from error
        except Exception:
            await self._connection.examine(session)
            raise
        answer: Data = to_jsonable_python(self._without_files(result), fallback=str)
        return answer

    def _without_files(self, value: object) -> object:
        """The result with each file of it attached to the reply and only named to the model."""
        match value:
            case BinaryContent():
                return self._attached(value)
            case list():
                return [self._without_files(item) for item in value]
            case dict():
                return {key: self._without_files(item) for key, item in value.items()}
            case _:
                return value

    def _attached(self, content: BinaryContent) -> dict[str, JsonValue]:
        told: dict[str, JsonValue] = {"media_type": content.media_type, "size_bytes": len(content.data)}
        if self._files >= _MOST_FILES or len(content.data) > _FILE_BYTES:
            return {**told, "attached": False, "reason": "too many files, or too large"}
        self._files += 1
        name = f"{self._settings.name}-{self._files}.{content.format}"
        self._call.signals.attachments.append(File(name, content.data, content.media_type))
        return {**told, "attached": True, "file": name}
