"""Files in a reply of a model: told in front of the words, looked into with tools, on every provider's wire."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.reply import Prompt, ToolStarted
from specialists.emulator import Call, ModelEmulator, Say
from specialists.tools import shipped
from specialists.tools.toolbox import Toolbox, tools_of
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.specialists.minds import CLAUDE, WIRES, Stage, a_stage, prompt
from tests.specialists.shelving import Shelf, pages, sheet

FILE_TOOLS = {"search_files", "read_file", "compute_column"}


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def shelf(store: Store) -> Shelf:
    return await Shelf.open(store)


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    clock = ManualClock()
    toolbox = Toolbox(tools_of(shipped), store=store, clock=clock, team=tuple)
    async with a_stage(clock) as made:
        made.toolsets = toolbox.toolsets
        yield made
    await toolbox.close()


def about(shelf: Shelf, text: str) -> Prompt:
    return replace(prompt(text), **shelf.told())


def machine(stage: Stage, wire: str) -> ModelEmulator:
    return stage.second if wire == CLAUDE else stage.first


@pytest.mark.parametrize("wire", WIRES)
async def test_a_short_document_stands_before_the_words(stage: Stage, shelf: Shelf, wire: str) -> None:
    await shelf.put("report.pdf", *pages("One.", "Two.", "Eleven cranes."), is_new=True, short=True)
    machine(stage, wire).then(Say("Eleven (report.pdf, page 3)."))
    told = await stage.hear(about(shelf, "How many cranes?"), wire)
    assert told.text == "Eleven (report.pdf, page 3)."
    (asked,) = machine(stage, wire).asked
    role, text = asked.messages[-1]
    assert role == "user"
    assert text.index("[page 3]\nEleven cranes.") < text.index("How many cranes?")
    assert "report.pdf, page 3" in asked.system
    assert set(asked.tools) == FILE_TOOLS - {"compute_column"}


@pytest.mark.parametrize("wire", WIRES)
async def test_a_long_one_is_looked_into(stage: Stage, shelf: Shelf, wire: str) -> None:
    await shelf.put("book.pdf", *pages(*["Nothing."] * 40, "Eleven cranes."), is_new=True)
    models = machine(stage, wire)
    models.then(Call("search_files", {"query": "cranes"}))
    models.then(Call("read_file", {"file": "book.pdf", "first": 41}))
    models.then(Say("Eleven."))
    told = await stage.hear(about(shelf, "How many cranes?"), wire)
    assert told.text == "Eleven."
    assert [event.title for event in told.of(ToolStarted)] == ["tool-search-files", "tool-read-file"]
    results = [text for role, text in models.asked[-1].messages if role == "tool"]
    assert all('"cite": "book.pdf, page 41"' in text and "Eleven cranes." in text for text in results)


@pytest.mark.parametrize("wire", WIRES)
async def test_a_column_is_computed_for_a_model(stage: Stage, shelf: Shelf, wire: str) -> None:
    await shelf.put("budget.xlsx", sheet("Budget", "Item | Amount", "Paint | 0.1", "Tar | 0.2", "Total | 0.3"))
    models = machine(stage, wire)
    models.then(Call("compute_column", {"column": "B", "operation": "sum"}))
    models.then(Say("0.3"))
    await stage.hear(about(shelf, "Sum column B"), wire)
    assert set(models.asked[0].tools) == FILE_TOOLS
    result = models.asked[-1].messages[-1][1]
    assert '"result": "0.3", "cite": "budget.xlsx, sheet Budget, column B, rows 2–3"' in result


async def test_without_files_nothing_is_told_of_them(stage: Stage) -> None:
    stage.first.then(Say("Hi."))
    await stage.hear(prompt("Hello"))
    (asked,) = stage.first.asked
    assert asked.messages[-1] == ("user", "Hello")
    assert not asked.tools
    assert "report.pdf" not in asked.system
