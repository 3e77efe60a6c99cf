"""Files that were sent, and the links under which a bot fetches them."""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from itertools import count

from adapters.telegram.emulator.schema import Upload
from adapters.telegram.emulator.sounds import is_opus, is_track, is_voice
from adapters.telegram.emulator.wire import Json, Refusal, bad_request
from bot.domain.ports import Clock

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
LINK_SECONDS = 3600.0
"""How long the path of a `getFile` answer is good for; the Bot API promises no more."""
_FOLDERS = {
    "photo": "photos",
    "voice": "voice",
    "audio": "music",
    "video": "videos",
    "animation": "animations",
    "video_note": "video_notes",
    "sticker": "stickers",
}
_SMALL_PHOTO = b"\xff\xd8\xff\xe0 a photo of 90 x 67"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file; `size_bytes` may claim more than `data` holds, to speak of huge files cheaply.

    `details` are the fields of its object in a message that its content does not tell: duration, title, thumbnail, …
    """

    file_id: str
    kind: str
    filename: str
    data: bytes
    media_type: str
    size_bytes: int
    details: Json = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{_FOLDERS.get(self.kind, 'documents')}/file_{self.file_id}{_suffix(self)}"

    @property
    def unique_id(self) -> str:
        return hashlib.sha256(self.data + self.filename.encode()).hexdigest()[:16]

    def to_json(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size_bytes}


def _suffix(file: StoredFile) -> str:
    defaults = {"photo": ".jpg", "voice": ".oga", "sticker": ".webp", "video_note": ".mp4"}
    _, dot, ending = file.filename.rpartition(".")
    return defaults.get(file.kind, f"{dot}{ending}")


class Files:
    """All stored files by id, and the links that were given out for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, StoredFile] = {}
        self._links: dict[str, tuple[StoredFile, float]] = {}
        self._numbers = count(1)

    def store(
        self,
        kind: str,
        filename: str,
        data: bytes,
        media_type: str,
        *,
        size_bytes: int | None = None,
        details: Json | None = None,
    ) -> StoredFile:
        file_id = f"{kind[:3].upper()}FILE{next(self._numbers):06d}"
        size = len(data) if size_bytes is None else size_bytes
        stored = StoredFile(file_id, kind, filename, data, media_type, size, details or {})
        self._by_id[file_id] = stored
        if kind == "photo":
            small = small_photo(stored)
            self._by_id[small.file_id] = small
        return stored

    def link(self, file_id: str) -> str:
        """A path under which the file lies for an hour; Refusal for what is unknown, or more than 20 MB long."""
        file = self.by_id(file_id)
        if file.size_bytes > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        self._links[file.path] = (file, self._clock.monotonic() + LINK_SECONDS)
        return file.path

    def forget(self, file_id: str) -> None:
        """The file is gone, with its links."""
        file = self._by_id.pop(file_id, None)
        if file is not None:
            self._links.pop(file.path, None)

    def by_id(self, file_id: str) -> StoredFile:
        if (file := self._by_id.get(file_id)) is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        return file

    def by_path(self, path: str) -> StoredFile | None:
        """The file behind a link that was given out, and is not too old."""
        file, ends_at = self._links.get(path, (None, 0.0))
        return file if ends_at > self._clock.monotonic() else None

    def accept(self, kind: str, source: object, uploads: dict[str, Upload]) -> StoredFile:
        """The file a bot sends: an upload, or the id of a stored one. Refusal by Telegram's limits of size."""
        name = str(source or "")
        if not name.startswith("attach://"):
            return self._named(kind, name)
        upload = uploads.get(name.removeprefix("attach://"))
        if upload is None:
            raise bad_request(f"file {name} is not found in the request")
        _check_size(kind, len(upload.data))
        return self.store(_shown_as(kind, upload.data), upload.filename, upload.data, _media_type(upload))

    def _named(self, kind: str, name: str) -> StoredFile:
        if not name:
            raise bad_request(f"there is no {kind} in the request")
        if name.startswith(("http://", "https://")):
            return self.store(kind, name.rpartition("/")[2], b"", "application/octet-stream")
        if name not in self._by_id:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return self._by_id[name]


def small_photo(file: StoredFile) -> StoredFile:
    """The thumbnail of a photo: another picture under another id."""
    return StoredFile(
        f"{file.file_id}S", "photo", file.filename, _SMALL_PHOTO, file.media_type, min(file.size_bytes, 1200)
    )


def _media_type(upload: Upload) -> str:
    """By content and name; what the request says of it is not looked at."""
    if is_opus(upload.data):
        return "audio/ogg"
    return mimetypes.guess_type(upload.filename)[0] or "application/octet-stream"


def _shown_as(kind: str, data: bytes) -> str:
    """What Telegram makes of a file: speech and music in other formats than it plays become documents."""
    if (kind == "voice" and not is_voice(data)) or (kind == "audio" and not is_track(data)):
        return "document"
    return kind


def _check_size(kind: str, size: int) -> None:
    if size == 0:
        raise bad_request("file must be non-empty")
    if size > MAX_UPLOAD_BYTES:
        raise Refusal(413, "Request Entity Too Large")
    if kind == "photo" and size > MAX_PHOTO_BYTES:
        raise bad_request(
            f"file of size {size} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes"
        )


def media_json(kind: str, file: StoredFile) -> Json:
    """The field of a Message (or rich block) that describes `file`."""
    base = file.to_json() | file.details
    named = {"file_name": file.filename, "mime_type": file.media_type}
    match kind:
        case "photo":
            small = small_photo(file).to_json() | {"width": 90, "height": 67}
            return {"photo": [small, base | {"width": 1280, "height": 960}]}
        case "voice" | "voice_note":
            return {kind: {"duration": 3, "mime_type": file.media_type} | base}
        case "video_note":
            return {kind: {"duration": 3, "length": 240} | base}
        case "sticker":
            shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
            return {"sticker": base | shape | {"emoji": "👍"}}
        case "audio":
            return {"audio": {"duration": 3} | named | base}
        case "animation":
            film = {"duration": 3, "width": 640, "height": 480} | named | base
            # "For backward compatibility", as the Bot API says.
            return {"animation": film, "document": named | file.to_json()}
        case "video":
            return {"video": {"duration": 3, "width": 640, "height": 480} | named | base}
        case _:
            return {"document": named | base}
