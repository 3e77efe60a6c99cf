"""A user talks to the bot in a private chat: drafts while the reply grows, one rich message in the end."""

from bot.domain.errors import ContentRefused, RateLimited
from specialists.scripted import Babble, Fail, Hang, Say, Think, Use
from tests.stories.stage import Stage, texts


async def test_a_question_is_answered_once(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("Is the bridge open?")
    await stage.settles()
    assert texts(ann.private) == ["Is the bridge open?"]


async def test_the_reply_grows_as_a_draft_with_a_stop_button_and_ends_as_a_message(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Think("Let me see. "), Use("Looking it up", seconds=2.0), Say("The bridge opens at nine. " * 10))
    await ann.says("When does it open?")
    await stage.settles()
    frames = ann.private.drafts
    assert len(frames) > 2
    assert "Let me see." in frames[0].thinking
    assert "Looking it up" in "".join(draft.thinking for draft in frames)
    assert all(draft.can_stop for draft in ann.private.drafts)
    assert len({draft.draft_id for draft in ann.private.drafts}) == 1
    assert texts(ann.private) == [("The bridge opens at nine. " * 10).strip()]
    assert ann.private.draft is None


async def test_a_slow_engine_never_lets_the_draft_vanish(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("One moment. "), Hang())
    await ann.says("Think long about it")
    await stage.until(lambda: bool(ann.private.drafts))
    for _ in range(20):
        await stage.clock.advance(6)
        assert ann.private.draft is not None
    stage.engine.release()
    await stage.settles()
    assert texts(ann.private) == ["One moment."]


async def test_messages_of_one_burst_are_one_turn(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    for part in ("Good morning", "I have a question", "about the bridge"):
        await ann.says(part)
    await stage.settles()
    assert texts(ann.private) == ["Good morning\nI have a question\nabout the bridge"]
    assert len(stage.engine.prompts) == 1


async def test_messages_apart_are_turns_of_their_own(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    for question in ("one", "two", "three"):
        await ann.says(question)
        await stage.settles()
    assert texts(ann.private) == ["one", "two", "three"]
    assert [u.text for u in stage.engine.prompts[2].history] == ["one", "one", "two", "two"]


async def test_a_long_paste_is_one_turn_and_whole(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    paste = "\n".join(f"line {number} of the minutes of the meeting" for number in range(400))
    stage.engine.then(Say("I have read it."))
    await ann.says(paste)
    await stage.settles()
    assert len(stage.engine.prompts) == 1
    assert stage.engine.prompts[0].text.split() == paste.split()


async def test_what_is_said_while_a_reply_streams_waits_its_turn(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("First answer. "), Hang())
    await ann.says("first")
    await stage.until(lambda: bool(ann.private.drafts))
    await ann.says("second")
    await stage.clock.advance(5)
    assert len(stage.engine.prompts) == 1
    stage.engine.release()
    await stage.settles()
    assert texts(ann.private) == ["First answer.", "second"]


async def test_the_native_stop_button_keeps_what_was_said(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Babble("and so on, "))
    await ann.says("Tell me everything")
    await stage.until(lambda: len(ann.private.drafts) > 2)
    pressed_at = stage.clock.monotonic()
    await ann.presses_stop()
    await stage.until(lambda: bool(ann.private.replies))
    assert stage.clock.monotonic() - pressed_at < 1.0
    await stage.settles()
    (reply,) = texts(ann.private)
    assert reply.startswith("and so on, and so on")
    assert reply.endswith("Stopped.")
    assert stage.engine.replies[0].closed_early


async def test_the_stop_command_stops_too(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("Well, "), Hang())
    await ann.says("Tell me everything")
    await stage.until(lambda: bool(ann.private.drafts))
    await ann.says("/stop")
    await stage.settles()
    (reply,) = texts(ann.private)
    assert reply.startswith("Well,")
    assert reply.endswith("Stopped.")
    await ann.says("/stop")
    await stage.settles()
    assert "not writing anything" in texts(ann.private)[-1]


async def test_regenerate_answers_again_in_the_same_bubble(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("The first try."))
    stage.engine.then(Say("The second try."))
    await ann.says("Try")
    await stage.settles()
    (first,) = ann.private.replies
    press = await ann.presses("🔄 Again")
    await stage.settles()
    (second,) = ann.private.replies
    assert second.message_id == first.message_id
    assert second.text_content == "The second try."
    assert stage.tg.presses[press].answered


async def test_two_presses_of_regenerate_make_one_new_reply(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("Try")
    await stage.settles()
    await ann.presses("🔄 Again")
    await ann.presses("🔄 Again")
    await stage.settles()
    assert len(stage.engine.prompts) == 2
    assert len(ann.private.replies) == 1


async def test_an_edited_question_is_answered_anew_in_the_same_bubble(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    question = await ann.says("What is 2 + 2?")
    await stage.settles()
    bubble = ann.private.replies[0].message_id
    await ann.edits(question, "What is 3 + 3?")
    await stage.settles()
    assert texts(ann.private) == ["What is 3 + 3?"]
    assert ann.private.replies[0].message_id == bubble
    assert not stage.engine.prompts[1].history


async def test_an_edit_while_the_reply_streams_restarts_it(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Babble())
    question = await ann.says("Tell me about France")
    await stage.until(lambda: len(ann.private.drafts) > 1)
    await ann.edits(question, "Tell me about Spain")
    await stage.settles()
    assert texts(ann.private) == ["Tell me about Spain"]


async def test_an_edit_of_an_older_question_is_kept_and_not_answered(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    older = await ann.says("one")
    await stage.settles()
    await ann.says("two")
    await stage.settles()
    await ann.edits(older, "one, corrected")
    await stage.settles()
    await ann.says("three")
    await stage.settles()
    assert texts(ann.private) == ["one", "two", "three"]
    assert stage.engine.prompts[-1].history[0].text == "one, corrected"


async def test_only_the_newest_reply_has_buttons(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    for question in ("one", "two"):
        await ann.says(question)
        await stage.settles()
    first, second = ann.private.replies
    assert not first.buttons
    assert [button["text"] for button in second.buttons] == ["🔄 Again", "👍", "👎"]


async def test_thumbs_are_remembered(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("one")
    await stage.settles()
    press = await ann.presses("👍")
    await stage.settles()
    assert stage.tg.presses[press].text == "Thank you, noted."
    async with stage.board.store.begin() as tx:
        assert (await tx.turns.get(1)).rating == 1
    await ann.reacts(ann.private.replies[0], "👎")
    await stage.settles()
    async with stage.board.store.begin() as tx:
        assert (await tx.turns.get(1)).rating == -1


async def test_someone_elses_button_does_nothing(stage: Stage) -> None:
    ann, mallory = stage.tg.user("Ann"), stage.tg.user("Mallory")
    await ann.says("my secret question")
    await mallory.says("hello")
    await stage.settles()
    forged = ann.private.replies[0].buttons[0]["callback_data"]
    press = await mallory.presses_data(forged, mallory.private.replies[0])
    await stage.settles()
    assert len(stage.engine.prompts) == 2
    assert "secret" not in (stage.tg.presses[press].text or "")
    assert texts(mallory.private) == ["hello"]


async def test_a_button_we_never_made_is_answered_and_harmless(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("hello")
    await stage.settles()
    for data in ("again:999999", "again:x", "drop table turns", "again:1:2", "stop:-1"):
        press = await ann.presses_data(data, ann.private.replies[0])
        await stage.settles()
        assert stage.tg.presses[press].answered, data
    assert len(stage.engine.prompts) == 1


async def test_a_failing_engine_ends_in_a_kind_sentence(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("I was about to say "), Fail(RateLimited("the provider's own words")))
    await ann.says("hello")
    await stage.settles()
    (reply,) = texts(ann.private)
    assert reply.startswith("I was about to say")
    assert "provider" not in reply
    stage.engine.then(Fail(ContentRefused("internal"), raised=True))
    await ann.says("again")
    await stage.settles()
    assert "internal" not in texts(ann.private)[-1]
    await ann.says("are you there?")
    await stage.settles()
    assert texts(ann.private)[-1] == "are you there?"


async def test_new_begins_a_thread_without_the_old_history(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await ann.says("Remember the word kingfisher")
    await stage.settles()
    await ann.says("/new")
    await ann.says("What was the word?")
    await stage.settles()
    assert not stage.engine.prompts[1].history
    await ann.says("/threads")
    await stage.settles()
    listed = texts(ann.private)[-1]
    assert "Remember the word kingfisher" in listed
    assert "What was the word?" in listed


async def test_an_earlier_thread_is_opened_again_by_its_button(stage: Stage) -> None:
    ann, mallory = stage.tg.user("Ann"), stage.tg.user("Mallory")
    await ann.says("Remember the word kingfisher")
    await stage.settles()
    await ann.says("/new")
    await ann.says("Something else")
    await stage.settles()
    await ann.says("/threads")
    await stage.settles()
    press = await ann.presses("2. Remember the word kingfisher")
    await stage.settles()
    assert stage.tg.presses[press].answered
    await ann.says("What was the word?")
    await stage.settles()
    assert stage.engine.prompts[-1].history[0].text == "Remember the word kingfisher"
    await mallory.says("hello")
    await stage.settles()
    await mallory.presses_data("open:1", mallory.private.replies[0])
    await mallory.says("what was the word?")
    await stage.settles()
    assert all("kingfisher" not in said.text for said in stage.engine.prompts[-1].history)


async def test_start_and_help_are_answered_in_the_users_language(stage: Stage) -> None:
    ann, olga = stage.tg.user("Ann", language_code="en"), stage.tg.user("Ольга", language_code="ru")
    await ann.says("/start")
    await olga.says("/start")
    await stage.settles()
    assert "Hello, Ann" in texts(ann.private)[0]
    assert "Ольга" in texts(olga.private)[0]
    await olga.says("/nonsense")
    await stage.settles()
    assert "/nonsense" in texts(olga.private)[1]


async def test_each_private_topic_is_a_thread(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    work, home = await ann.creates_topic("Work"), await ann.creates_topic("Home")
    await ann.says("about work", topic=work)
    await ann.says("about home", topic=home)
    await stage.settles()
    assert {(m.topic, m.text_content) for m in ann.private.replies} == {
        (work.id, "about work"),
        (home.id, "about home"),
    }
    assert all(not prompt.history for prompt in stage.engine.prompts)


async def test_a_full_queue_tells_the_user(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("Wait. "), Hang())
    await ann.says("@concierge first")
    await stage.until(lambda: bool(ann.private.drafts))
    for number in range(25):
        await ann.says(f"question {number}")
        await stage.clock.advance(2)
    stage.engine.release()
    await stage.settles()
    said = texts(ann.private)
    assert sum("earlier messages" in text for text in said) >= 1
    assert [text for text in said if text.startswith("question")] == [f"question {n}" for n in range(20)]
    async with stage.board.store.begin() as tx:
        account = await tx.ledger.account()
    assert (account.received, account.answered, account.refused, account.waiting) == (26, 21, 5, 0)
