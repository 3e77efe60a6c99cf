"""Looks at what a channel shows: whether a message of ours arrived although its sending ended in doubt."""

import re
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any

from adapters.slack.bodies import Body
from adapters.slack.client import Ask, Client
from adapters.slack.memory import Memory
from adapters.slack.streams import Streams
from bot.domain.errors import MessageGone
from bot.domain.messenger import File, Outgoing
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock

Message = Mapping[str, Any]

_PAGE = 100
"""Slack gives apps outside of its Marketplace 15 at once, whatever they ask for."""
_PAGES = 5
_SKEW_SECONDS = 30.0
"""Slack's clock gives messages their `ts`, ours the watermark its beginning."""
_SMALL_SKEW_SECONDS = 2.0
_AHEAD_SECONDS = 3600.0
_MARK = re.compile(r"\(([0-9]+\.[0-9]{6}-[0-9a-f]{16})\)$")
_BUTTON_BLOCKS = ("actions", "context_actions")
_PLAIN_BLOCKS = frozenset({"markdown", "rich_text", "section", "header", "divider", "context"})
"""What Slack makes of our text and takes back as it is."""
_UPDATE_BYTES = 3_900


class Search:
    """Reads channels and threads by `conversations.history` and `conversations.replies`."""

    def __init__(self, client: Client, clock: Clock, streams: Streams, memory: Memory) -> None:
        self._client = client
        self._clock = clock
        self._streams = streams
        self._memory = memory

    def now(self) -> float:
        """Where to begin to look for what is sent from now on: seconds since the epoch."""
        return self._clock.now().timestamp()

    def watermark(self) -> str:
        """Unique, and begins with the time."""
        return f"{self.now():.6f}-{token_hex(8)}"

    async def find(self, place: Place, watermark: str, outgoing: Outgoing) -> Ref | None:
        """The message that carries `watermark`; for what can carry none, the file of that name, or the stream, that
        nobody in this process knows. MessengerError."""
        since = _seconds(watermark)
        if since is None:
            return None
        me = (await self._client.me(place.workspace)).bot

        def is_marked(one: Message) -> bool:
            return one.get("bot_id") == me and watermark in (mark_of(one), _file_mark(one))

        newest_first = await self._since(place, since, is_marked)
        found = _first(newest_first, is_marked)
        unknown = [one for one in newest_first if one.get("bot_id") == me and not self._is_known(place, one)]
        if found is None and (file := outgoing.file) is not None:
            found = _first(unknown, lambda one: _is_lost_file(one, file, since))
        elif found is None and place.topic:
            found = _first(unknown, lambda one: _is_lost_stream(one, since))
        return None if found is None else Ref(place, _ts(found))

    async def file(self, place: Place, since: float, identity: str) -> str:
        """The message that shows a file, by its id; empty when there is none. MessengerError."""

        def shows(one: Message) -> bool:
            return _has_file(one, "id", identity)

        found = _first(await self._since(place, since, shows), shows)
        return "" if found is None else _ts(found)

    async def unbuttoned(self, ref: Ref) -> Body | None:
        """Arguments of `chat.update` by which the message loses its buttons and nothing else.

        None when it has none, or when what Slack tells is not all it shows. MessengerError; MessageGone when it does
        not exist.
        """
        message = await self._message(ref)
        blocks = [block for block in message.get("blocks") or () if isinstance(block, dict)]
        kept = [block for block in blocks if block.get("type") not in _BUTTON_BLOCKS]
        text = str(message.get("text") or "")
        # What was streamed is no block, and would be gone with the buttons.
        is_whole = bool(kept) and not message.get("streaming_state") and len(text.encode()) <= _UPDATE_BYTES
        if len(kept) == len(blocks) or not is_whole or any(one.get("type") not in _PLAIN_BLOCKS for one in kept):
            return None
        return {"text": text, "blocks": kept}

    async def _message(self, ref: Ref) -> Message:
        """One message as Slack shows it now."""
        channel, ts = ref.place.chat, ref.message
        if ref.place.topic:
            answer = await self._client.look(
                ref.place.workspace,
                lambda web: web.conversations_replies(
                    channel=channel, ts=ref.place.topic, oldest=ts, latest=ts, inclusive=True, limit=2
                ),
            )
        else:
            answer = await self._client.look(
                ref.place.workspace,
                lambda web: web.conversations_history(channel=channel, oldest=ts, latest=ts, inclusive=True, limit=1),
            )
        found = _first(_messages(answer), lambda one: one.get("ts") == ts)
        if found is None:
            raise MessageGone("message_not_found")
        return found

    async def _since(self, place: Place, since: float, suits: Callable[[Message], bool]) -> list[Message]:
        """What was said there after `since`, the newest first, up to the page that has what is looked for."""
        found: list[Message] = []
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._client.look(place.workspace, self._listing(place, since, cursor))
            page = [one for one in _messages(answer) if isinstance(one.get("ts"), str)]
            found += page
            more = answer.get("response_metadata")
            cursor = str(more.get("next_cursor") or "") if isinstance(more, Mapping) else ""
            if not cursor or any(map(suits, page)):
                break
        return sorted(found, key=_ts, reverse=True)

    def _listing(self, place: Place, since: float, cursor: str) -> Ask:
        """A page of a thread, which Slack tells from its beginning, or of a channel, from its end."""
        oldest, latest = f"{since - _SKEW_SECONDS:.6f}", f"{self.now() + _AHEAD_SECONDS:.6f}"
        if place.topic:
            return lambda web: web.conversations_replies(
                channel=place.chat,
                ts=place.topic,
                oldest=oldest,
                limit=_PAGE,
                include_all_metadata=True,
                cursor=cursor or None,
            )
        return lambda web: web.conversations_history(
            channel=place.chat,
            oldest=oldest,
            latest=latest,
            limit=_PAGE,
            include_all_metadata=True,
            cursor=cursor or None,
        )

    def _is_known(self, place: Place, message: Message) -> bool:
        """Whether this process has an answer of Slack's for it."""
        ref = Ref(place, _ts(message))
        return self._streams.is_known(ref) or self._memory.knows(ref)


def mark_of(message: Message) -> str:
    """What `Outgoing.mark` was when the message was sent; empty when it carries none."""
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, Mapping) else None
    return str(payload.get("mark") or "") if isinstance(payload, Mapping) else ""


def marked_name(file: File, mark: str) -> str | None:
    """The description of a file that carries `mark`: seen by nobody, and, for images, told to us by Slack again."""
    return f"{file.name} ({mark})" if mark else None


def _file_mark(message: Message) -> str:
    for file in message.get("files") or ():
        if isinstance(file, Mapping) and (mark := _MARK.search(str(file.get("alt_txt") or ""))):
            return mark[1]
    return ""


def _is_lost_file(message: Message, file: File, since: float) -> bool:
    """Whether it may be `file`, where Slack does not tell the mark of its description."""
    is_new = float(_ts(message)) >= since - _SMALL_SKEW_SECONDS
    return is_new and not _file_mark(message) and _has_file(message, "name", file.name)


def _is_lost_stream(message: Message, since: float) -> bool:
    """A stream carries no mark until it ends. Of a thread's lane only one process at a time holds the way out, so what
    is without a mark there, and unknown, was begun in doubt, whatever it reads.

    Where it is not open any more, or Slack does not say so, only its age can tell it from earlier ones.
    """
    is_open = message.get("streaming_state") == "in_progress"
    is_new = float(_ts(message)) >= since - _SMALL_SKEW_SECONDS
    return (is_open or is_new) and not mark_of(message) and not message.get("files")


def _ts(message: Message) -> str:
    return str(message["ts"])


def _messages(answer: Mapping[str, Any]) -> list[Message]:
    return [one for one in answer.get("messages") or () if isinstance(one, Mapping)]


def _first(messages: list[Message], suits: Callable[[Message], bool]) -> Message | None:
    return next((one for one in messages if suits(one)), None)


def _has_file(message: Message, key: str, value: str) -> bool:
    return any(isinstance(file, Mapping) and file.get(key) == value for file in message.get("files") or ())


def _seconds(watermark: str) -> float | None:
    try:
        return float(watermark.partition("-")[0])
    except ValueError:
        return None
