"""Which events reach the app: those it subscribed to, may read, and can see."""

from collections.abc import Iterable

from adapters.slack.emulator.state import ChannelState, TeamState
from adapters.slack.emulator.wire import Json

_MESSAGES = {
    "im": ("message.im", "im:history"),
    "channel": ("message.channels", "channels:history"),
    "group": ("message.groups", "groups:history"),
    "mpim": ("message.mpim", "mpim:history"),
}
# https://docs.slack.dev/reference/events/ names the scope of each event; what is not here needs none.
_SCOPES = {
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "app_context_changed": "assistant:write",
    "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write",
    "file_shared": "files:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
}


class Subscriptions:
    """The events named in the app's manifest."""

    def __init__(self, events: Iterable[str]) -> None:
        self.events = frozenset(events)

    def has(self, team: TeamState, event: Json) -> bool:
        """Whether the app of `team` is told of `event`."""
        channel = team.channels.get(_channel_of(event))
        if channel is not None and team.bot_user not in channel.members:
            return False
        name, scope = self._name_and_scope(event, channel)
        return name in self.events and (not scope or scope in team.scopes)

    def _name_and_scope(self, event: Json, channel: ChannelState | None) -> tuple[str, str]:
        kind = str(event["type"])
        if kind == "message":
            return _MESSAGES[channel.kind] if channel is not None else ("message.channels", "channels:history")
        if channel is not None and channel.kind == "group" and kind.startswith("member_"):
            return kind, "groups:read"
        return kind, _SCOPES.get(kind, "")


def _channel_of(event: Json) -> str:
    item = event.get("item")
    if isinstance(item, dict):
        return str(item.get("channel", ""))
    return str(event.get("channel", ""))
