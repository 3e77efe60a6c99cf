"""Specialists made at run time: the source of each, as a file would hold it. They override files of the same name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from storage.tables import catalog
from storage.wire import Wire

CHANGED = "catalog"
"""The topic on which the name of a changed specialist is told."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    name: str
    source: str
    updated_at: datetime


class Catalog:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def specialists(self) -> list[CatalogEntry]:
        """By name."""
        rows = await self._wire.rows(select(catalog))
        return sorted((CatalogEntry(row.name, row.source, row.updated_at) for row in rows), key=lambda one: one.name)

    async def put_specialist(self, name: str, source: str) -> None:
        """New, or in place of what the name stood for."""
        entry = Wire.insert(catalog).values(name=name, source=source, updated_at=self._wire.now())
        replaced = {column: entry.excluded[column] for column in ("source", "updated_at")}
        await self._wire.count(entry.on_conflict_do_update(index_elements=[catalog.c.name], set_=replaced))
        self._wire.notify(CHANGED, name)

    async def remove_specialist(self, name: str) -> bool:
        """False when there is none of that name."""
        removed = bool(await self._wire.count(delete(catalog).where(catalog.c.name == name)))
        if removed:
            self._wire.notify(CHANGED, name)
        return removed
