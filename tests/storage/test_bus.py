"""Small messages, within the process and between processes."""

import asyncio

import pytest

from storage.bus import LARGEST_MESSAGE_BYTES, LONGEST_BACKLOG
from storage.store import Store
from tests.postgres import Server
from tests.storage.conftest import OpenStore


async def test_a_subscriber_hears_its_topics_in_order_and_no_others(store: Store) -> None:
    async with store.bus.subscribe("jobs", "stop") as messages:
        for topic, message in (("jobs", "1"), ("web:7", "no"), ("stop", "2"), ("jobs", "3")):
            await store.bus.publish(topic, message)
        assert [await anext(messages) for _ in range(3)] == [("jobs", "1"), ("stop", "2"), ("jobs", "3")]


async def test_a_star_stands_for_every_topic_with_that_beginning(store: Store) -> None:
    async with store.bus.subscribe("web:*") as messages:
        await store.bus.publish("webhook", "no")
        await store.bus.publish("web:7", "yes")
        assert await anext(messages) == ("web:7", "yes")


async def test_what_was_said_before_is_not_heard(store: Store) -> None:
    await store.bus.publish("jobs", "early")
    async with store.bus.subscribe("jobs") as messages:
        await store.bus.publish("jobs", "late")
        assert await anext(messages) == ("jobs", "late")


async def test_every_subscriber_hears_everything(store: Store) -> None:
    async with store.bus.subscribe("jobs") as one, store.bus.subscribe("jobs") as other:
        await store.bus.publish("jobs", "x")
        assert await anext(one) == await anext(other) == ("jobs", "x")


async def test_a_reader_that_falls_behind_loses_the_oldest(store: Store) -> None:
    async with store.bus.subscribe("web:*") as messages:
        for number in range(LONGEST_BACKLOG + 5):
            store.bus.deliver("web:1", str(number))
        assert await anext(messages) == ("web:1", "5")


async def test_a_reader_that_gave_up_waiting_can_go_on(store: Store) -> None:
    async with store.bus.subscribe("jobs") as messages:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(messages), 0)
        await store.bus.publish("jobs", "x")
        assert await anext(messages) == ("jobs", "x")


async def test_a_message_has_at_most_six_thousand_bytes(store: Store) -> None:
    longest = "я" * (LARGEST_MESSAGE_BYTES // 2)
    async with store.bus.subscribe("web:1") as messages:
        await store.bus.publish("web:1", longest)
        assert await anext(messages) == ("web:1", longest)
        with pytest.raises(ValueError, match="6000"):
            await store.bus.publish("web:1", longest + "!")
    async with store.begin() as tx:
        with pytest.raises(ValueError, match="6000"):
            tx.notify("web:1", longest + "!")


async def test_a_notice_goes_out_with_the_commit_and_not_without(store: Store) -> None:
    async with store.bus.subscribe("knowledge") as messages:
        with pytest.raises(RuntimeError):
            await notice_and_fail(store)
        async with store.begin() as tx:
            tx.notify("knowledge", "kept")
        assert await anext(messages) == ("knowledge", "kept")


async def notice_and_fail(store: Store) -> None:
    async with store.begin() as tx:
        tx.notify("knowledge", "lost")
        raise RuntimeError


async def test_other_processes_hear_it_too_and_nobody_hears_it_twice(postgres_url: str, open_store: OpenStore) -> None:
    one, other = await open_store(postgres_url), await open_store(postgres_url)
    nasty = '"\\\n\t\x01' * 800 + "конец"
    async with one.bus.subscribe("web:*", "jobs") as here, other.bus.subscribe("web:*", "jobs") as there:
        await one.bus.publish("web:7", nasty)
        async with one.begin() as tx:
            tx.notify("jobs", "")
        await other.bus.publish("web:7", "answer")
        heard_there = [await anext(there) for _ in range(3)]
        heard_here = [await anext(here) for _ in range(3)]
    assert heard_here == [("web:7", nasty), ("jobs", ""), ("web:7", "answer")]
    assert sorted(heard_there) == sorted(heard_here)


async def kill_connections(postgres_server: Server, url: str) -> None:
    """End every connection to the database, as an administrator or a fail-over does."""
    name = url.partition("?")[0].rpartition("/")[2]
    ending = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    await asyncio.to_thread(postgres_server.execute, ending)


async def test_a_bus_whose_connection_was_killed_connects_again_and_wakes_its_workers(
    postgres_server: Server, postgres_url: str, open_store: OpenStore
) -> None:
    store, other = await open_store(postgres_url), await open_store(postgres_url)
    async with asyncio.timeout(20), store.bus.subscribe("jobs", "stop") as here, other.bus.subscribe("jobs") as there:
        await kill_connections(postgres_server, postgres_url)
        assert await anext(here) == ("jobs", ""), "a wake-up may have been missed"
        assert await anext(there) == ("jobs", "")
        await other.bus.publish("stop", "7")
        assert await anext(here) == ("stop", "7")


async def test_whoever_follows_the_database_looks_again_after_a_killed_connection(
    postgres_server: Server, postgres_url: str, open_store: OpenStore
) -> None:
    store = await open_store(postgres_url)
    topics = ("catalog", "providers", "installations")
    async with asyncio.timeout(20), store.bus.subscribe(*topics) as changes:
        await kill_connections(postgres_server, postgres_url)
        assert [await anext(changes) for _ in topics] == [(topic, "") for topic in topics]


async def test_a_killed_connection_does_not_cost_a_process_its_name(
    postgres_server: Server, postgres_url: str, open_store: OpenStore
) -> None:
    store = await open_store(postgres_url)
    async with asyncio.timeout(20), store.bus.subscribe("jobs") as wake_ups:
        await kill_connections(postgres_server, postgres_url)
        await anext(wake_ups)
    newcomer = await open_store(postgres_url)
    assert (store.process, newcomer.process) == ("test", "test-2")
