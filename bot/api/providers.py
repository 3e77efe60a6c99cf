"""`/api/v1/providers`: providers of models made at run time. A key goes in and never comes out."""

import logging
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from bot.api.addresses import LONGEST_CHARS, provider_address
from bot.api.administration import Administration
from bot.api.paging import Cursor, Limit, Page, page_of
from bot.api.problems import Problem
from bot.domain.errors import SettingsError
from specialists.added import Kind
from storage.providers import Provider, place_of_key
from storage.sealing import MAKE_ONE

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]

_KEY = re.compile(r"[!-~]{0,4096}")

log = logging.getLogger(__name__)


class Change(BaseModel):
    """What a provider shall be."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    """What it speaks: Chat Completions, Responses, or Anthropic's Messages."""
    base_url: Annotated[str, StringConstraints(max_length=LONGEST_CHARS)] = ""
    """Empty for the kind's own address."""
    key: SecretStr | None = Field(None, json_schema_extra={"writeOnly": True})
    """Left out: the key that is there stays, if the address does. Empty: none is needed."""
    local: bool = False
    """The address is in the operators' own network: it may be private, and plain HTTP."""

    @field_validator("key")
    @classmethod
    def _key_fits_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not _KEY.fullmatch(key.get_secret_value()):
            raise ValueError("a key has at most 4096 plain characters and no spaces")
        return key


class NewProvider(Change):
    name: Name
    """Models are then called `name:model`."""


class Shown(BaseModel):
    """A provider, without its key."""

    name: str
    kind: str
    base_url: str
    has_key: bool
    problem: str | None
    """Why its models cannot be asked."""
    updated_at: datetime


def add_provider_routes(router: APIRouter, admin: Administration) -> None:
    suppliers = _Suppliers(admin)

    @router.get("/providers", tags=["providers"])
    async def list_providers(limit: Limit = 50, cursor: Cursor = "") -> Page[Shown]:
        """Those made at run time, by name; the built-in ones are settings."""
        return page_of(await suppliers.everybody(), lambda one: one.name, limit=limit, cursor=cursor)

    @router.post("/providers", tags=["providers"], status_code=201)
    async def add_provider(provider: NewProvider, response: Response) -> Shown:
        """A new provider; 409 when there is one of that name."""
        shown = await suppliers.add(provider)
        response.headers["Location"] = f"{router.prefix}/providers/{provider.name}"
        return shown

    @router.get("/providers/{name}", tags=["providers"])
    async def get_provider(name: str) -> Shown:
        """One provider, without its key."""
        return await suppliers.one(name)

    @router.put("/providers/{name}", tags=["providers"], responses={201: {"model": Shown}})
    async def put_provider(name: Name, change: Change, response: Response) -> Shown:
        """A new provider, or a change of one: replies that run end with what they began with."""
        shown, is_new = await suppliers.put(name, change)
        response.status_code = 201 if is_new else 200
        return shown

    @router.delete("/providers/{name}", tags=["providers"], status_code=204)
    async def remove_provider(name: str) -> None:
        """Out of use, its key out of the database; 409 as long as somebody names one of its models."""
        await suppliers.remove(name)


class _Suppliers:
    """The providers of the database. In every method: StorageError, Problem."""

    def __init__(self, admin: Administration) -> None:
        self._admin = admin

    async def everybody(self) -> Sequence[Shown]:
        await self._admin.adopt()
        async with self._admin.store.begin() as tx:
            return [self._shown(provider) for provider in await tx.providers.list()]

    async def one(self, name: str) -> Shown:
        await self._admin.adopt()
        async with self._admin.store.begin() as tx:
            provider = await tx.providers.get(name)
        if provider is None:
            raise _nobody(name)
        return self._shown(provider)

    async def add(self, new: NewProvider) -> Shown:
        base_url = self._address(new.name, new)
        if not base_url:
            _need_key(new, None)
        sealed = self._sealed(new.name, base_url, new.key)
        async with self._admin.store.begin() as tx:
            added = await tx.providers.add(new.name, new.kind, base_url, sealed or "")
        if not added:
            raise Problem(409, "There is such a provider.", f"PUT changes {new.name!r}; POST is for new names.")
        log.info("a provider was added", extra={"provider": new.name, "kind": new.kind})
        return await self.one(new.name)

    async def put(self, name: str, change: Change) -> tuple[Shown, bool]:
        """What was put, and whether there was none of that name."""
        base_url = self._address(name, change)
        sealed = self._sealed(name, base_url, change.key)
        async with self._admin.store.begin() as tx:
            before = await tx.providers.get(name)
            if not base_url:
                _need_key(change, before)
            kept = await tx.providers.put(name, change.kind, base_url, sealed)
        if not kept:
            reason = "A key stays with its address: give it again, or an empty one where none is needed."
            raise Problem(422, "The address is another one.", reason)
        log.info("a provider was put", extra={"provider": name, "kind": change.kind})
        return await self.one(name), before is None

    async def remove(self, name: str) -> None:
        await self._admin.adopt()
        in_use = self._admin.models_in_use().items()
        users = sorted(who for who, models in in_use if any(model.startswith(f"{name}:") for model in models))
        async with self._admin.store.begin() as tx:
            if await tx.providers.get(name) is None:
                raise _nobody(name)
            if users:
                raise Problem(409, "The provider is in use.", f"Change these first: {', '.join(users)}.", used_by=users)
            await tx.providers.remove(name)
        await self._admin.adopt()
        log.info("a provider was removed", extra={"provider": name})

    def _address(self, name: str, change: Change) -> str:
        """The base URL to keep, when there may be such a provider at all."""
        if not self._admin.sealing:
            raise Problem(409, "Providers cannot be kept.", f"ENCRYPTION_KEYS is not set: {MAKE_ONE}.")
        if name in self._admin.taken:
            raise Problem(409, "The name is taken.", f"{name!r} is built in and set up in the environment.")
        try:
            return change.base_url and provider_address(change.base_url, local=change.local)
        except ValueError as error:
            raise _wrong("base_url", str(error)) from None

    def _sealed(self, name: str, base_url: str, key: SecretStr | None) -> str | None:
        """The key as it is kept; empty when none is needed, None when the one that is there shall stay."""
        if key is None or not key.get_secret_value():
            return None if key is None else ""
        return self._admin.sealing.seal(key.get_secret_value(), place_of_key(name, base_url))

    def _shown(self, provider: Provider) -> Shown:
        try:
            self._admin.check_model(f"{provider.name}:any")
            problem = None
        except SettingsError as error:
            problem = error.detail
        return Shown(
            name=provider.name,
            kind=provider.kind,
            base_url=provider.base_url,
            has_key=provider.has_key,
            problem=problem,
            updated_at=provider.updated_at,
        )


def _need_key(change: Change, before: Provider | None) -> None:
    """The kinds' own addresses let nobody in without one."""
    stays = change.key is None and before is not None and before.has_key
    if not stays and not (change.key and change.key.get_secret_value()):
        raise _wrong("key", "the kind's own address needs a key; or give a base_url")


def _wrong(field: str, reason: str) -> Problem:
    return Problem(422, "The request is not as it should be.", errors=[{"field": field, "reason": reason}])


def _nobody(name: str) -> Problem:
    return Problem(404, "There is no such provider.", f"No provider is called {name!r}; built-in ones are settings.")
