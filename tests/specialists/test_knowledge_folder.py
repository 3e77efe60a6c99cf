"""A folder of Markdown becomes documents; a bad file is left out and named, and never stops the others."""

import logging
import os
from pathlib import Path

import pytest

from specialists.knowledge import FILE_BYTES, read_folder
from specialists.passages import PASSAGE_CHARS, anchor, passages
from storage.knowledge import Passage


def _write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_section_is_a_passage() -> None:
    text = "Intro.\n\n# Title\n\nAbout.\n\n## One\n\nFirst.\n\nStill first.\n\n## Two ##\n\nSecond."
    assert list(passages(text)) == [
        Passage("", "Intro."),
        Passage("Title", "About."),
        Passage("One", "First.\n\nStill first."),
        Passage("Two", "Second."),
    ]


def test_a_sub_section_knows_where_it_stands() -> None:
    text = "# Guide\n## Linux\n### Install\nUse apt.\n## Windows\n### Install\nUse the wizard.\n#### Note\nSlow."
    assert list(passages(text)) == [
        Passage("Linux › Install", "Use apt."),
        Passage("Windows › Install", "Use the wizard.\n#### Note\nSlow."),
    ]


def test_a_comment_in_code_is_no_heading() -> None:
    text = "## Setup\n```sh\n# not a heading\n\nmake run\n```\nDone."
    assert list(passages(text)) == [Passage("Setup", "```sh\n# not a heading\n\nmake run\n```\n\nDone.")]


def test_code_that_is_never_closed_is_closed_at_the_end() -> None:
    assert list(passages("Run\n~~~~\nmake")) == [Passage("", "Run\n\n~~~~\nmake\n~~~~")]


def test_code_between_lines_of_text_is_cut_whole() -> None:
    text = "\n".join(["Do this:", "```", *["make"] * 500, "```", "```py", *["run()"] * 500, "```", "Done."])
    parts = [part.text for part in passages(text)]
    assert len(parts) > 2
    assert all(part.count("```") % 2 == 0 for part in parts)
    assert "".join(parts).count("make") == 500


def test_a_long_section_is_cut_between_paragraphs() -> None:
    paragraphs = [f"{number} " + "word " * 100 for number in range(10)]
    parts = list(passages("## Long\n\n" + "\n\n".join(paragraphs)))
    assert len(parts) > 1
    assert {part.heading for part in parts} == {"Long"}
    assert all(len(part.text) <= PASSAGE_CHARS for part in parts)
    assert "\n\n".join(part.text for part in parts) == "\n\n".join(paragraphs)


def test_long_code_is_cut_into_whole_code_blocks() -> None:
    code = [f"line_{number} = {number}" for number in range(500)]
    parts = [part.text for part in passages("```python\n" + "\n".join(code) + "\n```")]
    assert len(parts) > 1
    assert all(part.startswith("```python\n") and part.endswith("\n```") for part in parts)
    assert [line for part in parts for line in part.splitlines()[1:-1]] == code


@pytest.mark.parametrize(
    "text", ["x" * 50_000, "word " * 10_000, "```\n" * 999, "~~~\n" + "y" * 9_000, "#" * 5_000, ""]
)
def test_no_text_makes_a_passage_that_is_too_long(text: str) -> None:
    assert all(0 < len(part.text) <= PASSAGE_CHARS for part in passages(text))


def test_an_anchor_is_what_a_browser_finds() -> None:
    assert anchor("How do I stop an answer?") == "how-do-i-stop-an-answer"
    assert anchor("Setup › What's new: v2") == "whats-new-v2"
    assert anchor("Как остановить ответ?") == "как-остановить-ответ"


def test_a_folder_becomes_documents(tmp_path: Path) -> None:
    _write(tmp_path, "docs/ru/prices.md", "---\ntitle: Цены\n---\n## Сколько это стоит?\n\nНисколько.")
    _write(tmp_path, "docs/plain.md", "# Plain words\n\nHello.")
    _write(tmp_path, "docs/named-by-file.md", "Hello.")
    _write(tmp_path, "docs/deep/down.md", "---\ntitle: 5\nlocale: en\n---\nHello.")
    _write(tmp_path, "docs/.hidden/secret.md", "Hello.")
    found = [(one.source, one.title, one.locale) for one in read_folder(tmp_path / "docs")]
    assert found == [
        ("docs/deep/down.md", "down", "en"),
        ("docs/named-by-file.md", "named-by-file", ""),
        ("docs/plain.md", "Plain words", ""),
        ("docs/ru/prices.md", "Цены", "ru"),
    ]


def test_bad_files_are_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    docs = tmp_path / "docs"
    _write(docs, "good.md", "Hello.")
    _write(docs, "broken.md", "---\ntitle: [\n---\nHello.")
    _write(docs, "empty.md", "## Only a heading\n")
    _write(docs, "big.md", "x" * (FILE_BYTES + 1))
    _write(docs, "picture.png", "not really")
    (docs / "binary.md").write_bytes(b"\xff\xfe\x00")
    (docs / "away.md").symlink_to(_write(tmp_path, "private.md", "Secret."))
    (docs / "loop.md").symlink_to(docs / "loop.md")
    os.mkfifo(docs / "pipe.md")
    with caplog.at_level(logging.WARNING):
        assert [one.source for one in read_folder(docs)] == ["docs/good.md"]
    said = [record.getMessage().removeprefix("left out of the knowledge: ") for record in caplog.records]
    reasons = {Path(path).name: reason for path, reason in (line.split(": ", 1) for line in said)}
    assert reasons.keys() == {"broken.md", "empty.md", "big.md", "picture.png", "binary.md", "away.md"}
    assert reasons["broken.md"].startswith("line ")
    assert reasons["away.md"] == "a link out of the folder"
