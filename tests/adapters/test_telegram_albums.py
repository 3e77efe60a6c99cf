"""Files that people send, as they are heard: what each is called, and albums that are ours as a whole."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from adapters.telegram.emulator import Enclosed, TelegramEmulator, User
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.errors import StorageError
from bot.domain.incoming import Attachment, UserMessage
from bot.domain.messenger import Outgoing
from bot.domain.place import Ref
from tests.adapters.telegram_cast import Inbox, at, eventually, opus
from tests.fakes.clock import ManualClock

ME = "@switchboard_bot"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def listening(bot: TelegramMessenger, inbox: Inbox) -> AsyncIterator[TelegramMessenger]:
    task = asyncio.create_task(bot.run(inbox.take))
    yield bot
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def ann(tg: TelegramEmulator) -> User:
    return tg.user("Ann")


async def heard(inbox: Inbox, count: int) -> list[UserMessage]:
    await inbox.holds(count)
    return [one.payload for one in inbox.stored if isinstance(one.payload, UserMessage)]


async def posted(hooked: TelegramMessenger, update: dict[str, object], inbox: Inbox) -> int:
    headers = {"x-telegram-bot-api-secret-token": "hush"}
    return (await hooked.deliver(headers, json.dumps(update).encode(), inbox.take)).status


def paper(name: str) -> Enclosed:
    return Enclosed("document", name, b"%PDF", "application/pdf")


# One file


async def heard_of(inbox: Inbox, count: int) -> list[Attachment]:
    return [thing for message in await heard(inbox, count) for thing in message.attachments]


async def test_sounds_are_heard_of_with_their_length(listening: TelegramMessenger, ann: User, inbox: Inbox) -> None:
    voice = await ann.sends_voice(opus(), duration_seconds=7)
    note = await ann.sends_video_note(b"film", duration_seconds=9)
    size = len(opus())
    assert await heard_of(inbox, 2) == [
        Attachment("voice", voice.file_id, "voice.ogg", "audio/ogg", size, 7),
        Attachment("video_note", note.file_id, "video_note.mp4", "video/mp4", 4, 9),
    ]


async def test_files_without_a_name_get_one_by_what_they_are(
    listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    song = {"title": "Bridge", "performer": "The Ferries", "duration": 200}
    await ann.sends_audio(b"ID3", "track1.mp3", details=song)
    await ann.sends_audio(b"ID3", details=song)
    await ann.sends_audio(b"....ftyp", media_type="audio/mp4", details={"title": "Bridge"})
    await ann.sends_audio(b"OggS", media_type="audio/ogg")
    await ann.sends_document("", b"%PDF", media_type="application/pdf")
    await ann.sends(Enclosed("video", "", b"film", "video/mp4"))
    await ann.sends(Enclosed("animation", "", b"film", "video/mp4"))
    await ann.sends(Enclosed("animation", "cat.mp4", b"film", "video/mp4"))
    found = await heard_of(inbox, 8)
    assert [(one.kind, one.name) for one in found] == [
        ("audio", "track1.mp3"),
        ("audio", "The Ferries - Bridge.mp3"),
        ("audio", "Bridge.m4a"),
        ("audio", "audio.ogg"),
        ("document", "document.pdf"),
        ("video", "video.mp4"),
        ("video", "animation.mp4"),
        ("video", "cat.mp4"),
    ]


async def test_of_a_document_with_a_thumbnail_the_document_is_meant(
    listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    thumbnail = {"file_id": "THUMB", "file_unique_id": "t", "width": 90, "height": 90, "file_size": 900}
    sent = await ann.sends(Enclosed("document", "plan.pdf", b"%PDF", "application/pdf", None, {"thumbnail": thumbnail}))
    (found,) = await heard_of(inbox, 1)
    assert (found.file, found.size_bytes) == (sent.file_id, 4)


async def test_of_a_photo_the_large_one_is_meant(
    tg: TelegramEmulator, listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    sent = await ann.sends_photo(b"\xff\xd8 the large one")
    (found,) = await heard_of(inbox, 1)
    assert found == Attachment("photo", sent.file_id, "photo.jpg", "image/jpeg", 16)
    assert tg.file(sent).data == b"\xff\xd8 the large one"


async def test_places_and_contacts_are_no_files(listening: TelegramMessenger, ann: User, inbox: Inbox) -> None:
    await ann.sends_location(48.1, 11.5)
    await ann.sends_contact("Bo", "+4900000")
    assert await heard_of(inbox, 2) == [
        Attachment("location", name="48.1,11.5"),
        Attachment("contact", name="Bo +4900000"),
    ]


async def test_a_caption_that_only_names_us_says_nothing(
    tg: TelegramEmulator, listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    team = tg.supergroup("Team", members=[ann])
    await ann.sends_voice(opus(), ME, chat=team)
    await ann.says(ME, team)
    assert await inbox.holds(2) == ["", ME]


async def test_a_spoken_reply_to_us_in_a_group_is_for_us(
    tg: TelegramEmulator, listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    team = tg.supergroup("Team", members=[ann])
    said = await listening.send(at(team.id), Outgoing("Which bridge?"))
    await ann.sends_voice(opus(b"not for us"), chat=team)
    spoken = await ann.sends_voice(opus(), chat=team, reply_to=team.replies[-1])
    (message,) = await heard(inbox, 1)
    assert message.ref == Ref(at(team.id), str(spoken.message_id))
    assert message.reply_to == said


# Albums


async def test_in_a_private_chat_each_part_names_its_album(
    listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    await ann.sends_album([b"one", b"two", b"three"], caption="What are these?")
    await ann.sends_photo(b"another")
    *album, another = await heard(inbox, 4)
    assert [part.text for part in album] == ["What are these?", "", ""]
    assert len({part.album for part in album}) == 1
    assert album[0].album != another.album == ""


@pytest.mark.parametrize("captioned", [0, 1, 2])
async def test_an_album_that_names_us_once_is_ours_as_a_whole(
    tg: TelegramEmulator, listening: TelegramMessenger, ann: User, inbox: Inbox, captioned: int
) -> None:
    team = tg.supergroup("Team", members=[ann])
    papers = [paper("a.pdf"), paper("b.pdf"), paper("c.pdf")]
    parts = await ann.sends_album(papers, f"{ME} compare them", captioned, chat=team)
    found = await heard(inbox, 3)
    assert [part.ref for part in found] == [Ref(at(team.id), str(part.message_id)) for part in parts]
    assert [thing.name for part in found for thing in part.attachments] == ["a.pdf", "b.pdf", "c.pdf"]
    texts = ["", "", ""]
    texts[captioned] = "compare them"
    assert [part.text for part in found] == texts
    assert len({part.album for part in found}) == 1
    assert len({one.id for one in inbox.stored}) == 3


async def test_an_album_that_does_not_name_us_is_not_ours(
    tg: TelegramEmulator, listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    team, club = tg.supergroup("Team", members=[ann]), tg.supergroup("Club", members=[ann])
    await ann.sends_album([b"one", b"two"], "holiday", chat=team)
    await ann.sends_album([b"three", b"four"], f"{ME} look", chat=club)
    await ann.says(f"{ME} hello", team)
    assert await inbox.holds(3) == ["look", "", "hello"]
    assert {one.place for one in inbox.stored[:2]} == {at(club.id)}


async def test_an_album_in_a_topic_stays_in_it(
    tg: TelegramEmulator, listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    forum = tg.supergroup("Forum", members=[ann], forum=True)
    topic = await ann.creates_topic("Bridges", forum)
    await ann.sends_album([paper("a.pdf"), paper("b.pdf")], f"{ME} read", -1, chat=forum, topic=topic)
    await inbox.holds(2)
    assert {one.place for one in inbox.stored} == {at(forum.id, topic.id)}


async def test_an_album_that_could_not_be_stored_comes_again_as_a_whole(
    tg: TelegramEmulator, ann: User, clock: ManualClock
) -> None:
    """By webhook, where the parts come one by one, and the part that names us is posted again."""
    inbox = Inbox(StorageError("locked"))
    hooked = TelegramMessenger(
        tg.token, clock, api_base=tg.url, mode="webhook", public_url="https://bot.example", webhook_secret="hush"
    )
    team = tg.supergroup("Team", members=[ann])
    parts = await ann.sends_album([paper("a.pdf"), paper("b.pdf")], f"{ME} compare", -1, chat=team)
    updates = [{"update_id": number, "message": part.to_json()} for number, part in enumerate(parts, 1)]
    assert [await posted(hooked, update, inbox) for update in updates] == [200, 500]
    assert inbox.stored == []
    assert await posted(hooked, updates[1], inbox) == 200
    assert await inbox.holds(2) == ["", "compare"]
    await hooked.close()


async def test_an_edited_caption_is_an_edit(
    tg: TelegramEmulator, listening: TelegramMessenger, ann: User, inbox: Inbox
) -> None:
    parts = await ann.sends_album([b"one", b"two"], "What are these?")
    await ann.edits(parts[0], "What is this?")
    await eventually(lambda: len(inbox.stored) == 3)
    edit = inbox.stored[-1].payload
    assert getattr(edit, "text", "") == "What is this?"
