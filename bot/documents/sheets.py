"""Spreadsheets of Excel and LibreOffice, by python-calamine: a part for each sheet."""

from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum

from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import gather
from bot.documents.grid import Grid, Rows
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


def _sheets(book: CalamineWorkbook) -> Iterator[tuple[str, int, Rows]]:
    for about in book.sheets_metadata:
        if about.typ is SheetTypeEnum.WorkSheet:
            sheet = book.get_sheet_by_name(about.name)
            first_column = sheet.start[1] if sheet.start else 0
            # Rows are given from the very first of the sheet, cells from the first column that is used.
            yield about.name, first_column, enumerate(sheet.iter_rows(), start=1)
