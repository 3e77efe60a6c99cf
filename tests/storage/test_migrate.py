"""Bringing a database to the schema of this version."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, ForeignKeyConstraint, text

from bot.domain.errors import SettingsError
from bot.domain.thread import User
from storage.database import Address
from storage.migrate import MIGRATIONS, current, migrate
from storage.object_files import ObjectFiles
from storage.tables import metadata
from storage.types import EPOCH
from storage.vault import Vault
from tests.postgres import Server
from tests.storage.conftest import OpenStore


@pytest.fixture
def empty_postgres_url(postgres_server: Server) -> Iterator[str]:
    name = postgres_server.database(empty=True)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'new.db'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def test_a_new_database_is_brought_to_the_head_and_stays_there(empty_url: str) -> None:
    have, head = current(empty_url)
    assert have is None
    migrate(empty_url)
    assert current(empty_url) == (head, head)
    migrate(empty_url)
    assert current(empty_url) == (head, head)


def test_processes_that_migrate_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(migrate, empty_url) for _ in range(4)]:
            done.result()
    have, head = current(empty_url)
    assert have == head


def test_the_migrations_make_the_schema_that_the_code_uses(empty_url: str) -> None:
    migrate(empty_url)
    assert asyncio.run(_differences(empty_url)) == []


async def _differences(url: str) -> list[object]:
    engine = Address.parse(url).engine(pool_size=1, busy_timeout_seconds=5)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)
    finally:
        await engine.dispose()


def _compare(connection: Connection) -> list[object]:
    ours = MigrationContext.configure(connection, opts={"include_object": _is_ours})
    return list(compare_metadata(ours, metadata))


def _is_ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """All but the full-text indexes, which are each database's own, and the key that hangs documents on uploads: on
    SQLite, what such a key does at a deletion is not read from a column's own definition."""
    if isinstance(thing, ForeignKeyConstraint) and thing.column_keys == ["upload_id"]:
        return thing.table.name != "documents"
    return not str(name).startswith(("passage_index", "passages_by_stem", "message_index", "messages_by_word"))


def test_an_address_that_is_no_database_of_ours_is_refused() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        migrate("oracle://nowhere")


async def test_a_file_that_a_running_platform_holds_is_left_as_it_is(sqlite_url: str, open_store: OpenStore) -> None:
    await open_store(sqlite_url)
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        await asyncio.to_thread(migrate, sqlite_url)


BEFORE_MEMORY = """
INSERT INTO users (id, name, locale, created_at) VALUES (7, 'Ann', 'ru', {moment});
INSERT INTO identities VALUES ('telegram', '', '42', 7);
INSERT INTO threads (id, user_id, messenger, room, topic, current, specialist, created_at, active_at)
    VALUES (3, 7, 'telegram', 'telegram:42', '', true, 'mentor', {moment}, {moment});
INSERT INTO turns (id, thread_id, state, specialist, created_at) VALUES (5, 3, 'completed', 'mentor', {moment});
INSERT INTO messages (id, thread_id, turn_id, role, text, version, created_at)
    VALUES (1, 3, 5, 'user', 'Расскажи про ёжиков', 1, {moment}),
    (2, 3, 5, 'assistant', 'Gern: a hedgehog.', 1, {moment});
INSERT INTO usage (turn_id, user_id, specialist, provider, model, input_tokens, output_tokens, cached_tokens,
    reasoning_tokens, cost_usd, at) VALUES (5, 7, 'mentor', 'p', 'm', 3, 2, 1, 0, 1000, {moment})
"""


async def test_a_database_of_the_first_version_keeps_what_it_holds(empty_url: str, open_store: OpenStore) -> None:
    await asyncio.to_thread(_step, empty_url, command.upgrade, "0001")
    moment = "1700000000000000" if empty_url.startswith("sqlite") else "to_timestamp(1700000000)"
    await _run(empty_url, BEFORE_MEMORY.format(moment=moment))
    await asyncio.to_thread(migrate, empty_url)
    store = await open_store(empty_url)
    async with store.begin() as tx:
        assert await tx.users.find("telegram", "", "42") == User(7, "Ann", "ru", "brief")
        (thread,) = await tx.threads.list(7)
        assert (thread.id, thread.archived, thread.specialist) == (3, False, "mentor")
        assert [hit.message.id for hit in await tx.search.messages(7, "ежик")] == [1]
        assert [hit.message.id for hit in await tx.search.messages(7, "hedgehogs")] == [2]
        (total,) = await tx.ledger.usage_of(7, EPOCH)
        assert (total.replies, total.cost_usd) == (1, Decimal("0.000001"))
        await tx.privacy.erase(7)
        assert await tx.search.messages(7, "ежик") == []


def test_what_the_second_version_added_can_be_taken_back(empty_url: str) -> None:
    migrate(empty_url)
    _step(empty_url, command.downgrade, "0001")
    assert current(empty_url)[0] == "0001"
    migrate(empty_url)
    assert asyncio.run(_differences(empty_url)) == []


BEFORE_SHARED_THREADS = """
INSERT INTO users (id, name, locale, created_at) VALUES (7, 'Ann', 'ru', {moment});
INSERT INTO threads (id, user_id, messenger, room, topic, current, title, specialist, created_at, active_at)
    VALUES (3, 7, 'telegram', 'telegram:42', '', true, 'Hedgehogs', 'mentor', {moment}, {moment}),
    (4, 7, 'telegram', 'telegram:43', '', true, '', 'mentor', {moment}, {moment});
INSERT INTO turns (id, thread_id, state, specialist, created_at) VALUES (5, 3, 'completed', 'mentor', {moment}),
    (6, 3, 'completed', 'mentor', {moment}), (8, 4, 'completed', 'mentor', {moment});
INSERT INTO examples (user_id, specialist, stems, created_at) VALUES (7, 'mentor', 'hedgehog', {moment})
"""


async def test_earlier_titles_are_taken_for_those_of_the_first_turns(empty_url: str, open_store: OpenStore) -> None:
    await asyncio.to_thread(_step, empty_url, command.upgrade, "0003")
    moment = "1700000000000000" if empty_url.startswith("sqlite") else "to_timestamp(1700000000)"
    await _run(empty_url, BEFORE_SHARED_THREADS.format(moment=moment))
    await asyncio.to_thread(migrate, empty_url)
    store = await open_store(empty_url)
    async with store.begin() as tx:
        threads = [await tx.threads.get(number) for number in (3, 4)]
        assert [(thread.title, thread.title_turn) for thread in threads] == [("Hedgehogs", 5), ("", 0)]
        assert await tx.examples.of(7) == [("mentor", "hedgehog")]
    await store.close()
    await asyncio.to_thread(_step, empty_url, command.downgrade, "0003")
    await asyncio.to_thread(migrate, empty_url)
    assert await asyncio.to_thread(lambda: asyncio.run(_differences(empty_url))) == []


BEFORE_UPLOADS = """
INSERT INTO users (id, name, locale, created_at) VALUES (7, 'Ann', 'ru', {moment});
INSERT INTO files (id, user_id, token, name, media_type, content, size_bytes, created_at)
    VALUES (5, 7, 'secret', 'a.txt', 'text/plain', {content}, 3, {moment});
INSERT INTO documents (id, collection, source, digest) VALUES (2, 'handbook', 'a.md', {content});
INSERT INTO passages (document_id, position, text, stems) VALUES (2, 0, 'Zebras', 'zebra');
INSERT INTO usage (turn_id, user_id, specialist, provider, model, input_tokens, output_tokens, cached_tokens,
    reasoning_tokens, at) VALUES (5, 7, 'mentor', 'p', 'm', 3, 2, 1, 0, {moment})
"""


async def test_files_and_documents_of_the_version_before_uploads_are_there(
    empty_url: str, open_store: OpenStore, tmp_path: Path
) -> None:
    await asyncio.to_thread(_step, empty_url, command.upgrade, "0005")
    on_sqlite = empty_url.startswith("sqlite")
    moment = "1700000000000000" if on_sqlite else "to_timestamp(1700000000)"
    await _run(empty_url, BEFORE_UPLOADS.format(moment=moment, content="x'616263'" if on_sqlite else "'abc'::bytea"))
    await asyncio.to_thread(migrate, empty_url)
    store = await open_store(empty_url)
    vault = Vault(store, ObjectFiles.at(str(tmp_path / "kept")))
    async with store.begin() as tx:
        file = await tx.files.by_token("secret")
        assert file is not None
        assert (file.name, file.blob, (await tx.users.get(7)).voice) == ("a.txt", 0, False)
        assert len(await tx.knowledge.search("zebras", ["handbook"])) == 1
        assert [total.audio_seconds for total in await tx.ledger.usage_of(7, EPOCH)] == [0.0]
    assert (await vault.file(file)).content == b"abc"
    assert await vault.adopt() == 1
    assert (await vault.file(file)).content == b"abc"
    with pytest.raises(SettingsError, match="1 rows of `files`"):
        await asyncio.to_thread(_step, empty_url, command.downgrade, "0005")
    async with store.begin() as tx:
        await tx.files.remove(5)
    await store.close()
    await asyncio.to_thread(_step, empty_url, command.downgrade, "0005")
    await asyncio.to_thread(migrate, empty_url)
    assert await asyncio.to_thread(lambda: asyncio.run(_differences(empty_url))) == []


def _step(url: str, move: Callable[[Config, str], None], revision: str) -> None:
    """Bring the database up or down to a revision."""

    async def moved() -> None:
        engine = Address.parse(url).engine(pool_size=1, busy_timeout_seconds=5)
        try:
            async with engine.begin() as connection:
                await connection.run_sync(_moved)
        finally:
            await engine.dispose()

    def _moved(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        move(config, revision)

    asyncio.run(moved())


async def _run(url: str, statements: str) -> None:
    engine = Address.parse(url).engine(pool_size=1, busy_timeout_seconds=5)
    async with engine.begin() as connection:
        for statement in statements.split(";\n"):
            await connection.execute(text(statement))
    await engine.dispose()
