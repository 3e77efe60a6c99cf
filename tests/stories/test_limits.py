"""What a user may take in a minute and in a day, what it cost, and what is said about it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

from bot.domain.reply import Finished, Usage
from specialists.scripted import End, Say
from storage.ledger import Account, UsageTotal
from tests.stories.stage import Stage, set_stage, texts

DEAR = End(Finished((Usage("openai", "some-model", input_tokens=400, output_tokens=200, cost_usd=Decimal("0.01")),)))


@asynccontextmanager
async def _stage(url: str, **settings: object) -> AsyncIterator[Stage]:
    async with set_stage(url) as stage:
        stage.settings = stage.settings.model_copy(update=settings)
        async with stage.process():
            yield stage


async def test_who_has_used_up_the_day_is_told_when_it_goes_on_and_then_it_does(any_url: str) -> None:
    async with _stage(any_url, daily_tokens_per_user=500) as stage:
        ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
        stage.engine.then(Say("First."), DEAR)
        for question in ("@concierge one", "@concierge two"):
            await ann.says(question)
            await stage.settles()
        first, second = texts(ann.private)
        assert first == "First."
        assert second.startswith("You have reached your limit for today.")
        assert "00:00 UTC" in second
        await bob.says("@concierge one")
        await stage.settles()
        assert texts(bob.private) == ["one"]
        stage.clock.jump(timedelta(days=1))
        await ann.says("@concierge three")
        await stage.settles()
        assert texts(ann.private)[-1] == "three"
        account = await _account(stage)
        assert account.lost == 0
        assert (account.answered, account.refused) == (3, 1)


async def test_the_limit_of_a_workspace_is_everybodys(any_url: str) -> None:
    async with _stage(any_url, daily_tokens_per_workspace=500) as stage:
        ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
        stage.engine.then(Say("First."), DEAR)
        await ann.says("@concierge one")
        await stage.settles()
        await bob.says("@concierge one")
        await stage.settles()
        assert texts(bob.private)[0].startswith("Everybody here together has reached the limit")


async def test_too_many_questions_in_a_minute_are_refused_kindly_and_counted(any_url: str) -> None:
    async with _stage(any_url, rate_per_minute=3) as stage:
        ann = stage.tg.user("Ann")
        stage.clock.jump(timedelta(seconds=60 - stage.clock.now().second))
        for number in range(5):
            await ann.says(f"@concierge question {number}")
            await stage.clock.advance(2)
        await stage.settles()
        answered = [text for text in texts(ann.private) if text.startswith("question")]
        assert len(answered) == 3
        assert sum(text.startswith("That was quick!") for text in texts(ann.private)) == 1
        await stage.clock.advance(60)
        await ann.says("@concierge later")
        await stage.settles()
        assert texts(ann.private)[-1] == "later"
        account = await _account(stage)
        assert (account.answered, account.refused, account.lost) == (4, 2, 0)


async def test_what_a_reply_cost_is_in_the_books(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    stage.engine.then(Say("First."), DEAR)
    await ann.says("@analyst one")
    await stage.settles()
    (total,) = await _usage(stage, ann.id)
    assert (total.specialist, total.model, total.input_tokens, total.output_tokens) == (
        "analyst",
        "some-model",
        400,
        200,
    )
    assert total.cost_usd == Decimal("0.01")


async def _account(stage: Stage) -> Account:
    async with stage.board.store.begin() as tx:
        return await tx.ledger.account()


async def _usage(stage: Stage, telegram_id: int) -> list[UsageTotal]:
    async with stage.board.store.begin() as tx:
        user = await tx.users.find("telegram", "", str(telegram_id))
        assert user is not None
        return await tx.ledger.usage_of(user.id, stage.clock.now() - timedelta(days=1))
