"""The same conversation with the whole platform at every kind of place."""

import re

import pytest

from bot.domain.place import Ref
from bot.domain.thread import TurnState
from specialists.scripted import Babble, Say
from tests.conformance.venue import Venue
from tests.stories.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGAIN = "🔄 Again"
FINAL_BUTTONS = (AGAIN, "👍", "👎")
TOKEN = re.compile(r"\bw\d+\b")


async def texts(person: Venue) -> list[str]:
    return [shown.text for shown in await person.look()]


def long_reply() -> str:
    """Over 30,000 characters of prose, code and tables in which `w1`, `w2`, … stand in their order."""
    number, parts, size = 0, [], 0
    while size < 30_000:
        words = [f"w{number + step}" for step in range(120)]
        number += 120
        prose = " ".join(f"The **{word}** is `open`." for word in words[:40])
        code = "```python\n" + "\n".join(f"{word} = ask(1)  # <b>&amp;" for word in words[40:80]) + "\n```"
        rows = "\n".join(f"| {word} | open |" for word in words[80:])
        parts += [f"## Chapter\n\n{prose}", code, f"| gate | state |\n|---|---|\n{rows}"]
        size = sum(map(len, parts))
    return "\n\n".join(parts)


async def test_a_question_is_answered_once_however_often_it_is_delivered(stage: Stage, person: Venue) -> None:
    await person.says("Is the bridge open?")
    await stage.settles()
    await person.repeats()
    await stage.settles()
    (reply,) = await person.look()
    assert (reply.text, reply.buttons) == ("Is the bridge open?", FINAL_BUTTONS)
    assert len(stage.engine.prompts) == 1
    await person.says("And on Sunday?")
    await stage.settles()
    assert await texts(person) == ["Is the bridge open?", "And on Sunday?"]
    assert len(stage.engine.prompts[1].history) == 2


async def test_the_reply_grows_and_ends_as_one_message(stage: Stage, person: Venue) -> None:
    text = "The bridge opens at nine. " * 12
    stage.engine.then(Say(text, pause_seconds=0.5))
    await person.says("When does it open?")
    await stage.settles()
    assert await texts(person) == [text.strip()]
    shown = [frame.strip() for frame in person.growth]
    assert len(set(shown)) > 3
    assert all(text.startswith(frame) for frame in shown)
    assert shown == sorted(shown, key=len)
    assert person.preview is None


async def test_the_places_own_stop_ends_the_reply_and_keeps_what_was_said(stage: Stage, person: Venue) -> None:
    stage.engine.then(Babble("and so on, "))
    await person.says("Tell me everything")
    await stage.until(lambda: len(person.growth) > 2)
    await person.stops()
    await stage.settles()
    (reply,) = await person.look()
    assert reply.text.startswith("and so on, and so on")
    assert re.search(r"Stopped\._?$", reply.text)
    assert reply.buttons == FINAL_BUTTONS
    assert stage.engine.replies[0].closed_early
    async with stage.board.store.begin() as tx:
        turn = await tx.turns.by_reply_ref(Ref(person.place, reply.message))
    assert turn is not None
    assert turn.state is TurnState.STOPPED


async def test_regenerate_answers_again_in_the_same_bubble(stage: Stage, person: Venue) -> None:
    stage.engine.then(Say("The first try, which was rather long. " * 5))
    stage.engine.then(Say("The second try."))
    await person.says("Try")
    await stage.settles()
    (first,) = await person.look()
    await person.presses(AGAIN)
    await person.presses(AGAIN)
    await stage.settles()
    (second,) = await person.look()
    assert (second.message, second.text, second.buttons) == (first.message, "The second try.", FINAL_BUTTONS)
    assert len(stage.engine.prompts) == 2
    assert not stage.engine.prompts[1].history


async def test_an_edited_question_is_answered_anew_in_the_same_bubble(stage: Stage, person: Venue) -> None:
    question = await person.says("What is 2 + 2?")
    await stage.settles()
    (first,) = await person.look()
    await person.edits(question, "What is 3 + 3?")
    await stage.settles()
    (second,) = await person.look()
    assert (second.message, second.text) == (first.message, "What is 3 + 3?")
    assert not stage.engine.prompts[1].history


async def test_a_long_reply_of_code_and_tables_arrives_whole(stage: Stage, person: Venue) -> None:
    text = long_reply()
    stage.engine.then(Say(text, chunk_chars=4_000, pause_seconds=0.5))
    await person.says("Tell me about all the gates")
    await stage.settles()
    shown = await person.look()
    assert TOKEN.findall("\n".join(one.text for one in shown)) == TOKEN.findall(text)
    assert not any(one.buttons for one in shown[:-1])
    await person.says("Thank you")
    await stage.settles()
    assert (await texts(person))[-1] == "Thank you"
