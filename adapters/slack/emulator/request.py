"""One method of the Web API as it is declared, and one call of it as the method sees it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.slack.emulator.limits import Tier
from adapters.slack.emulator.shapes import Check
from adapters.slack.emulator.state import ChannelState, MessageState, TeamState
from adapters.slack.emulator.wire import Json, Refusal, invalid_arguments
from adapters.slack.emulator.world import World

Kind = Literal["text", "number", "flag", "list", "object"]
"""How a parameter is written: lists and objects come as JSON, in a form as JSON text."""
Auth = Literal["bot", "app", "client"]
"""Who calls: the app in a workspace, the app itself (Socket Mode), or the holder of its client secret (OAuth)."""
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_SCOPE_FAMILIES = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


@dataclass(slots=True)
class Request:
    """A call whose parameters were read and whose token was recognised."""

    world: World
    method: str
    team: TeamState
    params: Json
    basic: tuple[str, str] = ("", "")
    """Client id and secret of an OAuth call."""

    def has(self, name: str) -> bool:
        return name in self.params

    def text(self, name: str, default: str = "") -> str:
        return str(self.params.get(name, default))

    def number(self, name: str, default: int) -> int:
        return int(self.params.get(name, default))

    def flag(self, name: str) -> bool:
        return bool(self.params.get(name, False))

    def listing(self, name: str, check: Check) -> list[Any]:
        """The list of a parameter, empty without one; Refusal `invalid_arguments` when it does not pass the check."""
        items = list(self.params.get(name, []))
        try:
            check(items, f"/{name}")
        except Refusal as refusal:
            raise invalid_arguments(refusal.detail) from refusal
        return items

    def value(self, name: str) -> object:
        """The parameter as JSON, for those that read its shape themselves."""
        return self.params.get(name)

    def name_part(self) -> str:
        """A new id for a block or element that came without."""
        return f"e{next(self.world.ids)}"

    def need(self, scope: str) -> None:
        """Refusal `missing_scope` when the workspace did not give the app this scope."""
        if scope not in self.team.scopes:
            provided = ",".join(sorted(self.team.scopes))
            raise Refusal("missing_scope", needed=scope, provided=provided)

    def need_for(self, channel: ChannelState, right: str) -> None:
        """Like `need` for the scope of this kind of conversation: `channels:history`, `im:history`, …"""
        self.need(f"{_SCOPE_FAMILIES[channel.kind]}:{right}")

    def channel(self, name: str = "channel", *, member: bool = True) -> ChannelState:
        """The conversation of a parameter; Refusal when the app cannot see it, or (`member`) is not in it."""
        channel = self.team.channels.get(self.text(name))
        inside = channel is not None and self.team.bot_user in channel.members
        if channel is None or (channel.kind != "channel" and not inside):
            raise Refusal("channel_not_found")
        if member and not inside:
            raise Refusal("not_in_channel")
        return channel

    def message(self, channel: ChannelState, name: str = "ts", error: str = "message_not_found") -> MessageState:
        found = channel.message(self.text(name))
        if found is None:
            raise Refusal(error)
        return found

    def thread(self, channel: ChannelState, name: str = "thread_ts", error: str = "thread_not_found") -> str:
        """The thread of a parameter, "" without one; it is named by the `ts` of its first message, which must exist."""
        if not self.text(name):
            return ""
        first = self.message(channel, name, error)
        if first.is_reply:
            self.world.violations.append(f"{self.method}: {name} is the ts of a reply, not of the thread")
            raise Refusal("cannot_reply_to_message")
        return first.ts


@dataclass(frozen=True, slots=True)
class Method:
    """How a method is called: its parameters, the scope it needs, its rate tier, and the function that does it."""

    name: str
    run: Callable[[Request], Json]
    tier: Tier
    required: Mapping[str, Kind] = field(default_factory=dict)
    optional: Mapping[str, Kind] = field(default_factory=dict)
    scope: str = ""
    """One scope, or several of which any will do, with spaces between."""
    auth: Auth = "bot"
    json_body: bool = True
    """Whether the method takes a JSON body; the others take forms only."""
    channel: str = "channel"
    """The parameter that names the conversation, for limits and faults."""
    not_emulated: frozenset[str] = frozenset()
    """Parameters that would change the call's meaning and are refused with a violation."""

    def read(self, fields: Json, violations: list[str]) -> Json:
        """The values of the parameters; notes what Slack does not know, refuses what it could not read."""
        known = {**self.optional, **self.required}
        params: Json = {}
        for name, raw in fields.items():
            if name in self.not_emulated:
                violations.append(f"{self.name}: {name} is not emulated")
                raise invalid_arguments(f"the emulator has no {name}")
            if name not in known:
                violations.append(f"{self.name}: unknown parameter {name}")
            elif raw is not None:
                params[name] = _read(name, known[name], raw)
        for name in self.required:
            if params.get(name, "") == "":
                violations.append(f"{self.name}: required parameter {name} is missing")
                raise invalid_arguments(f"missing required field: {name}")
        return params


def _read(name: str, kind: Kind, raw: object) -> object:
    match kind, raw:
        case "text", str():
            return raw
        case "flag", bool():
            return raw
        case "flag", str() if raw.lower() in ("true", "1", "false", "0"):
            return raw.lower() in ("true", "1")
        case "number", int() if not isinstance(raw, bool):
            return raw
        case "number", str() if _NUMBER.fullmatch(raw):
            return int(raw)
        case (("list" | "object"), str()):
            return _matching(name, kind, _decoded(name, raw))
        case (("list" | "object"), _):
            return _matching(name, kind, raw)
        case _:
            raise invalid_arguments(f"{name} must be of type {kind}")


def _matching(name: str, kind: str, value: object) -> object:
    if not isinstance(value, list if kind == "list" else dict):
        raise invalid_arguments(f"{name} must be of type {kind}")
    return value


def _decoded(name: str, raw: str) -> object:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise invalid_arguments(f"{name} is not JSON") from error
