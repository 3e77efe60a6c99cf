"""A user finds out who is there and chooses who answers."""

from pathlib import Path

import pytest

from bot.commands.names import MENU, NAMES, RESERVED
from tests.stories.commanding import labels, presses, says
from tests.stories.stage import Stage, set_stage, texts


async def test_start_welcomes_with_the_whole_team_as_buttons(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    welcome = await says(stage, ann, "/start")
    assert "Hello, Ann!" in welcome
    team = stage.board.team.all()
    assert labels(ann.private.replies[-1]) == [f"{one.emoji} {one.title}".strip() for one in team]


async def test_a_deep_link_chooses_a_specialist_who_says_hello_with_starters(stage: Stage) -> None:
    ann = stage.tg.user("Ann", language_code="ru")
    curator = stage.board.team.get("curator")
    assert curator is not None
    shown = curator.localised("ru")
    hello = await says(stage, ann, "/start curator")
    assert shown.title in hello
    assert shown.description in hello
    assert labels(ann.private.replies[-1])[0] == shown.starters[0]
    await presses(stage, ann, shown.starters[0])
    assert stage.engine.prompts[-1].specialist.name == "curator"
    assert stage.engine.prompts[-1].text == shown.starters[0]


async def test_the_menu_marks_who_answers_and_a_button_changes_it(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "/specialists")
    mentor = stage.board.team.get("mentor")
    assert mentor is not None
    assert f"{mentor.title} is with you now" in await presses(stage, ann, f"{mentor.emoji} {mentor.title}")
    marked = [line for line in (await says(stage, ann, "/specialists")).splitlines() if "✓" in line]
    assert [mentor.title in line for line in marked] == [True]
    await says(stage, ann, "good morning to you")
    assert stage.engine.prompts[-1].specialist.name == "mentor"


@pytest.mark.parametrize(
    "command", ["/mentor", "/MENTOR", "/specialist mentor", "/specialist {title}", "/start mentor"]
)
async def test_a_specialist_is_chosen_by_name_or_title_in_any_case(stage: Stage, command: str) -> None:
    ann, mentor = stage.tg.user("Ann"), stage.board.team.get("mentor")
    assert mentor is not None
    command = command.format(title=mentor.localised("ru").title.upper())
    assert "is with you now" in await says(stage, ann, command)
    await says(stage, ann, "good morning to you")
    assert stage.engine.prompts[-1].specialist.name == "mentor"


async def test_an_unknown_specialist_is_answered_with_those_there_are(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    assert "no specialist called “[x](y)”" in await says(stage, ann, "/specialist [x](y)")
    assert len(labels(ann.private.replies[-1])) == len(stage.board.team.all())
    assert "Hello, Ann!" in await says(stage, ann, "/start no-such-one")


async def test_an_unknown_command_gets_the_nearest_one_as_a_button(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "zebras in winter")
    assert "Did you mean /threads?" in await says(stage, ann, "/thraeds")
    assert "zebras in winter" in await presses(stage, ann, "/threads")
    assert "do not know the command /xyzzy" in await says(stage, ann, "/xyzzy")


async def test_a_team_too_large_for_one_message_is_cut_at_a_line(sqlite_url: str, tmp_path: Path) -> None:
    for number in range(40):
        name, description = f"helper-{number}", "helps with everything there is " * 8
        front = f"---\nname: {name}\ntitle: {{en: Helper {number}}}\ndescription: {{en: {description}}}\n---\n"
        (tmp_path / f"{name}.md").write_text(f"{front}Help.\n", encoding="utf-8")
    async with set_stage(sqlite_url) as stage:
        stage.settings = stage.settings.model_copy(update={"specialists_dir": tmp_path})
        async with stage.process():
            ann = stage.tg.user("Ann")
            team = stage.tg.supergroup("Team", members=[ann])
            shown = await says(stage, ann, "/specialists", chat=team)
            assert shown.endswith("…")
            assert 2_000 < len(shown) <= 4_096
            assert not stage.tg.violations


async def test_commands_are_known_in_any_case_and_help_names_them_all(stage: Stage) -> None:
    ann, boris = stage.tg.user("Ann"), stage.tg.user("Boris", language_code="ru")
    for user in (ann, boris):
        shown = await says(stage, user, "/HELP")
        missing = [name for name in MENU if f"/{name}" not in shown and name != "help"]
        assert not missing
    assert texts(ann.private) != texts(boris.private)


async def test_the_menu_is_published_in_both_languages(stage: Stage) -> None:
    await stage.until(lambda: len(stage.tg.commands) > 1)
    for menu in stage.tg.commands.values():
        assert [command["command"] for command in menu] == list(MENU)


async def test_every_command_is_known_in_both_languages(stage: Stage) -> None:
    ann, boris = stage.tg.user("Ann"), stage.tg.user("Boris", language_code="ru")
    for name in sorted(NAMES - {"stop"}):
        for user, unknown in ((ann, "do not know"), (boris, "не знаю команды")):
            assert unknown not in await says(stage, user, f"/{name}"), name


def test_the_menu_names_commands_and_no_command_is_free_for_a_specialist() -> None:
    assert set(MENU) <= NAMES <= RESERVED
