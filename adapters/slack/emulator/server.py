"""The HTTP side: `/api/<method>`, and beside it what `pages` serves."""

import base64
import json
import logging
from dataclasses import dataclass

from aiohttp import web

from adapters.mischief import Fault
from adapters.slack.emulator.faults import Faults
from adapters.slack.emulator.limits import Gate
from adapters.slack.emulator.methods.table import implemented_methods
from adapters.slack.emulator.pages import add_pages
from adapters.slack.emulator.request import Method, Request
from adapters.slack.emulator.state import TeamState
from adapters.slack.emulator.wire import Json, Refusal, ratelimited
from adapters.slack.emulator.world import World

_MAX_BODY_BYTES = 80 * 1024 * 1024
_NOBODY = TeamState("", "", "", "", "", "", frozenset())
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the server saw it. `at` is the clock's monotonic time; status 0: no answer was given."""

    method: str
    arguments: Json
    team: str
    status: int
    at: float
    error: str = ""
    """Slack's name for the refusal, "" when the call was carried out."""

    @property
    def ok(self) -> bool:
        return self.status == 200 and not self.error


@dataclass(slots=True)
class _Arrival:
    """What came over the wire, before anything is known about it."""

    name: str
    fields: Json
    token: str
    basic: tuple[str, str]
    is_json: bool


class WebApiServer:
    """Reads requests, lets faults and limits have their say, and runs the method."""

    def __init__(self, world: World, gate: Gate, faults: Faults) -> None:
        self._world = world
        self._gate = gate
        world.page_messages = gate.limits.page_messages
        self._faults = faults
        self._methods = implemented_methods()
        self.calls: list[Call] = []

    def app(self) -> web.Application:
        """The web application; whoever starts it says so in `World.base`, and may add routes of its own before."""
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/api/{method}", self._answer)
        add_pages(app, self._world, self._faults)
        return app

    async def _answer(self, http: web.Request) -> web.StreamResponse:
        name, arguments, team, fault = http.match_info["method"], {}, _NOBODY, None
        headers: dict[str, str] = {}
        try:
            arrival = await _read_arrival(http)
            arguments = arrival.fields
            method = self._method(name)
            fault = self._faults.meet(name, _channel(method, arrival))
            _spoil(fault)
            team = self._authenticate(method, arrival)
            headers["X-OAuth-Scopes"] = ",".join(sorted(team.scopes))
            self._meter(method, arrival, team)
            body: Json = {"ok": True} | self._run(method, arrival, team)
            status, error = 200, ""
        except Refusal as refusal:
            body, status, error = refusal.to_json(), refusal.status, refusal.error
            if refusal.retry_after_seconds:
                headers["Retry-After"] = str(refusal.retry_after_seconds)
        except _CutError:
            body, status, error = {}, 0, "connection cut"
        except Exception as failure:  # a bug of the emulator must be seen by the test, not guessed from an odd answer
            _log.exception("method %s failed", name)
            self._world.violations.append(f"{name}: the emulator failed with {type(failure).__name__}")
            body, status, error = {"ok": False, "error": "fatal_error"}, 500, "emulator failed"
        self.calls.append(Call(name, arguments, team.id, status, self._world.clock.monotonic(), error))
        return await _reply(http, status, body, headers, fault)

    def _method(self, name: str) -> Method:
        method = self._methods.get(name)
        if method is None:
            self._world.violations.append(f"{name} is unknown or not emulated")
            raise Refusal("unknown_method", req_method=name)
        return method

    def _authenticate(self, method: Method, arrival: _Arrival) -> TeamState:
        """The workspace of the token; nobody's for calls that are made without one."""
        if method.auth == "client":
            return _NOBODY
        if not arrival.token:
            raise Refusal("not_authed")
        if (arrival.token == self._world.app_token) != (method.auth == "app"):
            known = arrival.token == self._world.app_token or self._team_of(arrival.token) is not None
            raise Refusal("not_allowed_token_type" if known else "invalid_auth")
        if method.auth == "app":
            return _NOBODY
        team = self._team_of(arrival.token)
        if team is None:
            raise Refusal("account_inactive" if arrival.token in self._world.tokens else "invalid_auth")
        return team

    def _team_of(self, token: str) -> TeamState | None:
        return next((team for team in self._world.teams.values() if team.token == token), None)

    def _meter(self, method: Method, arrival: _Arrival, team: TeamState) -> None:
        channel = _channel(method, arrival)
        if wait := self._gate.retry_after_seconds(method.name, method.tier, team.id, channel):
            raise ratelimited(wait)

    def _run(self, method: Method, arrival: _Arrival, team: TeamState) -> Json:
        if arrival.is_json and not method.json_body:
            self._world.violations.append(f"{method.name}: takes a form, not JSON")
            raise Refusal("invalid_arguments", detail="the method takes no JSON body")
        params = method.read(arrival.fields, self._world.violations)
        request = Request(self._world, method.name, team, params, arrival.basic)
        if method.scope:
            request.need(method.scope)
        return method.run(request)


async def _reply(
    http: web.Request, status: int, body: Json, headers: dict[str, str], fault: Fault | None
) -> web.StreamResponse:
    if status == 0 or (fault is not None and fault.kind == "drop_after"):
        if http.transport is not None:
            http.transport.abort()
        return web.Response()
    if fault is not None and fault.kind == "garbage":
        return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
    if fault is not None and fault.kind == "status":
        return web.Response(status=status, text="upstream connect error", content_type="text/plain")
    if fault is not None and fault.kind == "slow":
        await fault.release.wait()
    return web.Response(status=status, body=json.dumps(body).encode(), headers=headers, content_type="application/json")


def _spoil(fault: Fault | None) -> None:
    """What a fault does before the call is even looked at."""
    if fault is None:
        return
    if fault.kind == "drop_before":
        raise _CutError
    if fault.kind in ("error", "status", "flood"):
        raise Refusal(fault.error, status=fault.status, retry_after_seconds=fault.retry_after_seconds)


class _CutError(Exception):
    pass


def _channel(method: Method, arrival: _Arrival) -> str:
    return str(arrival.fields.get(method.channel, "")) if method.channel else ""


async def _read_arrival(http: web.Request) -> _Arrival:
    """The fields of query and body, whatever the encoding, and who calls."""
    fields: Json = dict(http.query)
    is_json = http.content_type == "application/json" and http.can_read_body
    try:
        if is_json:
            fields |= _decoded(await http.read())
        elif http.method == "POST":
            fields |= {name: value for name, value in (await http.post()).items() if isinstance(value, str)}
        basic = _basic(http.headers.get("Authorization", ""))
    except ValueError as error:
        raise Refusal("invalid_json" if is_json else "invalid_form_data") from error
    bearer = http.headers.get("Authorization", "")
    token = bearer.removeprefix("Bearer ") if bearer.startswith("Bearer ") else str(fields.get("token", ""))
    fields.pop("token", None)
    return _Arrival(http.match_info["method"], fields, token.strip(), basic, is_json)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, credentials = header.partition(" ")
    if scheme != "Basic":
        return "", ""
    name, _, secret = base64.b64decode(credentials).decode().partition(":")
    return name, secret


def _decoded(raw: bytes) -> Json:
    decoded = json.loads(raw) if raw.strip() else {}
    if not isinstance(decoded, dict):
        raise Refusal("json_not_object")
    return decoded
