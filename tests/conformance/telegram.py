"""Telegram's private chats, groups and forum topics, on the emulated Telegram."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial

from adapters.telegram.emulator import Chat, Enclosed, TelegramEmulator, User
from adapters.telegram.emulator.faults import Faults
from adapters.telegram.emulator.sending import Where
from adapters.telegram.emulator.state import Message, Topic
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.messenger import File, Messenger, Take
from bot.domain.place import Place, Ref
from tests.conformance.venue import STOP, Shown
from tests.fakes.clock import ManualClock
from tests.stories.stage import Stage

Cause = Callable[..., object]


@dataclass
class TelegramVenue:
    tg: TelegramEmulator
    person: User
    chat: Chat
    topic: Topic | None = None
    _presses: list[str] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return Place("telegram", str(self.chat.id), str(self.topic.id) if self.topic else "")

    async def look(self) -> list[Shown]:
        return [_shown(message) for message in self._replies]

    @property
    def preview(self) -> str | None:
        draft = self.chat.draft
        return None if draft is None else draft.text_content

    @property
    def growth(self) -> list[str]:
        if self._is_private:
            return [draft.text_content for draft in self.chat.drafts]
        return self._replies[-1].versions if self._replies else []

    @property
    def is_typing(self) -> bool:
        return "typing" in self.chat.actions

    async def says(self, text: str) -> Ref:
        return self._ref(await self.person.says(self._addressed(text), chat=self.chat, topic=self.topic))

    async def sends(self, *files: File, text: str = "") -> list[Ref]:
        enclosed = [_enclosed(file) for file in files]
        caption, where = self._addressed(text).strip(), self._where
        if len(enclosed) == 1:
            return [self._ref(await self.person.sends(enclosed[0], caption, **where))]
        # Programs put the caption on the last document of an album.
        return [self._ref(part) for part in await self.person.sends_album(enclosed, caption, -1, **where)]

    async def speaks(self, speech: bytes, seconds: int) -> Ref:
        caption = self._addressed("").strip()
        return self._ref(await self.person.sends_voice(speech, caption, seconds, **self._where))

    async def fixes(self, heard: str, said: str) -> None:
        """A reply to the transcript is the correction."""
        transcript = next(message for message in reversed(self._replies) if heard in message.text_content)
        await self.person.replies(transcript, said)

    async def loses(self, ref: Ref) -> None:
        self.tg.loses(self.chat.state.by_id[int(ref.message)])

    def refuses_voice(self) -> bool:
        self.chat.forbids_voice()
        return True

    async def edits(self, ref: Ref, text: str) -> None:
        await self.person.edits(self.chat.state.by_id[int(ref.message)], self._addressed(text))

    async def presses(self, label: str) -> None:
        self._presses.append(await self.person.presses(label, chat=self.chat))

    async def stops(self) -> None:
        if self._is_private:
            await self.person.presses_stop()
        else:
            await self.presses(STOP)

    async def repeats(self) -> None:
        await self.tg.repeats_updates()

    async def echoes(self, ref: Ref) -> None:
        await self.tg.push({"message": self.chat.state.by_id[int(ref.message)].to_json()})

    @property
    def answered_presses(self) -> int:
        return sum(self.tg.presses[press].answered for press in self._presses)

    @property
    def forgives(self) -> frozenset[str]:
        return frozenset()

    @property
    def troubles(self) -> dict[str, Callable[[], AbstractContextManager[None]]]:
        faults = self.tg.faults
        causes: dict[str, Cause] = {
            "a flood": partial(faults.floods, 3),
            "a broken server": partial(faults.fails, 502, "Bad Gateway"),
            "a refusal never heard of": partial(faults.fails, 400, "Bad Request: SOMETHING_NEW"),
            "an unknown method": partial(faults.fails, 404, "Not Found: method not found"),
            "being thrown out": partial(faults.fails, 403, "Forbidden: bot was kicked from the supergroup chat"),
            "a refused token": partial(faults.fails, 401, "Unauthorized"),
            "a cut before the call": faults.drops_before,
            "a cut after the call": faults.drops_after,
            "an answer that is no JSON": faults.garbage,
        }
        return {name: partial(_lasting, faults, cause, self.chat.id) for name, cause in causes.items()}

    @property
    def _where(self) -> Where:
        return Where(chat=self.chat) if self.topic is None else Where(chat=self.chat, topic=self.topic)

    def _ref(self, message: Message) -> Ref:
        return Ref(self.place, str(message.message_id))

    @property
    def _is_private(self) -> bool:
        return self.chat.id > 0

    @property
    def _replies(self) -> list[Message]:
        topic = self.topic.id if self.topic else None
        return [message for message in self.chat.replies if message.topic == topic]

    def _addressed(self, text: str) -> str:
        return text if self._is_private else f"@{self.tg.me.username} {text}"


@contextmanager
def _lasting(faults: Faults, cause: Cause, chat: int) -> Iterator[None]:
    """The calls into one chat, and the answers to presses, which name no chat, fail; receiving goes on."""
    cause(chat=chat, times=None)
    cause(method="answerCallbackQuery", times=None)
    try:
        yield
    finally:
        faults.clear()


def _shown(message: Message) -> Shown:
    labels = tuple(str(button["text"]) for button in message.buttons)
    name = str((message.media.get("document") or message.media.get("audio") or {}).get("file_name", ""))
    quotes = "" if message.reply_to is None else str(message.reply_to.message_id)
    return Shown(str(message.message_id), message.text_content, labels, name, quotes, "voice" in message.media)


def _enclosed(file: File) -> Enclosed:
    return Enclosed("document", file.name, file.content, file.media_type)


Seat = Callable[[TelegramEmulator], Awaitable[TelegramVenue]]


async def in_private(tg: TelegramEmulator) -> TelegramVenue:
    ann = tg.user("Ann")
    return TelegramVenue(tg, ann, ann.private)


async def in_a_group(tg: TelegramEmulator) -> TelegramVenue:
    ann = tg.user("Ann")
    return TelegramVenue(tg, ann, tg.supergroup("Team", members=[ann]))


async def in_a_topic(tg: TelegramEmulator) -> TelegramVenue:
    ann = tg.user("Ann")
    forum = tg.supergroup("Forum", members=[ann], forum=True)
    return TelegramVenue(tg, ann, forum, await ann.creates_topic("Bridges", chat=forum))


@asynccontextmanager
async def seated(tg: TelegramEmulator, seat: Seat) -> AsyncIterator[TelegramVenue]:
    yield await seat(tg)
    assert tg.violations == []


@dataclass(frozen=True, slots=True)
class TelegramWorld:
    tg: TelegramEmulator
    messenger: Messenger
    seat: Seat

    def venue(self) -> AbstractAsyncContextManager[TelegramVenue]:
        return seated(self.tg, self.seat)


@dataclass(frozen=True, slots=True)
class Telegram:
    name: str
    seat: Seat

    @asynccontextmanager
    async def alone(self, take: Take, clock: ManualClock) -> AsyncIterator[TelegramWorld]:
        async with TelegramEmulator(clock=clock) as tg:
            messenger = TelegramMessenger(tg.token, clock, api_base=tg.url)
            receiving = asyncio.create_task(messenger.run(take))
            try:
                yield TelegramWorld(tg, messenger, self.seat)
            finally:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
                await messenger.close()

    def staged(self, stage: Stage) -> AbstractAsyncContextManager[TelegramVenue]:
        return seated(stage.tg, self.seat)
