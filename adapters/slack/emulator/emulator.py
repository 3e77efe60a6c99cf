"""A Slack in this process, and the people who talk to the app through it."""

from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from adapters.slack.emulator import payloads
from adapters.slack.emulator.bell import Bell
from adapters.slack.emulator.deliveries import Deliveries, Delivery, Kind
from adapters.slack.emulator.faults import Faults
from adapters.slack.emulator.limits import Flood, Gate, Limits
from adapters.slack.emulator.people import User
from adapters.slack.emulator.person import Stage
from adapters.slack.emulator.posts import Posts
from adapters.slack.emulator.screens import Channel
from adapters.slack.emulator.server import Call, WebApiServer
from adapters.slack.emulator.sockets import Connection, Sockets
from adapters.slack.emulator.state import Download
from adapters.slack.emulator.subscriptions import Subscriptions
from adapters.slack.emulator.wire import Json
from adapters.slack.emulator.workspace import Workspace
from adapters.slack.emulator.world import World
from adapters.slack.manifest import EVENTS, SCOPES
from bot.domain.errors import Refused, SettingsError
from bot.domain.ports import Clock

_SOCKET_PATH = "/link"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SlackEmulator:
    """Slack, as far as one app can tell; it enforces the platform's rules and does mischief on request.

    async with SlackEmulator(clock=clock, limits=Limits.slack()) as slack:
        ann = slack.user("Ann")
        await ann.says("hello")            # the app at slack.url gets an event over its socket
        ann.dm.replies[-1].text_content
        slack.faults.floods(7, method="chat.postMessage")

    All times are the `clock`'s, which a test may move at any moment. `events` and `scopes` are those of the app's
    manifest; `commands` its slash commands without the slash (`None`: any that Slack does not keep for itself).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        limits: Limits | None = None,
        events: Iterable[str] = EVENTS,
        scopes: Iterable[str] = SCOPES,
        commands: Iterable[str] | None = None,
        agent_view: bool = True,
        socket_mode: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.faults = Faults()
        self.signing_secret = "emulated-signing-secret"  # noqa: S105 - opens nothing
        self._clock = clock
        self._scopes = frozenset(scopes)
        self._world = World(clock)
        self._world.agent_view = agent_view
        self._gate = Gate(clock, limits or Limits.none())
        self._bell = Bell()
        self._deliveries = Deliveries(clock, self._bell)
        self._sockets = Sockets(self._deliveries, self._world.app, self._world.violations)
        self._posts: Posts | None = None
        known = None if commands is None else frozenset(name.removeprefix("/") for name in commands)
        self._stage = Stage(self._world, self._deliveries, Subscriptions(events), self._bell, known)
        self._server = WebApiServer(self._world, self._gate, self.faults)
        self._address = (host, port)
        self._runner: web.AppRunner | None = None
        self.home = self.workspace("Home")
        self._world.events = self._emit
        if socket_mode:
            self._deliveries.carrier = self._sockets
            self._world.sockets = self._socket_address

    async def __aenter__(self) -> Self:
        app = self._server.app()
        app.router.add_get(_SOCKET_PATH, self._sockets.serve)
        app.middlewares.append(self._ring_after)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address).start()
        self._world.base = self._origin("http")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.clear()
        self._deliveries.carrier = self._world.sockets = None
        await self._sockets.hang_up()
        if self._posts is not None:
            await self._posts.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # -- the app's settings

    @property
    def url(self) -> str:
        """The base of the Web API, for `base_url` of a client; SettingsError before the server is started."""
        return f"{self._origin('http')}/api/"

    @property
    def token(self) -> str:
        """The bot token in the home workspace."""
        return self.home.token

    @property
    def app_token(self) -> str:
        """Opens sockets."""
        return self._world.app_token

    @property
    def client_id(self) -> str:
        return self._world.client_id

    @property
    def client_secret(self) -> str:
        return self._world.client_secret

    # -- the stage

    def workspace(self, name: str, *, installed: bool = True) -> Workspace:
        """A further workspace, with the app in it when `installed`."""
        return Workspace(self._stage, self._world.add_team(name, scopes=self._scopes, installed=installed))

    def user(self, name: str, locale: str = "en-US", workspace: Workspace | None = None) -> User:
        """A person; of the home workspace unless told otherwise."""
        return (workspace or self.home).user(name, locale)

    def channel(
        self,
        name: str,
        members: Iterable[User] = (),
        *,
        private: bool = False,
        with_app: bool = True,
        workspace: Workspace | None = None,
    ) -> Channel:
        """A channel of the home workspace unless told otherwise."""
        return (workspace or self.home).channel(name, members, private=private, with_app=with_app)

    def group(self, members: Iterable[User]) -> Channel:
        """A direct message among several people of the home workspace and the app."""
        return self.home.group(members)

    # -- what was seen

    @property
    def calls(self) -> list[Call]:
        """Every call of the app, the oldest first."""
        return self._server.calls

    @property
    def violations(self) -> list[str]:
        """What no correct app does: unknown methods and parameters, missing ones, answers of the wrong shape."""
        return self._world.violations

    @property
    def floods(self) -> list[Flood]:
        """Every 429 given by the limits; injected ones are not here."""
        return self._gate.floods

    @property
    def downloads(self) -> list[Download]:
        """Every time that the content of a file was asked for, the oldest first."""
        return self._world.downloads

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that was sent to the app, the oldest first, with its attempts and whether it was taken."""
        return self._deliveries.all

    @property
    def pending_events(self) -> int:
        """How many deliveries are due now and not acknowledged."""
        return self._deliveries.pending

    @property
    def connections(self) -> list[Connection]:
        """The sockets that are open now."""
        return self._sockets.connections

    # -- the way to the app

    async def posts_to(self, url: str, *, signed_by: Clock | None = None, verify: bool = True) -> None:
        """Send everything to this request URL from now on instead of the sockets.

        Slack checks the URL first with a challenge; Refused when the app does not give it back. The signature's
        timestamp is the clock's; `signed_by` is for apps that compare it with another one.
        """
        posts = Posts(self._deliveries, url, self.signing_secret, signed_by or self._clock)
        if verify and not await posts.verify_url(payloads.VERIFICATION_TOKEN):
            await posts.close()
            raise Refused("the request URL does not answer the challenge")
        if self._posts is not None:
            await self._posts.close()
        self._posts = self._deliveries.carrier = posts
        self._deliveries.deliver_waiting()

    async def push(self, event: Json, workspace: Workspace | None = None) -> Delivery:
        """Send the app any JSON as an event, subscribed to or not: unknown kinds, poison."""
        body = payloads.event_callback(self._world, (workspace or self.home).state, event)
        return self._deliveries.push("events_api", body)

    async def push_body(self, kind: Kind, body: Json) -> Delivery:
        """Send the app any body, as an event, an interaction or a command."""
        return self._deliveries.push(kind, body)

    async def repeats_events(self, count: int = 1) -> None:
        """Deliver the last `count` events once more, as Slack sometimes does, even when acknowledged."""
        self._deliveries.repeat(count)

    def repeats_every(self, number: int) -> None:
        """Deliver every `number`-th event twice from now on; 0 ends it."""
        self._deliveries.every = number

    async def redelivers(self) -> int:
        """Send again what was not acknowledged, as far as it is due by the clock; return how many are still open."""
        return self._deliveries.deliver_due()

    async def disconnects(self, reason: str = "refresh_requested") -> None:
        """Ask the app to open new sockets, as Slack does every few hours."""
        self._sockets.disconnect(reason)

    async def hangs_up(self, *, rudely: bool = False) -> None:
        """Close every socket; `rudely` without a word."""
        await self._sockets.hang_up(rudely=rudely)

    # -- inside

    def _origin(self, scheme: str) -> str:
        if self._runner is None:
            raise SettingsError("the emulator is not started; use `async with`")
        host, port = self._runner.addresses[0][:2]
        return f"{scheme}://{host}:{port}"

    def _socket_address(self) -> str:
        return f"{self._origin('ws')}{_SOCKET_PATH}?ticket={self._sockets.ticket()}"

    def _emit(self, team: str, event: Json) -> None:
        self._stage.tell(self._world.teams[team], event)

    @web.middleware
    async def _ring_after(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        finally:
            self._bell.ring()
