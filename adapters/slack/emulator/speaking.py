"""What people write: messages, edits, deletions, reactions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.slack.emulator import payloads
from adapters.slack.emulator.person import Person
from adapters.slack.emulator.screens import Channel, Message, ts_of
from adapters.slack.emulator.state import FileState, MessageState
from bot.domain.errors import Refused

_MAX_TEXT = 40_000
_LINK = re.compile(r"https?://[^\s<>|]*[^\s<>|.,!?;:)]")
_OWN_MARKUP = re.compile(r"(<[@#!][^<>]+>|<https?://[^<>]+>)")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person attaches; `size_bytes` may claim more than `data` holds."""

    name: str
    data: bytes
    media_type: str = "application/octet-stream"
    size_bytes: int | None = None
    subtype: str = ""
    """`slack_audio` for a voice clip, `slack_video` for a video clip."""
    duration_ms: int = 0
    connect: bool = False
    """Shared through Slack Connect: the event tells its id alone."""
    mode: str = "hosted"
    """`snippet`, `quip` for a canvas, `email`, `external` for a link to Google Drive and the like, …"""
    title: str = ""


class Speaking(Person):
    """The verbs of writing."""

    async def says(
        self,
        text: str,
        to: Channel | None = None,
        thread: str | Message | None = None,
        mention: bool | None = None,
        files: Sequence[Upload] = (),
        *,
        broadcast: bool = False,
        subtype: str = "",
    ) -> Message:
        """Send a message, in the DM or `to` a channel, at its top or in a `thread`.

        In a channel it mentions the app when `mention` says so, and at the top also when nothing is said.
        `broadcast` shows a reply at the top of the channel too; `subtype` makes it a special one.
        """
        channel = (to or self.dm).state
        self._must_be_in(channel)
        thread_ts = ts_of(thread)
        if thread_ts and channel.message(thread_ts) is None:
            raise Refused("there is no such thread")
        wants_mention = (not thread_ts if mention is None else mention) and not channel.is_direct
        called = f"<@{self.team.bot_user}>"
        written = as_written(text)
        if wants_mention and called not in written:
            written = f"{called} {written}"
        if not written and not files:
            raise Refused("Slack sends no empty messages")
        if len(written) > _MAX_TEXT:
            raise Refused("Slack takes at most 40,000 characters")
        kind = subtype or ("file_share" if files else "thread_broadcast" if broadcast else "")
        stored = [self._store(file) for file in files]
        message = self._world.add_message(
            channel, self.id, text=written, thread_ts=thread_ts, files=stored, subtype=kind
        )
        for file in stored:
            file.shares.append((channel.id, message.ts))
        self._tell(payloads.message_event(self._world, self.team, channel, message))
        if called in written and not channel.is_direct:
            self._tell(payloads.mention_event(self._world, self.team, channel, message))
        return Message(self._world, channel, message)

    async def edits(self, message: Message, text: str) -> None:
        """Change the text of an own message."""
        state = self._own(message)
        previous = self._world.message_json(self.team, state)
        state.text = as_written(text)
        state.edited = self._world.next_ts()
        self._world.change_message(state)
        self._tell(payloads.changed_event(self._world, self.team, message.channel, state, previous))

    async def deletes(self, message: Message) -> None:
        """Delete an own message."""
        state = self._own(message)
        event = payloads.deleted_event(self._world, self.team, message.channel, state)
        state.deleted = True
        self._tell(event)

    async def deletes_file(self, message: Message, name: str) -> None:
        """Delete an own file: a trace of it stays in the message, of which nobody is told that somebody edited it."""
        state = self._own(message)
        file = next((one for one in state.files if one.name == name), None)
        if file is None:
            raise Refused(f"the message has no file {name!r}")
        previous = self._world.message_json(self.team, state)
        file.mode = "tombstone"
        self._tell(payloads.changed_event(self._world, self.team, message.channel, state, previous))

    async def reacts(self, message: Message, name: str) -> None:
        """Put a reaction on a message; `name` as in `thumbsup`."""
        users = message.state.reactions.setdefault(name, [])
        if self.id in users:
            raise Refused("this reaction is there already")
        users.append(self.id)
        event = payloads.reaction_event(self._world, "added", self.id, name, message.channel, message.state)
        self._tell(event)

    async def unreacts(self, message: Message, name: str) -> None:
        users = message.state.reactions.get(name, [])
        if self.id not in users:
            raise Refused("there is no such reaction")
        users.remove(self.id)
        event = payloads.reaction_event(self._world, "removed", self.id, name, message.channel, message.state)
        self._tell(event)

    def _own(self, message: Message) -> MessageState:
        if message.state.user != self.id or message.state.deleted:
            raise Refused("one can change only one's own messages")
        return message.state

    def _store(self, file: Upload) -> FileState:
        stored = self._world.add_file(
            self.team,
            self.id,
            file.name,
            file.data,
            file.media_type,
            subtype=file.subtype,
            duration_ms=file.duration_ms,
            connect=file.connect,
            mode=file.mode,
            title=file.title,
        )
        stored.size_bytes = len(file.data) if file.size_bytes is None else file.size_bytes
        return stored


def as_written(text: str) -> str:
    """What Slack makes of typed text: links in angle brackets, `&`, `<` and `>` escaped; its own markup stays.

    https://docs.slack.dev/messaging/formatting-message-text/#escaping
    """
    pieces = _OWN_MARKUP.split(text.strip())
    return "".join(piece if index % 2 else _LINK.sub(r"<\g<0>>", escaped(piece)) for index, piece in enumerate(pieces))


def escaped(typed: str) -> str:
    """What Slack makes of the text of a command, where links stay as they are."""
    return typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
