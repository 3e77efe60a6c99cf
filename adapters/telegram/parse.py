"""One update of the Bot API as one event of ours, or nothing."""

from datetime import UTC, datetime
from typing import Literal

from aiogram.enums import ContentType
from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberUpdated,
    Message,
    MessageReactionUpdated,
    ReactionTypeEmoji,
    Update,
    User,
)

from adapters.telegram.address import Me, answered, command, is_named_in, replies_to_us, without_mention
from adapters.telegram.attachments import attachments
from adapters.telegram.rich import flatten
from bot.domain.incoming import (
    Command,
    Incoming,
    Membership,
    Moved,
    Payload,
    Press,
    Reaction,
    Sender,
    StopRequest,
    Unsupported,
    UserEdit,
    UserMessage,
)
from bot.domain.place import Place, Ref
from bot.markdown.plain import clean

NAME = "telegram"
UPDATE_KINDS = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "message_reaction",
    "stopped_message_generation",
)
"""What we ask the Bot API for; some of these it sends only when asked."""

# Where a longer paste has a space or a line end clients cut there, and leave it out; only what is cut through the
# middle of a word fills the 4096 UTF-16 units (or one less, before a surrogate pair) and continues without a break.
_FULL_UNITS = 4095
_UNREADABLE = frozenset({"story", "game", "invoice", "paid_media", "giveaway", "giveaway_winners", "rich_message"})
_GONE = frozenset({"left", "kicked"})
# Telegram's own accounts that stand for "the group itself" and "a channel": the real sender is `sender_chat`.
_STAND_INS = frozenset({1087968824, 136817688})


def parse(update: Update, me: Me, received_at: datetime, *, continues: bool = False) -> Incoming | None:
    """The event in `update`; None when it is none of our business.

    Nothing is answered to bots, to ourselves, to service messages and to talk in a group that is not addressed to us.
    `received_at` is the time of those updates that carry none of their own (presses, stops). `continues` says that the
    message goes on with one that was addressed to us, or belongs to it.
    """
    found = _event(update, me, received_at, continues)
    if found is None:
        return None
    place, sender, at, payload = found
    return Incoming(f"{NAME}:{me.id}:{update.update_id}", place, sender, at, payload)


_Event = tuple[Place, Sender, datetime, Payload]


def _event(update: Update, me: Me, received_at: datetime, continues: bool) -> _Event | None:
    if update.message is not None:
        return _message(update.message, me, continues)
    if update.edited_message is not None:
        return _edit(update.edited_message, me)
    if update.callback_query is not None:
        return _press(update.callback_query, received_at)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    if update.message_reaction is not None:
        return _reaction(update.message_reaction)
    if (stopped := update.stopped_message_generation) is not None:
        place = _topic(stopped.chat, stopped.message_thread_id)
        return place, Sender(str(stopped.chat.id)), received_at, StopRequest()
    return None


def _message(message: Message, me: Me, continues: bool) -> _Event | None:
    if message.migrate_to_chat_id is not None:
        moved = Moved(Place(NAME, str(message.migrate_to_chat_id)))
        return Place(NAME, str(message.chat.id)), _sender(message) or _chat(message.chat), message.date, moved
    sender = _sender(message)
    if sender is None or message.is_automatic_forward or message.chat.type == "channel":
        return None
    payload = _spoken(message, me, continues)
    return None if payload is None else (_place(message), sender, message.date, payload)


def _spoken(message: Message, me: Me, continues: bool) -> Payload | None:
    ref = Ref(_place(message), str(message.message_id))
    text = _text(message)
    addressed = text if continues else _addressed(message, text, me)
    line = command(text if addressed is None else addressed) if message.text else None
    if line is not None:
        return Command(ref, line.name, clean(line.arguments)) if line.is_for(me) else None
    if addressed is None:
        return None
    things = attachments(message)
    if not addressed.strip() and not things:
        kind = ContentType(message.content_type).value
        return Unsupported(ref, kind) if kind in _UNREADABLE else None
    return UserMessage(
        ref,
        clean(addressed),
        things,
        _reply_to(message),
        cut=_units(text) >= _FULL_UNITS,
        album=message.media_group_id or "",
    )


def _addressed(message: Message, text: str, me: Me) -> str | None:
    """What the message tells us; None when it speaks to somebody else."""
    if message.chat.type == "private":
        return text
    bare = _without_mention(message, text, me)
    if bare is not None:
        return bare
    named = message.rich_message is not None and is_named_in(text, me)
    return text if named or replies_to_us(message, me) else None


def _without_mention(message: Message, text: str, me: Me) -> str | None:
    entities = message.entities or message.caption_entities or ()
    return without_mention(text, entities, me, is_caption=message.caption is not None)


def _edit(message: Message, me: Me) -> _Event | None:
    sender = _sender(message)
    text = _text(message)
    # A caption may be taken away; a live location moves on by edits without words.
    says_something = bool(text.strip()) or (message.location is None and bool(attachments(message)))
    if sender is None or not says_something or message.chat.type == "channel":
        return None
    bare = None
    if message.chat.type != "private":
        bare = _without_mention(message, text, me)
    place = _place(message)
    edit = UserEdit(Ref(place, str(message.message_id)), clean(text if bare is None else bare))
    at = message.date if message.edit_date is None else datetime.fromtimestamp(message.edit_date, UTC)
    return place, sender, at, edit


def _press(query: CallbackQuery, received_at: datetime) -> _Event | None:
    if query.message is None or query.data is None:
        return None
    place = _place(query.message) if isinstance(query.message, Message) else _topic(query.message.chat, None)
    press = Press(clean(query.data), Ref(place, str(query.message.message_id)), query.id)
    return place, _user(query.from_user), received_at, press


def _membership(event: ChatMemberUpdated) -> _Event | None:
    if event.chat.type == "channel":
        return None
    change = _change(event)
    if change is None:
        return None
    return _topic(event.chat, None), _user(event.from_user), event.date, Membership(change)


def _change(event: ChatMemberUpdated) -> Literal["blocked", "unblocked", "joined", "left"] | None:
    was, now = _is_inside(event.old_chat_member), _is_inside(event.new_chat_member)
    if event.chat.type == "private":
        return "unblocked" if now else "blocked"
    if was == now:
        return None
    return "joined" if now else "left"


def _is_inside(member: object) -> bool:
    status = getattr(member, "status", "")
    return status not in _GONE and getattr(member, "is_member", True) is not False


def _reaction(event: MessageReactionUpdated) -> _Event | None:
    if event.user is None and event.actor_chat is None:
        return None
    if event.user is not None and event.user.is_bot:
        return None
    sender = _user(event.user) if event.user is not None else _chat(event.actor_chat or event.chat)
    place = _topic(event.chat, None)
    emoji = tuple(reaction.emoji for reaction in event.new_reaction if isinstance(reaction, ReactionTypeEmoji))
    return place, sender, event.date, Reaction(Ref(place, str(event.message_id)), emoji)


def _place(message: Message) -> Place:
    return _topic(message.chat, message.message_thread_id if message.is_topic_message else None)


def _topic(chat: Chat, thread: int | None) -> Place:
    return Place(NAME, str(chat.id), str(thread) if thread else "")


def _reply_to(message: Message) -> Ref | None:
    replied = answered(message)
    return None if replied is None else Ref(_place(message), str(replied.message_id))


def _text(message: Message) -> str:
    if message.rich_message is not None:
        return flatten(message.rich_message.model_dump(exclude_none=True))
    return message.text or message.caption or ""


def _sender(message: Message) -> Sender | None:
    """Who wrote; a chat for anonymous admins and channels in a group; None for bots and for nobody."""
    user = message.from_user
    if message.sender_chat is not None and (user is None or user.id in _STAND_INS):
        return _chat(message.sender_chat)
    return None if user is None or user.is_bot else _user(user)


def _user(user: User) -> Sender:
    return Sender(str(user.id), clean(user.full_name), clean(user.language_code or ""))


def _chat(chat: Chat) -> Sender:
    return Sender(str(chat.id), clean(chat.title or chat.first_name or ""))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
