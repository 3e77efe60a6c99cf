"""The one place where the Bot API is called: errors become ours, and the token stays in here."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, TypeVar

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import AiogramError, ClientDecodeError
from aiogram.methods import TelegramMethod
from aiogram.types import LinkPreviewOptions, Message
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientError, ClientTimeout, InvalidURL, NonHttpUrlClientError

from adapters.telegram.faults import translate
from bot.domain.errors import (
    Ambiguous,
    FileGone,
    Flooded,
    MessengerError,
    Misconfigured,
    SettingsError,
    Unreachable,
)
from bot.domain.place import Place

T = TypeVar("T")

_TIMEOUT_SECONDS = 30
_PIECE_BYTES = 256 * 1024
_FLOOD_SECONDS = 1.0
"""How long to wait when a refused download does not say it."""
# How long a download takes as a whole depends on the file; whoever reads it watches that it goes on.
_DOWNLOAD = ClientTimeout(total=None, sock_connect=_TIMEOUT_SECONDS)
# What is packed would have to be unpacked before anybody knows how long it is.
_AS_IT_IS = {"Accept-Encoding": "identity"}
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
        self._session = _Session(api=TelegramAPIServer.from_base(api_base), timeout=_TIMEOUT_SECONDS)
        try:
            self.bot = Bot(
                token, self._session, DefaultBotProperties(link_preview=LinkPreviewOptions(is_disabled=True))
            )
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

    async def ask(self, method: TelegramMethod[T], *, timeout_seconds: int | None = None) -> T:
        """Make a call for its answer. MessengerError."""
        try:
            return await self.bot(method, request_timeout=timeout_seconds)
        except FAILURES as exc:
            raise translate(exc, None) from self._shown(exc)

    async def content(self, path: str) -> AsyncGenerator[bytes, None]:
        """What lies at the `file_path` of a `getFile` answer, piece by piece; use it in `aclosing`.

        FileGone when nothing lies there; Flooded; Unreachable also when the connection breaks before the end.
        """
        try:
            session = await self._session.create_session()
            # The address holds the token (Bot API, `getFile`).
            url = self._session.api.file_url(self.bot.token, path)
            async with session.get(url, timeout=_DOWNLOAD, headers=_AS_IT_IS, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise _undelivered(answer.status, answer.headers.get("Retry-After", ""))
                async for piece in answer.content.iter_chunked(_PIECE_BYTES):
                    yield piece
        except (InvalidURL, NonHttpUrlClientError):
            raise Misconfigured("TELEGRAM_API_BASE is not an http address") from None
        except (ClientError, OSError, ValueError) as exc:
            raise Unreachable(type(exc).__name__) from self._shown(exc)

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


def _undelivered(status: int, retry_after: str) -> MessengerError:
    """What the HTTP status of a refused download means."""
    if status == 429:
        seconds = float(retry_after) if retry_after.isdecimal() else _FLOOD_SECONDS
        return Flooded("too many downloads", retry_after_seconds=seconds)
    if status == 401:
        return Misconfigured("TELEGRAM_BOT_TOKEN was refused")
    if status < 400:
        return Misconfigured("TELEGRAM_API_BASE sends downloads elsewhere")
    if status >= 500:
        return Unreachable(f"HTTP status {status}")
    return FileGone(f"HTTP status {status}")
