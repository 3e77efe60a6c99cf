"""People who speak: real speech by eSpeak NG, in the forms in which messengers record it."""

import ctypes
import io
from fractions import Fraction
from functools import cache
from typing import Any

import av
import espeakng_loader
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

_RETRIEVAL_AND_SYNCHRONOUS = 2
_UTF8 = 1
_SAME_EVERY_TIME = {"fflags": "+bitexact"}
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

_FORMS = {
    "wav": ("wav", "pcm_s16le", 16_000),
    "ogg": ("ogg", "libopus", 48_000),
    "mp4": ("mp4", "aac", 48_000),
    "m4a": ("ipod", "aac", 48_000),
    "webm": ("webm", "libopus", 48_000),
    "mp3": ("mp3", "libmp3lame", 48_000),
    "flac": ("flac", "flac", 16_000),
    "aiff": ("aiff", "pcm_s16be", 16_000),
}
"""By suffix: container, codec and sampling rate."""


class _Voice:
    """One voice box for all tests of a process: the library keeps its state to itself."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate = self._library.espeak_Initialize(_RETRIEVAL_AND_SYNCHRONOUS, 0, data, 0)
        assert self.rate > 0, "the speech synthesiser does not start"
        self._samples = bytearray()
        # Held here, because the library does not.
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, count: int, _: object) -> int:
        if samples and count:
            self._samples += ctypes.string_at(samples, 2 * count)
        return 0

    def say(self, text: str, locale: str) -> bytes:
        assert self._library.espeak_SetVoiceByName(locale.encode()) == 0, f"no voice for {locale}"
        self._samples.clear()
        words = text.encode()
        self._library.espeak_Synth(words, len(words) + 1, 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return bytes(self._samples)


@cache
def _voice() -> _Voice:
    return _Voice()


@cache
def spoken(text: str, *, locale: str = "en", form: str = "ogg") -> bytes:
    """`text` as somebody says it: `form` is wav, ogg (with Opus), mp4, m4a, webm, mp3, flac, aiff, or `video`.

    `video` is MP4 with moving pictures, as a video note. `locale` is a language of two letters.
    """
    voice = _voice()
    samples = voice.say(text, locale)
    frame = AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
    frame.planes[0].update(samples)
    frame.sample_rate = voice.rate
    return recorded(frame, "mp4" if form == "video" else form, with_picture=form == "video")


def silence(seconds: float, *, form: str = "ogg") -> bytes:
    """Nothing, said for so long."""
    rate = 16_000
    frame = AudioFrame(format="s16", layout="mono", samples=int(seconds * rate))
    frame.planes[0].update(bytes(2 * frame.samples))
    frame.sample_rate = rate
    return recorded(frame, form)


def mute_video() -> bytes:
    """Moving pictures of a second, without any sound."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        for packets in _add_pictures(container):
            container.mux(packets)
    return buffer.getvalue()


def recorded(sound: AudioFrame, form: str, *, with_picture: bool = False) -> bytes:
    """The sound in a file of that form."""
    container_name, codec, rate = _FORMS[form]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_name, options=_SAME_EVERY_TIME) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, AudioStream)
        pictures = _add_pictures(container) if with_picture else []
        resampler = AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size)
        said = 0
        for resampled in [*resampler.resample(sound), *resampler.resample(None)]:
            resampled.pts, resampled.time_base = said, Fraction(1, rate)
            said += resampled.samples
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
        for packets in pictures:
            container.mux(packets)
    return buffer.getvalue()


def _add_pictures(container: OutputContainer) -> list[Any]:
    """Eight grey frames of a video stream, encoded."""
    stream = container.add_stream("mpeg4", rate=8, width=64, height=64, pix_fmt="yuv420p")
    stream.time_base = Fraction(1, 8)
    packets = []
    for number in range(8):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([16 * number]) * plane.buffer_size)
        frame.pts = number
        packets.append(stream.encode(frame))
    packets.append(stream.encode(None))
    return packets
