"""Speech: what understands it, what speaks it, and what goes in and out."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.domain.reply import Usage


@dataclass(frozen=True, slots=True)
class Recording:
    """Speech in a file of this machine, in a form that any transcriber takes. The name ends as its format demands."""

    path: Path
    media_type: str
    duration_seconds: float


@dataclass(frozen=True, slots=True)
class SpeechHints:
    """What may help to understand speech."""

    locale: str = ""
    """The language that the user most likely speaks; empty when nobody knows."""
    vocabulary: tuple[str, ...] = ()
    """Names and terms that may occur."""


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str
    """Empty when nothing was said."""
    usage: Usage


@dataclass(frozen=True, slots=True)
class Speech:
    """A text, spoken."""

    content: bytes = field(repr=False)
    usage: Usage
    media_type: str = "audio/ogg"
    """OGG with Opus unless it says otherwise."""


class Transcriber(Protocol):
    async def transcribe(self, recording: Recording, hints: SpeechHints) -> Transcript:
        """What is said in the recording. EngineError; what may pass was tried again already."""
        ...


class Speaker(Protocol):
    @property
    def longest_chars(self) -> int:
        """Of a text that can be spoken at once."""
        ...

    async def speak(self, text: str, locale: str) -> Speech:
        """Plain `text`, in the language of `locale`. EngineError as above."""
        ...
