"""A good file becomes a specialist; a bad one is refused with file, line and reason."""

from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.domain.specialist import BriefField, Escalation
from specialists.registry import Registry

TEAM = Path(__file__).parent.parent.parent / "specialists" / "team"
FRONT = {"name": "concierge", "title": "Concierge", "description": "Answers."}


def _file(folder: Path, *lines: str, name: str = "concierge", body: str = "Be kind.") -> Path:
    path = folder / f"{name}.md"
    path.write_text("\n".join(("---", *lines, "---", body)), encoding="utf-8")
    return path


def _front(**fields: str) -> list[str]:
    return [f"{name}: {value}" for name, value in {**FRONT, **fields}.items()]


def _brief(field: str) -> list[str]:
    return [*_front(kind="order"), "brief:", f"- {field}"]


def _choice(choices: str) -> list[str]:
    return _brief(f"{{name: who, question: Who, kind: choice, choices: {choices}}}")


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
    assert registry.all()[0].name == "concierge"
    assert {one.name for one in registry.all()} == {one.name for one in Registry.load(TEAM).all()} | {"lawyer"}
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
        (_front(fallback_models="['a:b', 'a:b']"), r"line 5: fallback_models: a:b is there twice"),
        (_front(fallback_models="['']"), r"line 5: fallback_models\.0: String should have at least 1"),
        (_front(temperature="2.1"), r"line 5: temperature: Input should be less than or equal to 2"),
        (_front(temperature=".nan"), r"line 5: temperature: "),
        (_front(temperature="warm"), r"line 5: temperature: Input should be a valid number"),
        (_front(top_p="0"), r"line 5: top_p: Input should be greater than 0"),
        (_front(max_tokens="0"), r"line 5: max_tokens: Input should be greater than or equal to 1"),
        (_front(effort="huge"), r"line 5: effort: Input should be 'none', 'low', 'medium' or 'high'"),
        (_front(tools="[calculate, calculate]"), r"line 5: tools: calculate is there twice"),
        (_front(tools="[Cal-culate]"), r"line 5: tools\.0: String should match"),
        (_front(mcp_servers="docs"), r"line 5: mcp_servers: Input should be a valid list"),
        (_front(daily_quota="-1"), r"line 5: daily_quota: "),
        (_front(escalation="{confidence_below: 1.5}"), r"line 5: escalation\.confidence_below: "),
        (_front(escalation="{words: [x]}"), r"line 5: escalation\.words: Extra inputs"),
        (_front(price="5"), r"line 1: only an order has a brief and a price"),
        ([*_front(kind="chat"), "brief: [{name: who, question: Who}]"], r"line 5: only an order has a brief"),
        (_front(kind="order"), r"line 5: an order needs a brief"),
        (_brief("{name: Who, question: Who}"), r"line 7: brief\.0\.name: String should match"),
        (_brief("{name: who}"), r"line 7: brief\.0\.question: Field required"),
        (_brief("{name: who, question: {ru: Кто}}"), r"line 7: brief\.0\.question: English \(en\) is missing"),
        (_brief("{name: who, question: Who, kind: choice}"), r"line 7: brief\.0: a choice needs choices"),
        (_brief("{name: who, question: Who, choices: [a, b]}"), r"line 7: brief\.0: a text has no choices"),
        (_choice("{ru: [а, б]}"), r"line 7: brief\.0\.choices: English \(en\) is missing"),
        (_choice("{en: [a, b], ru: [а]}"), r"line 7: brief\.0\.choices: ru has 1 choices, English has 2"),
        (_choice("[a, A]"), r"line 7: brief\.0\.choices: A is there twice"),
        (_choice("[a]"), r"line 7: brief\.0\.choices: there must be 2 to 20 choices"),
        (_choice("[yes, no]"), r"line 7: brief\.0\.choices\.en\.0: Input should be a valid string"),
        (_brief("{name: who, question: Who, most: 3}"), r"line 7: brief\.0: a text has no least and most"),
        (
            _brief("{name: who, question: Who, kind: number, least: 3, most: 2}"),
            r"line 7: brief\.0: least is greater than most",
        ),
        (
            [*_brief("{name: who, question: Who}"), "- {name: who, question: Who}"],
            r"line 7: brief: who is there twice",
        ),
        (_brief("{name: who, question: Who, required: false}"), r"line 7: brief: at least one field must be required"),
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


def test_a_file_may_say_everything_there_is(tmp_path: Path) -> None:
    _file(tmp_path, *_front())
    fields = _front(
        name="tailor",
        kind="order",
        model="anthropic:big",
        fallback_models="['openai:small', handbook]",
        temperature="1",
        top_p="0.8",
        max_tokens="500",
        effort="low",
        tools="[calculate]",
        mcp_servers="[docs]",
        vocabulary="[seam, шов]",
        escalation="{keywords: [refund], confidence_below: 0.3}",
        daily_quota="20",
        price="150",
    )
    brief = [
        "brief:",
        "- {name: size, question: {en: Size, ru: Размер}, kind: number, least: 30, most: 60.5}",
        "- {name: cut, question: Cut, kind: choice, choices: {en: [slim, wide], ru: [узкий, широкий]}}",
        "- {name: wishes, question: Wishes, required: false, max_chars: 50}",
    ]
    _file(tmp_path, *fields, *brief, name="tailor")
    tailor = Registry.load(tmp_path).get("tailor")
    assert tailor is not None
    assert (tailor.model, tailor.fallback_models) == ("anthropic:big", ("openai:small", "handbook"))
    assert (tailor.temperature, tailor.top_p, tailor.max_tokens, tailor.effort) == (1.0, 0.8, 500, "low")
    assert (tailor.tools, tailor.mcp_servers, tailor.vocabulary) == (("calculate",), ("docs",), ("seam", "шов"))
    assert tailor.escalation == Escalation(("refund",), 0.3)
    assert (tailor.daily_quota, tailor.price) == (20, 150)
    cuts = (("en", ("slim", "wide")), ("ru", ("узкий", "широкий")))
    assert tailor.brief == (
        BriefField("size", (("en", "Size"), ("ru", "Размер")), "number", least=30, most=60.5),
        BriefField("cut", (("en", "Cut"),), "choice", choices=cuts),
        BriefField("wishes", (("en", "Wishes"),), required=False, max_chars=50),
    )


@pytest.mark.parametrize("name", ["new", "my-order"])
def test_nobody_may_be_called_like_a_command(tmp_path: Path, name: str) -> None:
    _file(tmp_path, *_front())
    _file(tmp_path, *_front(name=name), name=name)
    assert Registry.load(tmp_path, reserved=["help"]).get(name) is not None
    with pytest.raises(SettingsError, match=rf"line 2: name: /{name} is a command"):
        Registry.load(tmp_path, reserved=["help", "new", "my_order"])


def test_a_tool_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    _file(tmp_path, *_front(tools="[calculate, fly]"))
    assert Registry.load(tmp_path).default.tools == ("calculate", "fly")
    with pytest.raises(SettingsError, match=r"line 5: tools\.1: there is no tool 'fly'; there are calculate, dig"):
        Registry.load(tmp_path, tools=["dig", "calculate"])


def test_the_concierge_takes_no_orders(tmp_path: Path) -> None:
    _file(tmp_path, *_brief("{name: who, question: Who}"))
    with pytest.raises(SettingsError, match="concierge must be of the kind 'chat'"):
        Registry.load(tmp_path)


def _text(*lines: str, body: str = "From the catalog.") -> str:
    return "\n".join(("---", *lines, "---", body))


def test_an_entry_of_the_catalog_replaces_the_file_of_its_name() -> None:
    other, lawyer = _text(*_front(name="mentor", title="Other")), _text(*_front(name="lawyer", title="Lawyer"))
    registry = Registry.load(TEAM, entries={"mentor": other, "lawyer": lawyer})
    titles = {one.name: (one.title, one.instructions) for one in registry.all()}
    assert titles["mentor"] == ("Other", "From the catalog.")
    assert titles["lawyer"] == ("Lawyer", "From the catalog.")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("mentor", _text(*_front(name="mentor", temperature="9")), "catalog entry 'mentor', line 5: temperature: "),
        ("mentor", _text(*_front(name="other")), "catalog entry 'mentor', line 2: name: must be 'mentor'"),
        ("new", _text(*_front(name="new")), "name: /new is a command"),
        ("concierge", "no front matter", "catalog entry 'concierge', line 1: the front matter is missing"),
        ("concierge", _text(*_brief("{name: who, question: Who}")), "concierge must be of the kind 'chat'"),
        ("mentor", "x" * 300_000, "longer than"),
    ],
)
def test_a_bad_entry_is_skipped_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture, name: str, text: str, reason: str
) -> None:
    registry = Registry.load(TEAM, entries={name: text}, reserved=["new"])
    assert registry.all() == Registry.load(TEAM).all()
    assert reason in caplog.text
