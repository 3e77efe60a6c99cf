"""What people send: texts, files of every kind, albums, places and contacts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from adapters.telegram.emulator.chat import Chat
from adapters.telegram.emulator.entities import detect_entities
from adapters.telegram.emulator.files import media_json
from adapters.telegram.emulator.state import ChatState, Message, Profile, Topic
from adapters.telegram.emulator.wire import Json, utf16_length
from adapters.telegram.emulator.world import World
from bot.domain.errors import Refused

_MAX_TEXT = 4096
_MAX_CAPTION = 1024
_MAX_ALBUM = 10
_CUTS = re.compile(r"\n|(?<=[.!?]) | ")
_SEEN = frozenset({"photo", "video"})


class Where(TypedDict, total=False):
    """Where a thing is sent: the private chat with the bot unless said otherwise."""

    chat: Chat
    topic: Topic
    reply_to: Message


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file as a person attaches it; `size_bytes` may claim more than `data` holds.

    `details` are further fields of its object in the message, as the Bot API names them.
    """

    kind: str
    filename: str
    data: bytes
    media_type: str
    size_bytes: int | None = None
    details: Json = field(default_factory=dict)


class Sender:
    """Somebody who sends. Verbs act in the private chat with the bot unless a `chat` (and a `topic` of it) is named."""

    def __init__(self, world: World, profile: Profile, private: Chat) -> None:
        self._world = world
        self.profile = profile
        self.private = private

    @property
    def id(self) -> int:
        return self.profile.id

    async def says(
        self,
        text: str,
        chat: Chat | None = None,
        topic: Topic | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Send a text; a paste of more than 4096 UTF-16 units goes out in several messages, the last is returned."""
        last: Message | None = None
        for piece in _cut_paste(text.strip(" \n")):
            fields = {"text": piece, "entities": detect_entities(piece), "reply_to": reply_to}
            last = await self._send(chat, topic, **fields)
        if last is None:
            raise Refused("Telegram sends no empty messages")
        return last

    async def replies(self, message: Message, text: str) -> Message:
        """Answer `message` where it stands."""
        topic = None if message.topic is None else message.place.topics.get(message.topic)
        return await self.says(text, Chat(self._world, message.place), topic, message)

    async def sends_photo(self, data: bytes = b"\xff\xd8photo", caption: str = "", **where: Unpack[Where]) -> Message:
        return await self.sends(Enclosed("photo", "photo.jpg", data, "image/jpeg"), caption, **where)

    async def sends_voice(
        self,
        data: bytes = b"OggSvoice",
        caption: str = "",
        duration_seconds: int = 3,
        size_bytes: int | None = None,
        **where: Unpack[Where],
    ) -> Message:
        details = {"duration": duration_seconds}
        return await self.sends(
            Enclosed("voice", "voice.oga", data, "audio/ogg", size_bytes, details), caption, **where
        )

    async def sends_audio(
        self,
        data: bytes,
        filename: str = "",
        caption: str = "",
        media_type: str = "audio/mpeg",
        details: Json | None = None,
        **where: Unpack[Where],
    ) -> Message:
        """A piece of music; `details` are its `duration`, `title`, `performer`. Some programs give it no name."""
        return await self.sends(Enclosed("audio", filename, data, media_type, details=details or {}), caption, **where)

    async def sends_video_note(
        self, data: bytes = b"\x00\x00\x00\x18ftypmp42", duration_seconds: int = 3, **where: Unpack[Where]
    ) -> Message:
        details = {"duration": duration_seconds}
        return await self.sends(Enclosed("video_note", "", data, "video/mp4", details=details), **where)

    async def sends_sticker(
        self, data: bytes = b"RIFFsticker", size_bytes: int | None = None, **where: Unpack[Where]
    ) -> Message:
        return await self.sends(Enclosed("sticker", "sticker.webp", data, "image/webp", size_bytes), **where)

    async def sends_document(
        self,
        filename: str,
        data: bytes,
        caption: str = "",
        media_type: str = "application/octet-stream",
        size_bytes: int | None = None,
        **where: Unpack[Where],
    ) -> Message:
        """`size_bytes` may claim more than `data` holds; `where` is `chat`, `topic`, `reply_to`."""
        return await self.sends(Enclosed("document", filename, data, media_type, size_bytes), caption, **where)

    async def sends(self, file: Enclosed, caption: str = "", **where: Unpack[Where]) -> Message:
        """Any file."""
        return await self._send_file(file, caption, None, **where)

    async def sends_album(
        self, files: Sequence[bytes | Enclosed], caption: str = "", captioned: int = 0, **where: Unpack[Where]
    ) -> list[Message]:
        """Several files at once (bytes are photos): separate messages and updates with one `media_group_id`.

        `captioned` is the place of the one that carries the caption; programs put it on the first photo, and on the
        last document (-1).
        """
        parts = [
            Enclosed("photo", "photo.jpg", file, "image/jpeg") if isinstance(file, bytes) else file for file in files
        ]
        _check_album(parts)
        group = str(13_000_000_000 + next(self._world.ids))
        captions = [""] * len(parts)
        captions[captioned] = caption
        return [await self._send_file(part, text, group, **where) for part, text in zip(parts, captions, strict=True)]

    async def sends_location(self, latitude: float, longitude: float, **where: Unpack[Where]) -> Message:
        return await self._send_thing({"location": {"latitude": latitude, "longitude": longitude}}, **where)

    async def sends_contact(self, first_name: str, phone_number: str, **where: Unpack[Where]) -> Message:
        return await self._send_thing({"contact": {"first_name": first_name, "phone_number": phone_number}}, **where)

    def _state(self, chat: Chat | None) -> ChatState:
        return (chat or self.private).state

    async def _send_file(self, file: Enclosed, caption: str, group: str | None, **where: Unpack[Where]) -> Message:
        if utf16_length(caption) > _MAX_CAPTION:
            raise Refused(f"a caption holds at most {_MAX_CAPTION} characters")
        stored = self._world.files.store(
            file.kind, file.filename, file.data, file.media_type, size_bytes=file.size_bytes, details=file.details
        )
        told = {"caption": caption or None, "entities": detect_entities(caption), "media_group_id": group}
        return await self._send_thing(media_json(file.kind, stored), told, **where)

    async def _send_thing(self, media: Json, told: Json | None = None, **where: Unpack[Where]) -> Message:
        content = {"media": media, "reply_to": where.get("reply_to")} | (told or {})
        return await self._send(where.get("chat"), where.get("topic"), **content)

    async def _send(self, chat: Chat | None, topic: Topic | None, **fields: object) -> Message:
        place = self._state(chat)
        if place.blocked:
            raise Refused("the user has blocked the bot and must unblock it first")
        place.started = True
        if topic is not None and topic.id not in place.topics:
            raise Refused("the topic is gone")
        if place.is_forum and topic is not None and fields.get("reply_to") is None:
            # In forums a message without a reply formally replies to the message that opened its topic.
            fields["reply_to"] = place.by_id.get(topic.id)
        thread = topic.id if topic is not None else None
        message = self._world.add_message(place, self.profile, topic=thread, **fields)
        await self._tell("message", place, message)
        return message

    async def _tell(self, kind: str, place: ChatState, message: Message) -> None:
        if self._world.may_hear(place, message):
            await self._world.updates.push({kind: message.to_json()})


def _check_album(parts: Sequence[Enclosed]) -> None:
    """Photos and videos mix; documents, and music, stay among themselves (Bot API, `sendMediaGroup`)."""
    kinds = {part.kind for part in parts}
    if not 2 <= len(parts) <= _MAX_ALBUM or not (kinds <= _SEEN or kinds in ({"document"}, {"audio"})):
        raise Refused("this is no album: 2 to 10 photos and videos, or documents, or pieces of music")


def _cut_paste(text: str) -> Iterator[str]:
    """Pieces as clients send them: cut at the last line end, sentence or word of the second half, else hard."""
    while utf16_length(text) > _MAX_TEXT:
        most = _prefix_of(text, _MAX_TEXT)
        half = len(most) // 2
        breaks = [found for found in _CUTS.finditer(most) if found.start() > half]
        newlines = [found for found in breaks if found.group() == "\n"]
        best = (newlines or breaks)[-1] if breaks else None
        cut = best.start() if best else len(most)
        yield most[:cut].rstrip(" \n")
        text = text[cut:].lstrip(" \n")
    if text:
        yield text


def _prefix_of(text: str, units: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += 2 if ord(char) > 0xFFFF else 1
        if taken > units:
            return text[:index]
    return text
