"""Files, both ways, and speech: what every messenger promises of them, tried at every kind of place."""

from pathlib import Path

import pytest

from bot.domain.errors import FileGone, FileTooLarge, MessengerError, VoiceRefused
from bot.domain.incoming import Attachment, UserMessage
from bot.domain.messenger import Fetching, File, Outgoing
from bot.domain.place import Ref
from tests.adapters.telegram_cast import opus
from tests.conformance.venue import Inbox, Shown, Venue, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEGABYTE = 1_000_000
MINUTES = File("minutes.txt", b"We met.\n" * 40_000, "text/plain")
PLAN = File("plan.pdf", b"%PDF-1.7 a plan", "application/pdf")
SPOKEN = File("reply.ogg", opus(), "audio/ogg")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "arrived"


def lying(into: Path) -> bytes | None:
    """What is on the disk; None for nothing."""
    return into.read_bytes() if into.exists() else None


def fetching(world: World) -> Fetching:
    assert isinstance(world.messenger, Fetching)
    return world.messenger


async def heard(venue: Venue, inbox: Inbox) -> UserMessage:
    payload = (await inbox.next(venue.place)).payload
    assert isinstance(payload, UserMessage)
    return payload


async def sent(venue: Venue, inbox: Inbox, file: File) -> tuple[Ref, Attachment]:
    """The person sends one file; their message, and what we hear of it."""
    (ref,) = await venue.sends(file)
    (attachment,) = (await heard(venue, inbox)).attachments
    return ref, attachment


# In


async def test_a_file_is_heard_of_and_fetched_as_it_was_sent(
    world: World, venue: Venue, inbox: Inbox, into: Path
) -> None:
    (ref,) = await venue.sends(MINUTES, text="What did we decide?")
    message = await heard(venue, inbox)
    assert (message.ref, message.text, message.album) == (ref, "What did we decide?", "")
    (file,) = message.attachments
    assert (file.kind, file.name, file.media_type) == ("document", MINUTES.name, MINUTES.media_type)
    assert file.size_bytes in (None, len(MINUTES.content))
    size = await fetching(world).fetch(venue.place, file.file, into, limit_bytes=MEGABYTE)
    assert size == len(MINUTES.content)
    assert lying(into) == MINUTES.content


async def test_a_file_without_words_says_nothing(venue: Venue, inbox: Inbox) -> None:
    await venue.sends(PLAN)
    message = await heard(venue, inbox)
    assert message.text == ""
    assert [file.name for file in message.attachments] == ["plan.pdf"]


async def test_files_with_one_text_are_one_message_or_one_album(
    world: World, venue: Venue, inbox: Inbox, into: Path
) -> None:
    refs = await venue.sends(MINUTES, PLAN, text="Compare them")
    messages = [await heard(venue, inbox) for _ in refs]
    assert [message.ref for message in messages] == refs
    assert sorted(message.text for message in messages)[-1] == "Compare them"
    assert [message.text for message in messages if message.text] == ["Compare them"]
    assert len({message.album for message in messages}) == 1
    assert bool(messages[0].album) == (len(messages) > 1)
    files = [file for message in messages for file in message.attachments]
    assert [file.name for file in files] == ["minutes.txt", "plan.pdf"]
    for file, origin in zip(files, (MINUTES, PLAN), strict=True):
        await fetching(world).fetch(venue.place, file.file, into, limit_bytes=MEGABYTE)
        assert lying(into) == origin.content


async def test_a_voice_is_heard_with_its_length(world: World, venue: Venue, inbox: Inbox, into: Path) -> None:
    ref = await venue.speaks(opus(b"Is the bridge open?"), 7)
    message = await heard(venue, inbox)
    assert (message.ref, message.text) == (ref, "")
    (voice,) = message.attachments
    assert (voice.kind, voice.duration_seconds) == ("voice", 7)
    assert voice.media_type.startswith("audio/")
    await fetching(world).fetch(venue.place, voice.file, into, limit_bytes=MEGABYTE)
    assert lying(into) == opus(b"Is the bridge open?")


async def test_a_file_over_the_limit_does_not_come(world: World, venue: Venue, inbox: Inbox, into: Path) -> None:
    _, file = await sent(venue, inbox, MINUTES)
    with pytest.raises(FileTooLarge) as refusal:
        await fetching(world).fetch(venue.place, file.file, into, limit_bytes=len(MINUTES.content) - 1)
    assert not refusal.value.retryable
    assert lying(into) is None
    await fetching(world).fetch(venue.place, file.file, into, limit_bytes=len(MINUTES.content))
    assert lying(into) == MINUTES.content


async def test_a_file_that_is_gone_says_so(world: World, venue: Venue, inbox: Inbox, into: Path) -> None:
    ref, file = await sent(venue, inbox, PLAN)
    await venue.loses(ref)
    with pytest.raises(FileGone) as gone:
        await fetching(world).fetch(venue.place, file.file, into, limit_bytes=MEGABYTE)
    assert not gone.value.retryable
    assert lying(into) is None


@pytest.mark.parametrize("file", ["", "never-there", "../../etc/passwd", "x" * 300])
async def test_no_name_of_a_file_leads_anywhere_else(world: World, venue: Venue, into: Path, file: str) -> None:
    with pytest.raises(MessengerError):
        await fetching(world).fetch(venue.place, file, into, limit_bytes=MEGABYTE)
    assert lying(into) is None


# Out


async def test_speech_is_played_or_lies_there_as_a_file(world: World, venue: Venue) -> None:
    messenger, place = world.messenger, venue.place
    ref = await messenger.send(place, Outgoing("The bridge is open.", file=SPOKEN, voice=True))
    (shown,) = await venue.look()
    assert (shown.message, shown.text) == (ref.message, "The bridge is open.")
    assert shown.is_voice or shown.file == "reply.ogg"


async def test_speech_that_is_not_wanted_can_be_sent_as_a_file(world: World, venue: Venue) -> None:
    messenger, place = world.messenger, venue.place
    if not venue.refuses_voice():
        return
    with pytest.raises(VoiceRefused) as refusal:
        await messenger.send(place, Outgoing("", file=SPOKEN, voice=True))
    assert not refusal.value.retryable
    assert await venue.look() == []
    ref = await messenger.send(place, Outgoing("The bridge is open.", file=SPOKEN))
    assert await venue.look() == [Shown(ref.message, "The bridge is open.", file="reply.ogg")]


async def test_a_question_that_asks_for_a_reply_is_seen_and_answered(world: World, venue: Venue, inbox: Inbox) -> None:
    ref = await world.messenger.send(venue.place, Outgoing("What did you say?", asks="What you said"))
    assert await venue.look() == [Shown(ref.message, "What did you say?")]
    await venue.says("That the bridge is open")
    assert (await heard(venue, inbox)).text == "That the bridge is open"
    await world.messenger.delete(ref)
    assert await venue.look() == []
