"""Files that mean harm are refused or read as plain data, and the next file is none the worse for it.

Most are looked into in this process, by the function that the sandboxed one calls: a process for each would take a
minute. Those that are meant to exhaust a machine go through the sandbox, in `test_workshop`.
"""

from collections import Counter

import pytest

from bot.documents.findings import REASONS, DocumentFound, Finding, PictureFound, SpeechFound
from bot.domain.errors import FileRefused
from tests.documents.conftest import Look, Refuse
from tests.fakes import papers
from tests.fakes.hostile import Hostile, good_files, hostile_files

EXHAUSTING = ("repeated.ods",)
GROUPS = 4
"""So that the suite's processes share them."""


def outcome(look: Look, name: str, content: bytes) -> Finding | str:
    try:
        return look(name, content)
    except FileRefused as refused:
        return refused.reason


def is_plain_data(found: Finding) -> bool:
    match found:
        case DocumentFound(extract):
            text = "".join(part.text for part in extract.parts)
            return 0 < len(text) <= 2_000_000 and "\0" not in text and bool(text.encode())
        case PictureFound(content, media_type):
            return media_type in ("image/jpeg", "image/png") and len(content) <= 1_500_000
        case SpeechFound(path, _, seconds):
            return path.stat().st_size > 0 and 0 < seconds <= 600


def test_there_are_enough_of_them() -> None:
    every = hostile_files()
    names = Counter(hostile.name for hostile in every)
    assert len(every) >= 200
    assert not [name for name, count in names.items() if count > 1]


def test_good_files_are_the_same_in_every_run() -> None:
    assert good_files() == good_files()


@pytest.mark.parametrize("group", range(GROUPS))
def test_none_does_any_harm(look: Look, group: int) -> None:
    wrong: list[tuple[Hostile, object]] = []
    for hostile in hostile_files()[group::GROUPS]:
        if hostile.name in EXHAUSTING:
            continue
        found = outcome(look, hostile.name, hostile.content)
        fits = found in REASONS if isinstance(found, str) else is_plain_data(found)
        if not fits or hostile.reason not in ("", found):
            wrong.append((hostile, found))
    assert not wrong
    for name, content in good_files().items():
        found = outcome(look, name, content)
        assert not isinstance(found, str), (name, found)
        assert is_plain_data(found)


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "pptx"])
def test_nothing_from_outside_comes_in(look: Look, suffix: str) -> None:
    good = {"docx": papers.word("Hello"), "xlsx": papers.workbook({"One": [["a"]]}), "pptx": papers.slides(("a", "b"))}
    part = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}[suffix]
    link = '<Relationships><Relationship Id="x" TargetMode="External" Target="file:///etc/passwd"/></Relationships>'
    folder, _, name = part.rpartition("/")
    found = outcome(look, f"a.{suffix}", papers.with_members(good[suffix], {f"{folder}/_rels/{name}.rels": link}))
    assert "root:" not in repr(found)


def test_a_lying_directory_does_not_help(refuse: Refuse) -> None:
    lying = next(hostile for hostile in hostile_files() if hostile.name == "lying-bomb.xlsx")
    assert len(lying.content) < 100_000
    assert refuse(lying.name, lying.content) == "file-expands"


def test_a_script_is_source_code_only_under_the_name_of_one(look: Look, refuse: Refuse) -> None:
    script = b"#!/bin/sh\necho hello\n"
    assert isinstance(look("hello.sh", script), DocumentFound)
    assert refuse("hello.png", script) == "file-disguised"


def test_a_macro_workbook_without_macros_is_still_one(refuse: Refuse) -> None:
    book = papers.workbook({"One": [["a"]]})
    types = papers.member(book, "[Content_Types].xml").decode()
    plain = "openxmlformats-officedocument.spreadsheetml.sheet.main"
    assert plain in types
    changed = types.replace(f"application/vnd.{plain}", "application/vnd.ms-excel.sheet.macroEnabled.main")
    assert refuse("a.xlsx", papers.with_members(book, {"[Content_Types].xml": changed})) == "file-macros"
