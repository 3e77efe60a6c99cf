"""The whole emulated Slack around one app; what the methods of the Web API read and change."""

from itertools import count

from adapters.slack.emulator.content import reading_of
from adapters.slack.emulator.limits import MAX_PAGE
from adapters.slack.emulator.state import (
    ChannelKind,
    ChannelState,
    Download,
    Emit,
    FileState,
    MessageState,
    ResponseUrlState,
    SocketAddress,
    TeamState,
    TriggerState,
    UserState,
    ViewState,
)
from adapters.slack.emulator.wire import Json, Refusal
from bot.domain.ports import Clock

TRIGGER_SECONDS = 3.0
"""https://docs.slack.dev/interactivity/handling-user-interaction/: a trigger_id expires in three seconds."""
APP_ID = "A0SWITCH"
GONE_MODES = frozenset({"tombstone", "hidden_by_limit"})
_ELSEWHERE = "https://drive.example.com/document"


class World:
    """State and its rules; knows nothing of HTTP.

    `events` takes what happens, as (team, event), and delivers it; `sockets` gives the address of a new connection.
    Both are set by who delivers. `base` is the address of the web server, with no slash at the end.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.teams: dict[str, TeamState] = {}
        self.ids = count(1)
        self.violations: list[str] = []
        self.events: Emit | None = None
        self.sockets: SocketAddress | None = None
        self.base = ""
        self.agent_view = True
        """Whether the app is declared as an agent, with sessions and the plain Messages tab."""
        self.page_messages = MAX_PAGE
        """How many messages a listing of them gives at once."""
        self.app = APP_ID
        self.app_token = "xapp-1-A0SWITCH-1-emulated"  # noqa: S105 - opens nothing
        self.client_id = "1000.2000"
        self.client_secret = "emulated-client-secret"  # noqa: S105 - opens nothing
        self.files: dict[str, FileState] = {}
        self.downloads: list[Download] = []
        self.triggers: dict[str, TriggerState] = {}
        self.response_urls: dict[str, ResponseUrlState] = {}
        self.tokens: set[str] = set()
        """Every bot token that was ever good."""
        self._last_ts_micros = 0

    # -- names and times

    def id(self, letter: str) -> str:
        """A new id: a letter of Slack's kind (`U`, `C`, `D`, `G`, `T`, `F`, `V`, `B`, …) and a number."""
        return f"{letter}0{next(self.ids):07d}"

    def unix_now(self) -> int:
        return int(self.clock.now().timestamp())

    def next_ts(self) -> str:
        """A message id that no other message has: seconds and microseconds, never running backwards."""
        self._last_ts_micros = max(self._last_ts_micros + 1, int(self.clock.now().timestamp()) * 1_000_000)
        return f"{self._last_ts_micros // 1_000_000}.{self._last_ts_micros % 1_000_000:06d}"

    # -- who and where

    def add_team(self, name: str, *, scopes: frozenset[str], installed: bool = True) -> TeamState:
        """A workspace with the app's bot user in it."""
        team = TeamState(self.id("T"), name, "", self.id("U"), self.id("B"), self.app, scopes)
        team.members[team.bot_user] = UserState(team.bot_user, team.id, "switchboard", bot=team.bot)
        self.teams[team.id] = team
        if installed:
            self.install(team)
        return team

    def install(self, team: TeamState) -> str:
        """Give the app a token for the workspace; one that is installed already keeps its own."""
        if not team.token:
            team.token = f"xoxb-{team.id}-{next(self.ids)}"
            self.tokens.add(team.token)
        return team.token

    def add_user(self, team: TeamState, name: str, *, locale: str = "en-US") -> UserState:
        user = UserState(self.id("U"), team.id, name, locale)
        team.members[user.id] = user
        return user

    def add_channel(self, team: TeamState, kind: ChannelKind, name: str, members: list[str]) -> ChannelState:
        channel = ChannelState(
            self.id({"channel": "C", "group": "G", "im": "D", "mpim": "C"}[kind]), team.id, kind, name, members
        )
        team.channels[channel.id] = channel
        return channel

    def open_direct(self, team: TeamState, user: str) -> ChannelState:
        """The DM of the app with a person; it is made at the first call."""
        return team.direct(user) or self.add_channel(team, "im", "", [user, team.bot_user])

    # -- messages

    def add_message(self, channel: ChannelState, user: str, **fields: object) -> MessageState:
        """Put a message into the conversation under the next `ts`; a reply clears the status line of its thread."""
        message = MessageState(self.next_ts(), user, **fields)  # type: ignore[arg-type]
        message.versions.append(reading_of(message))
        channel.messages.append(message)
        if message.is_reply and (first := channel.message(message.thread_ts)) is not None:
            first.thread_ts = first.ts
        if not message.ephemeral_for and self.teams[channel.team].bot_user == user:
            channel.statuses.pop(message.thread_ts, None)
        return message

    def change_message(self, message: MessageState) -> None:
        """Note what the message shows now, when that is something new."""
        reading = reading_of(message)
        if message.versions[-1] != reading:
            message.versions.append(reading)

    def add_file(
        self, team: TeamState, user: str, name: str, data: bytes, media_type: str, **more: object
    ) -> FileState:
        file = FileState(self.id("F"), team.id, user, name, data, media_type, len(data), **more)  # type: ignore[arg-type]
        self.files[file.id] = file
        return file

    def file_json(self, file: FileState, *, full: bool = False) -> Json:
        """A `file` object; one of Slack Connect says little until files.info is asked (`full`)."""
        if file.mode in GONE_MODES:
            return {"id": file.id, "mode": file.mode}
        if file.connect and not full:
            return {"id": file.id, "file_access": "check_file_info"}
        path = f"{self.base}/files-pri/{file.team}-{file.id}"
        ending = file.name.rpartition(".")[2].lower() if "." in file.name else ""
        body: Json = {
            "id": file.id,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.media_type,
            "filetype": ending or "binary",
            "size": file.size_bytes,
            "user": file.user,
            "mode": file.mode,
            "file_access": "visible",
        }
        if file.mode == "external":
            body |= {"is_external": True, "external_type": "gdrive", "url_private": _ELSEWHERE}
        else:
            body |= {"url_private": f"{path}/{file.id}", "url_private_download": f"{path}/download/{file.id}"}
        # What is documented as the description of an image is not promised for other files.
        described = file.alt_text if file.media_type.startswith("image/") else ""
        extra = {"subtype": file.subtype, "duration_ms": file.duration_ms, "alt_txt": described}
        return body | {name: value for name, value in extra.items() if value}

    def message_json(self, team: TeamState, message: MessageState, *, with_metadata: bool = False) -> Json:
        """A message object as history, events and answers have it."""
        body: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text, "team": team.id}
        if message.shown_stream is not None:
            body["text"] = message.shown_stream.text
            body["streaming_state"] = "in_progress" if self.is_live(message) else "completed"
        if message.bot:
            body |= {"bot_id": message.bot, "app_id": team.app}
        for name in ("thread_ts", "subtype", "username"):
            if value := getattr(message, name):
                body[name] = value
        if message.shown_blocks:
            body["blocks"] = message.shown_blocks
        if message.files:
            body["files"] = [self.file_json(file) for file in message.files]
        if message.edited:
            body["edited"] = {"user": message.user, "ts": message.edited}
        if message.reactions:
            body["reactions"] = reactions_json(message)
        if message.metadata is not None and with_metadata:
            body["metadata"] = message.metadata
        return body

    def is_live(self, message: MessageState) -> bool:
        """Whether the message is a stream that still takes appends."""
        return message.stream is not None and message.stream.phase_at(self.clock.monotonic()) == "streaming"

    # -- what happens

    def emit(self, team: str, event: Json) -> None:
        """Tell the app; without a deliverer nobody hears it."""
        if self.events is not None:
            self.events(team, event)

    def trigger(self, team: str, user: str) -> str:
        """A `trigger_id`, valid for three seconds and one modal."""
        made = TriggerState(f"{next(self.ids)}.{team}.{user}", team, user, self.clock.monotonic())
        self.triggers[made.id] = made
        return made.id

    def use_trigger(self, team: TeamState, trigger: str) -> TriggerState:
        """Spend a trigger; Refusal when it is unknown, of another team, spent, or older than three seconds."""
        found = self.triggers.get(trigger)
        if found is None or found.team != team.id:
            raise Refusal("invalid_trigger_id")
        if found.used:
            raise Refusal("exchanged_trigger_id")
        if self.clock.monotonic() - found.at > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")
        found.used = True
        return found

    def response_url(self, team: str, channel: str, user: str, *, message_ts: str = "", thread_ts: str = "") -> str:
        """An address that answers an interaction: five times within thirty minutes."""
        key = f"{team}-{next(self.ids)}"
        made = ResponseUrlState(team, channel, user, self.clock.monotonic(), message_ts, thread_ts)
        self.response_urls[key] = made
        return f"{self.base}/response/{key}"

    def add_view(self, user: str, view: Json) -> ViewState:
        return ViewState(self.id("V"), user, view, self.new_hash(), versions=[view])

    def new_hash(self) -> str:
        return f"{self.unix_now()}.{next(self.ids)}"


def reactions_json(message: MessageState) -> list[Json]:
    """The reactions of a message as reactions.get and history have them."""
    return [
        {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items() if users
    ]
