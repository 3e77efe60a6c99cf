"""Spreadsheets and tables of text."""

import io
from datetime import datetime, time, timedelta

import pytest
import xlsxwriter

from bot.documents.grid import Cell, cell_text, letters
from bot.documents.limits import Limits
from bot.domain.media import Part
from tests.documents.conftest import Read
from tests.fakes import papers


def test_every_sheet_is_a_part(read: Read) -> None:
    book = papers.workbook({"Цены": [["Товар", "Price"], ["мост", 12], ["канал", 3.5]], "Empty": [], "Last": [["x"]]})
    assert read("prices.xlsx", book).parts == (
        Part("sheet", 1, "Цены", "\tA\tB\n1\tТовар\tPrice\n2\tмост\t12\n3\tканал\t3.5"),
        Part("sheet", 3, "Last", "\tA\n1\tx"),
    )


def test_rows_and_columns_keep_their_names_and_empty_ones_are_left_out(read: Read) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Far")
        sheet.write("C3", "one\ttwo\nthree")
        sheet.write("AB7", 7)
        sheet.write("C9", True)
    assert read("far.xlsx", buffer.getvalue()).parts[0].text == "\tC\tAB\n3\tone two three\t\n7\t\t7\n9\tTRUE\t"


def test_dates_numbers_and_formulas_are_as_people_read_them(read: Read) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, (value, form) in enumerate(
            [(datetime(2026, 11, 21), "yyyy-mm-dd"), (datetime(2026, 11, 21, 9, 30), "yyyy-mm-dd hh:mm")]  # noqa: DTZ001
        ):
            sheet.write_datetime(row, 0, value, book.add_format({"num_format": form}))
        sheet.write_formula("A3", "=SUM(1,2)", None, 3)
        sheet.write("A4", 12_345_678_901_234)
        sheet.write("A5", 0.00001)
    lines = read("mixed.xlsx", buffer.getvalue()).parts[0].text.split("\n")
    assert lines[1:] == ["1\t2026-11-21", "2\t2026-11-21 09:30", "3\t3", "4\t12345678901234", "5\t0.00001"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (1e5, "100000"),
        (1e-7, "0.0000001"),
        (-2.50, "-2.5"),
        (1e21, "1000000000000000000000"),
        (False, "FALSE"),
        (time(9, 5), "09:05"),
        (timedelta(hours=36, seconds=5), "36:00:05"),
        ("  a\r\nb ", "a b"),
        ("", ""),
    ],
)
def test_a_cell(cell: Cell, text: str) -> None:
    assert cell_text(cell) == text


@pytest.mark.parametrize(
    ("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")]
)
def test_letters(column: int, name: str) -> None:
    assert letters(column) == name


def test_cells_beyond_the_limit_are_cut(read: Read) -> None:
    book = papers.workbook({"One": [["a", "b"], ["c", "d"], ["e", "f"]], "Two": [["g"]]})
    extract = read("big.xlsx", book, limits=Limits(cells=5))
    assert extract.parts == (Part("sheet", 1, "One", "\tA\tB\n1\ta\tb\n2\tc\td"),)
    assert extract.is_cut


def test_libre_office(read: Read) -> None:
    book = papers.open_workbook([["День", "Час"], ["воскресенье", "9"]])
    assert read("hours.ods", book).parts == (Part("sheet", 1, "Sheet1", "\tA\tB\n1\tДень\tЧас\n2\tвоскресенье\t9"),)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_values_with_any_separator(read: Read, separator: str) -> None:
    rows = ["name{0}price{0}note", '"Bridge; old, | big"{0}"3,5"{0}"he said ""no"""', "", "Canal{0}4{0}a"]
    sheet = read("list.csv", "\n".join(rows).format(separator).encode()).parts[0]
    assert (sheet.kind, sheet.number) == ("sheet", 1)
    assert sheet.text.split("\n") == [
        "\tA\tB\tC",
        "1\tname\tprice\tnote",
        '2\tBridge; old, | big\t3,5\the said "no"',
        "4\tCanal\t4\ta",
    ]


def test_values_in_an_old_encoding(read: Read) -> None:
    table = "Товар;Цена\nМолоко пастеризованное;80\nХлеб бородинский;45\n".encode("cp1251")
    assert "3\tХлеб бородинский\t45" in read("цены.csv", table).parts[0].text


def test_a_table_of_text_that_is_called_excel(read: Read) -> None:
    assert read("export.xls", b"day\thour\nMo\t9\n").parts[0].text == "\tA\tB\n1\tday\thour\n2\tMo\t9"


def test_values_told_by_their_type_alone(read: Read) -> None:
    assert read("", b"a,b\n1,2\n", media_type="text/csv").parts[0].kind == "sheet"
