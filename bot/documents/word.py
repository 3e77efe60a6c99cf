"""Documents of Word: by pages where the file tells them, else by headings.

python-docx opens the package; the body is walked here, because its own readers leave out what is inserted, framed or
filled into forms, and repeat merged cells.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import docx
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import Enough, gather, one_line, sections
from bot.documents.limits import Limits
from bot.domain.media import Part

_P, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_TEXT, _TAB, _BREAK, _PAGE_BREAK = qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:lastRenderedPageBreak")
_PROPERTIES = qn("w:pPr")
_ID = qn("w:id")
_SKIPPED = frozenset({_PROPERTIES, qn("w:rPr"), qn("w:del"), qn("w:moveFrom"), qn("w:instrText")})
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"(?:heading|title)\s*(\d?)", re.IGNORECASE)
_NEW_PAGE = "\f"


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    document = docx.Document(str(path))
    _write_in_notes(document)
    blocks = _blocks(document)
    has_pages = next(document.element.body.iter(_PAGE_BREAK), None) is not None
    parts = _pages(blocks, limits) if has_pages else sections((level, _plain(text)) for level, text in blocks)
    return DocumentFound(gather(parts, limits), form.media_type)


def _write_in_notes(document: Document) -> None:
    """Put the texts of footnotes and endnotes where the body refers to them."""
    related = {link.reltype.rpartition("/")[2]: link for link in document.part.rels.values() if not link.is_external}
    for kind in ("footnote", "endnote"):
        if f"{kind}s" not in related:
            continue
        notes = {note.get(_ID): note for note in parse_xml(related[f"{kind}s"].target_part.blob).iter(qn(f"w:{kind}"))}
        for reference in document.element.body.iter(qn(f"w:{kind}Reference")):
            if (note := notes.get(reference.get(_ID))) is not None:
                reference.tag, reference.text = _TEXT, f" [{one_line(''.join(_words(note)))}]"


def _pages(blocks: Iterator[tuple[int, str]], limits: Limits) -> Iterator[Part]:
    number = 1
    lines: list[str] = []
    for _, text in blocks:
        first, *others = text.split(_NEW_PAGE)
        lines.append(first)
        for other in others:
            yield Part("page", number, text="\n".join(lines))
            number += 1
            if number > limits.pages:
                raise Enough
            lines = [other]
    yield Part("page", number, text="\n".join(lines))


def _plain(text: str) -> str:
    return text.replace(_NEW_PAGE, "")


def _blocks(document: Document) -> Iterator[tuple[int, str]]:
    """The lines of the body in order, with their levels as headings; new pages are form feeds in them."""
    names = {style.style_id: style.name or "" for style in document.styles}
    return _within(document.element.body, names)


def _within(parent: BaseOxmlElement, names: dict[str, str]) -> Iterator[tuple[int, str]]:
    for child in parent:
        if child.tag == _P:
            yield _paragraph(child, names)
        elif child.tag == _TABLE:
            yield from ((0, line) for line in _table(child))
        elif child.tag not in _SKIPPED:
            # Forms, insertions and the like hold paragraphs as the body does.
            yield from _within(child, names)


def _paragraph(paragraph: BaseOxmlElement, names: dict[str, str]) -> tuple[int, str]:
    text = "".join(_words(paragraph))
    properties = paragraph.find(_PROPERTIES)
    if properties is None or not text.strip():
        return 0, text
    style = _value(properties, "w:pStyle")
    heading = _HEADING.match(names.get(style, ""))
    outline = _value(properties, "w:outlineLvl")
    level = int(heading[1] or 1) if heading else int(outline) + 1 if outline.isdecimal() else 0
    if 0 < level <= 9:
        return level, f"{'#' * min(level, 6)} {text.strip(' ')}"
    is_item = properties.find(qn("w:numPr")) is not None or names.get(style, "").startswith("List ")
    return 0, f"- {text}" if is_item else text


def _value(properties: BaseOxmlElement, tag: str) -> str:
    element = properties.find(qn(tag))
    return "" if element is None else element.get(qn("w:val"), "")


def _words(element: BaseOxmlElement) -> Iterator[str]:
    for child in element:
        if child.tag == _TEXT:
            yield child.text or ""
        elif child.tag == _TAB:
            yield "\t"
        elif child.tag == _BREAK:
            yield "\n"
        elif child.tag == _PAGE_BREAK:
            yield _NEW_PAGE
        elif child.tag not in _SKIPPED and child.tag != _FALLBACK:
            yield from _words(child)
            if child.tag == _P:  # of a frame within the paragraph
                yield "\n"


def _table(table: BaseOxmlElement) -> Iterator[str]:
    for row in table.iter(_ROW):
        if next(row.iterancestors(_TABLE)) is not table:
            continue  # a row of a table within a cell, which is read with that cell
        cells = ["".join(_words(cell)) for cell in row.iter(_CELL) if next(cell.iterancestors(_ROW)) is row]
        pages = _NEW_PAGE * any(_NEW_PAGE in cell for cell in cells)
        yield pages + " | ".join(one_line(cell) for cell in cells)
