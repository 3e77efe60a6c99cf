"""A good file becomes a specialist; a bad one is refused with file, line and reason."""

from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from specialists.registry import Registry

TEAM = Path(__file__).parent.parent.parent / "specialists" / "team"
FRONT = {"name": "concierge", "title": "Concierge", "description": "Answers."}


def _file(folder: Path, *lines: str, name: str = "concierge", body: str = "Be kind.") -> Path:
    path = folder / f"{name}.md"
    path.write_text("\n".join(("---", *lines, "---", body)), encoding="utf-8")
    return path


def _front(**fields: str) -> list[str]:
    return [f"{name}: {value}" for name, value in {**FRONT, **fields}.items()]


def test_the_shipped_team_is_in_order() -> None:
    registry = Registry.load(TEAM)
    concierge = registry.default
    assert concierge.name == "concierge"
    assert concierge.knowledge == ("handbook",)
    assert registry.get("concierge") is concierge
    assert registry.all()[0] is concierge
    assert "concierge of Switchboard" in concierge.instructions


def test_users_see_a_specialist_in_their_language() -> None:
    concierge = Registry.load(TEAM).default
    assert concierge.localised("ru").title == "Консьерж"
    assert concierge.localised("ru").starters[0] == "Что такое Switchboard?"
    assert concierge.localised("ru").instructions == concierge.instructions
    assert concierge.localised("de") == concierge


def test_a_file_that_speaks_only_english_is_enough(tmp_path: Path) -> None:
    _file(tmp_path, *_front(starters="['Hello?']"))
    concierge = Registry.load(tmp_path).default
    assert (concierge.title, concierge.starters) == ("Concierge", ("Hello?",))
    assert concierge.localised("ru").title == "Concierge"


def test_a_dropped_file_joins_the_team_and_replaces_its_namesake(tmp_path: Path) -> None:
    _file(tmp_path, *_front(), body="My own words.")
    _file(tmp_path, *_front(name="lawyer", title="Lawyer"), name="lawyer")
    (tmp_path / "README.md").write_text("About this folder", encoding="utf-8")
    registry = Registry.load(TEAM, tmp_path)
    assert [one.name for one in registry.all()] == ["concierge", "lawyer"]
    assert registry.default.instructions == "My own words."


def test_nobody_is_found_under_an_unknown_name() -> None:
    assert Registry.load(TEAM).get("nobody") is None


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        (_front(colour="red"), r"line 5: colour: Extra inputs"),
        (_front(kind="robot"), r"line 5: kind: Input should be 'chat' or 'order'"),
        (_front(title="{ru: Консьерж}"), r"line 3: title: English \(en\) is missing"),
        (_front(title="{en: 5}"), r"line 3: title\.en: Input should be a valid string"),
        (_front(name="lawyer"), r"line 2: name: must be 'concierge'"),
        (_front(name="Con Cierge"), r"line 2: name: String should match"),
        (_front(model="gpt"), r"line 5: model: String should match"),
        (_front(interrupt="maybe"), r"line 5: interrupt: Input should be a valid boolean"),
        (_front(examples="[ok, '']"), r"line 5: examples\.1: String should have at least 1"),
        (["name: concierge", "title: x"], r"line 1: description: Field required"),
        ([*_front(), "name: concierge"], r"line 5: name is there twice"),
        ([*_front(), "emoji: [x"], r"line 6: "),
        (_front(examples="&a [x, y]", starters="*a"), r"line 6: aliases"),
        ([*_front(), "emoji: !!python/object:os.system x"], r"line 5: could not determine a constructor"),
        (["- a list"], r"line 2: the front matter must be fields"),
        ([], r"line 1: the front matter is missing"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, lines: list[str], refusal: str) -> None:
    _file(tmp_path, *lines)
    with pytest.raises(SettingsError, match=rf"concierge\.md, {refusal}"):
        Registry.load(tmp_path)


def test_a_file_without_instructions_is_refused(tmp_path: Path) -> None:
    _file(tmp_path, *_front(), body=" \n")
    with pytest.raises(SettingsError, match="line 6: the instructions below"):
        Registry.load(tmp_path)


def test_a_front_matter_that_never_ends_is_refused(tmp_path: Path) -> None:
    (tmp_path / "concierge.md").write_text("---\nname: concierge\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="no closing line"):
        Registry.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"---\n\xff\xfe", "not UTF-8"), (b"x" * 300_000, "larger than"), (b"---\n\x00: x\n---\n", "YAML")],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "concierge.md").write_bytes(content)
    with pytest.raises(SettingsError, match=reason):
        Registry.load(tmp_path)


def test_a_deeply_nested_file_is_refused_quickly(tmp_path: Path) -> None:
    _file(tmp_path, *_front(title="[" * 5_000))
    with pytest.raises(SettingsError, match=r"concierge\.md, line 3: too deeply nested"):
        Registry.load(tmp_path)


def test_a_team_without_a_concierge_is_refused(tmp_path: Path) -> None:
    _file(tmp_path, *_front(name="lawyer"), name="lawyer")
    with pytest.raises(SettingsError, match="SPECIALISTS_DIR"):
        Registry.load(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SPECIALISTS_DIR"):
        Registry.load(tmp_path / "nowhere")
