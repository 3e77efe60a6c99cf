"""Spreadsheets of LibreOffice and of Excel's binary forms, by python-calamine: a part for each sheet.

It tells neither errors in cells nor formulas without a value: such cells are empty here. Percentages are plain numbers.
"""

from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import gather
from bot.documents.grid import HIDDEN, Grid, Row
from bot.documents.limits import Limits
from bot.domain.errors import FileRefused

_MACROS = (SheetTypeEnum.MacroSheet, SheetTypeEnum.Vba)


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    try:
        with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
            if any(sheet.typ in _MACROS for sheet in book.sheets_metadata):
                raise FileRefused("file-macros")
            return DocumentFound(gather(Grid(limits).parts(_sheets(book)), limits), form.media_type)
    except PasswordError:
        raise FileRefused("file-encrypted") from None


def _sheets(book: CalamineWorkbook) -> Iterator[tuple[int, str, Iterator[Row]]]:
    for number, about in enumerate(book.sheets_metadata, start=1):
        if about.typ is SheetTypeEnum.WorkSheet:
            hidden = "" if about.visible is SheetVisibleEnum.Visible else HIDDEN
            yield number, f"{about.name}{hidden}", _rows(book.get_sheet_by_name(about.name))


def _rows(sheet: CalamineSheet) -> Iterator[Row]:
    # Rows are given from the very first of the sheet, cells from the first column that is used.
    first_column = sheet.start[1] if sheet.start else 0
    return ((number, enumerate(row, first_column)) for number, row in enumerate(sheet.iter_rows(), start=1))
