"""Files in: what people send, fetched from Slack's own hosts (docs.slack.dev/reference/objects/file-object#access)."""

import asyncio
import errno
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urljoin

from aiohttp import ClientResponse

from adapters.slack.attachments import is_elsewhere, is_gone, is_page
from adapters.slack.client import Client
from adapters.slack.deadline import within
from adapters.slack.faults import FAILURES, retry_after_seconds, translate
from bot.domain.errors import FileGone, FileTooLarge, Flooded, MessengerError, Misconfigured, Unreachable
from bot.domain.ports import Clock

T = TypeVar("T")

_STALL_SECONDS = 30.0
_REDIRECTS = 5
_ADDRESS = re.compile(r"(https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?)(?:[/?#][^\s\\]*)?")
_HOME = re.compile(r"https://(?:[a-z0-9-]+\.)*(?:slack|slack-edge|slack-files|slack-gov)\.com(?::443)?")
"""Slack's own hosts: files are at files.slack.com, from where it may send us on to others of them."""
_SCOPE_ADVICE = (
    "Slack gives a page to sign in instead of the file: give the app the scope files:read and install it again"
)


def may_see_token(address: str, api_base: str) -> bool:
    """Whether our token may go to `address`: to Slack's own hosts by https, and to the very origin of SLACK_API_BASE,
    to which all calls take it; to no other, wherever a file or a redirect leads."""
    match, api = _ADDRESS.fullmatch(address), _ADDRESS.fullmatch(api_base)
    if match is None:
        return False
    origin = match[1].lower()
    return _HOME.fullmatch(origin) is not None or (api is not None and origin == api[1].lower())


class Downloads:
    """Fetches files by their ids."""

    def __init__(self, client: Client, clock: Clock, api_base: str) -> None:
        self._client = client
        self._clock = clock
        self._api_base = api_base

    async def fetch(self, team: str, file: str, into: Path, limit_bytes: int) -> int:
        """Write a file to `into`; its size. MessengerError, with FileTooLarge and FileGone as in `Fetching`;
        Misconfigured when we may not read files."""
        found = await self._info(team, file)
        size = found.get("size")
        if isinstance(size, int) and size > limit_bytes:
            raise FileTooLarge("longer than the limit")
        address = str(found.get("url_private_download") or found.get("url_private") or "")
        if not address:
            raise FileGone("no address")
        response = await self._opened(team, address)
        try:
            _check(response, found)
            with await _on_disk(lambda: into.open("wb")) as sink:
                return await self._written(response, sink, limit_bytes)
        except FAILURES as exc:
            trouble = translate(exc)
        finally:
            response.close()
        raise trouble

    async def _info(self, team: str, file: str) -> Mapping[str, Any]:
        if not file:
            raise FileGone("no file")
        answer = await self._client.call(team, lambda web: web.files_info(file=file))
        found = answer.get("file")
        if not isinstance(found, Mapping) or is_gone(found):
            raise FileGone("not there any more")
        if is_elsewhere(found):
            raise FileGone("kept outside of Slack")
        return found

    async def _opened(self, team: str, address: str) -> ClientResponse:
        """The answer that is no redirect."""
        for _ in range(_REDIRECTS):
            if not may_see_token(address, self._api_base):
                raise Misconfigured("a file leads away from Slack's own hosts")
            response = await within(self._clock, _STALL_SECONDS, self._client.download(team, address))
            location = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            response.close()
            address = urljoin(address, location)
        raise Unreachable("too many redirects")

    async def _written(self, response: ClientResponse, sink: IO[bytes], limit_bytes: int) -> int:
        total = 0
        while chunk := await within(self._clock, _STALL_SECONDS, response.content.readany()):
            total += len(chunk)
            if total > limit_bytes:
                raise FileTooLarge("longer than the limit")
            await _on_disk(partial(sink.write, chunk))
        return total


async def _on_disk(work: Callable[[], T]) -> T:
    """Done in a thread. MessengerError when the disk refuses, so that nobody takes it for Slack's trouble."""
    try:
        return await asyncio.to_thread(work)
    except OSError as failure:
        code = errno.errorcode.get(failure.errno or 0)
    raise MessengerError(f"not written: {code}")


def _check(response: ClientResponse, file: Mapping[str, Any]) -> None:
    """MessengerError when this is not the file."""
    match response.status:
        case 200:
            if _is_sign_in(response, file):
                raise Misconfigured(_SCOPE_ADVICE)
        case 401 | 403:
            raise Misconfigured(_SCOPE_ADVICE)
        case 404 | 410:
            raise FileGone(f"HTTP {response.status}")
        case 429:
            raise Flooded("ratelimited", retry_after_seconds=retry_after_seconds(response))
        case status if status >= 500:
            raise Unreachable(f"HTTP {status}")
        case status:
            raise MessengerError(f"HTTP {status}")


def _is_sign_in(response: ClientResponse, file: Mapping[str, Any]) -> bool:
    """Slack answers who may not read a file with a web page, and with status 200; what it hands out to be kept says
    so (`Content-Disposition`)."""
    if response.content_type != "text/html" or "attachment" in response.headers.get("Content-Disposition", "").lower():
        return False
    return not is_page(file)
