"""What is wrong with a request, as problem details (RFC 9457). Nothing that was sent is repeated in them."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from bot.domain.errors import StorageError

log = logging.getLogger(__name__)


class Problem(HTTPException):
    """A refusal that says more than its title.

    `title` is the same for all of its kind, `detail` a sentence about this one; `more` are members of their own, as
    the number of a line.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(status, title, headers)
        self.more = ({"detail": detail} if detail else {}) | more


def tell_problems(app: FastAPI) -> None:
    """Let every error of `app` leave as a problem."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class
    more = error.more if isinstance(error, Problem) else {}
    return _answer(request, error.status_code, error.detail, more, dict(error.headers or {}))


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    """FastAPI's own answer would repeat what was sent, keys included."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class
    wrong = [{"field": _field(one["loc"]), "reason": one["msg"]} for one in error.errors()]
    return _answer(request, 422, "The request is not as it should be.", {"errors": wrong}, {})


def _answer(
    request: Request, status: int, title: str, more: Mapping[str, object], headers: Mapping[str, str]
) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "instance": request.url.path, **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _field(path: tuple[int | str, ...]) -> str:
    """`body.key` → `key`; the body as a whole has no name of its own."""
    named = path[1:] if path[:1] == ("body",) else path
    return ".".join(map(str, named)) or "body"


class Storing(APIRoute):
    """A route that says when the database does not answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except StorageError as error:
                log.warning("a request met no database", extra={"detail": error.detail})
                raise Problem(503, "The database does not answer.", headers={"Retry-After": "5"}) from error

        return guarded
