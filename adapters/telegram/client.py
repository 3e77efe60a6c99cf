"""The one place where the Bot API is called: errors become ours, and the token stays in here."""

from collections.abc import Mapping
from typing import Any, TypeVar

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import AiogramError, ClientDecodeError
from aiogram.methods import TelegramMethod
from aiogram.types import LinkPreviewOptions, Message
from aiogram.utils.token import TokenValidationError

from adapters.telegram.faults import translate
from bot.domain.errors import Ambiguous, SettingsError
from bot.domain.place import Place

T = TypeVar("T")

_TIMEOUT_SECONDS = 30
# What a call may end with besides aiogram's own errors: the session passes these on as they are
# (`TypeError` comes of a 5xx without description, UnicodeError of text that cannot be encoded).
FAILURES = (AiogramError, OSError, TypeError, UnicodeError)


class _Session(AiohttpSession):
    async def close(self) -> None:
        """At once: aiohttp itself sees TLS connections to their end, where aiogram sleeps a quarter of a second."""
        if self._session is not None:
            await self._session.close()


class Client:
    """A bot account at a Bot API server."""

    def __init__(self, token: str, api_base: str) -> None:
        """SettingsError when `token` cannot be one."""
        session = _Session(api=TelegramAPIServer.from_base(api_base), timeout=_TIMEOUT_SECONDS)
        try:
            self.bot = Bot(token, session, DefaultBotProperties(link_preview=LinkPreviewOptions(is_disabled=True)))
        except TokenValidationError:
            raise SettingsError("TELEGRAM_BOT_TOKEN is not a bot token; copy it again from @BotFather") from None

    async def call(self, method: TelegramMethod[Any], place: Place | None = None) -> None:
        """Make a call that may be repeated. MessengerError."""
        try:
            await self.bot(method)
        except FAILURES as exc:
            if _accepted(exc) is None:
                raise translate(exc, place) from self._shown(exc)

    async def send(self, method: TelegramMethod[Message], place: Place, *, timeout_seconds: int) -> int:
        """Make a call that puts a message into `place`; the message's id. MessengerError."""
        try:
            # `None` is what an answer without result becomes, whatever the annotation says.
            message: Message | None = await self.bot(method, request_timeout=timeout_seconds)
        except FAILURES as exc:
            match _accepted(exc):
                case {"message_id": int() as message_id}:
                    return message_id
                case _:
                    raise translate(exc, place, repeatable=False) from self._shown(exc)
        if message is None:
            raise Ambiguous("an answer without the message")
        return message.message_id

    async def ask(self, method: TelegramMethod[T]) -> T:
        """Make a call for its answer. MessengerError."""
        try:
            return await self.bot(method)
        except FAILURES as exc:
            raise translate(exc, None) from self._shown(exc)

    def _shown(self, exc: Exception) -> Exception | None:
        """The cause that may be shown in a traceback; None when it would show the token or a message."""
        hidden = isinstance(exc, ClientDecodeError) or self.reveals(exc)
        return None if hidden else exc

    def reveals(self, exc: BaseException) -> bool:
        """Whether the texts of `exc` and of what caused it name the token; the address of every call does."""
        chain: BaseException | None = exc
        while chain is not None:
            if self.bot.token in f"{chain} {chain!r}":
                return True
            chain = chain.__cause__ or chain.__context__
        return False

    async def close(self) -> None:
        await self.bot.session.close()


def _accepted(exc: Exception) -> Mapping[str, Any] | bool | None:
    """The result of a call that the platform carried out and the library could not read; None for any other failure."""
    if not isinstance(exc, ClientDecodeError) or not isinstance(exc.data, dict) or exc.data.get("ok") is not True:
        return None
    result = exc.data.get("result")
    return result if isinstance(result, dict) else True
