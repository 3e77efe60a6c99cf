"""What people say around a question: greetings, thanks, and words that do not tell what it is about."""

import re
import unicodedata
from typing import Literal, get_args

from bot.texts import Texts

Courtesy = Literal["greeting", "thanks", "bye", "abilities"]

_NOISE = frozenset({"Mn", "Me", "Cf", "Cs", "Co", "Cn"})
_NOT_WORDS = re.compile(r"[\W_]+")
_QUERY_CHARS = 2_000
_MOST_PHRASES = 4


class Smalltalk:
    """The phrases of one language, from its texts."""

    def __init__(self, texts: Texts, language: str) -> None:
        self._heard: dict[str, Courtesy] = {
            phrase: courtesy
            for courtesy in get_args(Courtesy)
            for phrase in _phrases(texts.say(language, f"handbook-hear-{courtesy}"))
        }
        fillers = _phrases(texts.say(language, "handbook-fillers"))
        openings = [phrase for phrase, courtesy in self._heard.items() if courtesy in ("greeting", "thanks")]
        self._around = sorted({*fillers, *openings}, key=len, reverse=True)

    def heard(self, words: str) -> Courtesy | None:
        """What kind of courtesy `words` (as of `in_words`) are, two in a row included; None for anything else."""
        if words in self._heard:
            return self._heard[words]
        bare = self.bare(words)
        if not bare or bare in self._heard:
            spoken = [phrase for phrase in (bare, *self._opening(words)) if phrase in self._heard]
            return self._heard[spoken[0]] if spoken else None
        return None

    def bare(self, words: str) -> str:
        """`words` without greetings and fillers at both ends; empty when nothing else was said."""
        for _ in range(_MOST_PHRASES):
            shorter = next((rest for phrase in self._around if (rest := _without(words, phrase)) is not None), None)
            if shorter is None:
                break
            words = shorter
        return words

    def _opening(self, words: str) -> list[str]:
        return [phrase for phrase in self._around if words == phrase or words.startswith(f"{phrase} ")]


def in_words(text: str) -> str:
    """`text` as lower-case words with single spaces: no punctuation, emoji, stacked accents or invisible marks.

    Only the beginning of a very long text is looked at.
    """
    folded = unicodedata.normalize("NFKC", text[:_QUERY_CHARS]).casefold()
    visible = "".join(char for char in folded if unicodedata.category(char) not in _NOISE)
    return _NOT_WORDS.sub(" ", visible).strip()


def _phrases(listed: str) -> list[str]:
    return [in_words(phrase) for phrase in listed.split(",")]


def _without(words: str, phrase: str) -> str | None:
    if words == phrase:
        return ""
    if words.startswith(f"{phrase} "):
        return words[len(phrase) + 1 :]
    if words.endswith(f" {phrase}"):
        return words[: -len(phrase) - 1]
    return None
