"""One open conversation of one visitor: what the store says of it, what the bus adds, and what the visitor does."""

from dataclasses import dataclass, replace

from adapters.web import (
    Changed,
    Deleted,
    Edited,
    Grew,
    Rows,
    Sent,
    WebEvent,
    edited,
    pressed,
    said,
    topic,
    web_place,
)
from bot.console.live import Live
from bot.domain.action import TurnAction, Verb
from bot.domain.incoming import Command
from bot.domain.messenger import Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock
from bot.domain.thread import Message, Thread, Turn, TurnState, User
from bot.lanes import thread_topic
from storage.store import Store, Tx

PAGE_MESSAGES = 60
_SHELF = 60
_TITLE_CHARS = 80


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn with what was said in it; `answer` is None while there is none."""

    turn: Turn
    questions: tuple[Message, ...]
    answer: Message | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something said beside the conversation: the answer to a command, a refusal."""

    message: str
    text: str
    buttons: Rows = ()


@dataclass(frozen=True, slots=True)
class Shelved:
    """A conversation in the side list; `title` may be empty."""

    key: str
    title: str


class Conversation:
    """What the page shows. `refresh` reads the truth, `hear` adds what the bus tells between two readings."""

    def __init__(self, store: Store, take: Take, clock: Clock, *, visitor: str, key: str, locale: str) -> None:
        self._store = store
        self._take = take
        self._clock = clock
        self._locale = locale
        self._window = PAGE_MESSAGES
        self.place: Place = web_place(visitor, key)
        self.thread: Thread | None = None
        self.exchanges: tuple[Exchange, ...] = ()
        self.notices: tuple[Notice, ...] = ()
        self.shelf: tuple[Shelved, ...] = ()
        self.live = Live()
        self.has_earlier = False

    @property
    def topics(self) -> tuple[str, ...]:
        """Bus topics to listen to: what is said here and, once the thread exists, changes of its turns."""
        said_here = topic(self.place)
        return (said_here,) if self.thread is None else (said_here, thread_topic(self.thread.id))

    @property
    def open_turn(self) -> Turn | None:
        """The turn that is being answered, or else the first that waits."""
        waiting = [exchange.turn for exchange in self.exchanges if exchange.turn.state.is_open]
        return next((turn for turn in waiting if turn.state is not TurnState.QUEUED), next(iter(waiting), None))

    async def refresh(self) -> None:
        """Read everything again. StorageError leaves what is shown as it is."""
        async with self._store.begin() as tx:
            # To look at a page makes nobody a user; the first message does.
            user = await tx.users.find(self.place.messenger, self.place.workspace, self.place.chat)
            self.thread = await tx.threads.current(user.id, self.place) if user else None
            shelf = [await self._shelved(tx, thread) for thread in await self._threads(tx, user)] if user else []
            messages = await tx.turns.transcript(self.thread.id, limit=self._window + 1) if self.thread else []
            asked = dict.fromkeys(message.turn_id for message in messages)
            turns = {number: await tx.turns.get(number) for number in asked}
            running = next((turn for turn in turns.values() if turn.state is TurnState.RUNNING), None)
            partial = await tx.turns.partial(running.id) if running else ""
        self.shelf = tuple(shelf)
        self.has_earlier = len(messages) > self._window
        self.exchanges = tuple(_exchange(turn, messages) for turn in turns.values())
        self._settle(partial)

    def hear(self, event: WebEvent) -> None:
        """Take in one event of the bus."""
        match event:
            case Sent() if event.streaming or _belongs_to_a_turn(event.buttons):
                self.live.start(event.message, event.text, thinking=event.thinking, status=event.status)
            case Sent():
                self.notices += (Notice(event.message, event.text, event.buttons),)
            case Edited() if self._notice(event.message):
                self._change(Notice(event.message, event.text, event.buttons))
            case Edited():
                self.live.start(event.message, event.text, thinking=event.thinking, status=event.status)
            case Grew() if notice := self._notice(event.message):
                self._change(replace(notice, text=notice.text[: event.offset] + event.text))
            case Grew():
                self.live.grow(event)
            case Deleted():
                self._forget(event.message)
            case Changed():
                pass  # The store tells, right after this, in a change of the turn.

    async def catch_up(self) -> None:
        """Fill the gap that a lost event left in the live text."""
        turn = self.open_turn
        if turn is None:
            self.live.clear()
            return
        async with self._store.begin() as tx:
            partial = await tx.turns.partial(turn.id)
        self.live.catch_up(partial)

    def is_left_by(self, text: str) -> bool:
        """Whether `text` asks for a new conversation, which has an address of its own and never begins in this one."""
        match said(self.place, "", self._locale, text, self._clock.now()).payload:
            case Command(name="new"):
                return True
            case _:
                return False

    async def say(self, text: str) -> None:
        """Like everything the visitor does: returns when it is durable, StorageError when it is not."""
        self.notices = ()
        await self._take(said(self.place, "", self._locale, text, self._clock.now()))

    async def edit(self, ref: Ref, text: str) -> None:
        await self._take(edited(ref, "", self._locale, text, self._clock.now()))

    async def press(self, verb: Verb, turn: Turn) -> None:
        ref = turn.reply_refs[-1] if turn.reply_refs else None
        await self._press(str(TurnAction(verb, turn.id)), ref)

    async def press_notice(self, notice: Notice, action: str) -> None:
        await self._press(action, Ref(self.place, notice.message))

    def show_earlier(self) -> None:
        """Have the next `refresh` reach further back."""
        self._window += PAGE_MESSAGES

    async def _press(self, action: str, ref: Ref | None) -> None:
        await self._take(pressed(self.place, "", self._locale, action, self._clock.now(), ref=ref))

    async def _threads(self, tx: Tx, user: User) -> list[Thread]:
        return await tx.threads.list(user.id, messenger=self.place.messenger, limit=_SHELF)

    async def _shelved(self, tx: Tx, thread: Thread) -> Shelved:
        if thread.title:
            return Shelved(thread.place.topic, thread.title)
        known = next((item.title for item in self.shelf if item.key == thread.place.topic), "")
        return Shelved(thread.place.topic, known or await _first_words(tx, thread))

    def _settle(self, partial: str) -> None:
        """Let go of what the store has taken over."""
        ended = [exchange.turn for exchange in self.exchanges if not exchange.turn.state.is_open]
        stored = {ref.message for turn in ended for ref in turn.reply_refs}
        if self.open_turn is None or self.live.message in stored:
            self.live.clear()
        self.notices = tuple(notice for notice in self.notices if notice.message not in stored)
        if partial:
            self.live.catch_up(partial)

    def _notice(self, message: str) -> Notice | None:
        return next((notice for notice in self.notices if notice.message == message), None)

    def _change(self, notice: Notice) -> None:
        self.notices = tuple(notice if other.message == notice.message else other for other in self.notices)

    def _forget(self, message: str) -> None:
        self.notices = tuple(notice for notice in self.notices if notice.message != message)
        if self.live.message == message:
            self.live.clear()


async def _first_words(tx: Tx, thread: Thread) -> str:
    """What an untitled conversation goes by: the earliest question that is at hand."""
    messages = await tx.turns.transcript(thread.id, limit=PAGE_MESSAGES)
    words = " ".join(next((message.text for message in messages if message.role == "user"), "")[:400].split())
    return words if len(words) <= _TITLE_CHARS else words[:_TITLE_CHARS].rstrip() + "…"


def _exchange(turn: Turn, messages: list[Message]) -> Exchange:
    here = [message for message in messages if message.turn_id == turn.id]
    questions = tuple(message for message in here if message.role == "user")
    # While a turn is answered anew, the reply that is being written stands for the earlier one.
    answers = [message for message in here if message.role == "assistant" and message.version == turn.version]
    return Exchange(turn, questions, answers[-1] if answers and not turn.state.is_open else None)


def _belongs_to_a_turn(buttons: Rows) -> bool:
    return any(TurnAction.parse(button.action) for row in buttons for button in row)
