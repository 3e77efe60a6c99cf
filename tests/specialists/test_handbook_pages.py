"""What the shipped handbook names is really there, in both languages."""

import re
from pathlib import Path

import pytest

from adapters.slack.address import UMBRELLA
from bot.cli import main
from bot.commands.names import NAMES
from bot.settings import Settings
from specialists.frontmatter import parse
from specialists.knowledge import read_folder

ROOT = Path(__file__).parent.parent.parent
HANDBOOK = ROOT / "specialists" / "handbook"
PAGES = sorted(path.relative_to(HANDBOOK).as_posix() for path in HANDBOOK.rglob("*.md"))
SETTINGS = {name.upper() for name in Settings.model_fields} | {"GROK_API_KEY"}
LEVELS = {"DEBUG", "INFO", "WARNING", "ERROR"}


def _code(page: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", (HANDBOOK / page).read_text(encoding="utf-8"))


def test_both_languages_have_the_same_pages_with_as_many_sections() -> None:
    def sections(language: str) -> dict[str, int]:
        return {path.name: path.read_text("utf-8").count("\n## ") for path in (HANDBOOK / language).glob("*.md")}

    assert sections("en") == sections("ru")
    assert len(sections("en")) >= 12


def test_every_page_becomes_a_document_of_its_language() -> None:
    documents = read_folder(HANDBOOK)
    assert [f"{one.locale}/{one.source.rpartition('/')[2]}" for one in documents] == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_a_title_and_whole_sections(page: str) -> None:
    parsed = parse((HANDBOOK / page).read_text(encoding="utf-8"))
    assert parsed.fields.keys() == {"title"}
    assert parsed.body.startswith("## ")
    assert all(heading.endswith((".", "?")) for heading in re.findall(r"(?m)^## (.*)$", parsed.body))


@pytest.mark.parametrize("page", PAGES)
def test_a_setting_that_is_named_exists(page: str) -> None:
    named = {name for code in _code(page) for name in re.findall(r"^([A-Z][A-Z_]{3,})(?:=.*)?$", code)}
    assert named - SETTINGS - LEVELS == set()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_settings_page_names_every_setting(language: str) -> None:
    named = set(_code(f"{language}/settings.md"))
    assert SETTINGS - named == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_command_of_the_program_that_is_named_exists(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = set(re.findall(r"(?m)^\s{4}(\w+)\s", capsys.readouterr().out))
    assert {"run", "doctor"} <= commands
    named = {match for code in _code(page) for match in re.findall(r"switchboard ([a-z]+)", code)}
    assert named - commands == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_command_of_make_that_is_named_exists(page: str) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {match for code in _code(page) for match in re.findall(r"^make ([a-z]+)", code)}
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_command_of_the_chat_that_is_named_exists(page: str) -> None:
    elsewhere = {"newbot", "setprivacy", "health", "metrics"}  # @BotFather's, and addresses of our own server
    named = {match for code in _code(page) for match in re.findall(r"^/([a-z]+)(?:@\w+)?$", code)}
    assert named - NAMES - {UMBRELLA} - elsewhere == set()
