"""The web messenger: what is said to a browser travels over the bus as small events, and the chat page shows them.

A place is `web:<visitor>:<conversation>`, both 32 hexadecimal digits. The page decodes the events with `decode` and
makes the visitor's own events with `said`, `edited`, `pressed` and `filled`; it never sees the JSON between.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from adapters.web_deeds import NAME, edited, filled, pressed, said, web_place
from adapters.web_events import (
    PIECE_BYTES,
    Changed,
    Deleted,
    Edited,
    Grew,
    Rows,
    Sent,
    Shown,
    WebEvent,
    decode,
    encode,
    fitting,
    pieces,
    shown,
    tail,
)
from bot.domain.errors import FileGone
from bot.domain.messenger import Capabilities, Delta, Outgoing, Rate, Take
from bot.domain.place import Place, Ref
from bot.domain.ports import Bus

__all__ = [
    "MAX_TEXT_BYTES",
    "NAME",
    "Changed",
    "Deleted",
    "Edited",
    "Grew",
    "Release",
    "Rows",
    "Sent",
    "Shown",
    "Uploads",
    "WebEvent",
    "WebMessenger",
    "decode",
    "edited",
    "filled",
    "pressed",
    "said",
    "topic",
    "web_place",
]

MAX_TEXT_BYTES = 200_000
"""Longest reply that is one message, and longest message that the page lets the visitor send."""

Uploads = Callable[[Place, str, Path, int], Awaitable[int]]
"""Writes what the visitor of a place uploaded under a token into a file, up to so many bytes; its size. Raises as
`Fetching.fetch` does."""
Release = Callable[[Place, str], Awaitable[None]]
"""Lets go of what the visitor of a place uploaded under a token. MessengerError."""

_THINKING_BYTES = 1_200
_STATUS_BYTES = 400


def topic(place: Place) -> str:
    """The bus topic of everything that is said in `place`."""
    return str(place)


async def _nothing_there(_place: Place, _token: str, _into: Path, _limit_bytes: int) -> int:
    raise FileGone("nothing can be uploaded here")


async def _nobody_cares(_place: Place, _token: str) -> None:
    """Of a page without uploads."""


class WebMessenger:
    """Says things to the chat page, and hands out what its visitors uploaded. Nothing can be flooded."""

    def __init__(self, bus: Bus, uploads: Uploads = _nothing_there, release: Release = _nobody_cares) -> None:
        self._bus = bus
        self._uploads = uploads
        self._release = release

    @property
    def name(self) -> str:
        return NAME

    @property
    def budget(self) -> tuple[Rate, ...]:
        return ()

    def capabilities(self, place: Place) -> Capabilities:
        return Capabilities(
            streaming="appends",
            bursts=False,
            pace_seconds=(0.0, 0.1),
            long_code_chars=MAX_TEXT_BYTES,
            speaker=True,
            transcripts=False,
            file_bytes=50_000_000,
        )

    def fits(self, place: Place, text: str) -> bool:
        return len(text.encode("utf-8", "replace")) <= MAX_TEXT_BYTES

    async def run(self, take: Take) -> None:
        """Nothing to receive here: the chat page calls `take` itself."""

    async def send(self, place: Place, outgoing: Outgoing) -> Ref:
        ref = Ref(place, uuid4().hex)
        await self._publish_whole(Sent, ref, outgoing)
        return ref

    async def edit(self, ref: Ref, outgoing: Outgoing) -> None:
        long = len(outgoing.text.encode("utf-8", "replace")) > PIECE_BYTES
        if long and not outgoing.streaming:
            await self._publish(ref.place, Changed(ref.message))
        else:
            await self._publish_whole(Edited, ref, outgoing)

    async def append(self, ref: Ref, delta: Delta) -> None:
        await self._publish_growth(ref, delta)

    async def fetch(self, place: Place, file: str, into: Path, *, limit_bytes: int) -> int:
        return await self._uploads(place, file, into, limit_bytes)

    async def release(self, place: Place, file: str) -> None:
        await self._release(place, file)

    async def delete(self, ref: Ref) -> None:
        await self._publish(ref.place, Deleted(ref.message))

    async def close(self) -> None:
        """Nothing to let go of: the bus belongs to the store."""

    async def _publish_whole(self, kind: type[Sent | Edited], ref: Ref, outgoing: Outgoing) -> None:
        head = next(pieces(outgoing.text), "")
        event = kind(
            ref.message,
            head,
            fitting(outgoing.buttons),
            outgoing.streaming,
            tail(outgoing.thinking, _THINKING_BYTES),
            tail(outgoing.status, _STATUS_BYTES),
        )
        if isinstance(event, Sent) and outgoing.file is not None:
            event = replace(event, file=shown(outgoing.file, is_speech=outgoing.voice))
        await self._publish(ref.place, event)
        if rest := outgoing.text[len(head) :]:
            await self._publish_growth(ref, Delta(len(head), rest, outgoing.thinking, outgoing.status))

    async def _publish_growth(self, ref: Ref, delta: Delta) -> None:
        thinking, status = tail(delta.thinking, _THINKING_BYTES), tail(delta.status, _STATUS_BYTES)
        offset = delta.offset
        for piece in pieces(delta.text) if delta.text else [""]:
            await self._publish(ref.place, Grew(ref.message, offset, piece, thinking, status))
            offset += len(piece)

    async def _publish(self, place: Place, event: WebEvent) -> None:
        await self._bus.publish(topic(place), encode(event))
