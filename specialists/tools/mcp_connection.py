"""The connection to one MCP server: made when first needed, kept, made anew when it broke."""

import asyncio
import logging
from contextvars import Context

from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from mcp.client.stdio import get_default_environment
from pydantic_ai.mcp import MCPToolset

from bot.domain.ports import Clock
from specialists.tools.call import within
from specialists.tools.mcp_settings import ServerSettings

CONNECT_SECONDS = 10.0
"""A reply waits this long for a server that is not connected yet."""
PAUSE_SECONDS = 30.0
"""A server that could not be reached is left alone for this long."""
EXAMINE_SECONDS = 5.0
CLOSE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Connection:
    """Shared by all replies of the process.

    A task of its own opens and closes the session, so a stopped reply never takes it down for the others.
    """

    def __init__(self, settings: ServerSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._keeper: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[MCPToolset[object]] | None = None
        self._leave = asyncio.Event()
        self._away_until = 0.0

    async def session(self) -> MCPToolset[object] | None:
        """The connected server; None when it cannot be reached now."""
        ready = self._ready
        if ready is None or (self._keeper is not None and self._keeper.done()):
            if self._clock.monotonic() < self._away_until:
                return None
            ready = self._start()
        try:
            return await within(self._clock, CONNECT_SECONDS, asyncio.shield(ready))
        except (TimeoutError, ConnectionError):
            if self._ready is ready:
                logger.warning("the MCP server %s is away, next try in %s s", self.settings.name, PAUSE_SECONDS)
                self._away_until = self._clock.monotonic() + PAUSE_SECONDS
                await self.close()
            return None

    async def examine(self, session: MCPToolset[object]) -> None:
        """After a call went wrong: give the session up unless the server still answers on it."""
        try:
            await within(self._clock, EXAMINE_SECONDS, session.client.list_tools())
        except Exception as error:
            await self.drop(session, type(error).__name__)

    async def drop(self, session: MCPToolset[object], reason: str) -> None:
        """Give a broken session up; the next reply makes a new one."""
        ready = self._ready
        if ready is not None and ready.done() and not ready.exception() and ready.result() is session:
            logger.warning("the session with the MCP server %s is given up: %s", self.settings.name, reason)
            await self.close()

    async def close(self) -> None:
        """End the session; a server that does not let go within 5 s is left behind."""
        keeper, ready, self._keeper, self._ready = self._keeper, self._ready, None, None
        if keeper is None:
            return
        self._leave.set()
        if ready is None or not ready.done():
            keeper.cancel()
        try:
            await within(self._clock, CLOSE_SECONDS, asyncio.wait((keeper,)))
        except TimeoutError:
            logger.warning("the MCP server %s did not let go in time", self.settings.name)
            keeper.cancel()

    def _start(self) -> "asyncio.Future[MCPToolset[object]]":
        self._leave = asyncio.Event()
        ready = self._ready = asyncio.get_running_loop().create_future()
        keeping = self._keep(_toolset(self.settings), ready, self._leave)
        # In an empty context: the session outlives the reply that happened to need it first.
        self._keeper = asyncio.create_task(keeping, context=Context())
        return ready

    async def _keep(
        self, toolset: MCPToolset[object], ready: "asyncio.Future[MCPToolset[object]]", leave: asyncio.Event
    ) -> None:
        try:
            async with toolset:
                ready.set_result(toolset)
                await leave.wait()
        except Exception as error:
            logger.warning("the session with the MCP server %s broke: %s", self.settings.name, type(error).__name__)
        finally:
            if not ready.done():
                ready.set_exception(ConnectionError("no session"))
                ready.exception()


def _toolset(settings: ServerSettings) -> MCPToolset[object]:
    transport: StdioTransport | StreamableHttpTransport
    if settings.url:
        transport = StreamableHttpTransport(settings.url, headers=dict(settings.headers))
    else:
        env = get_default_environment() | dict(settings.env)
        transport = StdioTransport(settings.command, list(settings.args), env=env, keep_alive=False)
    return MCPToolset(transport, id=settings.name, tool_error_behavior="failed")
