"""Text to speech by a service that speaks OpenAI's protocol."""

from collections.abc import Collection, Iterator
from random import Random

from openai import omit

from bot.domain.errors import ApiFailed
from bot.domain.ports import Clock
from bot.domain.reply import Usage
from bot.domain.speech import Speech
from specialists.audio_client import AudioClient
from specialists.faults import AttemptError, Fault
from specialists.prices import speech_cost_usd, split

_SECONDS = 120.0
_LONGEST_CHARS = 4_096
"""platform-facts, section 3: OpenAI's limit of one request."""
_MOST_BYTES = 20_000_000
_TAKES_NO_INSTRUCTIONS = "tts-1"
_OPUS_RATE = 48_000
"""Opus in OGG counts samples at this rate, whatever went in (RFC 7845, section 4)."""
_PAGE = b"OggS"
_HEAD = b"OpusHead"
_HEADER_BYTES = 27


def speaker(
    name: str,
    *,
    voice: str,
    api_key: str,
    base_url: str,
    clock: Clock,
    random: Random,
    retries: int,
    instructions: str = "",
) -> "ServiceSpeaker":
    """The speaker that `SPEECH_MODEL` names; `instructions` say how it should sound, where the model takes them.

    SettingsError, which says what is missing and how to set it.
    """
    service = AudioClient.open(
        "SPEECH_MODEL", name, api_key=api_key, base_url=base_url, clock=clock, random=random, retries=retries
    )
    return ServiceSpeaker(service, voice, instructions)


class ServiceSpeaker:
    """Implements `Speaker` over `POST /audio/speech`; gives OGG with Opus."""

    longest_chars = _LONGEST_CHARS

    def __init__(self, service: AudioClient, voice: str, instructions: str = "") -> None:
        self.service = service
        self._voice = voice
        self._instructions = "" if service.model.startswith(_TAKES_NO_INSTRUCTIONS) else instructions

    async def speak(self, text: str, locale: str) -> Speech:
        """`text`, at most `longest_chars` of it, whole. The models hear the language from the text. EngineError."""
        content = await self.service.insist(_SECONDS, lambda withheld: self._spoken(text, withheld))
        provider, model = split(self.service.name)
        cost = speech_cost_usd(self.service.name, len(text))
        return Speech(content, Usage(provider, model, cost_usd=cost, audio_seconds=opus_seconds(content) or 0.0))

    async def close(self) -> None:
        """Close all connections."""
        await self.service.close()

    async def _spoken(self, text: str, withheld: Collection[str]) -> bytes:
        told = "" if "instructions" in withheld else self._instructions
        content = bytearray()
        async with self.service.client.audio.speech.with_streaming_response.create(
            model=self.service.model,
            voice=self._voice,
            input=text,
            response_format="opus",
            instructions=told or omit,
        ) as response:
            async for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise AttemptError(
                        Fault(ApiFailed(f"{self.service.name}: more than {_MOST_BYTES} bytes of speech"))
                    )
        if opus_seconds(content) is None:
            raise ValueError("no whole OGG with Opus")
        return bytes(content)


def opus_seconds(content: bytes | bytearray) -> float | None:
    """How long OGG with Opus plays; None when it is none, or breaks off.

    The last page tells how many samples there are up to its end; those that the decoder drops at the start are told in
    the head (RFC 7845, section 4).
    """
    head = content.find(_HEAD, 0, 4 * _HEADER_BYTES + len(_HEAD))
    if not content.startswith(_PAGE) or head < 0:
        return None
    skipped = int.from_bytes(content[head + 10 : head + 12], "little")
    end = last = 0
    for start, stop in _pages(content):
        granule = int.from_bytes(content[start + 6 : start + 14], "little", signed=True)
        last, end = max(last, granule), stop
    return max(last - skipped, 0) / _OPUS_RATE if end == len(content) else None


def _pages(content: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Where each page starts and stops, as long as they are whole (RFC 3533, section 6)."""
    start = 0
    while content[start : start + len(_PAGE)] == _PAGE and start + _HEADER_BYTES <= len(content):
        table = start + _HEADER_BYTES
        sizes = content[table : table + content[table - 1]]
        stop = table + len(sizes) + sum(sizes)
        if stop > len(content):
            return
        yield start, stop
        start = stop
