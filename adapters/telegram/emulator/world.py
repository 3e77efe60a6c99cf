"""The whole emulated Telegram around one bot; what the methods of the Bot API read and change."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path

from adapters.telegram.emulator.files import Files, media_json
from adapters.telegram.emulator.schema import Upload
from adapters.telegram.emulator.state import ChatState, Counters, Message, Profile, Topic
from adapters.telegram.emulator.updates import Updates
from adapters.telegram.emulator.wire import Json, Refusal, bad_request, forbidden
from bot.domain.ports import Clock

CALLBACK_SECONDS = 600.0
"""How long a pressed button waits for its answer; Telegram's own figure is not documented."""


@dataclass(slots=True)
class Press:
    """A button that a user pressed, and what the bot answered."""

    id: str
    at: float
    data: str
    answered: bool = False
    text: str = ""
    show_alert: bool = False


class World:
    """State and its rules; knows nothing of HTTP."""

    def __init__(self, clock: Clock, token: str, *, topics: bool, privacy: bool, local_folder: Path | None) -> None:
        self.clock = clock
        self.me = Profile(int(token.partition(":")[0]), "Switchboard", "switchboard_bot", is_bot=True)
        self.has_topics = topics
        self.privacy = privacy
        self.local_folder = local_folder
        self.updates = Updates(clock)
        self.files = Files(clock)
        self.counters = Counters()
        self.chats: dict[int, ChatState] = {}
        self.presses: dict[str, Press] = {}
        self.commands: dict[str, list[Json]] = {}
        self.descriptions: dict[str, str] = {}
        self.violations: list[str] = []
        self.logged_out = False
        self.ids = count(1)

    def unix_now(self) -> int:
        return int(self.clock.now().timestamp())

    def chat(self, raw: object) -> ChatState:
        """The chat of a `chat_id`; Refusal when it is unknown, moved, or closed to the bot."""
        chat = self.known_chat(raw)
        if chat.migrated_to is not None:
            raise Refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.migrated_to.id},
            )
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started:
            raise forbidden("bot can't initiate conversation with a user")
        if chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {_kind_of(chat)} chat")
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {_kind_of(chat)} chat")
        return chat

    def known_chat(self, raw: object) -> ChatState:
        text = str(raw).strip()
        if not text:
            raise bad_request("chat_id is empty")
        number = int(text) if text.removeprefix("-").isdecimal() else 0
        chat = self.chats.get(number)
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def thread(self, chat: ChatState, raw: object) -> int | None:
        """The topic of a `message_thread_id`; Refusal when the chat has no such topic."""
        if raw in (None, 0):
            return None
        topic = chat.topics.get(int(str(raw)))
        if topic is None:
            raise bad_request("message thread not found")
        if topic.closed and self.me.id not in chat.admins and not chat.is_private:
            raise bad_request("TOPIC_CLOSED")
        return topic.id

    def add_message(self, chat: ChatState, sender: Profile, **fields: object) -> Message:
        """Put a message into the chat under the next id of its counter."""
        number = self.counters.next_message_id(chat)
        message = Message(chat, number, sender, self.unix_now(), **fields)  # type: ignore[arg-type]
        message.versions.append(message.text_content)
        chat.by_id[number] = message
        return message

    def bot_says(self, chat: ChatState, **fields: object) -> Message:
        """A message of the bot; the draft it was preceded by goes from the screen."""
        message = self.add_message(chat, self.me, **fields)
        for draft in chat.drafts:
            if draft.topic == message.topic:
                draft.gone = True
        return message

    def add_topic(self, chat: ChatState, creator: Profile, name: str, **fields: object) -> Topic:
        """Open a topic; the service message about it gives the topic its id."""
        topic = Topic(0, name, **fields)  # type: ignore[arg-type]
        created = {key: value for key, value in topic.to_json().items() if key != "message_thread_id"}
        message = self.add_message(chat, creator, service={"forum_topic_created": created})
        topic.id = message.topic = message.message_id
        chat.topics[topic.id] = topic
        return topic

    def rich_media(self, uploads: dict[str, Upload], kind: str, source: object) -> Json:
        return media_json(kind, self.files.accept(kind, source, uploads))

    def press(self, data: str) -> Press:
        press = Press(str(7_000_000_000 + next(self.ids)), self.clock.monotonic(), data)
        self.presses[press.id] = press
        return press

    def may_hear(self, chat: ChatState, message: Message) -> bool:
        """Whether the bot gets a user's message: in groups, privacy mode hides what is not meant for it."""
        if chat.blocked or chat.bot_status in ("kicked", "left"):
            return False
        if chat.is_private or not self.privacy or self.me.id in chat.admins or message.service:
            return True
        if message.reply_to is not None and message.reply_to.from_bot:
            return True
        return any(_is_for_bot(entity, message, f"@{self.me.username}") for entity in message.entities)


def _is_for_bot(entity: Json, message: Message, name: str) -> bool:
    if entity["type"] not in ("bot_command", "mention"):
        return False
    units = message.text_content.encode("utf-16-le")
    covered = units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")
    return covered.endswith(name) or (entity["type"] == "bot_command" and "@" not in covered)


def _kind_of(chat: ChatState) -> str:
    return "supergroup" if chat.type == "supergroup" else "group"
