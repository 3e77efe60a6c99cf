"""The whole way: a Telegram user, the platform with its real engines and tools, and emulated model providers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from adapters.telegram.emulator import Chat
from specialists.emulator import Call, Cut, ModelEmulator, Refuse, Say, Stall, Think, Used
from storage.ledger import UsageTotal
from tests.stories.commanding import opened, stored
from tests.stories.stage import Stage, set_stage, texts
from tests.stories.thinking import Cast, thinking


@asynccontextmanager
async def _stage(url: str, **settings: object) -> AsyncIterator[tuple[Stage, Cast]]:
    async with set_stage(url) as stage, ModelEmulator(clock=stage.clock) as models:
        yield stage, thinking(stage, models, **settings)
        assert not models.violations
        assert not stage.tg.violations


@pytest.fixture
async def scene(sqlite_url: str) -> AsyncIterator[tuple[Stage, Cast]]:
    async with _stage(sqlite_url) as (stage, cast), stage.process():
        yield stage, cast


def _newest(chat: Chat) -> str:
    return texts(chat)[-1]


async def test_the_day_of_a_user(any_url: str) -> None:
    """Routed, answered with a tool, handed over, stopped, edited, continued after a restart, exported, forgotten."""
    async with _stage(any_url) as (stage, cast):
        ann = stage.tg.user("Ann")
        async with stage.process():
            cast.routes["premium"] = "analyst"
            cast.then(
                Think("They want a percentage. ", pause_seconds=0.3), Call("calculate", {"expression": "17% * 4350"})
            )
            cast.then(Say("The premium is **739.50**.", pause_seconds=0.2), Used(900, 20, cached=400))
            await ann.says("how much premium is that, 17 of a hundred on 4350")
            await stage.settles()
            assert _newest(ann.private).splitlines()[0] == "📊 Analyst"
            assert _newest(ann.private).endswith("The premium is 739.50.")
            assert any("They want a percentage." in draft.thinking for draft in ann.private.drafts)
            assert "739.5" in cast.asked[1].messages[-1][1]

            cast.then(Say("That is for the mentor."), Call("transfer_to", {"specialist": "mentor", "reason": "career"}))
            cast.then(Say("Let us look at your options."))
            await ann.says("And should I change jobs?")
            await stage.settles()
            assert "Mentor takes over" in _newest(ann.private)
            assert _newest(ann.private).endswith("Let us look at your options.")

            cast.then(Say("First of all, " * 50, pause_seconds=0.2), Stall())
            await ann.says("Tell me everything")
            await stage.until(lambda: len(ann.private.drafts) > 8)
            await ann.presses_stop()
            await stage.settles()
            assert _newest(ann.private).endswith("Stopped.")
            assert cast.asked[-1].closed_early

            question = await ann.says("What is a good first step?")
            cast.then(Say("Write to one person."))
            await stage.settles()
            bubble = ann.private.replies[-1].message_id
            cast.then(Say("Write to two people."))
            await ann.edits(question, "What are two good first steps?")
            await stage.settles()
            assert (ann.private.replies[-1].message_id, _newest(ann.private)) == (bubble, "Write to two people.")

        stage.clock.jump(timedelta(days=1))
        async with stage.process():
            cast.then(Say("As we said yesterday."))
            await ann.says("Where were we?")
            await stage.settles()
            last = cast.asked[-1]
            assert ("user", "What are two good first steps?") in last.messages
            assert "Mentor" in last.system or "mentor" in last.system

            await ann.says("/export json")
            await stage.settles()
            assert "What are two good first steps?" in await opened(stage, ann.private.replies[-1])
            await ann.says("/forget")
            await stage.settles()
            await ann.presses(ann.private.replies[-1].buttons[0]["text"])
            await stage.settles()
            if any_url.startswith("sqlite"):
                everything = stored(stage)
                assert "first steps" not in everything
                assert f"telegram:{ann.id}" not in everything
            async with stage.board.store.begin() as tx:
                assert (await tx.ledger.account()).lost == 0


async def test_a_provider_that_dies_in_mid_stream_is_invisible(scene: tuple[Stage, Cast]) -> None:
    stage, cast = scene
    ann = stage.tg.user("Ann")
    cast.then(Say("The bridge opens at nine "), Cut())
    cast.then(Say("The bridge opens at nine and closes at five."))
    await ann.says("@concierge When is it open?")
    await stage.settles()
    assert texts(ann.private) == ["The bridge opens at nine and closes at five."]
    assert [asked.wire for asked in cast.asked] == ["chat", "anthropic"]


async def test_a_provider_that_is_down_from_the_start_is_invisible_too(scene: tuple[Stage, Cast]) -> None:
    stage, cast = scene
    ann = stage.tg.user("Ann")
    cast.then(Refuse(401))
    cast.then(Say("At nine."))
    await ann.says("@concierge When is it open?")
    await stage.settles()
    assert texts(ann.private) == ["At nine."]


async def test_with_every_provider_down_the_handbook_answers(scene: tuple[Stage, Cast]) -> None:
    stage, cast = scene
    ann = stage.tg.user("Ann")
    cast.then(Refuse(401))
    cast.then(Refuse(403))
    await ann.says("@concierge How do I connect Telegram?")
    await stage.settles()
    assert "TELEGRAM_BOT_TOKEN" in _newest(ann.private)


async def test_a_thread_gets_a_title_from_the_model(scene: tuple[Stage, Cast]) -> None:
    stage, cast = scene
    ann = stage.tg.user("Ann")
    cast.then(Say("At nine."))
    await ann.says("@concierge When is the bridge open?")
    await stage.settles()
    await ann.says("/threads")
    await stage.settles()
    assert "A fine title" in _newest(ann.private)


async def test_a_long_thread_costs_what_a_short_one_costs(sqlite_url: str) -> None:
    """Old messages are summed up behind the scenes, and the beginning of the prompt stays the same between times."""
    async with _stage(sqlite_url, memory_messages=8, rate_per_minute=0) as (stage, cast), stage.process():
        ann = stage.tg.user("Ann")
        for number in range(40):
            cast.then(Say(f"Answer {number}."))
            await ann.says(f"{'@concierge ' if not number else ''}Question {number} about the bridge?")
            await stage.settles()
        assert max(len(asked.messages) for asked in cast.asked) <= 10
        assert "They spoke about" in cast.asked[-1].system or any(
            "They spoke about" in text for _, text in cast.asked[-1].messages
        )
        again = [after.cached_tokens for after in cast.asked[20:]]
        assert sum(cached > 0 for cached in again) > len(again) / 2
        async with stage.board.store.begin() as tx:
            user = await tx.users.find("telegram", "", str(ann.id))
            assert user is not None
            totals: list[UsageTotal] = await tx.ledger.usage_of(user.id, stage.clock.now() - timedelta(days=1))
        assert sum(total.replies for total in totals) >= 40


async def test_what_was_said_is_remembered_on_request_and_told_to_the_next_reply(sqlite_url: str) -> None:
    async with _stage(sqlite_url, memory_facts=True) as (stage, cast), stage.process():
        ann = stage.tg.user("Ann")
        await ann.says("/memory add I am allergic to nuts")
        await stage.settles()
        await ann.says("@concierge What can I eat?")
        await stage.settles()
        assert "allergic to nuts" in cast.asked[-1].system or "allergic to nuts" in str(cast.asked[-1].body)


async def test_a_reminder_comes_when_it_is_due(scene: tuple[Stage, Cast]) -> None:
    stage, cast = scene
    ann = stage.tg.user("Ann")
    cast.then(Call("remind_me", {"text": "call Bob", "in_minutes": 5}))
    cast.then(Say("I will remind you."))
    await ann.says("@concierge Remind me to call Bob in five minutes")
    await stage.until(lambda: "I will remind you." in texts(ann.private))
    assert len(texts(ann.private)) == 1
    await stage.clock.advance(6 * 60)
    await stage.settles()
    assert _newest(ann.private) == "⏰ Reminder: call Bob"


async def test_an_order_specialist_keeps_the_brief(scene: tuple[Stage, Cast]) -> None:
    stage, cast = scene
    ann = stage.tg.user("Ann")
    cast.then(Call("save_brief", {"values": {}, "complete": False}))
    cast.then(Say("What is it for?"))
    await ann.says("@design I need a poster")
    await stage.settles()
    assert _newest(ann.private).endswith("What is it for?")


async def test_thinking_can_be_switched_off(scene: tuple[Stage, Cast]) -> None:
    stage, cast = scene
    ann = stage.tg.user("Ann")
    await ann.says("/thinking off")
    await stage.settles()
    cast.then(Think("A secret thought. ", pause_seconds=0.5), Say("Done."))
    await ann.says("@concierge Think")
    await stage.settles()
    assert not any("secret" in draft.thinking for draft in ann.private.drafts)
    assert _newest(ann.private) == "Done."
