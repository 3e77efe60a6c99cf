"""One specialist's file: what may stand in its front matter, and what is refused, with line and reason."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from bot.domain.errors import SettingsError
from bot.domain.specialist import BriefField, Effort, Escalation, Specialist, Translation
from specialists.frontmatter import FrontMatterError, Page, parse

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
_Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
_Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
_Field = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
_Tool = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Model = Annotated[str, StringConstraints(pattern=r"^(handbook|[a-z][a-z0-9-]*:\S+)?$", max_length=200)]
_Amount = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a file alone cannot know."""

    reserved: frozenset[str] = frozenset()
    """Names of commands; a specialist is called with `/name`, so it may have none of them."""
    tools: frozenset[str] | None = None
    """Names of the tools there are; None where nobody knows them."""

    @classmethod
    def of(cls, reserved: Collection[str] = (), tools: Collection[str] | None = None) -> "Rules":
        return cls(frozenset(reserved), None if tools is None else frozenset(tools))


def specialist(text: str, name: str, origin: str, rules: Rules) -> Specialist:
    """The specialist `name` that the file `text` describes.

    SettingsError `origin, line N: reason` when it is wrong.
    """
    try:
        page = parse(text)
    except FrontMatterError as error:
        raise refusal(origin, error.line, error.reason) from error
    if not page.fields:
        raise refusal(origin, 1, "the front matter is missing: begin the file with '---', fields and '---'")
    try:
        front = _Front.model_validate(page.fields)
    except ValidationError as error:
        raise _first_of(error, origin, page) from error
    if front.name != name:
        raise refusal(origin, page.line_of("name"), f"name: must be {name!r}, like the file")
    _check_against(rules, front, origin, page)
    instructions = page.body.strip()
    if not instructions:
        raise refusal(origin, page.body_line, "the instructions below the front matter are missing")
    return _made(front, instructions)


def refusal(origin: str, line: int, reason: str) -> SettingsError:
    return SettingsError(f"{origin}, line {line}: {reason}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Escalation(_Strict):
    keywords: list[_Line] = Field(default_factory=list, max_length=200)
    confidence_below: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None


class _BriefField(_Strict):
    name: _Field
    question: dict[_Language, _Line]
    kind: Literal["text", "choice", "number"] = "text"
    required: bool = True
    choices: dict[_Language, list[_Label]] = Field(default_factory=dict)
    max_chars: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    least: _Amount | None = None
    most: _Amount | None = None

    @field_validator("question", "choices", mode="before")
    @classmethod
    def _plain_is_english(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"en": value}

    @field_validator("question")
    @classmethod
    def _english_is_there(cls, value: dict[str, str]) -> dict[str, str]:
        _require_english(value)
        return value

    @field_validator("choices")
    @classmethod
    def _choices_match(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        if not value:
            return value
        _require_english(value)
        english = value["en"]
        for language, choices in value.items():
            if len(choices) != len(english):
                raise _wrong(f"{language} has {len(choices)} choices, English has {len(english)}")
            _refuse_twins([choice.casefold() for choice in choices], choices)
        if not 2 <= len(english) <= 20:
            raise _wrong("there must be 2 to 20 choices")
        return value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "_BriefField":
        if (self.kind == "choice") != bool(self.choices):
            raise _wrong("a choice needs choices" if self.kind == "choice" else f"a {self.kind} has no choices")
        if self.kind != "number" and (self.least, self.most) != (None, None):
            raise _wrong(f"a {self.kind} has no least and most")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise _wrong("least is greater than most")
        return self


class _Front(_Strict):
    """Front matter of a specialist's file. What users see may be given per language: `title: {en: …, ru: …}`."""

    name: _Id
    title: dict[_Language, _Title]
    description: dict[_Language, _Line]
    emoji: Annotated[str, StringConstraints(max_length=16)] = ""
    kind: Literal["chat", "order"] = "chat"
    model: _Model = ""
    fallback_models: list[Annotated[_Model, StringConstraints(min_length=1)]] = Field(
        default_factory=list, max_length=10
    )
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    effort: Effort | None = None
    tools: list[_Tool] = Field(default_factory=list, max_length=50)
    mcp_servers: list[_Id] = Field(default_factory=list, max_length=20)
    knowledge: list[_Id] = Field(default_factory=list, max_length=20)
    vocabulary: list[_Line] = Field(default_factory=list, max_length=200)
    examples: list[_Line] = Field(default_factory=list, max_length=200)
    starters: dict[_Language, list[_Line]] = Field(default_factory=dict)
    escalation: _Escalation = _Escalation()
    daily_quota: Annotated[int, Field(ge=1)] | None = None
    price: Annotated[int, Field(ge=0, le=100_000)] | None = None
    brief: list[_BriefField] = Field(default_factory=list, max_length=30)
    interrupt: bool = False

    @field_validator("title", "description", "starters", mode="before")
    @classmethod
    def _plain_is_english(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"en": value}

    @field_validator("title", "description")
    @classmethod
    def _english_is_there(cls, value: dict[str, str]) -> dict[str, str]:
        _require_english(value)
        return value

    @field_validator("fallback_models", "tools", "mcp_servers", "knowledge")
    @classmethod
    def _nothing_is_there_twice(cls, value: list[str]) -> list[str]:
        _refuse_twins(value, value)
        return value

    @field_validator("brief")
    @classmethod
    def _fields_have_names_of_their_own(cls, value: list[_BriefField]) -> list[_BriefField]:
        names = [field.name for field in value]
        _refuse_twins(names, names)
        if value and not any(field.required for field in value):
            raise _wrong("at least one field must be required")
        return value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "_Front":
        if self.kind == "order" and not self.brief:
            raise _wrong("an order needs a brief: what must be known before the work can begin")
        if self.kind == "chat" and (self.brief or self.price is not None):
            raise _wrong("only an order has a brief and a price")
        return self


def _wrong(reason: str) -> PydanticCustomError:
    """Braces would be taken for a template of the error's context; no reason of ours has any."""
    return PydanticCustomError("wrong", "{reason}", {"reason": reason})


def _require_english(languages: Collection[str]) -> None:
    if "en" not in languages:
        raise _wrong("English (en) is missing")


def _refuse_twins(keys: Sequence[Hashable], shown: Sequence[str]) -> None:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            raise _wrong(f"{shown[number]} is there twice")


def _first_of(error: ValidationError, origin: str, page: Page) -> SettingsError:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    reason = f"{field}: {first['msg']}" if field else first["msg"]
    # A rule about the kind stands at no field of its own.
    line = page.line_of(*first["loc"]) if field else page.line_of("kind")
    return refusal(origin, line, reason)


def _check_against(rules: Rules, front: _Front, origin: str, page: Page) -> None:
    if rules.reserved & {front.name, front.name.replace("-", "_")}:
        raise refusal(origin, page.line_of("name"), f"name: /{front.name} is a command, choose another name")
    if rules.tools is None:
        return
    for number, name in enumerate(front.tools):
        if name not in rules.tools:
            reason = f"tools.{number}: there is no tool {name!r}; there are {', '.join(sorted(rules.tools)) or 'none'}"
            raise refusal(origin, page.line_of("tools", number), reason)


def _made(front: _Front, instructions: str) -> Specialist:
    languages = sorted((front.title.keys() | front.description.keys() | front.starters.keys()) - {"en"})
    return Specialist(
        name=front.name,
        title=front.title["en"],
        description=front.description["en"],
        instructions=instructions,
        emoji=front.emoji,
        kind=front.kind,
        model=front.model,
        fallback_models=tuple(front.fallback_models),
        temperature=front.temperature,
        top_p=front.top_p,
        max_tokens=front.max_tokens,
        effort=front.effort,
        tools=tuple(front.tools),
        mcp_servers=tuple(front.mcp_servers),
        vocabulary=tuple(front.vocabulary),
        escalation=Escalation(tuple(front.escalation.keywords), front.escalation.confidence_below),
        daily_quota=front.daily_quota,
        price=front.price,
        brief=tuple(_brief_field(field) for field in front.brief),
        knowledge=tuple(front.knowledge),
        examples=tuple(front.examples),
        starters=tuple(front.starters.get("en", ())),
        interrupt=front.interrupt,
        translations=tuple(_translation(front, language) for language in languages),
    )


def _brief_field(field: _BriefField) -> BriefField:
    return BriefField(
        name=field.name,
        question=tuple(field.question.items()),
        kind=field.kind,
        required=field.required,
        choices=tuple((language, tuple(choices)) for language, choices in field.choices.items()),
        max_chars=field.max_chars,
        least=field.least,
        most=field.most,
    )


def _translation(front: _Front, language: str) -> Translation:
    return Translation(
        locale=language,
        title=front.title.get(language, ""),
        description=front.description.get(language, ""),
        starters=tuple(front.starters.get(language, ())),
    )
