"""Who may call when: windows, and gates that let the most important through first."""

import asyncio
from collections.abc import AsyncIterator

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bot.budget import Gate, Priority, Turns, Window
from bot.domain.messenger import Rate
from tests.fakes.clock import ManualClock

ROUNDING = 1e-9


class Queue:
    """Callers at one gate, and when each was let through."""

    def __init__(self, clock: ManualClock, *rates: Rate, exclusive: bool = False) -> None:
        self.gate = Gate(clock, exclusive=exclusive)
        self.window = Window(rates)
        self.entered: list[tuple[str, float]] = []
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def comes(
        self, name: str, priority: Priority, *, stays: float = 0.0, window: Window | None = None
    ) -> asyncio.Task[None]:
        async def call() -> None:
            await self.gate.enter(priority, window or self.window)
            self.entered.append((name, self._clock.monotonic()))
            try:
                if stays:
                    await self._clock.sleep(stays)
            finally:
                self.gate.leave()

        self._tasks.append(asyncio.create_task(call()))
        return self._tasks[-1]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.entered]

    async def closes(self) -> None:
        self.gate.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def slow(clock: ManualClock) -> AsyncIterator[Queue]:
    """A gate with one call a second."""
    queue = Queue(clock, Rate(1, 1.0))
    yield queue
    await queue.closes()


@pytest.fixture
async def exclusive(clock: ManualClock) -> AsyncIterator[Queue]:
    """A gate without rates that lets one caller in at a time."""
    queue = Queue(clock, exclusive=True)
    yield queue
    await queue.closes()


def previews_at_once(window: Window) -> int:
    """How many previews fit into an unused window at one moment."""
    spent = 0
    while not window.wait_seconds(0.0, Priority.PREVIEW) and spent < 1_000:
        window.spend(0.0)
        spent += 1
    return spent


@pytest.mark.parametrize("count", [2, 3, 4, 5, 9, 10, 20, 30])
def test_previews_leave_at_least_one_call_of_every_rate_to_what_must_land(count: int) -> None:
    window = Window([Rate(count, 60.0)])
    assert 1 <= previews_at_once(window) < count
    for priority in (Priority.FINAL, Priority.OPERATOR, Priority.NOTICE):
        assert window.wait_seconds(0.0, priority) == 0.0


def test_previews_leave_room_in_the_narrowest_of_several_rates() -> None:
    window = Window([Rate(30, 1.0), Rate(4, 60.0)])
    assert previews_at_once(window) == 3
    assert window.wait_seconds(5.0, Priority.FINAL) == 0.0


def test_a_rate_of_one_call_is_shared_with_previews() -> None:
    window = Window([Rate(1, 1.0)])
    assert previews_at_once(window) == 1
    assert window.wait_seconds(0.25, Priority.FINAL) == 0.75


def test_without_rates_nobody_waits() -> None:
    assert previews_at_once(Window([])) == 1_000


def test_a_window_is_idle_once_nothing_in_it_counts() -> None:
    window = Window([Rate(1, 1.0), Rate(20, 60.0)])
    assert window.idle_since(0.0)
    window.spend(0.0)
    assert not window.idle_since(59.0)
    assert window.idle_since(60.0)


def test_previews_leave_what_is_owed_until_it_is_paid_or_forgotten() -> None:
    window = Window([Rate(10, 60.0)])
    for who in range(10):
        window.owe(f"{who}", 0.0)
    assert window.wait_seconds(0.0, Priority.PREVIEW) > 0
    assert window.wait_seconds(0.0, Priority.NOTICE) == 0
    for who in range(9):
        window.pay(f"{who}")
    assert window.wait_seconds(0.0, Priority.PREVIEW) == 0
    for who in range(10, 30):
        window.owe(f"{who}", 0.0)
    assert window.wait_seconds(0.0, Priority.PREVIEW) > 0
    window.owe("the last", 3_600.0)
    assert window.wait_seconds(3_600.0, Priority.PREVIEW) == 0


def test_what_is_owed_is_forgotten_in_the_order_in_which_it_was_confirmed_last() -> None:
    window = Window([Rate(4, 60.0)])
    for who in ("ann", "ben", "cleo", "dora"):
        window.owe(who, 0.0)
    window.owe("ann", 300.0)
    assert window.wait_seconds(599.0, Priority.PREVIEW) > 0
    assert window.wait_seconds(600.0, Priority.PREVIEW) == 0
    assert [window.owes(who) for who in ("ann", "ben", "cleo", "dora")] == [True, False, False, False]
    assert [window.pay("ann"), window.pay("ann"), window.pay("ben")] == [True, False, False]


def test_a_window_in_which_something_is_owed_is_not_idle() -> None:
    window = Window([Rate(4, 60.0)])
    window.owe("ann", 0.0)
    window.owe("ben", 0.0)
    window.pay("ben")
    assert not window.idle_since(599.0)
    assert window.idle_since(600.0)


def test_there_is_room_while_all_that_is_owed_fits_too() -> None:
    window = Window([Rate(3, 60.0)])
    window.owe("ann", 0.0)
    window.spend(0.0)
    assert window.has_room(0.0)
    window.owe("ben", 0.0)
    assert not window.has_room(0.0)
    assert window.wait_seconds(0.0, Priority.FINAL) == 0
    assert not window.has_room(59.0)
    assert window.has_room(60.0)
    assert Window([]).has_room(0.0)


def test_whoever_is_alone_has_every_turn_that_the_rate_allows() -> None:
    turns = Turns([Rate(60, 60.0)])
    for second in range(5):
        assert turns.is_turn("ann", second)
        turns.take("ann", second)
        assert not turns.is_turn("ann", second + 0.5)


def test_who_comes_anew_has_a_turn_at_once_and_the_others_later() -> None:
    turns = Turns([Rate(60, 60.0)])
    turns.take("ann", 0.0)
    assert turns.is_turn("ben", 0.5)
    turns.take("ben", 0.5)
    assert not turns.is_turn("ann", 1.5)
    assert turns.is_turn("ann", 2.0)


def test_who_has_gone_takes_no_share() -> None:
    turns = Turns([Rate(60, 60.0)])
    for number in range(30):
        turns.take(f"{number}", 0.0)
    assert not turns.is_turn("0", 29.0)
    assert turns.is_turn("0", 60.0)
    turns.take("0", 60.0)
    assert turns.is_turn("0", 61.0)


def test_who_leaves_takes_no_share() -> None:
    turns = Turns([Rate(60, 60.0)])
    for number in range(30):
        turns.take(f"{number}", 0.0)
    for number in range(1, 30):
        turns.leave(f"{number}")
    turns.leave("nobody")
    assert turns.is_turn("0", 1.0)


def test_without_rates_it_is_always_everybodys_turn() -> None:
    turns = Turns([])
    turns.take("ann", 1.0)
    assert turns.is_turn("ann", 1.0)


async def test_the_more_important_go_first_whoever_came_first(slow: Queue, clock: ManualClock) -> None:
    slow.comes("now", Priority.NOTICE)
    await clock.advance(0)
    for priority in (Priority.PREVIEW, Priority.NOTICE, Priority.OPERATOR, Priority.FINAL):
        slow.comes(priority.name, priority)
    await clock.until(lambda: len(slow.entered) == 5)
    assert slow.entered == [("now", 0), ("FINAL", 1), ("OPERATOR", 2), ("NOTICE", 3), ("PREVIEW", 4)]


@pytest.mark.parametrize("priority", list(Priority))
async def test_equally_important_callers_go_in_the_order_they_came(
    priority: Priority, slow: Queue, clock: ManualClock
) -> None:
    names = [f"{number}" for number in range(12)]
    for name in names:
        slow.comes(name, priority)
    await clock.until(lambda: len(slow.entered) == len(names))
    assert slow.names == names


async def test_one_caller_at_a_time_goes_through_an_exclusive_gate(exclusive: Queue, clock: ManualClock) -> None:
    for name in ("a", "b", "c"):
        exclusive.comes(name, Priority.NOTICE, stays=2.0)
    await clock.until(lambda: len(exclusive.entered) == 3)
    assert exclusive.entered == [("a", 0), ("b", 2), ("c", 4)]


async def test_a_caller_whose_window_is_used_up_holds_up_nobody_with_another(
    exclusive: Queue, clock: ManualClock
) -> None:
    used, free = Window([Rate(1, 60.0)]), Window([Rate(1, 60.0)])
    used.spend(0.0)
    exclusive.comes("waits", Priority.FINAL, window=used)
    exclusive.comes("goes", Priority.PREVIEW, window=free)
    await clock.until(lambda: len(exclusive.entered) == 2)
    assert exclusive.entered == [("goes", 0), ("waits", 60)]


async def test_a_final_goes_past_previews_that_may_not_use_what_is_left(clock: ManualClock) -> None:
    queue = Queue(clock, Rate(5, 60.0))
    for number in range(10):
        queue.comes(f"preview {number}", Priority.PREVIEW)
    await clock.advance(1)
    queue.comes("final", Priority.FINAL)
    await clock.advance(0)
    assert queue.names[-1] == "final"
    await queue.closes()


async def test_a_cancelled_waiter_frees_its_place(slow: Queue, clock: ManualClock) -> None:
    slow.comes("first", Priority.NOTICE)
    gone = slow.comes("gone", Priority.FINAL)
    slow.comes("next", Priority.NOTICE)
    await clock.advance(0.5)
    gone.cancel()
    await clock.until(lambda: len(slow.entered) == 2)
    assert slow.entered == [("first", 0), ("next", 1)]


async def test_a_caller_cancelled_at_the_moment_it_is_let_in_leaves_the_gate_open(
    exclusive: Queue, clock: ManualClock
) -> None:
    await exclusive.gate.enter(Priority.NOTICE, exclusive.window)
    gone = exclusive.comes("gone", Priority.FINAL)
    exclusive.comes("next", Priority.NOTICE)
    await clock.advance(0)
    exclusive.gate.leave()
    gone.cancel()
    await clock.until(lambda: exclusive.names == ["next"], within_seconds=0)
    await clock.until(lambda: exclusive.gate.is_idle, within_seconds=0)


async def test_a_blocked_gate_lets_nobody_through_and_a_shorter_block_does_not_shorten_it(
    exclusive: Queue, clock: ManualClock
) -> None:
    exclusive.gate.block(7)
    exclusive.gate.block(3)
    exclusive.comes("final", Priority.FINAL)
    await clock.until(lambda: bool(exclusive.entered))
    assert exclusive.entered == [("final", 7)]


async def test_a_gate_that_is_blocked_while_callers_wait_keeps_them_until_the_end_of_it(
    slow: Queue, clock: ManualClock
) -> None:
    slow.comes("first", Priority.NOTICE)
    slow.comes("waits", Priority.NOTICE)
    await clock.advance(0.5)
    slow.gate.block(10)
    await clock.until(lambda: len(slow.entered) == 2)
    assert slow.entered == [("first", 0), ("waits", 10.5)]


rates = st.lists(
    st.builds(Rate, st.integers(1, 6), st.sampled_from([0.25, 1.0, 3.0, 20.0])), min_size=1, max_size=3, unique=True
)
arrivals = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 0.1, 0.7, 2.0, 30.0]), st.sampled_from(list(Priority))),
    min_size=1,
    max_size=14,
)


@settings(deadline=None, database=None, max_examples=20)
@given(rates=rates, arrivals=arrivals)
async def test_whoever_comes_when_no_window_holds_more_than_its_rate_allows(
    rates: list[Rate], arrivals: list[tuple[float, Priority]]
) -> None:
    clock = ManualClock()
    queue = Queue(clock, *rates)
    for pause, priority in arrivals:
        await clock.advance(pause)
        queue.comes(priority.name, priority)
    await clock.until(lambda: len(queue.entered) == len(arrivals), within_seconds=2_000)
    times = [time for _, time in queue.entered]
    for rate in rates:
        for earlier, later in zip(times, times[rate.count :], strict=False):
            assert later - earlier >= rate.seconds - ROUNDING
    await queue.closes()
