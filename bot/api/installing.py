"""The pages by which a workspace lets us in: off to the platform's consent page, and back from there."""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Literal

import jwt
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bot.domain.errors import Misconfigured, StorageError, SwitchboardError
from bot.domain.installation import Installation, Installing, NotInstalled
from bot.domain.ports import Clock
from bot.texts import Texts
from storage.store import Store

log = logging.getLogger(__name__)

STATE_SECONDS = 600
"""How long a person may take for the platform's consent page."""

_AUDIENCE = "install"
_LONGEST_VALUE = 4_000
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,3}")
_GUARDED = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}}</style>
</head><body><main><h1>{title}</h1><p>{text}</p>{more}</main></body></html>
"""

Outcome = Literal["declined", "expired", "organisation", "misconfigured", "later"]


@dataclass(frozen=True, slots=True)
class Reception:
    """Where workspaces come in."""

    doors: tuple[Installing, ...]
    keep: Callable[[Installation], Awaitable[None]]
    """Keep an installation, and put it in force in every process. StorageError, SettingsError."""
    store: Store
    texts: Texts
    clock: Clock
    secret: str = field(repr=False)
    """Signs what the platform brings back."""
    secure: bool = True
    """Browsers reach us by https, so that cookies travel by it only."""


def add_install_pages(app: FastAPI, reception: Reception) -> None:
    """Two pages for each messenger that workspaces can be added to; they are no part of the API's schema."""
    for door in reception.doors:
        _add_pages(app, reception, door)


def _add_pages(app: FastAPI, reception: Reception, door: Installing) -> None:
    visits = _Visits(reception, door)
    app.add_api_route(door.install_path, visits.begin, methods=["GET"], include_in_schema=False)
    app.add_api_route(door.return_path, visits.end, methods=["GET"], include_in_schema=False)


class _Visits:
    """A browser that goes to the consent page and comes back.

    The state that goes along is signed, is good for ten minutes and once, and holds the digest of a word that only
    this browser has, in a cookie: nobody can send another person's browser back with a consent of their own.
    """

    def __init__(self, reception: Reception, door: Installing) -> None:
        self._reception = reception
        self._door = door
        self._cookie = f"{door.messenger}-install"

    async def begin(self) -> Response:
        word = secrets.token_urlsafe(32)
        response = RedirectResponse(self._door.consent_url(self._state(word)), 302, _GUARDED)
        response.set_cookie(
            self._cookie,
            word,
            max_age=STATE_SECONDS,
            path=self._door.return_path,
            secure=self._reception.secure,
            httponly=True,
            samesite="lax",
        )
        return response

    async def end(self, request: Request) -> Response:
        query = {name: value for name, value in request.query_params.items() if len(value) <= _LONGEST_VALUE}
        language = self._language(request)
        try:
            outcome = await self._finish(query, request.cookies.get(self._cookie, ""))
        except StorageError as error:
            log.warning("an installation met no database", extra={"detail": error.detail})
            outcome = "later"
        except Misconfigured:
            outcome = "misconfigured"
        except SwitchboardError as error:
            log.warning("an installation was not finished", extra={"error": type(error).__name__})
            outcome = "later"
        response = self._page(language, outcome)
        response.delete_cookie(self._cookie, path=self._door.return_path)
        return response

    async def _finish(self, query: dict[str, str], word: str) -> Installation | Outcome:
        visit = self._visit_of(query.get("state", ""), word)
        if visit is None or not await self._is_first(*visit):
            return "expired"
        result = await self._door.finish(query)
        if isinstance(result, NotInstalled):
            log.info("nothing was installed", extra={"messenger": self._door.messenger, "reason": result.reason})
            return result.reason
        await self._reception.keep(result)
        log.info("installed", extra={"messenger": result.messenger, "workspace": result.workspace})
        return result

    def _state(self, word: str) -> str:
        now = self._reception.clock.now()
        claims = {
            "aud": f"{_AUDIENCE}:{self._door.messenger}",
            "jti": secrets.token_hex(16),
            "exp": now + timedelta(seconds=STATE_SECONDS),
            "word": _digest(word),
        }
        return jwt.encode(claims, self._reception.secret, algorithm="HS256")

    def _visit_of(self, state: str, word: str) -> tuple[str, datetime] | None:
        """Which visit it is and when it ends; None when the state is forged, too old, or another browser's."""
        required = jwt.types.Options(require=["exp", "jti", "aud", "word"], verify_exp=False)
        try:
            claims = jwt.decode(
                state,
                self._reception.secret,
                algorithms=["HS256"],
                audience=f"{_AUDIENCE}:{self._door.messenger}",
                options=required,
            )
        except jwt.InvalidTokenError:
            return None
        ends_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        own = hmac.compare_digest(str(claims["word"]), _digest(word))
        return (str(claims["jti"]), ends_at) if own and self._reception.clock.now() <= ends_at else None

    async def _is_first(self, visit: str, ends_at: datetime) -> bool:
        """Whether nobody has come back from it yet, to whichever process. StorageError."""
        async with self._reception.store.begin() as tx:
            return await tx.counters.add(f"{_AUDIENCE}:{visit}", ends_at.date().isoformat()) == 1

    def _language(self, request: Request) -> str:
        found = _LANGUAGE.match(request.headers.get("accept-language", ""))
        return self._reception.texts.match(found[0] if found else "")

    def _page(self, language: str, outcome: Installation | Outcome) -> Response:
        say = self._reception.texts.say
        if isinstance(outcome, Installation):
            title, text = say(language, "install-done"), say(language, "install-done-text", workspace=outcome.name)
            more, status = "", 200
        else:
            title, text = say(language, "install-failed"), say(language, f"install-{outcome}")
            again = escape(say(language, "install-again"))
            more, status = f'<p><a href="{escape(self._door.install_path)}">{again}</a></p>', _STATUS[outcome]
        page = _PAGE.format(language=language, title=escape(title), text=escape(text), more=more)
        return HTMLResponse(page, status, _GUARDED)


_STATUS: dict[Outcome, int] = {"declined": 200, "expired": 400, "organisation": 400, "misconfigured": 500, "later": 503}


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()
