"""What an export holds, and how it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.commands.titles import as_seen_by
from bot.domain.media import Upload
from bot.domain.thread import Message, Thread, Turn, User
from specialists.brief import answers
from storage.briefs import Brief
from storage.files import StoredFile
from storage.memory import Fact
from storage.store import Store, Tx
from storage.types import LARGEST_ID

_PAGE_MESSAGES = 200
_ALL_THREADS = 1_000_000


@dataclass(frozen=True, slots=True)
class ExportedTurn:
    """What the user said, then the newest version of the reply."""

    turn: Turn
    messages: tuple[Message, ...]
    files: tuple[StoredFile, ...] = ()
    uploads: tuple[Upload, ...] = ()
    """What came with the messages; each knows with which."""

    def sent_with(self, message: Message) -> list[Upload]:
        """The files that came with the message. A place or a contact is none: it is told in the text."""
        return [one for one in self.uploads if one.message_id == message.id and one.sort != "thing"]


@dataclass(frozen=True, slots=True)
class Exported:
    """One conversation, its turns in order."""

    thread: Thread
    turns: tuple[ExportedTurn, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    user: User
    exported_at: datetime
    conversations: tuple[Exported, ...]
    """Oldest first."""
    facts: tuple[Fact, ...] = ()
    briefs: tuple[Brief, ...] = ()


async def read_thread(store: Store, thread: Thread, user: User) -> Exported:
    """The whole conversation, however long it is, a page in each transaction so that nobody waits for it.

    Of a shared one, what `user` asked and was answered: what others said is theirs.
    """
    turns: list[ExportedTurn] = []
    before = None
    while True:
        async with store.begin() as tx:
            said = await _page(tx, thread, user, before)
            by_turn = _by_turn(said)
            if len(said) == _PAGE_MESSAGES and len(by_turn) > 1:
                del by_turn[said[0].turn_id]  # Perhaps not all of it: the next page has it whole.
            turns += await _read_turns(tx, thread, user, by_turn)
        if len(said) < _PAGE_MESSAGES:
            return Exported(thread, tuple(reversed(turns)))
        before = min(by_turn)


async def read_everything(store: Store, user: User, now: datetime) -> Archive:
    """All conversations in which the user said something, with what is remembered and what was ordered."""
    async with store.begin() as tx:
        facts, kept = await tx.memory.facts(user.id), await tx.briefs.list(user.id)
        threads = [
            thread
            for archived in (False, True)
            for thread in await tx.threads.shelf(user.id, limit=_ALL_THREADS, archived=archived)
        ]
        threads = await as_seen_by(tx, user.id, threads)
    conversations = [await read_thread(store, thread, user) for thread in sorted(threads, key=lambda thread: thread.id)]
    return Archive(user, now, tuple(one for one in conversations if one.turns), tuple(facts), _answered(kept))


async def _page(tx: Tx, thread: Thread, user: User, before: int | None) -> Sequence[Message]:
    """The newest messages of the turns before that one, oldest first."""
    if not thread.shared:
        return await tx.turns.transcript(thread.id, limit=_PAGE_MESSAGES, before_turn=before)
    last = LARGEST_ID if before is None else before
    return await tx.turns.said_by(user.id, thread.id, limit=_PAGE_MESSAGES, before_turn=last)


def _by_turn(messages: Sequence[Message]) -> dict[int, list[Message]]:
    by_turn: dict[int, list[Message]] = {}
    for message in messages:
        by_turn.setdefault(message.turn_id, []).append(message)
    return by_turn


async def _read_turns(
    tx: Tx, thread: Thread, user: User, by_turn: Mapping[int, Sequence[Message]]
) -> list[ExportedTurn]:
    """The newest first, each with what the user thinks of it, not everybody."""
    turns = []
    thumbs = await tx.turns.thumbs(user.id, by_turn) if thread.shared else {}
    for number in sorted(by_turn, reverse=True):
        turn = await tx.turns.get(number)
        if thread.shared:
            turn = replace(turn, rating=thumbs.get(number, 0))
        files, uploads = await tx.files.of_turns([number]), await tx.uploads.of_turn(number)
        turns.append(ExportedTurn(turn, tuple(by_turn[number]), tuple(files), tuple(uploads)))
    return turns


def _answered(kept: Sequence[Brief]) -> tuple[Brief, ...]:
    """The briefs with something in them, without the interview's bookkeeping."""
    briefs = (replace(brief, values=answers(brief.values)) for brief in kept)
    return tuple(brief for brief in briefs if brief.values)
