"""The forms of files that we read, and the names by which people know them."""

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Form:
    """What a file is."""

    name: str
    media_type: str
    reader: str
    """The module of this package that reads it."""
    suffixes: tuple[str, ...] = ()
    """With which the name of such a file ends."""
    demuxer: str = ""
    """Of sound: the one part of FFmpeg that may open it."""


_OFFICE = "application/vnd.openxmlformats-officedocument"

PDF = Form("pdf", "application/pdf", "pdf", (".pdf",))
DOCX = Form("docx", f"{_OFFICE}.wordprocessingml.document", "word", (".docx",))
PPTX = Form("pptx", f"{_OFFICE}.presentationml.presentation", "slides", (".pptx", ".ppsx"))
XLSX = Form("xlsx", f"{_OFFICE}.spreadsheetml.sheet", "excel", (".xlsx",))
XLSB = Form("xlsb", "application/vnd.ms-excel.sheet.binary.macroEnabled.12", "sheets", (".xlsb",))
XLS = Form("xls", "application/vnd.ms-excel", "sheets", (".xls",))
ODS = Form("ods", "application/vnd.oasis.opendocument.spreadsheet", "sheets", (".ods",))

CSV = Form("csv", "text/csv", "tables", (".csv", ".tsv", ".tab"))
HTML = Form("html", "text/html", "web", (".html", ".htm", ".xhtml"))
MARKDOWN = Form("markdown", "text/markdown", "plain", (".md", ".markdown"))
TEXT = Form("text", "text/plain", "plain")

JPEG = Form("jpeg", "image/jpeg", "pictures", (".jpg", ".jpeg"))
PNG = Form("png", "image/png", "pictures", (".png",))
GIF = Form("gif", "image/gif", "pictures", (".gif",))
WEBP = Form("webp", "image/webp", "pictures", (".webp",))
BMP = Form("bmp", "image/bmp", "pictures", (".bmp", ".dib"))
TIFF = Form("tiff", "image/tiff", "pictures", (".tif", ".tiff"))
AVIF = Form("avif", "image/avif", "pictures", (".avif",))

OGG = Form("ogg", "audio/ogg", "sound", (".ogg", ".oga", ".opus"), "ogg")
MP3 = Form("mp3", "audio/mpeg", "sound", (".mp3", ".mpga", ".mpeg"), "mp3")
MP4 = Form("mp4", "audio/mp4", "sound", (".m4a", ".mp4", ".mov", ".3gp", ".m4v"), "mov")
WEBM = Form("webm", "audio/webm", "sound", (".webm", ".mkv", ".mka"), "matroska")
WAV = Form("wav", "audio/wav", "sound", (".wav",), "wav")
FLAC = Form("flac", "audio/flac", "sound", (".flac",), "flac")
AAC = Form("aac", "audio/aac", "sound", (".aac",), "aac")
AMR = Form("amr", "audio/amr", "sound", (".amr",), "amr")
AIFF = Form("aiff", "audio/aiff", "sound", (".aiff", ".aif"), "aiff")
AVI = Form("avi", "video/x-msvideo", "sound", (".avi",), "avi")

BINARY = (
    *(PDF, DOCX, PPTX, XLSX, XLSB, XLS, ODS),
    *(JPEG, PNG, GIF, WEBP, BMP, TIFF, AVIF),
    *(OGG, MP3, MP4, WEBM, WAV, FLAC, AAC, AMR, AIFF, AVI),
)
WRITTEN = (CSV, HTML, MARKDOWN)


def suffix_of(name: str) -> str:
    """The last suffix of a file's name, in lower case; empty when it has none."""
    return PurePath(name).suffix.lower()


def promised(name: str) -> Form | None:
    """The binary form that a file of that name should have; None when the name promises none."""
    suffix = suffix_of(name)
    return next((form for form in BINARY if suffix in form.suffixes), None)
