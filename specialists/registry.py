"""The team: one Markdown file per specialist, validated when the platform starts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from bot.domain.errors import SettingsError
from bot.domain.specialist import Specialist, Translation
from specialists.frontmatter import FrontMatterError, Page, parse

DEFAULT = "concierge"
_FILE_BYTES = 256_000

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
_Model = Annotated[str, StringConstraints(pattern=r"^(handbook|[a-z][a-z0-9-]*:\S+)?$")]


class _Front(BaseModel):
    """Front matter of a specialist's file. What users see may be given per language: `title: {en: …, ru: …}`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: _Id
    title: dict[_Language, _Title]
    description: dict[_Language, _Line]
    emoji: Annotated[str, StringConstraints(max_length=16)] = ""
    kind: Literal["chat", "order"] = "chat"
    model: _Model = ""
    knowledge: list[_Id] = Field(default_factory=list, max_length=20)
    examples: list[_Line] = Field(default_factory=list, max_length=200)
    starters: dict[_Language, list[_Line]] = Field(default_factory=dict)
    interrupt: bool = False

    @field_validator("title", "description", "starters", mode="before")
    @classmethod
    def _plain_is_english(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"en": value}

    @field_validator("title", "description")
    @classmethod
    def _english_is_there(cls, value: dict[str, str]) -> dict[str, str]:
        if "en" not in value:
            raise ValueError("English (en) is missing")
        return value


class Registry:
    """The specialists of the platform; immutable."""

    def __init__(self, specialists: Iterable[Specialist]) -> None:
        self._specialists: Mapping[str, Specialist] = {specialist.name: specialist for specialist in specialists}
        if DEFAULT not in self._specialists:
            raise SettingsError(f"SPECIALISTS_DIR: there is no {DEFAULT}.md, the specialist everyone meets first")

    @classmethod
    def load(cls, *folders: Path) -> "Registry":
        """Read every `*.md` of the folders; a later folder replaces specialists of the same name.

        SettingsError with file, line and reason for the first file that is wrong.
        """
        return cls(read(path) for folder in folders for path in _files(folder))

    def get(self, name: str) -> Specialist | None:
        """The specialist `name`; None when there is none (any more)."""
        return self._specialists.get(name)

    def all(self) -> tuple[Specialist, ...]:
        """Everyone: the default first, the others by name."""
        return tuple(sorted(self._specialists.values(), key=lambda one: (one.name != DEFAULT, one.name)))

    @property
    def default(self) -> Specialist:
        """Who answers when nobody was chosen."""
        return self._specialists[DEFAULT]


def read(path: Path) -> Specialist:
    """The specialist in the file `path`; SettingsError with file, line and reason when it is wrong."""
    page = _page(path)
    try:
        front = _Front.model_validate(page.fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = f"{field}: {first['msg'].removeprefix('Value error, ')}"
        raise _refusal(path, page.line_of(*first["loc"]), reason) from error
    if front.name != path.stem:
        raise _refusal(path, page.line_of("name"), f"name: must be {path.stem!r}, like the file")
    instructions = page.body.strip()
    if not instructions:
        raise _refusal(path, page.body_line, "the instructions below the front matter are missing")
    return _specialist(front, instructions)


def _specialist(front: _Front, instructions: str) -> Specialist:
    languages = sorted((front.title.keys() | front.description.keys() | front.starters.keys()) - {"en"})
    return Specialist(
        name=front.name,
        title=front.title["en"],
        description=front.description["en"],
        instructions=instructions,
        emoji=front.emoji,
        kind=front.kind,
        model=front.model,
        knowledge=tuple(front.knowledge),
        examples=tuple(front.examples),
        starters=tuple(front.starters.get("en", ())),
        interrupt=front.interrupt,
        translations=tuple(_translation(front, language) for language in languages),
    )


def _translation(front: _Front, language: str) -> Translation:
    return Translation(
        locale=language,
        title=front.title.get(language, ""),
        description=front.description.get(language, ""),
        starters=tuple(front.starters.get(language, ())),
    )


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SettingsError(f"SPECIALISTS_DIR: {folder} is not a folder")
    return sorted(path for path in folder.glob("*.md") if path.name.lower() != "readme.md")


def _page(path: Path) -> Page:
    try:
        if path.stat().st_size > _FILE_BYTES:
            raise _refusal(path, 1, f"larger than {_FILE_BYTES} bytes")
        page = parse(path.read_text(encoding="utf-8"))
    except FrontMatterError as error:
        raise _refusal(path, error.line, error.reason) from error
    except UnicodeDecodeError as error:
        raise _refusal(path, 1, "not UTF-8") from error
    except OSError as error:
        raise _refusal(path, 1, error.strerror or "cannot be read") from error
    if not page.fields:
        raise _refusal(path, 1, "the front matter is missing: begin the file with '---', fields and '---'")
    return page


def _refusal(path: Path, line: int, reason: str) -> SettingsError:
    return SettingsError(f"{path}, line {line}: {reason}")
