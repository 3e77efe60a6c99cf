"""What users send besides words: what becomes of it, what its message reads, and what is in it."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.domain.errors import LeaseLost, NotAllowed, StorageError
from bot.domain.incoming import Attachment
from bot.domain.media import Extract, Part, PartKind, Upload, UploadState
from bot.domain.place import Place, Ref
from bot.domain.reply import Usage
from bot.domain.thread import Message, Thread, Turn, TurnState, User
from storage import shelf
from storage.knowledge import Document, Passage
from storage.library import AT_ONCE, CHUNK_CHARS, Library, pieces
from storage.store import Store
from storage.tables import documents, passages
from storage.types import EPOCH
from tests.fakes.clock import ManualClock
from tests.storage.conftest import OpenStore
from tests.storage.people import CHAT, blob_of, person, running

VOICE = Attachment("voice", "v1", media_type="audio/ogg", size_bytes=4_000, duration_seconds=2.5)
REPORT = Attachment("document", "d1", "report.pdf", "application/pdf", 70_000)
PLACE_ONLY = Attachment("location")


class Said:
    """A message of a user's, which came with attachments."""

    def __init__(self, user: User, thread: Thread, turn: Turn, message: Message, uploads: list[Upload]) -> None:
        self.user = user
        self.thread = thread
        self.turn = turn
        self.message = message
        self.uploads = uploads

    @property
    def ref(self) -> Ref:
        assert self.message.ref is not None
        return self.message.ref


async def said(store: Store, caption: str, *attachments: Attachment, by: str = "42") -> Said:
    user = await person(store, by)
    async with store.begin() as tx:
        thread = await tx.threads.here(user.id, Place("telegram", by))
        turn = await tx.turns.create(thread.id, "mentor")
        message = await tx.turns.add_message(turn.id, "user", caption, Ref(thread.place, f"1{turn.id}"))
        return Said(user, thread, turn, message, await tx.uploads.add(message, attachments))


async def reads(store: Store, one: Said) -> tuple[str, int]:
    """The text of the message, and its version."""
    async with store.begin() as tx:
        message = (await tx.turns.messages(one.turn.id))[0]
        return message.text, message.version


async def found(store: Store, user: User, query: str) -> list[str]:
    async with store.begin() as tx:
        return [hit.message.text for hit in await tx.search.messages(user.id, query)]


async def test_what_came_with_a_message_waits_to_be_looked_at(store: Store) -> None:
    one = await said(store, "see these", VOICE, REPORT, PLACE_ONLY)
    other = await said(store, "", VOICE)
    assert [upload.attachment for upload in one.uploads] == [VOICE, REPORT, PLACE_ONLY]
    first = one.uploads[0]
    assert (first.thread_id, first.turn_id, first.message_id) == (one.thread.id, one.turn.id, one.message.id)
    assert (first.state, first.sort, first.caption, first.shown) == (UploadState.WAITING, "", "see these", None)
    async with store.begin() as tx:
        assert await tx.uploads.get(first.id) == first
        assert await tx.uploads.of_turn(one.turn.id) == one.uploads
        assert await tx.uploads.of_thread(one.thread.id) == [*other.uploads, *reversed(one.uploads)]
        assert await tx.uploads.of_thread(one.thread.id, limit=1) == other.uploads
        assert await tx.uploads.of_turns([other.turn.id, one.turn.id]) == [*one.uploads, *other.uploads]
        assert await tx.uploads.of_turns([]) == []
        for absent in (0, -1, 999, 10**30):
            with pytest.raises(NotAllowed):
                await tx.uploads.get(absent)
    assert await reads(store, one) == ("see these", 1)


async def test_what_was_heard_is_what_the_message_says(store: Store) -> None:
    one = await said(store, "Listen:", VOICE, REPORT, VOICE)
    async with store.begin() as tx:
        await tx.uploads.ready(one.uploads[2].id, sort="speech", text="and zebras")
        await tx.uploads.ready(one.uploads[0].id, sort="speech", text="I like hedgehogs")
    assert await reads(store, one) == ("Listen:\nI like hedgehogs\nand zebras", 1)
    assert await found(store, one.user, "hedgehog") == await found(store, one.user, "zebra")
    assert len(await found(store, one.user, "zebra")) == 1
    async with store.begin() as tx:
        await tx.uploads.ready(one.uploads[2].id, sort="speech", text="and okapis")
    assert await reads(store, one) == ("Listen:\nI like hedgehogs\nand okapis", 1)
    assert await found(store, one.user, "zebras") == []


async def test_a_picture_or_a_document_says_nothing(store: Store) -> None:
    one = await said(store, "What is it?", Attachment("photo", "p1"))
    async with store.begin() as tx:
        blob = await blob_of(tx, b"png")
        await tx.uploads.ready(one.uploads[0].id, sort="picture", media_type="image/png", size_bytes=3, blob=blob)
        upload = await tx.uploads.get(one.uploads[0].id)
    assert (upload.state, upload.sort, upload.media_type) == (UploadState.READY, "picture", "image/png")
    assert (upload.size_bytes, upload.blob, upload.is_cut) == (3, blob, False)
    assert await reads(store, one) == ("What is it?", 1)


async def test_a_refused_file_says_why_and_nothing_else(store: Store) -> None:
    one = await said(store, "", VOICE)
    async with store.begin() as tx:
        await tx.uploads.ready(one.uploads[0].id, sort="speech", text="mumble")
        await tx.uploads.refuse(one.uploads[0].id, "file-too-large", {"megabytes": 20, "what": "voice"})
        upload = await tx.uploads.get(one.uploads[0].id)
        assert (upload.state, upload.sort, upload.text) == (UploadState.REFUSED, "", "")
        assert (upload.refusal, upload.arguments) == ("file-too-large", {"megabytes": 20, "what": "voice"})
    assert await reads(store, one) == ("", 1)


async def test_content_that_was_swept_is_not_referred_to(store: Store) -> None:
    one = await said(store, "", REPORT)
    with pytest.raises(StorageError):
        async with store.begin() as tx:
            await tx.uploads.ready(one.uploads[0].id, sort="document", blob=999)


async def test_an_edit_changes_what_was_written_and_keeps_what_was_heard(store: Store) -> None:
    one = await said(store, "old caption", VOICE)
    async with store.begin() as tx:
        await tx.uploads.ready(one.uploads[0].id, sort="speech", text="spoken")
        changed = await tx.turns.replace_message(one.ref, one.user.id, "new caption")
        assert changed is not None
        assert changed[1]
        assert (await tx.uploads.get(one.uploads[0].id)).caption == "new caption"
    assert await reads(store, one) == ("new caption\nspoken", 2)
    async with store.begin() as tx:
        await tx.turns.replace_message(one.ref, one.user.id, "new caption")
    assert await reads(store, one) == ("new caption\nspoken", 2)
    assert await found(store, one.user, "old") == []


async def test_what_came_with_a_message_is_found_by_it(store: Store) -> None:
    one, bob = await said(store, "", VOICE, REPORT), await person(store, "43")
    await said(store, "", VOICE)
    async with store.begin() as tx:
        await tx.threads.open(one.user.id, one.thread.place)
        assert await tx.uploads.of_message(one.ref, one.user.id) == one.uploads
        assert await tx.uploads.of_message(one.ref, bob.id) == []
        assert await tx.uploads.of_message(Ref(CHAT, "999"), one.user.id) == []


async def test_an_edit_before_anybody_listened(store: Store) -> None:
    one = await said(store, "old", VOICE)
    async with store.begin() as tx:
        await tx.turns.replace_message(one.ref, one.user.id, "new")
        await tx.uploads.ready(one.uploads[0].id, sort="speech", text="spoken")
    assert await reads(store, one) == ("new\nspoken", 2)


async def test_a_correction_keeps_what_was_understood_before(store: Store) -> None:
    one = await said(store, "Note:", VOICE)
    (voice,) = one.uploads
    async with store.begin() as tx:
        assert await tx.uploads.correct(voice.id, one.user.id, "too early") is None
        await tx.uploads.ready(voice.id, sort="speech", text="wreck a nice beach")
        corrected = await tx.uploads.correct(voice.id, one.user.id, "recognise speech")
        assert corrected is not None
        assert (corrected.turn.id, corrected.is_latest, corrected.changed) == (one.turn.id, True, True)
        assert (await tx.uploads.get(voice.id)).text == "recognise speech"
    assert await reads(store, one) == ("Note:\nrecognise speech", 2)
    assert await found(store, one.user, "beach") == []
    later = await said(store, "more")
    async with store.begin() as tx:
        again = await tx.uploads.correct(voice.id, one.user.id, "recognise speech")
        assert again is not None
        assert (again.is_latest, again.changed) == (False, False)
    assert await reads(store, one) == ("Note:\nrecognise speech", 2)
    assert later.turn.id > one.turn.id


async def test_only_who_spoke_corrects_only_what_they_spoke(store: Store) -> None:
    one, bob = await said(store, "", VOICE, REPORT), await person(store, "43")
    async with store.begin() as tx:
        await tx.uploads.ready(one.uploads[0].id, sort="speech", text="spoken")
        await tx.uploads.ready(one.uploads[1].id, sort="document")
        assert await tx.uploads.correct(one.uploads[0].id, bob.id, "words in her mouth") is None
        assert await tx.uploads.correct(one.uploads[1].id, one.user.id, "no speech") is None
        assert await tx.uploads.correct(999, one.user.id, "nothing") is None
    assert await reads(store, one) == ("spoken", 1)


async def test_the_message_that_shows_a_transcript_leads_to_it(store: Store) -> None:
    one = await said(store, "", VOICE, VOICE)
    shown = Ref(Place("telegram", "42", "7"), "500")
    async with store.begin() as tx:
        assert await tx.uploads.show(one.uploads[0].id, shown)
        assert not await tx.uploads.show(999, shown)
        upload = await tx.uploads.by_shown(shown)
        assert upload is not None
        assert (upload.id, upload.shown) == (one.uploads[0].id, shown)
        assert await tx.uploads.by_shown(Ref(CHAT, "500")) == upload  # who does not tell the topic
        assert await tx.uploads.by_shown(Ref(Place("telegram", "42", "8"), "500")) is None
        assert await tx.uploads.by_shown(Ref(CHAT, "501")) is None
        await tx.threads.move(CHAT, Place("telegram", "-42"))
        assert await tx.uploads.by_shown(Ref(Place("telegram", "-42", "7"), "500")) is not None


async def test_the_next_message_is_a_correction_for_a_while(store: Store, clock: ManualClock) -> None:
    one = await said(store, "", VOICE, VOICE)
    first, second = one.uploads
    place, other, ann = one.thread.place, Place("telegram", "-7"), one.user.id
    bob = (await person(store, "43")).id
    async with store.begin() as tx:
        await tx.fixes.expect(ann, place, first.id, 600, Ref(place, "70"))
        assert await tx.fixes.expected(ann, place) == first.id
        assert [await tx.fixes.expected(*who) for who in ((ann, other), (bob, place))] == [None, None]
        await tx.fixes.expect(ann, place, second.id, 600, None)
        assert await tx.fixes.expected(ann, place) == second.id
        await tx.fixes.end(ann, place)
        assert await tx.fixes.expected(ann, place) is None
        assert await tx.fixes.by_note(Ref(place, "70")) == first.id
        await tx.fixes.expect(ann, place, second.id, 600, Ref(place, "71"))
    await clock.advance(600)
    async with store.begin() as tx:
        assert await tx.fixes.expected(ann, place) is None
        assert [await tx.fixes.by_note(Ref(place, note)) for note in ("70", "71", "72")] == [first.id, second.id, None]
        await tx.turns.delete_message(one.ref, ann)
        assert await tx.fixes.by_note(Ref(place, "71")) is None


LINES = "".join(f"Line {number} of the report\n" for number in range(300))
REPORT_PARTS = (
    Part("page", 1, "", LINES),
    Part("page", 2, "", ""),
    Part("page", 3, "", "The zebras of page three\u2028have  spaces \t\r\nand a last line without an end"),
    Part("page", 4, "", "x" * 4_000 + " " + "слово " * 700),
)


async def shelved(store: Store, one: Said, index: int, kind: PartKind, parts: tuple[Part, ...]) -> Upload:
    upload = one.uploads[index]
    await Library(store).shelve(upload, Extract(parts))
    async with store.begin() as tx:
        await tx.uploads.ready(upload.id, sort="document", parts=len(parts), part_kind=kind)
        return await tx.uploads.get(upload.id)


async def test_a_document_reads_as_it_was_shelved(store: Store) -> None:
    one = await said(store, "", REPORT)
    report = await shelved(store, one, 0, "page", REPORT_PARTS)
    assert (report.parts, report.part_kind) == (4, "page")
    async with store.begin() as tx:
        assert await tx.uploads.parts(report.id) == list(REPORT_PARTS)
        assert await tx.uploads.parts(report.id, first=2, last=3) == list(REPORT_PARTS[1:3])
        assert await tx.uploads.parts(report.id, first=5) == []
        assert await tx.uploads.part_names(report.id) == [Part("page", number) for number in (1, 2, 3, 4)]
        longest = await tx.wire.scalar(select(func.max(func.length(passages.c.text))))
        assert longest <= CHUNK_CHARS


async def test_lines_are_found_by_any_of_their_numbers(store: Store) -> None:
    one = await said(store, "", REPORT)
    parts = tuple(Part("lines", first, str(first + 99), f"from {first}\n") for first in (1, 101, 201))
    upload = await shelved(store, one, 0, "lines", parts)
    async with store.begin() as tx:
        assert await tx.uploads.parts(upload.id, first=150, last=160) == [parts[1]]
        assert await tx.uploads.parts(upload.id, first=150, last=201) == list(parts[1:])
        assert await tx.uploads.parts(upload.id) == list(parts)


@pytest.mark.parametrize(
    "source", ["", "one line", "a\nb\n\n\nc", "y" * 5_000, "word " * 2_000, "a\r\n" * 2_000, LINES]
)
def test_pieces_are_the_whole(source: str) -> None:
    cut = pieces(source)
    assert "".join(cut) == source
    assert all(0 < len(piece) <= CHUNK_CHARS for piece in cut)
    assert len(cut) <= 1 + 2 * len(source) // CHUNK_CHARS


async def test_a_thread_searches_its_own_documents(store: Store) -> None:
    one, stranger = await said(store, "", REPORT, REPORT), await said(store, "", REPORT, by="43")
    report = await shelved(store, one, 0, "page", REPORT_PARTS)
    notes = await shelved(store, one, 1, "section", (Part("section", 1, "Okapis", "Zebras and their friends\n"),))
    await shelved(store, stranger, 0, "page", (Part("page", 9, "", "Secret zebras\n"),))
    async with store.begin() as tx:
        hits = await tx.uploads.search(one.thread.id, "zebra")
        assert {(hit.upload.id, hit.kind, hit.number) for hit in hits} == {
            (report.id, "page", 3),
            (notes.id, "section", 1),
        }
        assert hits == sorted(hits, key=lambda hit: -hit.score)
        assert all(hit.coverage == 1.0 for hit in hits)
        (hit,) = await tx.uploads.search(one.thread.id, "what about zebras?", upload=report.id)
        assert hit.upload == report
        assert hit.text == REPORT_PARTS[2].text
        (hit,) = await tx.uploads.search(one.thread.id, "okapi")
        assert (hit.upload.id, hit.name) == (notes.id, "Okapis")
        assert await tx.uploads.search(one.thread.id, "the of and") == []
        assert await tx.uploads.search(one.thread.id, "unicorn") == []
        assert len(await tx.uploads.search(one.thread.id, "report", limit=3)) == 3


async def test_a_row_is_found_with_the_head_of_its_sheet(store: Store) -> None:
    one = await said(store, "", Attachment("document", "x", "costs.xlsx"))
    rows = [f"{number}\tItem{number}\t{number * 10}\n" for number in range(2, 400)]
    sheet = "\tA\tB\n1\tName\tPrice\n" + "".join(rows)
    upload = await shelved(store, one, 0, "sheet", (Part("sheet", 1, "Costs", sheet), Part("sheet", 2, "Empty", "")))
    async with store.begin() as tx:
        (hit,) = await tx.uploads.search(one.thread.id, "item390", upload=upload.id)
        assert hit.text.startswith("\tA\tB\n1\tName\tPrice\n")
        assert "390\tItem390\t3900\n" in hit.text
        (hit,) = await tx.uploads.search(one.thread.id, "item2")
        assert hit.text.count("Name\tPrice") == 1
        assert [part.text for part in await tx.uploads.parts(upload.id)] == [sheet, ""]


async def test_nothing_is_found_before_the_document_is_ready(store: Store) -> None:
    one = await said(store, "", REPORT)
    await Library(store).shelve(one.uploads[0], Extract(REPORT_PARTS))
    async with store.begin() as tx:
        assert await tx.uploads.search(one.thread.id, "zebras") == []


async def test_an_attempt_that_broke_off_is_replaced(store: Store) -> None:
    one = await said(store, "", REPORT)
    many = tuple(Part("page", number, "", f"Page {number}\n") for number in range(1, 2 * AT_ONCE + 10))
    await Library(store).shelve(one.uploads[0], Extract(many))
    await Library(store).shelve(one.uploads[0], Extract(many[: AT_ONCE + 3]))
    async with store.begin() as tx:
        assert await tx.uploads.parts(one.uploads[0].id) == list(many[: AT_ONCE + 3])
        assert await tx.wire.scalar(select(func.count()).select_from(documents)) == 1


async def test_a_document_that_was_deleted_is_not_shelved(store: Store) -> None:
    one = await said(store, "", REPORT)
    async with store.begin() as tx:
        await tx.turns.delete_message(one.ref, one.user.id)
    with pytest.raises(NotAllowed):
        await Library(store).shelve(one.uploads[0], Extract(REPORT_PARTS))


async def test_whoever_lost_the_job_or_comes_too_late_leaves_the_shelf_alone(store: Store, clock: ManualClock) -> None:
    one = await said(store, "", REPORT)
    async with store.begin() as tx:
        await tx.jobs.put("thread:1", "turn", {})
        (mine,) = await tx.jobs.claim("me/1", 1, lease_seconds=5)
    await clock.advance(6)
    async with store.begin() as tx:
        (theirs,) = await tx.jobs.claim("you/1", 1, lease_seconds=60)
    library, extract = Library(store), Extract((Part("page", 1, "", "All about zebras\n"),))
    await library.shelve(one.uploads[0], extract, theirs)
    with pytest.raises(LeaseLost):
        await library.shelve(one.uploads[0], extract, mine)
    async with store.begin() as tx:
        await tx.uploads.ready(one.uploads[0].id, sort="document", parts=1, part_kind="page")
    with pytest.raises(NotAllowed):
        await library.shelve(one.uploads[0], extract)
    async with store.begin() as tx:
        assert await tx.uploads.parts(one.uploads[0].id) == list(extract.parts)


async def test_what_is_rare_is_found_among_too_many_to_rank(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await said(store, "", REPORT, REPORT)
    monkeypatch.setattr(shelf, "MOST_RANKED", 5)
    invoices = [f"Invoice of company {number}\n" for number in range(20)]
    old = [*invoices, "Invoice of the unicorn\n", *invoices]
    await shelved(store, one, 0, "page", tuple(Part("page", at, "", line) for at, line in enumerate(old, 1)))
    await shelved(store, one, 1, "page", tuple(Part("page", at, "", line) for at, line in enumerate(invoices, 1)))
    async with store.begin() as tx:
        for query in ("unicorn", "invoice unicorn", "the invoice of the unicorn company", "dragon unicorn invoice"):
            first, *_ = await tx.uploads.search(one.thread.id, query)
            assert (first.upload.id, first.number) == (one.uploads[0].id, 21), query
            assert first.coverage > 0.4
        (first, *others) = await tx.uploads.search(one.thread.id, "invoice company")
        assert first.coverage == 1.0
        assert len(others) == 4


async def test_knowledge_and_documents_of_users_do_not_meet(store: Store) -> None:
    one = await said(store, "", REPORT)
    await shelved(store, one, 0, "page", REPORT_PARTS)
    async with store.begin() as tx:
        handbook = Document("a.md", "Zoo", "en", (Passage("Animals", "Zebras are striped."),))
        await tx.knowledge.sync("handbook", [handbook])
        assert [hit.source for hit in await tx.knowledge.search("zebras", ["handbook"])] == ["a.md"]
        (hit,) = await tx.uploads.search(one.thread.id, "zebras")
        assert hit.upload.id == one.uploads[0].id
        await tx.knowledge.sync("handbook", [])
        assert len(await tx.uploads.search(one.thread.id, "zebras")) == 1


@pytest.mark.parametrize("ending", ["message", "turn", "thread", "user"])
async def test_a_document_goes_with_what_it_came_with(store: Store, ending: str) -> None:
    one, other = await said(store, "", REPORT), await said(store, "", REPORT, by="43")
    await shelved(store, one, 0, "page", REPORT_PARTS)
    kept = await shelved(store, other, 0, "page", (Part("page", 1, "", "Okapis\n"),))
    async with store.begin() as tx:
        match ending:
            case "message":
                await tx.turns.delete_message(one.ref, one.user.id)
            case "turn":
                await tx.turns.drop(one.turn.id)
            case "thread":
                await tx.threads.delete(one.thread.id)
            case _:
                await tx.privacy.erase(one.user.id)
    async with store.begin() as tx:
        assert await tx.uploads.of_thread(one.thread.id) == []
        assert [row.upload_id for row in await tx.wire.rows(select(documents.c.upload_id))] == [kept.id]
        assert await tx.wire.scalar(select(func.count()).select_from(passages)) == 1
        assert len(await tx.uploads.search(other.thread.id, "okapi")) == 1
        if store.dialect == "sqlite":
            check = "INSERT INTO passage_index(passage_index, rank) VALUES ('integrity-check', 1)"
            await tx.wire.count(text(check))
            words = "SELECT count(*) FROM passage_index WHERE passage_index MATCH 'zebra'"
            assert await tx.wire.scalar(text(words)) == 0


async def test_the_file_of_the_database_forgets_a_deleted_document(sqlite_url: str, open_store: OpenStore) -> None:
    store = await open_store(sqlite_url)
    one, other = await said(store, "", REPORT), await said(store, "", REPORT, by="43")
    await shelved(store, one, 0, "page", tuple(Part("page", at, "", "Chrysanthemum\n" * 90) for at in range(1, 99)))
    await shelved(store, other, 0, "page", (Part("page", 1, "", "Rhododendron\n"),))
    async with store.begin() as tx:
        await tx.turns.delete_message(one.ref, one.user.id)
    written = await asyncio.to_thread(Path(sqlite_url.removeprefix("sqlite:///")).read_bytes)
    assert b"chrysanth" not in written.lower()
    assert b"rhododendr" in written.lower()


async def test_seconds_of_sound_are_added_up(store: Store) -> None:
    one = await said(store, "", VOICE)
    async with store.begin() as tx:
        for seconds in (2.5, 4.0):
            usage = Usage("p", "ear", specialist="mentor", audio_seconds=seconds)
            await tx.ledger.record_usage(one.turn.id, one.user.id, "", usage, one.turn.created_at)
        (total,) = await tx.ledger.usage_of(one.user.id, EPOCH)
    assert (total.audio_seconds, total.replies, total.input_tokens) == (6.5, 1, 0)


async def test_who_wants_replies_spoken(store: Store) -> None:
    ann = await person(store)
    assert not ann.voice
    async with store.begin() as tx:
        await tx.users.set_voice(ann.id, True)
        assert (await tx.users.get(ann.id)).voice
        await tx.users.set_voice(ann.id, False)
        assert await tx.users.get(ann.id) == ann


async def test_a_stopped_turn_keeps_its_uploads(store: Store) -> None:
    one = await said(store, "", VOICE)
    async with store.begin() as tx:
        await tx.turns.finish(one.turn.id, TurnState.STOPPED, text="", refs=[])
        await tx.turns.requeue(one.turn.id)
        assert await tx.uploads.of_turn(one.turn.id) == one.uploads
        other = await running(tx, one.thread)
        assert await tx.uploads.of_turn(other.id) == []
