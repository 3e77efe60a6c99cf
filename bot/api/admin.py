"""What an operator changes while the platform runs, under `/api/v1`. Needs the scope `admin`."""

from fastapi import APIRouter, Depends

from bot.api.administration import Administration
from bot.api.auth import needs
from bot.api.problems import Storing
from bot.api.providers import add_provider_routes
from bot.api.specialists import add_specialist_routes

_BODY_BYTES = 2_000_000
"""The longest source of a specialist, with every character escaped, and room to spare."""


def admin_router(admin: Administration, secret: str) -> APIRouter:
    """The routes, for holders of a token that `secret` signed."""
    router = APIRouter(
        prefix="/api/v1",
        dependencies=[Depends(needs("admin", secret))],
        route_class=Storing,
        max_body_size=_BODY_BYTES,
    )
    add_specialist_routes(router, admin)
    add_provider_routes(router, admin)
    return router
