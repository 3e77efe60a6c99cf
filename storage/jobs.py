"""Lanes: work that must survive is a row.

A job may be claimed only when no earlier open job has its lane, and no other job of the lane is claimed. Times of due
dates and leases are the database's. Every write of a holder is fenced by its owner and attempt.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Row,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate

from bot.domain.errors import LeaseLost, StorageError
from bot.domain.job import Job, Json
from storage.tables import JOB_IS_CLAIMED, JOB_IS_OPEN, jobs
from storage.types import NOW, CleanText, DatabaseTime, Moment, SecondsBetween, StepValue, WithStep, seconds_from_now
from storage.wire import Values, Wire

WAKE_UP = "jobs"
STOP = "stop"
CLAIM_TRIES = 4

# As `bot.lanes` names them: what is done for one thread, `NAME:thread`, and for one user, `NAME:user…`.
LANES_OF_THREAD = ("thread", "upkeep", "speech")
LANES_OF_USER = ("command", "press", "reminder", "home", "suggestion")


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a holder learns about one of its jobs."""

    attempts: int
    stop: bool


def claiming(
    owner: ColumnElement[str],
    limit: ColumnElement[int],
    lease_seconds: ColumnElement[float],
    told_time: ColumnElement[datetime],
) -> ReturningUpdate[*tuple[Any, ...]]:
    """The one statement of a claim; see `Jobs.claim`."""
    other = jobs.alias("other")
    now = DatabaseTime(told_time, literal(0.0, Double))
    earlier_holds = exists().where(
        other.c.lane == jobs.c.lane,
        other.c.id < jobs.c.id,
        other.c.ended_at.is_(None),
        or_(other.c.holds_lane, other.c.due_at <= now),
    )
    lane_has_holder = exists().where(other.c.lane == jobs.c.lane, other.c.lease_until.is_not(None))
    may_begin = and_(~JOB_IS_CLAIMED, jobs.c.due_at <= now, ~lane_has_holder, ~earlier_holds)
    ready = (
        select(jobs.c.id)
        .where(JOB_IS_OPEN, or_(jobs.c.lease_until <= now, may_begin))
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=jobs)
        .cte("ready")
    )
    return (
        update(jobs)
        .where(jobs.c.id.in_(select(ready.c.id)))
        .values(
            owner=owner,
            attempts=jobs.c.attempts + 1,
            lease_until=DatabaseTime(told_time, lease_seconds),
            holds_lane=True,
        )
        .returning(jobs)
    )


# Workers run it all the time, and it is too large to be put together each time.
CLAIM = claiming(
    bindparam("claimer", type_=CleanText),
    bindparam("most", type_=Integer),
    bindparam("lease_seconds", type_=Double),
    bindparam("told_time", type_=Moment),
)

PUT = (
    Wire.insert(jobs)
    .values(due_at=seconds_from_now("delay_seconds"), created_at=NOW)
    .on_conflict_do_nothing(index_elements=[jobs.c.dedup])
    .returning(jobs)
)
WAITING = select(func.count()).where(jobs.c.lane == bindparam("waiting_lane"), JOB_IS_OPEN, ~JOB_IS_CLAIMED)
UNBEGUN = select(func.count()).where(jobs.c.id == bindparam("job"), JOB_IS_OPEN, ~JOB_IS_CLAIMED, jobs.c.attempts == 0)
POSTPONE = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"), JOB_IS_OPEN, ~JOB_IS_CLAIMED, jobs.c.due_at > NOW)
    .values(due_at=seconds_from_now("delay_seconds"))
)
EXTEND = (
    update(jobs)
    .where(jobs.c.owner == bindparam("holder"), JOB_IS_CLAIMED, jobs.c.id.in_(bindparam("ids", expanding=True)))
    .values(lease_until=seconds_from_now("lease_seconds"))
    .returning(jobs.c.id, jobs.c.attempts, jobs.c.stop)
)
_MOMENT = func.coalesce(jobs.c.lease_until, jobs.c.due_at)
_SOONEST = func.min(SecondsBetween(_MOMENT, NOW)).filter(_MOMENT > NOW)
NEXT_DUE = select(_SOONEST, func.count()).select_from(jobs).where(JOB_IS_OPEN)

HELD = and_(
    jobs.c.id == bindparam("job"),
    jobs.c.owner == bindparam("holder"),
    jobs.c.attempts == bindparam("attempt"),
    JOB_IS_CLAIMED,
)
RECORD = (
    update(jobs)
    .where(HELD)
    .values(
        steps=WithStep(jobs.c.steps, bindparam("step", type_=CleanText), bindparam("step_value", type_=StepValue()))
    )
)
RETRY = (
    update(jobs)
    .where(HELD)
    .values(
        owner="",
        lease_until=null(),
        due_at=seconds_from_now("delay_seconds"),
        holds_lane=bindparam("holding"),
        attempts=jobs.c.attempts - bindparam("forgotten"),
    )
)
HOLD = update(jobs).where(HELD).values(owner=jobs.c.owner)
END = update(jobs).where(HELD).values(lease_until=null(), ended_at=NOW, error=bindparam("end_error"))


class Jobs:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def put(
        self,
        lane: str,
        kind: str,
        payload: Mapping[str, Json],
        *,
        delay_seconds: float = 0.0,
        priority: int = 0,
        dedup: str | None = None,
        steps: Mapping[str, Json] | None = None,
    ) -> Job | None:
        """The new job, last of its lane; None when `dedup` was seen before and its job is not yet pruned.

        Other puts into the lane wait until this transaction ends, so that ids of a lane commit in order.
        """
        await self._wire.lock(f"lane {lane}")
        job = {
            "lane": lane,
            "kind": kind,
            "payload": payload,
            "steps": steps or {},
            "priority": priority,
            "dedup": dedup,
            "delay_seconds": delay_seconds,
        }
        row = await self._wire.row(PUT, job)
        if row is None:
            return None
        self._wire.notify(WAKE_UP, "")
        return _job(row)

    async def waiting(self, lane: str) -> int:
        """How many jobs of the lane are open and not claimed."""
        return int(await self._wire.scalar(WAITING, {"waiting_lane": lane}))

    async def is_unbegun(self, job_id: int) -> bool:
        """Whether the job is still in line, and nobody has had it yet."""
        return bool(await self._wire.scalar(UNBEGUN, {"job": job_id}))

    async def postpone(self, job_id: int, *, delay_seconds: float) -> bool:
        """Make a job that is not yet due so after the delay; False when it was due already, is claimed or has ended."""
        if not await self._wire.count(POSTPONE, {"job": job_id, "delay_seconds": delay_seconds}):
            return False
        self._wire.notify(WAKE_UP, "")
        return True

    async def claim(self, owner: str, limit: int, *, lease_seconds: float) -> list[Job]:
        """Up to `limit` jobs, now held by `owner`: highest priority first, then oldest.

        Jobs whose holder let the lease run out are among them, before anything else of their lane.
        """
        if limit <= 0:
            return []
        values = {"claimer": owner, "most": limit, "lease_seconds": lease_seconds}
        for _ in range(CLAIM_TRIES):
            try:
                rows = await self._claim(values)
            except _LostRaceError:
                continue
            return sorted(map(_job, rows), key=lambda job: (-job.priority, job.id))
        return []

    async def heartbeat(self, owner: str, ids: Collection[int], *, lease_seconds: float) -> dict[int, Heartbeat]:
        """Extend the leases of the jobs `ids`; by id, what `owner` still holds of them. What is missing was lost."""
        held = await self._wire.rows(EXTEND, {"holder": owner, "ids": list(ids), "lease_seconds": lease_seconds})
        return {row.id: Heartbeat(row.attempts, row.stop) for row in held}

    async def record(self, job: Job, step: str, value: Json) -> None:
        """Keep `value` under the name `step` for this attempt and later ones. LeaseLost when `job` is not ours now.

        ValueError for a name with a quote, a backslash or a control character: it is part of a path into JSON.
        """
        if not step.isprintable() or '"' in step or "\\" in step:
            raise ValueError(f"a step cannot be named {step!r}")
        await self._write(job, RECORD, {"step": step, "step_value": value})

    async def hold(self, job: Job) -> None:
        """Nobody takes the job until the transaction ends. LeaseLost when it is not ours now."""
        await self._write(job, HOLD, {})

    async def finish(self, job: Job) -> None:
        """The job is done, its lane moves on. LeaseLost when it is not ours now."""
        await self._end(job, "")

    async def bury(self, job: Job, error: str) -> None:
        """The job has failed for good, its lane moves on; `error` is a short code. LeaseLost as `finish`."""
        await self._end(job, error or "failed")

    async def retry(self, job: Job, *, delay_seconds: float, hold_lane: bool = True, counts: bool = True) -> None:
        """Back to waiting, due after the delay. LeaseLost as `finish`.

        `hold_lane=False` lets later jobs of the lane pass until then. `counts=False`: the attempt was no fault of the
        job's and is forgotten; only for an owner that claims nothing more, as the count is part of its fence.
        """
        values = {"delay_seconds": delay_seconds, "holding": hold_lane, "forgotten": 0 if counts else 1}
        await self._write(job, RETRY, values)
        self._wire.notify(WAKE_UP, "")

    async def stop(self, lane: str) -> int:
        """Ask whoever works in the lane to stop; how many jobs were asked. The flag stays with the job.

        A job that waits for another attempt is asked too.
        """
        begun = and_(jobs.c.lane == lane, JOB_IS_OPEN, jobs.c.attempts > 0)
        asked = update(jobs).where(begun).values(stop=True).returning(jobs.c.id)
        rows = await self._wire.rows(asked)
        for row in rows:
            self._wire.notify(STOP, str(row.id))
        return len(rows)

    async def release(self, owner_prefix: str) -> int:
        """Free at once what owners with this beginning hold, but for this process as it runs now; how many jobs.

        For a process that returns under its name and knows that its predecessor (`name/…`) is dead.
        """
        held = JOB_IS_CLAIMED & jobs.c.owner.startswith(owner_prefix, autoescape=True)
        freed = await self._wire.count(
            update(jobs).where(held, jobs.c.owner != self._wire.owner).values(owner="", lease_until=null())
        )
        if freed:
            self._wire.notify(WAKE_UP, "")
        return freed

    async def next_due_seconds(self) -> float | None:
        """Until the earliest due date or end of a lease to come; 0.0 when all are past, None when nothing is open."""
        row = await self._wire.row(NEXT_DUE, {})
        if row is None or not row[1]:
            return None
        return float(row[0] or 0.0)

    async def depth(self) -> dict[str, int]:
        """Open jobs by kind."""
        open_jobs = select(jobs.c.kind, func.count()).where(JOB_IS_OPEN).group_by(jobs.c.kind)
        return {row[0]: row[1] for row in await self._wire.rows(open_jobs)}

    async def prune(self, *, older_than_seconds: float) -> int:
        """Forget jobs that ended before that, their dedup keys included; how many."""
        return await self._wire.count(delete(jobs).where(jobs.c.ended_at < self._wire.now(-older_than_seconds)))

    async def _claim(self, values: Mapping[str, object]) -> Sequence[Row[*tuple[Any, ...]]]:
        """`_LostRaceError` when another process claimed in a lane of ours between our look and our write."""
        if self._wire.dialect == "sqlite":
            return await self._wire.rows(CLAIM, values)
        try:
            async with self._wire.savepoint():
                return await self._wire.rows(CLAIM, values)
        except StorageError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise _LostRaceError from error
            raise

    async def _end(self, job: Job, error: str) -> None:
        await self._write(job, END, {"end_error": error})
        self._wire.notify(WAKE_UP, "")

    async def _write(self, job: Job, change: Update, values: Values) -> None:
        """A change of a job that is `HELD`."""
        holder = {"job": job.id, "holder": job.owner, "attempt": job.attempts}
        if not await self._wire.count(change, {**holder, **values}):
            raise _lost(job)


class _LostRaceError(StorageError):
    """Look again: what was free a moment ago is held now."""


def _lost(job: Job) -> LeaseLost:
    return LeaseLost(f"job {job.id} is not held by attempt {job.attempts} any more")


def _job(row: Row[*tuple[Any, ...]]) -> Job:
    return Job(
        id=row.id,
        lane=row.lane,
        kind=row.kind,
        payload=row.payload,
        priority=row.priority,
        attempts=row.attempts,
        due_at=row.due_at,
        owner=row.owner,
        stop=row.stop,
        steps=row.steps,
    )
