"""Speech understood on this machine, by the real library with a model that is made here."""

import asyncio
from pathlib import Path

import pytest

from bot.domain.errors import RateLimited, SettingsError, UnknownFailure
from bot.domain.speech import Recording, SpeechHints
from specialists import local_hearing
from specialists.local_hearing import LocalTranscriber
from tests.fakes.voices import silence, spoken
from tests.specialists.tiny_whisper import tiny_whisper

HINTS = SpeechHints("en-GB", ("Fuchs", "Kaffee"))
TALK = "This is a long talk about the fox in the snow, who waits for the morning and then goes home. " * 4


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def ear(folder: Path) -> LocalTranscriber:
    return LocalTranscriber(str(folder))


def recording(folder: Path, content: bytes, name: str = "voice.ogg") -> Recording:
    (folder / name).write_bytes(content)
    return Recording(folder / name, "audio/ogg", 2.0)


@pytest.mark.parametrize("form", ["ogg", "m4a", "webm", "mp3", "wav"])
async def test_what_was_said_is_told_and_costs_nothing(ear: LocalTranscriber, tmp_path: Path, form: str) -> None:
    heard = await ear.transcribe(recording(tmp_path, spoken("Hello fox.", form=form), f"voice.{form}"), HINTS)
    assert heard.text == "tiny ear", "which is all that this model ever says"
    usage = heard.usage
    assert (usage.provider, usage.model, usage.audio_seconds) == ("local", "tiny", 2.0)
    assert usage.cost_usd == 0
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (0, 0, False)


@pytest.mark.parametrize("locale", ["", "ru", "fil", "xx-YY"])
async def test_a_language_that_nobody_names_or_knows_is_found_out(
    ear: LocalTranscriber, tmp_path: Path, locale: str
) -> None:
    said = recording(tmp_path, spoken("Hello fox."))
    assert (await ear.transcribe(said, SpeechHints(locale))).text == "tiny ear"


async def test_silence_says_nothing(ear: LocalTranscriber, tmp_path: Path) -> None:
    assert (await ear.transcribe(recording(tmp_path, silence(2.0)), HINTS)).text == ""
    assert (await ear.transcribe(recording(tmp_path, silence(2.0)), SpeechHints())).text == ""


async def test_a_broken_file_is_an_error_of_ours(ear: LocalTranscriber, tmp_path: Path) -> None:
    with pytest.raises(UnknownFailure) as raised:
        await ear.transcribe(recording(tmp_path, b"no sound", "secret name.ogg"), HINTS)
    assert "secret" not in raised.value.detail
    assert not raised.value.retryable


async def test_who_gives_up_is_not_listened_to_and_others_are(ear: LocalTranscriber, tmp_path: Path) -> None:
    long, short = recording(tmp_path, spoken(TALK)), recording(tmp_path, spoken("Hello fox."), "short.ogg")
    first = asyncio.create_task(ear.transcribe(long, HINTS))
    waiting = asyncio.create_task(ear.transcribe(long, HINTS))
    last = asyncio.create_task(ear.transcribe(short, HINTS))
    await asyncio.sleep(0)
    for task in (first, waiting):
        task.cancel()
    outcomes = await asyncio.gather(first, waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 2
    assert (await last).text == "tiny ear"


async def test_so_many_may_wait_and_no_more(
    ear: LocalTranscriber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_hearing, "_MOST_WAITING", 2)
    said = recording(tmp_path, spoken("Hello fox."))
    heard = await asyncio.gather(*(ear.transcribe(said, HINTS) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in heard].count(RateLimited) == 1
    assert (await ear.transcribe(said, HINTS)).text == "tiny ear"


async def test_nothing_is_listened_to_after_the_end(folder: Path, tmp_path: Path) -> None:
    closing = LocalTranscriber(str(folder))
    said = recording(tmp_path, spoken(TALK))
    tasks = [asyncio.create_task(closing.transcribe(said, HINTS)) for _ in range(3)]
    await asyncio.sleep(0)
    await closing.close()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(outcome, BaseException) for outcome in outcomes), "silence would be a lie"


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json"])
def test_what_is_no_model_is_said_with_the_fix(folder: Path, tmp_path: Path, missing: str) -> None:
    for part in folder.iterdir():
        if part.name != missing:
            (tmp_path / part.name).write_bytes(part.read_bytes())
    with pytest.raises(SettingsError, match=r"TRANSCRIBE_MODEL=local:.*CTranslate2.*large-v3"):
        LocalTranscriber(str(tmp_path))


def test_a_spoiled_model_is_said_with_the_fix(folder: Path, tmp_path: Path) -> None:
    for part in folder.iterdir():
        (tmp_path / part.name).write_bytes(part.read_bytes()[:100])
    with pytest.raises(SettingsError, match=r"TRANSCRIBE_MODEL=local:.* cannot be loaded"):
        LocalTranscriber(str(tmp_path))


@pytest.mark.parametrize("path", ["", "no/such/folder", "gigantic", "."])
def test_nothing_is_looked_for_in_the_network(path: str) -> None:
    with pytest.raises(SettingsError, match="is no model"):
        LocalTranscriber(path)
