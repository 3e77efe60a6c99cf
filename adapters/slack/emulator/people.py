"""The people around the app; their verbs make tests and the sandbox read as conversations."""

from adapters.slack.emulator import payloads
from adapters.slack.emulator.pressing import Pressing
from adapters.slack.emulator.screens import Channel, Message, ts_of
from adapters.slack.emulator.speaking import Speaking
from bot.domain.errors import Refused


class User(Speaking, Pressing):
    """A person of one workspace. Verbs act in the DM with the app unless a `to` or `in_` is named."""

    async def presses_stop(self, in_: Channel | None = None, thread: str | Message | None = None) -> list[str]:
        """Press Slack's own stop button, shown while a session is processing; return the streams that Slack stopped.

        Without a `thread` it is the one session that is processing there. The status stays as it is: that is the
        app's to change.
        """
        channel = (in_ or self.dm).state
        found = [key for key, session in channel.sessions.items() if session.status == "processing"]
        chosen = [key for key in found if thread is None or key == ts_of(thread)]
        if len(chosen) != 1 or "agent_session_stopped" not in self._stage.subscriptions.events:
            raise Refused("no stop button is on the screen")
        live = [
            one
            for one in channel.visible
            if one.stream is not None and self._world.is_live(one) and chosen[0] in ("", one.thread_ts)
        ]
        for one in live:
            if one.stream is not None:
                one.stream.phase = "stopped"
        stopped = [one.ts for one in live]
        self._tell(payloads.session_stopped_event(self._world, self.id, channel.id, chosen[0], stopped))
        return stopped

    async def opens_home(self) -> None:
        """Look at the Home tab of the app."""
        self._tell(payloads.home_opened_event(self._world, self.team, self.id, self.dm.id, "home"))

    async def opens_messages(self) -> None:
        """Look at the conversation with the app."""
        self._tell(payloads.home_opened_event(self._world, self.team, self.id, self.dm.id, "messages"))

    async def taps(self, suggestion: str) -> Message:
        """Ask a suggested prompt."""
        for title, text in self.dm.suggestions:
            if title == suggestion:
                return await self.says(text)
        raise Refused(f"nothing suggests {suggestion!r}")

    # -- coming and going

    async def joins(self, channel: Channel) -> None:
        """Come into a channel; everybody in it sees a line about that."""
        if self.id in channel.state.members:
            raise Refused("one is in it already")
        channel.state.members.append(self.id)
        self._joined(channel, self.id)

    async def invites_app(self, channel: Channel) -> None:
        """Bring the app into a channel."""
        if self.team.bot_user in channel.state.members:
            raise Refused("the app is in it already")
        channel.state.members.append(self.team.bot_user)
        self._joined(channel, self.team.bot_user)

    async def removes_app(self, channel: Channel) -> None:
        """Take the app out of a channel; it can no longer read or write there."""
        left = "channel_left" if channel.state.kind == "channel" else "group_left"
        self._tell({"type": left, "channel": channel.id, "actor_id": self.id, "event_ts": self._world.next_ts()})
        channel.state.members.remove(self.team.bot_user)

    def _joined(self, channel: Channel, who: str) -> None:
        said = f"<@{who}> has joined the channel"
        line = self._world.add_message(channel.state, who, text=said, subtype="channel_join")
        self._tell(payloads.message_event(self._world, self.team, channel.state, line))
        self._tell(payloads.member_joined_event(self._world, self.team, channel.state, who, self.id))
