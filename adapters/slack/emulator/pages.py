"""What Slack serves beside the Web API: uploads, private files, `response_url`s."""

import json
from contextlib import suppress

from aiohttp import web

from adapters.mischief import Fault
from adapters.slack.emulator.faults import DOWNLOAD, Faults
from adapters.slack.emulator.responses import respond
from adapters.slack.emulator.state import Download, FileState, TeamState
from adapters.slack.emulator.wire import Refusal
from adapters.slack.emulator.world import GONE_MODES, World

_PAGES = frozenset({"canvas", "email", "post", "quip", "space"})
_LOGIN_PAGE = "<!DOCTYPE html><html><title>Sign in</title></html>"


def add_pages(app: web.Application, world: World, faults: Faults) -> None:
    """Add the routes to the application."""
    pages = _Pages(world, faults)
    app.router.add_post("/upload/v1/{file}", pages.upload)
    app.router.add_get("/files-pri/{key}/{file}", pages.download)
    app.router.add_get("/files-pri/{key}/download/{file}", pages.download)
    app.router.add_post("/response/{key}", pages.response)


class _Pages:
    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults

    async def upload(self, http: web.Request) -> web.Response:
        """The second step of an upload: the bytes, as many as were announced."""
        file = self._world.files.get(http.match_info["file"])
        if file is None or file.uploaded:
            return web.Response(status=404, text="no such upload")
        data = await _uploaded_bytes(http)
        if len(data) != file.size_bytes:
            self._world.violations.append(f"upload of {len(data)} bytes where {file.size_bytes} were announced")
            return web.Response(status=400, text="the length is not the one that was announced")
        file.data = data
        return web.Response(text=f"OK - {len(data)}")

    async def download(self, http: web.Request) -> web.StreamResponse:
        """The bytes of a file; without a good token and `files:read` a page to sign in, with status 200."""
        name, team = http.match_info["file"], self._team(http)
        fault = self._faults.meet(DOWNLOAD, name)
        answer = await self._given(http, name, team, fault)
        noted = Download(name, team.id if team else "", answer.status, self._world.clock.monotonic())
        self._world.downloads.append(noted)
        return answer

    async def _given(
        self, http: web.Request, name: str, team: TeamState | None, fault: Fault | None
    ) -> web.StreamResponse:
        if fault is not None and fault.kind == "drop_before":
            return _cut(http)
        if fault is not None and fault.kind in ("error", "status", "flood"):
            return _spoilt(fault)
        file = self._world.files.get(name)
        if team is None or "files:read" not in team.scopes:
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        if file is None or file.team != team.id or not _is_there(file) or not _may_see(team, file):
            return web.Response(status=404, text="file not found")
        return await _streamed(http, file, fault)

    def _team(self, http: web.Request) -> TeamState | None:
        token = http.headers.get("Authorization", "").removeprefix("Bearer ")
        return next((team for team in self._world.teams.values() if token and team.token == token), None)

    async def response(self, http: web.Request) -> web.Response:
        """An answer to an interaction; `ok` as plain text, or the refusal as JSON."""
        try:
            body = json.loads(await http.read())
            respond(self._world, http.match_info["key"], body if isinstance(body, dict) else {})
        except Refusal as refusal:
            self._world.violations.append(f"response_url: {refusal.error} {refusal.detail}".rstrip())
            return web.json_response(refusal.to_json(), status=refusal.status)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        return web.Response(text="ok")


async def _streamed(http: web.Request, file: FileState, fault: Fault | None) -> web.StreamResponse:
    """The bytes, in two halves; a canvas or an e-mail is a page for browsers."""
    is_page = file.mode in _PAGES
    data = bytes(reversed(file.data)) if fault is not None and fault.kind == "garbage" else file.data
    answer = web.StreamResponse()
    answer.content_type = "text/html" if is_page else file.media_type
    answer.content_length = len(data)
    if "/download/" in http.path and not is_page:
        answer.headers["Content-Disposition"] = "attachment"
    await answer.prepare(http)
    await answer.write(data[: len(data) // 2])
    if fault is not None and fault.kind == "drop_after":
        return _cut(http, answer)
    if fault is not None and fault.kind == "slow":
        await fault.release.wait()
    with suppress(ConnectionError):
        await answer.write(data[len(data) // 2 :])
    return answer


def _spoilt(fault: Fault) -> web.Response:
    if 300 <= fault.status < 400:
        return web.Response(status=fault.status, headers={"Location": fault.error})
    headers = {"Retry-After": str(fault.retry_after_seconds)} if fault.retry_after_seconds else {}
    return web.Response(status=fault.status, headers=headers, text="no file now", content_type="text/plain")


def _cut(http: web.Request, answer: web.StreamResponse | None = None) -> web.StreamResponse:
    if http.transport is not None:
        http.transport.abort()
    return answer or web.Response()


async def _uploaded_bytes(http: web.Request) -> bytes:
    if not http.content_type.startswith("multipart/"):
        return await http.read()
    for value in (await http.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    return b""


def _is_there(file: FileState) -> bool:
    return file.uploaded and file.mode != "external" and file.mode not in GONE_MODES


def _may_see(team: TeamState, file: FileState) -> bool:
    """Whether the file was shared where the app is, or is its own."""
    places = (team.channels.get(channel) for channel, _ in file.shares)
    return file.user == team.bot_user or any(one is not None and team.bot_user in one.members for one in places)
