"""Finding what was said."""

import random
from itertools import product

import pytest
from sqlalchemy import text

from bot.domain.place import Ref
from bot.domain.thread import Thread, TurnState, User
from storage.search import SNIPPET_CHARS, WORDS, Found
from storage.store import Store
from tests.storage.conftest import OpenStore
from tests.storage.people import CHAT, GROUP, conversation, exchange, person


@pytest.fixture
async def ann(store: Store) -> User:
    return await person(store)


@pytest.fixture
async def thread(store: Store, ann: User) -> Thread:
    return await conversation(store, ann)


async def say(store: Store, thread: Thread, *texts: str) -> None:
    async with store.begin() as tx:
        for one in texts:
            turn = await tx.turns.create(thread.id, "concierge")
            await tx.turns.add_message(turn.id, "user", one, None)


async def found(store: Store, user: User, query: str, **wanted: int) -> list[Found]:
    async with store.begin() as tx:
        return await tx.search.messages(user.id, query, **wanted)


async def texts(store: Store, user: User, query: str, **wanted: int) -> list[str]:
    return [hit.message.text for hit in await found(store, user, query, **wanted)]


# Many cases in one test, as its database takes longer than they do.
FORMS = [
    ("Two tickets to Paris, please", "ticket"),
    ("One ticket to Paris, please", "TICKETS paris"),
    ("The city is large", "cities"),
    ("Large cities", "city"),
    ("We are making it", "make"),
    ("We make it", "making"),
    ("She answered happily", "happy"),
    ("Meet me at the café", "cafe"),
    ("Meet me at the cafe", "café"),
    ("Купите два билета в Казань", "билеты"),
    ("Ёлка и подарки", "елка"),
    ("елка и подарки", "Ёлки"),
    ("Мой район", "районы"),
    ("СРОЧНО: ВОЗВРАТ ДЕНЕГ", "возврат деньги срочно"),
    ("Look at https://example.com/price-list.html?x=1 now", "price list"),
    ("Write to ann.smith@example.org", "smith"),
    ("The answer is 3.14, not -456", "456 14"),
    ("Use snake_case_name here", "case"),
    ("<b>bold</b>&amp;rest", "bold rest"),
    ("AI is here", "ai"),
    ("what is it", "what is it"),
    ("🎉 party 🎉", "party 🎉"),
]


async def test_words_are_found_in_their_forms(store: Store) -> None:
    for number, (said, query) in enumerate(FORMS, 100):
        user = await person(store, str(number))
        thread = await conversation(store, user)
        await say(store, thread, said, "something else entirely")
        assert await texts(store, user, query) == [said]


async def test_a_short_word_is_not_the_beginning_of_another(store: Store, ann: User, thread: Thread) -> None:
    await say(store, thread, "aim for the air", "go on")
    assert await texts(store, ann, "ai") == []
    assert await texts(store, ann, "go on google") == ["go on"]


async def test_messages_with_all_words_come_alone_and_those_with_some_only_without_them(
    store: Store, ann: User, thread: Thread
) -> None:
    await say(store, thread, "the budget of Rome", "the budget of Paris", "Paris in spring")
    assert await texts(store, ann, "Paris budget") == ["the budget of Paris"]
    assert set(await texts(store, ann, "Paris dragons")) == {"the budget of Paris", "Paris in spring"}


async def test_the_best_comes_first_and_of_equals_the_newest(store: Store, ann: User, thread: Thread) -> None:
    long = "a word about ferries and a great many other things that nobody would ever want to read again " * 5
    await say(store, thread, long, "ferries", "nothing", "ferries")
    hits = await found(store, ann, "ferry")
    assert [hit.message.text for hit in hits] == ["ferries", "ferries", long]
    assert hits[0].message.id > hits[1].message.id
    assert len(await found(store, ann, "ferry", limit=2)) == 2
    assert await found(store, ann, "ferry", limit=0) == []


async def test_nobody_finds_what_others_said(store: Store, ann: User) -> None:
    bob = await person(store, "43")
    await conversation(store, ann, GROUP, "my canary sings")
    theirs = await conversation(store, bob, GROUP, "my canary sleeps")
    assert await texts(store, ann, "canary", limit=50) == ["my canary sings", "re: my canary sings"]
    assert {hit.thread.id for hit in await found(store, bob, "canary")} == {theirs.id}
    assert await found(store, await person(store, "44"), "canary") == []


async def test_a_hit_tells_its_thread_archived_or_not(store: Store, ann: User) -> None:
    first = await conversation(store, ann, CHAT, "a needle here")
    second = await conversation(store, ann, GROUP, "a needle there")
    async with store.begin() as tx:
        await tx.threads.archive(first.id, True)
        threads = [await tx.threads.get(thread.id) for thread in (first, second)]
    hits = await found(store, ann, "needle")
    assert {hit.thread for hit in hits} == set(threads)
    assert all(hit.message.thread_id == hit.thread.id for hit in hits)


async def test_later_turns_can_be_left_out(store: Store, ann: User, thread: Thread) -> None:
    async with store.begin() as tx:
        await exchange(tx, thread, "first needle", "no")
        later = await exchange(tx, thread, "second needle", "no")
    assert await texts(store, ann, "needle", before_turn=later.id) == ["first needle"]


async def test_only_the_newest_version_of_a_reply_is_found(store: Store, ann: User, thread: Thread) -> None:
    async with store.begin() as tx:
        turn = await exchange(tx, thread, "hello", "the old needle")
        await tx.turns.requeue(turn.id)
        await tx.turns.begin(turn.id)
        await tx.turns.finish(turn.id, TurnState.COMPLETED, text="the new needle", refs=())
    assert await texts(store, ann, "needle") == ["the new needle"]
    assert await texts(store, ann, "old needle") == ["the new needle"]


async def test_a_changed_message_is_found_by_what_it_reads_now(store: Store, ann: User, thread: Thread) -> None:
    ref = Ref(CHAT, "5")
    async with store.begin() as tx:
        turn = await tx.turns.create(thread.id, "")
        await tx.turns.add_message(turn.id, "user", "тигры", ref)
        await tx.turns.replace_message(ref, ann.id, "ёжики")
    assert await texts(store, ann, "тигр") == []
    assert await texts(store, ann, "ежик") == ["ёжики"]


async def test_a_deleted_thread_is_not_found(store: Store, ann: User, thread: Thread) -> None:
    await say(store, thread, "ёжик needle")
    async with store.begin() as tx:
        await tx.threads.delete(thread.id)
    assert await found(store, ann, "needle ёжик") == []


QUERIES = [
    "",
    "   \n",
    "🎉🎉",
    '"',
    "'",
    "needle AND OR NOT NEAR(",
    "needle*",
    'words:"needle"',
    "-needle +needle ^needle",
    "needle | & ! <-> :* \\",
    "%s %(x)s :asked $1 ?",
    "needle\0needle",
    "\ud800 needle",
    "needle " * 1_500,
    "x" * 10_000,
    "ж" * 10_000,
    " ".join(f"word{number}" for number in range(2_000)),
    "🄰ₐ①Ⅷ ﬁ ㎏ 𝒜 हिन्दी 한국어 日本語",
]


async def test_no_query_is_an_error(store: Store, ann: User, thread: Thread) -> None:
    await say(store, thread, "a needle in the hay", "日本語 한국어")
    for query in QUERIES:
        assert isinstance(await found(store, ann, query), list)


async def test_not_even_noise_is_an_error(store: Store, ann: User, thread: Thread) -> None:
    dice = random.Random(20261121)
    signs = "\"'*()|&!:<>-+^~\\ {}[]"
    await say(store, thread, "a needle in the hay")
    for _ in range(60):
        drawn = [chr(dice.randrange(1, 0x3000)) if dice.random() < 0.6 else dice.choice(signs) for _ in range(30)]
        query = "".join(drawn)
        await say(store, thread, query)
        assert isinstance(await found(store, ann, query), list)


@pytest.mark.parametrize("said", ["needle " * 60_000, "x" * 300_000, " ".join(map(str, range(100_000)))])
async def test_very_long_texts_are_kept(store: Store, ann: User, thread: Thread, said: str) -> None:
    await say(store, thread, said)
    assert len(await found(store, ann, said[:6])) in (0, 1)


async def test_the_snippet_shows_the_place(store: Store) -> None:
    for number, (before, after) in enumerate(product([0, 3, 50, 5_000], repeat=2), 100):
        said = "before\n\n" * before + "**Needles** and\tpins " + "after " * after
        user = await person(store, str(number))
        await say(store, await conversation(store, user), said)
        (hit,) = await found(store, user, "needle")
        assert "Needles** and pins" in hit.snippet
        assert len(hit.snippet) <= SNIPPET_CHARS
        assert "\n" not in hit.snippet
        whole = " ".join(said.split())
        assert hit.snippet.startswith("…") is not whole.startswith(hit.snippet[:20])
        assert hit.snippet.endswith("…") is not whole.endswith(hit.snippet[-20:])
        assert hit.snippet.strip("…") in whole


async def test_a_text_without_spaces_is_cut_anywhere(store: Store, ann: User, thread: Thread) -> None:
    await say(store, thread, "!" * 500 + "needle" + "?" * 500)
    (hit,) = await found(store, ann, "needle")
    assert "needle" in hit.snippet
    assert len(hit.snippet) <= SNIPPET_CHARS


async def test_search_reads_the_index_and_not_the_table(postgres_url: str, open_store: OpenStore) -> None:
    store = await open_store(postgres_url)
    async with store.begin() as tx:
        await tx.wire.count(text("SET LOCAL enable_seqscan = off"))
        explained = text(f"EXPLAIN SELECT id FROM messages WHERE {WORDS} @@ CAST('x:*' AS tsquery)")
        plan = "\n".join(row[0] for row in await tx.wire.rows(explained))
    assert "messages_by_word" in plan
