"""Replies in a place whose messages grow: streams while the workspace has some, then edits, and every ending lands."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random
from typing import Literal

import pytest

from bot.bubble import Bubble
from bot.budget import Priority
from bot.calling import Calling
from bot.courier import Begun, Courier
from bot.domain.errors import Blocked, Flooded, MessengerError, Misconfigured, Unreachable, Unrenderable
from bot.domain.messenger import Button, Capabilities, File, HomeSection, Outgoing, Rate, Suggestion, ToolCard
from bot.domain.place import Place, Ref
from bot.domain.reply import Prompt
from bot.domain.specialist import Specialist
from bot.relay import Relay
from bot.telemetry import Metrics
from bot.work import Work
from specialists.scripted import Hang, Pause, Say, Script, ScriptedEngine, Step, Think, Use
from storage.store import Store
from tests.fakes.clock import ManualClock, WatchedLoop
from tests.fakes.slate import EXPIRES_SECONDS, Line, Slate
from tests.storage.conftest import sqlite_template, sqlite_url

__all__ = ["sqlite_template", "sqlite_url"]

FACTS = Capabilities(streaming="streams", pace_seconds=(0.0, 0.5, 1.0))
STOP = ((Button("Stop", "stop"),),)
AGAIN = (Button("Again", "again:1"),)
SENTENCE = "The bridge opens at nine and closes at five. "
GUIDE = Specialist("guide", "Guide", "Knows the bridge.", "Be brief.")


def thread(name: str, workspace: str = "W1") -> Place:
    return Place("slate", "hall", name, workspace)


HERE = thread("here")


@dataclass
class Turn:
    """One reply on its way; it may take several attempts."""

    place: Place
    job: int
    asked: Ref
    task: "asyncio.Task[None]"
    work: list[Work] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.task.done() and not self.task.cancelled()


@dataclass
class Note:
    """What is known of one send, in memory."""

    ref: Ref | None = None
    begun: Begun | None = None
    is_in_doubt: bool = True
    look_at: float = 0.0
    written: list[Begun] = field(default_factory=list)

    async def begin(self, begun: Begun) -> None:
        self.is_in_doubt = True
        if begun != self.begun:
            self.begun = begun
            self.written.append(begun)

    def refused(self) -> None:
        self.is_in_doubt = False

    def doubted(self, look_at: float) -> None:
        self.look_at = look_at

    async def done(self, ref: Ref) -> None:
        self.ref = ref


class House:
    """One process that replies, on a real store, into one slate."""

    def __init__(self, clock: ManualClock, store: Store, facts: Capabilities = FACTS) -> None:
        self.clock = clock
        self.slate = Slate(clock, facts)
        self.turns: list[Turn] = []
        self._store = store
        self.courier = self._courier()

    def has(
        self, *, streams: tuple[Rate, ...] = (), growths: tuple[Rate, ...] = (), edits: tuple[Rate, ...] = ()
    ) -> None:
        """Each workspace may do so much."""
        self.slate.facts = replace(FACTS, streams=streams, growths=growths, edits=edits)

    async def asks(self, place: Place, *script: Step) -> Turn:
        """Somebody asks there, and `script` is the reply."""
        async with self._store.begin() as tx:
            job = await tx.jobs.put(str(place), "turn", {})
        assert job is not None
        turn = Turn(place, job.id, Ref(place, f"asked{job.id}"), asyncio.create_task(asyncio.sleep(0)))
        self.turns.append(turn)
        await self.tries(turn, *script)
        return turn

    async def tries(self, turn: Turn, *script: Step) -> None:
        """One more attempt of a turn, as by a process that knows what the store knows."""
        async with self._store.begin() as tx:
            (job,) = await tx.jobs.claim(f"process{len(turn.work)}", 1, lease_seconds=3_600)
        assert job.id == turn.job
        work = Work(job, self._store, self.clock, leased_until=float("inf"))
        turn.work.append(work)
        turn.task = asyncio.create_task(self._reply(turn, work, script))

    async def dies(self, turn: Turn) -> None:
        """The process of this turn is gone; another takes over."""
        turn.task.cancel()
        await asyncio.gather(turn.task, return_exceptions=True)
        async with self._store.begin() as tx:
            await tx.jobs.release("process")
        self.slate.is_new_process()
        self.courier = self._courier()

    async def ends(self, *turns: Turn, within_seconds: float = 600.0) -> None:
        waited_for = turns or self.turns
        await self.clock.until(lambda: all(turn.task.done() for turn in waited_for), within_seconds=within_seconds)
        for turn in waited_for:
            turn.task.result()

    async def leaves(self) -> None:
        for turn in self.turns:
            turn.task.cancel()
        await asyncio.gather(*(turn.task for turn in self.turns), return_exceptions=True)
        await self.courier.close()

    async def _reply(self, turn: Turn, work: Work, script: Script) -> None:
        courier = self.courier.on_behalf_of(work.check)
        bubble = Bubble(work, courier, turn.place, None, turn.asked, "The code is in {}.".format, recipient="ann")

        async def nothing(_: object) -> None:
            return

        relay = Relay(
            bubble,
            work,
            courier,
            self.clock,
            buttons=STOP,
            save_partial=nothing,
            keep_file=nothing,
            first_text=lambda: None,
            title=str.title,
        )
        engine = ScriptedEngine(self.clock, queue=[script])
        told = await relay.listen(engine.reply(Prompt(1, GUIDE, "When does it open?")))
        await bubble.settle(told.text, (AGAIN,))
        async with work.finishing():
            pass

    def _courier(self) -> Courier:
        async def moved(old: Place, new: Place) -> None:
            raise AssertionError("nobody moves here")

        calls = Calling(
            [self.slate],
            clock=self.clock,
            metrics=Metrics(),
            random=Random(7),
            moved=moved,
            entering=lambda: None,
        )
        return Courier(calls)


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    clock = ManualClock()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    async with AsyncExitStack() as stack:
        store = await Store.open(sqlite_url, clock=clock, name="test")
        stack.push_async_callback(store.close)
        loop.busy.append(lambda: store.open_transactions > 0)
        house = House(clock, store)
        stack.push_async_callback(house.leaves)
        yield house
        assert not house.slate.violations


def texts(house: House, place: Place) -> list[str]:
    return [line.text for line in house.slate.says(place)]


def only(house: House, place: Place) -> Line:
    (line,) = house.slate.says(place)
    return line


def only_grew(line: Line) -> bool:
    """Whether every text it showed went on where the one before had ended."""
    pairs = zip(line.versions, line.versions[1:], strict=False)
    return all(later.startswith(earlier) for earlier, later in pairs)


def verbs(house: House, place: Place) -> list[str]:
    return [call.verb for call in house.slate.made("send", "edit", "begin_stream", "grow_stream", place=place)]


# One reply


async def test_a_reply_begins_a_stream_grows_and_is_ended_once(house: House) -> None:
    await house.asks(HERE, Say(SENTENCE * 20))
    await house.ends()
    made = verbs(house, HERE)
    assert made[0] == "begin_stream"
    assert made[-1] == "edit"
    assert len(made) > 3
    assert set(made[1:-1]) == {"grow_stream"}
    line = only(house, HERE)
    assert line.text == SENTENCE * 20
    assert only_grew(line)
    assert line.buttons == AGAIN
    assert not line.live


async def test_a_stream_grows_at_the_pace_of_the_place(house: House) -> None:
    await house.asks(HERE, Say(SENTENCE * 20, pause_seconds=0.25))
    await house.ends()
    times = [call.at for call in house.slate.made("begin_stream", "grow_stream")]
    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(times))


async def test_typing_is_shown_to_the_question_until_the_answer_begins(house: House) -> None:
    turn = await house.asks(HERE, Think("Hm. " * 50, pause_seconds=0.5), Say(SENTENCE), Pause(20))
    await house.clock.until(lambda: bool(house.slate.says(HERE)))
    typed = list(house.slate.typed)
    assert len(typed) > 2
    assert set(typed) == {(HERE, turn.asked)}
    await house.ends()
    assert house.slate.typed == typed


async def test_thoughts_are_not_streamed(house: House) -> None:
    await house.asks(HERE, Think("Hm. " * 50), Say(SENTENCE))
    await house.ends()
    assert all("Hm" not in call.text for call in house.slate.calls)
    assert only(house, HERE).text == SENTENCE


async def test_tools_are_shown_as_cards_in_the_order_in_which_they_began(house: House) -> None:
    await house.asks(HERE, Use("weather", 3), Say(SENTENCE), Use("map", 3, ok=False), Pause(2), Say("Sorry."), Hang())
    await house.clock.until(lambda: "Sorry." in "".join(texts(house, HERE)))
    weather, card = only(house, HERE).tools
    assert weather == ToolCard("call-1", "Weather", "done")
    assert card == ToolCard("call-2", "Map", "failed")


async def test_nothing_is_said_while_a_long_tool_works(house: House) -> None:
    await house.asks(HERE, Say(SENTENCE), Use("dig", 100), Say("Found."))
    await house.clock.advance(10)
    before = len(house.slate.calls)
    await house.clock.advance(80)
    assert len(house.slate.calls) == before
    assert [tool.state for tool in only(house, HERE).tools] == ["running"]
    await house.ends()
    assert only(house, HERE).text == SENTENCE + "Found."


async def test_a_long_reply_rolls_over_and_each_page_ends_before_the_next_begins(house: House) -> None:
    text = "".join(f"{number}. {SENTENCE}\n\n" for number in range(600))[:30_000]
    await house.asks(HERE, Use("count", 1), Say(text, chunk_chars=100, pause_seconds=0.1))
    await house.ends()
    lines = house.slate.says(HERE)
    assert len(lines) >= 8
    assert "".join("".join(line.text.split()) for line in lines) == "".join(text.split())
    assert [line.buttons for line in lines] == [()] * (len(lines) - 1) + [AGAIN]
    assert [line.goes_on for line in lines] == [True] * (len(lines) - 1) + [False]
    assert [bool(line.tools) for line in lines] == [True] + [False] * (len(lines) - 1)
    assert not any(line.live for line in lines)
    made = [verb for verb in verbs(house, HERE) if verb != "grow_stream"]
    assert made == ["begin_stream", "edit"] * len(lines)


async def test_a_reply_of_one_word_is_whole(house: House) -> None:
    await house.asks(HERE, Say("Yes."))
    await house.ends()
    assert texts(house, HERE) == ["Yes."]


async def test_a_reply_that_was_never_shown_before_goes_on_until_its_last_page(house: House) -> None:
    house.slate.facts = Capabilities(streaming="drafts", pace_seconds=(100.0,))
    await house.asks(HERE, Say(SENTENCE * 300))
    await house.ends()
    assert [line.goes_on for line in house.slate.says(HERE)] == [True, True, True, False]


async def test_what_grows_by_edits_has_a_button_to_stop_it(house: House) -> None:
    house.slate.refuses("begin_stream", Unrenderable("no thread to stream in"))
    await house.asks(HERE, Say(SENTENCE * 5), Pause(3), Say(SENTENCE), Hang())
    await house.clock.advance(1)
    assert only(house, HERE).buttons == STOP[0]
    await house.clock.until(lambda: texts(house, HERE) == [SENTENCE * 6])
    assert only(house, HERE).buttons == STOP[0]


async def test_the_first_preview_does_not_wait_for_typing_of_which_there_is_one_at_a_time(house: House) -> None:
    house.slate.takes("typing", 30)
    await house.asks(HERE, Pause(20), Say(SENTENCE), Hang())
    await house.clock.advance(20.5)
    assert texts(house, HERE) == [SENTENCE]
    assert len(house.slate.made("typing")) == 1


async def test_typing_that_lasts_is_given_up_soon_after_the_reply_and_none_follows_it(house: House) -> None:
    house.slate.takes("typing", 30)
    await house.asks(HERE, Say("Yes."))
    await house.ends(within_seconds=5)
    await house.clock.advance(60)
    assert texts(house, HERE) == ["Yes."]
    assert not house.slate.typed


async def test_a_reply_waits_for_the_typing_that_is_on_its_way(house: House) -> None:
    house.slate.takes("typing", 0.5)
    await house.asks(HERE, Say("Yes."))
    await house.ends()
    assert len(house.slate.typed) == 1
    sent = house.slate.made("send", "edit", place=HERE)[-1]
    assert sent.at >= 0.5


# The workspace's budgets


async def test_with_two_streams_for_five_replies_two_are_streamed_and_all_are_whole(house: House) -> None:
    house.has(streams=(Rate(2, 60.0),), growths=(Rate(95, 60.0),), edits=(Rate(48, 60.0),))
    places = [thread(f"t{number}") for number in range(5)]
    for number, place in enumerate(places):
        await house.asks(place, Say(f"{number}: " + SENTENCE * 10))
    await house.ends()
    assert [texts(house, place) for place in places] == [[f"{n}: " + SENTENCE * 10] for n in range(5)]
    assert len(house.slate.made("begin_stream")) == 2
    others = [only(house, place) for place in places if "begin_stream" not in verbs(house, place)]
    assert len(others) == 3
    assert all(len(line.versions) > 2 for line in others)
    assert not house.slate.floods


async def test_when_edits_are_spent_too_typing_is_shown_and_every_ending_lands(house: House) -> None:
    house.has(streams=(Rate(1, 60.0),), growths=(Rate(95, 60.0),), edits=(Rate(5, 60.0),))
    places = [thread(f"t{number}") for number in range(9)]
    for place in places:
        await house.asks(place, Say(SENTENCE * 40))
    await house.clock.advance(3)
    silent = [place for place in places if not house.slate.says(place)]
    assert silent
    assert {place for place, _ in house.slate.typed} == set(places)
    await house.ends()
    assert all(texts(house, place) == [SENTENCE * 40] for place in places)
    assert all(only(house, place).buttons == AGAIN for place in places)
    assert all(verbs(house, place) == ["send"] for place in silent)
    assert not house.slate.floods


async def test_a_reply_that_waited_for_a_stream_begins_one_when_there_is_one(house: House) -> None:
    house.has(streams=(Rate(1, 10.0),), edits=(Rate(1, 3_600.0),))
    await house.asks(thread("first"), Say("Yes."))
    await house.ends()
    waiting = thread("waiting")
    await house.courier.edit(only(house, thread("first")).ref, Outgoing("No."), priority=Priority.NOTICE)
    await house.asks(waiting, Say(SENTENCE), Pause(30), Say(SENTENCE))
    await house.clock.advance(9)
    assert not house.slate.says(waiting)
    await house.clock.advance(2)
    assert texts(house, waiting) == [SENTENCE]
    await house.ends()
    assert texts(house, waiting) == [SENTENCE * 2]


async def test_streams_that_grow_at_once_share_what_the_workspace_has(house: House) -> None:
    house.has(growths=(Rate(20, 60.0),))
    places = [thread(f"t{number}") for number in range(5)]
    for place in places:
        await house.asks(place, Say(SENTENCE * 40, pause_seconds=0.5))
    await house.clock.advance(40)
    grown = [len(house.slate.made("grow_stream", place=place)) for place in places]
    assert min(grown) >= 2
    assert max(grown) - min(grown) <= 1
    await house.ends()
    assert all(texts(house, place) == [SENTENCE * 40] for place in places)
    assert not house.slate.floods


async def test_a_stream_that_has_ended_takes_no_share_of_the_growths(house: House) -> None:
    house.has(growths=(Rate(20, 60.0),))
    for number in range(8):
        await house.asks(thread(f"t{number}"), Say(SENTENCE * 3, pause_seconds=0.3))
    await house.ends()
    began = house.clock.monotonic()
    await house.asks(HERE, Say(SENTENCE * 60, pause_seconds=0.3))
    await house.clock.advance(13)
    grown = [call.at for call in house.slate.made("grow_stream", place=HERE)]
    assert len(grown) >= 4
    assert grown[-1] - began < 13


@pytest.mark.parametrize("seed", range(3))
async def test_streams_of_any_length_end_as_soon_as_they_are_ready_and_never_too_many_at_once(
    house: House, seed: int
) -> None:
    house.has(streams=(Rate(4, 60.0),), edits=(Rate(48, 60.0),))
    random = Random(seed)
    for number in range(40):
        # Some pause so long that they end together with streams of later minutes.
        pause = random.choice([1.0, 5.0, 30.0, 180.0 - number * 4.0])
        await house.asks(thread(f"t{number}"), Say(f"{number}: " + SENTENCE), Pause(pause), Say(SENTENCE))
        await house.clock.advance(4)
    await house.ends()
    assert [texts(house, turn.place) for turn in house.turns] == [[f"{n}: " + SENTENCE * 2] for n in range(40)]
    assert len(house.slate.made("begin_stream")) >= 6
    assert not house.slate.floods


async def test_streams_that_end_at_the_same_moment_all_end_at_once(house: House) -> None:
    house.has(streams=(Rate(4, 60.0),), edits=(Rate(48, 60.0),))
    places = [thread(f"t{number}") for number in range(8)]
    for number, place in enumerate(places):
        await house.asks(place, Say(SENTENCE), Pause(130 - number * 15), Say("End."))
        await house.clock.advance(15)
    await house.ends(within_seconds=16)
    assert all(texts(house, place) == [SENTENCE + "End."] for place in places)
    assert len(house.slate.made("begin_stream")) == 4
    assert not house.slate.floods


async def test_replies_that_are_abandoned_leave_the_edits_to_others(house: House) -> None:
    house.slate.facts = Capabilities(streaming="edits", pace_seconds=(0.0, 0.5), edits=(Rate(3, 60.0),))
    turns = [await house.asks(thread(f"t{number}"), Say(SENTENCE), Hang()) for number in range(3)]
    await house.clock.advance(1)
    assert not house.courier.takes_previews(HERE)
    for turn in turns:
        turn.task.cancel()
    await house.clock.advance(0)
    assert house.courier.takes_previews(HERE)


async def test_a_preview_that_did_not_arrive_is_made_later_without_a_change(house: House) -> None:
    house.slate.facts = Capabilities(streaming="edits", pace_seconds=(0.0, 0.5))
    house.slate.refuses("edit", Unreachable())
    await house.asks(HERE, Say("So"), Pause(3), Say(" far"), Hang())
    await house.clock.until(lambda: texts(house, HERE) == ["So far"], within_seconds=10)


@pytest.mark.parametrize("streaming", ["edits", "streams"])
async def test_a_preview_that_is_refused_for_good_is_not_repeated(
    house: House, streaming: Literal["edits", "streams"]
) -> None:
    house.slate.facts = Capabilities(streaming=streaming, pace_seconds=(0.0, 0.5))
    house.slate.refuses("begin_stream", Unrenderable("no thread to stream in"))
    house.slate.refuses("edit", Unrenderable("what is this"))
    await house.asks(HERE, Say("So"), Pause(3), Say(" far"), Pause(30), Say("."))
    await house.clock.advance(30)
    assert len(house.slate.made("edit")) == 1
    await house.ends()
    assert texts(house, HERE) == ["So far."]


async def test_workspaces_have_budgets_of_their_own(house: House) -> None:
    house.has(streams=(Rate(1, 60.0),))
    for workspace in ("W1", "W2"):
        await house.asks(thread("here", workspace), Say(SENTENCE * 10))
    await house.ends()
    assert {call.place.workspace for call in house.slate.made("begin_stream")} == {"W1", "W2"}


async def test_forty_replies_at_once_are_whole_as_soon_as_they_are_ready_and_nobody_is_told_to_wait(
    house: House,
) -> None:
    house.has(streams=(Rate(19, 60.0),), growths=(Rate(95, 60.0),), edits=(Rate(48, 60.0),))
    places = [thread(f"t{number}") for number in range(40)]
    for number, place in enumerate(places):
        await house.asks(place, Say(f"{number}: " + SENTENCE * 40, pause_seconds=0.2))
    await house.ends(within_seconds=25)
    assert [texts(house, place) for place in places] == [[f"{n}: " + SENTENCE * 40] for n in range(40)]
    assert len(house.slate.made("begin_stream")) == 19
    assert not house.slate.floods


async def test_where_edits_are_shared_and_spent_a_reply_by_edits_is_said_when_it_is_whole(house: House) -> None:
    house.slate.facts = Capabilities(streaming="edits", pace_seconds=(0.0, 0.5), edits=(Rate(6, 60.0),))
    places = [thread(f"t{number}") for number in range(9)]
    for place in places:
        await house.asks(place, Say(SENTENCE * 40))
    await house.ends(within_seconds=10)
    assert all(texts(house, place) == [SENTENCE * 40] for place in places)
    assert ["send"] in [verbs(house, place) for place in places]
    assert {place for place, _ in house.slate.typed} == set(places)
    assert not house.slate.floods


async def test_a_flood_of_growths_delays_no_ending(house: House) -> None:
    house.slate.floods_once("grow_stream", 500)
    first, second = thread("first"), thread("second")
    for place in (first, second):
        await house.asks(place, Say(SENTENCE * 40))
    await house.ends(within_seconds=10)
    assert texts(house, first) == texts(house, second) == [SENTENCE * 40]
    assert len(house.slate.made("grow_stream")) <= 2


async def test_a_flood_of_streams_and_of_edits_delays_endings_only_as_long_as_it_must(house: House) -> None:
    house.has(edits=(Rate(48, 60.0),))
    house.slate.floods_once("begin_stream", 500)
    house.slate.floods_once("edit", 20)
    await house.asks(HERE, Say(SENTENCE * 40))
    await house.ends(within_seconds=30)
    assert texts(house, HERE) == [SENTENCE * 40]


# Streams that end otherwise


async def test_a_stream_that_the_platform_closed_goes_on_by_edits(house: House) -> None:
    await house.asks(HERE, Say(SENTENCE), Pause(EXPIRES_SECONDS + 5), Say(SENTENCE * 10), Pause(5), Say("End."))
    await house.ends(within_seconds=2 * EXPIRES_SECONDS)
    line = only(house, HERE)
    assert line.text == SENTENCE * 11 + "End."
    assert verbs(house, HERE).count("begin_stream") == 1
    assert verbs(house, HERE).count("edit") > 1


async def test_a_reply_that_the_user_stopped_natively_ends_in_its_message(house: House) -> None:
    turn = await house.asks(HERE, Say(SENTENCE * 3), Hang())
    await house.clock.until(lambda: texts(house, HERE) == [SENTENCE * 3])
    house.slate.user_stops(HERE)
    turn.work[-1].stop.set()
    await house.ends()
    assert texts(house, HERE) == [SENTENCE * 3]
    assert only(house, HERE).buttons == AGAIN


async def test_a_stream_that_the_user_deleted_is_said_again_whole(house: House) -> None:
    await house.asks(HERE, Say(SENTENCE), Pause(5), Say(SENTENCE), Pause(5))
    await house.clock.until(lambda: bool(house.slate.says(HERE)))
    house.slate.user_deletes(only(house, HERE))
    await house.ends()
    assert texts(house, HERE) == [SENTENCE * 2]


async def test_a_growth_in_doubt_is_not_repeated_and_the_text_is_right(house: House) -> None:
    house.slate.loses("grow_stream")
    await house.asks(HERE, Say(SENTENCE * 10), Pause(3))
    await house.ends()
    assert texts(house, HERE) == [SENTENCE * 10]
    assert verbs(house, HERE)[:2] == ["begin_stream", "grow_stream"]
    assert "grow_stream" not in verbs(house, HERE)[2:]


async def test_a_growth_that_certainly_did_not_arrive_is_made_up_for(house: House) -> None:
    house.slate.refuses("grow_stream", Unreachable())
    await house.asks(HERE, Say(SENTENCE * 10), Pause(3))
    await house.ends()
    assert only_grew(only(house, HERE))
    assert texts(house, HERE) == [SENTENCE * 10]


async def test_where_no_stream_can_begin_the_reply_goes_by_edits(house: House) -> None:
    house.slate.refuses("begin_stream", Unrenderable("no thread to stream in"))
    await house.asks(HERE, Say(SENTENCE * 20))
    await house.ends()
    assert texts(house, HERE) == [SENTENCE * 20]
    assert verbs(house, HERE)[1] == "send"


async def test_a_text_that_does_not_go_on_waits_for_the_edit_that_ends_it(house: House) -> None:
    house.slate.facts = Capabilities(streaming="streams", pace_seconds=(0.0, 0.5), long_code_chars=1_000)
    code = "".join(f"x{number} = {number}\n" for number in range(300))
    await house.asks(HERE, Say(f"Look:\n```python\n{code}```\nThat is all. "), Pause(3), Say("Really."))
    await house.ends()
    shown, file = house.slate.says(HERE)
    assert shown.text.endswith("That is all. Really.")
    assert "The code is in" in shown.text
    assert file.text == ""


# Crashes and doubt


async def test_a_beginning_in_doubt_is_found_and_not_repeated(house: House) -> None:
    house.slate.loses("begin_stream")
    await house.asks(HERE, Say(SENTENCE * 20))
    await house.ends()
    assert texts(house, HERE) == [SENTENCE * 20]
    assert verbs(house, HERE).count("begin_stream") == 1
    assert "send" not in verbs(house, HERE)


async def test_a_beginning_that_was_cut_by_a_crash_is_found(house: House) -> None:
    house.slate.answer_seconds = 5.0
    house.slate.loses("begin_stream")
    turn = await house.asks(HERE, Say(SENTENCE * 20), Hang())
    await house.clock.until(lambda: bool(house.slate.made("begin_stream")))
    dying = asyncio.create_task(house.dies(turn))
    await house.clock.until(dying.done)
    house.slate.answer_seconds = 0.0
    await house.tries(turn, Say(SENTENCE * 20))
    await house.ends()
    assert texts(house, HERE) == [SENTENCE * 20]
    assert verbs(house, HERE).count("begin_stream") == 1
    assert "send" not in verbs(house, HERE)


@pytest.mark.parametrize("seconds", [0.3, 0.9])
@pytest.mark.parametrize("script", [(Say(SENTENCE * 20),), (Say("Yes."),)])
async def test_a_beginning_that_is_still_on_its_way_is_not_missed(house: House, seconds: float, script: Script) -> None:
    house.slate.cuts("begin_stream", seconds)
    await house.asks(HERE, *script)
    await house.ends()
    assert texts(house, HERE) == ["".join(step.text for step in script if isinstance(step, Say))]
    assert verbs(house, HERE).count("begin_stream") == 1
    assert "send" not in verbs(house, HERE)


async def test_a_beginning_in_doubt_is_looked_for_a_second_later(house: House) -> None:
    house.slate.cuts("begin_stream", 0.3)
    began = house.clock.monotonic()
    await house.asks(HERE, Say(SENTENCE), Pause(3), Say(SENTENCE))
    await house.ends()
    (look,) = house.slate.made("find")
    assert look.at - began >= 1
    assert verbs(house, HERE).count("begin_stream") == 1


async def test_a_file_in_doubt_is_taken_as_it_is(house: House) -> None:
    step = Note()
    house.slate.loses("send")
    file = File("code.py", b"print(1)")
    saying = asyncio.create_task(house.courier.send(HERE, Outgoing("", file=file), priority=Priority.FINAL, step=step))
    await house.clock.until(saying.done)
    assert saying.result() == only(house, HERE).ref
    assert only(house, HERE).file == "code.py"
    assert not house.slate.made("edit")


@pytest.mark.parametrize("verb", ["begin_stream", "send"])
@pytest.mark.parametrize("error", [Flooded(retry_after_seconds=2), Unreachable(), Unrenderable("what is this")])
async def test_what_was_refused_is_not_looked_for(house: House, verb: str, error: MessengerError) -> None:
    if verb == "send":
        house.slate.refuses("begin_stream", Unrenderable("no thread to stream in"))
    house.slate.refuses(verb, error)
    await house.asks(HERE, Say(SENTENCE * 10))
    await house.ends()
    assert texts(house, HERE) == [SENTENCE * 10]
    assert not house.slate.made("find")


async def test_a_send_is_written_down_once_and_again_only_when_it_reads_otherwise(house: House) -> None:
    step = Note()
    for error in (Blocked(), Misconfigured()):
        house.slate.refuses("send", error)
        with pytest.raises(type(error)):
            await house.courier.send(HERE, Outgoing("No.", STOP), priority=Priority.FINAL, step=step)
    assert step.written == [Begun("mark1", STOP)]
    await house.courier.send(HERE, Outgoing("Yes."), priority=Priority.FINAL, step=step)
    assert step.written == [Begun("mark1", STOP), Begun("mark1", ())]
    assert only(house, HERE).mark == "mark1"


async def test_what_an_earlier_attempt_began_is_looked_for(house: House) -> None:
    ref = await house.courier.send(HERE, Outgoing("Yes."), priority=Priority.FINAL, step=Note())
    mark = only(house, HERE).mark
    step = Note(begun=Begun(mark, ()))
    assert await house.courier.send(HERE, Outgoing("Yes."), priority=Priority.FINAL, step=step) == ref
    assert texts(house, HERE) == ["Yes."]


async def test_a_flood_of_looks_delays_nothing_but_what_is_looked_for(house: House) -> None:
    house.slate.loses("send")
    house.slate.refuses("find", Flooded(retry_after_seconds=30))

    def says(text: str) -> "asyncio.Task[Ref]":
        sending = house.courier.send(HERE, Outgoing(text), priority=Priority.FINAL, step=Note())
        return asyncio.create_task(sending)

    first = says("First.")
    await house.clock.until(lambda: bool(house.slate.made("find")))
    looked_at = house.clock.monotonic()
    second = says("Second.")
    await house.clock.until(second.done)
    assert house.clock.monotonic() == looked_at
    await house.clock.until(first.done)
    assert house.clock.monotonic() - looked_at == 30
    assert texts(house, HERE) == ["First.", "Second."]


async def test_a_preview_that_is_cut_does_not_come_after_the_ending(house: House) -> None:
    house.slate.facts = Capabilities(streaming="edits", pace_seconds=(0.0, 0.5))
    house.slate.takes("edit", 5.0)
    await house.asks(HERE, Say(SENTENCE), Pause(2), Say(SENTENCE), Pause(1), Say("End."))
    await house.ends()
    await house.clock.advance(10)
    assert texts(house, HERE) == [SENTENCE * 2 + "End."]
    assert only(house, HERE).buttons == AGAIN


async def test_an_edit_that_is_cut_does_not_come_after_the_next(house: House) -> None:
    ref = await house.courier.send(HERE, Outgoing("No."), priority=Priority.FINAL, step=Note())
    house.slate.takes("edit", 5.0)
    cut = asyncio.create_task(house.courier.edit(ref, Outgoing("Perhaps."), priority=Priority.NOTICE))
    await house.clock.advance(1)
    cut.cancel()
    await house.clock.until(cut.done)
    await house.courier.edit(ref, Outgoing("Yes."), priority=Priority.FINAL)
    await house.clock.advance(10)
    assert only(house, HERE).versions == ["No.", "Perhaps.", "Yes."]


async def test_after_a_crash_the_reply_goes_on_in_the_same_message(house: House) -> None:
    turn = await house.asks(HERE, Say(SENTENCE * 5), Hang())
    await house.clock.until(lambda: texts(house, HERE) == [SENTENCE * 5])
    first = only(house, HERE).ref
    await house.dies(turn)
    await house.tries(turn, Say(SENTENCE * 20), Pause(3))
    await house.ends()
    line = only(house, HERE)
    assert (line.ref, line.text, line.buttons) == (first, SENTENCE * 20, AGAIN)
    assert verbs(house, HERE).count("begin_stream") == 1


async def test_a_message_in_doubt_carries_the_same_mark_when_it_is_said_again(house: House) -> None:
    house.has(streams=(Rate(1, 3_600.0),))
    await house.asks(thread("first"), Say("Yes."))
    await house.ends()
    house.slate.loses("send")
    await house.asks(HERE, Say("No."))
    await house.ends()
    assert texts(house, HERE) == ["No."]
    house.slate.refuses("send", Unreachable())
    await house.asks(thread("other"), Say("No."))
    await house.ends()
    assert texts(house, thread("other")) == ["No."]
    assert [only(house, place).mark for place in (HERE, thread("other"))] == ["mark2", "mark3"]


# What else a messenger may offer


async def test_homes_suggestions_and_titles_are_shown_where_there_are_such(house: House) -> None:
    home = (HomeSection("My threads", "None yet."),)
    asks = (Suggestion("The bridge", "When does it open?"),)
    await house.courier.show_home(HERE, "ann", home)
    await house.courier.suggest(HERE, asks)
    await house.courier.entitle(HERE, "The bridge")
    assert (house.slate.homes, house.slate.suggested, house.slate.titles) == (
        {"ann": home},
        [asks],
        {HERE: "The bridge"},
    )


async def test_what_is_shown_besides_may_fail_and_holds_nothing_up(house: House) -> None:
    house.has(edits=(Rate(48, 60.0),))
    for verb in ("show_home", "suggest", "entitle", "typing"):
        house.slate.refuses(verb, Flooded(retry_after_seconds=300))
    await house.courier.show_home(HERE, "ann", ())
    await house.courier.suggest(HERE, ())
    await house.courier.entitle(HERE, "The bridge")
    await house.asks(HERE, Say("Yes."))
    await house.ends(within_seconds=10)
    assert texts(house, HERE) == ["Yes."]
