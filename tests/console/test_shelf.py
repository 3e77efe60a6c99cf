"""The side list: the visitor's own conversations, found, opened, named, put away and deleted."""

import pytest

from adapters.web import web_place
from bot.console.errands import opened_by
from bot.console.shelf import Shelf
from bot.domain.action import CommandAction, ThreadAction, TurnAction
from bot.domain.errors import NotAllowed
from bot.domain.incoming import Command, Incoming, Press
from bot.domain.place import Place
from bot.domain.thread import Thread, TurnState
from storage.store import Store
from tests.fakes.clock import ManualClock

VISITOR, STRANGER = "a" * 32, "f" * 32


class Door:
    """Does what the intake does with a press that opens a thread; everything else is only remembered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.taken: list[Incoming] = []

    async def take(self, incoming: Incoming) -> None:
        self.taken.append(incoming)
        action = ThreadAction.parse(incoming.payload.action) if isinstance(incoming.payload, Press) else None
        if action is not None:
            async with self._store.begin() as tx:
                await tx.threads.relocate(action.thread, incoming.place)


@pytest.fixture
def door(store: Store) -> Door:
    return Door(store)


@pytest.fixture
def shelf(store: Store, door: Door, clock: ManualClock) -> Shelf:
    return Shelf(store, door.take, clock, visitor=VISITOR, locale="en")


def key(number: int) -> str:
    return f"{number:032x}"


async def talked(store: Store, place: Place, text: str, *, title: str = "", visitor: str = VISITOR) -> Thread:
    """A thread of the visitor's in which one thing was said; a new one each time."""
    async with store.begin() as tx:
        user = await tx.users.resolve("web", "", visitor, name="", locale="en")
        thread = await tx.threads.open(user.id, place)
        turn = await tx.turns.create(thread.id, "")
        await tx.turns.add_message(turn.id, "user", text, None)
        await tx.turns.begin(turn.id)
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="Well…", refs=[])
        if title:
            await tx.threads.rename(thread.id, title)
        return await tx.threads.get(thread.id)


async def read(store: Store, shelf: Shelf, visitor: str = VISITOR) -> list[str]:
    """The titles in the list."""
    async with store.begin() as tx:
        await shelf.read(tx, await tx.users.find("web", "", visitor), None)
    return [item.title for item in shelf.items]


async def test_a_conversation_goes_by_its_title_or_its_first_words(store: Store, shelf: Shelf) -> None:
    await talked(store, web_place(VISITOR, key(1)), "Plan my week", title="My week")
    await talked(store, web_place(VISITOR, key(2)), "What  is\nthis?")
    assert sorted(await read(store, shelf)) == ["My week", "What is this?"]
    assert {item.path for item in shelf.items} == {f"/c/{key(1)}", f"/c/{key(2)}"}


async def test_a_conversation_in_which_nothing_was_said_is_not_listed(store: Store, shelf: Shelf) -> None:
    async with store.begin() as tx:
        user = await tx.users.resolve("web", "", VISITOR, name="", locale="en")
        await tx.threads.open(user.id, web_place(VISITOR, key(1)))
    assert await read(store, shelf) == []


async def test_a_search_finds_titles_and_words_of_the_visitor_only(store: Store, shelf: Shelf) -> None:
    await talked(store, web_place(VISITOR, key(1)), "Tell me about lighthouses", title="Towers by the sea")
    await talked(store, web_place(VISITOR, key(2)), "Something else", title="Lighthouse keepers")
    await talked(store, web_place(STRANGER, key(3)), "My secret lighthouse", visitor=STRANGER)
    await read(store, shelf)
    await shelf.search("lighthouse")
    assert [item.title for item in shelf.hits] == ["Lighthouse keepers", "Towers by the sea"]
    assert "lighthouse" in shelf.hits[1].snippet.lower()
    assert {item.path for item in shelf.hits} == {f"/c/{key(1)}", f"/c/{key(2)}"}
    await shelf.search("  ")
    assert shelf.hits == ()


async def test_what_is_put_away_leaves_the_list_and_comes_back(store: Store, shelf: Shelf) -> None:
    thread = await talked(store, web_place(VISITOR, key(1)), "Hello", title="Old things")
    await shelf.archive(thread.id, archived=True)
    assert await read(store, shelf) == []
    shelf.shows_archived = True
    assert await read(store, shelf) == ["Old things"]
    await shelf.archive(thread.id, archived=False)
    assert await read(store, shelf) == []
    shelf.shows_archived = False
    assert await read(store, shelf) == ["Old things"]


async def test_a_conversation_is_renamed_and_never_loses_its_name(store: Store, shelf: Shelf) -> None:
    thread = await talked(store, web_place(VISITOR, key(1)), "Hello")
    await shelf.rename(thread.id, "  My \n plans  " + "x" * 200)
    (title,) = await read(store, shelf)
    assert title.startswith("My plans xxx")
    assert len(title) == 100
    await shelf.rename(thread.id, "  ")
    assert await read(store, shelf) == [title]


async def test_a_conversation_is_opened_where_it_is(store: Store, shelf: Shelf, door: Door) -> None:
    thread = await talked(store, web_place(VISITOR, key(1)), "Hello")
    assert await shelf.opened(thread.id) == web_place(VISITOR, key(1))
    assert door.taken == []


async def test_two_conversations_at_one_address_get_addresses_of_their_own(store: Store, shelf: Shelf) -> None:
    left = await talked(store, web_place(VISITOR, key(1)), "Left")
    goes_on = await talked(store, web_place(VISITOR, key(1)), "Goes on")
    await read(store, shelf)
    assert {item.path for item in shelf.items} == {""}
    assert await shelf.opened(goes_on.id) == web_place(VISITOR, key(1))
    place = await shelf.opened(left.id)
    assert place not in (web_place(VISITOR, key(1)), None)
    await read(store, shelf)
    assert {item.thread: item.path for item in shelf.items} == {
        left.id: f"/c/{place.topic}",
        goes_on.id: f"/c/{key(1)}",
    }


async def test_a_conversation_from_another_messenger_goes_on_in_the_browser(store: Store, shelf: Shelf) -> None:
    thread = await talked(store, Place("telegram", "7"), "From my phone")
    place = await shelf.opened(thread.id)
    assert (place.messenger, place.chat) == ("web", VISITOR)
    await read(store, shelf)
    assert [item.path for item in shelf.items] == [f"/c/{place.topic}"]


async def test_to_delete_is_the_command_with_its_consent(store: Store, shelf: Shelf, door: Door) -> None:
    thread = await talked(store, web_place(VISITOR, key(1)), "Hello")
    here = web_place(VISITOR, key(2))
    await shelf.delete(thread.id, here)
    (incoming,) = door.taken
    assert incoming.place == here
    assert incoming.payload == Press(f"run:delete yes {thread.user_id} {thread.id}")


async def test_to_export_is_the_command(shelf: Shelf, door: Door) -> None:
    await shelf.export(web_place(VISITOR, key(1)), "json")
    (incoming,) = door.taken
    assert isinstance(incoming.payload, Command)
    assert (incoming.payload.name, incoming.payload.arguments) == ("export", "json")


async def test_nobody_reaches_what_is_somebody_elses(store: Store, shelf: Shelf, door: Door) -> None:
    theirs = await talked(store, web_place(STRANGER, key(1)), "My secret", title="Secret", visitor=STRANGER)
    await talked(store, web_place(VISITOR, key(2)), "Hello")
    here = web_place(VISITOR, key(2))
    for deed in (
        shelf.opened(theirs.id),
        shelf.rename(theirs.id, "Mine"),
        shelf.archive(theirs.id, archived=True),
        shelf.delete(theirs.id, here),
    ):
        with pytest.raises(NotAllowed):
            await deed
    assert door.taken == []
    async with store.begin() as tx:
        assert (await tx.threads.get(theirs.id)).title == "Secret"


@pytest.mark.parametrize(
    ("action", "thread"),
    [
        (str(ThreadAction(7)), 7),
        (str(CommandAction("open", "#7")), 7),
        (str(CommandAction("open", "7")), None),
        (str(CommandAction("delete", "#7")), None),
        (str(TurnAction("up", 7)), None),
        ("nonsense", None),
    ],
)
def test_a_button_that_opens_a_conversation_is_known(action: str, thread: int | None) -> None:
    assert opened_by(action) == thread
