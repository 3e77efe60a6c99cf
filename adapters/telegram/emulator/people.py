"""The people around the bot; their verbs make tests and the sandbox read as conversations."""

from adapters.telegram.emulator.chat import Chat, bot_member, tell_membership
from adapters.telegram.emulator.entities import detect_entities
from adapters.telegram.emulator.sending import Sender
from adapters.telegram.emulator.state import Message, Topic
from adapters.telegram.emulator.wire import Json
from bot.domain.errors import Refused


class User(Sender):
    """A person. Verbs act in the private chat with the bot unless a `chat` (and a `topic` of it) is named."""

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
        old = bot_member(self._world, self.private.state)
        self.private.state.blocked = True
        await tell_membership(self._world, self.private.state, self.profile, old)

    async def unblocks(self) -> None:
        old = bot_member(self._world, self.private.state)
        self.private.state.blocked = False
        await tell_membership(self._world, self.private.state, self.profile, old)

    def is_asked(self, message: Message) -> bool:
        """Whether this person's program opens the reply to `message`: a selective one asks whom it answers or names.

        Names are not looked for; the bot does not write any.
        """
        selective = bool((message.reply_markup or {}).get("selective"))
        answered = message.reply_to.sender if message.reply_to is not None else None
        return message.asks is not None and (not selective or answered is self.profile)

    def forbids_voice(self, *, forbidden: bool = True) -> None:
        """Let nobody send voice messages, as the owner of a Premium account may."""
        self.private.state.forbids_voice = forbidden

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


def _label(button: Json) -> str:
    text = button.get("text", "")
    return text if isinstance(text, str) else str(text)
