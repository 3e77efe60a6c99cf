"""What came with a message, as the attachments that everybody else understands."""

from collections.abc import Mapping
from typing import Any

from bot.domain.incoming import Attachment, AttachmentKind
from bot.markdown.plain import clean

_PHOTOS = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_GONE = frozenset({"tombstone", "hidden_by_limit"})
_CLIPS: Mapping[str, AttachmentKind] = {"slack_audio": "voice", "slack_video": "video"}
_PAGES = frozenset({"canvas", "docs", "email", "post", "quip", "space"})
_HTML = "text/html"
_HTML_ENDINGS = (".html", ".htm")


def attachments(message: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Every file of `message`; deleted files and those behind the plan's limit are left out.

    `Attachment.file` is the id for `files.info`, which has the download address. Files from other workspaces come as a
    bare id with `file_access: check_file_info` (https://docs.slack.dev/reference/objects/file-object).
    """
    files = message.get("files")
    if not isinstance(files, list):
        return ()
    return tuple(
        attachment(file) for file in files if isinstance(file, Mapping) and file.get("id") and not is_gone(file)
    )


def attachment(file: Mapping[str, Any]) -> Attachment:
    """One file object of Slack's, with its `id`."""
    duration = file.get("duration_ms")
    return Attachment(
        _kind(file),
        clean(str(file["id"])),
        _name(file),
        _media_type(file),
        size if isinstance(size := file.get("size"), int) else None,
        duration / 1000 if isinstance(duration, int | float) else None,
    )


def is_bare(one: Attachment) -> bool:
    """Whether its event told nothing of the file but the id."""
    return bool(one.file) and not one.name and not one.media_type


def is_gone(file: Mapping[str, Any]) -> bool:
    """Whether nothing is left of the file but its trace in the message."""
    return file.get("mode") in _GONE or file.get("file_access") == "file_not_found"


def is_elsewhere(file: Mapping[str, Any]) -> bool:
    """Whether Slack only links to it: the file is kept by Google Drive or the like."""
    return file.get("mode") == "external" or file.get("is_external") is True


def is_page(file: Mapping[str, Any]) -> bool:
    """Whether the file is handed out as HTML: canvases, posts and e-mails are, whatever their type says."""
    return file.get("mode") in _PAGES or file.get("mimetype") == _HTML


def _kind(file: Mapping[str, Any]) -> AttachmentKind:
    clip = _CLIPS.get(str(file.get("subtype")))
    if clip is not None:
        return clip
    media_type = str(file.get("mimetype") or "")
    if is_elsewhere(file):
        return "other"
    if media_type in _PHOTOS:
        return "photo"
    if media_type.startswith("audio/") or file.get("media_display_type") == "audio":
        return "audio"
    return "video" if media_type.startswith("video/") else "document"


def _name(file: Mapping[str, Any]) -> str:
    name, title = (clean(str(file.get(key) or "")).strip() for key in ("name", "title"))
    if not is_page(file):
        return name or title
    shown = title or name or str(file.get("mode"))
    return shown if shown.lower().endswith(_HTML_ENDINGS) else f"{shown}.html"


def _media_type(file: Mapping[str, Any]) -> str:
    if is_page(file):
        return _HTML
    media_type = clean(str(file.get("mimetype") or ""))
    return media_type or ("text/plain" if file.get("mode") == "snippet" else "")
