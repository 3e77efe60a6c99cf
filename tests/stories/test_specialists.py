"""Who answers: chosen by the user, by the router, by a specialist who hands over; and replies that ask for leave."""

import json

from adapters.telegram.emulator import Chat
from bot.domain.messenger import File
from specialists.scripted import AskLeave, Attach, Hang, Pass, Say, Use
from tests.stories.stage import Stage, set_stage, texts

PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(64)


def _labels(chat: Chat) -> list[str]:
    return [button["text"] for button in chat.replies[-1].buttons]


def _speakers(stage: Stage) -> list[str]:
    return [prompt.specialist.name for prompt in stage.engine.prompts]


async def test_a_name_in_front_chooses_the_specialist_and_the_thread_stays_with_it(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("@mentor How do I begin?")
    await stage.settles()
    await ann.says("And then?")
    await stage.settles()
    assert [(p.specialist.name, p.text) for p in stage.engine.prompts] == [
        ("mentor", "How do I begin?"),
        ("mentor", "And then?"),
    ]
    first, second = texts(ann.private)
    assert first.startswith("🧭 Mentor") or "Mentor" in first.splitlines()[0]
    assert second == "And then?"


async def test_a_command_with_a_question_asks_the_specialist_of_that_name(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("/analyst What is 2 + 2?")
    await stage.settles()
    assert [(p.specialist.name, p.text) for p in stage.engine.prompts] == [("analyst", "What is 2 + 2?")]


async def test_a_clear_question_finds_its_specialist_and_small_talk_stays_with_the_concierge(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("thanks")
    await stage.settles()
    await ann.says("Draw a bar chart of these monthly sales figures")
    await stage.settles()
    await ann.says("thanks")
    await stage.settles()
    assert _speakers(stage) == ["concierge", "analyst", "analyst"]
    assert "Analyst" in texts(ann.private)[1]


async def test_a_mention_of_nobody_we_know_is_just_text(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("@nobody hello there")
    await stage.settles()
    assert [(p.specialist.name, p.text) for p in stage.engine.prompts] == [("concierge", "@nobody hello there")]


async def test_a_handover_is_told_and_the_next_specialist_answers_in_the_same_bubble(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("One moment, "), Pass("mentor", "wants to change jobs"))
    stage.engine.then(Say("Let us look at your options."))
    await ann.says("@concierge I am not sure")
    await stage.settles()
    (reply,) = texts(ann.private)
    assert reply.startswith("One moment,")
    assert "Mentor takes over" in reply
    assert reply.endswith("Let us look at your options.")
    first, second = stage.engine.prompts
    assert (second.specialist.name, second.text, second.passed_on) == ("mentor", first.text, "wants to change jobs")
    await ann.says("Go on")
    await stage.settles()
    assert stage.engine.prompts[-1].specialist.name == "mentor"


async def test_nobody_gets_the_floor_twice_in_a_turn(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("One moment, "), Pass("mentor"))
    stage.engine.then(Say("I would rather ask the concierge. "), Pass("concierge"))
    await ann.says("@concierge I am not sure")
    await stage.settles()
    assert _speakers(stage) == ["concierge", "mentor"]
    assert texts(ann.private)[0].endswith("I would rather ask the concierge.")


async def test_what_needs_leave_waits_for_it_and_goes_on_in_the_same_bubble(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("I could book it. "), AskLeave("book_table", "people: 4"))
    stage.engine.then(Use("Booking", seconds=1.0), Say("It is booked."))
    await ann.says("@concierge Book a table")
    await stage.settles()
    (asked,) = texts(ann.private)
    assert asked.startswith("I could book it.")
    assert "May I do this?" in asked
    assert "people: 4" in asked
    assert len(_labels(ann.private)) == 2
    await ann.presses("✅ Approve")
    await stage.settles()
    assert texts(ann.private) == ["I could book it. It is booked."]
    decision = stage.engine.prompts[1].decision
    assert decision is not None
    assert decision.granted
    assert stage.engine.prompts[1].said == "I could book it. "


async def test_leave_is_still_given_after_a_restart(any_url: str) -> None:
    async with set_stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(Say("I could. "), AskLeave("book_table"))
        stage.engine.then(Say("It is booked."))
        async with stage.process():
            await ann.says("@concierge Book a table")
            await stage.settles()
        async with stage.process():
            await ann.presses("✅ Approve")
            await stage.settles()
        assert texts(ann.private) == ["I could. It is booked."]
        assert len(stage.engine.prompts) == 2


async def test_a_process_that_dies_while_it_does_what_was_allowed_has_it_done_once(any_url: str) -> None:
    async with set_stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(AskLeave("book_table"))
        stage.engine.then(Say("Booking… "), Hang())
        stage.engine.then(Say("I do not know whether it is booked."))
        async with stage.process():
            await ann.says("@concierge Book a table")
            await stage.settles()
            await ann.presses("✅ Approve")
            await stage.until(lambda: len(stage.engine.prompts) == 2)
            await stage.clock.advance(1)
        async with stage.process():
            await stage.settles()
        assert texts(ann.private) == ["I do not know whether it is booked."]
        begun = [prompt.decision.begun for prompt in stage.engine.prompts if prompt.decision is not None]
        assert begun == [False, True]


async def test_a_refusal_is_told_to_the_engine(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(AskLeave("book_table"))
    stage.engine.then(Say("Then I will not."))
    await ann.says("@concierge Book a table")
    await stage.settles()
    await ann.presses("✖️ Deny")
    await stage.settles()
    decision = stage.engine.prompts[1].decision
    assert decision is not None
    assert not decision.granted
    assert texts(ann.private) == ["Then I will not."]


async def test_a_message_instead_of_a_decision_is_a_no(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("Shall I? "), AskLeave("book_table"))
    stage.engine.then(Say("Good."))
    await ann.says("@concierge Book a table")
    await stage.settles()
    await ann.says("Never mind")
    await stage.settles()
    first, second = texts(ann.private)
    assert first.startswith("Shall I?")
    assert first.endswith("Stopped.")
    assert second == "Good."
    assert stage.engine.prompts[1].decision is None


async def test_a_file_of_a_reply_is_shown_below_it_as_a_picture(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("Here is the chart."), Attach(File("sales.png", PNG, "image/png")))
    await ann.says("@concierge Draw it")
    await stage.settles()
    words, picture = ann.private.replies
    assert (words.text_content, list(picture.media)) == ("Here is the chart.", ["photo"])


async def test_two_who_could_help_are_offered_and_the_choice_is_remembered(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("Make a plan for my numbers and my career")
    await stage.settles()
    assert json.dumps(_labels(ann.private))
