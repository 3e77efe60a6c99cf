"""From what a visitor sends to the attachments of a message."""

from bot.console.composer import Draft
from bot.console.content import is_picture
from bot.console.uploads import UploadDesk
from bot.domain.errors import FileRefused
from bot.domain.incoming import Attachment, AttachmentKind
from storage.files import StoredFile


class UploadsGone(FileRefused):
    """What was uploaded under `tokens` is not there, or not the visitor's."""

    def __init__(self, tokens: list[str]) -> None:
        super().__init__("web-upload-gone")
        self.tokens = tokens


async def attached(desk: UploadDesk, visitor: str, draft: Draft) -> tuple[Attachment, ...]:
    """The visitor's uploads that the draft names, in its order. UploadsGone, StorageError."""
    found = await desk.found(visitor, draft.tokens)
    files = [(token, found.get(token)) for token in draft.tokens]
    if lost := [token for token, file in files if file is None]:
        raise UploadsGone(lost)
    return tuple(_attachment(draft, file) for _, file in files if file is not None)


def _attachment(draft: Draft, file: StoredFile) -> Attachment:
    if draft.voice is not None and file.token == draft.voice.token:
        return Attachment(
            "voice",
            file.token,
            media_type=file.media_type,
            size_bytes=file.size_bytes,
            duration_seconds=draft.voice.seconds,
        )
    return Attachment(_kind(file.media_type), file.token, file.name, file.media_type, file.size_bytes)


def _kind(media_type: str) -> AttachmentKind:
    """By what the browser said; whoever looks into the file says more."""
    if is_picture(media_type):
        return "photo"
    match media_type.partition("/")[0]:
        case "audio":
            return "audio"
        case "video":
            return "video"
        case _:
            return "document"
