"""The hidden end of a model's answer, in which it says how sure it is: `<confidence>0.8</confidence>`."""

import re
from dataclasses import dataclass, field

ORDER = (
    "After the very last word of your answer to the person, and only there, write how likely it is that the answer is "
    "right and complete, as a number between 0 and 1, in exactly this form: <confidence>0.8</confidence>. "
    "It is taken away before anybody reads it: never mention it, and write nothing after it."
)
"""Said to every model; costs a dozen tokens of output and no extra call."""

_TAG = "<confidence>"
_END = "</confidence>"
_RECOGNISABLE = "<conf"
_VALUE_CHARS = 16
_SPACE_CHARS = 8
_LONGEST_CHARS = len(_TAG) + _VALUE_CHARS + len(_END)

_WHOLE = re.compile(rf"{_TAG}([^<>]{{0,{_VALUE_CHARS}}}){_END}\s*\Z", re.IGNORECASE)
_PREFIX = re.compile(
    rf"{_TAG}[^<>]{{0,{_VALUE_CHARS}}}(?:{''.join(f'(?:{re.escape(char)}' for char in _END)}{')?' * len(_END)})?\s*\Z",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,4})?|[.,]\d{1,4})\s*(%?)\s*")


@dataclass(slots=True)
class Trailer:
    """Takes the trailer out of a stream. Only one at the very end counts; anywhere else it is text, and stays.

    What may still become a trailer is held back, never more than a trailer's length and the few spaces before it.
    """

    confidence: float | None = field(default=None, init=False)
    """0 to 1; None before the end, and where there was no trailer or none that can be understood."""
    found: bool = field(default=False, init=False)
    """A whole trailer stood at the end."""
    _held: str = field(default="", init=False)

    def feed(self, text: str) -> str:
        """What of the text so far is certainly not part of a trailer at the end."""
        self._held += text
        keep = self._may_be_trailer()
        said, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return said

    def end(self) -> str:
        """The rest of the text. A trailer that was cut off within itself is taken away too."""
        said, self._held = self._held, ""
        at = said.find("<")
        if at < 0 or not said[at:].lower().startswith(_RECOGNISABLE):
            return said
        if whole := _WHOLE.match(said, at):
            self.found = True
            self.confidence = _number(whole[1])
        return ""

    @property
    def complete(self) -> bool:
        """All of a trailer is there: if nothing but its end follows, the answer was whole."""
        at = self._held.find("<")
        return at >= 0 and _WHOLE.match(self._held, at) is not None

    def _may_be_trailer(self) -> int:
        """How many of the last characters of `_held` could be a trailer with the space before it, or its beginning."""
        held = self._held
        end = len(held.rstrip())
        start = held.find("<", max(end - _LONGEST_CHARS, 0))
        while start >= 0 and not _begins_trailer(held[start:]):
            start = held.find("<", start + 1)
        if start < 0:
            start = len(held)
        space = start - len(held[:start].rstrip())
        return len(held) - start + min(space, _SPACE_CHARS)


def _begins_trailer(text: str) -> bool:
    return _TAG.startswith(text.lower()) or _PREFIX.match(text) is not None


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    value = float(found[1].replace(",", ".")) / (100 if found[2] else 1)
    return value if 0 <= value <= 1 else None
