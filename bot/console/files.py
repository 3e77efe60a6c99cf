"""Files of users over HTTP: only to the browser of their owner, and harmless whatever is in them."""

from urllib.parse import quote

from fastapi import Response

from adapters.web import NAME
from bot.domain.messenger import File
from storage.store import Store

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
"""Media types that a browser may show by themselves. An SVG is a document with scripts, and is downloaded."""
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def is_picture(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() in _PICTURES


async def file_response(store: Store, visitor: str, token: str) -> Response:
    """The file behind `token`; 404 when there is none, when it has expired, and when it belongs to somebody else."""
    async with store.begin() as tx:
        found = await tx.files.by_token(token)
        user = await tx.users.find(NAME, "", visitor)
    if found is None or user is None or found[0].user_id != user.id:
        return Response(status_code=404, headers=_HEADERS)
    return _response(found[1])


def _response(file: File) -> Response:
    media_type = file.media_type if file.media_type.isascii() and file.media_type.isprintable() else ""
    kind = "inline" if is_picture(media_type) else "attachment"
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "._- ") else "_" for char in file.name)
    named = f"{kind}; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(file.name, safe='', errors='replace')}"
    return Response(
        file.content,
        media_type=media_type or "application/octet-stream",
        headers={**_HEADERS, "Content-Disposition": named},
    )
