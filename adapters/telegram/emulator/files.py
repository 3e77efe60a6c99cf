"""Files that were sent, and the links under which a bot fetches them."""

import hashlib
from dataclasses import dataclass
from itertools import count

from adapters.telegram.emulator.schema import Upload
from adapters.telegram.emulator.wire import Json, Refusal, bad_request

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_PHOTO_BYTES = 10 * 1024 * 1024
_FOLDERS = {"photo": "photos", "voice": "voice", "document": "documents", "sticker": "stickers"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file; `size_bytes` may claim more than `data` holds, to speak of huge files cheaply."""

    file_id: str
    kind: str
    filename: str
    data: bytes
    media_type: str
    size_bytes: int

    @property
    def path(self) -> str:
        return f"{_FOLDERS.get(self.kind, 'documents')}/file_{self.file_id}{_suffix(self)}"

    @property
    def unique_id(self) -> str:
        return hashlib.sha256(self.data + self.filename.encode()).hexdigest()[:16]

    def to_json(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size_bytes}


def _suffix(file: StoredFile) -> str:
    defaults = {"photo": ".jpg", "voice": ".oga", "sticker": ".webp"}
    _, dot, ending = file.filename.rpartition(".")
    return defaults.get(file.kind, f"{dot}{ending}")


class Files:
    """All stored files, by id and by path."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._numbers = count(1)

    def store(
        self, kind: str, filename: str, data: bytes, media_type: str, *, size_bytes: int | None = None
    ) -> StoredFile:
        file_id = f"{kind[:3].upper()}FILE{next(self._numbers):06d}"
        size = len(data) if size_bytes is None else size_bytes
        stored = StoredFile(file_id, kind, filename, data, media_type, size)
        self._by_id[file_id] = self._by_path[stored.path] = stored
        return stored

    def by_id(self, file_id: str) -> StoredFile:
        if (file := self._by_id.get(file_id)) is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        return file

    def by_path(self, path: str) -> StoredFile | None:
        return self._by_path.get(path)

    def accept(self, kind: str, source: object, uploads: dict[str, Upload]) -> StoredFile:
        """The file a bot sends: an upload, or the id of a stored one. Refusal by Telegram's limits of size."""
        name = str(source or "")
        if not name.startswith("attach://"):
            return self._named(kind, name)
        upload = uploads.get(name.removeprefix("attach://"))
        if upload is None:
            raise bad_request(f"file {name} is not found in the request")
        _check_size(kind, len(upload.data))
        return self.store(kind, upload.filename, upload.data, upload.media_type)

    def _named(self, kind: str, name: str) -> StoredFile:
        if not name:
            raise bad_request(f"there is no {kind} in the request")
        if name.startswith(("http://", "https://")):
            return self.store(kind, name.rpartition("/")[2], b"", "application/octet-stream")
        if name not in self._by_id:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return self._by_id[name]


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
    base = file.to_json()
    named = {"file_name": file.filename, "mime_type": file.media_type}
    match kind:
        case "photo":
            small = base | {"width": 90, "height": 67, "file_size": min(file.size_bytes, 1200)}
            return {"photo": [small, base | {"width": 1280, "height": 960}]}
        case "voice" | "voice_note":
            return {kind: base | {"duration": 3, "mime_type": file.media_type}}
        case "sticker":
            shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
            return {"sticker": base | shape | {"emoji": "👍"}}
        case "audio":
            return {"audio": base | named | {"duration": 3}}
        case "video" | "animation":
            return {kind: base | named | {"duration": 3, "width": 640, "height": 480}}
        case _:
            return {"document": base | named}
