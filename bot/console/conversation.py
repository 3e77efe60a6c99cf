"""One open conversation of one visitor: what the store says of it, what the bus adds, and what the visitor does."""

from dataclasses import dataclass, replace

from adapters.web import (
    Changed,
    Deleted,
    Edited,
    Grew,
    Rows,
    Sent,
    Shown,
    WebEvent,
    edited,
    filled,
    pressed,
    said,
    topic,
    web_place,
)
from bot.console.live import Live
from bot.console.shelf import PAGE_MESSAGES, Shelf
from bot.domain.action import Choice, FixAction, TurnAction, Verb
from bot.domain.incoming import Attachment, Command
from bot.domain.media import Upload
from bot.domain.messenger import Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Clock
from bot.domain.status import Activity, Status, status_of
from bot.domain.thread import Message, Thread, Turn, TurnState, User
from bot.lanes import thread_topic
from storage.files import StoredFile
from storage.pauses import Pause
from storage.store import Store, Tx


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn with what was said in it; `answer` is None while there is none."""

    turn: Turn
    questions: tuple[Message, ...]
    answer: Message | None
    uploads: tuple[Upload, ...] = ()
    """What came with the questions."""
    files: tuple[Shown, ...] = ()
    """Of the reply as it is now."""
    pause: Pause | None = None
    """What the reply waits for; None when it does not."""
    is_escalated: bool = False
    """A human was asked for in it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something said beside the conversation: the answer to a command, a refusal."""

    message: str
    text: str
    buttons: Rows = ()
    file: Shown | None = None


class Conversation:
    """What the page shows. `refresh` reads the truth, `hear` adds what the bus tells between two readings."""

    def __init__(self, store: Store, take: Take, clock: Clock, *, visitor: str, key: str, locale: str) -> None:
        self._store = store
        self._take = take
        self._clock = clock
        self._locale = locale
        self._window = PAGE_MESSAGES
        self.place: Place = web_place(visitor, key)
        self.user: User | None = None
        """None until the visitor has done something."""
        self.thread: Thread | None = None
        self.exchanges: tuple[Exchange, ...] = ()
        self.notices: tuple[Notice, ...] = ()
        self.shelf = Shelf(store, take, clock, visitor=visitor, locale=locale)
        self.chosen = ""
        """The specialist that the next message is meant for; empty when the visitor chose none since the last one."""
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

    @property
    def specialist(self) -> str:
        """Who the next message goes to; empty when that is for the router to say."""
        return self.chosen or (self.thread.specialist if self.thread is not None else "")

    @property
    def status(self) -> Status:
        """Of whoever speaks here."""
        if not self.exchanges:
            return Status.IDLE
        turn = self.open_turn
        last = next((one for one in self.exchanges if one.turn == turn), self.exchanges[-1])
        return status_of(
            Activity(
                last.turn.state,
                uses_tool=bool(self.live.status),
                confidence=last.turn.confidence,
                is_escalated=last.is_escalated,
            )
        )

    async def refresh(self) -> None:
        """Read everything again. StorageError leaves what is shown as it is."""
        async with self._store.begin() as tx:
            # To look at a page makes nobody a user; the first message does.
            self.user = await tx.users.find(self.place.messenger, self.place.workspace, self.place.chat)
            self.thread = await tx.threads.current(self.user.id, self.place) if self.user else None
            await self.shelf.read(tx, self.user, self.thread)
            said = await tx.turns.transcript(self.thread.id, limit=self._window + 1) if self.thread else []
            self.exchanges = await _exchanges(tx, self.thread, said)
            running = next((one.turn for one in self.exchanges if one.turn.state is TurnState.RUNNING), None)
            partial = await tx.turns.partial(running.id) if running else ""
        self.has_earlier = len(said) > self._window
        self._settle(partial)

    def hear(self, event: WebEvent) -> None:
        """Take in one event of the bus."""
        match event:
            case Sent() | Edited() if _asks(event.buttons):
                pass  # The store knows what is asked, and tells right after this.
            case Sent() if event.streaming or _belongs_to_a_turn(event.buttons):
                self.live.start(event.message, event.text, thinking=event.thinking, status=event.status)
            case Sent():
                self.notices += (Notice(event.message, event.text, event.buttons, event.file),)
            case Edited() if notice := self._notice(event.message):
                self._change(replace(notice, text=event.text, buttons=event.buttons))
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

    async def say(self, text: str, attachments: tuple[Attachment, ...] = ()) -> None:
        """Like everything the visitor does: returns when it is durable, StorageError when it is not."""
        self.notices = ()
        deed = said(self.place, "", self._locale, text, self._clock.now(), attachments=attachments)
        if self.chosen and not isinstance(deed.payload, Command):
            text = f"@{self.chosen} {text}".rstrip()
            deed = said(self.place, "", self._locale, text, self._clock.now(), attachments=attachments)
        await self._take(deed)
        if not isinstance(deed.payload, Command):
            self.chosen = ""

    async def edit(self, ref: Ref, text: str) -> None:
        await self._take(edited(ref, "", self._locale, text, self._clock.now()))

    async def fix(self, upload: Upload, text: str) -> None:
        """Say what was really said in the speech `upload`."""
        action = str(FixAction(upload.id))
        await self._take(filled(self.place, "", self._locale, action, text, self._clock.now()))

    async def press(self, verb: Verb, turn: Turn) -> None:
        ref = turn.reply_refs[-1] if turn.reply_refs else None
        await self._press(str(TurnAction(verb, turn.id)), ref)

    async def choose(self, turn: Turn, specialist: str) -> None:
        """Say who answers a turn that waits for exactly that."""
        ref = turn.reply_refs[-1] if turn.reply_refs else None
        await self._press(str(Choice(turn.id, specialist)), ref)

    async def press_notice(self, notice: Notice, action: str) -> None:
        await self._press(action, Ref(self.place, notice.message))

    def show_earlier(self) -> None:
        """Have the next `refresh` reach further back."""
        self._window += PAGE_MESSAGES

    async def _press(self, action: str, ref: Ref | None) -> None:
        await self._take(pressed(self.place, "", self._locale, action, self._clock.now(), ref=ref))

    def _settle(self, partial: str) -> None:
        """Let go of what the store has taken over."""
        ended = [exchange for exchange in self.exchanges if not exchange.turn.state.is_open]
        stored = {ref.message for one in ended for ref in (*one.turn.reply_refs, *one.turn.file_refs)}
        shown = {file.link for one in ended for file in one.files}
        turn = self.open_turn
        if turn is None or turn.state is TurnState.REQUIRES_ACTION or self.live.message in stored:
            self.live.clear()
        self.notices = tuple(
            notice
            for notice in self.notices
            if notice.message not in stored and (notice.file is None or notice.file.link not in shown)
        )
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


async def _exchanges(tx: Tx, thread: Thread | None, said: list[Message]) -> tuple[Exchange, ...]:
    """The turns of what was `said`, in order, each with everything that is shown of it."""
    if thread is None or not said:
        return ()
    numbers = list(dict.fromkeys(message.turn_id for message in said))
    turns = await tx.turns.many(numbers)
    waiting = [turn.id for turn in turns if turn.state is TurnState.REQUIRES_ACTION]
    pauses = {number: await tx.turns.pause_of(number) for number in waiting}
    escalated = {one.turn_id for one in await tx.escalations.of_thread(thread.id)}
    uploads: dict[int, list[Upload]] = {}
    for upload in await tx.uploads.of_turns(numbers):
        uploads.setdefault(upload.turn_id, []).append(upload)
    files: dict[tuple[int | None, int], list[Shown]] = {}
    for file in await tx.files.of_turns(numbers):
        files.setdefault((file.turn_id, file.version), []).append(shown_file(file))
    return tuple(
        replace(
            _exchange(turn, said),
            uploads=tuple(uploads.get(turn.id, ())),
            files=tuple(files.get((turn.id, turn.version), ())),
            pause=pauses.get(turn.id),
            is_escalated=turn.id in escalated,
        )
        for turn in turns
    )


def _exchange(turn: Turn, messages: list[Message]) -> Exchange:
    here = [message for message in messages if message.turn_id == turn.id]
    questions = tuple(message for message in here if message.role == "user")
    # While a turn is answered anew, the reply that is being written stands for the earlier one.
    answers = [message for message in here if message.role == "assistant" and message.version == turn.version]
    return Exchange(turn, questions, answers[-1] if answers and not turn.state.is_open else None)


def shown_file(file: StoredFile) -> Shown:
    """A stored file with the address where its owner's browser fetches it."""
    return Shown(file.name, file.media_type, file.size_bytes, f"/files/{file.token}")


def _asks(buttons: Rows) -> bool:
    """Whether the message waits for a decision."""
    actions = [button.action for row in buttons for button in row]
    verbs = {action.verb for action in map(TurnAction.parse, actions) if action is not None}
    return bool(verbs & {"approve", "deny"}) or any(Choice.parse(action) for action in actions)


def _belongs_to_a_turn(buttons: Rows) -> bool:
    return any(TurnAction.parse(button.action) for row in buttons for button in row)
