"""Files of Office are archives; here they are looked through before any library opens them.

Their directory may lie, so every member is expanded once, piece by piece, and counted. What is refused: more than the
limits, members that share bytes, document type definitions (which no part of Office's files has, and with which XML
is made to grow or to read other files), macros, and passwords.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bot.documents import forms
from bot.documents.forms import Form
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused

_PIECE_BYTES = 1 << 18
_LOCAL_BYTES = 30
"""Of the header before each member, without its name (APPNOTE.TXT 4.3.7)."""
_MUCH_BYTES = 10_000_000
"""From here on the ratio counts: a small document may be an empty one that packs well."""
_XML = (".xml", ".rels", ".vml")
_DTD = re.compile(
    b"|".join(re.escape(mark.encode(code)) for mark in ("<!DOCTYPE", "<!ENTITY") for code in ("utf-8", "utf-16-le")),
)
_DTD_BYTES = 2 * len("<!DOCTYPE")
_MACROS = re.compile(r"vbaproject|vbadata|(^|/)macrosheets/|^(basic|scripts)/", re.IGNORECASE)
_TYPES = "[Content_Types].xml"
_MAIN = {
    b"wordprocessingml.document.main+xml": forms.DOCX,
    b"presentationml.presentation.main+xml": forms.PPTX,
    b"presentationml.slideshow.main+xml": forms.PPTX,
    b"spreadsheetml.sheet.main+xml": forms.XLSX,
    b"spreadsheetml.template.main+xml": forms.XLSX,
    b"ms-excel.sheet.binary.macroEnabled.main": forms.XLSB,
}
_MACRO_TYPES = re.compile(
    rb"vnd\.ms-(word|powerpoint)\.\w+\.macroEnabled|vnd\.ms-excel\.(sheet|template|addin)\.macroEnabled|vbaProject"
)
_ODS_MANIFEST = "META-INF/manifest.xml"


def office_form(path: Path, limits: Limits) -> Form:
    """Which file of Office the archive at `path` is. FileRefused when it is none, or not one to be opened."""
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError):
            raise FileRefused("file-damaged", "no directory") from None
        members = archive.infolist()
        _check_directory(members, path.stat().st_size, limits)
        if any(_MACROS.search(member.filename) for member in members):
            raise FileRefused("file-macros")
        form = _form(archive)
        _expand(file, members, form, limits)
        return form


def _check_directory(members: list[zipfile.ZipInfo], size_bytes: int, limits: Limits) -> None:
    """Refuse what is too much already by what the archive says of itself."""
    if len(members) > limits.members:
        raise FileRefused("file-expands", "members")
    if any(member.flag_bits & 1 for member in members):
        raise FileRefused("file-encrypted")
    _check_size(sum(member.file_size for member in members), size_bytes, limits)
    ends_at = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < ends_at:
            raise FileRefused("file-expands", "members share bytes")
        ends_at = member.header_offset + _LOCAL_BYTES + member.compress_size
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise FileRefused("file-damaged", "two members of one name")


def _check_size(expanded_bytes: int, size_bytes: int, limits: Limits) -> None:
    if expanded_bytes > limits.expanded_bytes:
        raise FileRefused("file-expands", "bytes")
    if expanded_bytes > _MUCH_BYTES and expanded_bytes > limits.expansion * size_bytes:
        raise FileRefused("file-expands", "ratio")


def _form(archive: zipfile.ZipFile) -> Form:
    try:
        if "mimetype" in archive.namelist():
            kind = _start(archive, "mimetype").strip().decode("ascii", "replace")
            if kind == forms.ODS.media_type:
                return forms.ODS
        types = _start(archive, _TYPES)
    except KeyError:
        raise FileRefused("file-unsupported") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError):
        raise FileRefused("file-damaged", "types") from None
    if _MACRO_TYPES.search(types.replace(b"ms-excel.sheet.binary.macroEnabled", b"")):
        raise FileRefused("file-macros")
    for mark, form in _MAIN.items():
        if mark in types:
            return forms.XLSB if b"ms-excel.sheet.binary.macroEnabled.main" in types else form
    raise FileRefused("file-unsupported")


def _start(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_PIECE_BYTES * 4)


def _expand(file: BinaryIO, members: list[zipfile.ZipInfo], form: Form, limits: Limits) -> None:
    """Expand all members once, and keep nothing of them."""
    size_bytes = file.seek(0, io.SEEK_END)
    total = 0
    for member in members:
        is_xml = member.filename.lower().endswith(_XML)
        if form is forms.ODS and member.filename == _ODS_MANIFEST:
            is_xml = False  # the only part for which a definition of its type was ever written
        before = b""
        for piece in _pieces(file, member):
            total += len(piece)
            _check_size(total, size_bytes, limits)
            if is_xml and _DTD.search(before + piece):
                raise FileRefused("file-expands", "document type definition")
            before = piece[-_DTD_BYTES:]


def _pieces(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What the member really holds, in pieces of at most `_PIECE_BYTES`, whatever the directory says."""
    file.seek(member.header_offset)
    local = file.read(_LOCAL_BYTES)
    if len(local) < _LOCAL_BYTES or not local.startswith(b"PK\x03\x04"):
        raise FileRefused("file-damaged", "no member where the directory has one")
    name_bytes, extra_bytes = struct.unpack("<26xHH", local)
    file.seek(name_bytes + extra_bytes, io.SEEK_CUR)
    packed = _packed(file, member.compress_size)
    if member.compress_type == zipfile.ZIP_STORED:
        yield from packed
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        yield from _inflated(packed)
    else:  # ECMA-376 part 2, annex B: nothing else is used in such files
        raise FileRefused("file-damaged", "compression")


def _packed(file: BinaryIO, size_bytes: int) -> Iterator[bytes]:
    while size_bytes > 0:
        piece = file.read(min(size_bytes, _PIECE_BYTES))
        if not piece:
            raise FileRefused("file-damaged", "ends early")
        size_bytes -= len(piece)
        yield piece


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            rest = piece
            while rest and not inflater.eof:
                yield inflater.decompress(rest, _PIECE_BYTES)
                rest = inflater.unconsumed_tail
        while not inflater.eof and (piece := inflater.decompress(b"", _PIECE_BYTES)):
            yield piece
    except zlib.error:
        raise FileRefused("file-damaged", "member") from None
