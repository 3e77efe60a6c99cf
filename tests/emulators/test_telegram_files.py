"""Files of people and of the bot, by the real client: what is sent, what can be fetched, and for how long."""

from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.types import BufferedInputFile, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.types import Message as Seen

from adapters.telegram.emulator import Enclosed, TelegramEmulator
from bot.domain.errors import Refused
from tests.adapters.telegram_cast import eventually, opus
from tests.emulators.conftest import bot_of
from tests.fakes.clock import ManualClock

HOUR = 3600.0


async def heard(bot: Bot) -> list[Seen]:
    """Every message that waits."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    return [message for update in updates if (message := update.message or update.edited_message) is not None]


async def download(bot: Bot, file_id: str) -> bytes:
    found = await bot.download(file_id)
    assert found is not None
    return found.read()


async def linked(bot: Bot, file_id: str) -> str:
    path = (await bot.get_file(file_id)).file_path
    assert path is not None
    return path


# What people send


async def test_each_kind_of_file_comes_with_its_facts_and_its_bytes(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    song = {"title": "Bridge", "performer": "The Ferries", "duration": 200}
    await ann.sends_voice(opus(), "listen", duration_seconds=7)
    await ann.sends_audio(b"ID3", "song.mp3", details=song)
    await ann.sends_video_note(b"film", duration_seconds=9)
    await ann.sends_photo(b"\xff\xd8 large")
    voice, audio, note, photo = await heard(bot)
    assert voice.voice is not None
    assert (voice.voice.duration, voice.voice.mime_type, voice.caption) == (7, "audio/ogg", "listen")
    assert await download(bot, voice.voice.file_id) == opus()
    assert audio.audio is not None
    assert (audio.audio.title, audio.audio.performer, audio.audio.file_name) == ("Bridge", "The Ferries", "song.mp3")
    assert note.video_note is not None
    assert (note.video_note.duration, note.video_note.file_size) == (9, 4)
    assert photo.photo is not None
    small, large = photo.photo
    assert await download(bot, large.file_id) == b"\xff\xd8 large"
    assert await download(bot, small.file_id) != b"\xff\xd8 large"


async def test_a_gif_is_a_document_too(tg: TelegramEmulator, bot: Bot) -> None:
    await tg.user("Ann").sends(Enclosed("animation", "cat.mp4", b"film", "video/mp4"))
    (gif,) = await heard(bot)
    assert gif.animation is not None
    assert gif.document is not None
    assert gif.animation.file_id == gif.document.file_id


async def test_places_and_contacts(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await ann.sends_location(48.1, 11.5)
    await ann.sends_contact("Bo", "+4900000")
    place, contact = await heard(bot)
    assert place.location is not None
    assert place.location.latitude == 48.1
    assert contact.contact is not None
    assert contact.contact.phone_number == "+4900000"


async def test_an_album_has_one_caption_where_the_sender_puts_it(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    papers = [Enclosed("document", name, b"%PDF", "application/pdf") for name in ("a.pdf", "b.pdf")]
    film = Enclosed("video", "film.mp4", b"film", "video/mp4")
    await ann.sends_album(papers, "compare", -1)
    await ann.sends_album([b"photo", film], "look")
    found = await heard(bot)
    assert [message.caption for message in found] == [None, "compare", "look", None]
    assert [message.content_type for message in found] == ["document", "document", "photo", "video"]
    groups = [message.media_group_id for message in found]
    assert groups[0] == groups[1] != groups[2] == groups[3]


async def test_what_is_no_album_cannot_be_sent_as_one(tg: TelegramEmulator) -> None:
    ann, paper = tg.user("Ann"), Enclosed("document", "a.pdf", b"%PDF", "application/pdf")
    spoken = Enclosed("voice", "", b"OggS", "audio/ogg")
    wrong: list[list[bytes | Enclosed]] = [[b"photo"], [b"photo", paper], [b"photo"] * 11, [spoken, spoken]]
    for files in wrong:
        with pytest.raises(Refused):
            await ann.sends_album(files)
    with pytest.raises(Refused):
        await ann.sends_photo(caption="x" * 1025)


async def test_an_edited_caption(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    photo = await ann.sends_photo(caption="a bridge")
    await ann.edits(photo, "two bridges")
    sent, edited = await heard(bot)
    assert (sent.message_id, edited.message_id) == (photo.message_id, photo.message_id)
    assert (sent.caption, edited.caption) == ("a bridge", "two bridges")
    assert edited.photo


async def test_people_answer_where_the_message_stands(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    forum = tg.supergroup("Forum", members=[ann], forum=True)
    topic = await ann.creates_topic("Bridges", forum)
    asked = await ann.says("which one?", forum, topic)
    await ann.replies(asked, "the old one")
    reply = (await heard(bot))[-1]
    assert (reply.chat.id, reply.message_thread_id) == (forum.id, topic.id)
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.message_id == asked.message_id


# Fetching


async def test_a_link_is_good_for_an_hour(tg: TelegramEmulator, bot: Bot, clock: ManualClock) -> None:
    report = await tg.user("Ann").sends_document("report.pdf", b"%PDF")
    path = await linked(bot, report.file_id)
    await clock.advance(HOUR - 1)
    assert await bot.download_file(path) is not None
    await clock.advance(2)
    with pytest.raises(aiohttp.ClientResponseError) as refusal:
        await bot.download_file(path)
    assert refusal.value.status == 404
    assert await download(bot, report.file_id) == b"%PDF"
    assert [(one.status, one.sent_bytes) for one in tg.downloads] == [(200, 4), (404, 0), (200, 4)]


async def test_without_a_link_or_the_token_nothing_is_handed_out(tg: TelegramEmulator, bot: Bot) -> None:
    report = await tg.user("Ann").sends_document("report.pdf", b"%PDF")
    guessed = tg.file(report).path
    async with aiohttp.ClientSession() as browser:
        assert (await browser.get(f"{tg.url}/file/bot{tg.token}/{guessed}")).status == 404
        path = await linked(bot, report.file_id)
        assert (await browser.get(f"{tg.url}/file/bot43:OTHER/{path}")).status == 404
        assert (await browser.get(f"{tg.url}/file/bot{tg.token}/{path}")).status == 200


async def test_what_is_lost_is_gone(tg: TelegramEmulator, bot: Bot) -> None:
    report = await tg.user("Ann").sends_document("report.pdf", b"%PDF")
    path, file_id = await linked(bot, report.file_id), report.file_id
    tg.loses(report)
    with pytest.raises(TelegramBadRequest, match="wrong file_id"):
        await bot.get_file(file_id)
    with pytest.raises(aiohttp.ClientResponseError):
        await bot.download_file(path)


async def test_a_bad_day_for_downloads(tg: TelegramEmulator, bot: Bot) -> None:
    report = await tg.user("Ann").sends_document("report.pdf", bytes(1_000_000))
    path = await linked(bot, report.file_id)
    tg.faults.cuts()
    with pytest.raises(aiohttp.ClientPayloadError):
        await bot.download_file(path)
    for status in (404, 502):
        tg.faults.fails(status, "no", method="download")
        with pytest.raises(aiohttp.ClientResponseError) as refusal:
            await bot.download_file(path)
        assert refusal.value.status == status
    tg.faults.floods(7, method="download")
    with pytest.raises(aiohttp.ClientResponseError) as flood:
        await bot.download_file(path)
    assert flood.value.headers is not None
    assert flood.value.headers["Retry-After"] == "7"
    tg.faults.floods(5, method="getFile")
    with pytest.raises(TelegramRetryAfter):
        await bot.get_file(report.file_id)
    assert [one.sent_bytes for one in tg.downloads] == [500_000, 0, 0, 0]


async def test_a_stalled_download_goes_on_when_it_is_released(tg: TelegramEmulator, bot: Bot) -> None:
    report = await tg.user("Ann").sends_document("report.pdf", bytes(1_000))
    stall = tg.faults.stalls()
    path = await linked(bot, report.file_id)
    received = 0
    async for piece in bot.session.stream_content(f"{tg.url}/file/bot{tg.token}/{path}"):
        received += len(piece)
        if received == 500:
            await eventually(lambda: tg.downloads[0].sent_bytes == 500)
            stall.release.set()
    assert received == 1_000


async def test_a_server_of_ones_own_names_a_path_on_its_disk(clock: ManualClock, tmp_path: Path) -> None:
    async with TelegramEmulator(clock=clock, local_folder=tmp_path) as tg, bot_of(tg) as bot:
        film = await tg.user("Ann").sends_document("film.mkv", b"film", size_bytes=30 * 1024 * 1024)
        path = Path(await linked(bot, film.file_id))
        assert path.is_relative_to(tmp_path)
        assert _content(path) == b"film"


def _content(path: Path) -> bytes:
    return path.read_bytes()


# What the bot sends


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (opus(), "voice"),
        (b"ID3 la la", "voice"),
        (b"\xff\xfb\x90 la la", "voice"),
        (b"\x00\x00\x00\x18ftypM4A ", "voice"),
        (b"OggS\x00 vorbis", "document"),
        (b"RIFF    WAVE", "document"),
    ],
)
async def test_what_is_played_as_voice_and_what_is_not(
    tg: TelegramEmulator, bot: Bot, content: bytes, shown: str
) -> None:
    ann = tg.user("Ann")
    sent = await bot.send_voice(ann.id, BufferedInputFile(content, "reply.ogg"), caption="hello")
    assert (sent.content_type, sent.caption) == (shown, "hello")
    assert tg.file(ann.private.replies[-1]).data == content


async def test_music_is_mp3_or_m4a(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    assert (await bot.send_audio(ann.id, BufferedInputFile(b"ID3", "song.mp3"))).content_type == "audio"
    assert (await bot.send_audio(ann.id, BufferedInputFile(opus(), "song.ogg"))).content_type == "document"


async def test_voice_may_be_forbidden_by_a_person_or_a_group(tg: TelegramEmulator, bot: Bot) -> None:
    ann, voice = tg.user("Ann"), BufferedInputFile(opus(), "reply.ogg")
    team = tg.supergroup("Team", members=[ann])
    ann.forbids_voice()
    with pytest.raises(TelegramBadRequest, match="VOICE_MESSAGES_FORBIDDEN"):
        await bot.send_voice(ann.id, voice)
    await bot.send_document(ann.id, voice)
    assert (await bot.send_voice(team.id, voice)).voice
    team.forbids_voice()
    with pytest.raises(TelegramBadRequest, match="not enough rights to send voice"):
        await bot.send_voice(team.id, voice)
    ann.forbids_voice(forbidden=False)
    with pytest.raises(TelegramBadRequest, match="caption is too long"):
        await bot.send_voice(ann.id, voice, caption="x" * 1025)


async def test_a_forced_reply_has_a_short_placeholder(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    await bot.send_message(ann.id, "Which one?", reply_markup=ForceReply(input_field_placeholder="x" * 64))
    assert ann.private.replies[-1].asks == "x" * 64
    for wrong in ("x" * 65, ""):
        with pytest.raises(TelegramBadRequest, match="placeholder"):
            await bot.send_message(ann.id, "Which one?", reply_markup=ForceReply(input_field_placeholder=wrong))
    await bot.send_message(ann.id, "And?", reply_markup=ForceReply())
    assert ann.private.replies[-1].asks == ""
    await bot.send_message(ann.id, "Well.")
    assert ann.private.replies[-1].asks is None


async def test_a_selective_forced_reply_asks_whom_it_answers(tg: TelegramEmulator, bot: Bot) -> None:
    ann, ben = tg.user("Ann"), tg.user("Ben")
    team = tg.supergroup("Team", members=[ann, ben])
    said = await ann.says("hm", team)
    selective = ForceReply(selective=True)
    await bot.send_message(team.id, "Which one?", reply_to_message_id=said.message_id, reply_markup=selective)
    await bot.send_message(team.id, "Which one?", reply_markup=selective)
    to_ann, to_nobody = team.replies
    assert [person.is_asked(to_ann) for person in (ann, ben)] == [True, False]
    assert [person.is_asked(to_nobody) for person in (ann, ben)] == [False, False]


async def test_a_message_with_a_forced_reply_cannot_be_edited(tg: TelegramEmulator, bot: Bot) -> None:
    ann = tg.user("Ann")
    asked = await bot.send_message(ann.id, "Which one?", reply_markup=ForceReply())
    with pytest.raises(TelegramBadRequest, match="can't be edited"):
        await bot.edit_message_text("This one?", chat_id=ann.id, message_id=asked.message_id)
    buttons = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Cancel", callback_data="no")]])
    with pytest.raises(TelegramBadRequest, match="can't be edited"):
        await bot.edit_message_reply_markup(chat_id=ann.id, message_id=asked.message_id, reply_markup=buttons)
    assert await bot.delete_message(ann.id, asked.message_id)
