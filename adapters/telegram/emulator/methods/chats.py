"""Methods about chats, their members and topics."""

from adapters.telegram.emulator.schema import Request
from adapters.telegram.emulator.state import ChatState, Profile, Topic
from adapters.telegram.emulator.wire import Json, bad_request
from adapters.telegram.emulator.world import World

MAX_TOPIC_NAME = 128
_ACTION_NAMES = (
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note"
)
ACTIONS = frozenset(_ACTION_NAMES.split())
_COLORS = frozenset({7322096, 16766590, 13338331, 9367192, 16749490, 16478047})


async def get_chat(world: World, request: Request) -> Json:
    chat = world.chat(request.params["chat_id"])
    return chat.to_json() | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}


_GIFTS = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
_NO_GIFTS = dict.fromkeys(_GIFTS.split(), False)


async def get_chat_member(world: World, request: Request) -> Json:
    chat = world.chat(request.params["chat_id"])
    wanted = request.number("user_id")
    people = [*chat.members, world.me] + ([chat.person] if chat.person else [])
    for person in people:
        if person.id == wanted:
            return member_json(chat, person)
    raise bad_request("PARTICIPANT_ID_INVALID")


async def get_chat_administrators(world: World, request: Request) -> list[Json]:
    chat = world.chat(request.params["chat_id"])
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    people = [*chat.members, world.me]
    return [member_json(chat, person) for person in people if person.id in chat.admins]


def member_json(chat: ChatState, person: Profile) -> Json:
    """A ChatMember; the first administrator among the members owns the chat."""
    if person.id not in chat.admins:
        return {"user": person.to_json(), "status": "member"}
    owner = next((member.id for member in chat.members if member.id in chat.admins), None)
    if person.id == owner:
        return {"user": person.to_json(), "status": "creator", "is_anonymous": False}
    return {"user": person.to_json(), "status": "administrator"} | _ADMIN_RIGHTS


_RIGHTS = (
    "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
    "can_restrict_members can_promote_members can_change_info can_invite_users can_post_stories "
    "can_edit_stories can_delete_stories can_pin_messages can_manage_topics "
    "can_send_welcome_messages"
)
_ADMIN_RIGHTS = {name: name != "is_anonymous" for name in _RIGHTS.split()}


async def leave_chat(world: World, request: Request) -> bool:
    chat = world.chat(request.params["chat_id"])
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_status = "left"
    return True


async def send_chat_action(world: World, request: Request) -> bool:
    chat = world.chat(request.params["chat_id"])
    world.thread(chat, request.params.get("message_thread_id"))
    action = request.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.actions.append(action)
    return True


async def create_forum_topic(world: World, request: Request) -> Json:
    chat = _topical_chat(world, request)
    fields: Json = {}
    if (color := request.params.get("icon_color")) is not None:
        if int(color) not in _COLORS:
            raise bad_request("wrong icon color specified")
        fields["icon_color"] = int(color)
    if icon := request.text("icon_custom_emoji_id"):
        fields["icon_custom_emoji_id"] = icon
    return world.add_topic(chat, world.me, _topic_name(request), **fields).to_json()


async def edit_forum_topic(world: World, request: Request) -> bool:
    chat, topic = _topic(world, request)
    changed: Json = {}
    if request.params.get("name") is not None:
        changed["name"] = _topic_name(request)
    if request.params.get("icon_custom_emoji_id") is not None:
        changed["icon_custom_emoji_id"] = request.text("icon_custom_emoji_id") or None
    if all(getattr(topic, name) == value for name, value in changed.items()):
        raise bad_request("TOPIC_NOT_MODIFIED")
    for name, value in changed.items():
        setattr(topic, name, value)
    world.add_message(chat, world.me, topic=topic.id, service={"forum_topic_edited": changed})
    return True


async def close_forum_topic(world: World, request: Request) -> bool:
    return _set_closed(world, request, closed=True)


async def reopen_forum_topic(world: World, request: Request) -> bool:
    return _set_closed(world, request, closed=False)


def _set_closed(world: World, request: Request, *, closed: bool) -> bool:
    chat, topic = _topic(world, request)
    if chat.is_private:
        raise bad_request("the chat is not a forum")
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    event = "forum_topic_closed" if closed else "forum_topic_reopened"
    world.add_message(chat, world.me, topic=topic.id, service={event: {}})
    return True


async def delete_forum_topic(world: World, request: Request) -> bool:
    chat, topic = _topic(world, request)
    del chat.topics[topic.id]
    for message in chat.messages:
        if message.topic == topic.id:
            del chat.by_id[message.message_id]
    return True


def _topical_chat(world: World, request: Request) -> ChatState:
    chat = world.chat(request.params["chat_id"])
    if chat.is_private:
        if not world.has_topics:
            raise bad_request("topics are not enabled for the bot")
        return chat
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if world.me.id not in chat.admins:
        raise bad_request("not enough rights to create a topic")
    return chat


def _topic(world: World, request: Request) -> tuple[ChatState, Topic]:
    chat = _topical_chat(world, request)
    topic = chat.topics.get(request.number("message_thread_id"))
    if topic is None:
        raise bad_request("message thread not found")
    return chat, topic


def _topic_name(request: Request) -> str:
    name = request.text("name").strip()
    if not name:
        raise bad_request("topic name must be non-empty")
    if len(name) > MAX_TOPIC_NAME:
        raise bad_request("topic name is too long")
    return name
