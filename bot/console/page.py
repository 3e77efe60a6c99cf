"""One open chat page: listens to the bus, reads the store, and paints the difference."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

from nicegui import Client, ui

from adapters.web import Edited, Sent, WebEvent, decode
from bot.console.attachment import show_file
from bot.console.cast import Cast
from bot.console.composer import Draft
from bot.console.conversation import Conversation, Notice
from bot.console.errands import ShelfErrands, opened_by
from bot.console.frame import Frame, SendLimits, Wishes
from bot.console.markup import Tag
from bot.console.prose import Labels, Prose
from bot.console.question import Changes
from bot.console.reply import pause_seconds
from bot.console.sending import UploadsGone, attached
from bot.console.turn import Deck, TurnView
from bot.console.uploads import UploadDesk
from bot.console.words import Words
from bot.domain.action import Verb
from bot.domain.errors import StorageError, SwitchboardError
from bot.domain.media import Upload
from bot.domain.place import Ref
from bot.domain.ports import Bus, Clock
from bot.domain.thread import Turn, TurnState

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0
_NET_SECONDS = 10.0
"""While a reply is awaited the store is read this often at least: what the bus says may be lost."""


class ChatPage:
    """Binds a `Conversation` to the elements of one browser tab. One task reads and paints, so nothing races."""

    def __init__(
        self,
        conversation: Conversation,
        *,
        client: Client,
        bus: Bus,
        clock: Clock,
        words: Words,
        title: str,
        cast: Cast,
        uploads: UploadDesk,
        voice_seconds: float,
    ) -> None:
        self._conversation = conversation
        self._client = client
        self._bus = bus
        self._clock = clock
        self._words = words
        self._turns: dict[int, TurnView] = {}
        self._notices: tuple[Notice, ...] = ()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dirty = asyncio.Event()
        self._is_stale = False
        self._lost_store = False
        self._prose = Prose(Labels(copy_code=words("web-copy-code")))
        self._cast = cast
        self._uploads = uploads
        changes = Changes(edit=self._edit, fix=self._fix)
        self._deck = Deck(words, self._prose, cast, self._press, self._choose_for, changes)
        wishes = Wishes(self._say, self._send, self._stop, self._earlier, self._choose)
        limits = SendLimits(uploads.file_bytes, voice_seconds)
        self._errands = ShelfErrands(conversation, client=client, bus=bus, taken=self._taken, alert=self.alert)
        self._frame = Frame(words, title, cast, limits, wishes, self._errands.all())
        self._frame.alert("")
        self.paint()

    def connected(self) -> None:
        """The browser is there, for the first time or again: follow the conversation."""
        self._start("work", self._work)
        self._start("watch", self._watch)
        self._follow()
        self._refresh_soon()

    def closed(self) -> None:
        """The tab is gone for good."""
        for task in self._tasks.values():
            task.cancel()

    def alert(self, key: str) -> None:
        self._frame.alert(self._words(key) if key else "")

    def paint(self) -> None:
        """Make the elements show the conversation."""
        conversation = self._conversation
        running = conversation.open_turn
        thread = conversation.thread
        self._frame.sidebar.show(conversation.shelf, thread.id if thread is not None else 0)
        self._frame.settings.show(conversation.user)
        self._frame.show_specialist(conversation.specialist, is_settled=thread is not None and bool(thread.specialist))
        self._frame.show_status(conversation.status)
        self._frame.show_hello(not conversation.exchanges)
        self._frame.show_earlier(conversation.has_earlier)
        self._frame.show_streaming(running is not None and running.state is TurnState.RUNNING)
        self._paint_turns()
        if running is not None and running.id in self._turns:
            self._turns[running.id].show_live(conversation.live)
        self._paint_notices()

    def _paint_turns(self) -> None:
        exchanges = self._conversation.exchanges
        ids = [exchange.turn.id for exchange in exchanges]
        if list(self._turns) != ids[: len(self._turns)]:
            self._frame.turns.clear()
            self._turns = {}
        for exchange in exchanges:
            if exchange.turn.id not in self._turns:
                with self._frame.turns:
                    self._turns[exchange.turn.id] = TurnView(self._deck)
            self._turns[exchange.turn.id].show(exchange, latest=exchange.turn.id == ids[-1])

    def _paint_notices(self) -> None:
        if self._notices == self._conversation.notices:
            return
        self._notices = self._conversation.notices
        self._frame.notices.clear()
        with self._frame.notices:
            for notice in self._notices:
                self._paint_notice(notice)

    def _paint_notice(self, notice: Notice) -> None:
        with Tag("div", "notice"):
            if notice.text.strip():
                ui.html(notice.text, sanitize=self._prose.html).classes("prose")
            if notice.file is not None:
                show_file(self._words, notice.file)
            for row in notice.buttons:
                with Tag("div", "notice-buttons"):
                    for button in row:
                        element = Tag("button", f"button {button.style}", button.label, type="button")
                        element.on("click", lambda action=button.action: self._press_notice(notice, action), args=[])

    async def _work(self) -> None:
        """Read when something changed, paint what there is, and rest a little: many deltas make one painting."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._read()
                self.paint()
            except SwitchboardError as error:
                self._lost_store = True
                self.alert(error.sentence)
                await self._clock.sleep(_RETRY_SECONDS)
                self._refresh_soon()
            except Exception:
                log.exception("the chat page could not be painted")
            await self._clock.sleep(pause_seconds(self._conversation.live.text))

    async def _read(self) -> None:
        if self._is_stale:
            self._is_stale = False
            await self._conversation.refresh()
            self._follow()
            user = self._conversation.user
            if user is not None and self._words.texts.match(user.locale) != self._words.locale:
                self._run("location.reload()")
        if self._conversation.live.has_gap:
            await self._conversation.catch_up()
        if self._lost_store:
            self._lost_store = False
            self.alert("")

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(_NET_SECONDS)
            if self._conversation.open_turn is not None:
                self._refresh_soon()

    def _follow(self) -> None:
        for topic in self._conversation.topics:
            self._start(topic, partial(self._listen, topic))

    async def _listen(self, topic: str) -> None:
        """Hear one topic; what was missed before it was subscribed is read afterwards."""
        async with self._bus.subscribe(topic) as messages:
            self._refresh_soon()
            async for _, message in messages:
                if topic != self._conversation.topics[0]:
                    self._is_stale = True
                elif event := decode(message):
                    self._conversation.hear(event)
                    self._is_stale = self._is_stale or _may_change_more(event)
                self._dirty.set()

    def _refresh_soon(self) -> None:
        self._is_stale = True
        self._dirty.set()

    def _start(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run `work` under `name` until the page is closed; once."""
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(work())

    async def _say(self, text: str) -> None:
        await self._send(Draft(text))

    async def _send(self, draft: Draft) -> None:
        text = draft.text
        if not draft.tokens and self._conversation.is_left_by(text):
            self._run(f"switchboard.accepted({json.dumps(text)}, location.pathname)")
            ui.navigate.to("/")
            return
        if self._cast.addresses(text) or self._cast.get(self._conversation.chosen) is None:
            self._conversation.chosen = ""
        try:
            attachments = await attached(self._uploads, self._conversation.place.chat, draft)
        except UploadsGone as error:
            self.alert(error.reason)
            self._run(f"switchboard.refused({json.dumps(error.tokens)})")
            return
        except StorageError as error:
            self.alert(error.sentence)
            self._run("switchboard.refused()")
            return
        if await self._taken(self._conversation.say(text, attachments)):
            self._uploads.waiting.drop(self._conversation.place.chat, draft.tokens)
            path = f"/c/{self._conversation.place.topic}"
            self._run(f"switchboard.accepted({json.dumps(text)}, '{path}', {json.dumps(draft.files)})")
        else:
            self._run("switchboard.refused()")

    async def _edit(self, ref: Ref, text: str) -> bool:
        return await self._taken(self._conversation.edit(ref, text))

    async def _fix(self, upload: Upload, text: str) -> bool:
        return await self._taken(self._conversation.fix(upload, text))

    async def _press(self, verb: Verb, turn: Turn) -> None:
        await self._taken(self._conversation.press(verb, turn))

    async def _choose(self, name: str) -> None:
        self._conversation.chosen = name if self._cast.get(name) is not None else ""
        self._dirty.set()

    async def _choose_for(self, turn: Turn, name: str) -> None:
        await self._taken(self._conversation.choose(turn, name))

    async def _press_notice(self, notice: Notice, action: str) -> None:
        """A button that leads to another conversation leads to its address; it never takes the place of this one."""
        if (thread := opened_by(action)) is not None:
            await self._errands.open(thread)
        else:
            await self._taken(self._conversation.press_notice(notice, action))

    async def _stop(self) -> None:
        if (turn := self._conversation.open_turn) is not None:
            await self._press("stop", turn)

    async def _earlier(self) -> None:
        self._conversation.show_earlier()
        self._refresh_soon()

    async def _taken(self, taking: Awaitable[object]) -> bool:
        """Whether what the visitor did is durable; else they are told, and lose nothing."""
        try:
            await taking
        except SwitchboardError as error:
            log.warning("the door did not take what a visitor did: %s", type(error).__name__)
            self.alert(error.sentence)
            return False
        self.alert("")
        self._refresh_soon()
        return True

    def _run(self, script: str) -> None:
        self._client.run_javascript(script)


def _may_change_more(event: WebEvent) -> bool:
    """Whether it is the answer to a command, which may have changed what the store says of the visitor."""
    return isinstance(event, Sent | Edited) and not event.streaming
