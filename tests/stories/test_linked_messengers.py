"""One person in two messengers: a code joins what was apart, and a conversation goes on where the person speaks."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.lobby import Person
from tests.stories.foyer import Foyer, open_foyer


@pytest.fixture
async def foyer(sqlite_url: str) -> AsyncIterator[Foyer]:
    async with open_foyer(sqlite_url, names=("lobby", "parlour")) as foyer:
        yield foyer


async def hears(foyer: Foyer, person: Person, text: str) -> str:
    """Say `text`; what we say to it."""
    await person.says(text)
    await foyer.settles()
    return person.texts()[-1]


async def link(foyer: Foyer, here: Person, there: Person) -> str:
    """Make a code here and redeem it there; what is said in the end."""
    code = (await hears(foyer, here, "/link")).split("/link ")[1].split("`")[0]
    await hears(foyer, there, f"/link {code}")
    await there.presses(foyer.texts.say("en", "link-yes"))
    await foyer.settles()
    return there.texts()[-1]


async def test_both_messengers_list_and_continue_the_conversations_of_both(foyer: Foyer) -> None:
    ann, anna = (lobby.person("Ann") for lobby in foyer.lobbies)
    await hears(foyer, ann, "zebras in winter")
    await hears(foyer, anna, "giraffes in summer")
    assert "Lobby, Parlour" in await link(foyer, ann, anna)
    for person in (ann, anna):
        listed = await hears(foyer, person, "/threads")
        assert "zebras in winter" in listed
        assert "giraffes in summer" in listed
    said_before = len(ann.texts())
    await anna.opens_home()
    await foyer.settles()
    door = next(button.label for row in anna.page[0].buttons for button in row if "zebras" in button.label)
    await anna.presses_at_home(door)
    await foyer.settles()
    assert await hears(foyer, anna, "and in spring?") == "and in spring?"
    assert foyer.engine.prompts[-1].history[0].text == "zebras in winter"
    assert len(ann.texts()) == said_before
    assert (await hears(foyer, ann, "something else")).endswith("something else")
    assert foyer.engine.prompts[-1].history == ()


async def test_it_comes_back_when_the_person_does(foyer: Foyer) -> None:
    ann, anna = (lobby.person("Ann") for lobby in foyer.lobbies)
    await hears(foyer, ann, "zebras in winter")
    await link(foyer, ann, anna)
    await hears(foyer, anna, "/open zebras")
    await hears(foyer, anna, "in the parlour")
    await hears(foyer, ann, "/open zebras")
    await hears(foyer, ann, "in the lobby")
    assert [one.text for one in foyer.engine.prompts[-1].history if one.role == "user"] == [
        "zebras in winter",
        "in the parlour",
    ]


async def test_a_linked_person_speaks_as_one_in_shared_threads(foyer: Foyer) -> None:
    ann, anna = (lobby.person("Ann") for lobby in foyer.lobbies)
    place = foyer.lobbies[1].thread("C1", "17.1")
    said = await anna.says("a bridge", place)
    await foyer.settles()
    await link(foyer, ann, anna)
    await anna.edits(said, "a red bridge")
    await foyer.settles()
    assert foyer.engine.prompts[-1].text == "a red bridge"
    assert foyer.lobbies[1].texts(place)[-1].endswith("a red bridge")
