"""Where Slack speaks and whom: places, the mention of us, commands written as text, and the handle of a press."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.domain.place import Place

NAME = "slack"
EVENTS_PATH = "/slack/events"
"""Of our own server: events, interactivity and commands alike are posted there."""
INSTALL_PATH = "/slack/install"
RETURN_PATH = "/slack/oauth_redirect"
"""Browsers come back there from Slack's consent."""
UMBRELLA = "switchboard"
"""The slash command that leads to all others."""

_COMMAND = re.compile(r"([/!])([A-Za-z][A-Za-z0-9_-]{0,63})(?=\s|$)\s*(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DIRECT = ("D", "U", "W")
_PERSON = ("U", "W")
_PERHAPS_COMMA = " \t,:"


@dataclass(frozen=True, slots=True)
class Line:
    """`/name arguments`, the name in lower case."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Handle:
    """Who pressed a button and where: enough to show them alone a short note. `str` and `parse` are its codec.

    `channel` is empty for a press on the Home tab, `thread` for one outside of threads. `trigger` opens one modal
    within three seconds (docs.slack.dev/interactivity/handling-user-interaction#modal_responses).
    """

    team: str
    user: str
    channel: str = ""
    thread: str = ""
    trigger: str = ""

    def __str__(self) -> str:
        return f"{self.team}/{self.user}/{self.channel}/{self.thread}/{self.trigger}"

    @classmethod
    def parse(cls, text: str) -> "Handle | None":
        """The handle whose text form is `text`; None for anything that we never issued."""
        parts = text.split("/")
        return cls(*parts) if len(parts) in (4, 5) and parts[0] and parts[1] else None


def place(team: str, channel: str, thread_ts: str = "") -> Place:
    """The place of a thread in a channel or direct message, or of the direct message itself.

    A user id as `channel` means the direct message with that person, whose channel is not known yet.
    """
    return Place(NAME, channel, thread_ts, team)


def is_direct(at: Place) -> bool:
    """Whether only one person and we speak there (`D…`, or the id of that person)."""
    return at.chat.startswith(_DIRECT)


def is_person(at: Place) -> bool:
    """Whether the chat is a user id that `conversations.open` still has to turn into a channel."""
    return at.chat.startswith(_PERSON)


def thread_of(channel: str, ts: str, thread_ts: str) -> str:
    """The topic of the message `ts`.

    A thread's first message has `thread_ts` equal to its `ts` once somebody answered it, and none before
    (https://docs.slack.dev/messaging/retrieving-messages#pulling-threads). In a channel it opens its topic; in a direct
    message it stays part of the running conversation.
    """
    if channel.startswith("D"):
        return thread_ts if thread_ts != ts else ""
    return thread_ts or ts


def command(text: str, known: Collection[str]) -> Line | None:
    """The command that `text` consists of; None when it is ordinary text.

    `/new` may have any name. Threads know no slash commands, so `!new` is one too, for the names that are `known`:
    people also begin a sentence so. A single `!word` is a command of any name, as nobody asks a question so.
    """
    match = _COMMAND.fullmatch(text.strip())
    if match is None:
        return None
    mark, name, arguments = match[1], match[2].lower(), match[3].strip()
    is_meant = mark == "/" or name in (*known, UMBRELLA) or not arguments
    return Line(name, arguments) if is_meant else None


def is_word(text: str) -> bool:
    """Whether `text` is a single word that could be the name of a command."""
    return _NAME.fullmatch(text) is not None


def without_mention(text: str, user: str) -> str | None:
    """mrkdwn `text` with every mention of the user id `user` cut out; None when there is none."""
    if not user or f"<@{user}" not in text:
        return None
    mention = re.compile(rf"<@{re.escape(user)}(?:\|[^<>]*)?>")
    parts = mention.split(text)
    if len(parts) == 1:
        return None
    joined = parts[0]
    for part in parts[1:]:
        joined = _joined(joined, part)
    return joined.strip()


def _joined(before: str, after: str) -> str:
    if not before.strip():
        return after.lstrip(_PERHAPS_COMMA)
    return before.rstrip(" ") + after if after[:1] in {"", " ", "\n"} or after[0] in ".,:;!?" else before + after
