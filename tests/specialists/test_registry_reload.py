"""The team changes with its files while the platform runs."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from specialists.registry import Team
from tests.fakes.clock import ManualClock


class Folder:
    """A folder of specialists whose files get a new time with every change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seconds = 1_000_000_000
        self.write("concierge")

    def write(self, name: str, *, body: str = "Be kind.", fields: str = "") -> None:
        text = f"---\nname: {name}\ntitle: {name.title()}\ndescription: Answers.\n{fields}---\n{body}\n"
        self.put(name, text)

    def put(self, name: str, text: str) -> None:
        path = self.path / f"{name}.md"
        path.write_text(text, encoding="utf-8")
        self._seconds += 1
        os.utime(path, (self._seconds, self._seconds))

    def remove(self, name: str) -> None:
        (self.path / f"{name}.md").unlink()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def names(team: Team) -> list[str]:
    return [one.name for one in team.all()]


def test_nothing_is_read_again_while_nothing_changes(folder: Folder) -> None:
    team = Team(folder.path)
    before = team.default
    assert not team.reload()
    assert team.default is before


def test_a_changed_file_is_in_force_after_a_reload(folder: Folder) -> None:
    team = Team(folder.path)
    held = team.default
    folder.write("concierge", body="Be brief.")
    assert team.default.instructions == "Be kind."
    assert team.reload()
    assert team.default.instructions == "Be brief."
    assert held.instructions == "Be kind."
    assert not team.reload()


def test_a_file_that_only_was_touched_changes_nobody(folder: Folder) -> None:
    team = Team(folder.path)
    folder.write("concierge")
    assert not team.reload()


def test_files_come_and_go(folder: Folder) -> None:
    team = Team(folder.path)
    folder.write("lawyer")
    assert team.reload()
    assert names(team) == ["concierge", "lawyer"]
    folder.remove("lawyer")
    assert team.reload()
    assert team.get("lawyer") is None


def test_a_removed_file_uncovers_the_one_it_replaced(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    own = Folder(tmp_path / "own")
    own.write("concierge", body="My words.")
    team = Team(folder.path, own.path)
    assert team.default.instructions == "My words."
    own.remove("concierge")
    assert team.reload()
    assert team.default.instructions == "Be kind."


def test_a_bad_file_at_the_start_is_refused(folder: Folder) -> None:
    folder.write("lawyer", fields="temperature: 3\n")
    with pytest.raises(SettingsError, match=r"lawyer\.md, line 5: temperature"):
        Team(folder.path)


def test_a_file_that_became_bad_stays_as_it_was_and_is_told_once(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write("lawyer", body="First.")
    team = Team(folder.path)
    folder.write("lawyer", body="Second.", fields="temperature: 3\n")
    folder.write("concierge", body="Be brief.")
    assert team.reload()
    lawyer = team.get("lawyer")
    assert lawyer is not None
    assert (lawyer.instructions, team.default.instructions) == ("First.", "Be brief.")
    team.reload()
    folder.write("concierge", body="Be briefer.")
    team.reload()
    assert caplog.text.count("lawyer.md, line 5: temperature") == 1
    folder.write("lawyer", body="Third.")
    assert team.reload()
    lawyer = team.get("lawyer")
    assert lawyer is not None
    assert lawyer.instructions == "Third."


def test_a_new_file_that_is_bad_joins_when_it_is_mended(folder: Folder) -> None:
    team = Team(folder.path)
    folder.put("lawyer", "half writ")
    assert not team.reload()
    assert team.get("lawyer") is None
    folder.write("lawyer")
    assert team.reload()
    assert team.get("lawyer") is not None


def test_reserved_names_and_unknown_tools_are_refused_at_a_reload_too(folder: Folder) -> None:
    team = Team(folder.path, reserved=["new"], tools=["calculate"])
    folder.write("new")
    folder.write("lawyer", fields="tools: [fly]\n")
    folder.write("clerk", fields="tools: [calculate]\n")
    assert team.reload()
    assert names(team) == ["concierge", "clerk"]


def test_without_its_concierge_the_team_stays_as_it_was(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    team = Team(folder.path)
    folder.remove("concierge")
    folder.write("lawyer")
    assert not team.reload()
    assert not team.reload()
    assert names(team) == ["concierge"]
    assert caplog.text.count("there is no concierge.md") == 1
    folder.write("concierge", body="Back.")
    assert team.reload()
    assert names(team) == ["concierge", "lawyer"]


def test_a_folder_that_vanished_changes_nobody(
    folder: Folder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "own").mkdir()
    own = Folder(tmp_path / "own")
    own.write("lawyer")
    team = Team(folder.path, own.path)
    own.path.rename(tmp_path / "away")
    assert not team.reload()
    assert not team.reload()
    assert names(team) == ["concierge", "lawyer"]
    assert caplog.text.count("is not a folder") == 1


def test_entries_of_the_catalog_are_adopted_and_dropped_while_running(folder: Folder) -> None:
    folder.write("lawyer", body="From the file.")
    team = Team(folder.path)
    entry = "---\nname: lawyer\ntitle: Lawyer\ndescription: Explains.\n---\nFrom the catalog."
    assert team.adopt({"lawyer": entry})
    assert not team.adopt({"lawyer": entry})
    folder.write("lawyer", body="A new file.")
    assert not team.reload()
    lawyer = team.get("lawyer")
    assert lawyer is not None
    assert lawyer.instructions == "From the catalog."
    assert team.adopt({})
    lawyer = team.get("lawyer")
    assert lawyer is not None
    assert lawyer.instructions == "A new file."


async def test_a_watched_team_follows_its_files(folder: Folder) -> None:
    clock = ManualClock()
    team = Team(folder.path)
    watching = asyncio.create_task(team.watch(clock, every_seconds=2.0))
    await clock.advance(1)
    folder.write("concierge", body="Be brief.")
    await clock.until(lambda: team.default.instructions == "Be brief.", within_seconds=10)
    folder.write("lawyer")
    await clock.until(lambda: team.get("lawyer") is not None, within_seconds=10)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
