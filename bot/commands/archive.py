"""What an export holds, and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.thread import Message, Thread, Turn, User
from specialists.brief import answers
from storage.briefs import Brief
from storage.files import StoredFile
from storage.memory import Fact
from storage.store import Store, Tx

_PAGE_MESSAGES = 200
_ALL_THREADS = 1_000_000


@dataclass(frozen=True, slots=True)
class ExportedTurn:
    """What the user said, then the newest version of the reply."""

    turn: Turn
    messages: tuple[Message, ...]
    files: tuple[StoredFile, ...] = ()


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


async def read_thread(store: Store, thread: Thread) -> Exported:
    """The whole conversation, however long it is, a page in each transaction so that nobody waits for it."""
    turns: list[ExportedTurn] = []
    before = None
    while True:
        async with store.begin() as tx:
            said = await tx.turns.transcript(thread.id, limit=_PAGE_MESSAGES, before_turn=before)
            by_turn = _by_turn(said)
            if len(said) == _PAGE_MESSAGES and len(by_turn) > 1:
                del by_turn[said[0].turn_id]  # Perhaps not all of it: the next page has it whole.
            turns += [await _read_turn(tx, number, by_turn[number]) for number in sorted(by_turn, reverse=True)]
        if len(said) < _PAGE_MESSAGES:
            return Exported(thread, tuple(reversed(turns)))
        before = min(by_turn)


async def read_everything(store: Store, user: User, now: datetime) -> Archive:
    """All conversations in which something was said, with what is remembered and what was ordered."""
    async with store.begin() as tx:
        facts, kept = await tx.memory.facts(user.id), await tx.briefs.list(user.id)
        threads = [
            thread
            for archived in (False, True)
            for thread in await tx.threads.list(user.id, limit=_ALL_THREADS, archived=archived)
        ]
    conversations = [await read_thread(store, thread) for thread in sorted(threads, key=lambda thread: thread.id)]
    return Archive(user, now, tuple(one for one in conversations if one.turns), tuple(facts), _answered(kept))


def _by_turn(messages: Sequence[Message]) -> dict[int, list[Message]]:
    by_turn: dict[int, list[Message]] = {}
    for message in messages:
        by_turn.setdefault(message.turn_id, []).append(message)
    return by_turn


async def _read_turn(tx: Tx, number: int, messages: Sequence[Message]) -> ExportedTurn:
    return ExportedTurn(await tx.turns.get(number), tuple(messages), tuple(await tx.files.of_turns([number])))


def _answered(kept: Sequence[Brief]) -> tuple[Brief, ...]:
    """The briefs with something in them, without the interview's bookkeeping."""
    briefs = (replace(brief, values=answers(brief.values)) for brief in kept)
    return tuple(brief for brief in briefs if brief.values)
