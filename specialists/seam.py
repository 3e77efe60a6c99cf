"""Joins the continuation of a reply to what was said before it broke off, so that nothing is read twice."""

import re
from dataclasses import dataclass, field

_WORD = re.compile(r"\S+")
_LEAST_WORDS = 2
_LEAST_CHARS = 4
_GLUED_CHARS = 3


@dataclass(slots=True)
class Seam:
    """Removes from the beginning of a continuation what repeats the end of `said`, or all of `said` (a restart).

    A repetition is compared without its whitespace, begins with a word of `said` and reaches to its end: all of it, or
    two words and four characters at least, or the one last word where the two would else be glued together.
    Text is held back only as long as it repeats; what is let through is always an end of what came in.
    """

    said: str
    _held: str = field(default="", init=False)
    _open: bool = field(default=True, init=False)
    _spine: str = field(default="", init=False)
    """`said` without whitespace."""
    _starts: list[int] = field(default_factory=list, init=False)
    """Where in the spine the repetition may have begun, as far as it was heard; earliest first."""
    _heard_chars: int = field(default=0, init=False)
    """Of the continuation, without whitespace."""
    _overlap_chars: int = field(default=0, init=False)
    """Of the continuation as it came: the longest repetition that is complete; 0 for none yet."""
    _words: dict[int, int] = field(default_factory=dict, init=False)
    """Start in the spine → how many words there are from there to the end."""

    def __post_init__(self) -> None:
        words = _WORD.findall(self.said)
        at = 0
        for index, word in enumerate(words):
            self._words[at] = len(words) - index
            at += len(word)
        self._spine = "".join(words)
        self._starts = list(self._words)
        self._open = bool(words)

    def feed(self, text: str) -> str:
        """What of the text so far is certainly new."""
        if not self._open:
            return text
        for index, char in enumerate(text):
            self._held += char
            if not char.isspace() and not self._hear(char):
                return self._release() + text[index + 1 :]
        return ""

    def end(self, *, broken: bool = False) -> str:
        """What is still held when the continuation ends; a `broken` one that only repeated so far leaves nothing."""
        if not self._open or (broken and not self._overlap_chars):
            return ""
        return self._release()

    def _hear(self, char: str) -> bool:
        """Whether a longer repetition is still possible with one more character."""
        heard, spine = self._heard_chars, self._spine
        self._starts = [start for start in self._starts if start + heard < len(spine) and spine[start + heard] == char]
        self._heard_chars += 1
        if self._starts and self._starts[-1] + self._heard_chars == len(spine) and self._counts(self._starts[-1]):
            self._overlap_chars = len(self._held)
        return bool(self._starts)

    def _counts(self, start: int) -> bool:
        """Whether the repetition of everything from `start` is no coincidence."""
        length = len(self._spine) - start
        if start == 0 and length > 1:
            return True
        if self._words[start] >= _LEAST_WORDS:
            return length >= _LEAST_CHARS
        glued = not self.said[-1].isspace() and not self._held[0].isspace()
        return glued and length >= _GLUED_CHARS and self._spine[start:].isalnum()

    def _release(self) -> str:
        self._open = False
        rest, self._held = self._held[self._overlap_chars :], ""
        if not self._overlap_chars:
            return rest
        gap = self.said[len(self.said.rstrip()) :]
        lead = rest[: len(rest) - len(rest.lstrip())]
        # The repetition may end with less or more space than what was read.
        return rest[len(lead) :] if len(lead) <= len(gap) else rest.removeprefix(gap)
