"""Methods that send, change and delete messages, and stream drafts."""

from adapters.telegram.emulator.entities import FormattedText, format_text
from adapters.telegram.emulator.files import media_json
from adapters.telegram.emulator.methods.keyboards import read_markup
from adapters.telegram.emulator.rich import RichContent, read_rich_message
from adapters.telegram.emulator.schema import Request
from adapters.telegram.emulator.state import ChatState, Draft, Message
from adapters.telegram.emulator.wire import Json, bad_request, utf16_length
from adapters.telegram.emulator.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_AGE_SECONDS = 48 * 3600
_REACTION_EMOJI = (
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 "
    "🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡"
)
REACTIONS = frozenset(_REACTION_EMOJI.split())
"""The emoji that a reaction may be (ReactionTypeEmoji)."""


async def send_message(world: World, request: Request) -> Json:
    chat = world.chat(request.params["chat_id"])
    content = _text(request, "text", "entities", MAX_TEXT)
    if not content.text:
        raise bad_request("message must be non-empty")
    return _send(world, request, chat, text=content.text, entities=content.entities)


async def send_rich_message(world: World, request: Request) -> Json:
    chat = world.chat(request.params["chat_id"])
    return _send(world, request, chat, rich=_rich(world, request))


async def send_document(world: World, request: Request) -> Json:
    return _send_media(world, request, "document")


async def send_photo(world: World, request: Request) -> Json:
    return _send_media(world, request, "photo")


async def send_audio(world: World, request: Request) -> Json:
    return _send_media(world, request, "audio")


async def send_voice(world: World, request: Request) -> Json:
    chat = world.chat(request.params["chat_id"])
    if chat.forbids_voice:
        # A group refuses by the rights of its members, a person by their privacy.
        raise bad_request(
            "VOICE_MESSAGES_FORBIDDEN" if chat.is_private else "not enough rights to send voice notes to the chat"
        )
    return _send_media(world, request, "voice")


def _send_media(world: World, request: Request, kind: str) -> Json:
    chat = world.chat(request.params["chat_id"])
    file = world.files.accept(kind, request.params[kind], request.uploads)
    content = _text(request, "caption", "caption_entities", MAX_CAPTION, optional=True)
    media = media_json(file.kind, file)
    return _send(world, request, chat, caption=content.text or None, entities=content.entities, media=media)


def _send(world: World, request: Request, chat: ChatState, **content: object) -> Json:
    topic = world.thread(chat, request.params.get("message_thread_id"))
    reply_to, quote = _reply(chat, request)
    markup = read_markup(request.params.get("reply_markup"))
    message = world.bot_says(chat, topic=topic, reply_to=reply_to, quote=quote, reply_markup=markup, **content)
    return message.to_json()


def _text(request: Request, name: str, entities: str, limit: int, *, optional: bool = False) -> FormattedText:
    """The formatted text of a parameter, within `limit` UTF-16 units after the parsing of entities."""
    raw = request.text(name)
    if not raw and not optional:
        raise bad_request("message text is empty")
    mode = request.params.get("parse_mode")
    content = format_text(raw, str(mode) if mode else None, request.params.get(entities))
    if utf16_length(content.text) > limit:
        raise bad_request("message is too long" if name == "text" else "message caption is too long")
    return content


def _rich(world: World, request: Request, *, draft: bool = False) -> RichContent:
    def media(kind: str, source: object) -> Json:
        return world.rich_media(request.uploads, kind, source)

    return read_rich_message(request.params["rich_message"], media, draft=draft)


def _reply(chat: ChatState, request: Request) -> tuple[Message | None, str | None]:
    parameters = request.params.get("reply_parameters") or {}
    wanted = parameters.get("message_id") or request.params.get("reply_to_message_id")
    if wanted is None:
        return None, None
    found = chat.by_id.get(int(wanted))
    if found is None and not (parameters or request.params).get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    quote = parameters.get("quote")
    if quote is not None and found is not None and str(quote) not in found.text_content:
        raise bad_request("QUOTE_TEXT_INVALID")
    return found, None if quote is None else str(quote)


async def send_message_draft(world: World, request: Request) -> bool:
    raw = request.text("text")
    content = _text(request, "text", "entities", MAX_TEXT, optional=True) if raw else FormattedText("")
    return _show_draft(world, request, text=content.text, entities=content.entities)


async def send_rich_message_draft(world: World, request: Request) -> bool:
    return _show_draft(world, request, rich=_rich(world, request, draft=True))


def _show_draft(world: World, request: Request, **content: object) -> bool:
    chat = world.chat(request.params["chat_id"])
    if not chat.is_private:
        raise bad_request("message drafts can be sent only to private chats")
    draft_id = request.number("draft_id")
    if draft_id == 0:
        raise bad_request("draft_id must be non-zero")
    topic = world.thread(chat, request.params.get("message_thread_id"))
    if draft_id in chat.stopped_drafts:
        return True  # The user pressed stop; further frames are accepted and shown to nobody.
    if (shown := chat.draft_in(topic)) is not None:
        shown.gone = True
    flags = {name: request.flag(name) for name in ("can_stop", "keep_on_stop")}
    frame = Draft(draft_id, world.clock.monotonic(), topic=topic, **flags, **content)  # type: ignore[arg-type]
    chat.drafts.append(frame)
    return True


async def edit_message_text(world: World, request: Request) -> Json:
    if (request.params.get("text") is None) == (request.params.get("rich_message") is None):
        raise bad_request("exactly one of text and rich_message must be specified")
    message = _own_message(world, request)
    if message.media:
        raise bad_request("there is no text in the message to edit")
    markup = read_markup(request.params.get("reply_markup"), inline_only=True)
    if request.params.get("rich_message") is not None:
        rich = _rich(world, request)
        return _change(world, message, text=None, entities=[], rich=rich, reply_markup=markup)
    content = _text(request, "text", "entities", MAX_TEXT)
    if not content.text:
        raise bad_request("message must be non-empty")
    return _change(world, message, text=content.text, entities=content.entities, rich=None, reply_markup=markup)


async def edit_message_reply_markup(world: World, request: Request) -> Json:
    message = _own_message(world, request)
    return _change(world, message, reply_markup=read_markup(request.params.get("reply_markup"), inline_only=True))


def _own_message(world: World, request: Request) -> Message:
    if request.params.get("inline_message_id"):
        raise bad_request("message identifier is not specified")
    chat = world.chat(request.text("chat_id"))
    if request.params.get("message_id") is None:
        raise bad_request("message identifier is not specified")
    message = chat.by_id.get(request.number("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    # "Only messages without reply_markup or with inline keyboards" can be edited, say all methods that do so.
    is_inline = message.reply_markup is None or "inline_keyboard" in message.reply_markup
    if message.sender is not world.me or message.service or message.forward_origin or not is_inline:
        raise bad_request("message can't be edited")
    return message


def _change(world: World, message: Message, **changed: object) -> Json:
    """Give the message its new fields; Refusal when nothing would change."""
    if all(_same(getattr(message, name), value) for name, value in changed.items()):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    for name, value in changed.items():
        setattr(message, name, value)
    message.edited_at = world.unix_now()
    message.versions.append(message.text_content)
    return message.to_json()


def _same(old: object, new: object) -> bool:
    if isinstance(old, RichContent) and isinstance(new, RichContent):
        return old.to_json() == new.to_json()
    return old == new


async def delete_message(world: World, request: Request) -> bool:
    chat = world.chat(request.params["chat_id"])
    number = request.number("message_id")
    if number not in chat.by_id:
        raise bad_request("message to delete not found")
    _delete(world, chat, number)
    return True


async def delete_messages(world: World, request: Request) -> bool:
    chat = world.chat(request.params["chat_id"])
    numbers = [int(number) for number in request.params["message_ids"]]
    if not 1 <= len(numbers) <= 100:
        raise bad_request("there must be from 1 to 100 message identifiers")
    for number in numbers:
        if number in chat.by_id:
            _delete(world, chat, number)
    return True


def _delete(world: World, chat: ChatState, number: int) -> None:
    message = chat.by_id[number]
    others = message.sender is not world.me and not chat.is_private and world.me.id not in chat.admins
    if others or world.unix_now() - message.date > MAX_AGE_SECONDS:
        raise bad_request("message can't be deleted")
    del chat.by_id[number]


async def copy_message(world: World, request: Request) -> Json:
    source = _source(world, request, "copy")
    chat = world.chat(request.params["chat_id"])
    if source.service:
        raise bad_request("message can't be copied")
    content = _content_of(source)
    if source.media and request.params.get("caption") is not None:
        caption = _text(request, "caption", "caption_entities", MAX_CAPTION, optional=True)
        content |= {"caption": caption.text or None, "entities": caption.entities}
    return {"message_id": _send(world, request, chat, **content)["message_id"]}


async def forward_message(world: World, request: Request) -> Json:
    source = _source(world, request, "forward")
    chat = world.chat(request.params["chat_id"])
    if source.service:
        raise bad_request("message can't be forwarded")
    origin = {"type": "user", "date": source.date, "sender_user": source.sender.to_json()}
    return _send(world, request, chat, forward_origin=origin, **_content_of(source))


def _source(world: World, request: Request, verb: str) -> Message:
    found = world.chat(request.params["from_chat_id"]).by_id.get(request.number("message_id"))
    if found is None:
        raise bad_request(f"message to {verb} not found")
    return found


def _content_of(message: Message) -> Json:
    names = ("text", "caption", "entities", "rich", "media")
    return {name: getattr(message, name) for name in names}


async def set_message_reaction(world: World, request: Request) -> bool:
    chat = world.chat(request.params["chat_id"])
    message = chat.by_id.get(request.number("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    reactions = list(request.params.get("reaction") or [])
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(one.get("type") == "emoji" and one["emoji"] not in REACTIONS for one in reactions):
        raise bad_request("REACTION_INVALID")
    message.reactions[world.me.id] = reactions
    return True
