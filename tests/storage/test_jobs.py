"""Lanes, one rule at a time."""

from datetime import timedelta

import pytest

from bot.clock import SystemClock
from bot.domain.errors import LeaseLost
from bot.domain.job import Job
from storage.jobs import Heartbeat
from storage.store import Store
from tests.fakes.clock import ManualClock

LEASE = 10.0


async def put(store: Store, lane: str, *, delay: float = 0.0, priority: int = 0, dedup: str | None = None) -> Job:
    async with store.begin() as tx:
        job = await tx.jobs.put(lane, "turn", {"lane": lane}, delay_seconds=delay, priority=priority, dedup=dedup)
    assert job is not None
    return job


async def claim(store: Store, owner: str = "a", limit: int = 10) -> list[Job]:
    async with store.begin() as tx:
        return await tx.jobs.claim(owner, limit, lease_seconds=LEASE)


async def finish(store: Store, job: Job) -> None:
    async with store.begin() as tx:
        await tx.jobs.finish(job)


async def ids(store: Store, owner: str = "a", limit: int = 10) -> list[int]:
    return [job.id for job in await claim(store, owner, limit)]


async def test_a_job_is_claimed_with_everything_it_was_put_with(store: Store) -> None:
    async with store.begin() as tx:
        put_job = await tx.jobs.put("lane", "turn", {"turn": 7, "note": "привет"}, steps={"asked": True}, priority=3)
    (job,) = await claim(store, "owner")
    assert put_job is not None
    assert (job.id, job.lane, job.kind, job.priority) == (put_job.id, "lane", "turn", 3)
    assert (job.payload, job.steps) == ({"turn": 7, "note": "привет"}, {"asked": True})
    assert (put_job.attempts, job.attempts, job.owner, job.stop) == (0, 1, "owner", False)


async def test_a_lane_hands_out_one_job_at_a_time_in_the_order_of_the_puts(store: Store) -> None:
    first, second = await put(store, "lane"), await put(store, "lane")
    (claimed,) = await claim(store)
    assert claimed.id == first.id
    assert await ids(store) == []
    await finish(store, claimed)
    assert await ids(store) == [second.id]


async def test_lanes_do_not_wait_for_each_other(store: Store) -> None:
    put_ids = [(await put(store, f"lane {number}")).id for number in range(5)]
    assert await ids(store, limit=3) == put_ids[:3]
    assert await ids(store, limit=3) == put_ids[3:]


async def test_a_limit_of_zero_claims_nothing(store: Store) -> None:
    await put(store, "lane")
    assert await ids(store, limit=0) == []


async def test_higher_priority_goes_first_but_never_before_an_earlier_job_of_its_lane(store: Store) -> None:
    low = await put(store, "busy")
    await put(store, "busy", priority=9)
    high = await put(store, "urgent", priority=5)
    assert await ids(store) == [high.id, low.id]


async def test_a_delayed_job_holds_its_lane_until_it_is_due(store: Store, clock: ManualClock) -> None:
    burst = await put(store, "lane", delay=0.8)
    await put(store, "lane")
    assert await ids(store) == []
    await clock.advance(0.9)
    assert await ids(store) == [burst.id]


async def test_a_waiting_job_can_be_postponed_and_a_claimed_one_cannot(store: Store, clock: ManualClock) -> None:
    job = await put(store, "lane", delay=1)
    async with store.begin() as tx:
        assert await tx.jobs.postpone(job.id, delay_seconds=3)
    await clock.advance(2)
    assert await claim(store) == []
    await clock.advance(2)
    (claimed,) = await claim(store)
    async with store.begin() as tx:
        assert not await tx.jobs.postpone(job.id, delay_seconds=3)
    await finish(store, claimed)
    async with store.begin() as tx:
        assert not await tx.jobs.postpone(job.id, delay_seconds=3)
        assert not await tx.jobs.postpone(job.id + 1000, delay_seconds=3)


async def test_a_dedup_key_is_taken_once_even_after_its_job_ended(store: Store, clock: ManualClock) -> None:
    await put(store, "lane", dedup="cron:digest")
    async with store.begin() as tx:
        assert await tx.jobs.put("other", "turn", {}, dedup="cron:digest") is None
    await finish(store, *await claim(store))
    async with store.begin() as tx:
        assert await tx.jobs.put("lane", "turn", {}, dedup="cron:digest") is None
    await clock.advance(3600)
    async with store.begin() as tx:
        assert await tx.jobs.prune(older_than_seconds=3000) == 1
        assert await tx.jobs.put("lane", "turn", {}, dedup="cron:digest") is not None


async def test_pruning_leaves_open_and_young_jobs_alone(store: Store, clock: ManualClock) -> None:
    await put(store, "old")
    await clock.advance(100)
    await put(store, "young")
    await finish(store, (await claim(store, limit=2))[1])
    async with store.begin() as tx:
        assert await tx.jobs.prune(older_than_seconds=50) == 0
        assert await tx.jobs.depth() == {"turn": 1}


async def test_a_lease_that_ran_out_gives_the_job_to_whoever_asks_next(store: Store, clock: ManualClock) -> None:
    job = await put(store, "lane")
    await put(store, "lane")
    await claim(store, "frozen")
    await clock.advance(LEASE - 1)
    assert await claim(store, "survivor") == []
    await clock.advance(2)
    (taken,) = await claim(store, "survivor")
    assert (taken.id, taken.attempts, taken.owner) == (job.id, 2, "survivor")


async def test_a_heartbeat_keeps_the_lease_and_tells_what_is_still_held(store: Store, clock: ManualClock) -> None:
    kept, lost = await put(store, "kept"), await put(store, "lost")
    await claim(store, "slow")
    for _ in range(3):
        await clock.advance(LEASE - 1)
        async with store.begin() as tx:
            beat = await tx.jobs.heartbeat("slow", [kept.id, lost.id], lease_seconds=LEASE)
    assert beat == {kept.id: Heartbeat(1, stop=False), lost.id: Heartbeat(1, stop=False)}
    await clock.advance(LEASE + 1)
    async with store.begin() as tx:
        await tx.jobs.claim("other", 1, lease_seconds=LEASE)
        assert set(await tx.jobs.heartbeat("slow", [kept.id, lost.id], lease_seconds=LEASE)) == {lost.id}
        assert await tx.jobs.heartbeat("slow", [], lease_seconds=LEASE) == {}


@pytest.mark.parametrize("verb", ["record", "finish", "bury", "retry"])
async def test_a_holder_that_comes_back_late_is_refused(store: Store, clock: ManualClock, verb: str) -> None:
    await put(store, "lane")
    (late,) = await claim(store, "late")
    await clock.advance(LEASE + 1)
    (taken,) = await claim(store, "survivor")
    with pytest.raises(LeaseLost):
        await write(store, late, verb)
    await write(store, taken, verb)


@pytest.mark.parametrize("verb", ["record", "finish", "bury", "retry"])
async def test_the_same_owner_is_refused_when_it_works_on_an_earlier_attempt(
    store: Store, clock: ManualClock, verb: str
) -> None:
    await put(store, "lane")
    (early,) = await claim(store, "same")
    await clock.advance(LEASE + 1)
    await claim(store, "same")
    with pytest.raises(LeaseLost):
        await write(store, early, verb)


@pytest.mark.parametrize("verb", ["record", "finish", "bury", "retry"])
async def test_a_job_that_has_ended_takes_no_more_writes(store: Store, verb: str) -> None:
    await put(store, "lane")
    (job,) = await claim(store)
    await finish(store, job)
    with pytest.raises(LeaseLost):
        await write(store, job, verb)


async def write(store: Store, job: Job, verb: str) -> None:
    async with store.begin() as tx:
        match verb:
            case "record":
                await tx.jobs.record(job, "step", 1)
            case "finish":
                await tx.jobs.finish(job)
            case "bury":
                await tx.jobs.bury(job, "boom")
            case _:
                await tx.jobs.retry(job, delay_seconds=1)


async def test_a_refused_finish_keeps_nothing_of_its_transaction(store: Store, clock: ManualClock) -> None:
    await put(store, "lane")
    (late,) = await claim(store, "late")
    await clock.advance(LEASE + 1)
    await claim(store, "survivor")
    with pytest.raises(LeaseLost):
        await put_and_finish(store, late)
    async with store.begin() as tx:
        assert await tx.jobs.depth() == {"turn": 1}


async def put_and_finish(store: Store, job: Job) -> None:
    async with store.begin() as tx:
        await tx.jobs.put("result", "send", {})
        await tx.jobs.finish(job)


async def test_steps_are_kept_by_name_for_the_next_attempt(store: Store, clock: ManualClock) -> None:
    await put(store, "lane")
    (job,) = await claim(store, "first")
    async with store.begin() as tx:
        await tx.jobs.record(job, "placeholder", "telegram:7#5")
        await tx.jobs.record(job, "sending", {"part": 1})
    async with store.begin() as tx:
        await tx.jobs.record(job, "sending", {"part": 2})
    await clock.advance(LEASE + 1)
    (again,) = await claim(store, "second")
    assert again.steps == {"placeholder": "telegram:7#5", "sending": {"part": 2}}


async def test_a_step_recorded_anew_forgets_what_it_was(store: Store, clock: ManualClock) -> None:
    await put(store, "lane")
    (job,) = await claim(store, "first")
    async with store.begin() as tx:
        await tx.jobs.record(job, "part 1.0: $x", {"ref": "web:a#1", "buttons": [["Да", None]]})
        await tx.jobs.record(job, "part 1.0: $x", {"topic": None, "text": "a\0b", "share": 0.5})
        await tx.jobs.record(job, "placeholder", {"ref": "web:a#2"})
        await tx.jobs.record(job, "placeholder", None)
        await tx.jobs.record(job, "answer", "it's \"so\" \\ 'this'")
    await clock.advance(LEASE + 1)
    (again,) = await claim(store, "second")
    assert again.steps.get("placeholder") is None
    assert again.steps["part 1.0: $x"] == {"topic": None, "text": "a\ufffdb", "share": 0.5}
    assert again.steps["answer"] == "it's \"so\" \\ 'this'"
    assert {name for name, value in again.steps.items() if value is not None} == {"part 1.0: $x", "answer"}


@pytest.mark.parametrize("name", ['say "x"', "back\\slash", "two\nlines"])
async def test_a_step_is_named_without_quotes(store: Store, name: str) -> None:
    await put(store, "lane")
    (job,) = await claim(store, "first")
    with pytest.raises(ValueError, match="step"):
        async with store.begin() as tx:
            await tx.jobs.record(job, name, True)


async def test_a_retry_holds_its_lane_until_it_is_due(store: Store, clock: ManualClock) -> None:
    first = await put(store, "lane")
    await put(store, "lane")
    (job,) = await claim(store)
    async with store.begin() as tx:
        await tx.jobs.retry(job, delay_seconds=5)
        assert await tx.jobs.waiting("lane") == 2
    assert await ids(store) == []
    await clock.advance(6)
    (again,) = await claim(store)
    assert (again.id, again.attempts) == (first.id, 2)


async def test_a_retry_that_does_not_hold_its_lane_lets_later_jobs_pass(store: Store, clock: ManualClock) -> None:
    first, second, third = [await put(store, "lane") for _ in range(3)]
    (job,) = await claim(store)
    async with store.begin() as tx:
        await tx.jobs.retry(job, delay_seconds=5, hold_lane=False)
    (passing,) = await claim(store)
    assert passing.id == second.id
    await clock.advance(6)
    assert await claim(store) == [], "the lane has a live holder"
    await finish(store, passing)
    (again,) = await claim(store)
    assert (again.id, again.attempts) == (first.id, 2), "due again, it comes before what is later"
    await finish(store, again)
    assert await ids(store) == [third.id]


async def test_a_job_whose_holder_died_comes_before_an_earlier_one_that_let_it_pass(
    store: Store, clock: ManualClock
) -> None:
    await put(store, "lane")
    second = await put(store, "lane")
    (job,) = await claim(store)
    async with store.begin() as tx:
        await tx.jobs.retry(job, delay_seconds=5, hold_lane=False)
    await claim(store, "dying")
    await clock.advance(LEASE + 1)
    assert await ids(store, "survivor") == [second.id]


async def test_a_buried_job_is_out_of_the_way_and_not_tried_again(store: Store, clock: ManualClock) -> None:
    await put(store, "lane")
    second = await put(store, "lane")
    (job,) = await claim(store)
    async with store.begin() as tx:
        await tx.jobs.bury(job, "bad-payload")
    await clock.advance(1000)
    assert await ids(store) == [second.id]


async def test_stop_reaches_the_holder_of_the_lane_and_nobody_else(store: Store, clock: ManualClock) -> None:
    running, bystander = await put(store, "lane"), await put(store, "other")
    await put(store, "lane")
    await claim(store, "a")
    async with store.bus.subscribe("stop") as stops, store.begin() as tx:
        assert await tx.jobs.stop("lane") == 1
        beat = await tx.jobs.heartbeat("a", [running.id, bystander.id], lease_seconds=LEASE)
    async with store.begin() as tx:
        assert await tx.jobs.stop("empty lane") == 0
    assert await anext(stops) == ("stop", str(running.id))
    assert (beat[running.id].stop, beat[bystander.id].stop) == (True, False)
    await clock.advance(LEASE + 1)
    taken = {job.id: job.stop for job in await claim(store, "b")}
    assert taken == {running.id: True, bystander.id: False}, "the successor must see it too"


async def test_a_process_that_returns_frees_its_predecessors_jobs_at_once(store: Store) -> None:
    job = await put(store, "lane")
    (held,) = await claim(store, "host/boot1")
    neighbour = await put(store, "other")
    await claim(store, "host-2/boot9")
    async with store.begin() as tx:
        assert await tx.jobs.release("host/") == 1
    with pytest.raises(LeaseLost):
        await finish(store, held)
    assert await ids(store, "host/boot2") == [job.id]
    assert neighbour.id not in await ids(store, "host/boot2")


async def test_release_never_takes_from_the_process_that_calls_it(store: Store) -> None:
    await put(store, "lane")
    await claim(store, store.owner)
    async with store.begin() as tx:
        assert await tx.jobs.release(f"{store.process}/") == 0


async def test_a_name_with_wildcards_in_it_frees_only_its_own_jobs(store: Store) -> None:
    await put(store, "lane")
    await claim(store, "abc/boot")
    async with store.begin() as tx:
        assert await tx.jobs.release("a%/") == 0
        assert await tx.jobs.release("a_c/") == 0


async def test_the_next_due_moment_is_known(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        assert await tx.jobs.next_due_seconds() is None
    await put(store, "later", delay=50)
    await put(store, "sooner", delay=20)
    async with store.begin() as tx:
        assert await tx.jobs.next_due_seconds() == pytest.approx(20, abs=2)
    await put(store, "now")
    await claim(store)
    async with store.begin() as tx:
        assert await tx.jobs.next_due_seconds() == pytest.approx(LEASE, abs=2)
    await clock.advance(60)
    async with store.begin() as tx:
        assert await tx.jobs.next_due_seconds() == 0.0


async def test_waiting_and_depth_count_what_is_open(store: Store) -> None:
    for lane in ("a", "a", "a", "b"):
        await put(store, lane)
    async with store.begin() as tx:
        await tx.jobs.put("c", "send", {})
        assert await tx.jobs.waiting("a") == 3
    jobs = await claim(store, limit=1)
    async with store.begin() as tx:
        assert await tx.jobs.waiting("a") == 2
        assert await tx.jobs.depth() == {"turn": 4, "send": 1}
    await finish(store, *jobs)
    async with store.begin() as tx:
        assert await tx.jobs.depth() == {"turn": 3, "send": 1}


async def test_everything_that_makes_work_possible_wakes_the_workers_at_the_commit(store: Store) -> None:
    async with store.bus.subscribe("jobs") as wake_ups:
        job = await put(store, "lane", delay=100)
        assert await anext(wake_ups) == ("jobs", "")
        async with store.begin() as tx:
            await tx.jobs.postpone(job.id, delay_seconds=0)
        assert await anext(wake_ups) == ("jobs", "")
        (claimed,) = await claim(store)
        async with store.begin() as tx:
            await tx.jobs.retry(claimed, delay_seconds=0)
        assert await anext(wake_ups) == ("jobs", "")
        (claimed,) = await claim(store, "gone/boot")
        async with store.begin() as tx:
            await tx.jobs.release("gone/")
        assert await anext(wake_ups) == ("jobs", "")
        await finish(store, *await claim(store))
        assert await anext(wake_ups) == ("jobs", "")


@pytest.mark.parametrize("leap", [timedelta(days=400), timedelta(days=-400)])
async def test_a_process_clock_that_is_set_wrong_changes_nothing(
    store: Store, clock: ManualClock, leap: timedelta
) -> None:
    await put(store, "held")
    delayed = await put(store, "delayed", delay=5)
    await claim(store, "holder", limit=1)
    clock.jump(leap)
    assert await claim(store, "other") == []
    await clock.advance(6)
    assert await ids(store, "other") == [delayed.id]


async def test_outside_tests_the_databases_own_clock_counts(url: str) -> None:
    store = await Store.open(url, clock=SystemClock())
    try:
        now = await put(store, "now")
        later = await put(store, "later", delay=1000)
        async with store.begin() as tx:
            (claimed,) = await tx.jobs.claim("a", 5, lease_seconds=100)
            due_in = await tx.jobs.next_due_seconds()
    finally:
        await store.close()
    assert claimed.id == now.id
    assert due_in == pytest.approx(100, abs=30)
    assert (later.due_at - now.due_at).total_seconds() == pytest.approx(1000, abs=30)
    assert abs((SystemClock().now() - now.due_at).total_seconds()) < 30
