"""What came with a message, as the attachments that everybody else understands."""

from collections.abc import Mapping
from typing import Any

from bot.domain.incoming import Attachment, AttachmentKind
from bot.markdown.plain import clean

_PHOTOS = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_GONE = frozenset({"tombstone", "hidden_by_limit"})
_CLIPS: Mapping[str, AttachmentKind] = {"slack_audio": "voice", "slack_video": "video"}


def attachments(message: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Every file of `message`; deleted files and those behind the plan's limit are left out.

    `Attachment.file` is the id for `files.info`, which has the download address. Files from other workspaces come as a
    bare id with `file_access: check_file_info` (https://docs.slack.dev/reference/objects/file-object).
    """
    files = message.get("files")
    if not isinstance(files, list):
        return ()
    return tuple(
        _attachment(file) for file in files if isinstance(file, Mapping) and file.get("id") and not _is_gone(file)
    )


def _attachment(file: Mapping[str, Any]) -> Attachment:
    kind = _kind(file)
    duration = file.get("duration_ms")
    return Attachment(
        kind,
        clean(str(file["id"])),
        clean(str(file.get("name") or file.get("title") or "")),
        clean(str(file.get("mimetype") or "")),
        size if isinstance(size := file.get("size"), int) else None,
        duration / 1000 if isinstance(duration, int | float) else None,
    )


def _kind(file: Mapping[str, Any]) -> AttachmentKind:
    clip = _CLIPS.get(str(file.get("subtype")))
    if clip is not None:
        return clip
    media_type = str(file.get("mimetype") or "")
    if file.get("mode") == "external":
        return "other"
    if media_type in _PHOTOS:
        return "photo"
    if media_type.startswith("audio/"):
        return "audio"
    return "video" if media_type.startswith("video/") else "document"


def _is_gone(file: Mapping[str, Any]) -> bool:
    return file.get("mode") in _GONE or file.get("file_access") == "file_not_found"
