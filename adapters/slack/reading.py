"""Heard → event: what only Slack or our own memory can say is looked up here, before the event is stored."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from adapters.slack.address import is_direct, is_person
from adapters.slack.attachments import attachment, is_bare
from adapters.slack.client import Client
from adapters.slack.deadline import LOOK_SECONDS, within
from adapters.slack.faults import UNAUTHORISED, code_of
from adapters.slack.parse import Heard, Me, emoji, parse
from adapters.slack.people import People
from bot.domain.errors import Blocked, MessageGone, MessengerError, Misconfigured
from bot.domain.incoming import Attachment, Incoming, Reaction, StopRequest, UserMessage
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock

log = logging.getLogger(__name__)

Commands = Callable[[], Collection[str]]
"""The names that `/switchboard name` knows now; after another word it is a question."""
Ours = Callable[[Place], Awaitable[bool]]
"""Whether we have a conversation in this thread of a channel."""


class Reader:
    """Reads what Slack sent to us."""

    def __init__(self, client: Client, people: People, clock: Clock, ours: Ours, commands: Commands) -> None:
        self._client = client
        self._people = people
        self._clock = clock
        self._ours = ours
        self._commands = commands

    def hear(self, body: Mapping[str, Any], me: Me) -> Heard | None:
        """None for what says nothing to us, and, with a line in the log, for what cannot be read."""
        try:
            we = replace(me, app=str(body.get("api_app_id") or ""))
            return parse(body, we, self._clock.now(), commands=self._commands())
        except Exception as exc:
            # One strange event must not be sent to us again and again. The exception's text would quote it.
            log.error("an event of kind %s skipped: %s", kind_of(body), type(exc).__name__)
            return None

    async def read(self, heard: Heard) -> Incoming | None:
        """The whole event; None for what is said beside us. MessengerError when Slack cannot be asked now."""
        incoming = heard.incoming
        if not heard.addressed and not await self._ours(incoming.place):
            return None
        try:
            incoming = await self._placed(incoming)
            if isinstance(incoming.payload, Reaction):
                incoming = await self._reacted(incoming, incoming.payload)
            elif isinstance(incoming.payload, StopRequest):
                incoming = await self._stopped(incoming)
            elif isinstance(incoming.payload, UserMessage):
                incoming = await self._described(incoming, incoming.payload)
        except (Blocked, MessageGone, Misconfigured) as refusal:
            if code_of(refusal) in UNAUTHORISED:
                raise
            log.warning("event %s cannot be placed, skipped: %s", incoming.id, refusal.detail)
            return None
        person = await self._people.describe(incoming.place.workspace, incoming.sender.id)
        return replace(incoming, sender=replace(incoming.sender, name=person.name, locale=person.locale))

    async def _placed(self, incoming: Incoming) -> Incoming:
        """What belongs to a person alone goes to the channel in which we talk to them alone."""
        place = incoming.place
        if not is_person(place):
            return incoming
        channel = await self._people.direct_channel(place.workspace, place.chat)
        return replace(incoming, place=replace(place, chat=channel))

    async def _stopped(self, incoming: Incoming) -> Incoming:
        """A session hangs on the message that is answered; in the running conversation of a DM that is no thread."""
        place = incoming.place
        if not place.topic or not is_direct(place) or await self._ours(place):
            return incoming
        return replace(incoming, place=place.room)

    async def _described(self, incoming: Incoming, said: UserMessage) -> Incoming:
        """An event tells nothing but the ids of files from other workspaces."""
        if not any(map(is_bare, said.attachments)):
            return incoming
        team = incoming.place.workspace
        found = await asyncio.gather(*(self._looked_up(team, one) for one in said.attachments))
        return replace(incoming, payload=replace(said, attachments=tuple(found)))

    async def _looked_up(self, team: str, one: Attachment) -> Attachment:
        """As it came, when Slack does not tell more within a second: no message is lost for a file's name."""
        if not is_bare(one):
            return one
        look = self._client.look(team, lambda web: web.files_info(file=one.file))
        try:
            file = (await within(self._clock, LOOK_SECONDS, look)).get("file")
        except MessengerError as trouble:
            log.info("file %s stays without a name: %s", one.file, type(trouble).__name__)
            return one
        return attachment({**file, "id": one.file}) if isinstance(file, Mapping) else one

    async def _reacted(self, incoming: Incoming, reaction: Reaction) -> Incoming:
        """An event about a reaction says neither in which thread it is nor what else the person left there."""
        place, ts = incoming.place, reaction.ref.message
        look = self._client.look(
            place.workspace, lambda web: web.reactions_get(channel=place.chat, timestamp=ts, full=True)
        )
        answer = await within(self._clock, LOOK_SECONDS, look)
        found = answer.get("message")
        message = found if isinstance(found, dict) else {}
        thread = str(message.get("thread_ts") or "")
        there = replace(place, topic="" if thread == ts else thread)
        left = tuple(
            emoji(str(one.get("name")))
            for one in message.get("reactions") or ()
            if isinstance(one, dict) and incoming.sender.id in (one.get("users") or ())
        )
        return replace(incoming, place=there, payload=Reaction(Ref(there, ts), left))


def kind_of(body: Mapping[str, Any]) -> str:
    """The type of what came, for the log."""
    event = body.get("event")
    kind = event.get("type") if isinstance(event, Mapping) else body.get("type") or body.get("command")
    return str(kind)[:40]
