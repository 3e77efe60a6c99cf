"""Files that mean harm, or came to harm: the same ones in every run."""

import io
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from tests.fakes import papers
from tests.fakes.voices import mute_video, spoken

_SEED = 20_261_121
_DAMAGED_WAYS = 10


@dataclass(frozen=True, slots=True)
class Hostile:
    name: str
    """As its sender calls it."""
    content: bytes = field(repr=False)
    reason: str = ""
    """With which it must be refused; empty when it may as well be read as plain data."""


@cache
def hostile_files() -> tuple[Hostile, ...]:
    """More than 200 of them: damaged, disguised, endless, and made to hurt parsers."""
    return (*_made_to_hurt(), *_disguised(), *_damaged())


def good_files() -> dict[str, bytes]:
    """A small good file of each form, by name."""
    return {
        "good.pdf": papers.pdf("The bridge opens at nine.", "It closes at five."),
        "good.docx": papers.word("# Bridge", "It opens at nine.", [["day", "hour"], ["Sunday", "9"]]),
        "good.pptx": papers.slides(("Bridge", "It opens at nine.")),
        "good.xlsx": papers.workbook({"Hours": [["day", "hour"], ["Sunday", 9]]}),
        "good.ods": papers.open_workbook([["day", "hour"], ["Sunday", "9"]]),
        "good.csv": b"day;hour\nSunday;9\n",
        "good.html": b"<!doctype html><html><body><h1>Bridge</h1><p>It opens at <b>nine</b>.</p></body></html>",
        "good.png": papers.picture("PNG"),
        "good.jpg": papers.picture("JPEG"),
        "good.gif": papers.picture("GIF"),
        "good.webp": papers.picture("WEBP"),
        "good.bmp": papers.picture("BMP"),
        "good.tiff": papers.picture("TIFF"),
        "good.avif": papers.picture("AVIF"),
        "good.ogg": spoken("the bridge", form="ogg"),
        "good.mp3": spoken("the bridge", form="mp3"),
        "good.m4a": spoken("the bridge", form="m4a"),
        "good.webm": spoken("the bridge", form="webm"),
        "good.wav": spoken("the bridge", form="wav"),
        "good.flac": spoken("the bridge", form="flac"),
    }


def _damaged() -> Iterator[Hostile]:
    """Good files that were cut, overwritten or turned over."""
    chance = random.Random(_SEED)
    for name, content in good_files().items():
        stem, suffix = name.split(".")
        for way in range(_DAMAGED_WAYS):
            yield Hostile(f"{stem}-{way}.{suffix}", _harm(content, way, chance))


def _harm(content: bytes, way: int, chance: random.Random) -> bytes:
    size = len(content)
    if way < 4:
        return content[: max(1, size * (5, 30, 60, 95)[way] // 100)]
    harmed = bytearray(content)
    if way < 7:
        for _ in range((1, 20, 400)[way - 4]):
            harmed[chance.randrange(min(16, size - 1), size)] = chance.randrange(256)
    elif way == 7:
        harmed[size // 3 : size // 2] = bytes(size // 2 - size // 3)
    elif way == 8:
        harmed[size // 2 :] = harmed[size // 4 :]
    else:
        harmed[8:] = harmed[:7:-1]
    return bytes(harmed)


def _disguised() -> Iterator[Hostile]:
    """Programs and other things under the names of documents."""
    elf = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 62, 1) + bytes(200)
    pe = b"MZ\x90\0\x03\0\0\0" + bytes(52) + struct.pack("<I", 128) + bytes(64) + b"PE\0\0d\x86" + bytes(200)
    programs = {
        "elf": elf,
        "windows": pe,
        "mac": b"\xcf\xfa\xed\xfe\x07\0\0\x01" + bytes(100),
        "java": b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(100),
        "wasm": b"\0asm\x01\0\0\0" + bytes(30),
        "android": b"dex\n035\0" + bytes(100),
        "shortcut": b"L\0\0\0\x01\x14\x02\0" + bytes(100),
        "script": b"#!/bin/sh\nrm -rf ~\n",
    }
    for kind, content in programs.items():
        for suffix in ("pdf", "docx", "jpg"):
            yield Hostile(f"{kind}.{suffix}", content, "file-disguised")
    yield Hostile("seven-zip.pdf", b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(100), "file-disguised")
    yield Hostile("noise.pdf", random.Random(_SEED).randbytes(5000))
    yield Hostile("noise", random.Random(_SEED + 1).randbytes(5000))
    yield Hostile("empty.pdf", b"", "file-empty")
    yield Hostile("zeros.xlsx", bytes(10_000), "file-damaged")
    yield Hostile("plain.zip", papers.archive({"a.txt": "a"}), "file-unsupported")
    yield Hostile("playlist.mp3", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    yield Hostile("list.m4a", b"ffconcat version 1.0\nfile '/etc/passwd'\n")


def _made_to_hurt() -> Iterator[Hostile]:
    yield from _archives()
    yield from _office_files()
    yield from _pdfs()
    yield from _pictures()
    yield from _texts()
    yield from _sounds()


def _archives() -> Iterator[Hostile]:
    workbook = papers.workbook({"One": [["a", 1]]})
    bomb = papers.with_members(workbook, {"xl/media/zeros.bin": bytes(24_000_000)})
    yield Hostile("bomb.xlsx", bomb, "file-expands")
    yield Hostile("lying-bomb.xlsx", _understated(bomb, 24_000_000), "file-expands")
    yield Hostile("sheet-bomb.xlsx", papers.with_members(workbook, {_SHEET: b" " * 24_000_000}), "file-expands")
    crowd = {f"xl/{number}.bin": b"" for number in range(10_100)}
    yield Hostile("crowd.xlsx", papers.with_members(workbook, crowd), "file-expands")
    inner = papers.archive({"zeros.bin": bytes(9_000_000)})
    for _ in range(5):
        inner = papers.archive({f"{number}.zip": inner for number in range(8)})
    yield Hostile("nested.docx", inner, "file-unsupported")
    yield Hostile("overlapping.docx", _overlapping(), "file-expands")
    yield Hostile("locked.xlsx", _flagged(workbook), "file-encrypted")
    yield Hostile("only-directory.xlsx", workbook[workbook.rindex(b"PK\x01\x02") :])
    yield Hostile("end-only.docx", b"PK\x05\x06" + bytes(18), "file-unsupported")
    yield Hostile("far-directory.docx", b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 9, 9, 2**31, 2**31, 0))
    twice = io.BytesIO(workbook)
    with zipfile.ZipFile(twice, "a") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.writestr(zipfile.ZipInfo(_SHEET), b"<x/>")
    yield Hostile("two-of-a-name.xlsx", twice.getvalue(), "file-damaged")
    up = papers.with_members(workbook, {"../../../tmp/outside.xml": b"<x/>"})
    yield Hostile("climbing.xlsx", up)


_SHEET = "xl/worksheets/sheet1.xml"
_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>{}&j;{}"
)
_OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{}&a;{}'


def _office_files() -> Iterator[Hostile]:
    document, workbook = papers.word("Hello"), papers.workbook({"One": [["a", 1]]})
    show = papers.slides(("a", "b"))
    places = (
        ("docx", document, "word/document.xml", "<w:document xmlns:w='w'>", "</w:document>"),
        ("xlsx", workbook, "xl/sharedStrings.xml", "<sst><si><t>", "</t></si></sst>"),
        ("pptx", show, "ppt/slides/slide1.xml", "<p:sld xmlns:p='p'>", "</p:sld>"),
        ("docx", document, "docProps/core.xml", "<x>", "</x>"),
        ("docx", document, "word/_rels/document.xml.rels", "<x>", "</x>"),
    )
    for suffix, good, part, start, end in places:
        for kind, text in (("laughs", _LAUGHS), ("outside", _OUTSIDE)):
            harmed = papers.with_members(good, {part: text.format(start, end)})
            yield Hostile(f"{kind}-{part.rpartition('/')[2]}.{suffix}", harmed, "file-expands")
            utf16 = papers.with_members(good, {part: text.format(start, end).encode("utf-16")})
            yield Hostile(f"{kind}-utf16-{part.rpartition('/')[2]}.{suffix}", utf16, "file-expands")
    for suffix, good, folder in (("docx", document, "word"), ("xlsx", workbook, "xl"), ("pptx", show, "ppt")):
        macros = papers.with_members(good, {f"{folder}/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
        yield Hostile(f"macros.{suffix}", macros, "file-macros")
        yield Hostile(f"macros.{suffix[:-1]}m", macros, "file-macros")
        renamed = papers.with_members(good, {f"{folder}/VBAPROJECT.BIN": b"\xd0\xcf\x11\xe0"})
        yield Hostile(f"shouting-macros.{suffix}", renamed, "file-macros")
        deep = "<a>" * 50_000 + "</a>" * 50_000
        yield Hostile(f"deep.{suffix}", papers.with_members(good, {_main_part(folder): deep}))
        yield Hostile(f"no-main.{suffix}", papers.with_members(good, {_main_part(folder): ""}))
        yield Hostile(f"no-types.{suffix}", papers.with_members(good, {"[Content_Types].xml": "<Types/>"}))
        yield Hostile(f"no-relations.{suffix}", papers.with_members(good, {"_rels/.rels": "<Relationships/>"}))
    wide = '<worksheet><sheetData><row r="{0}"><c r="{1}{0}"><v>1</v></c></row></sheetData></worksheet>'
    cells = wide.format(1, "A").replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
    )
    yield Hostile("huge-sheet.xlsx", papers.with_members(workbook, {_SHEET: cells}))
    endless = f'<worksheet><sheetData><row r="1"><c r="{"A" * 300_000}1"><v>1</v></c></row></sheetData></worksheet>'
    yield Hostile("endless-column.xlsx", papers.with_members(workbook, {_SHEET: endless}), "file-damaged")
    missing = '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>99999999</v></c></row></sheetData></worksheet>'
    yield Hostile("no-such-string.xlsx", papers.with_members(workbook, {_SHEET: missing}))
    yield Hostile("repeated.ods", papers.open_workbook([["a"]], repeated=16_000))
    names = ("EncryptedPackage", "_VBA_PROJECT_CUR", "WordDocument", "Workbook", "Nothing")
    reasons = ("file-encrypted", "file-macros", "file-unsupported", "", "file-unsupported")
    for stream, reason in zip(names, reasons, strict=True):
        ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le").ljust(512, b"\0")
        yield Hostile(f"{stream}.xlsx", ole, reason)


def _main_part(folder: str) -> str:
    return {"word": "word/document.xml", "xl": "xl/workbook.xml", "ppt": "ppt/presentation.xml"}[folder]


def _pdfs() -> Iterator[Hostile]:
    yield Hostile("locked.pdf", papers.pdf("secret", password="x"), "file-encrypted")
    yield Hostile("blank.pdf", papers.pdf(""), "file-no-text")
    yield Hostile("header.pdf", b"%PDF-1.7\n")
    zeros = zlib.compress(zlib.compress(bytes(120_000_000), 9), 9)
    stream = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream"
    yield Hostile("bomb.pdf", _pdf({4: stream % (len(zeros), zeros)}))
    text = zlib.compress(b"BT /F1 12 Tf (x) Tj ET " * 200_000, 9)
    yield Hostile("busy.pdf", _pdf({4: b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(text), text)}))
    yield Hostile("own-grandfather.pdf", _pdf({2: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"}))
    many = b" ".join([b"3 0 R"] * 100_000)
    yield Hostile("same-page.pdf", _pdf({2: b"<</Type/Pages/Kids[%s]/Count 100000>>" % many}))
    yield Hostile("liar.pdf", _pdf({2: b"<</Type/Pages/Kids[3 0 R]/Count 99999999999>>"}))
    yield Hostile("deep-array.pdf", _pdf({4: b"[" * 100_000}))
    yield Hostile("deep-dictionary.pdf", _pdf({4: b"<</a" * 50_000}))
    yield Hostile("no-pages.pdf", _pdf({1: b"<</Type/Catalog>>"}))
    yield Hostile("own-form.pdf", _pdf({4: _stream(b"/X Do"), 5: b"<</XObject<</X 6 0 R>>>>", 6: _FORM}))
    yield Hostile("itself.pdf", _pdf({4: b"4 0 R"}))
    yield Hostile("long-number.pdf", _pdf({4: b"9" * 100_000}))
    yield Hostile("circle.pdf", _pdf({}).replace(b"/Root", b"/Prev 9 /Root"))
    yield Hostile(
        "javascript.pdf", _pdf({1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>"})
    )
    yield Hostile("launch.pdf", _pdf({1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)>>>>"}))
    yield Hostile("jbig2.pdf", _pdf({4: b"<</Length 4/Filter/JBIG2Decode>>stream\nabcd\nendstream"}))
    filters = b"/ASCIIHexDecode" * 1000
    yield Hostile("filters.pdf", _pdf({4: b"<</Length 2/Filter[%s]>>stream\n41\nendstream" % filters}))


_FORM = (
    b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>/Length 11>>"
    b"stream\n/X Do /X Do\nendstream"
)


def _stream(content: bytes) -> bytes:
    return b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)


def _pdf(objects: dict[int, bytes]) -> bytes:
    """A PDF of one page with some of its objects replaced."""
    every = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources 5 0 R>>",
        4: _stream(b"BT /F1 12 Tf (Hello) Tj ET"),
        5: b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>",
    } | objects
    paper = b"%PDF-1.7\n"
    places = []
    for number, content in every.items():
        places.append(len(paper))
        paper += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(every) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return paper + end % (size, table, size, len(paper))


def _pictures() -> Iterator[Hostile]:
    for width, height in ((50_000, 50_000), (2**31 - 1, 1), (1, 2**31 - 1), (0, 0), (100_000, 400)):
        yield Hostile(f"{width}x{height}.png", _png(width, height))
    yield Hostile("bomb.png", _png(20_000, 20_000, zlib.compress(bytes(20_000_000), 9)), "file-expands")
    comment = zlib.compress(bytes(24_000_000), 9)
    chunk = struct.pack(">I", len(comment) + 9) + b"zTXtComment\0\0" + comment + b"\0\0\0\0"
    png = papers.picture("PNG")
    yield Hostile("comment-bomb.png", png[:33] + chunk + png[33:])
    yield Hostile("huge.gif", _gif(65535, 65535), "file-expands")
    jpeg = bytearray(papers.picture("JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    yield Hostile("huge.jpg", bytes(jpeg), "file-expands")
    bmp = bytearray(papers.picture("BMP"))
    bmp[18:26] = struct.pack("<ii", 60_000, -60_000)
    yield Hostile("huge.bmp", bytes(bmp), "file-expands")
    tiff = papers.picture("TIFF")
    yield Hostile("circle.tiff", tiff[:4] + struct.pack("<I", 4) + tiff[8:])
    yield Hostile("entries.tiff", b"II*\0\x08\0\0\0\xff\xff" + b"\x00\x01\x04\0\xff\xff\xff\xff\0\0\0\0" * 500)
    yield Hostile("tiny.webp", b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff")
    yield Hostile("laughs.svg", _LAUGHS.format("<svg>", "</svg>").encode())
    yield Hostile("outside.svg", _OUTSIDE.format("<svg>", "</svg>").encode())


def _gif(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x08\x02\x4c\x01\0;"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff" + frame


def _png(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _texts() -> Iterator[Hostile]:
    yield Hostile("deep.html", b"<div>" * 30_000 + b"x")
    yield Hostile("deep-lists.html", b"<ul><li>" * 5_000 + b"x")
    yield Hostile("comments.html", b"<!---->" * 50_000 + b"<html>")
    yield Hostile("no-end.html", b"<html><script>" + b"<script" * 50_000)
    yield Hostile("attributes.html", b"<p " + b"a=b " * 200_000 + b">x")
    yield Hostile("entities.html", b"<p>" + b"&#x110000;&lt" * 50_000)
    yield Hostile("quote.csv", b'a,b\n"' + b"x,y\n" * 100_000)
    yield Hostile("wide.csv", b"," * 500_000 + b"\n1")
    yield Hostile("padded.csv", b"a," * 90_000 + b"\n" + b"b\n" * 90_000)
    yield Hostile("deep.json", b"[" * 500_000)
    yield Hostile("one-line.txt", b"x" * 3_000_000)
    yield Hostile("many-lines.txt", b"x\n" * 800_000)
    yield Hostile("headings.md", b"# a\nb\n" * 100_000)
    yield Hostile("fences.md", b"```\n" * 100_000)
    yield Hostile("halves.txt", b"\xff\xfe" + b"\x00\xd8" * 1000 + b"a\0")
    yield Hostile("nul.txt", b"hello\0world" * 100)
    yield Hostile("late-nul.txt", b"hello " * 2000 + b"\0")
    yield Hostile("bad-utf8.txt", b"\xc3\x28\xa0\xa1\xe2\x28\xa1 hello " * 100)
    yield Hostile("bells.txt", b"\x07\x08\x1b[31m" * 1000)
    yield Hostile("marks.txt", "\u202egnp.exe\u2066\u200b".encode() * 500)
    yield Hostile("laughs.xml", _LAUGHS.format("<a>", "</a>").encode())
    yield Hostile("anchors.yaml", b"a: &a [x]\n" + b"".join(b"%c: &%c [*a,*a]\n" % (c, c) for c in b"bcdefgh"))


def _sounds() -> Iterator[Hostile]:
    wav = spoken("the bridge", form="wav")
    yield Hostile("long.wav", wav[:40] + b"\xff\xff\xff\x7f" + wav[44:])
    yield Hostile("no-rate.wav", wav[:24] + bytes(4) + wav[28:])
    yield Hostile("channels.wav", wav[:22] + b"\xff\xff" + wav[24:])
    m4a = spoken("the bridge", form="m4a")
    yield Hostile("atom.m4a", m4a[:28] + b"\xff\xff\xff\xff" + m4a[32:])
    yield Hostile("atoms.m4a", m4a[:28] + struct.pack(">I4s", 8, b"moov") * 50_000)
    nested = b"".join(struct.pack(">I4s", 80_000 - 8 * number, b"moov") for number in range(9_000))
    yield Hostile("nested.mp4", b"\0\0\0\x14ftypisom\0\0\0\0isom" + nested)
    count = m4a.index(b"stts")
    yield Hostile("times.m4a", m4a[: count + 8] + b"\x7f\xff\xff\xff" + m4a[count + 12 :])
    ogg = spoken("the bridge", form="ogg")
    second = ogg.index(b"OggS", 4)
    yield Hostile("no-head.ogg", ogg[second:])
    yield Hostile("heads.ogg", ogg[:second] * 5_000)
    yield Hostile("repeated.ogg", ogg * 300)
    yield Hostile("id3.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + spoken("the bridge", form="mp3"))
    yield Hostile("frames.mp3", b"\xff\xfb\x90\x64" * 20_000)
    webm = spoken("the bridge", form="webm")
    yield Hostile("sizes.webm", webm[:40] + b"\x01\xff\xff\xff\xff\xff\xff\xff" * 50 + webm[40:])
    yield Hostile("mute.mp4", mute_video(), "file-unsupported")
    yield Hostile("blocks.flac", b"fLaC" + b"\x04\xff\xff\xff" * 5_000)
    yield Hostile("empty.aiff", b"FORM\0\0\0\x04AIFF")


def _understated(archive: bytes, size_bytes: int) -> bytes:
    """The archive with a directory that says that its largest member is tiny."""
    return archive.replace(struct.pack("<I", size_bytes), struct.pack("<I", 100))


def _flagged(archive: bytes) -> bytes:
    """The archive with members that claim to be encrypted."""
    harmed = bytearray(archive)
    at = -1
    while (at := archive.find(b"PK\x01\x02", at + 1)) >= 0:
        harmed[at + 8] |= 1
    return bytes(harmed)


def _overlapping() -> bytes:
    """An archive with a thousand names for the same packed bytes."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(bytes(1_000_000)) + packed.flush()
    about = (20, 0, 8, 0, 0, zlib.crc32(bytes(1_000_000)), len(data), 1_000_000, 1)
    member = struct.pack("<4s5H3I2H", b"PK\x03\x04", *about, 0) + b"a" + data
    entries = [
        struct.pack("<4sH5H3I5H2I", b"PK\x01\x02", 20, *about[:-1], 4, 0, 0, 0, 0, 0, 0) + b"%04d" % number
        for number in range(100)
    ]
    directory = b"".join(entries)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 100, 100, len(directory), len(member), 0)
    return member + directory + end
