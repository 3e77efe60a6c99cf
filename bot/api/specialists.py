"""`/api/v1/specialists`: who is in the team, and the sources of those that live in the database."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from bot.api.administration import Administration
from bot.api.drafts import LONGEST_CHARS, checked, name_in, read
from bot.api.paging import Cursor, Limit, Page, page_of
from bot.api.problems import Problem
from bot.domain.errors import SettingsError
from bot.domain.specialist import Specialist
from storage.catalog import CatalogEntry

Source = Annotated[str, StringConstraints(max_length=LONGEST_CHARS)]


class Draft(BaseModel):
    """A specialist as a file would hold it."""

    model_config = ConfigDict(extra="forbid")

    source: Source
    """Markdown with front matter."""


class Listed(BaseModel):
    """One of the team."""

    name: str
    origin: Literal["file", "database"]
    updated_at: datetime | None = None
    """Of one in the database."""
    problem: str | None = None
    """Why it is not in force as it stands in the database."""
    title: str = ""
    emoji: str = ""
    description: str = ""
    kind: Literal["chat", "order"] = "chat"
    model: str = ""
    """Empty: the platform's default."""
    fallback_models: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


class Shown(Listed):
    source: str
    """Markdown with front matter, as it was written."""


def add_specialist_routes(router: APIRouter, admin: Administration) -> None:
    staff = _Staff(admin)

    @router.get("/specialists", tags=["specialists"])
    async def list_specialists(limit: Limit = 50, cursor: Cursor = "") -> Page[Listed]:
        """Everybody by name, those of files and those of the database."""
        return page_of(await staff.everybody(), lambda one: one.name, limit=limit, cursor=cursor)

    @router.post("/specialists", tags=["specialists"], status_code=201)
    async def add_specialist(draft: Draft, response: Response) -> Shown:
        """A new specialist, named in its source; 409 when there is one of that name."""
        name = name_in(draft.source)
        shown, _ = await staff.put(name, draft.source, new=True)
        response.headers["Location"] = f"{router.prefix}/specialists/{name}"
        return shown

    @router.get("/specialists/{name}", tags=["specialists"])
    async def get_specialist(name: str) -> Shown:
        """One of the team with its source."""
        return await staff.one(name)

    @router.put("/specialists/{name}", tags=["specialists"], responses={201: {"model": Shown}})
    async def put_specialist(name: str, draft: Draft, response: Response) -> Shown:
        """A new specialist, or a new source for one; it stands before a file of the same name."""
        shown, is_new = await staff.put(name, draft.source, new=False)
        response.status_code = 201 if is_new else 200
        return shown

    @router.delete("/specialists/{name}", tags=["specialists"], status_code=204)
    async def remove_specialist(name: str) -> None:
        """Out of the database; a file of the same name is in force again."""
        await staff.remove(name)


class _Staff:
    """The team with what the database says of it. In every method: StorageError, Problem."""

    def __init__(self, admin: Administration) -> None:
        self._admin = admin

    async def everybody(self) -> list[Listed]:
        entries = await self._entries()
        files = [one for one in self._admin.team.all() if one.name not in entries]
        return [*(Listed(**_facts(one), origin="file") for one in files), *map(self._entry, entries.values())]

    async def one(self, name: str) -> Shown:
        if entry := (await self._entries()).get(name):
            return self._shown(entry)
        member = self._admin.team.get(name)
        try:
            source = await asyncio.to_thread(self._admin.source, name) if member is not None else None
        except SettingsError as error:
            raise Problem(404, "The specialist's file cannot be read.", error.detail) from error
        if member is None or source is None:
            raise _nobody(name)
        return Shown(**_facts(member), origin="file", source=source)

    async def put(self, name: str, source: str, *, new: bool) -> tuple[Shown, bool]:
        """What was put, and whether the database had none of that name. `new`: nobody may be called so yet."""
        entries = await self._entries()
        if new and (name in entries or self._admin.team.get(name) is not None):
            raise Problem(409, "There is such a specialist.", f"PUT changes {name!r}; POST is for new names.")
        checked(source, name, self._admin)
        async with self._admin.store.begin() as tx:
            await tx.catalog.put_specialist(name, source)
        entry = (await self._entries()).get(name)
        if entry is None:  # somebody else was faster
            raise _nobody(name)
        return self._shown(entry), name not in entries

    async def remove(self, name: str) -> None:
        async with self._admin.store.begin() as tx:
            removed = await tx.catalog.remove_specialist(name)
        await self._admin.adopt()
        if not removed and self._admin.team.get(name) is not None:
            raise Problem(409, "The specialist comes from a file.", f"Remove the file of {name!r} to remove it.")
        if not removed:
            raise _nobody(name)

    async def _entries(self) -> Mapping[str, CatalogEntry]:
        """Those of the database, which are in force in this process now."""
        await self._admin.adopt()
        async with self._admin.store.begin() as tx:
            return {entry.name: entry for entry in await tx.catalog.specialists()}

    def _entry(self, entry: CatalogEntry) -> Listed:
        made = self._read(entry)
        if isinstance(made, str):
            return Listed(name=entry.name, origin="database", updated_at=entry.updated_at, problem=made)
        return Listed(**_facts(made), origin="database", updated_at=entry.updated_at)

    def _shown(self, entry: CatalogEntry) -> Shown:
        return Shown(**self._entry(entry).model_dump(), source=entry.source)

    def _read(self, entry: CatalogEntry) -> Specialist | str:
        """The specialist, or what is wrong with it: what was right when it was put may not be after an update."""
        try:
            return read(entry.source, entry.name, self._admin.rules)
        except Problem as problem:
            return str(problem.more["detail"])


def _facts(one: Specialist) -> dict[str, object]:
    names = ("name", "title", "emoji", "description", "kind", "model", "fallback_models", "tools")
    return {name: getattr(one, name) for name in names}


def _nobody(name: str) -> Problem:
    return Problem(404, "There is no such specialist.", f"Nobody is called {name!r}.")
