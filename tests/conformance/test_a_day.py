"""One day of one person, with the real engine, its tools and an emulated model, at every kind of place."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.slack.emulator import Limits as SlackLimits
from specialists.emulator import Call, ModelEmulator, Say, Stall, Think, Used
from tests.conformance.venue import Enrolment, Shown, Venue
from tests.stories.stage import Stage, set_stage
from tests.stories.thinking import Cast, thinking

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = "\n".join(f"step_{number} = ask({number})  # w{number}" for number in range(600))
WORD = re.compile(r"\bw\d+\b")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def thinkers(first_database: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stage, Cast]]:
    path = shutil.copy(first_database, tmp_path_factory.mktemp("day") / "story.db")
    async with (
        set_stage(f"sqlite:///{path}", slack_limits=SlackLimits.none()) as stage,
        ModelEmulator(clock=stage.clock) as models,
    ):
        cast = thinking(stage, models)
        async with stage.process():
            yield stage, cast
        assert not models.violations


async def newest(person: Venue) -> Shown:
    return (await person.look())[-1]


async def test_a_day(thinkers: tuple[Stage, Cast], enrolled: Enrolment) -> None:
    stage, cast = thinkers
    async with enrolled.staged(stage) as person:
        # They choose who is to answer.
        await person.says("/analyst")
        await stage.settles()
        assert "Analyst" in (await newest(person)).text

        # The answer takes a tool.
        cast.then(Think("A percentage. ", pause_seconds=0.3), Call("calculate", {"expression": "17% * 4350"}))
        cast.then(Say("The premium is **739.50**, " + "as agreed with them, " * 20, pause_seconds=0.3), Used(900, 20))
        await person.says("How much is 17 % of 4350?")
        await stage.settles()
        premium = await newest(person)
        assert "739.50" in premium.text
        assert premium.buttons[-2:] == ("👍", "👎")
        assert len(set(person.growth)) > 2
        assert "739.5" in cast.asked[-1].messages[-1][1]

        # They stop what goes on for too long.
        cast.then(Say("First of all, " * 50, pause_seconds=0.2), Stall())
        await person.says("Tell me everything")
        await stage.until(lambda: "First of all, First" in "".join(person.growth[-1:]))
        await person.stops()
        await stage.settles()
        stopped = await newest(person)
        assert stopped.text.startswith("First of all")
        assert re.search(r"Stopped\._?$", stopped.text)
        assert cast.asked[-1].closed_early

        # They mean something else.
        cast.then(Say("Write to one person."))
        question = await person.says("What is a good first step?")
        await stage.settles()
        first = await newest(person)
        cast.then(Say("Write to two people."))
        await person.edits(question, "What are two good first steps?")
        await stage.settles()
        second = await newest(person)
        assert (second.message, second.text) == (first.message, "Write to two people.")

        # They get a long program.
        cast.then(Say(f"Here it is:\n\n```python\n{CODE}\n```\n\nRun it with care.", chunk_chars=900))
        before = len(await person.look())
        await person.says("Write the whole program")
        await stage.settles()
        shown = (await person.look())[before:]
        said = "\n".join(one.text for one in shown)
        words, whole = WORD.findall(said), WORD.findall(CODE)
        assert "Here it is" in said
        assert "Run it with care" in said
        if files := [one.file for one in shown if one.file]:
            assert files == ["code-1.py"]
            assert 10 < len(words) < len(whole)
        assert words == (whole[: len(words)] if files else whole)
