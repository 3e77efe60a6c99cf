"""Every language says everything, and the code asks only for what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax.ast import BaseNode, Junk, Message, VariableReference
from fluent.syntax.visitor import Visitor

from bot.domain.errors import SettingsError, SwitchboardError
from bot.texts import Texts

ROOT = Path(__file__).parent.parent
LOCALES = ROOT / "bot" / "locales"
_SAID = re.compile(r"""\.say\(\s*[^,()]+(?:\([^()]*\))?[^,()]*,\s*"([a-z][a-z0-9-]*)\"""")


class _Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)


def _entries(language: str) -> Iterator[Message]:
    for path in sorted((LOCALES / language).glob("*.ftl")):
        for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body:
            assert not isinstance(entry, Junk), f"{path}: {entry.content}"
            if isinstance(entry, Message):
                yield entry


def _variables(node: BaseNode) -> frozenset[str]:
    visitor = _Variables()
    visitor.visit(node)
    return frozenset(visitor.names)


def _keys(language: str) -> dict[str, frozenset[str]]:
    return {entry.id.name: _variables(entry) for entry in _entries(language)}


def _code() -> dict[Path, str]:
    folders = ("bot", "adapters", "specialists", "storage")
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return {path: path.read_text(encoding="utf-8") for path in paths}


def _errors(error: type[SwitchboardError] = SwitchboardError) -> Iterator[type[SwitchboardError]]:
    yield error
    for child in error.__subclasses__():
        yield from _errors(child)


@pytest.fixture
def texts() -> Texts:
    return Texts(LOCALES)


def _folder(tmp_path: Path, **files: str) -> Path:
    for language, source in files.items():
        (tmp_path / language).mkdir()
        (tmp_path / language / "chat.ftl").write_text(source, encoding="utf-8")
    return tmp_path


def test_english_and_russian_are_there_and_english_is_first(texts: Texts) -> None:
    assert texts.languages == ("en", "ru")


@pytest.mark.parametrize("language", [path.name for path in sorted(LOCALES.iterdir())])
def test_a_language_has_the_same_keys_and_variables_as_english(language: str) -> None:
    assert _keys(language) == _keys("en")


@pytest.mark.parametrize("language", [path.name for path in sorted(LOCALES.iterdir())])
def test_no_key_is_defined_twice(language: str) -> None:
    names = [entry.id.name for entry in _entries(language)]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("language", [path.name for path in sorted(LOCALES.iterdir())])
def test_every_text_can_be_said_without_gaps(texts: Texts, language: str) -> None:
    for key, variables in _keys(language).items():
        text = texts.say(language, key, **dict.fromkeys(variables, "X"))
        assert text.strip()
        assert not re.search(r"[{}\u2066-\u2069]|\?\?\?", text), key


def test_every_error_of_the_tree_has_its_sentence(texts: Texts) -> None:
    for error in _errors():
        for language in texts.languages:
            assert texts.say(language, error.sentence).endswith(".")


def test_every_key_the_code_says_exists() -> None:
    known = _keys("en")
    said = {(path.name, key) for path, code in _code().items() for key in _SAID.findall(code)}
    assert [(file, key) for file, key in sorted(said) if key not in known] == []


def test_no_key_is_left_unused() -> None:
    code = "\n".join(_code().values())
    literals = set(re.findall(r'"([a-z][a-z0-9-]*)"', code))
    families = tuple(re.findall(r'f"([a-z][a-z0-9-]*-)\{', code))
    referenced = set(
        re.findall(r"\{ ([a-z][a-z0-9-]*) \}", "".join(path.read_text() for path in LOCALES.rglob("*.ftl")))
    )
    assert [key for key in _keys("en") if key not in literals | referenced and not key.startswith(families)] == []


def test_a_tag_finds_its_language_and_an_unknown_one_english(texts: Texts) -> None:
    tags = ("ru", "ru-RU", "RU_ru", "ru-Cyrl-RU", "en-GB", "de", "", "-", "rus", "\ud800", "x" * 10_000)
    assert [texts.match(tag) for tag in tags] == ["ru"] * 4 + ["en"] * 7


def test_an_unknown_locale_hears_english(texts: Texts) -> None:
    assert texts.say("de-AT", "thinking") == texts.say("en", "thinking")


def test_a_text_missing_in_a_language_is_said_in_english(tmp_path: Path) -> None:
    texts = Texts(_folder(tmp_path, en="hello = Hello\n", de="bye = Tschüss\n"))
    assert texts.say("de", "hello") == "Hello"


def test_a_new_folder_is_a_new_language(tmp_path: Path) -> None:
    texts = Texts(_folder(tmp_path, en="hello = Hello\n", de="hello = Hallo { $name }\n"))
    assert texts.languages == ("en", "de")
    assert texts.say("de-CH", "hello", name="Heidi") == "Hallo Heidi"


def test_an_unknown_key_is_a_mistake_in_the_code(texts: Texts) -> None:
    with pytest.raises(KeyError):
        texts.say("ru", "no-such-key")


def test_a_missing_argument_is_a_mistake_in_the_code(texts: Texts) -> None:
    with pytest.raises(KeyError, match="name"):
        texts.say("en", "unknown-command")


def test_what_a_user_typed_is_said_back_cut_and_not_interpreted(texts: Texts) -> None:
    assert "/{ $name }" in texts.say("en", "unknown-command", name="{ $name }")
    assert len(texts.say("ru", "unknown-command", name="x" * 100_000)) < 1_200


def test_a_nameless_user_is_greeted_without_a_gap(texts: Texts) -> None:
    assert texts.say("en", "welcome", name="").startswith("Hello! 👋 I am")
    assert texts.say("ru", "welcome", name="Анна").startswith("Здравствуйте, Анна! 👋 Это")


def test_a_broken_file_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"chat\.ftl, line 2"):
        Texts(_folder(tmp_path, en="hello = Hello\nbroken { = x\n"))


def test_a_folder_without_english_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="English"):
        Texts(_folder(tmp_path, de="hello = Hallo\n"))
