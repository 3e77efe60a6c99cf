"""`save_brief`: what an order specialist has learnt from the user, checked field by field."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model, with_config
from typing_extensions import TypedDict

from bot.domain.errors import Refused
from bot.domain.specialist import BriefField
from specialists.brief import answers, choices, missing, question
from specialists.tools.call import Audience, Call
from specialists.tools.tool import Arguments, Result, tool, where_acting


def _where_there_is_a_brief(call: Call) -> bool:
    return where_acting(call) and bool(call.specialist.brief)


def _brief_of(audience: Audience) -> type[BaseModel]:
    """A key for each of the specialist's fields, all of them optional, as answers come one by one.

    They are keys of a dictionary, since no name of an attribute is free to be called `copy` or `json`.
    """
    fields = {field.name: _kind(field, audience.locale) for field in audience.specialist.brief}
    keys = TypedDict("brief", fields, total=False)  # type: ignore[misc]  # known only now
    values: Any = with_config(ConfigDict(extra="forbid"))(keys)
    given = Annotated[values, Field(description="New or changed answers; those that were saved before are kept.")]
    complete = Annotated[bool, Field(description="The user has confirmed the brief and nothing is missing.")]
    return create_model("save_brief", __base__=Arguments, values=(given, ...), complete=(complete, False))


def _kind(field: BriefField, locale: str) -> object:
    required = "Required." if field.required else "Optional."
    description = f"{question(field, locale)} {required}"
    match field.kind:
        case "text":
            text = Field(description=description, min_length=1, max_length=field.max_chars)
            return Annotated[str, text]
        case "number":
            number = Field(description=description, ge=field.least, le=field.most, allow_inf_nan=False)
            return Annotated[float, number]
        case "choice":
            return Annotated[Literal[choices(field, locale)], Field(description=description)]


@tool(offered=_where_there_is_a_brief, arguments=_brief_of)
async def save_brief(call: Call, values: Mapping[str, str | float], complete: bool) -> Result:
    """Keep the answers of the user to the questions of the brief. Use it after every few answers.

    Ask for what is missing one question at a time. When all is there, sum it up, and after the user's yes save it
    with `complete`.
    """
    new = {field.name: _kept(field, values[field.name], call.locale) for field in _fields(call) if field.name in values}
    everything = await _saved(call) | new
    if not everything:
        raise Refused("There is no answer to save yet.")
    lacking = missing(_fields(call), everything)
    if complete and lacking:
        raise Refused(f"Nothing was saved: the brief is not complete yet. Ask for: {', '.join(lacking)}.")
    await call.acting().save_brief(everything, complete=complete)
    return {"saved": {**everything}, "still_missing": [*lacking], "complete": complete}


def _fields(call: Call) -> tuple[BriefField, ...]:
    return call.specialist.brief


async def _saved(call: Call) -> dict[str, str]:
    """What was answered earlier in this thread."""
    async with call.store.begin() as tx:
        brief = await tx.briefs.of_thread(call.thread, call.specialist.name)
    known = {field.name for field in _fields(call)}
    return {name: value for name, value in answers(brief.values if brief else {}).items() if name in known}


def _kept(field: BriefField, value: str | float, locale: str) -> str:
    """As a brief keeps it: a choice by its English label, a number as bare digits."""
    match value:
        case str() if field.kind == "choice":
            return choices(field, "en")[choices(field, locale).index(value)]
        case str():
            return value
        case _:
            return f"{value:.15f}".rstrip("0").rstrip(".")
