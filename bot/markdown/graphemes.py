"""Where a text may be cut without tearing a character that is written with several code points."""

import unicodedata

_JOINER = "\u200d"
_LOOK_BACK = 64


def cut_before(text: str, at: int, low: int) -> int:
    """The nearest place at or before `at`, and after `low`, that is between two characters; `at` when there is none."""
    for place in range(at, max(low, at - _LOOK_BACK), -1):
        if not _is_joined(text, place):
            return place
    return at


def extends(char: str) -> bool:
    """Whether `char` is drawn into the character before it: marks, joiners, variation selectors, skin tones, tags."""
    return (
        char == _JOINER
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or unicodedata.category(char) in ("Mn", "Me", "Mc")
    )


def _is_joined(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if extends(after) or before == _JOINER or (before == "\r" and after == "\n"):
        return True
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True
    return _is_flag_letter(after) and _flag_letters_before(text, at) % 2 == 1


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int) -> int:
    count = 0
    while count < _LOOK_BACK and at - count > 0 and _is_flag_letter(text[at - count - 1]):
        count += 1
    return count
