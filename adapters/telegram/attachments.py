"""What came with a message, as the attachments that everybody else understands."""

import mimetypes
from collections.abc import Iterator

from aiogram.types import Message, PhotoSize

from bot.domain.incoming import Attachment
from bot.markdown.plain import clean

_HANDED_OUT_BYTES = 20 * 1024 * 1024
"""The longest file that the Bot API hands out (https://core.telegram.org/bots/api#getfile)."""
_ENDINGS = {"audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/x-m4a": ".m4a", "audio/ogg": ".ogg"}
"""What `mimetypes` knows differently on each machine."""


def attachments(message: Message) -> tuple[Attachment, ...]:
    """Every file and thing of `message`; empty when it has none that we can name."""
    return (*_pictures(message), *_sounds(message), *_documents(message), *_things(message))


def _pictures(message: Message) -> Iterator[Attachment]:
    if message.photo:
        yield _photo(message.photo)
    if live := message.live_photo:
        # The file of a live photo is its film; what was meant to be seen is the still.
        film = Attachment("video", live.file_id, "live_photo.mp4", "video/mp4", live.file_size, live.duration)
        yield _photo(live.photo) if live.photo else film
    if sticker := message.sticker:
        kind = "video/webm" if sticker.is_video else "application/x-tgsticker" if sticker.is_animated else "image/webp"
        yield Attachment("sticker", sticker.file_id, clean(sticker.emoji or ""), kind, sticker.file_size)


def _photo(sizes: list[PhotoSize]) -> Attachment:
    """The largest size that can be fetched."""
    fetchable = [size for size in sizes if (size.file_size or 0) <= _HANDED_OUT_BYTES]
    largest = max(fetchable or sizes, key=lambda size: size.width * size.height)
    return Attachment("photo", largest.file_id, "photo.jpg", "image/jpeg", largest.file_size)


def _sounds(message: Message) -> Iterator[Attachment]:
    if voice := message.voice:
        yield Attachment(
            "voice", voice.file_id, "voice.ogg", clean(voice.mime_type or "audio/ogg"), voice.file_size, voice.duration
        )
    if audio := message.audio:
        kind = clean(audio.mime_type or "audio/mpeg")
        track = " - ".join(filter(None, (audio.performer, audio.title)))
        name = _name(audio.file_name, track or "audio", kind)
        yield Attachment("audio", audio.file_id, name, kind, audio.file_size, audio.duration)
    if note := message.video_note:
        yield Attachment("video_note", note.file_id, "video_note.mp4", "video/mp4", note.file_size, note.duration)


def _documents(message: Message) -> Iterator[Attachment]:
    if video := message.video or message.animation:
        kind = clean(video.mime_type or "video/mp4")
        name = _name(video.file_name, "video" if message.video else "animation", kind)
        yield Attachment("video", video.file_id, name, kind, video.file_size, video.duration)
    # A GIF comes as animation and, for old clients, as document too.
    if message.document and not message.animation:
        document = message.document
        kind = clean(document.mime_type or "")
        name = _name(document.file_name, "document", kind)
        yield Attachment("document", document.file_id, name, kind, document.file_size)


def _name(given: str | None, otherwise: str, media_type: str) -> str:
    """The name that the sender's program gave, else one that ends as files of its type do."""
    if named := clean(given or "").strip():
        return named
    return clean(otherwise) + (_ENDINGS.get(media_type) or mimetypes.guess_extension(media_type) or "")


def _things(message: Message) -> Iterator[Attachment]:
    # A venue repeats its point as location.
    if venue := message.venue:
        yield Attachment("location", name=clean(f"{venue.title}, {venue.address}"))
    elif point := message.location:
        yield Attachment("location", name=f"{point.latitude},{point.longitude}")
    if contact := message.contact:
        parts = (contact.first_name, contact.last_name, contact.phone_number)
        yield Attachment("contact", name=clean(" ".join(filter(None, parts))))
    if message.poll:
        yield Attachment("other", name=clean(message.poll.question))
    if message.dice:
        yield Attachment("other", name=clean(f"{message.dice.emoji} {message.dice.value}"))
    if message.checklist:
        lines = (message.checklist.title, *(f"- {task.text}" for task in message.checklist.tasks))
        yield Attachment("other", name=clean("\n".join(lines)))
