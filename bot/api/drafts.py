"""The source of a specialist that somebody wants to put in force, and what is wrong with it."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from bot.api.administration import Administration
from bot.api.problems import Problem
from bot.domain.errors import SettingsError
from bot.domain.specialist import Specialist
from specialists.frontmatter import FrontMatterError, parse
from specialists.persona import Rules, specialist
from specialists.registry import DEFAULT

LONGEST_CHARS = 256_000
TITLE = "The specialist's source is wrong."

_ORIGIN = "source"
_REFUSAL = re.compile(rf"{_ORIGIN}, line ([0-9]+): (.*)", re.DOTALL)


def read(source: str, name: str, rules: Rules) -> Specialist:
    """The specialist `name` that `source` describes. Problem 422 with `line` and `reason` when it is wrong."""
    try:
        made = specialist(source, name, _ORIGIN, rules)
    except SettingsError as error:
        found = _REFUSAL.fullmatch(error.detail)
        line, reason = (int(found[1]), found[2]) if found else (1, error.detail)
        raise wrong(line, reason) from error
    if name == DEFAULT and made.kind != "chat":
        raise wrong(parse(source).line_of("kind"), f"kind: the {DEFAULT} must be of the kind 'chat'")
    return made


def checked(source: str, name: str, admin: Administration) -> Specialist:
    """As `read`, and everything that it names is there: models, tools, servers."""
    made = read(source, name, admin.rules)
    page = parse(source)
    for path, check in _checks(made, admin):
        try:
            check()
        except SettingsError as error:
            raise wrong(page.line_of(*path), f"{'.'.join(map(str, path))}: {error.detail}") from error
    return made


def name_in(source: str) -> str:
    """What the source calls its specialist; empty when it does not say."""
    try:
        name = parse(source).fields.get("name")
    except FrontMatterError as error:
        raise wrong(error.line, error.reason) from error
    return name if isinstance(name, str) else ""


def wrong(line: int, reason: str) -> Problem:
    return Problem(422, TITLE, f"line {line}: {reason}", line=line, reason=reason)


def _checks(made: Specialist, admin: Administration) -> Iterator[tuple[tuple[str | int, ...], Callable[[], None]]]:
    """Where something is named, and how to see whether it is there."""
    if made.model:
        yield ("model",), partial(admin.check_model, made.model)
    for number, name in enumerate(made.fallback_models):
        yield ("fallback_models", number), partial(admin.check_model, name)
    yield ("mcp_servers",), partial(admin.check, made)
