"""What the emulated Telegram remembers: people, chats, messages, drafts, topics."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from adapters.telegram.emulator.rich import RichContent
from adapters.telegram.emulator.wire import Json
from bot.domain.ports import Clock

ChatType = Literal["private", "group", "supergroup"]
BotStatus = Literal["member", "administrator", "kicked", "left"]
DRAFT_SECONDS = 30.0


@dataclass(slots=True, eq=False)
class Profile:
    """A person or a bot, as others see them."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False

    def to_json(self) -> Json:
        body: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        for name in ("username", "language_code"):
            if value := getattr(self, name):
                body[name] = value
        return body


@dataclass(slots=True, eq=False)
class Topic:
    """A thread of a forum or of a private chat; its id is the id of the message that created it."""

    id: int
    name: str
    icon_color: int = 0x6FB9F0
    icon_custom_emoji_id: str | None = None
    closed: bool = False

    def to_json(self) -> Json:
        body: Json = {"message_thread_id": self.id, "name": self.name, "icon_color": self.icon_color}
        return body | ({"icon_custom_emoji_id": self.icon_custom_emoji_id} if self.icon_custom_emoji_id else {})


@dataclass(slots=True, eq=False)
class Message:
    """A message as it stands now; `versions` holds every text it has had, the present one last."""

    place: "ChatState"
    message_id: int
    sender: Profile
    date: int
    text: str | None = None
    caption: str | None = None
    entities: list[Json] = field(default_factory=list)
    rich: RichContent | None = None
    media: Json = field(default_factory=dict)
    service: Json = field(default_factory=dict)
    reply_markup: Json | None = None
    reply_to: "Message | None" = None
    quote: str | None = None
    topic: int | None = None
    media_group_id: str | None = None
    forward_origin: Json | None = None
    edited_at: int | None = None
    versions: list[str] = field(default_factory=list)
    reactions: dict[int, list[Json]] = field(default_factory=dict)

    @property
    def from_bot(self) -> bool:
        return self.sender.is_bot

    @property
    def text_content(self) -> str:
        """What a reader sees, as plain text: the text, the caption, or the rich message rendered."""
        if self.rich is not None:
            return self.rich.text_content
        return self.text if self.text is not None else (self.caption or "")

    @property
    def rich_html(self) -> str | None:
        """The HTML that a rich message was sent as; `None` for others."""
        return self.rich.html if self.rich else None

    @property
    def buttons(self) -> list[Json]:
        """The inline buttons under the message and, of a rich one, inside it, in order."""
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        inside = [b for block in (self.rich.blocks if self.rich else []) for b in block.get("buttons", [])]
        return inside + [button for row in rows for button in row]

    @property
    def asks(self) -> str | None:
        """What stands in the empty line of whoever is asked for a reply; None when the message asks for none."""
        markup = self.reply_markup or {}
        return str(markup.get("input_field_placeholder", "")) if markup.get("force_reply") else None

    @property
    def file_id(self) -> str:
        """Of the file it carries, of a photo the largest size; empty without one."""
        for media in self.media.values():
            found = media[-1] if isinstance(media, list) else media
            if "file_id" in found:
                return str(found["file_id"])
        return ""

    def to_json(self, *, with_reply: bool = True) -> Json:
        body: Json = {
            "message_id": self.message_id,
            "from": self.sender.to_json(),
            "chat": self.place.to_json(),
            "date": self.date,
        }
        if self.edited_at is not None:
            body["edit_date"] = self.edited_at
        body |= self._thread_json() | self._content_json()
        if self.reply_to is not None and with_reply:
            body["reply_to_message"] = self.reply_to.to_json(with_reply=False)
        if self.quote is not None:
            body["quote"] = {"text": self.quote, "position": 0, "is_manual": True}
        for name in ("media_group_id", "forward_origin"):
            if value := getattr(self, name):
                body[name] = value
        if self.reply_markup and "inline_keyboard" in self.reply_markup:
            body["reply_markup"] = self.reply_markup
        return body

    def _thread_json(self) -> Json:
        if self.topic is not None:
            return {"message_thread_id": self.topic, "is_topic_message": True}
        if self.reply_to is not None and self.place.type == "supergroup" and not self.place.is_forum:
            # In plain supergroups a chain of replies is a thread too, but not a topic.
            return {"message_thread_id": self.reply_to.message_id}
        return {}

    def _content_json(self) -> Json:
        body = dict(self.media) | self.service
        if self.text is not None:
            body["text"] = self.text
        if self.caption is not None:
            body["caption"] = self.caption
        if self.entities:
            body["entities" if self.text is not None else "caption_entities"] = self.entities
        if self.rich is not None:
            body["rich_message"] = self.rich.to_json()
        return body


@dataclass(slots=True, eq=False)
class Draft:
    """One frame of a message that is being written; it is seen for 30 s, or until the next frame or message."""

    draft_id: int
    sent_at: float
    text: str = ""
    entities: list[Json] = field(default_factory=list)
    rich: RichContent | None = None
    topic: int | None = None
    can_stop: bool = False
    keep_on_stop: bool = False
    gone: bool = False

    @property
    def text_content(self) -> str:
        return self.rich.text_content if self.rich else self.text

    @property
    def thinking(self) -> str:
        """The text of the thinking block; of an empty plain draft, what Telegram shows in its place."""
        return self.rich.thinking if self.rich else ("" if self.text else "Thinking…")


@dataclass(slots=True, eq=False)
class ChatState:
    """A chat as the server knows it."""

    id: int
    type: ChatType
    clock: Clock
    title: str = ""
    person: Profile | None = None
    is_forum: bool = False
    members: list[Profile] = field(default_factory=list)
    admins: set[int] = field(default_factory=set)
    bot_status: BotStatus = "member"
    started: bool = True
    blocked: bool = False
    forbids_voice: bool = False
    migrated_to: "ChatState | None" = None
    topics: dict[int, Topic] = field(default_factory=dict)
    by_id: dict[int, Message] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    stopped_drafts: set[int] = field(default_factory=set)
    actions: list[str] = field(default_factory=list)

    @property
    def is_private(self) -> bool:
        return self.type == "private"

    @property
    def messages(self) -> list[Message]:
        """What is visible now, the oldest first."""
        return list(self.by_id.values())

    @property
    def draft(self) -> Draft | None:
        """The draft that the user sees now, the newest of all topics."""
        return next(self._live_drafts(), None)

    def draft_in(self, topic: int | None) -> Draft | None:
        return next((draft for draft in self._live_drafts() if draft.topic == topic), None)

    def _live_drafts(self) -> Iterator[Draft]:
        oldest = self.clock.monotonic() - DRAFT_SECONDS
        return (draft for draft in reversed(self.drafts) if not draft.gone and draft.sent_at > oldest)

    def to_json(self) -> Json:
        body: Json = {"id": self.id, "type": self.type}
        if self.person is not None:
            body["first_name"] = self.person.first_name
            if self.person.username:
                body["username"] = self.person.username
            return body
        body["title"] = self.title
        return body | ({"is_forum": True} if self.is_forum else {})


class Counters:
    """Message ids as Telegram gives them: one row for all private chats and groups of a bot, one per supergroup.

    The first id of a supergroup is taken by its creation, so no topic has the id 1 of the General topic.
    """

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def next_message_id(self, chat: ChatState) -> int:
        key = chat.id if chat.type == "supergroup" else 0
        self._last[key] = self._last.get(key, 1 if key else 0) + 1
        return self._last[key]
