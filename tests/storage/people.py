"""What tests of the storage begin with: people, their conversations, and all that a database holds."""

import hashlib

from sqlalchemy import delete, select

from bot.domain.place import Place, Ref
from bot.domain.thread import Thread, Turn, TurnState, User
from storage.blobs import SWEEP
from storage.files import StoredFile
from storage.store import Store, Tx
from storage.tables import jobs, metadata

CHAT = Place("telegram", "42")
GROUP = Place("telegram", "-100")


async def person(store: Store, external_id: str = "42", *, name: str = "Ann", messenger: str = "telegram") -> User:
    async with store.begin() as tx:
        return await tx.users.resolve(messenger, "", external_id, name=name, locale="en")


async def conversation(store: Store, owner: User, place: Place = CHAT, *said: str) -> Thread:
    """A thread in which the user said each of these and got `re: …` for an answer."""
    async with store.begin() as tx:
        thread = await tx.threads.open(owner.id, place)
        for text in said:
            await exchange(tx, thread, text)
    return thread


async def exchange(tx: Tx, thread: Thread, text: str, reply: str | None = None) -> Turn:
    turn = await tx.turns.create(thread.id, "concierge")
    shown = Ref(thread.place, str(1000 + turn.id))
    await tx.turns.add_message(turn.id, "user", text, Ref(thread.place, str(2000 + turn.id)))
    await tx.turns.begin(turn.id)
    return await tx.turns.finish(
        turn.id, TurnState.COMPLETED, text=f"re: {text}" if reply is None else reply, refs=[shown]
    )


async def running(tx: Tx, thread: Thread, text: str = "do it") -> Turn:
    turn = await tx.turns.create(thread.id, "concierge")
    await tx.turns.add_message(turn.id, "user", text, None)
    return await tx.turns.begin(turn.id)


async def blob_of(tx: Tx, content: bytes) -> int:
    """As if the store of files had this content."""
    blob = await tx.blobs.claim(hashlib.sha256(content).digest(), len(content), "a test")
    await tx.blobs.mark_whole(blob.id)
    await tx.blobs.release("a test")
    return blob.id


async def file_of(tx: Tx, user_id: int, name: str, *, turn_id: int | None = None, version: int = 0) -> StoredFile:
    """A file that contains its own name."""
    blob = await blob_of(tx, name.encode())
    return await tx.files.add(user_id, name, "text/plain", len(name.encode()), blob, turn_id=turn_id, version=version)


async def swept(store: Store) -> None:
    """What was put to be swept is swept, in the database."""
    async with store.begin() as tx:
        await tx.blobs.remove([blob.id for blob in await tx.blobs.doom(limit=1_000)])
        await tx.wire.count(delete(jobs).where(jobs.c.kind == SWEEP))


async def everything(store: Store) -> dict[str, list[str]]:
    """Every row of every table, as text, in order."""
    async with store.begin() as tx:
        return {
            table.name: sorted(repr(tuple(row)) for row in await tx.wire.rows(select(table)))
            for table in metadata.sorted_tables
        }
