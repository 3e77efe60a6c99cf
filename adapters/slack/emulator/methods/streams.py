"""Native streams: started in a thread, appended to, stopped; they expire, and a person may stop them.

https://docs.slack.dev/reference/methods/chat.startStream, chat.appendStream and chat.stopStream.
"""

from adapters.slack.emulator.blocks import read_blocks
from adapters.slack.emulator.chunks import MAX_STREAM_TEXT, read_chunks
from adapters.slack.emulator.methods.messages import target
from adapters.slack.emulator.methods.sessions import check_session_status, set_session
from adapters.slack.emulator.payloads import changed_event, message_event
from adapters.slack.emulator.request import Kind, Method, Request
from adapters.slack.emulator.state import ChannelState, MessageState, StreamMode, StreamState
from adapters.slack.emulator.texts import MAX_POST_TEXT, read_metadata
from adapters.slack.emulator.wire import Json, Refusal, invalid_arguments

_PARTS: dict[str, Kind] = {"markdown_text": "text", "chunks": "list"}


def start_stream(request: Request) -> Json:
    channel = target(request)
    thread = request.thread(channel, error="invalid_thread_ts")
    _check_recipient(request, channel)
    display = request.text("task_display_mode", "timeline")
    if display not in ("timeline", "plan"):
        raise invalid_arguments("task_display_mode must be timeline or plan")
    stream = StreamState(request.world.clock.monotonic(), thread, display=display)
    _grow(request, stream)
    message = request.world.add_message(
        channel, request.team.bot_user, bot=request.team.bot, thread_ts=thread, stream=stream
    )
    request.world.emit(request.team.id, message_event(request.world, request.team, channel, message))
    return {"channel": channel.id, "ts": message.ts}


def _check_recipient(request: Request, channel: ChannelState) -> None:
    if channel.is_direct:
        return
    for name in ("recipient_team_id", "recipient_user_id"):
        if not request.text(name):
            raise Refusal(f"missing_{name}")
    # In a shared channel, the recipient may be of another workspace, which is to be named then.
    person = request.team.members.get(request.text("recipient_user_id"))
    if person is None or person.id not in channel.members or person.team != request.text("recipient_team_id"):
        raise Refusal("user_not_found")


def append_stream(request: Request) -> Json:
    channel, message, stream = _live(request)
    if not request.has("markdown_text") and not request.has("chunks"):
        raise Refusal("no_text")
    _grow(request, stream)
    stream.appends += 1
    request.world.change_message(message)
    return {"channel": channel.id, "ts": message.ts}


def stop_stream(request: Request) -> Json:
    channel, message, stream = _live(request)
    before = request.world.message_json(request.team, message)
    blocks = read_blocks(request.value("blocks"), "message", request.name_part) if request.has("blocks") else []
    metadata = read_metadata(request)
    if request.has("session_status"):
        check_session_status(request, "session_status")
    _grow(request, stream)
    stream.phase = "done"
    message.blocks = blocks
    message.metadata = metadata
    request.world.change_message(message)
    if request.has("session_status"):
        set_session(channel, stream.thread_ts, request.text("session_status"))
    request.world.emit(request.team.id, changed_event(request.world, request.team, channel, message, before))
    shown = request.world.message_json(request.team, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def _live(request: Request) -> tuple[ChannelState, MessageState, StreamState]:
    """The stream of a call, while it takes appends; Refusal says why it does not."""
    channel = request.channel()
    message = request.message(channel)
    if message.user != request.team.bot_user:
        raise Refusal("message_not_owned_by_app")
    if message.stream is None:
        raise Refusal("message_not_in_streaming_state")
    phase = message.stream.phase_at(request.world.clock.monotonic())
    if phase == "stopped":
        raise Refusal("stopped_by_user")
    if phase != "streaming":
        raise Refusal("message_not_in_streaming_state")
    return channel, message, message.stream


def _grow(request: Request, stream: StreamState) -> None:
    """Add the call's text or chunks; a stream keeps to the one of the two that it began with."""
    if request.has("markdown_text") and request.has("chunks"):
        raise Refusal("cannot_provide_both_markdown_text_and_chunks")
    if request.has("markdown_text"):
        text = request.text("markdown_text")
        if len(text) > MAX_STREAM_TEXT:
            raise Refusal("msg_too_long")
        _add_text(stream, "text", text)
    elif request.has("chunks") and (chunks := read_chunks(request.value("chunks"), request.name_part)):
        _add_text(stream, "chunks", "".join(one["text"] for one in chunks if one["type"] == "markdown_text"))
        for chunk in chunks:
            _add_chunk(stream, chunk)


def _add_text(stream: StreamState, mode: StreamMode, text: str) -> None:
    if stream.mode not in ("", mode):
        raise Refusal("streaming_mode_mismatch")
    if len(stream.text) + len(text) > MAX_POST_TEXT:
        raise Refusal("msg_too_long")
    stream.mode = mode
    stream.text += text


def _add_chunk(stream: StreamState, chunk: Json) -> None:
    match chunk["type"]:
        case "task_update":
            card = {name: value for name, value in chunk.items() if name != "type"}
            stream.tasks[str(chunk["id"])] = stream.tasks.get(str(chunk["id"]), {}) | card
        case "plan_update":
            stream.plan = str(chunk["title"])
        case "blocks":
            stream.blocks.extend(chunk["blocks"])
        case _:
            pass


METHODS = (
    Method(
        "chat.startStream",
        start_stream,
        "tier2",
        {"channel": "text", "thread_ts": "text"},
        {**_PARTS, "recipient_team_id": "text", "recipient_user_id": "text", "task_display_mode": "text"},
        scope="chat:write",
        not_emulated=frozenset({"icon_emoji", "icon_url", "username"}),
    ),
    Method("chat.appendStream", append_stream, "tier4", {"channel": "text", "ts": "text"}, _PARTS, scope="chat:write"),
    Method(
        "chat.stopStream",
        stop_stream,
        "tier2",
        {"channel": "text", "ts": "text"},
        {**_PARTS, "blocks": "list", "metadata": "object", "session_status": "text"},
        scope="chat:write",
    ),
)
