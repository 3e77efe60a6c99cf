"""The app's manifest: exactly the scopes, events and features that this wing uses.

See https://docs.slack.dev/reference/app-manifest.
"""

from collections.abc import Sequence
from typing import Any

from adapters.slack.address import EVENTS_PATH, UMBRELLA
from adapters.slack.pages import ASK

SCOPES = (
    "app_mentions:read",  # app_mention
    "assistant:write",  # agent_view; assistant.threads.setSuggestedPrompts and setTitle
    "channels:history",  # message.channels: later words in our threads; conversations.history and replies
    "chat:write",  # chat.*, agents.sessions.*, assistant.threads.setStatus
    "commands",  # slash commands and the message shortcut
    "files:read",  # files.info, downloads
    "files:write",  # uploads
    "groups:history",  # message.groups
    "im:history",  # message.im
    "im:write",  # conversations.open
    "mpim:history",  # message.mpim
    "reactions:read",  # reaction_added, reaction_removed, reactions.get
    "users:read",  # users.info
)
"""What our bot token may do, each for what stands beside it."""

EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
    "reaction_removed",
    "tokens_revoked",
)
"""What Slack tells us of."""

RESERVED = frozenset(
    {
        *("active", "apps", "archive", "away", "call", "close", "collapse", "dm", "dnd", "expand", "feed", "feedback"),
        *("help", "huddle", "invite", "invite_people", "join", "keys", "kick", "leave", "me", "msg", "mute", "open"),
        *("part", "prefs", "remind", "remove", "rename", "search", "shortcuts", "shrug", "star", "status", "topic"),
        *("trigger", "unarchive", "who"),
    }
)
"""Slash commands that Slack keeps for itself (https://slack.com/help/articles/201259356); ours have `/switchboard`."""

_NAME_CHARS = 35
_DESCRIPTION_CHARS = 140
_AGENT_CHARS = 300
_HINT = "question or command"
_SHORTCUT_NAME = "Ask a specialist"
_SHORTCUT_DESCRIPTION = "Ask a specialist about this"
_COMMANDS = 50


def manifest(
    name: str,
    description: str,
    *,
    commands: Sequence[tuple[str, str]],
    public_url: str = "",
    return_url: str = "",
) -> dict[str, Any]:
    """The manifest as data, for YAML or JSON.

    `commands` are (name, description) of the menu; those that Slack reserves are reached by `/switchboard name` only.
    With `public_url` Slack posts to us there, otherwise Socket Mode fetches; with `return_url`, to which browsers come
    back from Slack's consent, other workspaces can install the app.
    """
    hook = f"{public_url.rstrip('/')}{EVENTS_PATH}" if public_url else ""
    oauth: dict[str, Any] = {"scopes": {"bot": list(SCOPES)}}
    if return_url:
        oauth = {"redirect_urls": [return_url]} | oauth
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {"name": name[:_NAME_CHARS], "description": _cut(description, _DESCRIPTION_CHARS)},
        "features": _features(name, description, commands, hook),
        "oauth_config": oauth,
        "settings": _settings(hook),
    }


def _features(name: str, description: str, commands: Sequence[tuple[str, str]], hook: str) -> dict[str, Any]:
    own = [(UMBRELLA, _cut(description, _DESCRIPTION_CHARS), _HINT)]
    own += [(command, text, "") for command, text in commands if command not in RESERVED and command != UMBRELLA]
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": name, "always_online": True},
        "agent_view": {"agent_description": _cut(description, _AGENT_CHARS)},
        "shortcuts": [
            {
                "name": _SHORTCUT_NAME,
                "type": "message",
                "callback_id": ASK,
                "description": _SHORTCUT_DESCRIPTION,
            }
        ],
        "slash_commands": [_command(*one, hook) for one in own[:_COMMANDS]],
    }


def _command(name: str, description: str, hint: str, hook: str) -> dict[str, Any]:
    made: dict[str, Any] = {"command": f"/{name}", "description": description, "should_escape": False}
    return made | ({"usage_hint": hint} if hint else {}) | ({"url": hook} if hook else {})


def _settings(hook: str) -> dict[str, Any]:
    to = {"request_url": hook} if hook else {}
    return {
        "event_subscriptions": to | {"bot_events": list(EVENTS)},
        "interactivity": {"is_enabled": True} | to,
        "org_deploy_enabled": False,
        "socket_mode_enabled": not hook,
        "token_rotation_enabled": False,
    }


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
