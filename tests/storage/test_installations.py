"""Workspaces that have let us in: what is kept, what is told, and that no token can be read from the disk."""

import sqlite3
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.errors import SettingsError
from bot.domain.installation import Installation
from storage.installations import CHANGED
from storage.sealing import Sealing
from storage.store import Store
from storage.tables import installations
from tests.fakes.clock import ManualClock

FIRST, SECOND = (b64encode(bytes([number] * 32)).decode() for number in (1, 2))
SEALING = Sealing.parse(f"1:{FIRST}")
TOKEN = "xoxb-THIS-IS-SECRET"


@pytest.fixture
def acme(clock: ManualClock) -> Installation:
    return Installation("slack", "T1", "Acme", TOKEN, "U7", ("chat:write", "im:history"), clock.now())


async def test_an_installation_is_kept_listed_and_deleted(store: Store, acme: Installation) -> None:
    zoo = replace(acme, workspace="T2", name="A zoo")
    async with store.begin() as tx:
        await tx.installations.put(acme, SEALING)
        await tx.installations.put(zoo, SEALING)
        await tx.installations.put(replace(acme, messenger="other"), SEALING)
    async with store.begin() as tx:
        assert await tx.installations.get("slack", "T1", SEALING) == acme
        assert await tx.installations.get("slack", "T9", SEALING) is None
        assert await tx.installations.list("slack") == [replace(zoo, token=""), replace(acme, token="")]
        assert await tx.installations.delete("slack", "T1")
        assert not await tx.installations.delete("slack", "T1")
        assert await tx.installations.list("slack") == [replace(zoo, token="")]
        assert len(await tx.installations.list("other")) == 1


async def test_who_installs_again_brings_a_new_token(store: Store, acme: Installation) -> None:
    again = replace(acme, name="Acme Ltd", token="xoxb-another", scopes=())
    async with store.begin() as tx:
        await tx.installations.put(acme, SEALING)
        await tx.installations.put(again, SEALING)
        assert await tx.installations.get("slack", "T1", SEALING) == again
        assert len(await tx.installations.list("slack")) == 1


async def test_without_a_key_nothing_is_kept(store: Store, acme: Installation) -> None:
    with pytest.raises(SettingsError, match="ENCRYPTION_KEYS"):
        async with store.begin() as tx:
            await tx.installations.put(acme, Sealing({}))
    async with store.begin() as tx:
        assert await tx.installations.list("slack") == []


async def test_a_token_is_sealed_anew_under_a_new_key(store: Store, acme: Installation) -> None:
    async with store.begin() as tx:
        await tx.installations.put(acme, SEALING)
        await tx.installations.put(replace(acme, workspace="T2"), SEALING)
        assert await tx.installations.reseal(Sealing.parse(f"2:{SECOND}")) == 0, "what cannot be opened stays"
        assert await tx.installations.reseal(Sealing({})) == 0
        assert await tx.installations.reseal(Sealing.parse(f"1:{FIRST},2:{SECOND}")) == 2
        assert await tx.installations.reseal(Sealing.parse(f"1:{FIRST},2:{SECOND}")) == 0
        assert await tx.installations.get("slack", "T1", Sealing.parse(f"2:{SECOND}")) == acme
        with pytest.raises(SettingsError, match="version 2"):
            await tx.installations.get("slack", "T1", SEALING)


async def test_every_change_is_told_and_a_new_seal_is_none(store: Store, acme: Installation) -> None:
    async with store.bus.subscribe(CHANGED) as told:
        async with store.begin() as tx:
            await tx.installations.put(acme, SEALING)
        async with store.begin() as tx:
            await tx.installations.reseal(Sealing.parse(f"1:{FIRST},2:{SECOND}"))
            await tx.installations.delete("slack", "T9")
            await tx.installations.put(replace(acme, workspace="T2"), SEALING)
        async with store.begin() as tx:
            await tx.installations.delete("slack", "T1")
        assert [await anext(told) for _ in range(3)] == [(CHANGED, "T1"), (CHANGED, "T2"), (CHANGED, "T1")]


async def test_a_token_is_sealed_and_leaves_the_disk_with_its_installation(
    sqlite_url: str, clock: ManualClock, acme: Installation
) -> None:
    assert TOKEN not in repr(acme)
    store = await Store.open(sqlite_url, clock=clock, name="test")
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    async with store.begin() as tx:
        await tx.installations.put(acme, SEALING)
        sealed = str(await tx.wire.scalar(select(installations.c.sealed_token)))
    assert TOKEN.encode() not in _on_disk(path)
    assert sealed.encode() in _on_disk(path)
    async with store.begin() as tx:
        await tx.installations.delete("slack", "T1")
    assert sealed.encode() not in _on_disk(path)
    await store.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM installations").fetchall() == [(0,)]


def _on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_a_token_does_not_open_in_another_workspace(store: Store, acme: Installation) -> None:
    async with store.begin() as tx:
        await tx.installations.put(acme, SEALING)
        await tx.wire.count(installations.update().values(workspace="T2"))
        with pytest.raises(SettingsError):
            await tx.installations.get("slack", "T2", SEALING)
