"""Files: the upload in three steps, and what is known of a file.

https://docs.slack.dev/messaging/working-with-files/#upload
"""

import mimetypes

from adapters.slack.emulator.payloads import message_event
from adapters.slack.emulator.request import Method, Request
from adapters.slack.emulator.shapes import list_of, shape, text
from adapters.slack.emulator.state import ChannelState, FileState
from adapters.slack.emulator.wire import Json, Refusal, invalid_arguments

MAX_FILE_BYTES = 1024 * 1024 * 1024
_SOUND = {".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".wav": "audio/wav", ".flac": "audio/flac"}
_FILES = list_of(shape({"id": text(20)}, {"title": text(1000), "highlight_type": text(100)}), 1, 10)


def get_upload_url(request: Request) -> Json:
    size = request.number("length", 0)
    if size <= 0:
        raise invalid_arguments("length must be more than 0")
    if size > MAX_FILE_BYTES:
        raise Refusal("file_upload_size_restricted")
    name = request.text("filename")
    media_type = _media_type(name)
    file = request.world.add_file(request.team, request.team.bot_user, name, b"", media_type, uploaded=False)
    file.size_bytes = size
    file.alt_text = request.text("alt_txt")
    return {"upload_url": f"{request.world.base}/upload/v1/{file.id}", "file_id": file.id}


def _media_type(name: str) -> str:
    """What Slack makes of a name; sound does not depend on what this machine knows."""
    sound = next((kind for ending, kind in _SOUND.items() if name.lower().endswith(ending)), None)
    return sound or mimetypes.guess_type(name)[0] or "application/octet-stream"


def complete_upload(request: Request) -> Json:
    files = [_uploaded(request, one) for one in request.listing("files", _FILES)]
    names = request.text("channels").split(",") if request.has("channels") else [request.text("channel_id")]
    for name in filter(None, names):
        request.params["channel"] = name
        _share(request, request.channel(), files)
    return {"files": [request.world.file_json(file, full=True) for file in files]}


def _uploaded(request: Request, wanted: Json) -> FileState:
    file = request.world.files.get(wanted["id"])
    if file is None or file.team != request.team.id or file.user != request.team.bot_user or not file.data:
        raise Refusal("file_not_found")
    if file.uploaded:
        raise Refusal("file_update_failed")
    file.uploaded = True
    file.title = wanted.get("title", "")
    return file


def _share(request: Request, channel: ChannelState, files: list[FileState]) -> None:
    message = request.world.add_message(
        channel,
        request.team.bot_user,
        bot=request.team.bot,
        text=request.text("initial_comment"),
        thread_ts=request.thread(channel),
        files=files,
        subtype="file_share",
    )
    for file in files:
        file.shares.append((channel.id, message.ts))
    request.world.emit(request.team.id, message_event(request.world, request.team, channel, message))


def files_info(request: Request) -> Json:
    file = request.world.files.get(request.text("file"))
    if file is None or file.team != request.team.id or not file.uploaded:
        raise Refusal("file_not_found")
    if file.mode == "tombstone":
        raise Refusal("file_deleted")
    shares: dict[str, dict[str, list[Json]]] = {"public": {}, "private": {}}
    for channel_id, ts in file.shares:
        channel = request.team.channels[channel_id]
        found = channel.message(ts)
        thread = {"thread_ts": found.thread_ts} if found is not None and found.thread_ts else {}
        kind = "public" if channel.kind == "channel" else "private"
        shares[kind].setdefault(channel_id, []).append({"ts": ts, **thread})
    body = request.world.file_json(file, full=True)
    return {"file": body | {"shares": {kind: found for kind, found in shares.items() if found}}}


METHODS = (
    Method(
        "files.getUploadURLExternal",
        get_upload_url,
        "tier4",
        {"filename": "text", "length": "number"},
        {"alt_txt": "text", "snippet_type": "text"},
        scope="files:write",
        json_body=False,
    ),
    Method(
        "files.completeUploadExternal",
        complete_upload,
        "tier4",
        {"files": "list"},
        {"channel_id": "text", "channels": "text", "initial_comment": "text", "thread_ts": "text"},
        scope="files:write",
        channel="channel_id",
        not_emulated=frozenset({"blocks"}),
    ),
    Method(
        "files.info",
        files_info,
        "tier4",
        {"file": "text"},
        {"count": "number", "cursor": "text", "limit": "number", "page": "number"},
        scope="files:read",
        json_body=False,
    ),
)
