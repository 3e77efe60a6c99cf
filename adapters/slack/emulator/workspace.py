"""A workspace: its people and channels, and the app's coming and going."""

from collections.abc import Iterable
from urllib.parse import parse_qs, urlencode, urlsplit

from adapters.slack.emulator import payloads
from adapters.slack.emulator.people import User
from adapters.slack.emulator.person import Stage
from adapters.slack.emulator.screens import Channel, Message, ts_of
from adapters.slack.emulator.speaking import as_written
from adapters.slack.emulator.state import TeamState
from bot.domain.errors import Refused


class Workspace:
    """One team, with the app installed or not."""

    def __init__(self, stage: Stage, state: TeamState) -> None:
        self._stage = stage
        self._world = stage.world
        self.state = state

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def token(self) -> str:
        """The app's bot token here; "" while it is not installed."""
        return self.state.token

    @property
    def bot_user(self) -> str:
        return self.state.bot_user

    @property
    def bot(self) -> str:
        """The app's bot id, as in `bot_id`."""
        return self.state.bot

    def user(self, name: str, locale: str = "en-US") -> User:
        return User(self._stage, self.state, self._world.add_user(self.state, name, locale=locale))

    def channel(
        self, name: str, members: Iterable[User] = (), *, private: bool = False, with_app: bool = True
    ) -> Channel:
        """A channel with these people, and the app unless `with_app` is false."""
        inside = [member.id for member in members] + ([self.bot_user] if with_app else [])
        made = self._world.add_channel(self.state, "group" if private else "channel", name, inside)
        return Channel(self._world, self.state, made)

    def group(self, members: Iterable[User]) -> Channel:
        """A direct message among several people, to which the app was added."""
        inside = [*members]
        name = f"mpdm-{'--'.join(one.name.lower() for one in inside)}-1"
        made = self._world.add_channel(self.state, "mpim", name, [*(one.id for one in inside), self.bot_user])
        return Channel(self._world, self.state, made)

    async def other_bot_says(self, text: str, to: Channel, thread: str | Message | None = None) -> Message:
        """Another app posts in a channel."""
        message = self._world.add_message(
            to.state,
            self._world.id("U"),
            bot=self._world.id("B"),
            text=as_written(text),
            thread_ts=ts_of(thread),
            subtype="bot_message",
        )
        self._stage.tell(self.state, payloads.message_event(self._world, self.state, to.state, message))
        return Message(self._world, to.state, message)

    async def unfurls(self, message: Message) -> None:
        """Slack shows a preview under a message with a link: the message has changed, though nobody edited it."""
        previous = self._world.message_json(self.state, message.state)
        event = payloads.changed_event(self._world, self.state, message.channel, message.state, previous)
        event["message"]["attachments"] = [{"id": 1, "title": "A page", "from_url": "https://example.org"}]
        self._stage.tell(self.state, event)

    # -- installing

    async def approves(self, address: str) -> str:
        """Click "Allow" at an authorize address; return where the browser is sent, with `code` and `state`.

        https://docs.slack.dev/authentication/installing-with-oauth/
        """
        asked = self._asked(address)
        code = f"{self.id}.{next(self._world.ids)}.code"
        self.state.codes[code] = asked["redirect_uri"]
        self.state.scopes = frozenset(asked["scope"].replace(" ", ",").split(",")) - {""}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked.get('state', '')})}"

    async def denies(self, address: str) -> str:
        """Click "Cancel" there; return where the browser is sent."""
        asked = self._asked(address)
        answer = urlencode({"error": "access_denied", "state": asked.get("state", "")})
        return f"{asked['redirect_uri']}?{answer}"

    async def uninstalls(self) -> None:
        """The app is removed from the workspace: its token is worth nothing, and it hears of both.

        https://docs.slack.dev/reference/events/app_uninstalled/: the order of the two events is not promised.
        """
        self._stage.tell(self.state, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [self.bot_user]}})
        self._stage.tell(self.state, {"type": "app_uninstalled"})
        self.state.token = ""

    def installs(self) -> str:
        """Give the app a token without the OAuth dance; return it."""
        return self._world.install(self.state)

    def _asked(self, address: str) -> dict[str, str]:
        parts = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path != "/oauth/v2/authorize" or asked.get("client_id") != self._world.client_id:
            raise Refused("the address is no authorize address of the app")
        if not asked.get("scope") or not asked.get("redirect_uri"):
            raise Refused("the app asks for no scopes, or says not where to go on")
        return asked
