"""Bytes to text, when nobody says in which encoding they are."""

import codecs
from pathlib import Path

import charset_normalizer

from bot.domain.errors import FileRefused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAUSIBLE = [
    *("cp1251", "cp1252", "koi8_r", "cp866", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "mac_cyrillic"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
]
"""In which people still write files; among all that exist, any bytes are text in some."""
_CONTROLS = bytes(sorted({*range(32), 127} - {*b"\t\n\r\f\x1b"}))
_MOST_CONTROLS = 0.002
_MOST_LOST = 0.01
_SAMPLE_BYTES = 1 << 16


def decode(path: Path) -> str:
    """The text of the file at `path`. FileRefused when what is in it is no text, or nothing."""
    content = path.read_bytes()
    if not content.strip():
        raise FileRefused("file-empty")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _sound(content.decode(encoding, "replace"))
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if b"\0" in content or controls > max(1, len(content) * _MOST_CONTROLS):
        raise FileRefused("file-unsupported", "no text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _sound(content.decode(_guess(content, error.start), "replace"))


def _guess(content: bytes, strange_at: int) -> str:
    """The most likely encoding, by what stands around the first byte that is not UTF-8."""
    start = max(0, strange_at - _SAMPLE_BYTES // 4)
    best = charset_normalizer.from_bytes(content[start : start + _SAMPLE_BYTES], cp_isolation=_PLAUSIBLE).best()
    if best is None:
        # Nearly UTF-8, with a few broken bytes: then that is what is lost.
        return "utf-8"
    return best.encoding


def _sound(text: str) -> str:
    if text.count("\ufffd") > len(text) * _MOST_LOST or "\0" in text:
        raise FileRefused("file-unsupported", "no text")
    return text
