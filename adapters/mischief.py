"""Trouble on purpose, for every emulated messenger: calls refused, lost, cut, slow, or answered with nonsense."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

FaultKind = Literal["error", "status", "flood", "drop_before", "drop_after", "slow", "garbage"]
ChatId = int | str


@dataclass(slots=True, eq=False)
class Fault:
    """Waits for its call and then spoils it, `times` times (`None`: always)."""

    kind: FaultKind
    method: str | None = None
    chat: ChatId | None = None
    nth: int = 1
    times: int | None = 1
    status: int = 500
    error: str = ""
    """What the platform says, in its own words."""
    retry_after_seconds: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)
    hits: int = 0

    def is_due(self, method: str, chat: ChatId | None) -> bool:
        """Whether this call is the one; counts the calls that match by method and chat."""
        if self.method not in (None, method) or self.chat not in (None, chat) or self.times == 0:
            return False
        if self.nth > 1:
            self.nth -= 1
            return False
        return True

    def hit(self) -> None:
        """Spend one of its times."""
        self.hits += 1
        if self.times is not None:
            self.times -= 1


class Mischief:
    """The faults that lie in wait. Each verb takes `method`, `chat` (an id) and `nth` to choose the call it spoils."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self.injected: list[tuple[str, Fault]] = []

    def drops_before(
        self, *, method: str | None = None, chat: ChatId | None = None, nth: int = 1, times: int | None = 1
    ) -> Fault:
        """Cut the connection before the call is processed: nothing happened."""
        return self.lies_in_wait(Fault("drop_before", method, chat, nth, times))

    def drops_after(
        self, *, method: str | None = None, chat: ChatId | None = None, nth: int = 1, times: int | None = 1
    ) -> Fault:
        """Cut the connection after the call was processed: it happened, and the client cannot know."""
        return self.lies_in_wait(Fault("drop_after", method, chat, nth, times))

    def slow(
        self, *, method: str | None = None, chat: ChatId | None = None, nth: int = 1, times: int | None = 1
    ) -> Fault:
        """Process the call, and answer only when `fault.release.set()` is called."""
        return self.lies_in_wait(Fault("slow", method, chat, nth, times))

    def garbage(
        self, *, method: str | None = None, chat: ChatId | None = None, nth: int = 1, times: int | None = 1
    ) -> Fault:
        """Process the call, and answer with something that is no JSON."""
        return self.lies_in_wait(Fault("garbage", method, chat, nth, times))

    def lies_in_wait(self, fault: Fault) -> Fault:
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """The day gets better: no fault lies in wait any more, slow answers are released."""
        for fault in self._waiting:
            fault.release.set()
        self._waiting.clear()

    def meet(self, method: str, chat: ChatId | None) -> Fault | None:
        """The fault of this call, if any; for the server."""
        due = [fault for fault in self._waiting if fault.is_due(method, chat)]
        if not due:
            return None
        due[0].hit()
        self.injected.append((method, due[0]))
        return due[0]
