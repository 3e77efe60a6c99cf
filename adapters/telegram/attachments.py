"""What came with a message, as the attachments that everybody else understands."""

from collections.abc import Iterator

from aiogram.types import Message, PhotoSize

from bot.domain.incoming import Attachment
from bot.markdown.plain import clean


def attachments(message: Message) -> tuple[Attachment, ...]:
    """Every file and thing of `message`; empty when it has none that we can name."""
    return (*_pictures(message), *_sounds(message), *_documents(message), *_things(message))


def _pictures(message: Message) -> Iterator[Attachment]:
    if message.photo:
        yield _photo(message.photo)
    if message.live_photo and message.live_photo.photo:
        yield _photo(message.live_photo.photo)
    if sticker := message.sticker:
        kind = "video/webm" if sticker.is_video else "application/x-tgsticker" if sticker.is_animated else "image/webp"
        yield Attachment("sticker", sticker.file_id, clean(sticker.emoji or ""), kind, sticker.file_size)


def _photo(sizes: list[PhotoSize]) -> Attachment:
    largest = max(sizes, key=lambda size: size.width * size.height)
    return Attachment("photo", largest.file_id, "photo.jpg", "image/jpeg", largest.file_size)


def _sounds(message: Message) -> Iterator[Attachment]:
    if voice := message.voice:
        yield Attachment(
            "voice", voice.file_id, "voice.ogg", clean(voice.mime_type or "audio/ogg"), voice.file_size, voice.duration
        )
    if audio := message.audio:
        name = clean(audio.file_name or audio.title or "")
        yield Attachment("audio", audio.file_id, name, clean(audio.mime_type or ""), audio.file_size, audio.duration)
    if note := message.video_note:
        yield Attachment("video_note", note.file_id, "video_note.mp4", "video/mp4", note.file_size, note.duration)


def _documents(message: Message) -> Iterator[Attachment]:
    if video := message.video or message.animation:
        name = clean(video.file_name or "")
        yield Attachment("video", video.file_id, name, clean(video.mime_type or ""), video.file_size, video.duration)
    # A GIF comes as animation and, for old clients, as document too.
    if message.document and not message.animation:
        document = message.document
        name = clean(document.file_name or "")
        yield Attachment("document", document.file_id, name, clean(document.mime_type or ""), document.file_size)


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
