"""The HTTP side: `/bot<token>/<method>` and `/file/bot<token>/<path>`, as the Bot API has them."""

import asyncio
import json
import logging
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.mischief import Fault
from adapters.telegram.emulator.faults import DOWNLOAD, Faults
from adapters.telegram.emulator.files import StoredFile
from adapters.telegram.emulator.floods import FloodGate
from adapters.telegram.emulator.methods.table import implemented_methods
from adapters.telegram.emulator.schema import (
    MethodSchema,
    Request,
    Upload,
    parse_request,
    read_methods,
    refuse_broken_texts,
)
from adapters.telegram.emulator.wire import Json, Refusal, bad_request, too_many_requests
from adapters.telegram.emulator.world import World

_MAX_BODY_BYTES = 80 * 1024 * 1024
# Parameters that give a call another meaning; taking them silently would lie.
_NOT_EMULATED = frozenset(
    {"business_connection_id", "direct_messages_topic_id", "ephemeral_message_parameters", "suggested_post_parameters"}
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the server saw it. `at` is the clock's monotonic time; status 0: no answer was given."""

    method: str
    params: Json
    status: int
    at: float
    description: str = ""


@dataclass(slots=True)
class Download:
    """One fetching of a file; `sent_bytes` went out before its end, which was good or bad."""

    path: str
    status: int = 0
    sent_bytes: int = 0


class BotApiServer:
    """Reads requests, lets faults and floods have their say, and runs the method."""

    def __init__(self, world: World, token: str, gate: FloodGate, faults: Faults) -> None:
        self._world = world
        self._token = token
        self._gate = gate
        self._faults = faults
        self._schemas = read_methods()
        self._handlers = implemented_methods()
        self.calls: list[Call] = []
        self.downloads: list[Download] = []

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        return app

    async def _answer(self, http: web.Request) -> web.StreamResponse:
        name = http.match_info["method"]
        params: Json = {}
        fault: Fault | None = None
        try:
            schema = self._schema(http, name)
            name = schema.name
            params, uploads = await _read_body(http)
            fault = self._faults.meet(name, _chat_id(params))
            _spoil(fault)
            request = self._parse(schema, params, uploads)
            params = request.params
            self._meter(request)
            result = await self._handlers[name.lower()](self._world, request)
            body: Json = {"ok": True, "result": result}
            code, description = 200, ""
        except Refusal as refusal:
            body, code, description = refusal.to_json(), refusal.code, refusal.description
        except _Cut:
            code, body, description = 0, {}, "connection cut"
        except Exception as error:  # a bug of the emulator must be seen by the test, not guessed from an odd answer
            _log.exception("method %s failed", name)
            self._world.violations.append(f"{name}: the emulator failed with {type(error).__name__}")
            code, body, description = 500, Refusal(500, "Internal Server Error").to_json(), "emulator failed"
        self.calls.append(Call(name, params, code, self._world.clock.monotonic(), description))
        return await self._reply(http, code, body, fault)

    def _schema(self, http: web.Request, name: str) -> MethodSchema:
        if http.match_info["token"] != self._token:
            raise Refusal(401, "Unauthorized")
        if self._world.logged_out:
            raise bad_request("logged out")
        schema = self._schemas.get(name.lower())
        if schema is None:
            self._world.violations.append(f"unknown method {name}")
            raise Refusal(404, "Not Found")
        return schema

    def _parse(self, schema: MethodSchema, fields: Json, uploads: dict[str, Upload]) -> Request:
        request = parse_request(schema, fields, uploads)
        self._world.violations.extend(f"{schema.name}: unknown parameter {name}" for name in request.unknown)
        if schema.name.lower() not in self._handlers:
            self._world.violations.append(f"{schema.name} is not emulated")
            raise Refusal(501, f"Not Implemented: the emulator has no {schema.name}")
        for name in _NOT_EMULATED & request.params.keys():
            self._world.violations.append(f"{schema.name}: {name} is not emulated")
            raise Refusal(501, f"Not Implemented: the emulator has no {name}")
        return request

    def _meter(self, request: Request) -> None:
        number = _chat_id(request.params)
        chat = self._world.chats.get(number) if number is not None else None
        if chat is None:
            return
        if wait := self._gate.retry_after(request.method, chat.id, private=chat.is_private):
            raise too_many_requests(wait)

    async def _reply(self, http: web.Request, code: int, body: Json, fault: Fault | None) -> web.StreamResponse:
        if code == 0 or (fault is not None and fault.kind == "drop_after"):
            if http.transport is not None:
                http.transport.abort()
            return web.Response()
        if fault is not None and fault.kind == "garbage":
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        if fault is not None and fault.kind == "slow":
            await fault.release.wait()
        return web.Response(status=code, body=json.dumps(body).encode(), content_type="application/json")

    async def _file(self, http: web.Request) -> web.StreamResponse:
        download = Download(http.match_info["path"])
        self.downloads.append(download)
        fault = self._faults.meet(DOWNLOAD, None)
        file = self._world.files.by_path(download.path)
        try:
            _spoil(fault)
            if http.match_info["token"] != self._token or file is None:
                raise Refusal(404, "Not Found")
        except Refusal as refusal:
            download.status = refusal.code
            wait = {"Retry-After": str(refusal.parameters["retry_after"])} if refusal.parameters else {}
            return web.json_response(refusal.to_json(), status=refusal.code, headers=wait)
        except _Cut:
            return await self._reply(http, 0, {}, None)
        download.status = 200
        return await _stream(http, file, download, fault)


async def _stream(http: web.Request, file: StoredFile, download: Download, fault: Fault | None) -> web.StreamResponse:
    """The content, in two halves between which a fault has its say."""
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    answer.content_length = len(file.data)
    await answer.prepare(http)
    half = len(file.data) // 2
    for piece in (file.data[:half], file.data[half:]):
        if download.sent_bytes or not half:
            if fault is not None and fault.kind == "slow":
                await fault.release.wait()
            if fault is not None and fault.kind == "drop_after" and http.transport is not None:
                http.transport.abort()
                return answer
        await answer.write(piece)
        download.sent_bytes += len(piece)
    await answer.write_eof()
    return answer


def _spoil(fault: Fault | None) -> None:
    """What a fault does before the call is even looked at."""
    if fault is None:
        return
    if fault.kind == "drop_before":
        raise _Cut
    if fault.kind == "status":
        raise Refusal(
            fault.status, fault.error, {"retry_after": fault.retry_after_seconds} if fault.retry_after_seconds else None
        )


class _Cut(Exception):  # noqa: N818 - the connection is cut on purpose
    pass


async def _read_body(http: web.Request) -> tuple[Json, dict[str, Upload]]:
    """The fields of query and body, whatever the encoding, and the files of a multipart body."""
    fields: Json = dict(http.query)
    uploads: dict[str, Upload] = {}
    try:
        if http.content_type == "application/json":
            raw = await http.read()
            decoded = json.loads(raw) if raw.strip() else {}
            refuse_broken_texts(decoded)
            fields |= decoded
        elif http.content_type.startswith("multipart/"):
            await _read_multipart(http, fields, uploads)
        else:
            fields |= dict(parse_qsl((await http.read()).decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError as error:
        raise bad_request("strings must be encoded in UTF-8") from error
    except (ValueError, TypeError) as error:
        raise bad_request("can't parse JSON object") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise Refusal(413, "Request Entity Too Large") from error
    return fields, uploads


async def _read_multipart(http: web.Request, fields: Json, uploads: dict[str, Upload]) -> None:
    for name, value in (await http.post()).items():
        if isinstance(value, web.FileField):
            data = await asyncio.to_thread(value.file.read)
            uploads[name] = Upload(value.filename, data, value.content_type)
        else:
            fields[name] = value if isinstance(value, str) else bytes(value).decode()


def _chat_id(params: Json) -> int | None:
    text = str(params.get("chat_id", ""))
    return int(text) if text.removeprefix("-").isdecimal() else None
