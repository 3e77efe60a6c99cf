"""A user's own page in the messenger: it shows what is theirs, and its buttons change it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import TypeVar

import pytest
from pydantic import TypeAdapter

from bot.domain.action import CommandAction
from bot.domain.messenger import HomeSection
from bot.domain.reply import Usage
from specialists.scripted import Say
from tests.fakes.lobby import Person
from tests.stories.foyer import Foyer, open_foyer

T = TypeVar("T")


@pytest.fixture
async def foyer(sqlite_url: str) -> AsyncIterator[Foyer]:
    async with open_foyer(sqlite_url) as foyer:
        yield foyer


async def page(foyer: Foyer, person: Person) -> tuple[HomeSection, ...]:
    await person.opens_home()
    await foyer.settles()
    return person.page


def labels(section: HomeSection) -> list[str]:
    return [button.label for row in section.buttons for button in row]


async def test_a_first_look_finds_an_empty_shelf_and_every_setting(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    threads, usage, specialist, thinking, language, voice = await page(foyer, ann)
    assert threads.text.startswith("You have no conversations yet")
    assert not threads.buttons
    assert "nothing asked" in usage.text
    assert "fits your question best" in specialist.text
    assert not [label for label in labels(specialist) if label.startswith("✓")]
    assert labels(thinking) == ["Nothing", "✓ In brief", "Everything"]
    assert labels(language) == ["✓ English", "Русский"]
    assert labels(voice) == ["Spoken too", "✓ Text only"]
    assert not ann.texts()


async def test_the_page_speaks_the_users_language(foyer: Foyer) -> None:
    igor = foyer.lobby.person("Игорь", "ru-RU")
    assert (await page(foyer, igor))[0].title == "Ваши разговоры"


async def test_the_newest_ten_conversations_are_there_with_a_door_each(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    for number in range(12):
        await ann.says("/new")
        await ann.says(f"question {number}")
        await foyer.settles()
    threads, *_ = await page(foyer, ann)
    assert labels(threads) == [f"{at}. question {12 - at}" for at in range(1, 11)]
    assert threads.text.splitlines()[0].endswith("· now")


async def test_a_conversation_goes_by_its_first_words_until_it_is_answered(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("Is the *bridge* open?")
    await ann.opens_home()
    await foyer.clock.until(lambda: bool(ann.page))
    assert labels(ann.page[0]) == ["1. Is the bridge open?"]
    await foyer.settles()


async def test_one_held_with_others_has_no_door(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("a bridge for all", foyer.lobby.thread("C1", "17.1"))
    await foyer.settles()
    threads, *_ = await page(foyer, ann)
    assert "with others" in threads.text
    assert not threads.buttons


async def test_usage_is_what_the_command_says(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    foyer.engine.then(Say("Yes."))
    await ann.says("/usage")
    await foyer.settles()
    async with foyer.store.begin() as tx:
        user = await tx.users.find("lobby", "W1", ann.id)
        assert user is not None
        usage = Usage("p", "m", 70, 7, cost_usd=Decimal("0.5"), specialist="mentor")
        await tx.ledger.record_usage(1, user.id, "W1", usage, foyer.clock.now())
    _, told, *_ = await page(foyer, ann)
    await ann.says("/usage")
    await foyer.settles()
    assert ann.texts()[-1].endswith(told.text)
    assert "70 read, 7 written" in told.text


async def test_a_setting_is_changed_on_the_page_and_nowhere_else(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await page(foyer, ann)
    press = await ann.presses_at_home("Everything")
    await foyer.settles()
    assert labels(ann.page[3]) == ["Nothing", "In brief", "✓ Everything"]
    assert (press, "") in foyer.lobby.answers
    await ann.presses_at_home("Русский")
    await foyer.settles()
    assert ann.page[4].title == "Язык"
    assert not ann.texts()


async def test_a_specialist_chosen_on_the_page_says_hello_in_the_chat(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    specialist = (await page(foyer, ann))[2]
    mentor = next(label for label in labels(specialist) if "Mentor" in label)
    await ann.presses_at_home(mentor)
    await foyer.settles()
    assert f"✓ {mentor}" in labels(ann.page[2])
    assert "Mentor" in ann.page[2].text
    assert "is with you now" in ann.texts()[-1]


async def test_a_door_leads_back_into_the_conversation(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("zebras in winter")
    await foyer.settles()
    await ann.says("/new")
    await foyer.settles()
    await page(foyer, ann)
    await ann.presses_at_home("1. zebras in winter")
    await foyer.settles()
    assert "You are back in **zebras in winter**" in ann.texts()[-1]
    assert ann.page[0].text.endswith("· now")
    await ann.says("and in summer?")
    await foyer.settles()
    assert foyer.engine.prompts[-1].history[0].text == "zebras in winter"


async def test_a_command_in_the_chat_brings_the_page_up_to_date_once(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await page(foyer, ann)
    shown = foyer.lobby.pages_shown
    await ann.says("/thinking off")
    await foyer.settles()
    assert labels(ann.page[3]) == ["✓ Nothing", "In brief", "Everything"]
    assert "think quietly" in ann.texts()[-1]
    assert foyer.lobby.pages_shown == shown + 1
    await ann.says("/help")
    await foyer.settles()
    assert foyer.lobby.pages_shown == shown + 1


async def test_who_looks_many_times_at_once_is_shown_the_page_a_time_or_two(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    for _ in range(20):
        await ann.opens_home()
    await foyer.settles()
    assert 1 <= foyer.lobby.pages_shown < 20


async def test_an_empty_chat_offers_the_starters_of_whoever_answers(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann", "ru")
    await ann.opens_chat()
    await foyer.settles()
    offered = foyer.lobby.offers[ann.chat]
    assert offered
    assert all(one.message.startswith(one.title.removesuffix("…")) for one in offered)
    await ann.says("/mentor")
    await ann.opens_chat()
    await foyer.settles()
    assert foyer.lobby.offers[ann.chat] != offered


async def test_a_title_that_a_model_made_is_shown_in_the_messengers_own_list(sqlite_url: str) -> None:
    async def ask(order: str, text: str, form: type[T]) -> tuple[T, Usage]:
        return TypeAdapter(form).validate_python({"title": "A red bridge"}), Usage("p", "m", 1, 1)

    async with open_foyer(sqlite_url, ask=ask) as foyer:
        ann = foyer.lobby.person("Ann")
        await ann.says("Shall the bridge be red?")
        await foyer.settles()
        assert foyer.lobby.titles == {ann.chat: "A red bridge"}


async def test_a_page_of_somebody_who_is_forgotten_meanwhile_is_left_alone(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("/forget")
    await foyer.settles()
    await ann.presses(foyer.texts.say("en", "forget-yes"))
    await ann.opens_home()
    await foyer.settles()
    assert foyer.lobby.pages_shown <= 1


async def test_a_button_of_a_message_that_is_not_known_is_not_on_the_page(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await page(foyer, ann)
    shown = foyer.lobby.pages_shown
    await ann.forges(str(CommandAction("thinking", "off")))
    await foyer.settles()
    assert "think quietly" in ann.texts()[-1], "it is answered where it was pressed, not on the page only"
    assert foyer.lobby.pages_shown == shown + 1
    await ann.forges(str(CommandAction("thinking", "full")), at_home=True)
    await foyer.settles()
    assert labels(ann.page[3]) == ["Nothing", "In brief", "✓ Everything"]
    assert len(ann.texts()) == 1


async def test_the_choice_of_a_specialist_can_be_taken_back(foyer: Foyer) -> None:
    ann = foyer.lobby.person("Ann")
    await ann.says("/specialist mentor")
    await foyer.settles()
    assert "✓ 🌱 Mentor" in labels((await page(foyer, ann))[2])
    await ann.presses_at_home("Whoever fits best")
    await foyer.settles()
    assert "whoever fits your question best" in ann.texts()[-1]
    shown = (await page(foyer, ann))[2]
    assert "fits your question best" in shown.text
    assert not [label for label in labels(shown) if label.startswith("✓")]
