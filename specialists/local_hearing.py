"""Speech to text on this machine: Whisper in CTranslate2's form, run by faster-whisper, which is an optional extra.

Imported only where it is asked for; ImportError then, when the extra is missing.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

from faster_whisper import WhisperModel, available_models

from bot.domain.errors import ApiFailed, EngineError, RateLimited, SettingsError, UnknownFailure
from bot.domain.reply import Usage
from bot.domain.speech import Recording, SpeechHints, Transcript
from specialists.hearing import language_of, vocabulary_of

_PROVIDER = "local"
_PARTS = ("model.bin", "config.json", "tokenizer.json")
_MOST_WAITING = 100


class LocalTranscriber:
    """Implements `Transcriber`. One recording at a time is listened to, in a thread of its own; others wait."""

    def __init__(self, path: str) -> None:
        """Load the model, which takes seconds and hundreds of megabytes.

        `path` is the folder of a model, or the name of a size (`small`, `large-v3-turbo`, …), which faster-whisper
        downloads once and keeps in its cache. SettingsError, which says what to set instead.
        """
        self._name = Path(path).name
        self._model = _loaded(path)
        self._languages = frozenset(self._model.supported_languages)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="hearing")
        self._stops: set[threading.Event] = set()

    async def transcribe(self, recording: Recording, hints: SpeechHints) -> Transcript:
        """What is said in the recording; nothing is sent anywhere. EngineError.

        Who gives up while others are listened to is never listened to; else the work ends at the next segment.
        """
        if len(self._stops) >= _MOST_WAITING:
            raise RateLimited(f"{_PROVIDER}:{self._name}: too many recordings wait")
        stop = threading.Event()
        self._stops.add(stop)
        try:
            loop = asyncio.get_running_loop()
            text = await loop.run_in_executor(self._executor, self._heard, recording, hints, stop)
        except EngineError:
            raise
        except Exception as error:
            # Not `from error`: what decoders say may quote the name of the file, and errors are logged.
            raise UnknownFailure(f"{_PROVIDER}:{self._name}: {type(error).__name__}") from None
        finally:
            stop.set()
            self._stops.discard(stop)
        usage = Usage(_PROVIDER, self._name, cost_usd=Decimal(0), audio_seconds=recording.duration_seconds)
        return Transcript(text, usage)

    async def close(self) -> None:
        """End all work: what is under way at its next segment."""
        for stop in self._stops:
            stop.set()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _ended(self) -> ApiFailed:
        return ApiFailed(f"{_PROVIDER}:{self._name}: nobody listens any more")

    def _heard(self, recording: Recording, hints: SpeechHints, stop: threading.Event) -> str:
        if stop.is_set():
            raise self._ended()
        language = language_of(hints.locale)
        segments, _ = self._model.transcribe(
            str(recording.path),
            language=language if language in self._languages else None,
            hotwords=", ".join(vocabulary_of(hints)) or None,
            vad_filter=True,
            condition_on_previous_text=False,
        )
        said: list[str] = []
        for segment in segments:
            if stop.is_set():
                raise self._ended()
            said.append(segment.text.strip())
        return " ".join(text for text in said if text)


def _loaded(path: str) -> WhisperModel:
    folder = Path(path).expanduser()
    if path not in available_models() and not all((folder / part).is_file() for part in _PARTS):
        raise SettingsError(
            f"TRANSCRIBE_MODEL=local:{path} is no model: give the folder of a Whisper model in CTranslate2's form "
            f"(with {', '.join(_PARTS)}), or one of {', '.join(available_models())}"
        )
    try:
        return WhisperModel(path if path in available_models() else str(folder), device="auto")
    except Exception as error:
        raise SettingsError(
            f"TRANSCRIBE_MODEL=local:{path} cannot be loaded or downloaded ({type(error).__name__}): give the folder "
            "of a Whisper model in CTranslate2's form"
        ) from error
