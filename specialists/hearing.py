"""Speech to text by a service that speaks OpenAI's protocol."""

from collections.abc import Collection
from random import Random
from typing import Any

from openai.types.audio import Transcription
from openai.types.audio.transcription import UsageDuration, UsageTokens

from bot.domain.ports import Clock
from bot.domain.reply import Usage
from bot.domain.speech import Recording, SpeechHints, Transcript
from specialists.audio_client import AudioClient
from specialists.prices import sound_cost_usd, split

_LEAST_SECONDS = 60.0
_LISTS_HINTS = "gpt-transcribe"
"""The model that takes its hints as lists; all others take a language and a prompt."""
_TAKES_NO_PROMPT = "gpt-4o-transcribe-diarize"
_PROMPT_CHARS = 600
"""Whisper reads the last 224 tokens of a prompt."""
_MOST_WORDS = 100
_LANGUAGE_CHARS = 2
_RENAMED = {"iw": "he", "in": "id", "ji": "yi"}
"""Codes that ISO 639-1 withdrew in 1989, and that Android still gives, with those in their place."""


def transcriber(
    name: str, *, api_key: str, base_url: str, clock: Clock, random: Random, retries: int
) -> "ServiceTranscriber":
    """The transcriber that `TRANSCRIBE_MODEL` names. SettingsError, which says what is missing and how to set it."""
    return ServiceTranscriber(
        AudioClient.open(
            "TRANSCRIBE_MODEL",
            name,
            api_key=api_key,
            base_url=base_url,
            clock=clock,
            random=random,
            retries=retries,
        )
    )


def language_of(locale: str) -> str:
    """The language of a locale by ISO 639-1, as in `en` for `en-US`; empty when there is none."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    if len(language) != _LANGUAGE_CHARS or not language.isascii() or not language.isalpha():
        return ""
    return _RENAMED.get(language, language)


def vocabulary_of(hints: SpeechHints) -> list[str]:
    """The terms as they are given to a model: one line each, none twice, at most a hundred."""
    terms = (" ".join(term.split()) for term in hints.vocabulary)
    return list(dict.fromkeys(term for term in terms if term))[:_MOST_WORDS]


class ServiceTranscriber:
    """Implements `Transcriber` over `POST /audio/transcriptions`. The file is streamed from the disk."""

    def __init__(self, service: AudioClient) -> None:
        self.service = service

    async def transcribe(self, recording: Recording, hints: SpeechHints) -> Transcript:
        """What is said in the recording, at most 25 MB for OpenAI's own models. EngineError."""
        seconds = _LEAST_SECONDS + recording.duration_seconds
        language = {"language": language_of(hints.locale)}
        heard = await self.service.insist(seconds, lambda withheld: self._heard(recording, hints, withheld), language)
        return Transcript(heard.text.strip(), self._usage(heard, recording))

    async def close(self) -> None:
        """Close all connections."""
        await self.service.close()

    async def _heard(self, recording: Recording, hints: SpeechHints, withheld: Collection[str]) -> Transcription:
        with recording.path.open("rb") as file:
            heard: object = await self.service.client.audio.transcriptions.create(
                file=(recording.path.name, file, recording.media_type),
                model=self.service.model,
                response_format="json",
                **self._hints(hints, withheld),
            )
        if not isinstance(heard, Transcription) or not isinstance(heard.text, str):
            raise ValueError("no transcript")
        return heard

    def _hints(self, hints: SpeechHints, withheld: Collection[str]) -> dict[str, Any]:
        """Each model takes them in its own words."""
        language, terms = language_of(hints.locale), vocabulary_of(hints)
        given: dict[str, Any] = {}
        lists = self.service.model == _LISTS_HINTS
        if language and "language" not in withheld:
            given |= {"languages": [language]} if lists else {"language": language}
        if terms and "vocabulary" not in withheld and self.service.model != _TAKES_NO_PROMPT:
            given |= {"keywords": terms} if lists else {"prompt": _prompt(terms)}
        if self.service.model == _TAKES_NO_PROMPT:
            given["chunking_strategy"] = "auto"
        return given

    def _usage(self, heard: Transcription, recording: Recording) -> Usage:
        provider, model = split(self.service.name)
        match heard.usage:
            case UsageTokens() as told:
                details = told.input_token_details
                audio_tokens = (details.audio_tokens if details is not None else None) or 0
                cost = sound_cost_usd(
                    self.service.name,
                    input_tokens=told.input_tokens,
                    audio_tokens=min(audio_tokens, told.input_tokens),
                    output_tokens=told.output_tokens,
                )
                tokens = (told.input_tokens, told.output_tokens)
            case UsageDuration(seconds=seconds):
                cost, tokens = sound_cost_usd(self.service.name, seconds=seconds), (0, 0)
            case _:
                cost, tokens = sound_cost_usd(self.service.name, seconds=recording.duration_seconds), (0, 0)
        return Usage(
            provider, model, *tokens, cost_usd=cost, audio_seconds=recording.duration_seconds, estimated=not heard.usage
        )


def _prompt(terms: list[str]) -> str:
    """As many of the terms as Whisper reads, in the form of a text."""
    said = ""
    for term in terms:
        longer = f"{said}, {term}" if said else term
        if len(longer) > _PROMPT_CHARS:
            break
        said = longer
    return said
