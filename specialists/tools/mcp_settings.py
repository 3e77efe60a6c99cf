"""What `MCP_SERVERS` says, checked."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from bot.domain.errors import SettingsError

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
_ToolName = Annotated[str, StringConstraints(min_length=1, max_length=128)]

_EXAMPLE = '{"search": {"url": "https://mcp.example.org/mcp", "headers": {"Authorization": "Bearer …"}}}'


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server: over HTTP at `url`, or as a program `command` that is started and spoken to on its standard input."""

    name: str
    url: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    command: str = ""
    args: tuple[str, ...] = field(default=(), repr=False)
    env: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Given to the program besides the few harmless variables of ours (PATH, HOME, …); our keys are not among them."""
    approve_all: bool = False
    approve: frozenset[str] = frozenset()
    """Tools that need a yes each time they are called."""
    tools: frozenset[str] | None = None
    """The only tools to be shown; None for all."""

    def asks_first(self, tool: str) -> bool:
        return self.approve_all or tool in self.approve


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    command: str = ""
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    approval: bool | list[_ToolName] = False
    tools: list[_ToolName] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "_Entry":
        if bool(self.url) == bool(self.command):
            raise ValueError("give either a url or a command")
        if self.url:
            AnyHttpUrl(self.url)
            if self.args or self.env:
                raise ValueError("args and env belong to a command, not to a url")
        elif self.headers:
            raise ValueError("headers belong to a url, not to a command")
        if self.tools is not None and isinstance(self.approval, list):
            hidden = sorted(set(self.approval) - set(self.tools))
            if hidden:
                raise ValueError(f"approval names {', '.join(hidden)}, which tools leaves out")
        return self


class _Servers(BaseModel):
    servers: dict[_Name, _Entry]


def parsed(text: str) -> tuple[ServerSettings, ...]:
    """The servers of the setting's JSON text; none when it is empty.

    SettingsError that says where the mistake is, without the values: headers and variables are secrets.
    """
    if not text.strip():
        return ()
    try:
        given: Any = json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        place = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise SettingsError(f"MCP_SERVERS is no valid JSON{place}; write it like {_EXAMPLE}") from None
    try:
        servers = _Servers.model_validate({"servers": given}).servers
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in mistake["loc"][1:] if part != "[key]")
        reason = mistake["msg"].removeprefix("Value error, ")
        raise SettingsError(f"MCP_SERVERS, {where or 'as a whole'}: {reason}; write it like {_EXAMPLE}") from None
    return tuple(_settings(name, entry) for name, entry in servers.items())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name is given twice")
    return dict(pairs)


def _settings(name: str, entry: _Entry) -> ServerSettings:
    return ServerSettings(
        name=name,
        url=entry.url,
        headers=tuple(entry.headers.items()),
        command=entry.command,
        args=tuple(entry.args),
        env=tuple(entry.env.items()),
        approve_all=entry.approval is True,
        approve=frozenset(entry.approval) if isinstance(entry.approval, list) else frozenset(),
        tools=None if entry.tools is None else frozenset(entry.tools),
    )
