"""Methods that post, change and delete messages; https://docs.slack.dev/reference/methods/#chat."""

from adapters.slack.emulator.payloads import changed_event, deleted_event, message_event
from adapters.slack.emulator.request import Kind, Method, Request
from adapters.slack.emulator.state import ChannelState, MessageState
from adapters.slack.emulator.texts import MAX_POST_TEXT, MAX_UPDATE_TEXT, read_content
from adapters.slack.emulator.wire import Json, Refusal

_CONTENT: dict[str, Kind] = {"text": "text", "blocks": "list", "markdown_text": "text"}
_NOT_EMULATED = frozenset({"attachments", "icon_emoji", "icon_url", "username", "container_id", "file_ids"})
_LOOKS: dict[str, Kind] = {"mrkdwn": "flag", "link_names": "flag", "parse": "text", "as_user": "flag"}
_UNFURLS: dict[str, Kind] = {"unfurl_links": "flag", "unfurl_media": "flag"}


def post_message(request: Request) -> Json:
    channel = target(request)
    content = read_content(request, MAX_POST_TEXT)
    thread = request.thread(channel)
    subtype = "thread_broadcast" if thread and request.flag("reply_broadcast") else ""
    message = request.world.add_message(
        channel,
        request.team.bot_user,
        bot=request.team.bot,
        text=content.text or "",
        blocks=content.blocks or [],
        metadata=content.metadata,
        thread_ts=thread,
        subtype=subtype,
    )
    request.world.emit(request.team.id, message_event(request.world, request.team, channel, message))
    return _answer(request, channel, message)


def target(request: Request) -> ChannelState:
    """The conversation of `channel`, into which the app writes; a user's id stands for the DM with them."""
    user = request.text("channel")
    channel = request.world.open_direct(request.team, user) if user in request.team.members else request.channel()
    if channel.archived:
        raise Refusal("is_archived")
    return channel


def _answer(request: Request, channel: ChannelState, message: MessageState) -> Json:
    shown = request.world.message_json(request.team, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def update(request: Request) -> Json:
    channel = request.channel()
    message = _own(request, channel, "cant_update_message")
    if request.world.is_live(message):
        raise Refusal("streaming_state_conflict")
    content = read_content(request, MAX_UPDATE_TEXT)
    before = request.world.message_json(request.team, message)
    # Text without blocks takes the blocks away, as the page of chat.update says.
    message.text, message.blocks = content.text or "", content.blocks or []
    if content.metadata is not None:
        message.metadata = content.metadata
    if message.stream is not None:
        message.stream.replaced = True
    request.world.change_message(message)
    request.world.emit(request.team.id, changed_event(request.world, request.team, channel, message, before))
    return {"text": message.text} | _answer(request, channel, message)


def _own(request: Request, channel: ChannelState, error: str) -> MessageState:
    message = request.message(channel)
    if message.user != request.team.bot_user:
        raise Refusal(error)
    return message


def delete(request: Request) -> Json:
    channel = request.channel()
    message = _own(request, channel, "cant_delete_message")
    if request.world.is_live(message):
        raise Refusal("cant_delete_message")
    message.deleted = True
    request.world.emit(request.team.id, deleted_event(request.world, request.team, channel, message))
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(request: Request) -> Json:
    channel = request.channel()
    if request.text("user") not in channel.members:
        raise Refusal("user_not_in_channel")
    content = read_content(request, MAX_POST_TEXT)
    message = request.world.add_message(
        channel,
        request.team.bot_user,
        bot=request.team.bot,
        text=content.text or "",
        blocks=content.blocks or [],
        thread_ts=request.thread(channel),
        ephemeral_for=request.text("user"),
    )
    return {"message_ts": message.ts}


def get_permalink(request: Request) -> Json:
    channel = request.channel()
    message = request.message(channel, "message_ts")
    link = f"https://{request.team.name.lower()}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


METHODS = (
    Method(
        "chat.postMessage",
        post_message,
        "post",
        {"channel": "text"},
        {**_CONTENT, **_LOOKS, **_UNFURLS, "metadata": "object", "thread_ts": "text", "reply_broadcast": "flag"},
        scope="chat:write",
        not_emulated=_NOT_EMULATED,
    ),
    Method(
        "chat.update",
        update,
        "tier3",
        {"channel": "text", "ts": "text"},
        {**_CONTENT, "link_names": "flag", "parse": "text", "as_user": "flag", "metadata": "object"},
        scope="chat:write",
        not_emulated=_NOT_EMULATED | {"reply_broadcast"},
    ),
    Method("chat.delete", delete, "tier3", {"channel": "text", "ts": "text"}, {"as_user": "flag"}, scope="chat:write"),
    Method(
        "chat.postEphemeral",
        post_ephemeral,
        "tier4",
        {"channel": "text", "user": "text"},
        {**_CONTENT, "link_names": "flag", "parse": "text", "as_user": "flag", "thread_ts": "text"},
        scope="chat:write",
        not_emulated=_NOT_EMULATED,
    ),
    Method(
        "chat.getPermalink",
        get_permalink,
        "special",
        {"channel": "text", "message_ts": "text"},
        json_body=False,
    ),
)
