"""Sounds for tests, made here: a tone, silence, a beginning of noise; in the forms that messengers send."""

from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from bot.domain.speech import Recording

_RATE = 48_000
_CODECS = {"ogg": "libopus", "webm": "libopus", "mp3": "libmp3lame", "wav": "pcm_s16le", "m4a": "aac", "flac": "flac"}
_CONTAINERS = {"m4a": "mp4"}


def sound(seconds: float = 1.0, *, form: str = "ogg", level: int = 4_000, hz: float = 330.0) -> bytes:
    """A tone; silence with `level` 0."""
    wave = level * np.sin(np.arange(int(seconds * _RATE)) * (2 * np.pi * hz / _RATE))
    made = BytesIO()
    with av.open(made, "w", format=_CONTAINERS.get(form, form)) as output:
        stream = output.add_stream(_CODECS[form], rate=_RATE)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono"
        frame = AudioFrame.from_ndarray(wave.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = _RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return made.getvalue()


def recording(folder: Path, seconds: float = 1.0, *, form: str = "ogg", level: int = 4_000) -> Recording:
    path = folder / f"voice.{form}"
    path.write_bytes(sound(seconds, form=form, level=level))
    return Recording(path, f"audio/{form}", seconds)
