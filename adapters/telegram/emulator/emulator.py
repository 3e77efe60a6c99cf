"""A Bot API server in this process, and the people who talk to the bot through it."""

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from adapters.telegram.emulator.chat import Chat
from adapters.telegram.emulator.entities import silence_tdlib
from adapters.telegram.emulator.faults import Faults
from adapters.telegram.emulator.files import StoredFile
from adapters.telegram.emulator.floods import Flood, FloodGate, Limits
from adapters.telegram.emulator.people import User
from adapters.telegram.emulator.server import BotApiServer, Call, Download
from adapters.telegram.emulator.state import ChatState, ChatType, Message, Profile
from adapters.telegram.emulator.wire import Json
from adapters.telegram.emulator.world import Press, World
from bot.domain.errors import SettingsError
from bot.domain.ports import Clock


class TelegramEmulator:
    """Telegram, as far as one bot can tell; it enforces the Bot API's rules and does mischief on request.

    async with TelegramEmulator(clock=clock, limits=Limits.telegram(), token="42:TEST") as tg:
        ann = tg.user("Ann", language_code="en")
        await ann.says("hello")            # the bot at tg.url gets an update
        ann.private.replies[-1].text_content
        tg.faults.floods(7, method="sendMessage")

    All times are the `clock`'s, which a test may move at any moment; only the wait of a long poll is real.
    `privacy` hides from the bot what is not meant for it in groups where it is no administrator. With a
    `local_folder` it is a Bot API server of one's own that runs with `--local`: files of any size lie in the folder.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        limits: Limits | None = None,
        token: str = "42:TEST",  # noqa: S107 - the token of an emulated bot opens nothing
        topics: bool = True,
        privacy: bool = False,
        local_folder: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.token = token
        self.faults = Faults()
        self._world = World(clock, token, topics=topics, privacy=privacy, local_folder=local_folder)
        self._gate = FloodGate(clock, limits or Limits.none())
        self._server = BotApiServer(self._world, token, self._gate, self.faults)
        self._address = (host, port)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        silence_tdlib()
        self._runner = web.AppRunner(self._server.app(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.clear()
        await self._world.updates.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """The base for `TelegramAPIServer.from_base`; SettingsError before the server is started."""
        if self._runner is None:
            raise SettingsError("the emulator is not started; use `async with`")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    @property
    def me(self) -> Profile:
        """The bot."""
        return self._world.me

    @property
    def calls(self) -> list[Call]:
        """Every call of the bot, the oldest first."""
        return self._server.calls

    @property
    def downloads(self) -> list[Download]:
        """Every fetching of a file, the oldest first; what a bot asked of them before is among the `calls`."""
        return self._server.downloads

    def file(self, message: Message) -> StoredFile:
        """The file that a message carries, whoever sent it; Refusal when it has none."""
        return self._world.files.by_id(message.file_id)

    def loses(self, message: Message) -> None:
        """The file of the message is gone: nobody gets it any more."""
        self._world.files.forget(message.file_id)

    @property
    def violations(self) -> list[str]:
        """What no correct bot does: names the Bot API does not know, and methods the emulator lacks."""
        return self._world.violations

    @property
    def floods(self) -> list[Flood]:
        """Every 429 given by the limits; injected ones are not here."""
        return self._gate.floods

    @property
    def presses(self) -> dict[str, Press]:
        """Pressed buttons by the id of their callback query, with the bot's answers."""
        return self._world.presses

    @property
    def commands(self) -> dict[str, list[Json]]:
        """Command menus by `scope:chat:user:language`."""
        return self._world.commands

    @property
    def chats(self) -> list[Chat]:
        return [Chat(self._world, state) for state in self._world.chats.values()]

    def user(
        self, first_name: str, *, language_code: str | None = "en", username: str | None = None, started: bool = True
    ) -> User:
        """A person; `started=False` has never written to the bot, which therefore may not write first."""
        number = 1000 + next(self._world.ids)
        profile = Profile(number, first_name, username or f"{first_name.lower()}_{number}", language_code)
        state = ChatState(number, "private", self._world.clock, person=profile, started=started)
        self._world.chats[number] = state
        return User(self._world, profile, Chat(self._world, state))

    def group(self, title: str, *, members: Iterable[User] = (), bot_is_admin: bool = False) -> Chat:
        """A basic group; the first member owns it."""
        return self._gathering("group", -5000 - next(self._world.ids), title, members, bot_is_admin)

    def supergroup(
        self, title: str, *, members: Iterable[User] = (), forum: bool = False, bot_is_admin: bool | None = None
    ) -> Chat:
        """A supergroup; in a forum the bot is an administrator unless told otherwise."""
        admin = forum if bot_is_admin is None else bot_is_admin
        number = -1001000000000 - next(self._world.ids)
        return self._gathering("supergroup", number, title, members, admin, forum=forum)

    def _gathering(
        self, kind: ChatType, number: int, title: str, members: Iterable[User], admin: bool, *, forum: bool = False
    ) -> Chat:
        profiles = [member.profile for member in members]
        state = ChatState(number, kind, self._world.clock, title, is_forum=forum, members=profiles)
        state.admins = {profile.id for profile in profiles[:1]} | ({self.me.id} if admin else set())
        state.bot_status = "administrator" if admin else "member"
        self._world.chats[number] = state
        return Chat(self._world, state)

    async def push(self, update: Json) -> int:
        """Send the bot any JSON as an update, unfiltered: unknown kinds, unknown blocks, poison. Return its id."""
        return await self._world.updates.push(update, filtered=False)

    async def repeats_updates(self, count: int = 1) -> None:
        """Deliver the last `count` updates once more, as Telegram sometimes does, even when confirmed."""
        await self._world.updates.repeat(count)

    async def redelivers(self) -> int:
        """Post to the webhook again what it did not take, as far as it is due by the clock; return what still waits."""
        return await self._world.updates.deliver_due()

    @property
    def pending_updates(self) -> int:
        """How many updates the bot has not confirmed."""
        return self._world.updates.pending

    @property
    def polls_waiting(self) -> int:
        """How many `getUpdates` calls are waiting for news at this moment."""
        return self._world.updates.polls_waiting
