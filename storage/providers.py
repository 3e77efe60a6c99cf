"""Providers of models made at run time. Their keys are here sealed only, and leave in no list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from storage.tables import providers
from storage.wire import Wire

CHANGED = "providers"
"""The topic on which the name of a changed provider is told."""


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    kind: str
    """What it speaks."""
    base_url: str
    """Empty for the kind's own address."""
    has_key: bool
    updated_at: datetime


def place_of_key(name: str, base_url: str) -> str:
    """What a sealed key is bound to: nobody can move it to another provider, nor have it sent to another address."""
    return f"providers\n{name}\n{base_url}"


class Providers:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def list(self) -> Sequence[Provider]:
        """By name."""
        return [provider for provider, _ in await self.with_keys()]

    async def with_keys(self) -> Sequence[tuple[Provider, str]]:
        """By name, each with its sealed key as it is at the same moment; empty where there is none."""
        rows = await self._wire.rows(select(providers))
        return sorted(((_provider(row), row.sealed_key) for row in rows), key=lambda one: one[0].name)

    async def get(self, name: str) -> Provider | None:
        row = await self._wire.row(select(providers).where(providers.c.name == name))
        return None if row is None else _provider(row)

    async def add(self, name: str, kind: str, base_url: str, sealed_key: str) -> bool:
        """False when the name is taken; `sealed_key` is empty for a provider that needs none."""
        entry = Wire.insert(providers).values(
            name=name, kind=kind, base_url=base_url, sealed_key=sealed_key, updated_at=self._wire.now()
        )
        added = bool(await self._wire.count(entry.on_conflict_do_nothing(index_elements=[providers.c.name])))
        if added:
            self._wire.notify(CHANGED, name)
        return added

    async def put(self, name: str, kind: str, base_url: str, sealed_key: str | None) -> bool:
        """New, or in place of what the name stood for; an empty `sealed_key` takes the key away.

        None keeps the key that is there. It belongs to its address: False, and nothing is changed, when `base_url` is
        another one and there is a key.
        """
        entry = Wire.insert(providers).values(
            name=name, kind=kind, base_url=base_url, sealed_key=sealed_key or "", updated_at=self._wire.now()
        )
        columns = ("kind", "base_url", "updated_at") if sealed_key is None else _COLUMNS
        may_stay = or_(providers.c.base_url == entry.excluded.base_url, providers.c.sealed_key == "")
        put = await self._wire.count(
            entry.on_conflict_do_update(
                index_elements=[providers.c.name],
                set_={column: entry.excluded[column] for column in columns},
                where=may_stay if sealed_key is None else None,
            )
        )
        if put:
            self._wire.forgets = True
            self._wire.notify(CHANGED, name)
        return bool(put)

    async def reseal(self, name: str, sealed_key: str, anew: str) -> bool:
        """Keep the same key under another seal, where it is still the one sealed as `sealed_key`. Nobody is told."""
        same = (providers.c.name == name) & (providers.c.sealed_key == sealed_key)
        self._wire.forgets = True
        return bool(await self._wire.count(update(providers).where(same).values(sealed_key=anew)))

    async def remove(self, name: str) -> bool:
        """False when there is none of that name."""
        removed = bool(await self._wire.count(delete(providers).where(providers.c.name == name)))
        if removed:
            self._wire.forgets = True
            self._wire.notify(CHANGED, name)
        return removed

    async def sealed(self, name: str) -> str:
        """The sealed key; empty when the provider has none, or there is no such provider."""
        row = await self._wire.row(select(providers.c.sealed_key).where(providers.c.name == name))
        return "" if row is None else str(row.sealed_key)


_COLUMNS = ("kind", "base_url", "sealed_key", "updated_at")


def _provider(row: Row[*tuple[Any, ...]]) -> Provider:
    return Provider(row.name, row.kind, row.base_url, bool(row.sealed_key), row.updated_at)
