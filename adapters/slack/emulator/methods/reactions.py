"""Reactions to messages; https://docs.slack.dev/reference/methods/#reactions."""

import re

from adapters.slack.emulator.payloads import reaction_event
from adapters.slack.emulator.request import Kind, Method, Request
from adapters.slack.emulator.state import ChannelState, MessageState
from adapters.slack.emulator.wire import Json, Refusal

_NAME = re.compile(r"[a-z0-9_+'\-]+(::skin-tone-[2-6])?")
_ITEM: dict[str, Kind] = {"channel": "text", "timestamp": "text", "name": "text"}
_OTHER_ITEMS = frozenset({"file", "file_comment"})


def get_reactions(request: Request) -> Json:
    channel, message = _item(request)
    shown = request.world.message_json(request.team, message)
    return {"type": "message", "channel": channel.id, "message": shown}


def add_reaction(request: Request) -> Json:
    channel, message = _item(request)
    users = message.reactions.setdefault(_name(request), [])
    if request.team.bot_user in users:
        raise Refusal("already_reacted")
    users.append(request.team.bot_user)
    event = reaction_event(request.world, "added", request.team.bot_user, request.text("name"), channel, message)
    request.world.emit(request.team.id, event)
    return {}


def remove_reaction(request: Request) -> Json:
    channel, message = _item(request)
    users = message.reactions.get(_name(request), [])
    if request.team.bot_user not in users:
        raise Refusal("no_reaction")
    users.remove(request.team.bot_user)
    event = reaction_event(request.world, "removed", request.team.bot_user, request.text("name"), channel, message)
    request.world.emit(request.team.id, event)
    return {}


def _item(request: Request) -> tuple[ChannelState, MessageState]:
    channel = request.channel()
    return channel, request.message(channel, "timestamp")


def _name(request: Request) -> str:
    name = request.text("name")
    if not _NAME.fullmatch(name):
        raise Refusal("invalid_name")
    return name


METHODS = (
    Method(
        "reactions.get",
        get_reactions,
        "tier3",
        {"channel": "text", "timestamp": "text"},
        {"full": "flag"},
        scope="reactions:read",
        json_body=False,
        not_emulated=_OTHER_ITEMS,
    ),
    Method("reactions.add", add_reaction, "tier3", _ITEM, scope="reactions:write"),
    Method("reactions.remove", remove_reaction, "tier2", _ITEM, scope="reactions:write", not_emulated=_OTHER_ITEMS),
)
