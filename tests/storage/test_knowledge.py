"""Documents, and full-text search over them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.knowledge import Document, Hit, Passage
from storage.stems import Stemmer
from storage.store import Store
from storage.types import storable
from tests.storage.conftest import OpenStore

SETUP = Document(
    "setup.md",
    "Setting up Switchboard",
    "en",
    (
        Passage("Installing", "Run make setup. It creates a virtual environment and installs the program."),
        Passage("Telegram", "Ask BotFather for a token and put it into TELEGRAM_BOT_TOKEN. Then start the bot."),
    ),
)
PRIVACY = Document(
    "privacy.md", "Privacy", "en", (Passage("What is stored", "Messages are stored until the user deletes them."),)
)
RUSSIAN = Document(
    "ru/setup.md", "Установка", "ru", (Passage("Установка", "Запустите make setup, чтобы установить программу."),)
)
ALL = (SETUP, PRIVACY, RUSSIAN)


async def sync(store: Store, *documents: Document, collection: str = "handbook") -> int:
    async with store.begin() as tx:
        return await tx.knowledge.sync(collection, documents)


async def search(store: Store, query: str, *, locale: str = "", limit: int = 5) -> list[Hit]:
    async with store.begin() as tx:
        return await tx.knowledge.search(query, ["handbook"], locale=locale, limit=limit)


async def test_a_question_finds_the_passage_that_answers_it(store: Store) -> None:
    await sync(store, *ALL)
    best, *_ = await search(store, "How do I get a token from the BotFather?")
    assert (best.source, best.document_title, best.heading) == ("setup.md", "Setting up Switchboard", "Telegram")
    assert best.text.startswith("Ask BotFather")
    assert best.coverage == 1.0


async def test_words_are_found_in_any_of_their_forms_in_english_and_russian(store: Store) -> None:
    await sync(store, *ALL)
    assert (await search(store, "deleting stored messages"))[0].source == "privacy.md"
    assert (await search(store, "как установить программы?"))[0].source == "ru/setup.md"
    assert (await search(store, "ПРОГРАММОЙ"))[0].source == "ru/setup.md"


async def test_coverage_tells_how_much_of_the_question_is_there(store: Store) -> None:
    await sync(store, *ALL)
    whole, *_ = await search(store, "installing the program")
    partly, *_ = await search(store, "installing a quantum flux capacitor program")
    assert whole.coverage == 1.0
    assert 0.0 < partly.coverage < 0.5


async def test_a_question_about_something_else_finds_nothing(store: Store) -> None:
    await sync(store, *ALL)
    assert await search(store, "volcano penguins") == []
    assert await search(store, "what is it and how do you do?") == []
    assert await search(store, "") == []


async def test_documents_in_the_users_language_are_preferred(store: Store) -> None:
    await sync(store, *ALL)
    assert {hit.source for hit in await search(store, "make setup", limit=2)} == {"setup.md", "ru/setup.md"}
    assert (await search(store, "make setup", locale="ru"))[0].source == "ru/setup.md"


async def test_the_limit_holds_and_the_best_come_first(store: Store) -> None:
    await sync(store, *ALL)
    hits = await search(store, "make setup messages")
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert await search(store, "make setup messages", limit=1) == hits[:1]


async def test_a_sync_changes_only_what_changed(store: Store) -> None:
    assert await sync(store, *ALL) == 3
    assert await sync(store, *ALL) == 0
    changed = Document("privacy.md", "Privacy", "en", (Passage("Penguins", "No penguin is ever stored."),))
    async with store.bus.subscribe("knowledge") as messages:
        assert await sync(store, SETUP, changed) == 2, "one changed, one is gone"
        assert await anext(messages) == ("knowledge", "handbook")
    assert (await search(store, "penguins"))[0].heading == "Penguins"
    assert await search(store, "deletes") == []
    assert await search(store, "программу") == []


async def test_collections_are_apart(store: Store) -> None:
    await sync(store, SETUP)
    await sync(store, PRIVACY, collection="legal")
    assert await search(store, "deleting messages") == []
    async with store.begin() as tx:
        assert await tx.knowledge.search("deleting messages", ["legal"])
        assert await tx.knowledge.search("deleting messages", []) == []
        assert await tx.knowledge.sync("legal", []) == 1
        assert await tx.knowledge.search("deleting messages", ["legal"]) == []
    assert await search(store, "token")


NASTY = [
    "\"unbalanced", "a AND OR NOT b", "NEAR(token, 5)", "token*", "token:setup", "^token", "(token", "'; DROP TABLE x",
    "a & | ! <-> b", "\\", "\0token\ud800", "token" * 20_000, "%s $1 :x", "«ёлка»", "日本語", "-token +setup", "{a b}",
]  # fmt: skip


@pytest.mark.parametrize("query", NASTY, ids=range(len(NASTY)))
async def test_no_question_is_a_syntax_error(store: Store, query: str) -> None:
    await sync(store, SETUP)
    hits = await search(store, query)
    assert bool(hits) == bool({"token", "setup"} & set(Stemmer().stems(storable(query))))


@given(st.text(max_size=200))
def test_stems_are_words_that_both_indexes_take_as_they_are(text: str) -> None:
    for stem in Stemmer().stems(text):
        assert stem.isalnum()
        assert len(stem.encode()) < 2_000


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=50))
def test_storable_text_can_be_encoded_and_is_left_alone_the_second_time(text: str) -> None:
    kept = storable(text)
    kept.encode("utf-8")
    assert "\0" not in kept
    assert storable(kept) == kept


async def test_both_databases_give_the_same_answer(sqlite_url: str, postgres_url: str, open_store: OpenStore) -> None:
    answers = []
    for url in (sqlite_url, postgres_url):
        store = await open_store(url)
        await sync(store, *ALL)
        answers.append([await search(store, query) for query in ("make setup", "token", "stored messages program")])
    assert answers[0] == answers[1]
