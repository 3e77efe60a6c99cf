"""Bytes to text, when nobody says in which encoding they are."""

import codecs
import re
from pathlib import Path

import charset_normalizer

from bot.documents.alphabets import encoding_by_words
from bot.domain.errors import FileRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERS = [
    *("cp1253", "cp1255", "cp1256", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
]
"""In which people still write files, besides those that are known by their words; among all that exist, any bytes are
text in some."""
_CONTROLS = bytes(sorted({*range(32), 127} - {*b"\t\n\r\f\x1b"}))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.002
_MOST_LOST = 0.01
_SAMPLE_BYTES = 1 << 16
_MOSTLY = 0.95
_BROKEN_UTF8 = 20
"""Where so many signs are UTF-8 for each that is broken, only that one is lost."""


def decode(path: Path) -> str:
    """The text of the file at `path`. FileRefused when what is in it is no text, or nothing."""
    content = path.read_bytes()
    if not content.strip():
        raise FileRefused("file-empty")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _sound(content.decode(encoding, "replace"))
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if wide := unmarked_wide(content[: _SAMPLE_BYTES * 2]):
        return _sound(content.decode(wide, "replace"))
    if b"\0" in content or controls > max(1, len(content) * _MOST_CONTROLS):
        raise FileRefused("file-unsupported", "no text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _sound(content.decode(_guess(content, error.start), "replace"))


def unmarked_wide(content: bytes) -> str:
    """The UTF-16 that `content` is in without saying so; empty when it is not, or cannot be sure to be.

    In Latin and Cyrillic texts, every other byte is one of very few.
    """
    pairs = len(content) // 2
    for encoding, high, low in (("utf-16-le", content[1::2], content[::2]), ("utf-16-be", content[::2], content[1::2])):
        blocks = high.count(0) + high.count(4) + high.count(0x20)
        if pairs > 1 and 0 in high and 0 not in low and blocks >= pairs * _MOSTLY:
            start = content[: pairs * 2].decode(encoding, "replace")
            if "\ufffd" not in start[:-1] and not _CONTROL.search(start):
                return encoding
    return ""


def _guess(content: bytes, strange_at: int) -> str:
    """The most likely encoding, by what stands around the first byte that is not UTF-8."""
    start = max(0, strange_at - _SAMPLE_BYTES // 4)
    sample = content[start : start + _SAMPLE_BYTES]
    as_utf8 = sample.decode("utf-8", "replace")
    lost = as_utf8.count("\ufffd")
    if lost * _BROKEN_UTF8 <= len(as_utf8.encode("utf-8")) - len(as_utf8) - 2 * lost:
        return "utf-8"
    if known := encoding_by_words(sample):
        return known
    best = charset_normalizer.from_bytes(sample, cp_isolation=_OTHERS).best()
    return "cp1252" if best is None else best.encoding


def _sound(text: str) -> str:
    if text.count("\ufffd") > len(text) * _MOST_LOST or "\0" in text:
        raise FileRefused("file-unsupported", "no text")
    return text
