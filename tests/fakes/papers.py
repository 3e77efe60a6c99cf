"""Files as people send them: real ones, by the libraries that write them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import docx
import xlsxwriter
from fpdf import FPDF
from PIL import Image, ImageDraw
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

Rows = Sequence[Sequence[str | int | float]]
_WRITTEN = datetime(2026, 11, 21, tzinfo=UTC)
"""A file is the same whenever it is made."""
_FONT = "Helvetica"
_ODS = "application/vnd.oasis.opendocument.spreadsheet"


def pdf(*pages: str, password: str = "", owner_password: str = "") -> bytes:
    """A PDF with one page for each text (Latin letters only)."""
    paper = FPDF()
    paper.set_creation_date(_WRITTEN)
    paper.set_font(_FONT, size=12)
    if password or owner_password:
        paper.set_encryption(owner_password=owner_password or password, user_password=password)
    for page in pages:
        paper.add_page()
        if page:
            paper.multi_cell(0, 6, page)
    return bytes(paper.output())


def word(*blocks: str | Rows) -> bytes:
    """A document of Word: a text beginning with `#` is a heading, `-` an item of a list, rows are a table."""
    document = docx.Document()
    for block in blocks:
        if not isinstance(block, str):
            table = document.add_table(rows=len(block), cols=len(block[0]))
            for row, cells in zip(table.rows, block, strict=True):
                for cell, value in zip(row.cells, cells, strict=True):
                    cell.text = str(value)
        elif block.startswith("#"):
            title = block.lstrip("#")
            document.add_heading(title.strip(), level=len(block) - len(title))
        elif block.startswith("- "):
            document.add_paragraph(block[2:], style="List Bullet")
        else:
            document.add_paragraph(block)
    buffer = io.BytesIO()
    document.save(buffer)
    return with_members(buffer.getvalue(), {})


def slides(
    *titles_and_texts: tuple[str, str], notes: str = "", table: Rows = (), chart: Mapping[str, float] | None = None
) -> bytes:
    """A presentation with a slide for each title and text; the last one has the notes, the table and the chart."""
    presentation = Presentation()
    for title, text in titles_and_texts:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    if notes:
        slide.notes_slide.notes_text_frame.text = notes
    if table:
        frame = slide.shapes.add_table(len(table), len(table[0]), Inches(1), Inches(4), Inches(6), Inches(1))
        for row, cells in zip(frame.table.rows, table, strict=True):
            for cell, value in zip(row.cells, cells, strict=True):
                cell.text = str(value)
    if chart:
        data: Any = CategoryChartData()  # type: ignore[no-untyped-call]
        data.categories = chart.keys()
        data.add_series("Sales", chart.values())
        bars = XL_CHART_TYPE.BAR_CLUSTERED
        drawn = slide.shapes.add_chart(bars, Inches(1), Inches(5), Inches(6), Inches(2), data).chart
        drawn.chart_title.text_frame.text = "Tickets"
    buffer = io.BytesIO()
    presentation.save(buffer)
    return with_members(buffer.getvalue(), {})


def workbook(sheets: Mapping[str, Rows]) -> bytes:
    """A workbook of Excel."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"created": _WRITTEN})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return with_members(buffer.getvalue(), {})


def open_workbook(cells: Rows, *, repeated: int = 1) -> bytes:
    """A workbook of LibreOffice with one sheet of texts, the last cell `repeated` times in both directions."""
    rows = "".join(
        f'<table:table-row table:number-rows-repeated="{repeated if row is cells[-1] else 1}">'
        + "".join(
            f'<table:table-cell office:value-type="string" table:number-columns-repeated="'
            f'{repeated if row is cells[-1] and cell is row[-1] else 1}"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in cells
    )
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{names}:office:1.0" '
        f'xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0" office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Sheet1">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0"/>'
    return archive({"mimetype": _ODS, "content.xml": content, "META-INF/manifest.xml": manifest})


def archive(members: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def with_members(content: bytes, members: Mapping[str, str | bytes]) -> bytes:
    """The archive `content` with these members added or replaced."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return archive({name: file.read(name) for name in file.namelist()} | dict(members))


def picture(form: str = "PNG", *, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    """A red field with a blue square in its upper left quarter, in any form that Pillow writes."""
    image = Image.new(mode, size, "red")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), fill="blue")
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def member(content: bytes, name: str) -> bytes:
    """What the archive has under that name."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return file.read(name)
