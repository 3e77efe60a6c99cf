"""What Slack serves beside the Web API: uploads, private files, `response_url`s."""

import json

from aiohttp import web

from adapters.slack.emulator.responses import respond
from adapters.slack.emulator.state import FileState, TeamState
from adapters.slack.emulator.wire import Refusal
from adapters.slack.emulator.world import World

_LOGIN_PAGE = "<!DOCTYPE html><html><title>Sign in</title></html>"


def add_pages(app: web.Application, world: World) -> None:
    """Add the routes to the application."""
    pages = _Pages(world)
    app.router.add_post("/upload/v1/{file}", pages.upload)
    app.router.add_get("/files-pri/{key}/{file}", pages.download)
    app.router.add_get("/files-pri/{key}/download/{file}", pages.download)
    app.router.add_post("/response/{key}", pages.response)


class _Pages:
    def __init__(self, world: World) -> None:
        self._world = world

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

    async def download(self, http: web.Request) -> web.Response:
        """The bytes of a file; without a good token and `files:read` a page to sign in, with status 200."""
        team = self._team(http)
        file = self._world.files.get(http.match_info["file"])
        if team is None or "files:read" not in team.scopes:
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        if file is None or file.team != team.id or not file.uploaded or not _may_see(team, file):
            return web.Response(status=404, text="file not found")
        return web.Response(body=file.data, content_type=file.media_type)

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


async def _uploaded_bytes(http: web.Request) -> bytes:
    if not http.content_type.startswith("multipart/"):
        return await http.read()
    for value in (await http.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    return b""


def _may_see(team: TeamState, file: FileState) -> bool:
    """Whether the file was shared where the app is, or is its own."""
    places = (team.channels.get(channel) for channel, _ in file.shares)
    return file.user == team.bot_user or any(one is not None and team.bot_user in one.members for one in places)
