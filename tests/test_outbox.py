"""Rooms of one messenger: each has its budget, all share the bot's, and none holds up another."""

import asyncio
import gc
from contextlib import suppress

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from bot.budget import Gate, Priority
from bot.domain.errors import Ambiguous, Flooded, MessengerError, Unrenderable
from bot.domain.messenger import Capabilities, Outgoing, Rate, Take
from bot.domain.place import Place, Ref
from bot.outbox import CrowdedError, Meter, Outbox
from tests.fakes.clock import ManualClock

ROUNDING = 1e-9
HERE, THERE = Place("paper", "here"), Place("paper", "there")


class Paper:
    """A messenger of which only the budgets matter."""

    name = "paper"

    def __init__(self, bot: tuple[Rate, ...], facts: Capabilities) -> None:
        self.budget = bot
        self._facts = facts

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

    def __init__(
        self,
        bot: tuple[Rate, ...] = (),
        room: tuple[Rate, ...] = (),
        drafts: tuple[Rate, ...] = (),
        *,
        edits: tuple[Rate, ...] = (),
        streams: tuple[Rate, ...] = (),
        growths: tuple[Rate, ...] = (),
    ) -> None:
        facts = Capabilities(
            streaming="drafts", sends=room, drafts=drafts, edits=edits, streams=streams, growths=growths
        )
        self.clock = ManualClock()
        self.outbox = Outbox(Paper(bot, facts), self.clock)
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
        error: MessengerError | None = None,
        who: str = "",
    ) -> asyncio.Task[None]:
        """Somebody who makes one call that takes `stays` seconds, and is answered with `error`."""

        async def call() -> None:
            with suppress(CrowdedError):
                await attempt()
                return
            self.crowded_out.add(name)

        async def attempt() -> None:
            async with self.outbox.slot(place, priority, meter, who=who):
                self.calls.append((name, self.clock.monotonic()))
                if stays:
                    await self.clock.sleep(stays)
                if error is not None:
                    raise error

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
    await flooded(office.comes("too much", HERE, error=Flooded(retry_after_seconds=17)))
    office.final("here", HERE)
    for number in range(20):
        office.comes(f"there {number}", room(number))
    await office.until_called("here")
    assert office.at("here") == 17
    assert {office.at(f"there {number}") for number in range(20)} == {0}


async def test_a_flood_of_unknown_length_closes_the_room_for_a_while() -> None:
    office = Office()
    await flooded(office.comes("too much", HERE, error=Flooded()))
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
    for night in range(3):
        await visit(office, 1_000, f"night{night}-")
        await office.clock.advance(3_600)
    assert gates_alive() - before <= 2_500


async def test_a_room_is_remembered_while_its_budget_counts_or_it_is_closed() -> None:
    office = Office(room=(Rate(1, 60.0),))
    office.comes("first", HERE)
    await flooded(office.comes("too much", THERE, error=Flooded(retry_after_seconds=100)))
    await visit(office, 2_500, "other")
    office.comes("second", HERE)
    office.comes("patient", THERE)
    await office.until_called("second", "patient")
    assert (office.at("second"), office.at("patient")) == (60, 100)


# What a whole workspace shares


def at_work(name: str, workspace: str = "W1") -> Place:
    return Place("paper", name, "", workspace)


async def test_edits_of_all_rooms_of_a_workspace_share_its_budget_and_no_rooms() -> None:
    office = Office(room=(Rate(1, 60.0),), edits=(Rate(2, 10.0),))
    for number in range(3):
        office.comes(f"edit {number}", at_work(f"room{number}"), Priority.FINAL, "edits")
        office.comes(f"send {number}", at_work(f"room{number}"), Priority.FINAL)
    office.comes("edit elsewhere", at_work("room", "W2"), Priority.FINAL, "edits")
    await office.until_called("edit 2")
    assert [office.at(f"send {number}") for number in range(3)] == [0, 0, 0]
    assert [office.at(f"edit {number}") for number in range(3)] == [0, 0, 10]
    assert office.at("edit elsewhere") == 0


@pytest.mark.parametrize("meter", ["edits", "ends"])
async def test_where_edits_have_no_budget_they_count_as_sends(meter: Meter) -> None:
    office = Office(room=(Rate(1, 10.0),), streams=(Rate(1, 60.0),))
    office.comes("send", HERE)
    office.comes("edit", HERE, Priority.FINAL, meter)
    await office.until_called("send", "edit")
    assert sorted(time for _, time in office.calls) == [0, 10]
    assert office.outbox.takes_previews(HERE)


@pytest.mark.parametrize("meter", ["edits", "ends"])
async def test_endings_wait_for_the_workspace_and_go_first(meter: Meter) -> None:
    office = Office(edits=(Rate(1, 10.0),), streams=(Rate(1, 10.0),))
    for priority in (Priority.FINAL, Priority.NOTICE, Priority.OPERATOR, Priority.FINAL):
        office.comes(f"{priority.name} {len(asyncio.all_tasks())}", at_work("here"), priority, meter)
    await office.clock.until(lambda: len(office.calls) == 4)
    assert [name.split()[0] for name, _ in office.calls] == ["FINAL", "FINAL", "OPERATOR", "NOTICE"]
    assert [time for _, time in office.calls] == [0, 10, 20, 30]


async def test_previews_by_edits_never_wait_and_leave_a_fifth_to_what_must_land() -> None:
    office = Office(edits=(Rate(10, 60.0),))
    for number in range(12):
        office.comes(f"preview {number}", at_work(f"room{number}"), Priority.PREVIEW, "edits")
    await office.clock.advance(0)
    assert len(office.calls) == 8
    assert len(office.crowded_out) == 4
    assert not office.outbox.takes_previews(at_work("room"))
    office.comes("final", at_work("room0"), Priority.FINAL, "edits")
    await office.until_called("final")
    assert office.at("final") == 0


async def test_previews_leave_an_edit_to_the_ending_of_every_reply_that_grows() -> None:
    office = Office(edits=(Rate(10, 60.0),))
    for number in range(6):
        office.outbox.note(at_work(f"room{number}"), Outgoing("so far", streaming=True))
    for number in range(6):
        office.comes(f"preview {number}", at_work(f"room{number}"), Priority.PREVIEW, "edits")
    await office.clock.advance(0)
    assert len(office.calls) == 4
    for number in range(6):
        office.outbox.note(at_work(f"room{number}"), Outgoing("whole"))
        office.comes(f"final {number}", at_work(f"room{number}"), Priority.FINAL, "edits")
    await office.until_called("final 5")
    assert {office.at(f"final {number}") for number in range(6)} == {0}


async def test_a_page_that_goes_on_owes_an_ending_and_who_is_abandoned_owes_none() -> None:
    office = Office(edits=(Rate(3, 60.0),))
    for number in range(3):
        office.outbox.note(at_work(f"room{number}"), Outgoing("so far", goes_on=True))
    assert not office.outbox.takes_previews(at_work("room"))
    office.outbox.abandon(at_work("room0"))
    assert office.outbox.takes_previews(at_work("room"))


def stream(name: str) -> Ref:
    return Ref(at_work(name), "1")


async def begins(office: Office, *names: str) -> None:
    for name in names:
        await office.comes(name, at_work(name), Priority.PREVIEW, "streams", who=name)
        if name not in office.crowded_out:
            office.outbox.began(name, stream(name))


async def test_streams_that_are_open_or_ended_lately_are_never_more_than_may_end() -> None:
    office = Office(streams=(Rate(3, 60.0),))
    await begins(office, "a", "b")
    await office.clock.advance(100)
    await begins(office, "c", "x")
    assert office.crowded_out == {"x"}
    for name in ("a", "b"):
        await office.comes(f"{name} ends", at_work(name), Priority.FINAL, "ends", who=str(stream(name)))
        office.outbox.ended(stream(name))
    await begins(office, "y")
    await office.clock.advance(60)
    await begins(office, "d", "e", "z")
    assert office.crowded_out == {"x", "y", "z"}


async def test_a_stream_that_need_not_be_ended_makes_room_at_once() -> None:
    office = Office(streams=(Rate(2, 10.0),))
    await begins(office, "a", "b")
    await office.clock.advance(10)
    office.outbox.closed(stream("a"))
    await begins(office, "c")
    assert not office.crowded_out


async def test_a_stream_that_grows_is_kept_in_mind_and_one_of_which_nothing_is_heard_is_not() -> None:
    office = Office(streams=(Rate(2, 10.0),))
    await begins(office, "a", "b")
    await office.clock.advance(400)
    office.outbox.grew(stream("a"))
    await office.clock.advance(400)
    await begins(office, "c", "d")
    assert office.crowded_out == {"d"}


async def test_the_ending_of_a_stream_waits_for_no_other_and_its_repetition_neither() -> None:
    office = Office(streams=(Rate(3, 60.0),))
    await begins(office, "a", "b", "c")
    for name in ("a", "b", "c"):
        for attempt in ("first", "second"):
            office.comes(f"{name} {attempt}", at_work(name), Priority.FINAL, "ends", who=str(stream(name)))
        await office.clock.advance(0)
        office.outbox.ended(stream(name))
    assert len(office.calls) == 9
    assert {time for _, time in office.calls} == {0}


@pytest.mark.parametrize(("error", "begun"), [(Ambiguous(), 1), (Unrenderable(), 2)])
async def test_a_beginning_in_doubt_counts_as_one_that_must_end(error: MessengerError, begun: int) -> None:
    office = Office(streams=(Rate(2, 60.0),))
    beginning = office.comes("a", at_work("a"), Priority.PREVIEW, "streams", stays=30.0, error=error, who="a")
    await office.clock.advance(60)
    with pytest.raises(type(error)):
        await beginning
    await begins(office, "b", "c")
    assert len(office.crowded_out) == 2 - begun


@pytest.mark.parametrize("meter", ["streams", "growths"])
async def test_streams_and_growths_use_the_whole_budget_and_never_wait(meter: Meter) -> None:
    office = Office(streams=(Rate(5, 60.0),), growths=(Rate(5, 60.0),), room=(Rate(1, 60.0),))
    for number in range(8):
        office.comes(f"{number}", at_work("here"), Priority.PREVIEW, meter, who=f"{number}")
    await office.clock.advance(0)
    assert (len(office.calls), len(office.crowded_out)) == (5, 3)
    office.comes("other workspace", at_work("here", "W2"), Priority.PREVIEW, meter)
    await office.until_called("other workspace")
    assert office.at("other workspace") == 0


async def test_one_who_grows_fast_leaves_the_others_their_share() -> None:
    office = Office(growths=(Rate(10, 60.0),))
    for _ in range(60):
        for who in ("fast", "fast", "fast", "slow", "late"):
            office.comes(who, at_work("here"), Priority.PREVIEW, "growths", who=who)
        await office.clock.advance(1)
    made = [name for name, _ in office.calls]
    assert [made.count(who) for who in ("fast", "slow", "late")] == [4, 3, 3]


@pytest.mark.parametrize("meter", ["edits", "ends", "streams", "growths"])
async def test_a_flood_of_one_kind_closes_that_kind_for_the_workspace_and_no_room(meter: Meter) -> None:
    office = Office(edits=(Rate(50, 60.0),), streams=(Rate(50, 60.0),), growths=(Rate(50, 60.0),))
    await flooded(
        office.comes("too much", at_work("here"), Priority.FINAL, meter, error=Flooded(retry_after_seconds=9))
    )
    every: tuple[Meter, ...] = ("sends", "drafts", "edits", "ends", "streams", "growths")
    others = [other for other in every if other != meter]
    for other in others:
        office.comes(other, at_work("here"), Priority.FINAL, other)
    office.comes("elsewhere", at_work("here", "W2"), Priority.FINAL, meter)
    office.comes("same", at_work("there"), Priority.FINAL, meter)
    await office.until_called("same", "elsewhere", *others)
    assert {office.at(name) for name in (*others, "elsewhere")} == {0}
    if meter in ("edits", "ends"):
        assert office.at("same") == 9
    else:
        assert office.crowded_out == {"same"}
    await office.clock.advance(9)
    office.comes("later", at_work("there"), Priority.FINAL, meter)
    await office.until_called("later")
    assert "later" not in office.crowded_out


async def test_a_flood_of_sends_closes_its_room_and_no_edits() -> None:
    office = Office(edits=(Rate(50, 60.0),))
    await flooded(office.comes("too much", at_work("here"), error=Flooded(retry_after_seconds=17)))
    office.comes("edit", at_work("here"), Priority.FINAL, "edits")
    office.comes("send", at_work("here"), Priority.FINAL)
    await office.until_called("edit", "send")
    assert (office.at("edit"), office.at("send")) == (0, 17)


@pytest.mark.parametrize(("edits", "sent_at"), [((), 17), ((Rate(50, 60.0),), 0)])
async def test_a_flood_of_what_is_free_closes_the_room_where_methods_are_not_counted_by_themselves(
    edits: tuple[Rate, ...], sent_at: float
) -> None:
    office = Office(edits=edits)
    await flooded(office.comes("typing", HERE, Priority.PREVIEW, "free", error=Flooded(retry_after_seconds=17)))
    office.comes("send", HERE, Priority.FINAL)
    await office.until_called("send")
    assert office.at("send") == sent_at


async def test_idle_workspaces_are_forgotten() -> None:
    office = Office(edits=(Rate(20, 60.0),))
    before = gates_alive()
    for night in range(2):
        for number in range(1_000):
            async with office.outbox.slot(at_work("here", f"{night}-{number}"), Priority.FINAL, "edits"):
                pass
        await office.clock.advance(3_600)
    assert gates_alive() - before <= 1_500


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
