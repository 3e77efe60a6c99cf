"""Providers that were made at run time: what is listed, what is kept, and what everybody is told."""

import sqlite3
from pathlib import Path

from storage.providers import CHANGED
from storage.store import Store
from tests.fakes.clock import ManualClock

URL = "https://models.example/v1"
ELSEWHERE = "https://elsewhere.example/v1"


async def test_a_provider_is_put_listed_and_removed(store: Store, clock: ManualClock) -> None:
    async with store.begin() as tx:
        assert await tx.providers.list() == []
        assert await tx.providers.put("zeta", "anthropic", "", "1:sealed")
        assert await tx.providers.put("acme", "openai-chat", URL, "")
        acme, zeta = await tx.providers.list()
    assert (acme.name, acme.kind, acme.base_url, acme.has_key) == ("acme", "openai-chat", URL, False)
    assert (zeta.name, zeta.kind, zeta.base_url, zeta.has_key) == ("zeta", "anthropic", "", True)
    assert zeta.updated_at == clock.now()
    async with store.begin() as tx:
        assert await tx.providers.get("zeta") == zeta
        assert await tx.providers.get("nobody") is None
        assert await tx.providers.sealed("zeta") == "1:sealed"
        assert await tx.providers.sealed("nobody") == ""
        assert await tx.providers.with_keys() == [(acme, ""), (zeta, "1:sealed")]
        assert await tx.providers.remove("zeta")
        assert not await tx.providers.remove("zeta")
        assert await tx.providers.list() == [acme]


async def test_what_is_there_is_not_added_again(store: Store) -> None:
    async with store.begin() as tx:
        assert await tx.providers.add("acme", "openai", URL, "1:first")
        assert not await tx.providers.add("acme", "anthropic", ELSEWHERE, "1:second")
        assert await tx.providers.sealed("acme") == "1:first"


async def test_a_key_stays_with_its_address_only(store: Store) -> None:
    async with store.begin() as tx:
        await tx.providers.put("acme", "openai", URL, "1:first")
        assert await tx.providers.put("acme", "openai-chat", URL, None)
        assert not await tx.providers.put("acme", "openai-chat", ELSEWHERE, None)
        (acme,) = await tx.providers.list()
        assert (acme.kind, acme.base_url, acme.has_key) == ("openai-chat", URL, True)
        assert await tx.providers.put("acme", "openai-chat", ELSEWHERE, "1:second")
        assert await tx.providers.sealed("acme") == "1:second"
        assert await tx.providers.put("acme", "openai-chat", ELSEWHERE, "")
        assert await tx.providers.put("acme", "openai-chat", URL, None), "without a key there is nothing to keep"
        assert await tx.providers.sealed("acme") == ""
        assert await tx.providers.put("new", "openai", URL, None)


async def test_every_change_is_told_and_a_new_seal_is_none(store: Store) -> None:
    async with store.bus.subscribe(CHANGED) as told:
        async with store.begin() as tx:
            await tx.providers.add("one", "openai", URL, "1:a")
        async with store.begin() as tx:
            await tx.providers.add("one", "openai", URL, "1:a")
            await tx.providers.put("one", "openai", ELSEWHERE, None)
            assert await tx.providers.reseal("one", "1:a", "2:b")
            assert not await tx.providers.reseal("one", "1:a", "2:c")
            assert await tx.providers.sealed("one") == "2:b"
            await tx.providers.put("two", "openai", URL, "")
            await tx.providers.remove("nobody")
        async with store.begin() as tx:
            await tx.providers.remove("one")
        heard = [await anext(told) for _ in range(3)]
    assert heard == [("providers", "one"), ("providers", "two"), ("providers", "one")]


async def test_a_removed_key_leaves_the_disk(sqlite_url: str, clock: ManualClock) -> None:
    store = await Store.open(sqlite_url, clock=clock, name="test")
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    async with store.begin() as tx:
        await tx.providers.put("acme", "openai", URL, "1:THIS-WAS-SEALED")
        await tx.providers.put("other", "openai", URL, "1:THIS-WAS-SEALED-TOO")
    async with store.begin() as tx:
        await tx.providers.remove("acme")
        await tx.providers.put("other", "openai", URL, "1:anew")
    files = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    assert b"THIS-WAS-SEALED" not in files
    await store.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT name, sealed_key FROM providers").fetchall() == [("other", "1:anew")]
