"""Spreadsheets and tables of text."""

import io
from datetime import datetime, time, timedelta

import pytest
import xlsxwriter

from bot.documents.grid import Cell, cell_text, letters
from bot.documents.limits import Limits
from bot.domain.media import Part
from tests.documents.conftest import Read, Refuse
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


def test_no_cell_of_a_cut_sheet_is_half(read: Read) -> None:
    rows = [[1_000_000 + row] * 3 for row in range(50)]
    for chars in range(200, 240):
        extract = read("big.xlsx", papers.workbook({"One": rows}), limits=Limits(chars=chars))
        last = extract.parts[0].text.split("\n")[-1].split("\t")
        assert last[1:] == [str(1_000_000 + int(last[0]) - 1)] * 3
        assert extract.is_cut
        assert len(extract.parts[0].text) <= chars


def test_a_first_row_that_is_too_long_is_cut_between_cells(read: Read) -> None:
    text = read("wide.csv", b"1234567,1234567,1234567,1234567\n1,2,3,4\n", limits=Limits(chars=40)).parts[0].text
    assert text == "\tA\tB\tC\n1\t1234567\t1234567\t1234567"
    assert read("long.csv", b'a,"%s"\n' % (b"x" * 99), limits=Limits(chars=40)).parts[0].text == "\tA\n1\ta"
    assert 20 < len(read("long.csv", b'"%s",b\n' % (b"x" * 99), limits=Limits(chars=40)).parts[0].text) <= 40


def test_one_cell_far_away_costs_nothing(read: Read) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write("A1", "near")
        sheet.write("XFD1048576", "far")
    assert read("far.xlsx", buffer.getvalue()).parts[0].text == "\tA\tXFD\n1\tnear\t\n1048576\t\tfar"


def test_errors_and_formulas_that_nobody_calculated_are_seen(read: Read) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write("A1", 10)
        sheet.write_formula("A2", "=NA()", None, "#N/A")
        sheet.write_formula("A3", "=A1*2")
    sheet_xml = "xl/worksheets/sheet1.xml"
    cells = papers.member(buffer.getvalue(), sheet_xml)
    for bare in (b"</f>", b"</f><v/>"):
        changed = papers.with_members(buffer.getvalue(), {sheet_xml: cells.replace(b"</f><v>0</v>", bare)})
        assert read("a.xlsx", changed).parts[0].text == "\tA\n1\t10\n2\t#N/A\n3\t=A1*2"


def test_sheets_are_numbered_as_excel_shows_them_and_hidden_ones_say_so(read: Read) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet("Data").write("A1", 1)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Data!$A$1"})
        book.add_chartsheet("Chart").set_chart(chart)
        hidden = book.add_worksheet("Costs")
        hidden.write("A1", 2)
        hidden.hide()
        book.add_worksheet("Last").write("A1", 3)
    parts = read("a.xlsx", buffer.getvalue()).parts
    assert [(part.number, part.name) for part in parts] == [(1, "Data"), (3, "Costs (hidden)"), (4, "Last")]


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("0.0%", 0.125, "12.5%"),
        ("0%", 0.07, "7%"),
        ("General", 0.125, "0.125"),
        ('#,##0.00 "days"', 7, "7"),
        ("[Red]#,##0;[Blue]-0", 7, "7"),
        ("[$-419]d mmm yyyy", 46347, "2026-11-21"),
        ("dd.mm.yyyy hh:mm", 46347.5, "2026-11-21 12:00"),
        ("h:mm:ss", 0.5, "12:00"),
        ("[h]:mm", 1.5, "36:00:00"),
        ("yyyy-mm-dd", 59, "1900-02-28"),
        ("yyyy-mm-dd", 61, "1900-03-01"),
        ("yyyy-mm-dd", -5, "-5"),
        ("yyyy-mm-dd", 1e300, "1" + "0" * 300),
        ("mm/dd/yy", 46347, "2026-11-21"),
    ],
)
def test_numbers_as_their_format_shows_them(read: Read, form: str, value: float, text: str) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet().write_number("A1", value, book.add_format({"num_format": form}))
    assert read("a.xlsx", buffer.getvalue()).parts[0].text == f"\tA\n1\t{text}"


def test_years_that_begin_with_1904(read: Read) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "date_1904": True}) as book:
        form = book.add_format({"num_format": "yyyy-mm-dd"})
        book.add_worksheet().write_datetime("A1", datetime(2026, 11, 21), form)  # noqa: DTZ001
    assert read("a.xlsx", buffer.getvalue()).parts[0].text == "\tA\n1\t2026-11-21"


def test_texts_with_formats_and_within_cells(read: Read) -> None:
    book = papers.workbook({"One": [["shared", "x"]]})
    rich = "<sst><si><r><t>Bo</t></r><r><t>ld</t></r><rPh><t>no</t></rPh></si><si><t/></si></sst>"
    row = (
        '<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>in</t></is></c><c t="b"><v>1</v></c>'
        '<c t="s"><v>1</v></c><c r="F1" t="str"><f>A1</f><v>said</v></c>'
        '<c t="str"><f>B9</f><v></v></c></row></sheetData></worksheet>'
    )
    changed = papers.with_members(book, {"xl/sharedStrings.xml": rich, "xl/worksheets/sheet1.xml": row})
    assert read("a.xlsx", changed).parts[0].text == "\tA\tB\tC\tF\n1\tBold\tin\tTRUE\tsaid"


def test_a_sheet_without_anything_has_no_words(refuse: Refuse) -> None:
    assert refuse("empty.xlsx", papers.workbook({"One": []})) == "file-no-words"


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


@pytest.mark.parametrize(
    ("table", "second"),
    [
        ("Хлеб;12,50\nМолоко;7,99\n", "Молоко\t7,99"),
        ("Месяц;Доход, руб.;Расход, руб.\nЯнварь;1500,50;300,25\n", "Январь\t1500,50\t300,25"),
        ("Вес 1,5;12,50\nВес 2,5;7,99\n", "Вес 2,5\t7,99"),
        ("1,2,3\n4,5,6\n", "4\t5\t6"),
        ("id,n,tags\n1,2,a;b\n3,4,c;d\n", "1\t2\ta;b"),
    ],
)
def test_commas_of_numbers_separate_nothing_where_something_else_does(read: Read, table: str, second: str) -> None:
    assert read("list.csv", table.encode()).parts[0].text.split("\n")[2] == f"2\t{second}"


def test_a_line_break_within_a_cell_is_a_space(read: Read) -> None:
    table = b'name,address\r\nBob,"Main St. 5\r\n12345 Berlin"\r\nEve,x\r\n'
    assert (
        read("list.csv", table).parts[0].text == "\tA\tB\n1\tname\taddress\n2\tBob\tMain St. 5 12345 Berlin\n3\tEve\tx"
    )


def test_a_first_line_that_tells_the_separator_is_no_row(read: Read) -> None:
    assert read("list.csv", b"sep=|\r\na;b|c\r\n1|2\r\n").parts[0].text == "\tA\tB\n1\ta;b\tc\n2\t1\t2"


def test_values_in_an_old_encoding(read: Read) -> None:
    table = "Товар;Цена\nМолоко пастеризованное;80\nХлеб бородинский;45\n".encode("cp1251")
    assert "3\tХлеб бородинский\t45" in read("цены.csv", table).parts[0].text


def test_a_table_of_text_that_is_called_excel(read: Read) -> None:
    assert read("export.xls", b"day\thour\nMo\t9\n").parts[0].text == "\tA\tB\n1\tday\thour\n2\tMo\t9"


def test_values_told_by_their_type_alone(read: Read) -> None:
    assert read("", b"a,b\n1,2\n", media_type="text/csv").parts[0].kind == "sheet"
