"""What a file is, by its content; its name is a hint where the content alone cannot tell."""

import re
from collections.abc import Callable
from pathlib import Path

import puremagic

from bot.documents import forms
from bot.documents.archive import office_form
from bot.documents.decoding import unmarked_wide
from bot.documents.forms import Form
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.incoming import Attachment

_HEAD_BYTES = 8192
_PDF_WITHIN_BYTES = 1024
_SURE = 0.4
"""puremagic's confidence from which on at least four bytes agree."""

_PROGRAMS = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",  # Mach-O, in all its byte orders
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",  # a universal Mach-O, or a class of Java
    b"dex\n",
    b"\0asm",
    b"L\0\0\0\x01\x14\x02\0",  # a shortcut of Windows
)
_MARKUP = re.compile(rb"\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)\b", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a]")
_DIB_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def sniff(path: Path, attachment: Attachment, limits: Limits) -> Form:
    """The form of the file at `path`. FileRefused when it is none that we read, or looks dangerous."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise FileRefused("file-empty")
    if _is_program(head, attachment.name):
        raise FileRefused("file-disguised")
    if head.startswith(_ZIP):
        return office_form(path, limits)
    if head.startswith(_OLE):
        return _ole_form(path)
    for form, fits in _SIGNS:
        if fits(head):
            return form
    if _holds_pdf(head, attachment):
        return forms.PDF
    if head.startswith(b"{\\rtf"):
        raise FileRefused("file-unsupported")
    if _has_no_text(head) and (forms.promised(attachment.name) or not unmarked_wide(head)):
        raise FileRefused(_strange(path, attachment.name))
    return _written_form(head, attachment)


def _is_program(head: bytes, name: str) -> bool:
    if head.startswith(_PROGRAMS):
        return True
    if head.startswith(b"MZ"):
        return b"\0" in head[:64]
    # A script that says so is source code, which may be read; under the name of a picture it wants something else.
    return head.startswith(b"#!") and forms.promised(name) is not None


def _at(offset: int, *signs: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signs, offset)


def _riff(kind: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(b"RIFF") and head[8:12] == kind


def _is_bitmap(head: bytes) -> bool:
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _DIB_HEADERS


def _is_mp3(head: bytes) -> bool:
    """It begins with a frame of MPEG layer II or III whose bit rate and sampling rate exist (ISO/IEC 11172-3,
    2.4.1.3), and is no text of Windows, in which two letters may look like one."""
    if head.startswith(b"ID3"):
        return True
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4
    exists = version != 1 and layer in (1, 2) and rate not in (0, 15) and head[2] >> 2 & 3 != 3
    return exists and _CONTROL.search(head) is not None


def _is_mp4(head: bytes) -> bool:
    if head[4:8] == b"ftyp":
        return head[8:12] not in _HEIF
    return head[4:8] in (b"moov", b"mdat", b"wide") and b"\0" in head[:4]


_SIGNS: tuple[tuple[Form, Callable[[bytes], bool]], ...] = (
    (forms.JPEG, _at(0, b"\xff\xd8\xff")),
    (forms.PNG, _at(0, b"\x89PNG\r\n\x1a\n")),
    (forms.GIF, _at(0, b"GIF87a", b"GIF89a")),
    (forms.WEBP, _riff(b"WEBP")),
    (forms.BMP, _is_bitmap),
    (forms.TIFF, _at(0, b"II*\0", b"MM\0*")),
    (forms.AVIF, _at(4, b"ftypavif", b"ftypavis")),
    (forms.OGG, _at(0, b"OggS")),
    (forms.MP3, _is_mp3),
    (forms.AAC, _at(0, b"\xff\xf1", b"\xff\xf9")),
    (forms.MP4, _is_mp4),
    (forms.WEBM, _at(0, b"\x1aE\xdf\xa3")),
    (forms.WAV, _riff(b"WAVE")),
    (forms.AVI, _riff(b"AVI ")),
    (forms.FLAC, _at(0, b"fLaC")),
    (forms.AMR, _at(0, b"#!AMR")),
    (forms.AIFF, lambda head: head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC")),
)


def _holds_pdf(head: bytes, attachment: Attachment) -> bool:
    """Readers of PDF look for its mark in the first 1024 bytes; an article about PDF has it there as well."""
    at = head.find(b"%PDF-", 0, _PDF_WITHIN_BYTES)
    if at < 0:
        return False
    called = forms.suffix_of(attachment.name) in forms.PDF.suffixes or attachment.media_type == forms.PDF.media_type
    return called or not head[:at].removeprefix(b"\xef\xbb\xbf").strip()


def _ole_form(path: Path) -> Form:
    """Old files of Office, and new ones behind a password, are file systems of their own; names in it tell which."""
    content = path.read_bytes()

    def has(*names: str) -> bool:
        return any(name.encode("utf-16-le") in content for name in names)

    if has("EncryptedPackage"):
        raise FileRefused("file-encrypted")
    if has("_VBA_PROJECT"):
        raise FileRefused("file-macros")
    if has("WordDocument", "PowerPoint Document"):
        raise FileRefused("file-unsupported")
    if has("Workbook", "Book"):
        return forms.XLS
    raise FileRefused("file-unsupported")


def _has_no_text(head: bytes) -> bool:
    return b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _strange(path: Path, name: str) -> str:
    """Why a binary file that we do not know is refused."""
    if forms.promised(name) is None:
        return "file-unsupported"
    try:
        known = puremagic.magic_file(path)[0]
    except (LookupError, ValueError):
        return "file-damaged"
    is_known = known.confidence >= _SURE and known.byte_match.strip(b"\0")
    return "file-disguised" if is_known else "file-damaged"


def _written_form(head: bytes, attachment: Attachment) -> Form:
    suffix = forms.suffix_of(attachment.name)
    is_markup = bool(_MARKUP.match(head))
    for form in forms.WRITTEN:
        if suffix in form.suffixes or (not suffix and attachment.media_type == form.media_type):
            return form
    if is_markup and (not suffix or forms.promised(attachment.name)):
        return forms.HTML
    # Many programs export a table of tabs or semicolons and call it Excel's.
    is_called_sheet = (suffix in forms.XLS.suffixes + forms.XLSX.suffixes) and not head.lstrip().startswith(b"<")
    return forms.CSV if is_called_sheet else forms.TEXT
