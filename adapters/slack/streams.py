"""Streams: messages that grow by what is new, until they are finished or Slack closes them.

A stream ends by `chat.stopStream`, by the user's stop button, or by itself when nothing was appended for a while; from
then on the message is edited like any other (docs.slack.dev/reference/methods/chat.startStream).
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.slack.address import is_direct
from adapters.slack.bodies import begin_chunks, growth_chunks, post_body, stop_body
from adapters.slack.client import Client
from adapters.slack.faults import code_of
from adapters.slack.people import People
from adapters.slack.render import rest, steady
from bot.domain.errors import Ambiguous, Blocked, StreamEnded, Unreachable, Unrenderable
from bot.domain.messenger import Delta, Outgoing, ToolCard
from bot.domain.place import Place, Ref

log = logging.getLogger(__name__)

_REMEMBERED = 2_000
_ACTIVE = "active"


@dataclass(slots=True)
class _Stream:
    text: str
    """Markdown as it was given so far."""
    shown: str
    """What was sent of it: less, while the end of it may still turn out otherwise."""
    tools: dict[str, ToolCard] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held for each call, as what is to be said next depends on how the one before ended."""
    in_doubt: bool = False
    """A call was cut, so nobody knows what the user reads."""


class Streams:
    """The streams that this process has begun and not finished."""

    def __init__(self, client: Client, people: People) -> None:
        self._client = client
        self._people = people
        self._live: OrderedDict[Ref, _Stream] = OrderedDict()
        self._begun: OrderedDict[Ref, None] = OrderedDict()

    def is_live(self, ref: Ref) -> bool:
        """Whether the stream is still open, as far as this process knows."""
        return ref in self._live

    def is_known(self, ref: Ref) -> bool:
        """Whether this process began the stream, open or not."""
        return ref in self._begun

    async def end(self, ref: Ref) -> None:
        """End a live stream as it is. MessengerError."""
        await self._stopped(ref, {}, Outgoing(""))

    async def begin(self, place: Place, outgoing: Outgoing, recipient: str) -> Ref:
        """MessengerError; Unrenderable where there is no thread to stream into."""
        if not place.topic:
            raise Unrenderable("streams need a thread")
        to: dict[str, Any] = {}
        if not is_direct(place):
            home = await self._people.home_of(place.workspace, recipient)
            to = {"recipient_team_id": home, "recipient_user_id": recipient}
        try:
            answer = await self._client.call(
                place.workspace,
                lambda web: web.chat_startStream(
                    channel=place.chat, thread_ts=place.topic, chunks=begin_chunks(outgoing) or None, **to
                ),
                repeatable=False,
            )
        except Blocked as refusal:
            if code_of(refusal) != "user_not_found":
                raise
            # Only whoever asked has left; the others still read the thread.
            raise Unrenderable(refusal.detail) from None
        if not answer.get("ts"):
            raise Ambiguous("a stream without its message")
        ref = Ref(place, str(answer["ts"]))
        self._begun[ref] = None
        self._live[ref] = _Stream(outgoing.text, steady(outgoing.text))
        for known in (self._begun, self._live):
            if len(known) > _REMEMBERED:
                known.popitem(last=False)
        return ref

    async def grow(self, ref: Ref, delta: Delta) -> None:
        """MessengerError; StreamEnded also for a stream of another process, whose text is not known here."""
        stream = self._live.get(ref)
        if stream is None:
            raise StreamEnded("not a live stream of this process")
        async with stream.turn:
            await self._grow(ref, stream, delta)

    async def _grow(self, ref: Ref, stream: _Stream, delta: Delta) -> None:
        if ref not in self._live or stream.in_doubt or delta.offset > len(stream.text):
            raise StreamEnded("nobody knows what the user reads")
        text = stream.text + delta.text[len(stream.text) - delta.offset :]
        shown = steady(text)
        chunks = growth_chunks(shown[len(stream.shown) :], delta.tools, tuple(stream.tools.values()))
        if not chunks:
            stream.text = text
            return
        channel, ts = ref.place.chat, ref.message
        try:
            await self._client.call(
                ref.place.workspace,
                lambda web: web.chat_appendStream(channel=channel, ts=ts, chunks=chunks),
                repeatable=False,
            )
        except StreamEnded:
            self._live.pop(ref, None)
            raise
        except Ambiguous:
            stream.in_doubt = True
            raise
        stream.text, stream.shown = text, shown
        stream.tools |= {card.call: card for card in delta.tools}

    async def finish(self, ref: Ref, outgoing: Outgoing) -> bool:
        """Make a live stream read `outgoing`, and end it; whether that told Slack that the answer is there.

        MessengerError; it may be tried again.
        """
        stream = self._live[ref]
        async with stream.turn:
            return await self._finish(ref, stream, outgoing)

    async def _finish(self, ref: Ref, stream: _Stream, outgoing: Outgoing) -> bool:
        left = None if stream.in_doubt else rest(stream.shown, outgoing.text)
        if left is not None:
            shown = tuple(stream.tools.values())
            # Nothing works on a reply that is complete, whatever was the last that could be shown of it.
            ended = tuple(replace(card, state="done") if card.state == "running" else card for card in shown)
            if await self._stopped(ref, stop_body(outgoing, left, ended, shown), outgoing):
                return True
        is_told = left is None and await self._stopped(ref, {}, outgoing)
        return await self.update(ref, outgoing) or is_told

    async def update(self, ref: Ref, outgoing: Outgoing) -> bool:
        """Edit a message that may have been a stream of this process or of one that is dead; answers as `finish`.

        MessengerError.
        """
        body = post_body(outgoing)
        channel, ts, team = ref.place.chat, ref.message, ref.place.workspace
        try:
            await self._client.call(team, lambda web: web.chat_update(channel=channel, ts=ts, **body))
        except Unreachable as trouble:
            if code_of(trouble) != "streaming_state_conflict":
                raise
            is_told = await self._stopped(ref, {}, outgoing)
            await self._client.call(team, lambda web: web.chat_update(channel=channel, ts=ts, **body))
            return is_told
        return False

    async def _stopped(self, ref: Ref, body: Mapping[str, Any], outgoing: Outgoing) -> bool:
        """Whether the stream ended by this call, and so with `body`; it is no live stream after it in any case."""
        stream = self._live.get(ref)
        channel, ts = ref.place.chat, ref.message
        session = None if outgoing.streaming or outgoing.goes_on else _ACTIVE
        try:
            await self._client.call(
                ref.place.workspace,
                lambda web: web.chat_stopStream(channel=channel, ts=ts, session_status=session, **body),
            )
        except StreamEnded as ended:
            log.info("stream %s had ended: %s", ref, ended.detail)
            self._live.pop(ref, None)
            return False
        except Unreachable:
            if stream is not None:
                stream.in_doubt = True
            raise
        except Unrenderable as refusal:
            if not body:
                raise
            log.warning("stream %s does not end as it should: %s", ref, refusal.detail)
            await self._stopped(ref, {}, outgoing)
            return False
        self._live.pop(ref, None)
        return True
