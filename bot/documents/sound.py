"""Speech in sound and video, by FFmpeg through PyAV.

All of it is decoded once: so its length is what can be heard, and what is damaged is found here and not by a provider.
What transcribers take (https://platform.openai.com/docs/guides/speech-to-text) is handed on as it is, all else as one
channel of Opus in Ogg.

FFmpeg opens other files and addresses when a playlist tells it to. Here one demuxer is chosen by content, it reads
from an open file, and nothing else may be opened.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from shutil import copyfile
from typing import NoReturn

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError

from bot.documents.findings import CONTENT, SpeechFound
from bot.documents.forms import OGG, Form
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused

_TAKEN = {
    "ogg": ({"opus", "vorbis"}, ".ogg"),
    "mp3": ({"mp3", "mp3float"}, ".mp3"),
    "mp4": ({"aac"}, ".m4a"),
    "webm": ({"opus", "vorbis"}, ".webm"),
    "wav": ({"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le"}, ".wav"),
    "flac": ({"flac"}, ".flac"),
}
"""By the name of the form: the codecs that transcribers take in it, and the suffix that tells them so."""
_RATE = 48_000
_BITS_PER_SECOND = 32_000
_MOST_STREAMS = 16
_GRACE_SECONDS = 1
"""Whoever stops a recording at the limit is not refused for its last frame."""


@dataclass
class _Heard:
    """What was heard of a stream so far."""

    seconds: float = 0.0
    has_gaps: bool = False
    """Parts of it could not be decoded."""


def read(path: Path, form: Form, limits: Limits, into: Path) -> SpeechFound:
    """A recording that needs another form or name is made in the folder `into`."""
    heard = _Heard()
    with path.open("rb") as file:
        with _opened(file, form) as container:
            is_taken = _is_taken(container, form)
            for _ in _frames(container, heard, limits):
                pass
        if not heard.seconds:
            raise FileRefused("file-damaged", "nothing to hear")
        if is_taken and not heard.has_gaps:
            return SpeechFound(_named(path, _TAKEN[form.name][1], into), form.media_type, heard.seconds)
        file.seek(0)
        target = into / f"{CONTENT}.ogg"
        with _opened(file, form) as container:
            _convert(_frames(container, _Heard(), limits), target)
    return SpeechFound(target, OGG.media_type, heard.seconds)


def _named(path: Path, suffix: str, into: Path) -> Path:
    """The same file under a name with that suffix."""
    if path.suffix == suffix:
        return path
    target = into / f"{CONTENT}{suffix}"
    try:
        os.link(path, target)
    except OSError:
        copyfile(path, target)
    return target


def _opened(file: object, form: Form) -> InputContainer:
    return av.open(file, "r", format=form.demuxer, options={"protocol_whitelist": ""}, io_open=_open_nothing)


def _open_nothing(*_: object) -> NoReturn:
    raise PermissionError("a recording refers to another file")


def _is_taken(container: InputContainer, form: Form) -> bool:
    """Whether the file can be handed on as it is. FileRefused when nothing can be heard in it at all."""
    streams = container.streams
    if not streams.audio:
        raise FileRefused("file-unsupported", "no sound")
    if len(streams) > _MOST_STREAMS:
        raise FileRefused("file-damaged", "streams")
    codecs, _ = _TAKEN.get(form.name, (set(), ""))
    return len(streams) == 1 and streams.audio[0].codec_context.name in codecs


def _frames(container: InputContainer, heard: _Heard, limits: Limits) -> Iterator[AudioFrame]:
    """The decoded sound. FileRefused as soon as it is longer than the limit."""
    stream = container.streams.audio[0]
    # Threads of decoders would need processes, which this one may not have.
    stream.codec_context.thread_count = 1
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except (StopIteration, EndOfFile):
            return
        except FFmpegError:
            if heard.has_gaps and not heard.seconds:
                raise
            heard.has_gaps = True
            continue
        for frame in frames:
            heard.seconds += frame.samples / (frame.sample_rate or _RATE)
            if heard.seconds > limits.speech_seconds + _GRACE_SECONDS:
                raise FileRefused("file-too-long", minutes=limits.speech_seconds // 60)
            yield frame


def _convert(frames: Iterator[AudioFrame], target: Path) -> None:
    with av.open(str(target), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=_RATE, layout="mono")
        stream.bit_rate = _BITS_PER_SECOND
        resampler = AudioResampler(format="s16", layout="mono", rate=_RATE)
        samples = 0

        def write(resampled: list[AudioFrame]) -> None:
            nonlocal samples
            for frame in resampled:
                # Time runs by what is heard: stamps of a damaged file jump.
                frame.pts, frame.time_base = samples, Fraction(1, _RATE)
                samples += frame.samples
                container.mux(stream.encode(frame))

        for frame in frames:
            frame.pts = None
            write(resampler.resample(frame))
        write(resampler.resample(None))
        container.mux(stream.encode(None))
