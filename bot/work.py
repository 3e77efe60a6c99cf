"""A claimed job in the hands of this process: its lease, its stop flag, its recorded steps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from bot.courier import Begun
from bot.domain.errors import LeaseLost
from bot.domain.job import Job, Json
from bot.domain.messenger import Button
from bot.domain.place import Ref
from bot.domain.ports import Clock
from storage.store import Store, Tx

ATTEMPTS = 5


class Work:
    """Passed to the handler of the job's kind. Every write through it is fenced: `LeaseLost` once the job was taken."""

    def __init__(self, job: Job, store: Store, clock: Clock, *, leased_until: float) -> None:
        self.job = job
        self.steps: dict[str, Json] = dict(job.steps)
        self.refused: set[str] = set()
        """Steps whose send was begun and, as this attempt was told, certainly did not happen."""
        self.look_at: dict[str, float] = {}
        """When steps of which this attempt does not know how they ended may be looked for."""
        self.stop = asyncio.Event()
        """Set when the user, or anyone on their behalf, wants this work to end."""
        self.leased_until = leased_until
        """By the monotonic clock of this process; the worker moves it with every heartbeat."""
        self.ended = False
        self._store = store
        self._clock = clock

    def check(self) -> None:
        """Raise `LeaseLost` when, by our own clock, another process may have the job by now."""
        if self._clock.monotonic() >= self.leased_until:
            raise LeaseLost(f"job {self.job.id}")

    async def record(self, step: str, value: Json) -> None:
        """Write down, durably, how far the work has come; a later attempt finds it in `steps`."""
        if self.steps.get(step) == value and step in self.steps:
            return
        self.check()
        async with self._store.begin() as tx:
            await tx.jobs.record(self.job, step, value)
        self.steps[step] = value

    def step(self, name: str) -> "SendStep":
        return SendStep(self, name)

    @asynccontextmanager
    async def finishing(self) -> AsyncIterator[Tx]:
        """A transaction that also ends the job: its results are kept if and only if the job is still ours."""
        self.check()
        async with self._store.begin() as tx:
            yield tx
            await tx.jobs.finish(self.job)
        self.ended = True


@dataclass(frozen=True, slots=True)
class SendStep:
    """One send of a job (`courier.Step`): first its watermark is recorded, then its message."""

    work: Work
    name: str

    @property
    def ref(self) -> Ref | None:
        value = self.work.steps.get(self.name)
        return Ref.parse(value["ref"]) if value and "ref" in value else None

    @property
    def begun(self) -> Begun | None:
        value = self.work.steps.get(self.name)
        if not value or "watermark" not in value:
            return None
        rows = tuple(tuple(Button(*button) for button in row) for row in value["buttons"])
        return Begun(value["watermark"], rows)

    @property
    def is_in_doubt(self) -> bool:
        return self.begun is not None and self.name not in self.work.refused

    def refused(self) -> None:
        self.work.refused.add(self.name)

    @property
    def look_at(self) -> float:
        return self.work.look_at.get(self.name, 0.0)

    def doubted(self, look_at: float) -> None:
        self.work.look_at[self.name] = look_at

    async def begin(self, begun: Begun) -> None:
        self.work.refused.discard(self.name)
        rows = [[[button.label, button.action, button.style] for button in row] for row in begun.buttons]
        await self.work.record(self.name, {"watermark": begun.watermark, "buttons": rows})

    async def done(self, ref: Ref) -> None:
        await self.work.record(self.name, {"ref": str(ref)})

    async def forget(self) -> None:
        """The message is gone; the next send makes a new one."""
        await self.work.record(self.name, None)


class Handler(Protocol):
    """Does the work of one kind of job."""

    async def run(self, work: Work) -> None:
        """Do it, resuming from `work.steps`. Returning ends the job; a retryable error puts it back with a wait."""
        ...

    def attempts(self, work: Work) -> int:
        """How often the job may be claimed, crashes included, before it is given up."""
        return ATTEMPTS

    async def give_up(self, work: Work, error: Exception) -> None:
        """Called instead of another attempt: tell whoever waits, and end what is open."""
        ...
