"""The verbs of Slack: one Web API call each, on slack_sdk."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from adapters.slack.address import EVENTS_PATH, NAME, UMBRELLA, Handle
from adapters.slack.bodies import post_body
from adapters.slack.capabilities import capabilities
from adapters.slack.client import Client, Tokens
from adapters.slack.deadline import within
from adapters.slack.downloads import Downloads
from adapters.slack.extras import Extras
from adapters.slack.files import Uploads
from adapters.slack.finding import Search
from adapters.slack.manifest import RESERVED
from adapters.slack.markup import escape
from adapters.slack.memory import Memory
from adapters.slack.pages import fill_modal, home_view
from adapters.slack.people import People
from adapters.slack.reading import Commands, Ours, Reader
from adapters.slack.receiver import Mode, Receiver
from adapters.slack.render import fits
from adapters.slack.shortcuts import Shortcuts, Specialists
from adapters.slack.status import Status
from adapters.slack.streams import Streams
from bot.domain.errors import Ambiguous, Flooded, MessengerError, SettingsError, Unrenderable
from bot.domain.messenger import Capabilities, Delta, Dialog, HomeSection, Outgoing, Posted, Rate, Suggestion, Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock
from bot.markdown.plain import clean
from bot.texts import Texts

log = logging.getLogger(__name__)

_PROMPTS = 4
_NOTE_CHARS = 3_000
_TRIGGER_SECONDS = 3.0


class SlackMessenger:
    """One app, in one workspace or in many. Threads grow by streams, the running conversation of a DM by edits."""

    def __init__(
        self,
        tokens: Tokens,
        clock: Clock,
        texts: Texts,
        *,
        api_base: str = "https://slack.com/api/",
        mode: Mode = "socket",
        app_token: str = "",
        signing_secret: str = "",
        commands: Commands,
        ours: Ours,
        specialists: Specialists,
        left: Callable[[str], Awaitable[None]],
    ) -> None:
        """`tokens`: one bot token, or what gives the bot token of a team, empty where we are not installed.

        `commands` gives the names of commands, `ours` says whether we have a conversation in a channel's thread,
        `specialists` gives (name, title) of who may be asked, in a language, and `left` hears of each team that
        uninstalled us. SettingsError when a token or secret that `mode` needs is missing.
        """
        _check(tokens, mode, app_token, signing_secret)
        self._client = Client(tokens, api_base, app_token)
        self._people = People(self._client, clock)
        self._extras = Extras(self._client)
        self._status = Status(
            self._extras, clock, lambda: texts.say("", "slack-status"), lambda: texts.say("", "slack-untitled")
        )
        self._streams = Streams(self._client, self._people)
        self._memory = Memory()
        self._search = Search(self._client, clock, self._streams, self._memory)
        self._uploads = Uploads(self._client, self._search)
        self._downloads = Downloads(self._client, clock, api_base)
        self._clock = clock
        self._left = left
        shortcuts = Shortcuts(self._client, self._people, texts, specialists)
        reader = Reader(self._client, self._people, clock, ours, commands)
        self._receiver = Receiver(self._client, clock, reader, shortcuts, self._forget, mode, signing_secret)
        self._mode = mode

    @property
    def name(self) -> str:
        return NAME

    @property
    def budget(self) -> tuple[Rate, ...]:
        """Empty: Slack counts by workspace and by channel."""
        return ()

    def capabilities(self, place: Place) -> Capabilities:
        return capabilities(place, has_sessions=self._status.has_sessions(place.workspace))

    def spelled(self, place: Place, command: str) -> str:
        """Threads know no slash commands, and some names are Slack's own: `/archive` would archive the channel."""
        if place.topic:
            return f"!{command}"
        return f"/{UMBRELLA} {command}" if command in RESERVED else f"/{command}"

    def fits(self, place: Place, text: str) -> bool:
        return fits(text)

    async def run(self, take: Take) -> None:
        """Receive until cancelled; any number of processes may do so at the same time.

        SettingsError when Slack refuses a token.
        """
        await self._receiver.run(take)

    async def close(self) -> None:
        await self._status.settle_all()
        await self._client.close()

    async def send(self, place: Place, outgoing: Outgoing) -> Ref:
        await self._status.settle(place.workspace)
        if outgoing.file is not None:
            ref = await self._uploads.send(place, outgoing, outgoing.file)
        else:
            ref = await self._post(place, outgoing)
        self._memory.note(ref, outgoing)
        await self._landed(ref, outgoing)
        return ref

    async def _post(self, place: Place, outgoing: Outgoing) -> Ref:
        body = post_body(outgoing)
        answer = await self._client.call(
            place.workspace,
            lambda web: web.chat_postMessage(
                channel=place.chat,
                thread_ts=place.topic or None,
                **body,
            ),
            repeatable=False,
        )
        if not answer.get("ts"):
            raise Ambiguous("an answer without the message")
        chat = str(answer.get("channel") or place.chat)
        return Ref(Place(place.messenger, chat, place.topic, place.workspace), str(answer["ts"]))

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        if outgoing.file is not None:
            raise Unrenderable("the file of a message cannot be replaced")
        await self._status.settle(ref.place.workspace)
        self._memory.drop(ref)
        try:
            if self._streams.is_live(ref):
                is_told = await self._streams.finish(ref, outgoing)
            else:
                is_told = await self._streams.update(ref, outgoing)
        except MessengerError as trouble:
            if not trouble.retryable:
                self._status.goes_on(ref)
            raise
        self._memory.note(ref, outgoing)
        await self._landed(ref, outgoing, is_told=is_told)

    async def delete(self, ref: Ref) -> None:
        self._memory.drop(ref)
        self._status.goes_on(ref)
        await self._status.settle(ref.place.workspace)
        if self._streams.is_live(ref):
            await self._streams.end(ref)
        await self._client.call(
            ref.place.workspace, lambda web: web.chat_delete(channel=ref.place.chat, ts=ref.message)
        )

    async def begin_stream(self, place: Place, outgoing: Outgoing, recipient: str) -> Ref:
        await self._status.settle(place.workspace)
        ref = await self._streams.begin(place, outgoing, recipient)
        self._status.grows(ref)
        return ref

    async def grow_stream(self, ref: Ref, delta: Delta) -> None:
        await self._status.settle(ref.place.workspace)
        await self._streams.grow(ref, delta)

    async def clear_buttons(self, ref: Ref) -> None:
        await self._status.settle(ref.place.workspace)
        if self._streams.is_live(ref):
            return
        said = self._memory.final(ref)
        if said is None:
            body = await self._search.unbuttoned(ref)
        elif said.buttons:
            said = replace(said, buttons=())
            body = post_body(said)
        else:
            body = None
        if body is None:
            return
        arguments = body
        await self._client.call(
            ref.place.workspace,
            lambda web: web.chat_update(channel=ref.place.chat, ts=ref.message, **arguments),
        )
        if said is not None:
            self._memory.note(ref, said)

    async def typing(self, place: Place, to: Ref | None = None) -> None:
        await self._status.settle(place.workspace)
        await self._status.working(place, to)

    async def acknowledge(self, press: str, text: str) -> None:
        """Slack waits for nothing; a text is shown to whoever pressed, alone."""
        handle, note = Handle.parse(press), escape(clean(text).strip()[:_NOTE_CHARS])
        if handle is None or not handle.channel or not note:
            return
        await self._status.settle(handle.team)
        await self._client.call(
            handle.team,
            lambda web: web.chat_postEphemeral(
                channel=handle.channel, user=handle.user, text=note, thread_ts=handle.thread or None
            ),
        )

    async def ask(self, place: Place, press: str, dialog: Dialog) -> None:
        """A press opens one dialog, within three seconds, and no second try does; Unrenderable when its text is longer
        than the 3,000 characters of Slack's field."""
        handle, view = Handle.parse(press), fill_modal(place, dialog)
        if handle is None or not handle.trigger:
            raise MessengerError("no such press")
        opening = self._client.call(
            handle.team, lambda web: web.views_open(trigger_id=handle.trigger, view=view), repeatable=False
        )
        try:
            await within(self._clock, _TRIGGER_SECONDS, opening)
        except Flooded as flood:
            # Waiting would outlast the press.
            raise MessengerError(flood.detail) from None

    async def fetch(self, place: Place, file: str, into: Path, *, limit_bytes: int) -> int:
        return await self._downloads.fetch(place.workspace, file, into, limit_bytes)

    def watermark(self, place: Place) -> str:
        return self._search.watermark()

    async def find(self, place: Place, watermark: str, outgoing: Outgoing) -> Ref | None:
        return await self._search.find(place, watermark, outgoing)

    async def show_home(self, place: Place, owner: str, sections: tuple[HomeSection, ...]) -> None:
        await self._status.settle(place.workspace)
        view = home_view(sections)
        await self._client.call(place.workspace, lambda web: web.views_publish(user_id=owner, view=view))

    async def suggest(self, place: Place, suggestions: tuple[Suggestion, ...]) -> None:
        if not suggestions:
            return
        prompts = [{"title": one.title, "message": one.message} for one in suggestions[:_PROMPTS]]
        # Not with a thread: for an app that is an agent, Slack takes that in silence and shows nothing.
        await self._extras.tried(
            place.workspace,
            "assistant.threads.setSuggestedPrompts",
            lambda web: web.assistant_threads_setSuggestedPrompts(channel_id=place.chat, prompts=prompts),
        )

    async def entitle(self, place: Place, title: str) -> None:
        await self._status.entitle(place, title)

    async def identify(self) -> str:
        how = "by Socket Mode" if self._mode == "socket" else f"by HTTP at {EVENTS_PATH}"
        if not self._client.is_single:
            return f"an app for several workspaces, {how}"
        answer = await self._client.call("", lambda web: web.auth_test())
        return f"@{answer.get('user')} in {answer.get('team')}, {how}"

    @property
    def hook_path(self) -> str | None:
        return EVENTS_PATH if self._mode == "http" else None

    async def deliver(self, headers: Mapping[str, str], body: bytes, take: Take) -> Posted:
        return await self._receiver.deliver(headers, body, take)

    async def _landed(self, ref: Ref, outgoing: Outgoing, *, is_told: bool = False) -> None:
        if outgoing.streaming:
            self._status.grows(ref)
        elif outgoing.goes_on:
            self._status.goes_on(ref)
        else:
            await self._status.done(ref, is_told=is_told)

    async def _forget(self, team: str) -> None:
        self._client.forget(team)
        self._people.forget(team)
        self._extras.forget(team)
        await self._left(team)


def _check(tokens: Tokens, mode: Mode, app_token: str, signing_secret: str) -> None:
    if tokens == "":
        raise SettingsError("SLACK_BOT_TOKEN is missing; copy the Bot User OAuth Token (xoxb-…) of the app")
    if mode == "socket" and not app_token:
        raise SettingsError("SLACK_APP_TOKEN is missing; SLACK_MODE=socket needs an app-level token (xapp-…)")
    if mode == "http" and not signing_secret.strip():
        raise SettingsError("SLACK_SIGNING_SECRET is missing; SLACK_MODE=http needs it to know that Slack has posted")
