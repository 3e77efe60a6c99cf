"""What is said to a browser arrives whole, in events that fit the bus; what a visitor does becomes an `Incoming`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.web import (
    Changed,
    Deleted,
    Edited,
    Grew,
    Sent,
    Shown,
    WebEvent,
    WebMessenger,
    decode,
    edited,
    filled,
    pressed,
    said,
    topic,
    web_place,
)
from bot.domain.errors import FileGone
from bot.domain.incoming import Attachment, Command, Filled, Press, UserEdit, UserMessage
from bot.domain.messenger import Appending, Button, Delta, Fetching, File, Level, Messenger, Outgoing
from bot.domain.place import Place, Ref
from storage.bus import LocalBus
from tests.fakes.clock import ManualClock

START = ManualClock().now()
PLACE = web_place("a" * 32, "b" * 32)
NASTY = {
    "plain": "word " * 4_000,
    "cyrillic": "слово " * 3_000,
    "control characters": "\x01\x02" * 4_000,
    "quotes and slashes": '"\\' * 5_000,
    "emoji": "👩‍👩‍👧‍👦" * 800,
    "line ends": "\n" * 9_000,
    "a 10,000-line fence": "```\n" + "x = 1\n" * 10_000 + "```",
}


class Browser:
    """Hears one conversation and puts its messages together, as the page does."""

    def __init__(self, messages: AsyncIterator[tuple[str, str]]) -> None:
        self._messages = messages
        self.texts: dict[str, str] = {}

    async def hears(self) -> WebEvent:
        _, message = await anext(self._messages)
        event = decode(message)
        assert event is not None
        match event:
            case Sent() | Edited():
                self.texts[event.message] = event.text
            case Grew():
                self.texts[event.message] = self.texts[event.message][: event.offset] + event.text
            case Deleted():
                del self.texts[event.message]
            case Changed():
                pass
        return event

    async def hears_until(self, ref: Ref, text: str) -> None:
        while self.texts.get(ref.message) != text:
            await self.hears()


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[WebMessenger, Browser]]:
    bus = LocalBus()
    async with bus.subscribe(topic(PLACE)) as messages:
        yield WebMessenger(bus), Browser(messages)


def test_it_is_a_messenger_that_appends() -> None:
    web: Messenger = WebMessenger(LocalBus())
    assert isinstance(web, Appending)
    assert web.capabilities(PLACE).streaming == "appends"
    assert web.capabilities(PLACE).sends == ()


def test_the_page_shows_who_speaks_and_takes_files() -> None:
    facts = WebMessenger(LocalBus()).capabilities(PLACE)
    assert (facts.speaker, facts.files, facts.transcripts) == (True, Level.FULL, False)


async def test_it_hands_out_what_its_visitors_uploaded(tmp_path: Path) -> None:
    async def uploads(place: Place, token: str, into: Path, limit_bytes: int) -> int:
        assert (place, token, limit_bytes) == (PLACE, "a-token", 100)
        return await asyncio.to_thread(into.write_bytes, b"content")

    web = WebMessenger(LocalBus(), uploads)
    assert isinstance(web, Fetching)
    assert await web.fetch(PLACE, "a-token", tmp_path / "file", limit_bytes=100) == 7
    assert (tmp_path / "file").read_bytes() == b"content"
    with pytest.raises(FileGone):
        await WebMessenger(LocalBus()).fetch(PLACE, "a-token", tmp_path / "file", limit_bytes=100)


def test_a_long_reply_is_one_message_but_a_book_is_not() -> None:
    web = WebMessenger(LocalBus())
    assert web.fits(PLACE, "я" * 100_000)
    assert not web.fits(PLACE, "я" * 100_001)


async def test_a_message_arrives_with_everything_that_belongs_to_it() -> None:
    buttons = ((Button("Stop", "stop:7", "danger"),), (Button("👍", "up:7"), Button("👎", "down:7")))
    async with opened() as (web, browser):
        outgoing = Outgoing("Hello", buttons, thinking="hm", status="looking", streaming=True)
        ref = await web.send(PLACE, outgoing)
        assert await browser.hears() == Sent(ref.message, "Hello", buttons, True, "hm", "looking")


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
async def test_a_long_message_arrives_whole_in_events_that_fit_the_bus(text: str) -> None:
    async with opened() as (web, browser):
        ref = await web.send(PLACE, Outgoing(text, thinking="о" * 9_000, status="с" * 9_000, streaming=True))
        await browser.hears_until(ref, text)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
async def test_a_long_growth_arrives_whole_at_its_offset(text: str) -> None:
    async with opened() as (web, browser):
        ref = await web.send(PLACE, Outgoing("Beginning, and some more", streaming=True))
        await web.append(ref, Delta(len("Beginning"), text))
        await browser.hears_until(ref, "Beginning" + text)


async def test_a_growth_of_thinking_alone_cuts_nothing_off() -> None:
    async with opened() as (web, browser):
        ref = await web.send(PLACE, Outgoing("So far", streaming=True))
        await browser.hears()
        await web.append(ref, Delta(len("So far"), "", thinking="deeper", status="reading"))
        assert await browser.hears() == Grew(ref.message, 6, "", "deeper", "reading")
        assert browser.texts[ref.message] == "So far"


async def test_a_file_is_told_with_the_address_of_its_content() -> None:
    async with opened() as (web, browser):
        chart = File("chart.png", b"\x89PNG", "image/png", link="/files/abc")
        ref = await web.send(PLACE, Outgoing("Here it is", file=chart))
        shown = Shown("chart.png", "image/png", 4, "/files/abc")
        assert await browser.hears() == Sent(ref.message, "Here it is", file=shown)


async def test_a_spoken_reply_is_told_from_other_files() -> None:
    async with opened() as (web, browser):
        speech = File("reply.ogg", b"OggS", "audio/ogg", link="/files/abc")
        ref = await web.send(PLACE, Outgoing("", file=speech, voice=True))
        shown = Shown("reply.ogg", "audio/ogg", 4, "/files/abc", is_speech=True)
        assert await browser.hears() == Sent(ref.message, "", file=shown)


async def test_the_longest_file_name_still_fits_the_bus() -> None:
    async with opened() as (web, browser):
        await web.send(PLACE, Outgoing("", file=File("я" * 10_000 + "\ud83d", b"")))
        event = await browser.hears()
        assert isinstance(event, Sent)
        assert event.file is not None
        assert event.file.name.startswith("яяя")


async def test_a_lone_surrogate_never_stops_a_message() -> None:
    async with opened() as (web, browser):
        ref = await web.send(PLACE, Outgoing("half \ud83d of a pair"))
        await browser.hears()
        assert browser.texts[ref.message] == "half ? of a pair"


async def test_a_short_final_text_is_told_and_a_long_one_is_announced() -> None:
    async with opened() as (web, browser):
        ref = await web.send(PLACE, Outgoing("…", streaming=True))
        await browser.hears()
        await web.edit(ref, Outgoing("The end."))
        assert await browser.hears() == Edited(ref.message, "The end.")
        await web.edit(ref, Outgoing("word " * 4_000))
        assert await browser.hears() == Changed(ref.message)


async def test_a_message_can_be_taken_back() -> None:
    async with opened() as (web, browser):
        ref = await web.send(PLACE, Outgoing("Oops"))
        await browser.hears()
        await web.delete(ref)
        assert await browser.hears() == Deleted(ref.message)


async def test_more_buttons_than_the_bus_carries_lose_their_last_rows_only() -> None:
    rows = tuple((Button(f"Conversation number {n}", f"open:{n}"),) for n in range(100))
    async with opened() as (web, browser):
        await web.send(PLACE, Outgoing("Which one?", rows))
        event = await browser.hears()
        assert isinstance(event, Sent)
        assert event.buttons == rows[: len(event.buttons)]
        assert event.buttons


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "7",
        '{"is": "sent"}',
        '{"is": "sent", "message": "1", "file": 7}',
        '{"is": "danced", "message": "1"}',
        '{"is": "grew", "message": 1}',
    ],
)
def test_what_we_did_not_write_is_no_event(message: str) -> None:
    assert decode(message) is None


def test_every_deed_of_a_visitor_has_an_id_of_its_own() -> None:
    deeds = [said(PLACE, "", "en", "again", START) for _ in range(3)]
    assert len({deed.id for deed in deeds}) == 3
    assert all(deed.id.startswith("web:") for deed in deeds)
    assert {deed.sender.id for deed in deeds} == {PLACE.chat}


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [("/help", "help", ""), ("/New", "new", ""), (" /canned  hello\nworld ", "canned", "hello\nworld")],
)
def test_a_slash_and_a_word_is_a_command(text: str, name: str, arguments: str) -> None:
    payload = said(PLACE, "", "en", text, START).payload
    assert isinstance(payload, Command)
    assert (payload.name, payload.arguments) == (name, arguments)


def test_what_comes_with_files_is_no_command() -> None:
    picture = Attachment("photo", "a-token", "cat.png", "image/png", 7)
    payload = said(PLACE, "", "en", "/help", START, attachments=(picture,)).payload
    assert isinstance(payload, UserMessage)
    assert (payload.text, payload.attachments) == ("/help", (picture,))


@pytest.mark.parametrize("text", ["/etc/passwd is what?", "and/or", "/", "// note", "1/2", "/русский"])
def test_other_slashes_are_text(text: str) -> None:
    payload = said(PLACE, "", "ru", text, START).payload
    assert isinstance(payload, UserMessage)
    assert payload.text == text


def test_text_is_cleaned_at_the_door() -> None:
    payload = said(PLACE, "", "en", "a\x00b\r\nc\ud83d", START).payload
    assert isinstance(payload, UserMessage)
    assert payload.text == "ab\nc\ufffd"


def test_an_edit_and_a_press_say_which_message_they_mean() -> None:
    ref = Ref(PLACE, "c" * 32)
    assert edited(ref, "", "en", "better", START).payload == UserEdit(ref, "better")
    assert pressed(PLACE, "", "en", "up:7", START, ref=ref).payload == Press("up:7", ref)


def test_what_was_filled_in_is_cleaned_too() -> None:
    assert filled(PLACE, "", "en", "fix:7", "red\x00 apples", START).payload == Filled("fix:7", "red apples")
