"""Files of users over HTTP: only to the browser of their owner, and harmless whatever is in them."""

from fastapi import Response

from adapters.web import NAME
from bot.console.content import content_response, is_picture, not_there
from storage.faults import ContentGone
from storage.store import Store
from storage.vault import Vault

__all__ = ["file_response", "is_picture"]


async def file_response(store: Store, vault: Vault, visitor: str, token: str, *, wanted: str = "") -> Response:
    """The file behind `token`; 404 when there is none, when it has expired, and when it belongs to somebody else.

    `wanted` is the request's `Range`. StorageError when its content cannot be had now.
    """
    async with store.begin() as tx:
        found = await tx.files.by_token(token)
        user = await tx.users.find(NAME, "", visitor)
    if found is None or user is None or found.user_id != user.id:
        return not_there()
    try:
        return content_response(await vault.file(found), wanted=wanted)
    except ContentGone:
        return not_there()  # deleted meanwhile
