"""What people do at the wrong moment: edit, press, archive, link and forget while something is under way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.domain.errors import ApiFailed
from bot.domain.messenger import File
from bot.domain.reply import Finished, Usage
from specialists.scripted import AskLeave, Attach, Babble, End, Fail, Hang, Pass, Say
from storage.briefs import Brief
from tests.stories.stage import Stage, set_stage, texts

PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(64)


@asynccontextmanager
async def _stage(url: str, **settings: object) -> AsyncIterator[Stage]:
    async with set_stage(url) as stage:
        stage.settings = stage.settings.model_copy(update=settings)
        async with stage.process():
            yield stage


async def test_an_edit_while_leave_is_awaited_is_answered_anew(any_url: str) -> None:
    async with _stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(AskLeave("book_table"))
        stage.engine.then(Say("Twelve o'clock it is."))
        question = await ann.says("@concierge Book a table")
        await stage.settles()
        await ann.edits(question, "Book a table for twelve o'clock")
        await stage.settles()
        assert texts(ann.private) == ["Twelve o'clock it is."]
        assert stage.engine.prompts[-1].text == "Book a table for twelve o'clock"
        assert stage.engine.prompts[-1].decision is None


async def test_an_edit_and_an_approval_at_once_do_not_run_what_was_not_allowed(any_url: str) -> None:
    async with _stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(AskLeave("book_table"))
        stage.engine.then(Say("Which one? "), AskLeave("book_hall"))
        question = await ann.says("@concierge Book a table")
        await stage.settles()
        await ann.edits(question, "Book the hall")
        await ann.presses("✅ Approve")
        await stage.settles()
        assert all(prompt.decision is None for prompt in stage.engine.prompts[2:])


async def test_many_edits_of_a_running_reply_are_one_reply_more(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Babble())
    question = await ann.says("@concierge one")
    await stage.until(lambda: len(ann.private.drafts) > 2)
    for text in ("two", "three", "four", "five"):
        await ann.edits(question, text)
    await stage.settles()
    assert [prompt.text for prompt in stage.engine.prompts] == ["one", "five"]
    assert texts(ann.private) == ["five"]


async def test_again_counts_against_the_limit_of_a_minute(any_url: str) -> None:
    async with _stage(any_url, rate_per_minute=3) as stage:
        ann = stage.tg.user("Ann")
        stage.clock.jump(timedelta(seconds=60 - stage.clock.now().second))
        await ann.says("@concierge one")
        await stage.settles()
        for _ in range(5):
            await ann.presses("🔄 Again")
            await stage.settles()
        assert len(stage.engine.prompts) == 3


async def test_a_brief_belongs_to_the_specialist_who_took_over(stage: Stage) -> None:
    ann = stage.tg.user("Ann")

    async def save(number: int) -> None:
        actions = stage.engine.prompts[number].actions
        assert actions is not None
        await actions.save_brief({"subject": "a poster"}, complete=False)

    stage.engine.then(Pass("design"))
    stage.engine.then(Say("What is it for? "), Hang())
    await ann.says("@concierge I need something")
    await stage.until(lambda: len(stage.engine.prompts) == 2)
    await save(1)
    stage.engine.release()
    await stage.settles()
    async with stage.board.store.begin() as tx:
        user = await tx.users.find("telegram", "", str(ann.id))
        assert user is not None
        briefs: list[Brief] = await tx.briefs.list(user.id)
    assert [(brief.specialist, dict(brief.values)) for brief in briefs] == [("design", {"subject": "a poster"})]


async def test_a_good_answer_stays_when_the_next_try_fails(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("A long good answer."))
    stage.engine.then(Fail(ApiFailed("down")))
    await ann.says("@concierge Tell me")
    await stage.settles()
    await ann.presses("🔄 Again")
    await stage.settles()
    (reply,) = texts(ann.private)
    assert reply.startswith("A long good answer.")
    assert "could not finish" in reply


async def test_a_picture_of_a_reply_that_asked_for_leave_is_there_in_the_end_once(any_url: str) -> None:
    async with _stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(Say("Here. "), Attach(File("a.png", PNG, "image/png")), AskLeave("book_table"))
        stage.engine.then(Say("Booked."), Attach(File("b.png", PNG, "image/png")))
        await ann.says("@concierge Book it")
        await stage.settles()
        await ann.presses("✅ Approve")
        await stage.settles()
        assert [list(message.media) for message in ann.private.replies] == [[], ["photo"], ["photo"]]


async def test_again_takes_the_old_pictures_away(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("One."), Attach(File("a.png", PNG, "image/png")))
    stage.engine.then(Say("Two."))
    await ann.says("@concierge Draw it")
    await stage.settles()
    await ann.presses("🔄 Again")
    await stage.settles()
    assert texts(ann.private) == ["Two."]


async def test_a_picture_of_an_attempt_that_died_is_not_shown_twice(any_url: str) -> None:
    async with set_stage(any_url) as stage:
        ann = stage.tg.user("Ann")
        for ending in ((Hang(),), ()):
            stage.engine.then(Attach(File("a.png", PNG, "image/png")), Say("Here."), *ending)
        async with stage.process():
            await ann.says("@concierge Draw it")
            await stage.until(lambda: bool(ann.private.drafts))
        async with stage.process():
            await stage.settles()
        assert [list(message.media) for message in ann.private.replies] == [[], ["photo"]]


async def test_stop_finds_a_reply_in_a_conversation_that_was_put_away(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Babble())
    await ann.says("@concierge Tell me everything")
    await stage.until(lambda: len(ann.private.drafts) > 2)
    await ann.says("/archive")
    await stage.clock.advance(2)
    await ann.says("/stop")
    await stage.settles()
    assert any(text.endswith("Stopped.") for text in texts(ann.private))


async def test_an_edit_may_call_another_specialist(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    question = await ann.says("@mentor first")
    await stage.settles()
    await ann.edits(question, "@analyst second")
    await stage.settles()
    assert [(p.specialist.name, p.text) for p in stage.engine.prompts] == [("mentor", "first"), ("analyst", "second")]


async def test_new_ends_what_waits_for_a_decision(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("Shall I? "), AskLeave("book_table"))
    await ann.says("@concierge Book a table")
    await stage.settles()
    await ann.says("/new")
    await stage.settles()
    async with stage.board.store.begin() as tx:
        account = await tx.ledger.account()
    assert (account.answered, account.waiting, account.lost) == (1, 0, 0)


async def test_nothing_is_spent_on_choosing_a_specialist_once_the_day_is_used_up(any_url: str) -> None:
    async with _stage(any_url, daily_tokens_per_user=500) as stage:
        ann = stage.tg.user("Ann")
        stage.engine.then(Say("First."), End(Finished((Usage("openai", "m", 600, 1),))))
        await ann.says("thanks")
        await stage.settles()
        await ann.says("how are the numbers")
        await stage.settles()
        assert len(stage.engine.prompts) == 1
        assert texts(ann.private)[-1].startswith("You have reached your limit")
