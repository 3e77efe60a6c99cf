"""Speech, as messengers and browsers record it."""

from pathlib import Path

import av
import pytest

from bot.documents.findings import SpeechFound
from bot.documents.limits import Limits
from tests.documents.conftest import Look, Refuse
from tests.fakes.voices import mute_video, silence, spoken

TEXT = "When does the harbour bridge open on Sundays?"


def heard(found: object) -> SpeechFound:
    assert isinstance(found, SpeechFound), found
    assert 1.5 < found.duration_seconds < 4
    return found


@pytest.mark.parametrize(
    ("form", "media_type", "suffix"),
    [
        ("ogg", "audio/ogg", ".ogg"),
        ("mp3", "audio/mpeg", ".mp3"),
        ("m4a", "audio/mp4", ".m4a"),
        ("mp4", "audio/mp4", ".m4a"),
        ("webm", "audio/webm", ".webm"),
        ("wav", "audio/wav", ".wav"),
        ("flac", "audio/flac", ".flac"),
    ],
)
def test_what_transcribers_take_is_handed_on_as_it_is(look: Look, form: str, media_type: str, suffix: str) -> None:
    content = spoken(TEXT, form=form)
    found = heard(look("voice.oga", content))
    assert (found.media_type, found.path.suffix) == (media_type, suffix)
    assert found.path.read_bytes() == content


@pytest.mark.parametrize("form", ["video", "aiff"])
def test_anything_else_becomes_opus(look: Look, form: str) -> None:
    found = heard(look("video_note.mp4", spoken(TEXT, form=form)))
    assert (found.media_type, found.path.suffix) == ("audio/ogg", ".ogg")
    with av.open(str(found.path)) as container:
        assert [stream.type for stream in container.streams] == ["audio"]
        stream = container.streams.audio[0]
        assert (container.format.name, stream.codec_context.name, stream.channels) == ("ogg", "opus", 1)
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(stream))
    assert seconds == pytest.approx(found.duration_seconds, abs=0.1)


def test_a_form_that_the_model_can_hear_again(look: Look, tmp_path: Path) -> None:
    once = heard(look("note.mp4", spoken(TEXT, form="video"))).path.read_bytes()
    assert heard(look("note.ogg", once)).path.read_bytes() == once


def test_the_length_is_what_can_be_heard(refuse: Refuse, look: Look) -> None:
    assert refuse("talk.ogg", silence(7), limits=Limits(speech_seconds=5)) == "file-too-long"
    found = look("talk.ogg", silence(7), limits=Limits(speech_seconds=7))
    assert isinstance(found, SpeechFound)
    assert found.duration_seconds == pytest.approx(7, abs=0.1)


def test_a_header_may_not_lie_about_it(refuse: Refuse) -> None:
    many = spoken(TEXT) * 4  # one Ogg file after the other
    assert refuse("talk.ogg", many, limits=Limits(speech_seconds=5)) == "file-too-long"


def test_a_video_without_sound_is_nothing_for_us(refuse: Refuse) -> None:
    assert refuse("clip.mp4", mute_video()) == "file-unsupported"


def test_a_recording_that_was_cut_off_is_heard_as_far_as_it_goes(look: Look) -> None:
    content = spoken(TEXT, form="ogg")
    found = look("voice.ogg", content[: len(content) * 2 // 3])
    assert isinstance(found, SpeechFound)
    assert 0.5 < found.duration_seconds < 2.5


@pytest.mark.parametrize("playlist", [b"#EXTM3U\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n"])
def test_a_playlist_opens_nothing(look: Look, playlist: bytes) -> None:
    assert not isinstance(look("song.mp3", playlist), SpeechFound)
