"""A user says how they want to be served, sees what that took, and is one person on all messengers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.telegram.emulator import User
from adapters.web import said, web_place
from bot.domain.reply import Usage
from bot.domain.thread import User as Person
from tests.stories.commanding import labels, presses, says, stored
from tests.stories.stage import Stage, set_stage, texts


@pytest.fixture
async def remembering(sqlite_url: str) -> AsyncIterator[Stage]:
    """A stage whose platform may keep facts about users, with a daily limit."""
    async with set_stage(sqlite_url) as stage:
        wishes = {"memory_facts": True, "daily_tokens_per_user": 10_000}
        stage.settings = stage.settings.model_copy(update=wishes)
        async with stage.process():
            yield stage
            assert not stage.tg.violations


async def person(stage: Stage, user: User) -> Person:
    async with stage.board.store.begin() as tx:
        return await tx.users.resolve("telegram", "", str(user.id), name="", locale="en")


async def test_the_language_of_menus_is_chosen_by_button_or_word(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "/language")
    assert labels(ann.private.replies[-1]) == ["✓ English", "Русский"]
    assert "на русском" in await presses(stage, ann, "Русский")
    assert labels(ann.private.replies[-1]) == ["English", "✓ Русский"]
    assert "Кто отвечает" in await says(stage, ann, "/help")
    assert "are in English" in await says(stage, ann, "/language en")


async def test_thinking_is_shown_as_much_as_the_user_wants(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "/thinking")
    assert labels(ann.private.replies[-1]) == ["Nothing", "✓ In brief", "Everything"]
    assert "all of my thinking" in await presses(stage, ann, "Everything")
    assert (await person(stage, ann)).thinking == "full"
    assert "answer only" in await says(stage, ann, "/thinking OFF")
    assert (await person(stage, ann)).thinking == "off"
    assert "how much" in await says(stage, ann, "/thinking loudly")


async def test_settings_show_everything_and_lead_to_each(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    shown = await says(stage, ann, "/settings")
    for part in ("Language: English", "Thinking aloud: In brief", "Memory: off here", "Telegram"):
        assert part in shown
    assert labels(ann.private.replies[-1]) == ["Language", "Thinking", "Memory", "Link a messenger"]
    assert "Which language" in await presses(stage, ann, "Language")


async def test_facts_are_added_listed_and_removed_each_by_its_own_button(remembering: Stage) -> None:
    stage, ann = remembering, remembering.tg.user("Ann")
    assert "nothing in mind" in await says(stage, ann, "/memory")
    assert "after /memory add" in await says(stage, ann, "/memory add")
    await says(stage, ann, "/memory add I like *tea*", "/memory add My dog is called Rex")
    assert "2. My dog is called Rex" in await says(stage, ann, "/memory")
    old = ann.private.replies[-1]
    assert await presses(stage, ann, "✕ 1") == texts(ann.private)[-1]
    assert "1. My dog is called Rex" in old.text_content
    assert "tea" not in old.text_content
    await says(stage, ann, "good morning to you")
    assert stage.engine.prompts[-1].facts == ("My dog is called Rex",)


async def test_all_facts_go_after_a_question(remembering: Stage) -> None:
    stage, ann = remembering, remembering.tg.user("Ann")
    await says(stage, ann, "/memory add I like tea", "/memory add I dislike rain")
    assert "all 2 things" in await says(stage, ann, "/memory clear")
    assert "nothing in mind" in await presses(stage, ann, "Yes, forget them")
    assert "nothing in mind" in await says(stage, ann, "/memory")


async def test_where_nothing_is_remembered_the_command_says_so(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    for command in ("/memory", "/memory add I like tea"):
        assert "switched off here" in await says(stage, ann, command)
    async with stage.board.store.begin() as tx:
        assert await tx.memory.facts((await tx.users.resolve("telegram", "", str(ann.id), name="", locale="")).id) == []


async def test_usage_tells_tokens_cost_and_what_is_left(remembering: Stage) -> None:
    stage, ann = remembering, remembering.tg.user("Ann")
    assert "nothing asked" in await says(stage, ann, "/usage")
    await says(stage, ann, "good morning to you")
    user, now = await person(stage, ann), stage.clock.now()
    entries = (
        Usage("openai", "one", 1_000, 200, cost_usd=Decimal("0.0125"), specialist="concierge"),
        Usage("openai", "one", 5_000, 800, cost_usd=Decimal("1.5"), specialist="mentor"),
    )
    async with stage.board.store.begin() as tx:
        for at, usage in zip((now, now - timedelta(days=10)), entries, strict=True):
            await tx.ledger.record_usage(1, user.id, "", usage, at)
        await tx.counters.add(f"tokens:user:{user.id}", now.date().isoformat(), 1_200)
    shown = await says(stage, ann, "/usage")
    today, month = (next(line for line in shown.splitlines() if line.startswith(span)) for span in ("Today", "Last 30"))
    assert "1 question" in today
    assert "1,000 read, 200 written" in today
    assert "6,000 read, 1,000 written" in month
    assert "Left for you today: 8,800 tokens" in shown
    assert "begins anew at 00:00 UTC" in shown


async def test_a_cost_that_nobody_knows_is_never_called_nothing(remembering: Stage) -> None:
    stage, ann = remembering, remembering.tg.user("Ann")
    await says(stage, ann, "/start")
    user = await person(stage, ann)
    async with stage.board.store.begin() as tx:
        await tx.ledger.record_usage(1, user.id, "", Usage("x", "y", 10, 5, specialist="mentor"), stage.clock.now())
    assert "cost: unknown" in await says(stage, ann, "/usage")
    async with stage.board.store.begin() as tx:
        known = Usage("x", "z", 10, 5, cost_usd=Decimal("0.25"), specialist="mentor")
        await tx.ledger.record_usage(1, user.id, "", known, stage.clock.now())
    assert "cost: at least $0.2500, the rest is unknown" in await says(stage, ann, "/usage")


def code_in(text: str) -> str:
    return text.split("/link ")[1].split()[0]


async def test_a_code_joins_two_messengers_after_a_question(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    await says(stage, ann, "zebras in winter")
    place = web_place("a" * 32, "b" * 32)
    code = code_in(await says(stage, ann, "/link"))

    async def browser_says(text: str) -> None:
        await stage.board.intake.take(said(place, "", "en", text, stage.clock.now()))
        await stage.settles()

    await browser_says("giraffes in summer")
    async with stage.board.store.begin() as tx:
        visitor = await tx.users.resolve("web", "", place.chat, name="", locale="en")
    await browser_says(f"/link {code.lower()}")
    async with stage.board.store.begin() as tx:
        assert len(await tx.users.identities(visitor.id)) == 1
    await browser_says(f"/link yes {visitor.id} {code}")
    listed = await says(stage, ann, "/threads")
    assert "zebras in winter" in listed
    assert "giraffes in summer" in listed
    assert "Telegram, Web" in await says(stage, ann, "/settings")


async def test_a_code_works_once_and_not_for_its_own_account(stage: Stage) -> None:
    ann, bob, carl = (stage.tg.user(name) for name in ("Ann", "Bob", "Carl"))
    code = code_in(await says(stage, ann, "/link"))
    await says(stage, ann, f"/link {code}")
    assert "this very account" in await presses(stage, ann, "I made it: join them")
    code = code_in(await says(stage, ann, "/link"))
    assert "only if you made the code yourself" in await says(stage, bob, f"/link {code}")
    assert "one person now" in await presses(stage, bob, "I made it: join them")
    await says(stage, carl, f"/link {code}")
    assert "does not work" in await presses(stage, carl, "I made it: join them")


async def test_a_code_is_dead_after_ten_minutes(stage: Stage) -> None:
    ann, bob = stage.tg.user("Ann"), stage.tg.user("Bob")
    code = code_in(await says(stage, ann, "/link"))
    await stage.clock.advance(601)
    await says(stage, bob, f"/link {code}")
    assert "does not work" in await presses(stage, bob, "I made it: join them")


async def test_guessing_codes_ends_after_five_tries(stage: Stage) -> None:
    ann, mallory = stage.tg.user("Ann"), stage.tg.user("Mallory")
    code = code_in(await says(stage, ann, "/link"))
    for guess in ("AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD", "EEEEEEEE"):
        await says(stage, mallory, f"/link {guess}")
        assert "does not work" in await presses(stage, mallory, "I made it: join them")
    await says(stage, mallory, f"/link {code}")
    assert "many tries" in await presses(stage, mallory, "I made it: join them")


async def test_a_code_is_written_down_nowhere(stage: Stage) -> None:
    ann = stage.tg.user("Ann")
    code = code_in(await says(stage, ann, "/link"))
    assert code not in stored(stage)
