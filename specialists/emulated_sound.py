"""OpenAI's transcription and speech, as the emulator plays them: what was heard, what was spoken."""

from array import array
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from math import ceil, pi, sin
from typing import Literal

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from specialists.emulated_openai_rules import check_key, refusal
from specialists.emulated_sound_rules import Part, read_speech, read_transcription
from specialists.emulated_steps import Asked, Json, Used
from specialists.emulated_wire import Block, Refusal, Request, Stamp, Writer

_RATE = 24_000
_TONE_SAMPLES = 100
"""Of one swing: 240 Hz."""
_TONE_LEVEL = 800
_SECONDS_PER_CHAR = 0.02
_SHORTEST_SECONDS = 0.3
_AUDIO_TOKENS_PER_SECOND = 10
_FORMATS = {
    "opus": ("ogg", "libopus", "audio/ogg"),
    "mp3": ("mp3", "libmp3lame", "audio/mpeg"),
    "wav": ("wav", "pcm_s16le", "audio/wav"),
    "flac": ("flac", "flac", "audio/flac"),
    "aac": ("adts", "aac", "audio/aac"),
}
"""`response_format` → container, codec, media type."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that was given to be transcribed."""

    content: bytes = field(repr=False)
    name: str
    media_type: str
    """As the client called it."""
    language: str
    """The first one that it named; empty when it named none."""
    prompt: str
    model: str
    keywords: tuple[str, ...] = ()
    duration_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text that was given to be spoken."""

    text: str
    model: str
    voice: str
    instructions: str
    format: str
    """`opus` and the like."""


def tone(spoken: Spoken) -> bytes:
    """A quiet tone in the wanted format, the longer the longer the text."""
    container, codec, _ = _FORMATS[spoken.format]
    seconds = max(len(spoken.text) * _SECONDS_PER_CHAR, _SHORTEST_SECONDS)
    swing = array("h", (round(_TONE_LEVEL * sin(2 * pi * at / _TONE_SAMPLES)) for at in range(_TONE_SAMPLES)))
    frame = AudioFrame(format="s16", layout="mono", samples=int(seconds * _RATE / _TONE_SAMPLES) * _TONE_SAMPLES)
    frame.planes[0].update(swing.tobytes() * (frame.samples // _TONE_SAMPLES))
    frame.sample_rate = _RATE
    made = BytesIO()
    with av.open(made, "w", format=container) as output:
        stream = output.add_stream(codec, rate=_RATE)
        assert isinstance(stream, AudioStream)  # noqa: S101  every codec of the table is one of sound
        stream.layout = "mono"
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return made.getvalue()


class TranscriptionWire:
    """POST /v1/audio/transcriptions, answered as JSON."""

    name: Literal["transcription"] = "transcription"
    call_prefix = "call_"
    request_header = "x-request-id"

    def __init__(self, key: str | None, catalog: Collection[str]) -> None:
        self._key = key
        self._catalog = catalog

    def admit(self, headers: Mapping[str, str]) -> None:
        check_key(headers, self._key)

    def refusal(self, status: int, code: str = "", message: str = "") -> Refusal:
        return refusal(status, code, message)

    def read(self, parts: Mapping[str, list[Part]]) -> tuple[Request, Sound]:
        """Refusal for what OpenAI would not take; a field of several values has them all."""
        read = read_transcription(parts, self._catalog)
        sound = Sound(
            read.content,
            read.name,
            read.media_type,
            next(iter(read.languages), ""),
            read.prompt,
            read.model,
            read.keywords,
            read.duration_seconds,
        )
        return Request(_asked(self.name, read.model, {"response_format": read.format}, stream=False), ""), sound

    def writer(self, request: Request, stamp: Stamp, sound: Sound) -> Writer:
        return _TranscriptWriter(request, stamp, sound)


class SpeechWire:
    """POST /v1/audio/speech, answered with the sound itself."""

    name: Literal["speech"] = "speech"
    call_prefix = "call_"
    request_header = "x-request-id"

    def __init__(self, key: str | None, catalog: Collection[str]) -> None:
        self._key = key
        self._catalog = catalog

    def admit(self, headers: Mapping[str, str]) -> None:
        check_key(headers, self._key)

    def refusal(self, status: int, code: str = "", message: str = "") -> Refusal:
        return refusal(status, code, message)

    def read(self, body: Json) -> tuple[Request, Spoken]:
        read_speech(body, self._catalog, _FORMATS)
        voice = body["voice"]
        spoken = Spoken(
            body["input"],
            body["model"],
            voice["id"] if isinstance(voice, dict) else voice,
            body.get("instructions") or "",
            body.get("response_format") or "mp3",
        )
        return Request(_asked(self.name, spoken.model, body, stream=True), ""), spoken

    def writer(self, request: Request, stamp: Stamp, spoken: Spoken, speak: Callable[[Spoken], bytes]) -> Writer:
        return _SoundWriter(request, stamp, speak(spoken), _FORMATS[spoken.format][2])


def _asked(wire: Literal["transcription", "speech"], model: str, body: Json, *, stream: bool) -> Asked:
    return Asked(wire, model, system="", messages=(), tools=(), body=body, stream=stream, parameters={})


class _SilentWriter(Writer):
    """Nothing of these answers is an event."""

    def _begun(self) -> bytes:
        return b""

    def _opened(self, block: Block) -> bytes:
        return b""

    def _grown(self, block: Block, piece: str) -> bytes:
        return b""

    def _closed(self, block: Block) -> bytes:
        return b""

    def _ended(self, reason: str, used: Used) -> bytes:
        return b""

    def complaint(self, kind: str, message: str) -> bytes:
        return b""

    def whole(self, reason: str, used: Used) -> Json:
        return {}


class _TranscriptWriter(_SilentWriter):
    """What a script says is the transcript."""

    def __init__(self, request: Request, stamp: Stamp, sound: Sound) -> None:
        super().__init__(request, stamp, Used(0, 0))
        self._sound = sound

    def whole(self, reason: str, used: Used) -> Json:
        text, sound = self.joined("text"), self._sound
        duration = {"type": "duration", "seconds": ceil(sound.duration_seconds)}
        if self.request.asked.body["response_format"] == "verbose_json":
            told = {"task": "transcribe", "language": sound.language or "en", "duration": sound.duration_seconds}
            return told | {"text": text, "segments": [], "usage": duration}
        if sound.model == "gpt-transcribe":
            languages = [{"code": sound.language}] if sound.language else []
            return {"text": text, "languages": languages, "usage": duration}
        return {"text": text, "usage": _tokens(sound, used) if sound.model.startswith("gpt-4o") else duration}


class _SoundWriter(_SilentWriter):
    """Half of the sound when the answer begins, so that it can break off in the middle; the rest at the end."""

    def __init__(self, request: Request, stamp: Stamp, content: bytes, content_type: str) -> None:
        super().__init__(request, stamp, Used(0, 0))
        self._content = content
        self.content_type = content_type

    def _begun(self) -> bytes:
        return self._content[: len(self._content) // 2]

    def _ended(self, reason: str, used: Used) -> bytes:
        return self._content[len(self._content) // 2 :]


def _tokens(sound: Sound, used: Used) -> Json:
    audio = ceil(sound.duration_seconds * _AUDIO_TOKENS_PER_SECOND)
    prompted = len(sound.prompt) // 4
    return {
        "type": "tokens",
        "input_tokens": audio + prompted,
        "input_token_details": {"audio_tokens": audio, "text_tokens": prompted},
        "output_tokens": used.output,
        "total_tokens": audio + prompted + used.output,
    }
