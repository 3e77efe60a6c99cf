"""People send files with their questions: pictures, documents, things that are neither, and things meant to harm."""

import io
import zipfile
from collections.abc import AsyncIterator

import pytest
from fpdf import FPDF
from PIL import Image

from adapters.slack.emulator import Limits as SlackLimits
from adapters.slack.emulator.speaking import Upload as SlackFile
from bot.domain.media import UploadState
from bot.domain.thread import TurnState
from specialists.emulator import ModelEmulator
from specialists.scripted import Hang, Say
from tests.stories.stage import Stage, set_stage, texts
from tests.stories.thinking import MAIN, thinking


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Stage]:
    async with set_stage(sqlite_url, slack_limits=SlackLimits.none()) as stage, stage.process():
        yield stage
        assert not stage.tg.violations
        assert not stage.slack.violations


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def report(*pages: str) -> bytes:
    pdf = FPDF()
    pdf.set_font("helvetica")
    for page in pages:
        pdf.add_page()
        pdf.multi_cell(0, text=page)
    return bytes(pdf.output())


async def test_a_report_and_a_question_about_it(stage: Stage) -> None:
    ann, bea = stage.tg.user("Ann"), stage.slack.user("Bea")
    content = report("Bridges open at nine.", "Ferries leave at ten.")
    await ann.sends_document("report.pdf", content, caption="When do ferries leave?", media_type="application/pdf")
    await bea.says("When do ferries leave?", files=[SlackFile("report.pdf", content, "application/pdf")])
    await stage.settles()
    for prompt in stage.engine.prompts:
        assert prompt.text == "When do ferries leave?"
        (document,) = prompt.documents
        assert (document.name, document.parts, document.part_kind, document.is_new) == ("report.pdf", 2, "page", True)
        assert "Ferries leave at ten." in document.text
    assert len(stage.engine.prompts) == 2
    assert len([path for path in stage.files_on_disk if path.stat().st_size == len(content)]) == 1, "kept once"
    # In a later turn it is there to be looked into, and what was said before tells of it.
    await ann.says("And bridges?")
    await stage.settles()
    prompt = stage.engine.prompts[-1]
    assert [(document.name, document.is_new, document.text) for document in prompt.documents] == [
        ("report.pdf", False, "")
    ]
    assert prompt.history[0].text == "When do ferries leave?\n[file: report.pdf, 2 pages]"


async def test_a_long_document_is_looked_into_and_not_told(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    lines = "\n".join(f"Line {number} of a very long story about bridges." for number in range(1_500))
    await ann.sends_document("story.txt", lines.encode(), caption="What is line 1234?", media_type="text/plain")
    await stage.settles()
    (document,) = stage.engine.prompts[0].documents
    assert (document.is_new, document.text) == (True, "")
    async with stage.board.store.begin() as tx:
        hits = await tx.uploads.search(stage.engine.prompts[0].thread, "1234")
    assert "Line 1234" in hits[0].text


async def test_an_album_with_one_caption_is_one_turn(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_album([picture("red"), picture("green"), picture("blue")], caption="What are these?")
    await stage.settles()
    (prompt,) = stage.engine.prompts
    assert prompt.text == "What are these?"
    assert len({one.content for one in prompt.pictures}) == 3
    assert len(ann.private.replies) == 1
    await ann.says("And the second one?")
    await stage.settles()
    assert len(stage.engine.prompts[-1].pictures) == 3
    assert stage.engine.prompts[-1].history[0].text.startswith("What are these?\n[picture: photo.jpg]")


async def test_an_album_is_one_turn_where_bursts_are_off(sqlite_url: str) -> None:
    async with set_stage(sqlite_url) as stage:
        stage.settings = stage.settings.model_copy(update={"burst_seconds": 0.0})
        async with stage.process():
            ann = stage.tg.user("Ann")
            await ann.sends_album([picture("red"), picture("green")], caption="@mentor What are these?")
            await ann.says("A question of its own")
            await stage.settles()
            assert [(one.text, len(one.pictures)) for one in stage.engine.prompts] == [
                ("What are these?", 2),
                ("A question of its own", 2),
            ]
            assert stage.engine.prompts[0].specialist.name == "mentor"


async def test_a_picture_may_be_for_somebody_or_for_whoever_fits_best(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_photo(picture("red"), caption="/mentor")
    await stage.settles()
    await ann.says("and now?")
    await stage.settles()
    await ann.sends_photo(picture("green"), caption="@anyone Design a logo for my bakery like this")
    await stage.settles()
    assert [(one.text, one.specialist.name) for one in stage.engine.prompts] == [
        ("", "mentor"),
        ("and now?", "mentor"),
        ("Design a logo for my bakery like this", "design"),
    ]


async def test_a_deleted_file_names_no_conversation(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    stage.engine.then(Say("Before. "), Hang())
    one = await ann.says("", files=[SlackFile("divorce.txt", b"text one", "text/plain")])
    await ann.says("", files=[SlackFile("notes.txt", b"text two", "text/plain")])
    await stage.until(lambda: bool(stage.engine.prompts))
    await ann.deletes(one)
    await stage.settles()
    async with stage.board.store.begin() as tx:
        assert (await tx.threads.get(1)).title == "notes.txt"


async def test_a_document_that_is_taken_back_while_it_is_shelved_is_not_kept(stage: Stage) -> None:
    ann = stage.slack.user("Ann")
    lines = "\n".join(f"Line {number} of a long and secret story." for number in range(2_000))
    said = await ann.says("what?", files=[SlackFile("story.txt", lines.encode(), "text/plain")])
    await stage.until(lambda: any("files" in path.parts for path in stage.files_on_disk))
    await ann.deletes(said)
    await stage.settles()
    assert not stage.files_on_disk


async def test_a_picture_alone_is_a_question(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("A red field."))
    await ann.sends_photo(picture("red"))
    await stage.settles()
    (prompt,) = stage.engine.prompts
    assert (prompt.text, len(prompt.pictures)) == ("", 1)
    assert texts(ann.private)[0].endswith("A red field.")


async def test_a_model_that_cannot_see_says_so(sqlite_url: str) -> None:
    async with set_stage(sqlite_url) as stage, ModelEmulator(clock=stage.clock, blind={"gpt-5.4"}) as models:
        cast = thinking(stage, models, text_only_models=(MAIN,), fallback_models=())
        async with stage.process():
            ann = stage.tg.user("Ann")
            await ann.sends_album([picture("red"), picture("green")], caption="What is this, and what is 2+2?")
            await stage.settles()
            assert "All right." in texts(ann.private)[0]
            assert "has not seen your 2 pictures" in texts(ann.private)[0]
            async with stage.board.store.begin() as tx:
                assert [one.text for one in await tx.turns.messages(1) if one.role == "assistant"] == ["All right."]
            asked = len(cast.asked)
            await ann.sends_photo(picture("blue"))
            await stage.settles()
            assert "cannot look at pictures" in texts(ann.private)[1]
            assert len(cast.asked) == asked, "nothing is left to ask"
        assert not models.violations


async def test_files_that_come_while_a_reply_streams_wait_for_their_turn(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("One moment. "), Hang())
    await ann.says("a first question")
    await stage.until(lambda: bool(stage.engine.prompts))
    await ann.sends_album([picture("red"), picture("blue")], caption="And these?")
    await stage.hears()
    await stage.clock.advance(5)
    assert len(stage.engine.prompts) == 1
    stage.engine.release()
    await stage.settles()
    assert [(one.text, len(one.pictures)) for one in stage.engine.prompts] == [
        ("a first question", 0),
        ("And these?", 2),
    ]


async def test_a_hostile_file_is_refused_and_the_question_answered(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_document("invoice.pdf", b"MZ\x90\x00" + bytes(200), caption="Summarise this, and what is 2+2?")
    await stage.settles()
    (prompt,) = stage.engine.prompts
    assert prompt.unread == ("invoice.pdf",)
    (reply,) = ann.private.replies
    assert "2+2" in reply.text_content
    assert "invoice.pdf" in reply.text_content
    assert not stage.files_on_disk
    async with stage.board.store.begin() as tx:
        (upload,) = await tx.uploads.of_turn(1)
    assert upload.state is UploadState.REFUSED


async def test_a_bomb_alone_ends_with_a_sentence_and_asks_nobody(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(30_000_000))
        archive.writestr("[Content_Types].xml", "<Types/>")
    await ann.sends_document("essay.docx", buffer.getvalue())
    await stage.settles()
    (reply,) = ann.private.replies
    assert reply.text_content.startswith("essay.docx:")
    assert not reply.buttons
    assert not stage.engine.prompts
    async with stage.board.store.begin() as tx:
        assert (await tx.turns.get(1)).state is TurnState.FAILED


async def test_more_files_than_a_turn_takes(sqlite_url: str) -> None:
    async with set_stage(sqlite_url, slack_limits=SlackLimits.none()) as stage:
        stage.settings = stage.settings.model_copy(update={"files_per_turn": 2})
        async with stage.process():
            ann = stage.slack.user("Ann")
            files = [SlackFile(f"note{one}.txt", f"Note number {one}.".encode(), "text/plain") for one in range(4)]
            await ann.says("What do they say?", files=files)
            await stage.settles()
            (prompt,) = stage.engine.prompts
            assert len(prompt.documents) == 2
            assert set(prompt.unread) == {"note2.txt", "note3.txt"}
            told = ann.dm.replies[0].text_content.replace("\\", "").replace("*", "")
            assert "note2.txt, note3.txt: I can take up to 2 files" in told


async def test_what_is_no_file_is_words_at_once(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_location(52.1, 13.4)
    await stage.settles()
    assert stage.engine.prompts[-1].text == "📍 Location: 52.1,13.4"
    await ann.sends_contact("Bob", "+49123")
    await stage.settles()
    assert stage.engine.prompts[-1].text == "👤 Contact: Bob +49123"
    await ann.sends_sticker(size_bytes=90_000_000)
    await stage.settles()
    assert stage.engine.prompts[-1].text
    assert not [call for call in stage.tg.calls if call.method == "getFile"]


async def test_stop_ends_the_looking_at_once(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.tg.faults.stalls()
    await ann.sends_document("report.pdf", report("Hello."), caption="What is this?")
    await stage.until(lambda: bool(stage.tg.downloads))
    await ann.says("/stop")
    await stage.settles()
    assert any("Stopped" in text for text in texts(ann.private))
    assert [call for call in stage.tg.calls if call.method == "sendChatAction"], "meanwhile somebody is at work"
    assert not stage.engine.prompts
    assert not stage.files_on_disk


async def test_who_dies_in_the_middle_leaves_nothing_and_another_goes_on(sqlite_url: str) -> None:
    async with set_stage(sqlite_url) as stage:
        ann = stage.tg.user("Ann")
        left = stage.folder / "temporary" / "one" / "left" / "file"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"of one that was killed")
        async with stage.process() as first:
            assert not left.exists()
            stage.tg.faults.stalls()
            await ann.sends_document("report.pdf", report("Hello."), caption="What is this?")
            await stage.until(lambda: bool(stage.tg.downloads))
            await first.dies()
        async with stage.process():
            await stage.settles()
            (prompt,) = stage.engine.prompts
            assert [document.name for document in prompt.documents] == ["report.pdf"]
            assert len(ann.private.replies) == 1


async def test_after_forget_nothing_is_on_disk(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.sends_document("report.pdf", report("My secret."), caption="What is this?")
    await ann.sends_photo(picture("red"))
    await stage.settles()
    assert stage.files_on_disk
    await ann.says("/forget")
    await stage.settles()
    await ann.presses("Yes, erase everything")
    await stage.settles()
    assert not stage.files_on_disk
