"""What people sent, fetched through the real client: the very bytes, or the right error and nothing on the disk."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from adapters.telegram.client import Client
from adapters.telegram.downloads import Downloads
from adapters.telegram.emulator import Message, TelegramEmulator, User
from adapters.telegram.messenger import TelegramMessenger
from bot.domain.errors import FileGone, FileTooLarge, Flooded, MessengerError, Misconfigured, Unreachable
from bot.domain.messenger import Fetching, Messenger
from tests.adapters.telegram_cast import at, eventually, hanging_up, opus
from tests.fakes.clock import ManualClock

MEGABYTE = 1_000_000
REPORT = bytes(range(256)) * 2_000


@pytest.fixture
def ann(tg: TelegramEmulator) -> User:
    return tg.user("Ann")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "arrived"


def fetched(bot: TelegramMessenger, message: Message, into: Path, limit_bytes: int = MEGABYTE) -> "asyncio.Task[int]":
    place = at(message.place.id)
    return asyncio.ensure_future(bot.fetch(place, message.file_id, into, limit_bytes=limit_bytes))


def lying(into: Path) -> bytes | None:
    """What is on the disk; None for nothing."""
    return into.read_bytes() if into.exists() else None


def test_it_hands_out_files() -> None:
    made: Messenger = TelegramMessenger("42:TEST", ManualClock())
    assert isinstance(made, Fetching)


async def test_a_file_arrives_as_it_was_sent(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path
) -> None:
    report = await ann.sends_document("report.pdf", REPORT)
    assert tg.downloads == []
    assert await fetched(bot, report, into) == len(REPORT)
    assert lying(into) == REPORT
    assert [download.sent_bytes for download in tg.downloads] == [len(REPORT)]


async def test_every_kind_of_file_can_be_fetched(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path
) -> None:
    team = tg.supergroup("Team", members=[ann])
    sent = [
        await ann.sends_voice(opus(b"hello"), chat=team),
        await ann.sends_audio(b"ID3 la la", "song.mp3"),
        await ann.sends_video_note(b"\x00\x00\x00\x18ftypmp42 hi"),
        await ann.sends_photo(b"\xff\xd8 the large one"),
        await ann.sends_document("empty.txt", b""),
    ]
    for message in sent:
        content = tg.file(message).data
        assert await fetched(bot, message, into) == len(content)
        assert lying(into) == content


async def test_a_file_over_the_limit_is_not_downloaded(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path
) -> None:
    for report, limit in (
        (await ann.sends_document("report.pdf", REPORT), len(REPORT) - 1),
        # Telegram itself hands out no more than 20 MB.
        (await ann.sends_document("film.mkv", b"x", size_bytes=21 * 1024 * 1024), 100 * MEGABYTE),
    ):
        with pytest.raises(FileTooLarge) as refusal:
            await fetched(bot, report, into, limit)
        assert not refusal.value.retryable
    assert tg.downloads == []
    assert lying(into) is None


async def test_a_file_that_proves_longer_than_it_claimed_is_cut(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path
) -> None:
    liar = await ann.sends_document("tiny.txt", bytes(8 * MEGABYTE), size_bytes=10)
    with pytest.raises(FileTooLarge):
        await fetched(bot, liar, into, 1_000)
    assert lying(into) is None
    exact = await ann.sends_document("exact.txt", REPORT, size_bytes=10)
    assert await fetched(bot, exact, into, len(REPORT)) == len(REPORT)


async def test_a_file_that_telegram_does_not_have_is_gone(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path
) -> None:
    report = await ann.sends_document("report.pdf", REPORT)
    tg.faults.fails(404, "Not Found", method="download")
    with pytest.raises(FileGone):
        await fetched(bot, report, into)
    tg.loses(report)
    for file in (report.media["document"]["file_id"], "never-there", "../../etc/passwd", "", "\ud83d", "a\x00\r\nb"):
        with pytest.raises(FileGone) as gone:
            await bot.fetch(at(ann.id), file, into, limit_bytes=MEGABYTE)
        assert not gone.value.retryable
    assert lying(into) is None


@pytest.mark.parametrize("method", ["getFile", "download"])
async def test_trouble_that_passes_may_be_tried_again(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path, method: str
) -> None:
    report = await ann.sends_document("report.pdf", REPORT)
    tg.faults.floods(7, method=method)
    with pytest.raises(Flooded) as flood:
        await fetched(bot, report, into)
    assert flood.value.retry_after_seconds == 7
    for strikes in (tg.faults.fails, tg.faults.drops_before, tg.faults.drops_after):
        # Always: a client may ask anew by itself on a connection that it had used before.
        strikes(method=method, times=None)
        with pytest.raises(Unreachable) as trouble:
            await fetched(bot, report, into)
        tg.faults.clear()
        assert trouble.value.retryable
        assert lying(into) is None
    assert await fetched(bot, report, into) == len(REPORT)
    assert lying(into) == REPORT


async def test_a_refused_token_is_a_setting(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path
) -> None:
    report = await ann.sends_document("report.pdf", REPORT)
    tg.faults.fails(401, "Unauthorized", method="download")
    with pytest.raises(Misconfigured):
        await fetched(bot, report, into)


async def test_a_download_that_stalls_ends(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path, clock: ManualClock
) -> None:
    report = await ann.sends_document("report.pdf", REPORT)
    stall = tg.faults.stalls()
    fetching = fetched(bot, report, into)
    await eventually(lambda: bool(tg.downloads and tg.downloads[0].sent_bytes))
    await clock.until(fetching.done, within_seconds=60)
    with pytest.raises(Unreachable, match="nothing came"):
        await fetching
    assert lying(into) is None
    stall.release.set()


async def test_a_download_is_given_up_with_its_turn(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path
) -> None:
    report = await ann.sends_document("report.pdf", REPORT)
    stall = tg.faults.stalls()
    fetching = fetched(bot, report, into)
    await eventually(lambda: bool(tg.downloads and tg.downloads[0].sent_bytes and lying(into) is not None))
    fetching.cancel()
    await asyncio.gather(fetching, return_exceptions=True)
    assert fetching.cancelled()
    assert lying(into) is None
    stall.release.set()


async def test_what_the_disk_refuses_is_not_telegrams_fault(bot: TelegramMessenger, ann: User, tmp_path: Path) -> None:
    report = await ann.sends_document("report.pdf", REPORT)
    with pytest.raises(MessengerError, match="not written: ENOENT") as trouble:
        await fetched(bot, report, tmp_path / "no folder" / "arrived")
    assert not trouble.value.retryable


async def test_neither_errors_nor_the_log_give_the_token_away(
    tg: TelegramEmulator, bot: TelegramMessenger, ann: User, into: Path, caplog: pytest.LogCaptureFixture
) -> None:
    report = await ann.sends_document("secret plan.pdf", REPORT)
    caplog.set_level(logging.DEBUG, logger="adapters")
    faults = tg.faults
    for strikes in (partial(faults.floods, 1), faults.fails, faults.drops_before, faults.drops_after):
        for method in ("getFile", "download"):
            strikes(method=method, times=None)
            with pytest.raises(MessengerError) as caught:
                await fetched(bot, report, into)
            faults.clear()
            told = "".join(traceback.format_exception(caught.value)) + caught.value.detail
            assert "TEST" not in told
            assert "plan" not in told
    assert "TEST" not in caplog.text
    assert "plan" not in caplog.text


async def test_without_a_server_nothing_is_fetched(clock: ManualClock, into: Path) -> None:
    async with hanging_up() as address:
        bot = TelegramMessenger("42:TEST", clock, api_base=address)
        with pytest.raises(Unreachable):
            await bot.fetch(at(7), "AgACAgIAAx", into, limit_bytes=MEGABYTE)
        await bot.close()
    assert lying(into) is None


# A Bot API server of one's own, with --local


@pytest.fixture
async def own(clock: ManualClock, tmp_path: Path) -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(clock=clock, local_folder=tmp_path / "42:TEST") as emulator:
        yield emulator


async def test_files_of_a_server_of_ones_own_are_read_from_its_disk(
    own: TelegramEmulator, clock: ManualClock, into: Path
) -> None:
    bot, ann = TelegramMessenger(own.token, clock, api_base=own.url), own.user("Ann")
    report = await ann.sends_document("report.pdf", REPORT, size_bytes=30 * MEGABYTE)
    assert await fetched(bot, report, into, 40 * MEGABYTE) == len(REPORT)
    assert lying(into) == REPORT
    with pytest.raises(FileTooLarge):
        await fetched(bot, report, into, 20 * MEGABYTE)
    liar = await ann.sends_document("tiny.txt", REPORT, size_bytes=1)
    with pytest.raises(FileTooLarge):
        await fetched(bot, liar, into, len(REPORT) - 1)
    assert lying(into) is None
    assert own.downloads == []
    await bot.close()


async def test_a_disk_that_is_not_shared_is_told_to_the_operator(
    own: TelegramEmulator, clock: ManualClock, into: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot, ann = TelegramMessenger(own.token, clock, api_base=own.url), own.user("Ann")
    report = await ann.sends_document("report.pdf", REPORT)
    told = own.faults.slow(method="getFile")
    fetching = fetched(bot, report, into)
    await eventually(lambda: told.hits == 1)
    (tmp_path / "42:TEST" / "documents" / f"file_{report.file_id}.pdf").unlink()
    told.release.set()
    with pytest.raises(FileGone) as gone:
        await fetching
    assert "TELEGRAM_API_BASE" in caplog.text
    assert "42:TEST" not in caplog.text + gone.value.detail
    await bot.close()


async def test_the_cloud_cannot_make_us_read_our_own_disk(
    own: TelegramEmulator, clock: ManualClock, into: Path
) -> None:
    report, client = await own.user("Ann").sends_document("report.pdf", REPORT), Client(own.token, own.url)
    with pytest.raises(FileGone):
        await Downloads(client, clock, has_own_server=False).fetch(report.file_id, into, MEGABYTE)
    assert lying(into) is None
    await client.close()
