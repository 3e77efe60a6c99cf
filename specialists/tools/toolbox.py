"""Which tools there are, and which of them a reply gets."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from types import ModuleType
from typing import Protocol

from pydantic_ai.toolsets import AbstractToolset

from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from bot.domain.reply import Prompt
from bot.domain.specialist import Specialist
from specialists.tools.budget import Budget
from specialists.tools.call import Call
from specialists.tools.signals import Signals
from specialists.tools.tool import Tool, shape
from specialists.tools.toolset import ReplyTools
from storage.store import Store

_SHAPES = 1_024
"""Remembered: tools times specialists times languages."""


class ForeignTools(Protocol):
    """Servers whose tools are not ours."""

    @property
    def names(self) -> Sequence[str]: ...

    def toolset(self, name: str, call: Call, budget: Budget) -> AbstractToolset[object]:
        """The tools of the server `name` for one reply."""
        ...

    async def close(self) -> None: ...


def tools_of(package: ModuleType) -> tuple[Tool, ...]:
    """Every `Tool` that a file of the package defines, by name. SettingsError when two have one name."""
    found: dict[str, Tool] = {}
    for tool in _defined(package):
        if found.setdefault(tool.name, tool) is not tool:
            raise SettingsError(f"two tools have the name {tool.name}; rename one of them in {package.__name__}")
    return tuple(found[name] for name in sorted(found))


def _defined(package: ModuleType) -> Iterator[Tool]:
    for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(entry.name)
        yield from (value for value in vars(module).values() if isinstance(value, Tool))


class Toolbox:
    """The tools of the platform; one for the process."""

    def __init__(
        self,
        tools: Iterable[Tool],
        *,
        store: Store,
        clock: Clock,
        team: Callable[[], Sequence[Specialist]],
        memory_enabled: bool = False,
        shared: Sequence[str] = (),
        foreign: ForeignTools | None = None,
    ) -> None:
        """`shared` collections of knowledge are every specialist's, besides its own."""
        self._tools = {tool.name: tool for tool in tools}
        self._for_everybody = tuple(name for name, tool in self._tools.items() if tool.for_everybody)
        self._store = store
        self._clock = clock
        self._team = team
        self._memory_enabled = memory_enabled
        self._shared = tuple(shared)
        self._foreign = foreign
        self._shapes = lru_cache(maxsize=_SHAPES)(shape)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tools")

    @property
    def names(self) -> frozenset[str]:
        """Of the tools a specialist may ask for."""
        return frozenset(self._tools)

    def check(self, specialist: Specialist) -> None:
        """SettingsError when the specialist wants a tool or a server that is not there."""
        for name in specialist.tools:
            if name not in self._tools:
                raise SettingsError(_unknown(specialist, "tool", name, sorted(self._tools)))
        servers = sorted(self._foreign.names) if self._foreign else []
        for name in specialist.mcp_servers:
            if name not in servers:
                raise SettingsError(f"{_unknown(specialist, 'MCP server', name, servers)}; servers are in MCP_SERVERS")

    def toolsets(self, prompt: Prompt) -> list[AbstractToolset[object]]:
        """What the engine gives to the model of this reply. The first is a `ReplyTools`, whose `signals` it watches.

        Names that are not known (any more) are left out: what is wrong with a specialist is said by `check`.
        """
        call = self._call(prompt)
        budget = Budget()
        named = dict.fromkeys((*prompt.specialist.tools, *self._for_everybody))
        own = [self._tools[name] for name in named if name in self._tools]
        foreign = self._foreign_toolsets(call, budget)
        return [ReplyTools(own, call, budget, shapes=self._shapes, beside=bool(foreign)), *foreign]

    def title(self, name: str) -> str:
        """What users read while the tool works: the Fluent key of one of ours, else the name itself."""
        tool = self._tools.get(name)
        return name if tool is None else tool.title

    async def close(self) -> None:
        """Let go of the servers. No reply may be under way."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        if self._foreign is not None:
            await self._foreign.close()

    def _foreign_toolsets(self, call: Call, budget: Budget) -> list[AbstractToolset[object]]:
        if self._foreign is None:
            return []
        known = self._foreign.names
        wanted = [name for name in dict.fromkeys(call.specialist.mcp_servers) if name in known]
        return [self._foreign.toolset(name, call, budget) for name in wanted]

    def _call(self, prompt: Prompt) -> Call:
        return Call(
            store=self._store,
            clock=self._clock,
            executor=self._executor,
            user=prompt.user,
            thread=prompt.thread,
            turn=prompt.turn,
            locale=prompt.locale,
            specialist=prompt.specialist,
            team=tuple(self._team()),
            collections=tuple(dict.fromkeys((*prompt.specialist.knowledge, *self._shared))),
            facts=prompt.facts,
            memory_enabled=self._memory_enabled,
            signals=Signals(),
            documents=prompt.documents,
            actions=prompt.actions,
        )


def _unknown(specialist: Specialist, what: str, name: str, known: Sequence[str]) -> str:
    there_are = f"there are: {', '.join(known)}" if known else "there is none"
    return f"the specialist {specialist.name} wants the {what} {name!r}, which is not known; {there_are}"
