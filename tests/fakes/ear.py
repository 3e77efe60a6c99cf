"""A real ear for tests, which listens to the sound itself: PocketSphinx with the English model of its package."""

import io
import re
from collections.abc import Sequence
from functools import cache

import av
import numpy as np
from av.audio.resampler import AudioResampler
from pocketsphinx import Decoder

_RATE = 16_000
_PAUSE = _RATE // 2
"""Half a second before and after, as people leave; a voice that begins and ends at once is cut."""
_ROOM = 20
"""How loud the room is around the voice: to this ear, no sound at all is unheard of, and confuses it."""
_WORD = re.compile(r"[a-z']+")


def listens(content: bytes, phrases: Sequence[str] = ()) -> str:
    """What is said in the recording, of any form that messengers send; empty when it is not understood.

    One of `phrases`, exactly as it stands there, if there are any: words that were synthesised are then understood
    reliably. Without them every English word is thought possible, and a synthesised voice is often misheard. The words
    must be in the ear's dictionary, so numbers are written out; AssertionError otherwise.
    """
    decoder = _guesser() if phrases else _listener()
    sense: dict[str, str] = {}
    if phrases:
        sense = {" ".join(_WORD.findall(phrase.lower())): phrase for phrase in phrases}
        unknown = {word for said in sense for word in said.split() if decoder.lookup_word(word) is None}
        assert not unknown, f"the ear does not know {', '.join(sorted(unknown))}"
        decoder.add_jsgf_string("phrases", f"#JSGF V1.0; grammar phrases; public <said> = {' | '.join(sense)};")
        decoder.activate_search("phrases")
    decoder.start_utt()
    decoder.process_raw(_in_a_room(_samples(content)), full_utt=True)
    decoder.end_utt()
    understood = decoder.hyp()
    said = "" if understood is None else str(understood.hypstr)
    return sense.get(said, "") if phrases else said


@cache
def _listener() -> Decoder:
    """One for all tests of a process, as it takes half a second to make."""
    return Decoder(samprate=_RATE, loglevel="FATAL")


@cache
def _guesser() -> Decoder:
    """Knows words, and no sentences but those that it is told."""
    return Decoder(samprate=_RATE, loglevel="FATAL", lm=None)


def _in_a_room(samples: bytes) -> bytes:
    voice = np.frombuffer(samples, np.int16)
    heard = np.random.default_rng(1).normal(0, _ROOM, len(voice) + 2 * _PAUSE)
    heard[_PAUSE : _PAUSE + len(voice)] += voice
    return heard.clip(-32_768, 32_767).astype(np.int16).tobytes()


def _samples(content: bytes) -> bytes:
    """16 bits at 16 kHz, one channel."""
    resampler = AudioResampler("s16", "mono", _RATE)
    heard = bytearray()
    with av.open(io.BytesIO(content), "r") as container:
        for frame in [*container.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                heard += piece.to_ndarray().tobytes()
    return bytes(heard)
