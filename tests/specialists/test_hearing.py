"""What is said in a voice file, by a service over loopback and the real SDK."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from bot.domain.errors import (
    ApiFailed,
    AuthFailed,
    ContextTooLong,
    EngineError,
    NetworkFailed,
    RateLimited,
    SettingsError,
    TimedOut,
)
from bot.domain.speech import Recording, SpeechHints, Transcript
from specialists.emulator import Cut, Garbage, ModelEmulator, Refuse, Say, Stall, Step
from specialists.hearing import ServiceTranscriber, language_of, transcriber
from tests.fakes.clock import ManualClock
from tests.fakes.ear import listens
from tests.fakes.voices import spoken
from tests.specialists.sounds import recording

HINTS = SpeechHints("de-AT", ("Kaffee Fuchs", "Switchboard", "Kaffee  Fuchs"))
PLAIN = SpeechHints()

T = TypeVar("T")


@dataclass
class Ear:
    """A service, and the transcriber that asks it."""

    clock: ManualClock
    models: ModelEmulator
    folder: Path
    opened: dict[str, ServiceTranscriber]

    async def of(self, model: str, *, key: str = "sk-ear", base_url: str = "") -> ServiceTranscriber:
        if model not in self.opened:
            made = transcriber(
                f"openai:{model}",
                api_key=key,
                base_url=base_url or self.models.openai_url,
                clock=self.clock,
                random=Random(7),
                retries=2,
            )
            if not base_url:
                await made.service.client.models.list()  # SDKs look at their machine before the first request
            self.opened[model] = made
        return self.opened[model]

    async def hears(
        self, model: str = "whisper-1", hints: SpeechHints = PLAIN, *, form: str = "ogg", seconds: float = 1.0
    ) -> Transcript:
        listener = await self.of(model)
        return await self.run(listener.transcribe(recording(self.folder, seconds, form=form), hints))

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, with the clock moved for it."""
        task = asyncio.create_task(work)
        await self.clock.until(task.done, within_seconds=2_000)
        return task.result()


@pytest.fixture
async def ear(tmp_path: Path) -> AsyncIterator[Ear]:
    clock = ManualClock()
    async with ModelEmulator(clock=clock) as models:
        stage = Ear(clock, models, tmp_path, {})
        yield stage
        for listener in stage.opened.values():
            await listener.close()


@pytest.mark.parametrize("form", ["ogg", "mp3", "wav", "m4a", "webm", "flac"])
async def test_what_was_said_comes_back_whatever_the_form_of_the_file(ear: Ear, form: str) -> None:
    ear.models.hear = lambda sound: f" I heard {sound.name}. "
    heard = await ear.hears(form=form)
    assert heard.text == f"I heard voice.{form}."
    (sound,) = ear.models.heard
    assert sound.content == (ear.folder / f"voice.{form}").read_bytes()
    assert sound.media_type == f"audio/{form}"
    assert ear.models.violations == []


async def test_real_speech_is_understood_by_a_real_ear(ear: Ear) -> None:
    phrases = ("What does page three say?", "Make a chart of our sales.", "How do I grow as a leader?")
    ear.models.hear = lambda sound: listens(sound.content, phrases)
    listener = await ear.of("whisper-1")
    for phrase in phrases:
        path = ear.folder / "spoken.ogg"
        path.write_bytes(spoken(phrase))
        heard = await ear.run(listener.transcribe(Recording(path, "audio/ogg", 2.0), PLAIN))
        assert heard.text == phrase


async def test_nothing_said_is_nothing(ear: Ear) -> None:
    ear.models.hear = lambda _: ""
    assert (await ear.hears()).text == ""


@pytest.mark.parametrize(
    ("model", "prompt", "keywords"),
    [
        ("whisper-1", "Kaffee Fuchs, Switchboard", ()),
        ("gpt-4o-mini-transcribe", "Kaffee Fuchs, Switchboard", ()),
        ("gpt-transcribe", "", ("Kaffee Fuchs", "Switchboard")),
        ("gpt-4o-transcribe-diarize", "", ()),
        ("some-whisper-at-home", "Kaffee Fuchs, Switchboard", ()),
    ],
)
async def test_each_model_is_given_the_hints_in_its_own_words(
    ear: Ear, model: str, prompt: str, keywords: tuple[str, ...]
) -> None:
    await ear.hears(model, HINTS)
    (sound,) = ear.models.heard
    assert (sound.language, sound.prompt, sound.keywords) == ("de", prompt, keywords)
    assert ear.models.violations == []


async def test_a_hint_that_is_refused_is_never_given_again(ear: Ear) -> None:
    refusal = "Unsupported parameter: 'prompt' is not supported with this model."
    ear.models.then(Refuse(400, "unsupported_parameter", refusal))
    ear.models.then(Refuse(400, "unsupported_parameter", "language: extra inputs are not permitted"))
    assert (await ear.hears("at-home", HINTS)).text == "This is what was said."
    assert [(sound.language, sound.prompt) for sound in ear.models.heard] == [
        ("de", "Kaffee Fuchs, Switchboard"),
        ("de", ""),
        ("", ""),
    ]
    await ear.hears("at-home", HINTS)
    assert (ear.models.heard[-1].language, ear.models.heard[-1].prompt) == ("", "")
    assert ear.clock.monotonic() == 0


async def test_whoever_gave_a_hint_before_it_was_refused_is_heard_too(ear: Ear) -> None:
    listener = await ear.of("at-home")
    for _ in range(2):
        ear.models.then(Stall(1.0), Refuse(400, "unsupported_parameter", "'prompt' is not supported"))
    voice = recording(ear.folder)
    both = asyncio.gather(*(listener.transcribe(voice, HINTS) for _ in range(2)))
    heard = await ear.run(asyncio.wait_for(both, None))
    assert [one.text for one in heard] == ["This is what was said."] * 2
    assert [bool(sound.prompt) for sound in ear.models.heard] == [True, True, False, False]


async def test_a_language_that_the_service_does_not_know_is_left_out_and_others_are_not(ear: Ear) -> None:
    for locale in ("xx", "de", "xx-XX", "de-AT"):
        assert (await ear.hears("at-home", SpeechHints(locale))).text == "This is what was said."
    assert [sound.language for sound in ear.models.heard] == ["", "de", "", "de"]
    assert len(ear.models.violations) == 1


async def test_a_long_vocabulary_is_cut_at_what_the_model_reads(ear: Ear) -> None:
    await ear.hears(hints=SpeechHints("en", tuple(f"word number {number}" for number in range(500))))
    assert 400 < len(ear.models.heard[0].prompt) <= 600
    assert ear.models.heard[0].prompt.startswith("word number 0, word number 1, ")


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("RU_ru", "ru"),
        ("iw-IL", "he"),
        ("in", "id"),
        ("", ""),
        ("fil-PH", ""),
        ("12", ""),
        ("ф-ф", ""),
    ],
)
def test_a_locale_has_a_language(locale: str, language: str) -> None:
    assert language_of(locale) == language


async def test_seconds_and_cost_are_told(ear: Ear) -> None:
    by_seconds = (await ear.hears("whisper-1", seconds=2.5)).usage
    assert (by_seconds.provider, by_seconds.model, by_seconds.audio_seconds) == ("openai", "whisper-1", 2.5)
    assert by_seconds.cost_usd == Decimal("0.0003")  # three started seconds at 0.006 a minute
    assert (by_seconds.input_tokens, by_seconds.estimated) == (0, False)
    by_tokens = (await ear.hears("gpt-4o-transcribe", seconds=2.5)).usage
    assert by_tokens.input_tokens == 25 or by_tokens.input_tokens == 26
    assert by_tokens.output_tokens > 0
    assert by_tokens.cost_usd is not None
    assert 0 < by_tokens.cost_usd < Decimal("0.001")
    assert by_tokens.audio_seconds == 2.5
    unknown = (await ear.hears("at-home", seconds=2.5)).usage
    assert (unknown.cost_usd, unknown.audio_seconds) == (None, 2.5)


@pytest.mark.parametrize("fault", [Refuse(500), Refuse(503), Refuse(429), Refuse(408), Cut(), Garbage(b"{")])
async def test_a_passing_failure_is_tried_again(ear: Ear, fault: Step) -> None:
    ear.models.then(fault)
    ear.models.then(Say("Here I am."))
    assert (await ear.hears()).text == "Here I am."
    assert len(ear.models.heard) == 2
    assert 0 < ear.clock.monotonic() < 1


async def test_a_short_retry_after_is_obeyed_and_a_long_one_is_not_waited_for(ear: Ear) -> None:
    ear.models.then(Refuse(429, retry_after="12"))
    ear.models.then(Refuse(429, retry_after="600"))
    with pytest.raises(RateLimited) as raised:
        await ear.hears()
    assert raised.value.retry_after_seconds == 600
    assert ear.clock.monotonic() == 12


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Refuse(401), AuthFailed),
        (Refuse(403), AuthFailed),
        (Refuse(429, "insufficient_quota"), AuthFailed),
        (Refuse(404), ApiFailed),
        (Refuse(400), ApiFailed),
        (Refuse(413), ContextTooLong),
    ],
)
async def test_what_a_second_try_cannot_mend_is_not_tried(ear: Ear, refusal: Refuse, error: type[EngineError]) -> None:
    ear.models.then(refusal)
    with pytest.raises(error) as raised:
        await ear.hears()
    assert len(ear.models.heard) == 1
    assert ear.clock.monotonic() == 0
    assert raised.value.detail.startswith("openai:whisper-1")
    assert raised.value.__cause__ is None


async def test_after_two_more_tries_it_is_given_up(ear: Ear) -> None:
    for _ in range(3):
        ear.models.then(Refuse(500))
    with pytest.raises(ApiFailed) as raised:
        await ear.hears()
    assert raised.value.retryable
    assert len(ear.models.heard) == 3


async def test_silence_of_the_service_ends_by_the_clock(ear: Ear) -> None:
    for _ in range(3):
        ear.models.then(Stall())
    with pytest.raises(TimedOut):
        await ear.hears(seconds=30)
    assert 270 < ear.clock.monotonic() < 275  # a minute and the length of the recording, three times, and pauses


async def test_who_gives_up_ends_the_request(ear: Ear) -> None:
    ear.models.then(Stall())
    listener = await ear.of("whisper-1")
    task = asyncio.create_task(listener.transcribe(recording(ear.folder), PLAIN))
    await ear.clock.until(lambda: ear.models.stalled == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ear.clock.until(lambda: ear.models.stalled == 0)
    assert (await ear.hears()).text == "This is what was said."


async def test_nobody_at_the_address(ear: Ear, nowhere: str) -> None:
    listener = await ear.of("whisper-1", base_url=f"{nowhere}/v1")
    with pytest.raises(NetworkFailed):
        await ear.run(listener.transcribe(recording(ear.folder), PLAIN))


@pytest.mark.parametrize("name", ["whisper-1", "openai:", "anthropic:claude", ""])
def test_what_is_no_model_is_said_with_the_fix(name: str) -> None:
    with pytest.raises(SettingsError, match=r"TRANSCRIBE_MODEL.*TRANSCRIBE_BASE_URL"):
        transcriber(name, api_key="sk", base_url="", clock=ManualClock(), random=Random(7), retries=2)


def test_openais_own_service_wants_a_key() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY or TRANSCRIBE_API_KEY"):
        transcriber("openai:whisper-1", api_key="", base_url="", clock=ManualClock(), random=Random(7), retries=2)
