"""The ASGI application: health, metrics, the public account, the pages of installations, and the door for webhooks."""

import logging
from collections.abc import Sequence
from dataclasses import asdict

from fastapi import Depends, FastAPI, Request, Response

from bot.api.admin import admin_router
from bot.api.administration import Administration
from bot.api.auth import needs
from bot.api.installing import Reception, add_install_pages
from bot.api.problems import tell_problems
from bot.domain.errors import StorageError
from bot.domain.messenger import Hooked, Take
from bot.domain.ports import Clock
from bot.telemetry import Metrics
from storage.store import Store

log = logging.getLogger(__name__)

_HOOK_BYTES = 1_000_000
_GAUGE_SECONDS = 15.0


def create_app(
    *,
    store: Store,
    take: Take,
    hooks: Sequence[Hooked],
    metrics: Metrics,
    clock: Clock,
    secret: str,
    administration: Administration,
    reception: Reception | None = None,
) -> FastAPI:
    """`secret` signs bearer tokens; every hook that has a path gets it on this server, and so do the pages by which
    workspaces let us in, where they can."""
    app = FastAPI(title="Switchboard", docs_url="/docs", redoc_url=None)
    tell_problems(app)
    gauges = _Gauges(store, metrics, clock)

    @app.get("/health", tags=["health"])
    async def health() -> dict[str, str]:
        """The process is alive."""
        return {"status": "healthy"}

    @app.get("/health/ready", tags=["health"])
    async def ready(response: Response) -> dict[str, str]:
        """The process can do its work: the database answers."""
        if await store.ready():
            return {"status": "healthy", "database": "healthy"}
        response.status_code = 503
        return {"status": "unhealthy", "database": "unreachable"}

    @app.get("/metrics", tags=["health"])
    async def prometheus() -> Response:
        """Counters in Prometheus' text format; those of the database are at most 15 s old."""
        try:
            await gauges.refresh()
        except StorageError:
            log.warning("metrics without the database's part")
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/api/v1/ledger", tags=["account"], dependencies=[Depends(needs("admin", secret))])
    async def ledger() -> dict[str, int]:
        """The public account: received = answered + refused + waiting."""
        async with store.begin() as tx:
            account = await tx.ledger.account()
        return {**asdict(account), "lost": account.lost}

    app.include_router(admin_router(administration, secret))
    if reception is not None:
        add_install_pages(app, reception)
    for hook in hooks:
        if hook.hook_path is not None:
            _mount(app, hook, hook.hook_path, take)
    return app


def _mount(app: FastAPI, hook: Hooked, path: str, take: Take) -> None:
    @app.post(path, include_in_schema=False)
    async def deliver(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _HOOK_BYTES:
                return Response(status_code=413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        posted = await hook.deliver(headers, bytes(body), take)
        return Response(posted.body, posted.status, media_type=posted.media_type)


class _Gauges:
    """Figures that the database must count; however often they are asked for, it counts now and then only."""

    def __init__(self, store: Store, metrics: Metrics, clock: Clock) -> None:
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._good_until = float("-inf")

    async def refresh(self) -> None:
        """StorageError when the database does not answer."""
        now = self._clock.monotonic()
        if now >= self._good_until:
            self._good_until = now + _GAUGE_SECONDS
            await _read_gauges(self._store, self._metrics)


async def _read_gauges(store: Store, metrics: Metrics) -> None:
    async with store.begin() as tx:
        depth = await tx.jobs.depth()
        account = await tx.ledger.account()
    metrics.jobs_open.clear()
    for kind, jobs in depth.items():
        metrics.jobs_open.labels(kind).set(jobs)
    for state, updates in asdict(account).items():
        metrics.account.labels(state).set(updates)
