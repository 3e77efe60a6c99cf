"""Workbooks of Excel (ECMA-376, part 1, 18): a part for each sheet.

Their cells are read one after the other, because libraries that make a rectangle of them are at the mercy of a single
cell far away, and because what stands in for a number must be seen: errors, and formulas that nobody has calculated.
A number is shown as its format shows it, as far as it is a date, a time or a percentage.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from lxml import etree  # type: ignore[import-untyped]

from bot.documents.excel_formats import NumberFormat, number_format, shown
from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import gather
from bot.documents.grid import HIDDEN, Cell, Grid, Row
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused
from bot.domain.media import Part

_REFERENCE = re.compile(r"[A-Za-z]{1,3}(?=\d)")
_UNKNOWN_FORMULA = "…"
"""Of formulas that are written only once for many cells."""


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    with ZipFile(path) as archive:
        return DocumentFound(gather(_parts(_Package(archive), limits), limits), form.media_type)


def _parts(package: "_Package", limits: Limits) -> Iterator[Part]:
    book = package.related(package.relations(""), "/officeDocument")
    links = package.relations(book)
    if any(kind.endswith("Macrosheet") for kind, _ in links.values()):
        raise FileRefused("file-macros")
    reader = _Reader.of(package, book, links)
    return Grid(limits).parts(reader.sheets(book, links))


class _Package:
    """Parts of the archive, by names in which case does not count, and what they say of each other (part 2, 9)."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._names = {_folded(name): name for name in archive.namelist()}

    def open(self, part: str) -> IO[bytes]:
        return self._archive.open(self._names[_folded(part)])

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What `part` refers to, by id: its type and its name."""
        folder, name = posixpath.split(part)
        described = posixpath.join(folder, "_rels", f"{name}.rels")
        if _folded(described) not in self._names:
            return {}
        with self.open(described) as file:
            return {
                link.get("Id", ""): (link.get("Type", ""), posixpath.join(f"/{folder}", link.get("Target", "")))
                for _, link in _elements(file, "Relationship")
                if link.get("TargetMode") != "External"
            }

    def related(self, links: Mapping[str, tuple[str, str]], kind: str) -> str:
        """The one part of that kind; empty when there is none."""
        return next((name for type_, name in links.values() if type_.endswith(kind)), "")


def _folded(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/").lower()


def _elements(file: IO[bytes], *names: str, events: tuple[str, ...] = ("end",)) -> Iterator[tuple[str, etree._Element]]:
    """Elements of these names, whatever their namespace; each is forgotten when the next one is asked for."""
    tags = [f"{{*}}{name}" for name in names]
    for event, element in etree.iterparse(
        file, events=events, tag=tags, remove_comments=True, remove_pis=True, resolve_entities=False
    ):
        yield event, element
        if event == "end":
            parent = element.getparent()
            element.clear()
            while parent is not None and element.getprevious() is not None:
                del parent[0]


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _words(element: etree._Element) -> str:
    """Of a text with or without formats, but without hints how to pronounce it."""
    return "".join(
        text.text or ""
        for text in element.iter("{*}t")
        if not any(_name(above) == "rPh" for above in text.iterancestors())
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads sheets, knowing what they share."""

    package: _Package
    texts: list[str]
    formats: list[NumberFormat]
    from_1904: bool

    @classmethod
    def of(cls, package: _Package, book: str, links: Mapping[str, tuple[str, str]]) -> "_Reader":
        texts: list[str] = []
        if shared := package.related(links, "/sharedStrings"):
            with package.open(shared) as file:
                texts = [_words(item) for _, item in _elements(file, "si")]
        formats: list[NumberFormat] = []
        if styles := package.related(links, "/styles"):
            with package.open(styles) as file:
                formats = _formats(file)
        with package.open(book) as file:
            from_1904 = any(about.get("date1904") in ("1", "true") for _, about in _elements(file, "workbookPr"))
        return cls(package, texts, formats, from_1904)

    def sheets(self, book: str, links: Mapping[str, tuple[str, str]]) -> Iterator[tuple[int, str, Iterator[Row]]]:
        """Those with cells, with their number among all sheets."""
        with self.package.open(book) as file:
            every = [
                (about.get("name", ""), about.get("state", "visible"), _link(about))
                for _, about in _elements(file, "sheet")
            ]
        for number, (name, state, link) in enumerate(every, start=1):
            kind, part = links.get(link, ("", ""))
            if kind.endswith("/worksheet"):
                with self.package.open(part) as file:
                    yield number, name if state == "visible" else f"{name}{HIDDEN}", self._rows(file)

    def _rows(self, file: IO[bytes]) -> Iterator[Row]:
        number = 0
        cells: list[tuple[int, Cell]] = []
        for event, element in _elements(file, "row", "c", events=("start", "end")):
            if _name(element) == "c":
                if event == "end":
                    column = _column(element.get("r", "")) if element.get("r") else cells[-1][0] + 1 if cells else 0
                    cells.append((column, self._cell(element)))
            elif event == "start":
                number = int(element.get("r", number + 1))
            else:
                yield number, cells
                cells = []

    def _cell(self, element: etree._Element) -> Cell:
        kind = element.get("t", "n")
        inner = {_name(child): child for child in element}
        if kind == "inlineStr":
            return _words(element)
        value = (inner["v"].text or "") if "v" in inner else ""
        if not value and kind != "str" and "f" in inner:
            return f"={inner['f'].text or _UNKNOWN_FORMULA}"
        if not value:
            return ""
        if kind == "s":
            return self.texts[int(value)]
        if kind == "b":
            return value not in ("0", "false")
        if kind != "n":
            return value  # of a text, of an error such as #N/A, or a date by ISO 8601
        style = int(element.get("s", 0))
        return shown(value, self.formats[style] if style < len(self.formats) else "plain", from_1904=self.from_1904)


def _link(sheet: etree._Element) -> str:
    """The id of its relation, whose namespace has two names."""
    return next((str(value) for key, value in sheet.attrib.items() if str(key).endswith("}id")), "")


def _formats(file: IO[bytes]) -> list[NumberFormat]:
    """By the number of the style that cells refer to."""
    codes: dict[int, str] = {}
    formats: list[NumberFormat] = []
    for _, element in _elements(file, "numFmt", "cellXfs"):
        if _name(element) == "numFmt":
            codes[int(element.get("numFmtId", 0))] = element.get("formatCode", "")
        else:
            formats = [number_format(int(style.get("numFmtId", 0)), codes) for style in element]
    return formats


def _column(reference: str) -> int:
    """The index of the column in a reference such as `AB7`. ValueError when it is none."""
    match = _REFERENCE.match(reference)
    if match is None:
        raise ValueError("no reference of a cell")
    index = 0
    for sign in match[0].upper():
        index = index * 26 + ord(sign) - ord("A") + 1
    return index - 1
