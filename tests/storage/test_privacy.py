"""A user who is erased was never there, and nobody else notices."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.errors import LeaseLost, NotAllowed
from bot.domain.incoming import Attachment
from bot.domain.media import Extract, Part
from bot.domain.place import Place, Ref
from bot.domain.reply import Request, Usage
from bot.domain.thread import Thread, Turn, TurnState, User
from bot.lanes import (
    command_lane,
    home_lane,
    notice_lane,
    press_lane,
    reminder_lane,
    speech_lane,
    suggestion_lane,
    thread_lane,
    upkeep_lane,
)
from storage.jobs import LANES_OF_THREAD, LANES_OF_USER
from storage.library import Library
from storage.store import Store
from storage.tables import jobs, usage
from tests.storage.conftest import OpenStore
from tests.storage.people import blob_of, conversation, everything, exchange, file_of, person, running, swept

GROUP = Place("telegram", "-100777")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Life:
    """A user of whom every table holds something, all of it marked with one word and one number."""

    def __init__(self, store: Store, word: str, number: str) -> None:
        self._store = store
        self.word = word
        self.number = number
        self.private = Place("telegram", number)
        self.direct = Place("slack", f"D{number}", workspace="T1")

    async def live(self) -> None:
        self.user = await person(self._store, self.number, name=f"Name {self.word}")
        async with self._store.begin() as tx:
            self.threads = [
                await tx.threads.open(self.user.id, place, specialist="mentor")
                for place in (self.private, self.direct, GROUP, Place("telegram", self.number, "7"))
            ]
        for thread in self.threads:
            await self._talk(thread)
            await self._send(thread)
        await self._own()
        await self._wait()

    async def _talk(self, thread: Thread) -> None:
        word, user = self.word, self.user
        async with self._store.begin() as tx:
            turn = await exchange(tx, thread, f"I said {word} äöü", f"you said {word}")
            update = f"telegram:1:{thread.id}"
            await tx.updates.insert(update, "message", NOON)
            await tx.updates.expects_reply(update, turn.id)
            await tx.turns.replace_message(Ref(thread.place, str(2000 + turn.id)), user.id, f"I meant {word}")
            await tx.threads.rename(thread.id, f"About {word}")
            await tx.memory.set(thread.id, f"They spoke of {word}", turn.id)
            await file_of(tx, user.id, f"{word}.txt", turn_id=turn.id, version=1)
            await tx.briefs.save(user.id, thread.id, "design", {"what": word}, complete=True)
            await tx.escalations.record(user.id, thread.id, turn.id, f"because {word}")
            await tx.ledger.record_usage(turn.id, user.id, "", Usage("p", "m", 5, 6, specialist="mentor"), NOON)
            paused = await running(tx, thread, f"please {word}")
            asked = [Request("1", "tool", f"argument: {word}")]
            await tx.turns.pause(paused.id, text=f"so far {word}", refs=(), requests=asked, state=word)
            job = await tx.jobs.put(thread_lane(thread.id), "turn", {"turn": paused.id})
            assert job is not None
            await tx.turns.attach_job(paused.id, job.id)
            await tx.jobs.put(upkeep_lane(thread.id), "title", {"thread": thread.id}, dedup=f"title:{thread.id}")

    async def _send(self, thread: Thread) -> None:
        """A speech, which was heard and may be corrected, and a document."""
        word, user = self.word, self.user
        async with self._store.begin() as tx:
            message = (await tx.turns.transcript(thread.id))[0]
            sent = [Attachment("voice", f"v{word}"), Attachment("document", f"d{word}", f"{word}.pdf")]
            speech, document = await tx.uploads.add(message, sent)
            await tx.uploads.ready(speech.id, sort="speech", text=f"spoken {word}")
            await tx.uploads.show(speech.id, Ref(thread.place, str(3000 + speech.id)))
            await tx.uploads.correct(speech.id, user.id, f"meant {word}")
            await tx.fixes.expect(user.id, thread.place, speech.id, 60, Ref(thread.place, str(4000 + speech.id)))
        await Library(self._store).shelve(document, Extract((Part("page", 1, "", f"The page of {word}"),)))
        async with self._store.begin() as tx:
            blob = await blob_of(tx, b"%PDF " + word.encode())
            await tx.uploads.ready(document.id, sort="document", blob=blob, parts=1, part_kind="page")

    async def _own(self) -> None:
        async with self._store.begin() as tx:
            await tx.users.resolve("telegram", "", self.number, name=f"Newer {self.word}", locale="en")
            await tx.memory.add_fact(self.user.id, f"likes {self.word}")
            await tx.examples.add(self.user.id, "mentor", f"stem {self.word}")
            await file_of(tx, self.user.id, f"{self.word}.zip")
            await tx.links.create(self.user.id)
            for name in ("turns:user:{}", "replies:user:{}:mentor", "tokens:user:{}"):
                await tx.counters.add(name.format(self.user.id), "2026-11-20")
            await tx.counters.add("tokens:workspace:telegram:", "2026-11-20")

    async def _wait(self) -> None:
        number, user = self.number, self.user
        async with self._store.begin() as tx:
            for place in (self.private, GROUP):
                payload = {"user": user.id, "place": str(place), "arguments": self.word}
                await tx.jobs.put(command_lane(user.id, place), "command", payload)
            await tx.jobs.put(press_lane(user.id), "press", {"place": str(GROUP), "key": "old-button"})
            reminder = {"user": user.id, "place": str(GROUP), "text": self.word}
            await tx.jobs.put(reminder_lane(user.id, "abc"), "reminder", reminder, delay_seconds=1e6)
            topic = Place("telegram", number, "7")
            notice = {"place": str(topic), "key": "slow-down", "arguments": {}, "locale": "en"}
            await tx.jobs.put(notice_lane(topic), "notice", notice, dedup=f"notice:{topic}:slow-down:10")
            # What no room of the storage knows, but for the names in it.
            await tx.jobs.put("mail", "mail", {"user": user.id})
            await tx.jobs.put("digest", "digest", {"places": [{"to": f"{self.direct}#17"}]})
            await tx.jobs.put("digest", "digest", {"n": 1}, steps={"said": {"ref": f"telegram:{number}#1718"}})


def without_indexes(dumped: dict[str, set[str]]) -> dict[str, set[str]]:
    """SQLite's index is written anew without the words that are gone."""
    return {table: rows for table, rows in dumped.items() if "index" not in table}


@pytest.fixture
async def ann(store: Store) -> Life:
    life = Life(store, "chrysanthemum", "5550042")
    await life.live()
    return life


@pytest.fixture
async def bob(store: Store, ann: Life) -> Life:
    # A number that begins with the other's: what is looked for as text must not be taken for this.
    life = Life(store, "rhododendron", "55500421")
    await life.live()
    return life


async def dump(store: Store) -> dict[str, set[str]]:
    """Every row of every table of the database, those of the search index included."""
    async with store.begin() as tx:
        connection = await tx.wire.connection.get_raw_connection()
        driver = connection.driver_connection
        assert driver is not None
        if store.dialect == "sqlite":
            names = [
                row[0] for row in await driver.execute_fetchall("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            return {
                name: {repr(row) for row in await driver.execute_fetchall(f"SELECT * FROM {name}")} for name in names
            }
        wanted = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        names = [row["tablename"] for row in await driver.fetch(wanted)]
        return {name: {repr(row) for row in await driver.fetch(f"SELECT * FROM {name}")} for name in names}


def rows_of(life: Life, dumped: dict[str, set[str]]) -> dict[str, set[str]]:
    """Those that name the user by word or number (as it is, not as the beginning of another)."""

    def names(row: str) -> bool:
        return life.word in row or life.number in row.replace(f"{life.number}1", "")

    return {table: found for table, rows in dumped.items() if (found := {row for row in rows if names(row)})}


async def test_nothing_of_the_erased_remains_and_all_of_the_others(store: Store, ann: Life, bob: Life) -> None:
    before = await dump(store)
    held = rows_of(ann, before)
    assert {"users", "identities", "threads", "messages", "jobs", "facts", "files", "briefs", "pauses"} <= held.keys()
    assert {"uploads", "fixes", "documents", "passages"} <= {name for name, rows in before.items() if rows}
    async with store.begin() as tx:
        await tx.privacy.erase(ann.user.id)
        with pytest.raises(NotAllowed):
            await tx.users.get(ann.user.id)
    after = await dump(store)
    assert rows_of(ann, after) == {}
    assert without_indexes(rows_of(bob, after)) == without_indexes(rows_of(bob, before))


async def test_rows_without_a_name_are_gone_too(store: Store, ann: Life, bob: Life) -> None:
    """Every table has as many rows as the other user alone put there."""
    async with store.begin() as tx:
        await tx.privacy.erase(ann.user.id)
    after = await dump(store)
    async with store.begin() as tx:
        await tx.privacy.erase(bob.user.id)
    await swept(store)
    empty = await dump(store)
    books = {"updates", "usage", "counters", "alembic_version", "sqlite_sequence"}
    index = {name for name in empty if name.startswith(("message_index", "passage_index"))}
    assert {name for name, rows in empty.items() if rows} - books - index == set()
    assert all(len(after[name]) == 4 for name in ("threads", "thread_memory", "briefs", "pauses"))
    assert [row for row in empty["counters"] if "user" in row] == []


async def test_the_books_still_add_up(store: Store, ann: Life, bob: Life) -> None:
    async with store.begin() as tx:
        await tx.privacy.erase(ann.user.id)
        account = await tx.ledger.account()
        assert (account.received, account.answered, account.lost) == (4, 4, 0)
        spent = {(row.user_id, row.turn_id > 0, row.input_tokens) for row in await tx.wire.rows(usage.select())}
        assert spent == {(0, False, 5), (bob.user.id, True, 5)}
        assert not await tx.updates.insert(f"telegram:1:{ann.threads[0].id}", "message", NOON)


async def test_the_others_in_a_shared_room_stay(store: Store, ann: Life, bob: Life) -> None:
    async with store.begin() as tx:
        theirs = await tx.turns.transcript(bob.threads[2].id)
        await tx.privacy.erase(ann.user.id)
        assert await tx.turns.transcript(bob.threads[2].id) == theirs
        assert await tx.threads.current(bob.user.id, GROUP) is not None
        assert len(await tx.search.messages(bob.user.id, bob.word, limit=50)) == 8 + 4
        left = {row.lane for row in await tx.wire.rows(jobs.select())}
    assert f"command:{bob.user.id}:{GROUP}" in left
    assert not {lane for lane in left if lane.startswith((f"command:{ann.user.id}:", f"press:{ann.user.id}"))}


async def test_a_notice_for_a_whole_room_is_nobodys(store: Store, ann: Life, bob: Life) -> None:
    async with store.begin() as tx:
        await tx.jobs.put(notice_lane(GROUP), "notice", {"place": str(GROUP)})
        await tx.privacy.erase(ann.user.id)
        assert [row.lane for row in await tx.wire.rows(jobs.select()) if row.lane == notice_lane(GROUP)]


async def test_who_works_for_the_erased_loses_the_job(store: Store, ann: Life) -> None:
    async with store.begin() as tx:
        held = await tx.jobs.claim("me/1", 100, lease_seconds=60)
        (asked,) = [job for job in held if job.lane == command_lane(ann.user.id, ann.private)]
        await tx.jobs.finish(asked)
        await tx.privacy.erase(ann.user.id)
        assert await tx.jobs.heartbeat("me/1", [job.id for job in held], lease_seconds=60) == {}
        with pytest.raises(LeaseLost):
            await tx.jobs.finish(held[0])


async def test_erasing_twice_or_nobody_changes_nothing(store: Store, ann: Life) -> None:
    async with store.begin() as tx:
        await tx.privacy.erase(ann.user.id)
    before = await dump(store)
    async with store.begin() as tx:
        await tx.privacy.erase(ann.user.id)
        await tx.privacy.erase(999)
        await tx.privacy.erase(0)
    assert await dump(store) == before


async def test_the_same_identity_begins_anew(store: Store, ann: Life) -> None:
    async with store.begin() as tx:
        await tx.privacy.erase(ann.user.id)
    again = await person(store, ann.number, name="Somebody")
    assert again.id != ann.user.id
    async with store.begin() as tx:
        assert await tx.threads.list(again.id) == []


async def test_the_file_itself_holds_nothing_of_the_erased(sqlite_url: str, open_store: OpenStore) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    store = await open_store(sqlite_url)
    ann, bob = Life(store, "chrysanthemum", "5550042"), Life(store, "rhododendron", "91100421")
    await ann.live()
    await bob.live()
    async with store.begin() as tx:
        await tx.privacy.erase(ann.user.id)
    log = path.with_name(path.name + "-wal")
    assert await asyncio.to_thread(log.read_bytes) == b""
    written = await asyncio.to_thread(path.read_bytes)
    for trace in (ann.word, ann.word[:6], ann.number):
        assert trace.encode() not in written, trace
    assert bob.word.encode() in written


async def test_a_reply_may_end_while_its_user_is_erased(store: Store) -> None:
    """Whoever comes late learns that the thread is gone; nobody waits for nobody."""
    user = await person(store)
    thread = await conversation(store, user)
    async with store.begin() as tx:
        turns = [await running(tx, thread) for _ in range(6)]

    async def finish(turn: Turn) -> None:
        async with store.begin() as tx:
            await tx.turns.finish(turn.id, TurnState.COMPLETED, text="done", refs=[])

    async def erase() -> None:
        async with store.begin() as tx:
            await tx.privacy.erase(user.id)

    *replies, erased = await asyncio.gather(*map(finish, turns), erase(), return_exceptions=True)
    assert erased is None
    assert all(reply is None or isinstance(reply, NotAllowed) for reply in replies)
    assert {table for table, rows in (await everything(store)).items() if rows} == set()


async def test_the_lanes_that_are_erased_are_those_that_are_used() -> None:
    place = Place("telegram", "1")
    of_user = (
        command_lane(1, place),
        press_lane(1),
        reminder_lane(1, "x"),
        home_lane(1, place),
        suggestion_lane(1, place),
    )
    assert tuple(lane.partition(":")[0] for lane in of_user) == LANES_OF_USER
    assert (thread_lane(1), upkeep_lane(1), speech_lane(1)) == tuple(f"{lane}:1" for lane in LANES_OF_THREAD)


async def test_a_user_of_many_rooms_is_erased_whole(store: Store) -> None:
    user: User = await person(store)
    async with store.begin() as tx:
        for number in range(120):
            place = Place("slack", f"C{number}", f"17.{number}", "T1")
            await tx.threads.open(user.id, place)
            await tx.jobs.put(notice_lane(place), "notice", {"place": str(place)})
        await tx.privacy.erase(user.id)
        assert await tx.wire.rows(jobs.select()) == []
