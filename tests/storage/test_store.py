"""Opening, transactions, and a database that is locked or gone."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.domain.errors import NotAllowed, SettingsError, StorageError
from storage.store import Store, in_transaction
from tests.fakes.clock import ManualClock
from tests.postgres import Server
from tests.storage.conftest import OpenStore


async def test_a_transaction_keeps_all_or_nothing(store: Store) -> None:
    with pytest.raises(NotAllowed):
        await put_and_refuse(store)
    async with store.begin() as tx:
        assert await tx.jobs.depth() == {}


async def put_and_refuse(store: Store) -> None:
    async with store.begin() as tx:
        await tx.jobs.put("lane", "turn", {})
        raise NotAllowed


async def test_a_cancelled_transaction_keeps_nothing_and_blocks_nobody(store: Store) -> None:
    entered = asyncio.Event()

    async def hang() -> None:
        async with store.begin() as tx:
            await tx.jobs.put("lane", "turn", {})
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.begin() as tx:
        assert await tx.jobs.depth() == {}


async def test_tasks_cancelled_at_any_moment_leave_a_store_that_works(store: Store) -> None:
    async def put(number: int) -> None:
        async with store.begin() as tx:
            await tx.jobs.put(f"lane {number}", "turn", {})

    for pauses in range(30):
        tasks = [asyncio.create_task(put(number)) for number in range(3)]
        for _ in range(pauses):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(20), store.begin() as tx:
        assert await tx.jobs.put("lane", "turn", {}) is not None


async def test_a_task_knows_whether_it_has_a_transaction_open(store: Store) -> None:
    assert not in_transaction()
    async with store.begin():
        assert in_transaction()
        assert await asyncio.create_task(asked_in_a_task())
        with pytest.raises(RuntimeError, match="open already"):
            await store.begin().__aenter__()
    assert not in_transaction()


async def asked_in_a_task() -> bool:
    return in_transaction()


async def test_a_task_that_outlives_the_transaction_it_was_started_in_is_outside(store: Store) -> None:
    over = asyncio.Event()

    async def later() -> bool:
        await over.wait()
        return in_transaction()

    async with store.begin():
        task = asyncio.create_task(later())
    over.set()
    assert not await task


async def test_an_open_database_is_ready(store: Store) -> None:
    assert await store.ready()


@pytest.mark.parametrize(
    "url",
    ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://root:secret@host/db", "postgresql", "just words"],
)
async def test_an_address_that_is_no_database_of_ours_is_refused_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as caught:
        await Store.open(url, clock=ManualClock())
    assert "secret" not in str(caught.value)


async def test_one_sqlite_file_serves_one_process(sqlite_url: str, open_store: OpenStore) -> None:
    first = await open_store(sqlite_url)
    with pytest.raises(SettingsError, match=r"DATABASE_URL.*another process"):
        await open_store(sqlite_url)
    await first.close()
    await open_store(sqlite_url)


async def test_a_command_may_look_in_beside_the_running_platform(url: str, store: Store) -> None:
    async with store.begin() as tx:
        await tx.jobs.put("lane", "turn", {})
    guest = await Store.open(url, clock=ManualClock(), name=store.process, exclusive=False)
    try:
        assert guest.process != store.process
        async with guest.begin() as tx:
            assert await tx.jobs.depth() == {"turn": 1}
    finally:
        await guest.close()


async def test_process_names_are_unique_on_one_database_and_free_after_the_process(
    postgres_url: str, open_store: OpenStore
) -> None:
    first, second, third = [await open_store(postgres_url) for _ in range(3)]
    assert [store.process for store in (first, second, third)] == ["test", "test-2", "test-3"]
    await second.close()
    returned = await open_store(postgres_url)
    assert returned.process == second.process
    assert returned.owner != second.owner
    assert returned.owner.startswith("test-2/")


async def test_a_locked_file_is_a_storage_error_and_works_when_it_is_free_again(
    sqlite_url: str, open_store: OpenStore
) -> None:
    store = await open_store(sqlite_url)
    intruder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError) as caught:
        await put(store)
    assert caught.value.retryable
    assert caught.value.__cause__ is not None
    assert not await store.ready()
    intruder.execute("ROLLBACK")
    intruder.close()
    await put(store)
    assert await store.ready()


async def put(store: Store) -> None:
    async with store.begin() as tx:
        await tx.jobs.put("lane", "turn", {})


async def test_a_database_that_was_never_migrated_is_a_storage_error(tmp_path: Path, open_store: OpenStore) -> None:
    store = await open_store(f"sqlite:///{tmp_path / 'deep' / 'new.db'}")
    with pytest.raises(StorageError):
        await put(store)


async def test_a_database_that_is_away_is_a_storage_error_and_works_when_it_returns(
    postgres_server: Server, postgres_url: str, open_store: OpenStore
) -> None:
    store = await open_store(postgres_url)
    await put(store)
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    await asyncio.to_thread(postgres_server.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    ending = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    await asyncio.to_thread(postgres_server.execute, ending)
    for _ in range(3):
        with pytest.raises(StorageError):
            await put(store)
    assert not await store.ready()
    await store.bus.publish("web:7", "nobody elsewhere hears it, and nobody is hurt")
    await asyncio.to_thread(postgres_server.execute, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    await put(store)
    assert await store.ready()


async def test_a_connection_that_dies_inside_a_transaction_is_a_storage_error(
    postgres_server: Server, postgres_url: str, open_store: OpenStore
) -> None:
    store = await open_store(postgres_url)
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    ending = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    with pytest.raises(StorageError):
        await put_around(store, lambda: postgres_server.execute(ending))
    async with store.begin() as tx:
        assert await tx.jobs.depth() == {}


async def put_around(store: Store, accident: Callable[[], None]) -> None:
    async with store.begin() as tx:
        await tx.jobs.put("lane", "turn", {})
        await asyncio.to_thread(accident)
        await tx.jobs.put("lane", "turn", {})


async def test_transactions_without_a_statement_leave_the_next_one_whole(store: Store, clock: ManualClock) -> None:
    async with store.begin():
        pass
    with pytest.raises(LookupError):
        async with store.begin():
            raise LookupError
    with pytest.raises(NotAllowed):
        await put_and_refuse(store)
    async with store.begin() as tx:
        assert await tx.jobs.depth() == {}
        assert await tx.updates.insert("1", "message", clock.now())
    async with store.begin() as tx:
        assert not await tx.updates.insert("1", "message", clock.now())
