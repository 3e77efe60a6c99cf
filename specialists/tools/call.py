"""What a tool knows of the reply it is called in."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from bot.domain.errors import Refused
from bot.domain.media import Document
from bot.domain.ports import Actions, Clock
from bot.domain.specialist import Specialist
from specialists.tools.signals import Signals
from storage.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Audience:
    """What the arguments of a tool may depend on."""

    specialist: Specialist
    team: tuple[Specialist, ...]
    """Everyone, the one who is speaking included."""
    locale: str


@dataclass(frozen=True, slots=True)
class Call:
    """First argument of every tool: whose reply this is, and what a tool may use.

    `user`, `thread` and `turn` come from here and never from a model's arguments: a tool has the rights of the user
    it works for, whatever the model was talked into.
    """

    store: Store
    clock: Clock
    executor: Executor
    user: int
    thread: int
    turn: int
    locale: str
    specialist: Specialist
    team: tuple[Specialist, ...]
    """Everyone, the one who is speaking included."""
    collections: tuple[str, ...]
    """Knowledge that the specialist may draw on."""
    facts: tuple[str, ...]
    """What the user asked to keep in mind."""
    memory_enabled: bool
    signals: Signals
    documents: tuple[Document, ...]
    """Of the thread, the newest first: the only ones that may be looked into."""
    actions: Actions | None
    """None where nothing may be caused; then tools that need it are not offered."""

    @property
    def audience(self) -> Audience:
        return Audience(self.specialist, self.team, self.locale)

    def acting(self) -> Actions:
        """What the tool may cause. Refused where it may cause nothing."""
        if self.actions is None:
            raise Refused("Nothing can be caused here. Tell the user that this is not possible at the moment.")
        return self.actions

    async def aside(self, work: Callable[[], T]) -> T:
        """The result of `work`, which blocks and is done in a thread, one after the other in the whole process."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)


async def within(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """The result of `work`; TimeoutError when it takes longer, and then it is cancelled and over."""
    task = asyncio.ensure_future(work)
    limit = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((task, limit), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TimeoutError(f"took longer than {seconds:g} s")
        return task.result()
    finally:
        task.cancel()
        limit.cancel()
        await asyncio.gather(task, limit, return_exceptions=True)
