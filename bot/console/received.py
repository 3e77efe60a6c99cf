"""What came with the messages of users, over HTTP: to its owner only."""

import re

from fastapi import Response

from adapters.web import NAME
from bot.console.content import content_response, not_there
from bot.domain.errors import NotAllowed
from bot.domain.media import Upload
from bot.domain.messenger import File
from storage.faults import ContentGone
from storage.store import Store
from storage.vault import Vault


async def upload_response(store: Store, vault: Vault, visitor: str, number: str) -> Response:
    """The content that is kept of the upload with that id; 404 when none is, and when it came from somebody else's
    conversation."""
    upload = await _theirs(store, visitor, int(number)) if re.fullmatch(r"[0-9]{1,18}", number) else None
    if upload is None or upload.blob is None:
        return not_there()
    try:
        content = await vault.read(upload.blob)
    except ContentGone:
        return not_there()  # deleted meanwhile
    return content_response(File(upload.name, content, upload.media_type))


async def _theirs(store: Store, visitor: str, upload_id: int) -> Upload | None:
    async with store.begin() as tx:
        user = await tx.users.find(NAME, "", visitor)
        try:
            upload = await tx.uploads.get(upload_id)
            thread = await tx.threads.get(upload.thread_id)
        except NotAllowed:
            return None
    return upload if user is not None and thread.user_id == user.id else None
