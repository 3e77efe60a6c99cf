"""The people and chats around the bot; their verbs make tests and the sandbox read as conversations."""

import re
from collections.abc import Iterator, Sequence
from typing import TypedDict, Unpack

from adapters.telegram.emulator.entities import detect_entities
from adapters.telegram.emulator.files import media_json
from adapters.telegram.emulator.methods.chats import member_json
from adapters.telegram.emulator.state import ChatState, Draft, Message, Profile, Topic
from adapters.telegram.emulator.wire import Json, utf16_length
from adapters.telegram.emulator.world import World
from bot.domain.errors import Refused

_MAX_TEXT = 4096
_CUTS = re.compile(r"\n|(?<=[.!?]) | ")


class Where(TypedDict, total=False):
    """Where a thing is sent: the private chat with the bot unless said otherwise."""

    chat: "Chat"
    topic: Topic
    reply_to: Message


class Chat:
    """A chat as one who sits in it sees it."""

    def __init__(self, world: World, state: ChatState) -> None:
        self._world = world
        self.state = state

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def messages(self) -> list[Message]:
        """What is visible now, the oldest first; deleted messages are not there."""
        return self.state.messages

    @property
    def replies(self) -> list[Message]:
        """The bot's visible messages, service messages left out, the oldest first."""
        return [message for message in self.messages if message.from_bot and not message.service]

    @property
    def draft(self) -> Draft | None:
        """The draft on the screen now, or `None`; it lives 30 s, until the next frame, or until a message comes."""
        return self.state.draft

    @property
    def drafts(self) -> list[Draft]:
        """Every frame that was ever shown, the oldest first."""
        return self.state.drafts

    @property
    def topics(self) -> list[Topic]:
        return list(self.state.topics.values())

    @property
    def actions(self) -> list[str]:
        """The chat actions (`typing` and so on) the bot has sent, the oldest first."""
        return self.state.actions

    async def migrates(self) -> "Chat":
        """The group becomes a supergroup; the old id answers with the new one from now on."""
        state = self.state
        number = -1002000000000 - next(self._world.ids)
        admins = set(state.admins)
        new = ChatState(number, "supergroup", state.clock, state.title, members=list(state.members), admins=admins)
        self._world.chats[number] = state.migrated_to = new
        sender = state.members[0] if state.members else self._world.me
        moved = self._world.add_message(state, sender, service={"migrate_to_chat_id": new.id})
        came = self._world.add_message(new, sender, service={"migrate_from_chat_id": state.id})
        await self._world.updates.push({"message": moved.to_json()})
        await self._world.updates.push({"message": came.to_json()})
        return Chat(self._world, new)

    async def kicks_bot(self) -> None:
        """The bot is removed; its calls get 403 until `adds_bot`."""
        await self._bot_becomes("kicked")

    async def adds_bot(self) -> None:
        await self._bot_becomes("member")

    async def _bot_becomes(self, status: str) -> None:
        actor = self.state.members[0] if self.state.members else self._world.me
        old = _bot_member(self._world, self.state)
        self.state.bot_status = "kicked" if status == "kicked" else "member"
        await _tell_membership(self._world, self.state, actor, old)


def _bot_member(world: World, chat: ChatState) -> Json:
    if chat.blocked or chat.bot_status == "kicked":
        return {"user": world.me.to_json(), "status": "kicked", "until_date": 0}
    return member_json(chat, world.me)


async def _tell_membership(world: World, chat: ChatState, actor: Profile, old: Json) -> None:
    change = {"chat": chat.to_json(), "from": actor.to_json(), "date": world.unix_now()}
    members = {"old_chat_member": old, "new_chat_member": _bot_member(world, chat)}
    await world.updates.push({"my_chat_member": change | members})


class User:
    """A person. Verbs act in the private chat with the bot unless a `chat` (and a `topic` of it) is named."""

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

    async def sends_photo(self, data: bytes = b"\xff\xd8photo", caption: str = "", **where: Unpack[Where]) -> Message:
        return await self._send_file("photo", "photo.jpg", data, "image/jpeg", caption, **where)

    async def sends_voice(self, data: bytes = b"OggSvoice", caption: str = "", **where: Unpack[Where]) -> Message:
        return await self._send_file("voice", "voice.oga", data, "audio/ogg", caption, **where)

    async def sends_sticker(
        self, data: bytes = b"RIFFsticker", size_bytes: int | None = None, **where: Unpack[Where]
    ) -> Message:
        return await self._send_file("sticker", "sticker.webp", data, "image/webp", "", size_bytes, **where)

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
        return await self._send_file("document", filename, data, media_type, caption, size_bytes, **where)

    async def sends_album(self, photos: Sequence[bytes], caption: str = "", **where: Unpack[Where]) -> list[Message]:
        """Several photos at once: separate messages and updates with one `media_group_id`; the first is captioned."""
        group = str(13_000_000_000 + next(self._world.ids))
        captions = [caption] + [""] * (len(photos) - 1)
        return [
            await self._send_file("photo", "photo.jpg", data, "image/jpeg", text, group=group, **where)
            for data, text in zip(photos, captions, strict=True)
        ]

    async def edits(self, message: Message, text: str) -> None:
        """Change the text (or caption) of an own message."""
        if message.sender is not self.profile:
            raise Refused("one can edit only one's own messages")
        message.entities = detect_entities(text)
        if message.media:
            message.caption = text
        else:
            message.text = text
        message.edited_at = self._world.unix_now()
        message.versions.append(text)
        await self._tell("edited_message", message.place, message)

    async def presses(self, button: str, message: Message | None = None, chat: Chat | None = None) -> str:
        """Press the callback button with this text, on `message` or the newest message that has it.

        Return the id of the callback query; `emulator.presses[id]` tells how the bot answered it.
        """
        place = self._state(chat)
        candidates = [message] if message is not None else list(reversed(place.messages))
        for candidate in candidates:
            for one in candidate.buttons:
                if _label(one) == button and one.get("callback_data") is not None:
                    return await self.presses_data(str(one["callback_data"]), candidate)
        raise Refused(f"no message has the button {button!r}")

    async def presses_data(self, data: str, message: Message) -> str:
        """Send a callback query with `data` under `message`, whether such a button exists or not (old, forged)."""
        press = self._world.press(data)
        query = {
            "id": press.id,
            "from": self.profile.to_json(),
            "message": message.to_json(),
            "chat_instance": str(message.place.id),
            "data": data,
        }
        await self._world.updates.push({"callback_query": query})
        return press.id

    async def presses_stop(self, chat: Chat | None = None, topic: Topic | None = None) -> int:
        """Press the native stop button of the live draft (of a topic); return its `draft_id`.

        Drafts live in private chats only, so `chat` can be no other than the one with the bot.
        """
        if chat is not None and chat.id != self.id:
            raise Refused("drafts live in private chats only")
        draft = self.private.state.draft_in(topic.id) if topic else self.private.draft
        if draft is None or not draft.can_stop:
            raise Refused("no draft with a stop button is on the screen")
        draft.gone = not draft.keep_on_stop
        self.private.state.stopped_drafts.add(draft.draft_id)
        stopped: Json = {"chat": self.private.state.to_json(), "draft_id": draft.draft_id}
        thread = {"message_thread_id": draft.topic} if draft.topic is not None else {}
        await self._world.updates.push({"stopped_message_generation": stopped | thread})
        return draft.draft_id

    async def blocks(self) -> None:
        """Block the bot: its calls get 403, and it hears of it."""
        old = _bot_member(self._world, self.private.state)
        self.private.state.blocked = True
        await _tell_membership(self._world, self.private.state, self.profile, old)

    async def unblocks(self) -> None:
        old = _bot_member(self._world, self.private.state)
        self.private.state.blocked = False
        await _tell_membership(self._world, self.private.state, self.profile, old)

    async def reacts(self, message: Message, emoji: str = "") -> None:
        """Put a reaction on a message, or take it back with an empty `emoji`."""
        old = message.reactions.get(self.id, [])
        message.reactions[self.id] = [{"type": "emoji", "emoji": emoji}] if emoji else []
        change: Json = {
            "chat": message.place.to_json(),
            "message_id": message.message_id,
            "user": self.profile.to_json(),
            "date": self._world.unix_now(),
            "old_reaction": old,
            "new_reaction": message.reactions[self.id],
        }
        if message.place.is_private or self._world.me.id in message.place.admins:
            await self._world.updates.push({"message_reaction": change})

    async def creates_topic(self, name: str, chat: Chat | None = None) -> Topic:
        """Open a topic in the private chat with the bot, or in a forum."""
        place = self._state(chat)
        if not place.is_forum and not (place.is_private and self._world.has_topics):
            raise Refused("the chat has no topics")
        topic = self._world.add_topic(place, self.profile, name)
        await self._tell("message", place, place.by_id[topic.id])
        return topic

    async def deletes(self, message: Message) -> None:
        """Delete a message; a bot hears nothing of it."""
        message.place.by_id.pop(message.message_id, None)

    def _state(self, chat: Chat | None) -> ChatState:
        return (chat or self.private).state

    async def _send_file(
        self,
        kind: str,
        filename: str,
        data: bytes,
        media_type: str,
        caption: str,
        size_bytes: int | None = None,
        group: str | None = None,
        **where: Unpack[Where],
    ) -> Message:
        file = self._world.files.store(kind, filename, data, media_type, size_bytes=size_bytes)
        content = {"media": media_json(kind, file), "media_group_id": group, "reply_to": where.get("reply_to")}
        told = {"caption": caption or None, "entities": detect_entities(caption)}
        return await self._send(where.get("chat"), where.get("topic"), **content, **told)

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


def _label(button: Json) -> str:
    text = button.get("text", "")
    return text if isinstance(text, str) else str(text)


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
