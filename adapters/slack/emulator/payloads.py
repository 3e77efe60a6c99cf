"""The bodies that Slack sends, field by field as it documents them."""

import re
from html import unescape
from typing import Literal

from adapters.slack.emulator.state import ChannelState, MessageState, TeamState, UserState, ViewState
from adapters.slack.emulator.wire import Json
from adapters.slack.emulator.world import World

VERIFICATION_TOKEN = "emulated-verification-token"  # noqa: S105 - deprecated by Slack, and opens nothing
_MARKUP = re.compile(r"<(@[UW][A-Z0-9]+|#C[A-Z0-9]+|https?://[^>]+)>")


def event_callback(world: World, team: TeamState, event: Json) -> Json:
    """The envelope of an event; https://docs.slack.dev/apis/events-api/#callback-field."""
    number = next(world.ids)
    authorization = {
        "enterprise_id": None,
        "team_id": team.id,
        "user_id": team.bot_user,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "context_team_id": team.id,
        "context_enterprise_id": None,
        "api_app_id": team.app,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev0{number:08d}",
        "event_time": world.unix_now(),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": f"4-{number}",
    }


def message_event(world: World, team: TeamState, channel: ChannelState, message: MessageState) -> Json:
    """`message`; https://docs.slack.dev/reference/events/message/."""
    body = world.message_json(team, message, with_metadata=True)
    if not message.bot:
        body |= {"client_msg_id": f"00000000-0000-4000-8000-{message.ts.replace('.', '')[-12:]}"}
        if message.text:
            body["blocks"] = [rich_text(message.text)]
    if message.is_reply and (root := channel.message(message.thread_ts)) is not None:
        body["parent_user_id"] = root.user
        if message.subtype == "thread_broadcast":
            body["root"] = world.message_json(team, root)
    return body | _where(channel) | {"event_ts": message.ts}


def mention_event(world: World, team: TeamState, channel: ChannelState, message: MessageState) -> Json:
    """`app_mention`, which comes beside the `message`; https://docs.slack.dev/reference/events/app_mention/."""
    body = message_event(world, team, channel, message) | {"type": "app_mention"}
    return {name: value for name, value in body.items() if name not in ("channel_type", "subtype")}


def changed_event(world: World, team: TeamState, channel: ChannelState, message: MessageState, previous: Json) -> Json:
    """`message_changed`; https://docs.slack.dev/reference/events/message/message_changed/."""
    now = world.next_ts()
    new = world.message_json(team, message) | {"source_team": team.id, "user_team": team.id}
    if not message.bot and message.text:
        new["blocks"] = [rich_text(message.text)]
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": new,
        "previous_message": previous,
        "hidden": True,
        "ts": now,
        "event_ts": now,
    } | _where(channel)


def deleted_event(world: World, team: TeamState, channel: ChannelState, message: MessageState) -> Json:
    """`message_deleted`; https://docs.slack.dev/reference/events/message/message_deleted/."""
    now = world.next_ts()
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": world.message_json(team, message),
        "deleted_ts": message.ts,
        "hidden": True,
        "ts": now,
        "event_ts": now,
    } | _where(channel)


def reaction_event(
    world: World,
    change: Literal["added", "removed"],
    user: str,
    name: str,
    channel: ChannelState,
    message: MessageState,
) -> Json:
    """`reaction_added` and `reaction_removed`; `item_user` wrote the message."""
    return {
        "type": f"reaction_{change}",
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message.ts},
        "item_user": message.user,
        "event_ts": world.next_ts(),
    }


def home_opened_event(world: World, team: TeamState, user: str, channel: str, tab: Literal["home", "messages"]) -> Json:
    """`app_home_opened`, with the view that was published before; https://docs.slack.dev/reference/events/app_home_opened/."""
    body: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab, "event_ts": world.next_ts()}
    published = team.homes.get(user) if tab == "home" else None
    return body | ({"view": view_json(team, published)} if published is not None else {})


def member_joined_event(world: World, team: TeamState, channel: ChannelState, user: str, inviter: str) -> Json:
    """`member_joined_channel`; https://docs.slack.dev/reference/events/member_joined_channel/."""
    body: Json = {"type": "member_joined_channel", "user": user, "channel": channel.id, "team": team.id}
    body |= {"channel_type": channel.id[0], "event_ts": world.next_ts()}
    return body | ({"inviter": inviter} if inviter != user else {})


def session_stopped_event(world: World, user: str, channel: str, thread_ts: str, stopped: list[str]) -> Json:
    """`agent_session_stopped`; https://docs.slack.dev/reference/events/agent_session_stopped/."""
    body: Json = {
        "type": "agent_session_stopped",
        "channel": channel,
        "user": user,
        "streaming_message_ts": stopped,
        "event_ts": world.next_ts(),
    }
    return body | ({"thread_ts": thread_ts} if thread_ts else {})


def block_actions(
    world: World,
    team: TeamState,
    user: UserState,
    action: Json,
    *,
    channel: ChannelState | None = None,
    message: MessageState | None = None,
    view: ViewState | None = None,
) -> Json:
    """A press; https://docs.slack.dev/reference/interaction-payloads/block_actions-payload/."""
    body = _interaction(world, team, user, "block_actions") | {"actions": [action]}
    if channel is not None and message is not None:
        thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
        ephemeral = bool(message.ephemeral_for)
        container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": ephemeral}
        url = world.response_url(team.id, channel.id, user.id, message_ts=message.ts, thread_ts=message.thread_ts)
        body |= {"container": container | thread, "channel": _named(channel), "state": {"values": {}}}
        body["response_url"] = url
        if not ephemeral:
            body["message"] = world.message_json(team, message)
    if view is not None:
        body |= {"container": {"type": "view", "view_id": view.id}, "view": view_json(team, view)}
    return body


def message_action(
    world: World, team: TeamState, user: UserState, callback_id: str, channel: ChannelState, message: MessageState
) -> Json:
    """A message shortcut; https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload/."""
    return _interaction(world, team, user, "message_action") | {
        "callback_id": callback_id,
        "action_ts": world.next_ts(),
        "channel": _named(channel),
        "message_ts": message.ts,
        "message": world.message_json(team, message),
        "response_url": world.response_url(team.id, channel.id, user.id, thread_ts=message.thread_ts),
    }


def view_submission(world: World, team: TeamState, user: UserState, view: ViewState, values: Json) -> Json:
    """A submitted modal; https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload/."""
    shown = view_json(team, view) | {"state": {"values": values}}
    return _interaction(world, team, user, "view_submission") | {"view": shown, "response_urls": []}


def view_closed(world: World, team: TeamState, user: UserState, view: ViewState) -> Json:
    """A modal that was put away, for apps that asked to be told (`notify_on_close`)."""
    body = _interaction(world, team, user, "view_closed") | {"view": view_json(team, view), "is_cleared": False}
    del body["trigger_id"]
    return body


def slash_command(
    world: World, team: TeamState, user: UserState, command: str, text: str, channel: ChannelState
) -> Json:
    """The form of a slash command; https://docs.slack.dev/interactivity/implementing-slash-commands/."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team.id,
        "team_domain": _domain(team),
        "channel_id": channel.id,
        "channel_name": _named(channel)["name"],
        "user_id": user.id,
        "user_name": user.name.lower(),
        "command": command,
        "text": text,
        "api_app_id": team.app,
        "is_enterprise_install": "false",
        "response_url": world.response_url(team.id, channel.id, user.id),
        "trigger_id": world.trigger(team.id, user.id),
    }


def view_json(team: TeamState, state: ViewState) -> Json:
    """A view as Slack keeps it, with what it adds to what the app gave."""
    given = {"private_metadata": "", "callback_id": "", "external_id": "", "title": None, "close": None, "submit": None}
    kept: Json = {
        "id": state.id,
        "team_id": team.id,
        "hash": state.hash,
        "state": {"values": {}},
        "previous_view_id": None,
        "root_view_id": state.id,
        "app_id": team.app,
        "app_installed_team_id": team.id,
        "bot_id": team.bot,
        "clear_on_close": False,
        "notify_on_close": False,
    }
    return given | kept | {name: value for name, value in state.view.items() if name not in ("id", "hash", "state")}


def rich_text(text: str) -> Json:
    """What a person's message looks like as a block: mentions and links apart, all else plain."""
    parts: list[Json] = []
    for index, piece in enumerate(_MARKUP.split(text)):
        if index % 2:
            parts.append(_rich_part(piece))
        elif piece:
            parts.append({"type": "text", "text": unescape(piece)})
    return {"type": "rich_text", "block_id": "said", "elements": [{"type": "rich_text_section", "elements": parts}]}


def _rich_part(markup: str) -> Json:
    if markup.startswith("@"):
        return {"type": "user", "user_id": markup[1:]}
    if markup.startswith("#"):
        return {"type": "channel", "channel_id": markup[1:]}
    return {"type": "link", "url": unescape(markup)}


def _interaction(world: World, team: TeamState, user: UserState, kind: str) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name.lower(), "name": user.name.lower(), "team_id": team.id},
        "team": {"id": team.id, "domain": _domain(team)},
        "api_app_id": team.app,
        "token": VERIFICATION_TOKEN,
        "trigger_id": world.trigger(team.id, user.id),
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _where(channel: ChannelState) -> Json:
    return {"channel": channel.id, "channel_type": channel.kind}


def _named(channel: ChannelState) -> Json:
    names = {"im": "directmessage", "group": "privategroup", "mpim": channel.name, "channel": channel.name}
    return {"id": channel.id, "name": names[channel.kind]}


def _domain(team: TeamState) -> str:
    return re.sub(r"[^a-z0-9]+", "-", team.name.lower())
