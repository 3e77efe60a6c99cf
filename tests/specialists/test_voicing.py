"""A text, spoken: OGG with Opus from a service over loopback, by the real SDK."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

import pytest

from bot.domain.errors import ApiFailed, AuthFailed, EngineError, RateLimited, SettingsError, TimedOut
from bot.domain.speech import Speech
from specialists.emulated_sound_rules import duration_of
from specialists.emulator import Cut, ModelEmulator, Refuse, Say, Stall, Step
from specialists.voicing import ServiceSpeaker, opus_seconds, speaker
from tests.fakes.clock import ManualClock
from tests.specialists.sounds import sound

T = TypeVar("T")


@dataclass
class Mouth:
    """A service, and the speakers that ask it."""

    clock: ManualClock
    models: ModelEmulator
    opened: list[ServiceSpeaker]

    async def of(self, model: str = "gpt-4o-mini-tts", *, instructions: str = "") -> ServiceSpeaker:
        made = speaker(
            f"openai:{model}",
            voice="coral",
            api_key="sk-mouth",
            base_url=self.models.openai_url,
            clock=self.clock,
            random=Random(7),
            retries=2,
            instructions=instructions,
        )
        await made.service.client.models.list()  # SDKs look at their machine before the first request
        self.opened.append(made)
        return made

    async def says(self, text: str = "Hello there.", model: str = "gpt-4o-mini-tts") -> Speech:
        return await self.run((await self.of(model)).speak(text, "en"))

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, with the clock moved for it."""
        task = asyncio.create_task(work)
        await self.clock.until(task.done, within_seconds=2_000)
        return task.result()


@pytest.fixture
async def mouth() -> AsyncIterator[Mouth]:
    clock = ManualClock()
    async with ModelEmulator(clock=clock) as models:
        stage = Mouth(clock, models, [])
        yield stage
        for one in stage.opened:
            await one.close()


async def test_a_text_is_spoken_as_ogg_with_opus(mouth: Mouth) -> None:
    speech = await mouth.says("Hello there. " * 10)
    assert speech.media_type == "audio/ogg"
    assert speech.content.startswith(b"OggS")
    assert speech.usage.audio_seconds == pytest.approx(duration_of(speech.content), abs=0.1)
    assert (speech.usage.provider, speech.usage.model) == ("openai", "gpt-4o-mini-tts")
    (spoken,) = mouth.models.spoken
    assert (spoken.text, spoken.voice, spoken.format) == ("Hello there. " * 10, "coral", "opus")
    assert mouth.models.violations == []


async def test_the_longest_text_is_taken(mouth: Mouth) -> None:
    mouth.models.speak = lambda _: sound()
    one = await mouth.of()
    speech = await mouth.run(one.speak("я" * one.longest_chars, "ru"))
    assert speech.usage.audio_seconds == pytest.approx(1.0, abs=0.05)
    assert mouth.models.violations == []


async def test_only_what_is_charged_by_the_character_has_a_price(mouth: Mouth) -> None:
    assert (await mouth.says("x" * 1_000, "tts-1")).usage.cost_usd == Decimal("0.015")
    assert (await mouth.says("x" * 1_000, "gpt-4o-mini-tts")).usage.cost_usd is None
    assert (await mouth.says("x" * 1_000, "kokoro-at-home")).usage.cost_usd is None


async def test_a_manner_is_asked_for_where_the_model_knows_manners(mouth: Mouth) -> None:
    calm, old = await mouth.of(instructions="Calm."), await mouth.of("tts-1", instructions="Calm.")
    await mouth.run(calm.speak("Hello.", "en"))
    await mouth.run(old.speak("Hello.", "en"))
    mouth.models.then(Refuse(400, message="Unknown parameter: 'instructions' is not permitted."))
    await mouth.run(calm.speak("Hello.", "en"))
    await mouth.run(calm.speak("Hello.", "en"))
    assert [spoken.instructions for spoken in mouth.models.spoken] == ["Calm.", "", "Calm.", "", ""]


@pytest.mark.parametrize("steps", [(Refuse(500),), (Refuse(429),), (Cut(),), (Say(""), Cut())])
async def test_a_passing_failure_is_tried_again_and_nothing_is_heard_twice(
    mouth: Mouth, steps: tuple[Step, ...]
) -> None:
    made = sound()
    mouth.models.speak = lambda _: made
    mouth.models.then(*steps)
    assert (await mouth.says()).content == made
    assert len(mouth.models.spoken) == 2


@pytest.mark.parametrize("made", [b"", b"not a sound", sound(form="wav"), sound()[:-7]])
async def test_what_is_no_whole_speech_is_none(mouth: Mouth, made: bytes) -> None:
    mouth.models.speak = lambda _: made
    with pytest.raises(ApiFailed):
        await mouth.says()
    assert len(mouth.models.spoken) == 3


async def test_more_than_a_speech_can_be_is_not_taken(mouth: Mouth) -> None:
    mouth.models.speak = lambda _: b"OggS" * 6_000_000
    with pytest.raises(ApiFailed, match="bytes of speech"):
        await mouth.says()
    assert len(mouth.models.spoken) == 1


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refuse(401), AuthFailed),
        (Refuse(403), AuthFailed),
        (Refuse(400), ApiFailed),
        (Refuse(429, retry_after="600"), RateLimited),
    ],
)
async def test_what_a_second_try_cannot_mend_is_not_tried(
    mouth: Mouth, refusal: Refuse, error: type[EngineError]
) -> None:
    mouth.models.then(refusal)
    with pytest.raises(error):
        await mouth.says()
    assert len(mouth.models.spoken) == 1


async def test_silence_of_the_service_ends_by_the_clock(mouth: Mouth) -> None:
    for _ in range(3):
        mouth.models.then(Say(""), Stall())
    with pytest.raises(TimedOut):
        await mouth.says()
    assert 360 < mouth.clock.monotonic() < 365


@pytest.mark.parametrize("seconds", [0.3, 1.0, 12.5])
def test_the_pages_tell_how_long_it_plays(seconds: float) -> None:
    made = sound(seconds)
    assert opus_seconds(made) == pytest.approx(seconds, abs=0.03)
    assert opus_seconds(made[:-1]) is None
    assert opus_seconds(made + b"\0") is None


@pytest.mark.parametrize("made", [b"", b"OggS", b"OggS" + bytes(60), sound(form="wav"), b"\xff" * 99])
def test_anything_else_plays_for_nobody_knows_how_long(made: bytes) -> None:
    assert opus_seconds(made) is None


@pytest.mark.parametrize("name", ["tts-1", "local:voice", ""])
def test_what_is_no_model_is_said_with_the_fix(name: str) -> None:
    with pytest.raises(SettingsError, match=r"SPEECH_MODEL.*SPEECH_BASE_URL"):
        speaker(name, voice="x", api_key="sk", base_url="", clock=ManualClock(), random=Random(7), retries=2)
    with pytest.raises(SettingsError, match="SPEECH_API_KEY"):
        speaker("openai:tts-1", voice="x", api_key="", base_url="", clock=ManualClock(), random=Random(7), retries=2)
