"""What every messenger promises (`bot.domain.messenger`), tried at every kind of place."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.domain.errors import MessageGone, MessengerError, NotModified, StreamEnded
from bot.domain.incoming import Command, Press, StopRequest, UserEdit, UserMessage
from bot.domain.messenger import (
    Acknowledging,
    Appending,
    Button,
    Delta,
    Drafting,
    File,
    Finding,
    Identifying,
    Level,
    Outgoing,
    Streaming,
    ToolCard,
    Typing,
    Unbuttoning,
)
from bot.domain.place import Place, Ref
from tests.conformance.venue import Inbox, Shown, Venue, World
from tests.fakes.clock import ManualClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROW = ((Button("Again", "again:7"), Button("👍", "up:7", "success")),)
STRANGE_ACTIONS = ("again:7", "x" * 64, "я" * 32, "a b/c#d:e", '"}{\\', "<&>", "0")
FILE = File("minutes.txt", b"We met.", "text/plain")


async def last(venue: Venue) -> Shown:
    return (await venue.look())[-1]


async def texts(venue: Venue) -> list[str]:
    return [shown.text for shown in await venue.look()]


async def asked(world: World, venue: Venue, inbox: Inbox) -> str:
    """Somebody asks, and sees that we are at it; who it was."""
    question = await venue.says("Is the bridge open?")
    if isinstance(world.messenger, Typing):
        await world.messenger.typing(venue.place, question)
    return (await inbox.next(venue.place)).sender.id


# What we say


async def test_places_and_messages_survive_their_text_form(world: World, venue: Venue, inbox: Inbox) -> None:
    ref = await world.messenger.send(venue.place, Outgoing("Hello"))
    asked = await venue.says("Hello to you")
    heard = await inbox.next(venue.place)
    assert Place.parse(str(venue.place)) == venue.place == heard.place
    assert Ref.parse(str(ref)) == ref
    assert Ref.parse(str(asked)) == asked
    assert ref.place == venue.place
    assert world.messenger.name == venue.place.messenger == heard.id.partition(":")[0]


async def test_what_is_said_is_seen_then_changed_then_gone(world: World, venue: Venue) -> None:
    messenger, place = world.messenger, venue.place
    first = await messenger.send(place, Outgoing("The bridge is open.", ROW))
    second = await messenger.send(place, Outgoing("It closes at nine."))
    assert await venue.look() == [
        Shown(first.message, "The bridge is open.", ("Again", "👍")),
        Shown(second.message, "It closes at nine."),
    ]
    await messenger.edit(first, Outgoing("The bridge is closed."))
    await messenger.edit(second, Outgoing("It opens at nine.", ROW))
    assert await venue.look() == [
        Shown(first.message, "The bridge is closed."),
        Shown(second.message, "It opens at nine.", ("Again", "👍")),
    ]
    await messenger.delete(first)
    assert await texts(venue) == ["It opens at nine."]


async def test_two_places_are_two_places(world: World, venue: Venue) -> None:
    async with world.venue() as other:
        await world.messenger.send(venue.place, Outgoing("for you"))
        await world.messenger.send(other.place, Outgoing("for others"))
        assert await texts(venue) == ["for you"]
        assert await texts(other) == ["for others"]


async def test_an_edit_with_nothing_new_is_not_modified_or_harmless(world: World, venue: Venue) -> None:
    ref = await world.messenger.send(venue.place, Outgoing("Same as before", ROW))
    with suppress(NotModified):
        await world.messenger.edit(ref, Outgoing("Same as before", ROW))
    assert await venue.look() == [Shown(ref.message, "Same as before", ("Again", "👍"))]


async def test_a_message_that_is_gone_can_be_said_once_more(world: World, venue: Venue) -> None:
    ref = await world.messenger.send(venue.place, Outgoing("Oops"))
    await world.messenger.delete(ref)
    with suppress(MessageGone):
        await world.messenger.delete(ref)
    assert await texts(venue) == []
    try:
        await world.messenger.edit(ref, Outgoing("What I meant to say"))
    except MessageGone:
        assert await texts(venue) == []
        await world.messenger.send(venue.place, Outgoing("What I meant to say"))
    assert await texts(venue) == ["What I meant to say"]


# What we hear


async def test_what_a_person_says_is_heard_in_order(venue: Venue, inbox: Inbox) -> None:
    refs = [await venue.says(text) for text in ("Is the bridge open?", "Tell me.", "/help me out")]
    heard = [await inbox.next(venue.place) for _ in refs]
    assert [one.payload for one in heard] == [
        UserMessage(refs[0], "Is the bridge open?"),
        UserMessage(refs[1], "Tell me."),
        Command(refs[2], "help", "me out"),
    ]
    assert len({one.id for one in heard}) == 3
    assert len({one.sender.id for one in heard}) == 1


async def test_a_redelivered_event_is_the_same_event(venue: Venue, inbox: Inbox) -> None:
    await venue.says("Is the bridge open?")
    first = await inbox.next(venue.place)
    await venue.repeats()
    again = await inbox.next(venue.place)
    assert (again.id, again.place, again.payload) == (first.id, first.place, first.payload)


async def test_an_edited_question_names_the_message_it_changes(venue: Venue, inbox: Inbox) -> None:
    asked = await venue.says("What is 2 + 2?")
    said = await inbox.next(venue.place)
    await venue.edits(asked, "What is 3 + 3?")
    changed = await inbox.next(venue.place)
    assert changed.payload == UserEdit(asked, "What is 3 + 3?")
    assert changed.id != said.id
    assert changed.sender == said.sender


async def test_our_own_messages_are_not_heard(world: World, venue: Venue, inbox: Inbox) -> None:
    ref = await world.messenger.send(venue.place, Outgoing("/help yourself", ROW))
    await venue.echoes(ref)
    await world.messenger.edit(ref, Outgoing("Helped."))
    await venue.says("Thanks")
    heard = (await inbox.next(venue.place)).payload
    assert isinstance(heard, UserMessage)
    assert heard.text == "Thanks"


async def test_a_button_brings_back_the_action_it_carried(world: World, venue: Venue, inbox: Inbox) -> None:
    rows = tuple((Button(f"Button {number}", action),) for number, action in enumerate(STRANGE_ACTIONS))
    ref = await world.messenger.send(venue.place, Outgoing("Which one?", rows))
    for number, action in enumerate(STRANGE_ACTIONS):
        await venue.presses(f"Button {number}")
        heard = (await inbox.next(venue.place)).payload
        assert isinstance(heard, Press)
        assert (heard.action, heard.ref) == (action, ref)


async def test_who_presses_is_who_speaks(world: World, venue: Venue, inbox: Inbox) -> None:
    await venue.says("Hello")
    speaker = (await inbox.next(venue.place)).sender
    await world.messenger.send(venue.place, Outgoing("Hello", ROW))
    await venue.presses("Again")
    assert (await inbox.next(venue.place)).sender.id == speaker.id


# What a place can do, as it declares


async def test_a_reply_grows_as_the_place_declares(world: World, venue: Venue, inbox: Inbox) -> None:
    messenger, place = world.messenger, venue.place
    match messenger.capabilities(place).streaming:
        case "drafts":
            assert isinstance(messenger, Drafting)
            for text in ("The", "The bridge", "The bridge opens"):
                await messenger.draft(place, 7, Outgoing(text, streaming=True))
                assert venue.preview == text
            await messenger.send(place, Outgoing("The bridge opens at nine."))
        case "edits":
            ref = await messenger.send(place, Outgoing("The", ROW, streaming=True))
            for text in ("The bridge", "The bridge opens"):
                await messenger.edit(ref, Outgoing(text, ROW, streaming=True))
            await messenger.edit(ref, Outgoing("The bridge opens at nine."))
        case "appends":
            assert isinstance(messenger, Appending)
            ref = await messenger.send(place, Outgoing("The", ROW, streaming=True))
            await messenger.append(ref, Delta(3, " bridges"))
            await messenger.append(ref, Delta(10, " opens"))
            await texts(venue)
            await messenger.edit(ref, Outgoing("The bridge opens at nine."))
        case "streams":
            assert isinstance(messenger, Streaming)
            asker = await asked(world, venue, inbox)
            ref = await messenger.begin_stream(place, Outgoing("The", streaming=True), asker)
            await messenger.grow_stream(ref, Delta(3, " bridge", tools=(ToolCard("1", "Looking", "running"),)))
            await messenger.grow_stream(ref, Delta(10, " opens", tools=(ToolCard("1", "Looking", "done"),)))
            await messenger.edit(ref, Outgoing("The bridge opens at nine."))
    (shown,) = await venue.look()
    assert (shown.text, shown.buttons) == ("The bridge opens at nine.", ())
    assert venue.preview is None
    assert venue.growth[0] == "The"
    assert "The bridge opens" in venue.growth


async def test_a_stream_can_be_ended_as_something_else(world: World, venue: Venue, inbox: Inbox) -> None:
    messenger, place = world.messenger, venue.place
    if isinstance(messenger, Streaming) and messenger.capabilities(place).streaming == "streams":
        ref = await messenger.begin_stream(
            place, Outgoing("The bridge", streaming=True), await asked(world, venue, inbox)
        )
        await messenger.grow_stream(ref, Delta(10, " is open"))
        await messenger.edit(ref, Outgoing("The ferry is late.", ROW))
        assert await venue.look() == [Shown(ref.message, "The ferry is late.", ("Again", "👍"))]
        with pytest.raises(StreamEnded):
            await messenger.grow_stream(ref, Delta(18, " today"))
        await messenger.edit(ref, Outgoing("The ferry is late today."))
        assert await texts(venue) == ["The ferry is late today."]


async def test_a_stream_that_the_platform_has_closed_is_edited(world: World, venue: Venue, inbox: Inbox) -> None:
    messenger, place = world.messenger, venue.place
    if isinstance(messenger, Streaming) and messenger.capabilities(place).streaming == "streams":
        ref = await messenger.begin_stream(
            place, Outgoing("The bridge", streaming=True), await asked(world, venue, inbox)
        )
        await venue.stops()
        assert (await inbox.next(place)).payload == StopRequest()
        with pytest.raises(StreamEnded):
            await messenger.grow_stream(ref, Delta(10, " is open"))
        await messenger.edit(ref, Outgoing("The bridge. Stopped."))
        assert await texts(venue) == ["The bridge. Stopped."]


async def test_a_way_to_grow_that_is_not_declared_is_refused_or_not_offered(world: World, venue: Venue) -> None:
    messenger, place = world.messenger, venue.place
    streaming = messenger.capabilities(place).streaming
    if streaming != "drafts" and isinstance(messenger, Drafting):
        with pytest.raises(MessengerError):
            await messenger.draft(place, 7, Outgoing("The bridge", streaming=True))
    if streaming != "streams" and isinstance(messenger, Streaming):
        with pytest.raises(MessengerError):
            await messenger.begin_stream(place, Outgoing("The bridge", streaming=True), "1")
    assert isinstance(messenger, Appending) == (streaming == "appends")
    assert venue.preview is None
    assert await texts(venue) == []


async def test_a_draft_lives_as_long_as_declared_and_can_be_stopped(
    world: World, venue: Venue, inbox: Inbox, clock: ManualClock
) -> None:
    messenger, place = world.messenger, venue.place
    facts = messenger.capabilities(place)
    assert (facts.streaming == "drafts") == (facts.draft_ttl_seconds > 0) == bool(facts.drafts)
    if facts.streaming == "drafts" and isinstance(messenger, Drafting):
        await messenger.draft(place, 7, Outgoing("One moment", streaming=True))
        seen = []
        for seconds in (facts.draft_ttl_seconds - 1, 2):
            await clock.advance(seconds)
            seen.append(venue.preview)
        assert seen == ["One moment", None]
        await messenger.draft(place, 7, Outgoing("One moment", streaming=True))
        await venue.stops()
        assert (await inbox.next(place)).payload == StopRequest()


async def test_a_growing_message_shows_thought_and_status_only_until_it_is_final(world: World, venue: Venue) -> None:
    growing = Outgoing("The bridge", ROW, thinking="Let me see.", status="Looking it up", streaming=True)
    ref = await world.messenger.send(venue.place, growing)
    assert (await last(venue)).text.startswith("The bridge")
    await world.messenger.edit(ref, Outgoing("The bridge is open."))
    assert await venue.look() == [Shown(ref.message, "The bridge is open.")]


async def test_typing_is_shown_where_it_is_offered(world: World, venue: Venue) -> None:
    question = await venue.says("Is the bridge open?")
    if isinstance(world.messenger, Typing):
        await world.messenger.typing(venue.place, question)
        assert venue.is_typing
    assert await texts(venue) == []


async def test_buttons_stand_where_they_are_declared(world: World, venue: Venue) -> None:
    ref = await world.messenger.send(venue.place, Outgoing("Hello", ROW))
    declared = world.messenger.capabilities(venue.place).buttons
    assert bool((await last(venue)).buttons) == (declared in (Level.FULL, Level.PARTIAL))
    if isinstance(world.messenger, Unbuttoning):
        await world.messenger.clear_buttons(ref)
        assert await venue.look() == [Shown(ref.message, "Hello")]


async def test_a_file_comes_with_its_text_or_the_text_alone_as_declared(world: World, venue: Venue) -> None:
    messenger, place = world.messenger, venue.place
    outgoing = Outgoing("The minutes", ROW, file=FILE)
    match messenger.capabilities(place).files:
        case Level.REJECTED:
            with pytest.raises(MessengerError):
                await messenger.send(place, outgoing)
        case Level.DROPPED:
            ref = await messenger.send(place, outgoing)
            assert await venue.look() == [Shown(ref.message, "The minutes", ("Again", "👍"))]
        case Level.PARTIAL:
            ref = await messenger.send(place, outgoing)
            assert await venue.look() == [Shown(ref.message, "The minutes", file="minutes.txt")]
        case Level.FULL:
            ref = await messenger.send(place, outgoing)
            assert await venue.look() == [Shown(ref.message, "The minutes", ("Again", "👍"), file="minutes.txt")]


async def test_a_reply_points_to_its_question_where_several_people_speak(
    world: World, venue: Venue, inbox: Inbox
) -> None:
    asked = await venue.says("Is the bridge open?")
    await inbox.next(venue.place)
    await world.messenger.send(venue.place, Outgoing("It is.", reply_to=asked))
    shown = await last(venue)
    assert shown.text == "It is."
    if world.messenger.capabilities(venue.place).quotes:
        assert shown.quotes == asked.message


async def test_the_wait_at_a_pressed_button_is_ended_where_there_is_one(
    world: World, venue: Venue, inbox: Inbox
) -> None:
    await world.messenger.send(venue.place, Outgoing("Hello", ROW))
    for text in ("", "Thank you, noted. " * 30):
        before = venue.answered_presses
        await venue.presses("Again")
        heard = (await inbox.next(venue.place)).payload
        assert isinstance(heard, Press)
        assert bool(heard.press) == isinstance(world.messenger, Acknowledging)
        if isinstance(world.messenger, Acknowledging):
            await world.messenger.acknowledge(heard.press, text)
            assert venue.answered_presses == before + 1


async def test_a_send_in_doubt_is_found_where_looking_is_offered(world: World, venue: Venue, inbox: Inbox) -> None:
    messenger, place = world.messenger, venue.place
    await venue.says("Hello")
    await inbox.next(place)
    if isinstance(messenger, Finding):
        await messenger.send(place, Outgoing("An earlier message", ((Button("Again", "again:6"),),)))
        watermark, outgoing = messenger.watermark(place), Outgoing("Was I heard?", ROW)
        assert len(watermark) <= 64
        assert await messenger.find(place, watermark, outgoing) is None
        ref = await messenger.send(place, replace(outgoing, mark=watermark))
        assert await messenger.find(place, watermark, outgoing) == ref
        assert await texts(venue) == ["An earlier message", "Was I heard?"]


async def test_we_know_who_we_are(world: World) -> None:
    if isinstance(world.messenger, Identifying):
        assert len(await world.messenger.identify()) > 1
    assert world.messenger.name == world.messenger.name.strip().lower() != ""


async def test_declared_numbers_make_sense(world: World, venue: Venue) -> None:
    facts = world.messenger.capabilities(venue.place)
    rates = (*facts.sends, *facts.drafts, *facts.edits, *facts.streams, *facts.growths, *world.messenger.budget)
    assert facts.pace_seconds
    assert all(seconds >= 0 for seconds in facts.pace_seconds)
    assert all(rate.count > 0 and rate.seconds > 0 for rate in rates)
    assert facts.long_code_chars > 0
    assert facts.file_bytes > 0


# Trouble


def verbs(world: World, place: Place, said: Ref, doomed: Ref, press: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """A call of every verb that this messenger has."""
    messenger = world.messenger
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "send": lambda: messenger.send(place, Outgoing("once", ROW)),
        "send a file": lambda: messenger.send(place, Outgoing("once", file=FILE)),
        "edit": lambda: messenger.edit(said, Outgoing("twice")),
        "delete": lambda: messenger.delete(doomed),
    }
    if isinstance(messenger, Drafting) and messenger.capabilities(place).streaming == "drafts":
        calls["draft"] = lambda: messenger.draft(place, 9, Outgoing("so far", streaming=True))
    if isinstance(messenger, Appending):
        calls["append"] = lambda: messenger.append(said, Delta(0, "so far"))
    if isinstance(messenger, Typing):
        calls["typing"] = lambda: messenger.typing(place, said)
    if isinstance(messenger, Acknowledging):
        calls["acknowledge"] = lambda: messenger.acknowledge(press, "noted")
    if isinstance(messenger, Unbuttoning):
        calls["clear_buttons"] = lambda: messenger.clear_buttons(said)
    return calls


async def test_all_trouble_is_a_messenger_error_and_passes(world: World, venue: Venue, inbox: Inbox) -> None:
    messenger, place = world.messenger, venue.place
    said = await messenger.send(place, Outgoing("Hello", ROW))
    await venue.presses("Again")
    heard = (await inbox.next(place)).payload
    assert isinstance(heard, Press)
    for trouble, strikes in venue.troubles.items():
        doomed = await messenger.send(place, Outgoing(f"before {trouble}"))
        with strikes():
            for verb, call in verbs(world, place, said, doomed, heard.press).items():
                try:
                    await call()
                except MessengerError:
                    continue
                except Exception as error:
                    raise AssertionError(f"{verb} in {trouble} raised {error!r}") from error
                assert verb in venue.forgives, f"{verb} did not notice {trouble}"
    for call in verbs(world, place, said, await messenger.send(place, Outgoing("after")), heard.press).values():
        with suppress(NotModified):
            await call()
    assert "once" in await texts(venue)


OUTRAGEOUS = {
    "an enormous text": Outgoing("word " * 100_000),
    "an enormous thought": Outgoing("x", thinking="hm " * 50_000, status="looking " * 5_000, streaming=True),
    "a hundred rows of buttons": Outgoing("x", ROW * 100),
    "an endless label": Outgoing("x", ((Button("label " * 500, "again:7"),),)),
    "an invisible label": Outgoing("x", ((Button("\u200b", "again:7"),),)),
    "an empty row": Outgoing("x", ((),)),
    "half a character everywhere": Outgoing(
        "a\ud83d", ((Button("b\ud83d", "again:7"),),), "c\ud83d", "d\ud83d", streaming=True
    ),
    "control characters everywhere": Outgoing("a\x00", ((Button("b\x00", "again:7"),),), "c\x1b", "d\x07"),
    "an empty file": Outgoing("x", file=File("empty.txt", b"")),
    "a file with a wild name": Outgoing("x", file=File('../"a"\r\n: \ud83d\x00' + "n" * 400, b"x", "text/plain")),
    "a caption too long": Outgoing("word " * 2_000, file=FILE),
    "speech that is none": Outgoing("x", ROW, file=File("reply.ogg", b"x", "audio/ogg"), voice=True),
    "speech without a sound": Outgoing("x", voice=True),
    "an endless question": Outgoing("x", ROW, asks="why " * 500),
    "a question of half a character": Outgoing("x", asks="\ud83d"),
    "an answer to nothing": Outgoing("x", reply_to=Ref(Place("elsewhere", "1", "2", "3"), "4")),
}


@pytest.mark.parametrize("outgoing", OUTRAGEOUS.values(), ids=OUTRAGEOUS.keys())
async def test_whatever_we_say_ends_in_a_message_or_a_messenger_error(
    world: World, venue: Venue, outgoing: Outgoing
) -> None:
    ref = await world.messenger.send(venue.place, Outgoing("Hello"))
    with suppress(MessengerError):
        await world.messenger.edit(ref, outgoing)
    with suppress(MessengerError):
        await world.messenger.send(venue.place, outgoing)
    if isinstance(world.messenger, Drafting):
        with suppress(MessengerError):
            await world.messenger.draft(venue.place, 5, outgoing)
    ref = await world.messenger.send(venue.place, Outgoing("Still here"))
    assert (await last(venue)) == Shown(ref.message, "Still here")
