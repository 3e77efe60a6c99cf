"""Builds what reads files, understands speech and speaks, from the settings."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from bot.documents.limits import Limits
from bot.documents.workshop import Workshop
from bot.domain.errors import SettingsError
from bot.domain.ports import Clock
from bot.domain.speech import Speaker, Transcriber
from bot.settings import Settings
from specialists.hearing import transcriber
from specialists.voicing import ServiceSpeaker, speaker

_MEGABYTE = 1_000_000
_MOST_WORKERS = 4
_LOCAL = "local"
_PROVIDERS = ("openai",)


class _Hearing(Transcriber, Protocol):
    """A transcriber that holds something open."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Senses:
    workshop: Workshop
    transcriber: Transcriber | None
    """None where nobody understands speech."""
    speaker: Speaker | None
    """None where nobody speaks."""
    temporary: Path
    """An empty folder of this process alone."""


@asynccontextmanager
async def senses(settings: Settings, process: str, clock: Clock, random: Random) -> AsyncIterator[Senses]:
    """All of them, until the context is left. `process` is the unique name of this one. SettingsError."""
    async with AsyncExitStack() as closing:
        workshop = Workshop(limits(settings), workers=_workers())
        closing.push_async_callback(workshop.close)
        hearing = build_transcriber(settings, clock, random)
        if hearing is not None:
            closing.push_async_callback(hearing.close)
        voice = build_speaker(settings, clock, random)
        if voice is not None:
            closing.push_async_callback(voice.close)
        yield Senses(workshop, hearing, voice, _emptied(settings.temporary_dir / process))


def _workers() -> int:
    """One core stays free for everybody's turns."""
    return min(_MOST_WORKERS, max(1, (os.cpu_count() or 1) - 1))


def limits(settings: Settings) -> Limits:
    return Limits(
        file_bytes=settings.file_megabytes * _MEGABYTE,
        pages=settings.file_pages,
        cells=settings.file_cells,
        seconds=settings.file_seconds,
        speech_seconds=settings.voice_minutes * 60,
    )


def build_transcriber(settings: Settings, clock: Clock, random: Random) -> _Hearing | None:
    """What `TRANSCRIBE_MODEL` names. SettingsError says what is wrong with it."""
    name = settings.transcribe_model
    if not name:
        return None
    provider, _, model = name.partition(":")
    if provider == _LOCAL:
        return _local(model)
    key, url = _reached(
        "TRANSCRIBE", name, settings.transcribe_api_key.get_secret_value(), settings.transcribe_base_url, settings
    )
    return transcriber(name, api_key=key, base_url=url, clock=clock, random=random, retries=settings.model_retries)


def build_speaker(settings: Settings, clock: Clock, random: Random) -> ServiceSpeaker | None:
    """What `SPEECH_MODEL` names. SettingsError says what is wrong with it."""
    name = settings.speech_model
    if not name:
        return None
    key, url = _reached("SPEECH", name, settings.speech_api_key.get_secret_value(), settings.speech_base_url, settings)
    return speaker(
        name,
        voice=settings.speech_voice,
        api_key=key,
        base_url=url,
        clock=clock,
        random=random,
        retries=settings.model_retries,
    )


def _reached(which: str, name: str, key: str, url: str, settings: Settings) -> tuple[str, str]:
    """Key and address; a key of OpenAI's is not given to another address than the one it is meant for."""
    provider, _, model = name.partition(":")
    if provider not in _PROVIDERS or not model:
        known = " or ".join(f"{one}:name" for one in _PROVIDERS)
        also = f", or {_LOCAL}:path" if which == "TRANSCRIBE" else ""
        raise SettingsError(f"{which}_MODEL: {name!r} is no model; write {known}{also}")
    if url:
        return key, url
    key = key or settings.openai_api_key.get_secret_value()
    if not key and not settings.openai_base_url:
        raise SettingsError(
            f"{which}_API_KEY: {which}_MODEL needs it, or OPENAI_API_KEY, or an address in {which}_BASE_URL"
        )
    return key, settings.openai_base_url


def _local(path: str) -> _Hearing:
    if not path:
        raise SettingsError("TRANSCRIBE_MODEL: behind `local:` the path of a model is needed")
    try:
        # Optional, and it costs time and memory.
        from specialists.local_hearing import LocalTranscriber  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            "TRANSCRIBE_MODEL: install the extra `local`, as in `pip install switchboard[local]`"
        ) from error
    return LocalTranscriber(path)


def _emptied(folder: Path) -> Path:
    """What a process of this name left behind when it died is nobody's any more."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder
