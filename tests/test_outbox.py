"""Rooms of one messenger: each has its budget, all share the bot's, and none holds up another."""

import asyncio
import gc
from contextlib import suppress

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bot.budget import Gate, Priority
from bot.domain.errors import Flooded
from bot.domain.messenger import Capabilities, Outgoing, Rate, Take
from bot.domain.place import Place, Ref
from bot.outbox import CrowdedError, Meter, Outbox
from tests.fakes.clock import ManualClock

ROUNDING = 1e-9
HERE, THERE = Place("paper", "here"), Place("paper", "there")


class Paper:
    """A messenger of which only the budgets matter."""

    name = "paper"

    def __init__(self, bot: tuple[Rate, ...], room: tuple[Rate, ...], drafts: tuple[Rate, ...]) -> None:
        self.budget = bot
        self._facts = Capabilities(streaming="drafts", sends=room, drafts=drafts)

    def capabilities(self, place: Place) -> Capabilities:
        return self._facts

    def fits(self, place: Place, text: str) -> bool:
        return True

    async def run(self, take: Take) -> None:
        await asyncio.Event().wait()

    async def send(self, place: Place, outgoing: Outgoing) -> Ref:
        return Ref(place, "1")

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        return

    async def delete(self, ref: Ref) -> None:
        return

    async def close(self) -> None:
        return


class Office:
    """Callers at an outbox, and when each made its call."""

    def __init__(self, bot: tuple[Rate, ...] = (), room: tuple[Rate, ...] = (), drafts: tuple[Rate, ...] = ()) -> None:
        self.clock = ManualClock()
        self.outbox = Outbox(Paper(bot, room, drafts), self.clock)
        self.calls: list[tuple[str, float]] = []
        self.crowded_out: set[str] = set()
        """Previews that were not made, because the bot had more important things to say."""

    def comes(
        self,
        name: str,
        place: Place,
        priority: Priority = Priority.NOTICE,
        meter: Meter = "sends",
        *,
        stays: float = 0.0,
        flood: Flooded | None = None,
    ) -> asyncio.Task[None]:
        """Somebody who makes one call that takes `stays` seconds, or is answered with `flood`."""

        async def call() -> None:
            with suppress(CrowdedError):
                await attempt()
                return
            self.crowded_out.add(name)

        async def attempt() -> None:
            async with self.outbox.slot(place, priority, meter):
                self.calls.append((name, self.clock.monotonic()))
                if stays:
                    await self.clock.sleep(stays)
                if flood is not None:
                    raise flood

        return asyncio.create_task(call())

    def preview(self, name: str, place: Place) -> asyncio.Task[None]:
        return self.comes(name, place, Priority.PREVIEW)

    def final(self, name: str, place: Place) -> asyncio.Task[None]:
        return self.comes(name, place, Priority.FINAL)

    def at(self, name: str) -> float:
        """When the first call of that name was made."""
        return next(time for called, time in self.calls if called == name)

    async def until_called(self, *names: str) -> None:
        await self.clock.until(lambda: set(names) <= {name for name, _ in self.calls} | self.crowded_out)


def room(number: int) -> Place:
    return Place("paper", f"room{number}")


def gates_alive() -> int:
    gc.collect()
    return sum(isinstance(thing, Gate) for thing in gc.get_objects())


async def flooded(task: asyncio.Task[None]) -> None:
    with pytest.raises(Flooded):
        await task


async def test_a_room_is_called_by_one_at_a_time_and_other_rooms_meanwhile() -> None:
    office = Office()
    office.comes("first here", HERE, stays=3.0)
    office.comes("second here", HERE)
    office.comes("there", THERE)
    await office.until_called("second here")
    assert office.calls == [("first here", 0), ("there", 0), ("second here", 3)]


async def test_topics_of_a_room_share_its_budget() -> None:
    office = Office(room=(Rate(1, 1.0),))
    for topic in ("7", "8", "9"):
        office.comes(topic, Place("paper", "here", topic))
    await office.until_called("9")
    assert office.calls == [("7", 0), ("8", 1), ("9", 2)]


async def test_a_flooded_room_waits_as_long_as_it_was_told_and_everyone_else_goes_on() -> None:
    office = Office(bot=(Rate(30, 1.0),))
    await flooded(office.comes("too much", HERE, flood=Flooded(retry_after_seconds=17)))
    office.final("here", HERE)
    for number in range(20):
        office.comes(f"there {number}", room(number))
    await office.until_called("here")
    assert office.at("here") == 17
    assert {office.at(f"there {number}") for number in range(20)} == {0}


async def test_a_flood_of_unknown_length_closes_the_room_for_a_while() -> None:
    office = Office()
    await flooded(office.comes("too much", HERE, flood=Flooded()))
    office.comes("here", HERE)
    await office.until_called("here")
    assert 1 <= office.at("here") <= 30


async def test_a_room_of_which_many_wait_takes_nothing_of_the_bots_budget_from_others() -> None:
    office = Office(bot=(Rate(2, 1.0),), room=(Rate(1, 60.0),))
    tasks = [office.final(f"here {number}", HERE) for number in range(20)]
    await office.clock.advance(0)
    office.comes("there", THERE)
    await office.until_called("there")
    assert office.at("there") == 0
    for task in tasks:
        task.cancel()


async def test_the_bots_budget_goes_to_the_most_important_of_all_rooms() -> None:
    office = Office(bot=(Rate(1, 1.0),))
    office.comes("now", room(9))
    await office.clock.advance(0)
    for priority in (Priority.PREVIEW, Priority.NOTICE, Priority.OPERATOR, Priority.FINAL):
        office.comes(priority.name, room(priority), priority)
    await office.until_called("PREVIEW", "NOTICE")
    assert [name for name, _ in office.calls] == ["now", "FINAL", "OPERATOR", "NOTICE"]
    assert office.crowded_out == {"PREVIEW"}


async def test_equally_important_calls_of_all_rooms_go_in_the_order_they_came() -> None:
    office = Office(bot=(Rate(1, 1.0),))
    names = [f"{number}" for number in range(8)]
    for number, name in enumerate(names):
        office.final(name, room(number))
    await office.until_called(*names)
    assert [name for name, _ in office.calls] == names


async def test_a_final_right_after_a_burst_of_previews_in_its_room_goes_at_once() -> None:
    office = Office(room=(Rate(20, 60.0),))
    previews = [office.preview(f"preview {number}", HERE) for number in range(40)]
    await office.clock.advance(1)
    office.final("final", HERE)
    await office.clock.advance(0)
    assert office.at("final") == 1
    for preview in previews:
        preview.cancel()


async def test_a_final_after_a_preview_waits_no_longer_than_the_rate_demands_for_one() -> None:
    office = Office(room=(Rate(1, 1.0), Rate(20, 60.0)))
    for number in range(10):
        office.preview(f"preview {number}", HERE)
    await office.clock.advance(4.5)
    office.final("final", HERE)
    await office.until_called("final")
    assert office.at("final") == 5
    await office.until_called("preview 9")


async def test_a_final_goes_past_a_preview_of_its_room_that_waits_for_the_bots_budget() -> None:
    office = Office(bot=(Rate(10, 1.0),))
    for number in range(30):
        office.preview(f"preview {number}", room(number))
    await office.clock.advance(0.25)
    assert len(office.calls) < 10
    office.final("final", room(29))
    await office.until_called("final")
    assert office.at("final") == 0.25
    await office.until_called(*(f"preview {number}" for number in range(30)))


@pytest.mark.parametrize("priority", [Priority.FINAL, Priority.PREVIEW])
async def test_what_is_free_never_waits(priority: Priority) -> None:
    office = Office(bot=(Rate(1, 60.0),), room=(Rate(1, 60.0),))
    office.comes("long", HERE, stays=30.0)
    waits = office.final("waits", HERE)
    await office.clock.advance(0)
    for number in range(5):
        office.comes(f"typing {number}", HERE, priority, "free")
    await office.clock.advance(0)
    assert office.calls[1:] == [(f"typing {number}", 0) for number in range(5)]
    waits.cancel()


async def test_what_is_free_neither_counts_nor_holds_anyone_up() -> None:
    office = Office(bot=(Rate(1, 60.0),), room=(Rate(1, 60.0),), drafts=(Rate(1, 60.0),))
    for number in range(5):
        office.comes(f"typing {number}", HERE, Priority.PREVIEW, "free", stays=100.0)
    await office.clock.advance(0)
    office.final("send", HERE)
    await office.until_called("send")
    assert office.at("send") == 0
    office.comes("draft", HERE, Priority.PREVIEW, "drafts")
    await office.until_called("draft")
    assert office.at("draft") == 0


async def test_drafts_have_a_budget_of_their_own_and_no_part_in_the_bots() -> None:
    office = Office(bot=(Rate(1, 60.0),), room=(Rate(1, 60.0),), drafts=(Rate(1, 0.5),))
    office.final("send", HERE)
    await office.clock.advance(0)
    for number in range(4):
        office.comes(f"draft {number}", HERE, Priority.PREVIEW, "drafts")
        office.comes(f"draft there {number}", THERE, Priority.PREVIEW, "drafts")
    await office.until_called("draft 3", "draft there 3")
    assert [office.at(f"draft {number}") for number in range(4)] == [0, 0.5, 1, 1.5]
    office.final("send there", THERE)
    await office.until_called("send there")
    assert office.at("send there") == 60


async def test_drafts_that_wait_for_their_budget_do_not_hold_up_a_send() -> None:
    office = Office(room=(Rate(1, 1.0),), drafts=(Rate(1, 30.0),))
    for number in range(3):
        office.comes(f"draft {number}", HERE, Priority.PREVIEW, "drafts")
    await office.clock.advance(5)
    office.comes("send", HERE, Priority.NOTICE)
    await office.until_called("send")
    assert office.at("send") == 5


async def test_a_caller_who_gives_up_waiting_for_the_room_frees_its_place() -> None:
    office = Office(room=(Rate(1, 10.0),))
    office.comes("first", HERE)
    gone = office.final("gone", HERE)
    office.comes("next", HERE)
    await office.clock.advance(5)
    gone.cancel()
    await office.until_called("next")
    assert office.calls == [("first", 0), ("next", 10)]


async def test_a_caller_who_gives_up_waiting_for_the_bot_frees_its_room() -> None:
    office = Office(bot=(Rate(1, 10.0),))
    office.comes("elsewhere", THERE)
    gone = office.final("gone", HERE)
    await office.clock.advance(5)
    gone.cancel()
    office.comes("next", HERE)
    await office.until_called("next")
    assert office.calls == [("elsewhere", 0), ("next", 10)]


async def test_a_caller_cancelled_in_the_middle_of_its_call_frees_the_room() -> None:
    office = Office()
    gone = office.comes("gone", HERE, stays=1_000)
    office.comes("next", HERE)
    await office.clock.advance(5)
    gone.cancel()
    await office.until_called("next")
    assert office.at("next") == 5


async def visit(office: Office, rooms: int, named: str) -> None:
    for number in range(rooms):
        async with office.outbox.slot(Place("paper", f"{named}{number}"), Priority.NOTICE):
            pass


async def test_idle_rooms_are_forgotten() -> None:
    office = Office(room=(Rate(20, 60.0),))
    before = gates_alive()
    for night in range(5):
        await visit(office, 1_000, f"night{night}-")
        await office.clock.advance(3_600)
    assert gates_alive() - before <= 2_500


async def test_a_room_is_remembered_while_its_budget_counts_or_it_is_closed() -> None:
    office = Office(room=(Rate(1, 60.0),))
    office.comes("first", HERE)
    await flooded(office.comes("too much", THERE, flood=Flooded(retry_after_seconds=100)))
    await visit(office, 2_500, "other")
    office.comes("second", HERE)
    office.comes("patient", THERE)
    await office.until_called("second", "patient")
    assert (office.at("second"), office.at("patient")) == (60, 100)


rates = st.lists(
    st.builds(Rate, st.integers(1, 4), st.sampled_from([0.25, 1.0, 5.0])), min_size=1, max_size=2, unique=True
).map(tuple)
call = st.tuples(
    st.sampled_from([0.0, 0.0, 0.1, 0.7, 4.0]),
    st.integers(0, 2),
    st.sampled_from(list(Priority)),
    st.sampled_from([0.0, 0.0, 0.3]),
)


def assert_within(times: list[float], allowed: tuple[Rate, ...]) -> None:
    for rate in allowed:
        for earlier, later in zip(times, times[rate.count :], strict=False):
            assert later - earlier >= rate.seconds - ROUNDING


@settings(deadline=None, database=None, max_examples=20)
@given(bot=rates, of_rooms=rates, calls=st.lists(call, min_size=1, max_size=12))
async def test_whoever_calls_where_neither_a_room_nor_the_bot_exceeds_its_rates(
    bot: tuple[Rate, ...], of_rooms: tuple[Rate, ...], calls: list[tuple[float, int, Priority, float]]
) -> None:
    office = Office(bot=bot, room=of_rooms)
    tasks = []
    for pause, number, priority, stays in calls:
        await office.clock.advance(pause)
        tasks.append(office.comes(f"{number}", room(number), priority, stays=stays))
    await office.clock.until(lambda: all(task.done() for task in tasks), within_seconds=2_000)
    made = len(office.calls)
    assert made >= sum(priority is not Priority.PREVIEW for _, _, priority, _ in calls)
    assert_within([time for _, time in office.calls], bot)
    for number in range(3):
        assert_within([time for name, time in office.calls if name == f"{number}"], of_rooms)
