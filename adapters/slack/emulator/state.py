"""What the emulated Slack remembers: teams, people, conversations, messages, streams, files and views."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from adapters.slack.emulator.wire import Json

ChannelKind = Literal["channel", "group", "im", "mpim"]
StreamPhase = Literal["streaming", "done", "expired", "stopped"]
StreamMode = Literal["", "text", "chunks"]
STREAM_SECONDS = 300.0
"""How long a stream lives from its start, appends or not.

Not documented; https://github.com/slackapi/node-slack-sdk/issues/2702 and others report about five minutes.
"""
STATUS_SECONDS = 120.0
"""After this long the status line of a thread clears itself; docs: assistant.threads.setStatus."""


@dataclass(slots=True, eq=False)
class UserState:
    """A person, or the app's bot user."""

    id: str
    team: str
    name: str
    locale: str = "en-US"
    timezone: str = "Europe/London"
    bot: str = ""
    """The bot id when this is an app's bot user."""

    def to_json(self, *, with_locale: bool = False) -> Json:
        """A `user` object as users.info gives it."""
        profile = {"real_name": self.name, "display_name": self.name.lower(), "team": self.team}
        body: Json = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name.lower(),
            "real_name": self.name,
            "deleted": False,
            "is_bot": bool(self.bot),
            "tz": self.timezone,
            "profile": profile | ({"bot_id": self.bot} if self.bot else {}),
        }
        return body | ({"locale": self.locale} if with_locale else {})


@dataclass(slots=True, eq=False)
class StreamState:
    """A message that is being written before the reader's eyes; it stays with the message when it ended."""

    started_at: float
    thread_ts: str
    phase: StreamPhase = "streaming"
    mode: StreamMode = ""
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    tasks: dict[str, Json] = field(default_factory=dict)
    plan: str = ""
    display: str = "timeline"
    appends: int = 0
    replaced: bool = False
    """A later chat.update took the place of what was streamed."""

    def phase_at(self, now: float) -> StreamPhase:
        """The phase at the clock's monotonic time `now`; a stream that lived too long is expired."""
        if self.phase == "streaming" and now - self.started_at >= STREAM_SECONDS:
            self.phase = "expired"
        return self.phase


@dataclass(slots=True, eq=False)
class FileState:
    """A file; `size_bytes` may claim more than `data` holds, to speak of huge files cheaply."""

    id: str
    team: str
    user: str
    name: str
    data: bytes
    media_type: str
    size_bytes: int
    title: str = ""
    subtype: str = ""
    duration_ms: int = 0
    connect: bool = False
    """Shared through Slack Connect: events say `file_access: check_file_info` and nothing else."""
    mode: str = "hosted"
    """`snippet`, `quip` (a canvas), `email`, …; `external` is kept elsewhere, of `tombstone` and `hidden_by_limit`
    nothing is left but the id."""
    uploaded: bool = True
    alt_text: str = ""
    """What screen readers say for an image."""
    shares: list[tuple[str, str]] = field(default_factory=list)
    """Where it was shared: (channel, ts)."""


@dataclass(frozen=True, slots=True)
class Download:
    """One time that somebody asked for the content of a file. `at` is the clock's monotonic time."""

    file: str
    team: str
    """The workspace of the token; "" when it was none of ours."""
    status: int
    at: float


@dataclass(slots=True, eq=False)
class MessageState:
    """A message as it stands now; `versions` holds every text it has shown, the present one last."""

    ts: str
    user: str
    bot: str = ""
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    files: list[FileState] = field(default_factory=list)
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Emoji name → user ids, in the order of their reactions."""
    edited: str = ""
    """The ts of the last edit by a person."""
    deleted: bool = False
    stream: StreamState | None = None
    versions: list[str] = field(default_factory=list)
    ephemeral_for: str = ""
    subtype: str = ""
    username: str = ""

    @property
    def is_reply(self) -> bool:
        """Whether it stands inside a thread, below its first message."""
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def shown_stream(self) -> StreamState | None:
        """The stream whose text is on the screen, if it is."""
        return self.stream if self.stream is not None and not self.stream.replaced else None

    @property
    def shown_blocks(self) -> list[Json]:
        """All blocks that a reader sees, those of a stream first."""
        return (self.shown_stream.blocks if self.shown_stream else []) + self.blocks


@dataclass(slots=True, eq=False)
class SessionState:
    """An agent session of a channel or a thread: whether Slack shows that the app works, and its stop button."""

    status: str
    title: str = ""
    initiator: str = ""
    history: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class StatusState:
    """The status line under a thread, set at the clock's monotonic time `at`."""

    text: str
    at: float
    loading_messages: list[str] = field(default_factory=list)

    def shown_at(self, now: float) -> str:
        return self.text if now - self.at < STATUS_SECONDS else ""


@dataclass(slots=True, eq=False)
class PromptsState:
    """Suggested prompts: (title, message) pairs under a heading."""

    title: str
    prompts: list[tuple[str, str]]


@dataclass(slots=True, eq=False)
class ChannelState:
    """A conversation; `members` are user ids, the app's bot user among them when the app is in it."""

    id: str
    team: str
    kind: ChannelKind
    name: str = ""
    members: list[str] = field(default_factory=list)
    messages: list[MessageState] = field(default_factory=list)
    """In the order of `ts`, with deleted and ephemeral ones."""
    sessions: dict[str, SessionState] = field(default_factory=dict)
    """By `thread_ts`; "" is the conversation itself."""
    statuses: dict[str, StatusState] = field(default_factory=dict)
    prompts: dict[str, PromptsState] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    archived: bool = False

    @property
    def is_direct(self) -> bool:
        return self.kind == "im"

    @property
    def person(self) -> str:
        """The user on the other side of a DM."""
        return self.members[0] if self.is_direct else ""

    def message(self, ts: str) -> MessageState | None:
        """The message that everybody in the conversation can see under `ts`."""
        for one in reversed(self.messages):
            if one.ts == ts and not one.deleted and not one.ephemeral_for:
                return one
        return None

    def thread(self, thread_ts: str) -> list[MessageState]:
        """What a thread shows: its first message and the replies, the oldest first."""
        return [one for one in self.visible if thread_ts in (one.ts, one.thread_ts)]

    @property
    def visible(self) -> list[MessageState]:
        return [one for one in self.messages if not one.deleted and not one.ephemeral_for]


@dataclass(slots=True, eq=False)
class ViewState:
    """A modal or a published Home tab."""

    id: str
    user: str
    view: Json
    """The view as the app gave it, with `block_id`s filled in."""
    hash: str
    closed: bool = False
    versions: list[Json] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TeamState:
    """A workspace and the app's place in it; `token` is "" when the app is not installed."""

    id: str
    name: str
    token: str
    bot_user: str
    bot: str
    app: str
    scopes: frozenset[str]
    members: dict[str, UserState] = field(default_factory=dict)
    channels: dict[str, ChannelState] = field(default_factory=dict)
    homes: dict[str, ViewState] = field(default_factory=dict)
    """Published Home tabs by user id."""
    modals: dict[str, ViewState] = field(default_factory=dict)
    """Modals by view id; the closed ones stay, marked."""
    codes: dict[str, str] = field(default_factory=dict)
    """OAuth codes that people's consent gave out → redirect_uri; each is good once. The consent sets `scopes`."""

    def direct(self, user: str) -> ChannelState | None:
        """The DM of the app with a person, when it was opened."""
        return next((one for one in self.channels.values() if one.is_direct and one.person == user), None)


@dataclass(slots=True, eq=False)
class TriggerState:
    """What a person did a moment ago, which entitles the app to open a modal, once within three seconds."""

    id: str
    team: str
    user: str
    at: float
    used: bool = False


@dataclass(slots=True, eq=False)
class ResponseUrlState:
    """A `response_url`: five answers within thirty minutes."""

    team: str
    channel: str
    user: str
    at: float
    message_ts: str = ""
    thread_ts: str = ""
    uses: int = 0


Emit = Callable[[str, Json], None]
"""Hands an event of a team to whoever delivers events."""
SocketAddress = Callable[[], str]
"""Makes the address of a new Socket Mode connection, with its ticket."""
