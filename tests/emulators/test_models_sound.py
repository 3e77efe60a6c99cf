"""The emulated transcription and speech refuse what the real ones refuse."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import APIStatusError, AsyncOpenAI, AuthenticationError, BadRequestError, NotFoundError

from specialists.emulated_sound_rules import duration_of
from specialists.emulator import ModelEmulator, Say, Stall
from tests.emulators.model_clients import openai_of
from tests.fakes.clock import ManualClock
from tests.specialists.sounds import sound

OGG = ("voice.ogg", sound(0.9), "audio/ogg")


@pytest.fixture
async def models(clock: ManualClock) -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def client(models: ModelEmulator) -> AsyncIterator[AsyncOpenAI]:
    async with openai_of(models) as connected:
        yield connected


FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"model": ""}, "must provide a model"),
    "a name that telegram gives": ({"file": ("voice.oga", OGG[1])}, "Unrecognized file format"),
    "no ending": ({"file": ("voice", OGG[1])}, "Unrecognized file format"),
    "another form than its name says": ({"file": ("voice.mp3", OGG[1])}, "corrupted or unsupported"),
    "no sound at all": ({"file": ("voice.ogg", b"hello")}, "corrupted or unsupported"),
    "a broken file": ({"file": ("voice.ogg", b"OggS" + bytes(99))}, "corrupted or unsupported"),
    "too short": ({"file": ("voice.ogg", sound(0.05))}, "too short"),
    "a language by name": ({"language": "english"}, "ISO-639-1"),
    "a locale": ({"language": "en-US"}, "ISO-639-1"),
    "keywords for an older model": ({"keywords": ["Fuchs"]}, "'keywords"),
    "languages for an older model": ({"languages": ["de"]}, "'languages"),
    "a prompt for the newest": ({"model": "gpt-transcribe", "prompt": "Fuchs"}, "'prompt'"),
    "subtitles of a newer model": ({"model": "gpt-4o-transcribe", "response_format": "srt"}, "not compatible"),
    "too hot": ({"temperature": 1.5}, "above maximum"),
    "a long talk of several people in one piece": (
        {"model": "gpt-4o-transcribe-diarize", "file": ("voice.ogg", sound(31))},
        "chunking_strategy is required",
    ),
}


@pytest.mark.parametrize("flaw", FLAWS)
async def test_a_flawed_request_is_not_heard(client: AsyncOpenAI, models: ModelEmulator, flaw: str) -> None:
    fields, words = FLAWS[flaw]
    with pytest.raises(BadRequestError, match=words):
        await client.audio.transcriptions.create(**{"file": OGG, "model": "whisper-1", **fields})
    assert models.heard == []
    assert len(models.violations) == 1


async def test_too_large_is_refused_as_such(client: AsyncOpenAI, models: ModelEmulator) -> None:
    with pytest.raises(APIStatusError) as raised:
        await client.audio.transcriptions.create(file=("a.wav", bytes(26_214_401)), model="whisper-1")
    assert raised.value.status_code == 413


async def test_only_known_models_hear_and_only_who_has_the_key_is_heard(clock: ManualClock) -> None:
    async with ModelEmulator(clock=clock, key="sk-right", catalog=["whisper-1"]) as models:
        async with openai_of(models, "sk-wrong") as client:
            with pytest.raises(AuthenticationError):
                await client.audio.transcriptions.create(file=OGG, model="whisper-1")
            with pytest.raises(AuthenticationError):
                await client.audio.speech.create(model="tts-1", voice="nova", input="Hello.")
        async with openai_of(models, "sk-right") as client:
            assert (await client.audio.transcriptions.create(file=OGG, model="whisper-1")).text
            with pytest.raises(NotFoundError):
                await client.audio.transcriptions.create(file=OGG, model="gpt-transcribe")


async def test_usage_is_told_as_each_model_tells_it(client: AsyncOpenAI) -> None:
    by_second = await client.audio.transcriptions.create(file=OGG, model="whisper-1")
    assert by_second.usage is not None
    assert by_second.usage.type == "duration"
    assert by_second.usage.seconds == 1
    newest = await client.audio.transcriptions.create(file=OGG, model="gpt-transcribe", languages=["de", "en"])
    assert newest.usage is not None
    assert newest.usage.type == "duration"
    assert [language.code for language in newest.languages or ()] == ["de"]
    by_token = await client.audio.transcriptions.create(file=OGG, model="gpt-4o-transcribe", prompt="Fuchs and so on")
    assert by_token.usage is not None
    assert by_token.usage.type == "tokens"
    assert by_token.usage.input_token_details is not None
    assert by_token.usage.input_token_details.audio_tokens in (9, 10)
    told = await client.audio.transcriptions.create(file=OGG, model="whisper-1", response_format="verbose_json")
    assert told.duration == pytest.approx(0.9, abs=0.05)


async def test_a_script_that_says_nothing_plays_before_what_is_understood(
    client: AsyncOpenAI, models: ModelEmulator, clock: ManualClock
) -> None:
    models.hear = lambda heard: heard.language
    models.then(Stall(3))
    models.then(Say("scripted"))
    task = asyncio.create_task(client.audio.transcriptions.create(file=OGG, model="whisper-1", language="de"))
    await clock.until(task.done)
    assert task.result().text == "de"
    assert clock.monotonic() == 3
    assert (await client.audio.transcriptions.create(file=OGG, model="whisper-1")).text == "scripted"


SPEECH_FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing to say": ({"input": ""}, "empty string"),
    "too much to say": ({"input": "x" * 4_097}, "maximum length 4096"),
    "a stranger's voice": ({"voice": "boris"}, "Supported values"),
    "too fast": ({"speed": 9}, "above maximum"),
    "no such form": ({"response_format": "midi"}, "Supported values"),
}


@pytest.mark.parametrize("flaw", SPEECH_FLAWS)
async def test_a_flawed_request_is_not_spoken(client: AsyncOpenAI, models: ModelEmulator, flaw: str) -> None:
    fields, words = SPEECH_FLAWS[flaw]
    with pytest.raises(BadRequestError, match=words):
        await client.audio.speech.create(**{"model": "tts-1", "voice": "nova", "input": "Hello.", **fields})
    assert models.spoken == []
    assert len(models.violations) == 1


@pytest.mark.parametrize(
    ("form", "media_type", "beginning"),
    [
        ("opus", "audio/ogg", b"OggS"),
        ("mp3", "audio/mpeg", b""),
        ("wav", "audio/wav", b"RIFF"),
        ("flac", "audio/flac", b"fLaC"),
        ("aac", "audio/aac", b"\xff"),
    ],
)
async def test_the_tone_comes_in_every_form_and_is_longer_for_more_text(
    client: AsyncOpenAI, form: Any, media_type: str, beginning: bytes
) -> None:
    lengths = []
    for text in ("x" * 50, "x" * 200):
        made = await client.audio.speech.create(model="tts-1", voice="nova", input=text, response_format=form)
        assert made.response.headers["Content-Type"] == media_type
        assert made.content.startswith(beginning)
        lengths.append(duration_of(made.content) or 0.0)
    assert lengths == [pytest.approx(1.0, abs=0.1), pytest.approx(4.0, abs=0.1)]


async def test_a_story_brings_its_own_voice(client: AsyncOpenAI, models: ModelEmulator) -> None:
    models.speak = lambda spoken: spoken.text.encode()
    made = await client.audio.speech.create(model="tts-1", voice={"id": "voice_1"}, input="Hello.")
    assert made.content == b"Hello."
    assert (models.spoken[0].voice, models.spoken[0].format) == ("voice_1", "mp3")
