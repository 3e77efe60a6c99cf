"""Content that others made, over HTTP: harmless whatever is in it."""

import re
from urllib.parse import quote

from fastapi import Response

from bot.domain.messenger import File

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Media types that a browser may show by themselves. An SVG is a document with scripts, and is downloaded."""
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def is_picture(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() in _PICTURES


def is_sound(media_type: str) -> bool:
    return media_type.lower().startswith("audio/")


def not_there() -> Response:
    """The same for what never was, for what is gone and for what belongs to somebody else."""
    return Response(status_code=404, headers=_HEADERS)


def content_response(file: File, *, wanted: str = "") -> Response:
    """The file, to be shown when it is a picture and to be kept when it is anything else.

    `wanted` is the request's `Range`: players of sound ask for parts (RFC 9110, 14). Only they get them, since what may
    be compressed on its way has no fixed bytes.
    """
    media_type = file.media_type if file.media_type.isascii() and file.media_type.isprintable() else ""
    kind = "inline" if is_picture(media_type) else "attachment"
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "._- ") else "_" for char in file.name)
    named = f"{kind}; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(file.name, safe='', errors='replace')}"
    headers = {**_HEADERS, "Content-Disposition": named}
    if is_sound(media_type):
        return _partial(file.content, media_type, headers, wanted)
    return Response(file.content, media_type=media_type or "application/octet-stream", headers=headers)


def _partial(content: bytes, media_type: str, headers: dict[str, str], wanted: str) -> Response:
    headers["Accept-Ranges"] = "bytes"
    size = len(content)
    span = _span(wanted, size)
    if span is None:
        return Response(content, media_type=media_type, headers=headers)
    first, last = span
    if first > last:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(content[first : last + 1], 206, media_type=media_type, headers=headers)


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte, the first behind the last when there is none; None when no single range is asked for."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return (max(0, size - int(match[2])), size - 1)
    first = int(match[1])
    if match[2] and int(match[2]) < first:
        return None
    return (first, min(int(match[2] or size), size - 1))
