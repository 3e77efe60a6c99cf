"""Methods about conversations and what was said in them; https://docs.slack.dev/reference/methods/#conversations."""

import re

from adapters.slack.emulator.limits import MAX_PAGE
from adapters.slack.emulator.request import Kind, Method, Request
from adapters.slack.emulator.state import ChannelState, MessageState
from adapters.slack.emulator.wire import Json, Refusal, invalid_arguments

_CURSOR = re.compile(r"[0-9]{1,9}")
_WINDOW: dict[str, Kind] = {
    "cursor": "text",
    "inclusive": "flag",
    "include_all_metadata": "flag",
    "latest": "text",
    "limit": "number",
    "oldest": "text",
}


def open_conversation(request: Request) -> Json:
    request.need("im:write")
    if request.has("channel"):
        return {"channel": {"id": request.channel().id}}
    users = [one for one in request.text("users").split(",") if one]
    if len(users) != 1:
        raise invalid_arguments("the emulator opens conversations with exactly one user")
    person = request.team.members.get(users[0])
    if person is None:
        raise Refusal("user_not_found")
    if person.bot:
        raise Refusal("cannot_dm_bot")
    known = request.team.direct(person.id)
    channel = request.world.open_direct(request.team, person.id)
    body = _info(channel) if request.flag("return_im") else {"id": channel.id}
    return {"channel": body} | ({"no_op": True, "already_open": True} if known else {})


def info(request: Request) -> Json:
    channel = request.channel(member=False)
    request.need_for(channel, "read")
    body = _info(channel) | {"is_member": request.team.bot_user in channel.members}
    if request.flag("include_num_members"):
        body["num_members"] = len(channel.members)
    return {"channel": body}


def _info(channel: ChannelState) -> Json:
    kinds = {
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.is_direct,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_archived": channel.archived,
    }
    more = {"user": channel.person} if channel.is_direct else {"name": channel.name}
    return {"id": channel.id, "context_team_id": channel.team} | kinds | more


def members(request: Request) -> Json:
    channel = request.channel(member=False)
    request.need_for(channel, "read")
    return {"members": list(channel.members), "response_metadata": {"next_cursor": ""}}


def history(request: Request) -> Json:
    channel = request.channel()
    request.need_for(channel, "history")
    shown = [one for one in channel.visible if not one.is_reply or one.subtype == "thread_broadcast"]
    return _page(request, channel, list(reversed(_within(request, shown))))


def replies(request: Request) -> Json:
    channel = request.channel()
    request.need_for(channel, "history")
    first = request.message(channel, "ts", "thread_not_found")
    thread = channel.thread(first.thread_ts or first.ts)
    return _page(request, channel, thread[:1] + _within(request, thread[1:]))


def _within(request: Request, messages: list[MessageState]) -> list[MessageState]:
    """Those between `oldest` and `latest`, both left out unless `inclusive`."""
    oldest, latest = request.text("oldest", "0"), request.text("latest")
    edges = {oldest, latest} if request.flag("inclusive") else set()
    return [one for one in messages if one.ts in edges or (oldest < one.ts and (not latest or one.ts < latest))]


def _page(request: Request, channel: ChannelState, messages: list[MessageState]) -> Json:
    limit = request.number("limit", 100)
    if not 1 <= limit <= MAX_PAGE:
        raise Refusal("invalid_limit")
    cursor = request.text("cursor")
    if cursor and not _CURSOR.fullmatch(cursor):
        raise Refusal("invalid_cursor")
    start = int(cursor or 0)
    limit = min(limit, request.world.page_messages)
    page, rest = messages[start : start + limit], messages[start + limit :]
    with_metadata = request.flag("include_all_metadata")
    return {
        "messages": [_shown(request, channel, one, with_metadata) for one in page],
        "has_more": bool(rest),
        "response_metadata": {"next_cursor": str(start + limit) if rest else ""},
    }


def _shown(request: Request, channel: ChannelState, message: MessageState, with_metadata: bool) -> Json:
    """A message of a listing; the first one of a thread knows of its replies."""
    body = request.world.message_json(request.team, message, with_metadata=with_metadata)
    below = [one for one in channel.thread(message.ts) if one.is_reply] if not message.is_reply else []
    if below:
        body |= {"thread_ts": message.ts, "reply_count": len(below), "latest_reply": below[-1].ts}
    return body


METHODS = (
    Method(
        "conversations.open",
        open_conversation,
        "tier3",
        optional={"channel": "text", "users": "text", "return_im": "flag"},
    ),
    Method(
        "conversations.info",
        info,
        "tier3",
        {"channel": "text"},
        {"include_locale": "flag", "include_num_members": "flag"},
        json_body=False,
    ),
    Method(
        "conversations.members",
        members,
        "tier4",
        {"channel": "text"},
        {"cursor": "text", "limit": "number"},
        json_body=False,
    ),
    Method("conversations.history", history, "tier3", {"channel": "text"}, _WINDOW, json_body=False),
    Method("conversations.replies", replies, "tier3", {"channel": "text", "ts": "text"}, _WINDOW, json_body=False),
)
