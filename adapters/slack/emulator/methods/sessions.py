"""Agent sessions and the assistant's thread: status, title, suggested prompts.

https://docs.slack.dev/ai/agent-sessions/ and https://docs.slack.dev/reference/methods/#assistant.
"""

from adapters.slack.emulator.request import Method, Request
from adapters.slack.emulator.shapes import list_of, shape, text
from adapters.slack.emulator.state import ChannelState, PromptsState, SessionState, StatusState
from adapters.slack.emulator.wire import Json, Refusal, invalid_arguments

SESSION_STATUSES = ("active", "processing", "suspended", "closed")
MAX_TITLE = 200
MAX_PROMPTS = 4
MAX_LOADING_MESSAGES = 10
MAX_LOADING_MESSAGE = 50
_PROMPTS = list_of(shape({"title": text(200), "message": text(3000)}), 1, MAX_PROMPTS)
_LOADING_MESSAGES = list_of(text(MAX_LOADING_MESSAGE), 0, MAX_LOADING_MESSAGES)


def set_session_status(request: Request) -> Json:
    channel = request.channel("channel_id")
    thread = _session_thread(request, channel)
    check_session_status(request, "status")
    if len(request.text("title")) > MAX_TITLE:
        raise invalid_arguments(f"title must be less than {MAX_TITLE + 1} characters")
    initiator = request.text("initiator_user_id")
    if initiator and initiator not in channel.members:
        raise Refusal("user_not_found")
    title, status = request.text("title"), request.text("status")
    session = set_session(channel, thread, status, title=title, initiator=initiator)
    return {"status": session.status, "agent_status": session.status, "title": session.title}


def _session_thread(request: Request, channel: ChannelState) -> str:
    """A session belongs to a thread, in DMs too; https://docs.slack.dev/reference/methods/agents.sessions.setStatus."""
    if not request.text("thread_ts"):
        raise invalid_arguments("missing required field: thread_ts")
    return request.thread(channel, error="thread_not_found")


def check_session_status(request: Request, name: str) -> None:
    """Refusal when the app is no agent, or the parameter is no status of a session."""
    if not request.world.agent_view:
        raise Refusal("feature_disabled")
    if request.text(name) not in SESSION_STATUSES:
        raise invalid_arguments(f"{name} must be one of {', '.join(SESSION_STATUSES)}")


def set_session(
    channel: ChannelState, thread: str, status: str, *, title: str = "", initiator: str = ""
) -> SessionState:
    """Give the session its status; title and initiator count only when this begins it."""
    session = channel.sessions.setdefault(thread, SessionState(status, title, initiator))
    session.status = status
    session.history.append(status)
    return session


def rename_session(request: Request) -> Json:
    channel = request.channel("channel_id")
    session = channel.sessions.get(_session_thread(request, channel))
    if session is None:
        raise Refusal("session_not_found")
    if not 1 <= len(request.text("title")) <= MAX_TITLE:
        raise invalid_arguments(f"title must be between 1 and {MAX_TITLE} characters")
    session.title = request.text("title")
    return {"title": session.title}


def set_status(request: Request) -> Json:
    if not request.team.scopes & {"chat:write", "assistant:write"}:
        request.need("chat:write")
    channel = request.channel("channel_id")
    thread = request.thread(channel, error="invalid_thread_ts")
    if not request.has("status"):
        raise invalid_arguments("missing required field: status")
    messages = request.listing("loading_messages", _LOADING_MESSAGES)
    if request.text("status"):
        channel.statuses[thread] = StatusState(request.text("status"), request.world.clock.monotonic(), messages)
    else:
        channel.statuses.pop(thread, None)
    return {}


def set_title(request: Request) -> Json:
    channel = _direct(request)
    thread = request.thread(channel, error="invalid_thread_ts")
    channel.titles[thread] = request.text("title")
    return {}


def set_suggested_prompts(request: Request) -> Json:
    channel = _direct(request)
    prompts = request.listing("prompts", _PROMPTS)
    thread = request.thread(channel, error="invalid_thread_ts")
    if thread and request.world.agent_view:
        return {}  # An agent app that names a thread is told "ok", and nobody sees anything.
    pairs = [(one["title"], one["message"]) for one in prompts]
    channel.prompts[thread] = PromptsState(request.text("title"), pairs)
    return {}


def _direct(request: Request) -> ChannelState:
    channel = request.channel("channel_id")
    if not channel.is_direct:
        raise Refusal("channel_type_not_supported")
    return channel


METHODS = (
    Method(
        "agents.sessions.setStatus",
        set_session_status,
        "tier3",
        {"channel_id": "text", "status": "text"},
        {"thread_ts": "text", "title": "text", "initiator_user_id": "text"},
        scope="chat:write",
        channel="channel_id",
        not_emulated=frozenset({"icon_emoji", "icon_url", "username"}),
    ),
    Method(
        "agents.sessions.rename",
        rename_session,
        "tier3",
        {"channel_id": "text", "title": "text"},
        {"thread_ts": "text"},
        scope="chat:write",
        channel="channel_id",
    ),
    Method(
        "assistant.threads.setStatus",
        set_status,
        "special",
        {"channel_id": "text", "thread_ts": "text"},
        {"status": "text", "loading_messages": "list"},
        channel="channel_id",
        not_emulated=frozenset({"icon_emoji", "icon_url", "username"}),
    ),
    Method(
        "assistant.threads.setTitle",
        set_title,
        "special",
        {"channel_id": "text", "thread_ts": "text", "title": "text"},
        scope="assistant:write",
        channel="channel_id",
    ),
    Method(
        "assistant.threads.setSuggestedPrompts",
        set_suggested_prompts,
        "special",
        {"channel_id": "text", "prompts": "list"},
        {"thread_ts": "text", "title": "text"},
        scope="assistant:write",
        channel="channel_id",
    ),
)
