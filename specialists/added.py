"""Providers that come and go while the platform runs: what is known of each, and a client that leaves in good order."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import httpx2
from openai import DefaultAioHttpClient

from bot.domain.ports import Clock

Kind = Literal["openai-chat", "openai", "anthropic"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""What a provider may speak: Chat Completions, Responses, or Anthropic's Messages."""

_STRAGGLER_SECONDS = 30.0
"""A reply may hold a model for this long before it sends the next request with it."""


@dataclass(frozen=True, slots=True)
class AddedProvider:
    """One provider that was made at run time."""

    name: str
    kind: str
    base_url: str
    """Empty for the kind's own address."""
    key: str = field(default="", repr=False)
    trouble: str = ""
    """Why it cannot be asked; empty when it can."""


class RetiringClient(DefaultAioHttpClient):
    """Connections to one provider, which can be given up without breaking the replies that are on them.

    It follows no redirects: a key goes to the address that an operator gave, and nowhere else.
    """

    def __init__(self, *, timeout: httpx2.Timeout, limits: httpx2.Limits, verify: ssl.SSLContext) -> None:
        super().__init__(timeout=timeout, limits=limits, verify=verify, follow_redirects=False)
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """A request is under way until its response is closed."""
        self._began()
        try:
            response = await super().send(request, stream=stream, **options | {"follow_redirects": False})
        except BaseException:
            self._ended()
            raise
        if response.is_closed:
            self._ended()
        else:
            response.stream = _Watched(response.stream, self)
        return response

    async def retire(self, clock: Clock) -> None:
        """Close once nothing is under way and nobody who may still hold a model of it comes back."""
        while True:
            await self._idle.wait()
            await clock.sleep(_STRAGGLER_SECONDS)
            if self._idle.is_set():
                await self.aclose()
                return

    def _began(self) -> None:
        self._under_way += 1
        self._idle.clear()

    def _ended(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()


class _Watched(httpx2.AsyncByteStream):
    """The stream of a response, which tells its client when it is closed."""

    def __init__(self, stream: httpx2.AsyncByteStream | httpx2.SyncByteStream, client: RetiringClient) -> None:
        assert isinstance(stream, httpx2.AsyncByteStream)  # noqa: S101  the client is asynchronous
        self._stream = stream
        self._client: RetiringClient | None = client

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        client, self._client = self._client, None
        try:
            await self._stream.aclose()
        finally:
            if client is not None:
                client._ended()
