"""Numbers in sheets: how they are written, where the headings and totals are, and what they come to."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

import pytest

from bot.domain.errors import Refused
from bot.domain.media import Part
from specialists.citing import ranges
from specialists.columns import Computed, Condition, Operation, Test, compute
from specialists.excerpts import excerpt
from specialists.figures import Custom, figure
from specialists.sheets import Column, Sheet, by_heading, by_letter, columns, headed
from storage.stems import Stemmer
from tests.specialists.shelving import sheet

STEMS = Stemmer().stems


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("5", "5"),
        ("-5", "-5"),
        ("−5", "-5"),
        ("(5.50)", "-5.5"),
        ("$1,234.50", "1234.5"),
        ("-$3", "-3"),
        ("€ 1.234,50", "1234.5"),
        ("1 234,50 ₽", "1234.5"),
        ("1\u00a0234\u00a0567", "1234567"),
        ("1'234'567", "1234567"),
        ("12%", "12"),
        ("0,125", "0.125"),
        (".5", "0.5"),
        ("1.2e3", "1200"),
        ("1.234.567", "1234567"),
        ("12 руб.", "12"),
        ("50-", "-50"),
        ("1E+05", "100000"),
        ("5 m", "5"),
    ],
)
def test_a_number_is_read(cell: str, value: str) -> None:
    found = figure(cell, Custom())
    assert found is not None
    assert float(found.value) == float(value)


@pytest.mark.parametrize(
    "cell",
    (
        "|n/a|2026-01-10|10.01.2026|12:30|1,2,3|12 34|--5|(5|5 apples|1e999|#REF!|A1|1/2|1-2|TRUE|٫|1..2|1,23,456|"
        + "1.5M|900K|2 Т|1E5|-5-|"
        + "9" * 70
    ).split("|"),
)
def test_what_is_no_number_is_none(cell: str) -> None:
    assert figure(cell, Custom()) is None


@pytest.mark.parametrize(
    ("cells", "total", "doubtful"),
    [
        (["1,234", "2,000"], "3234", True),
        (["1,234", "2,000.50"], "3234.50", False),
        (["1,234", "2,5"], "3.734", False),
        (["1.234", "2.5"], "3.734", False),
        (["1.234,00", "2.500"], "3734.00", False),
        (["0.1", "0.2", "0.7"], "1.0", False),
        (["99999999999999999999.01", "0.02"], "99999999999999999999.03", False),
    ],
)
def test_a_column_shows_how_it_writes_decimals(cells: list[str], total: str, doubtful: bool) -> None:
    result = of(["Amount", *cells], "sum")
    assert (result.number, result.doubtful) == (total, doubtful)


@pytest.mark.parametrize(
    ("name", "cells", "doubtful"),
    [
        ("S", ["1.250 €", "12.000 €"], True),
        ("S", ["1.250 €", "12.5 €"], False),
        ("S", ["1.250", "12.000"], False),
        ("", ["1.250", "12.000"], True),
        ("", ["1.250", "0.5"], False),
        ("", ["1.250 %"], False),
    ],
)
def test_a_point_that_may_stand_between_thousands_is_told(name: str, cells: list[str], doubtful: bool) -> None:
    found = by_letter(Sheet.of(sheet(name, "Price", *cells)), "A")
    assert found is not None
    assert compute(found, "sum").doubtful_decimals is doubtful


@contextmanager
def counted_calls(code: CodeType) -> Iterator[list[int]]:
    """How often a function is called, whoever calls it."""
    calls = [0]

    def seen(frame: FrameType, event: str, _: object) -> None:
        calls[0] += event == "call" and frame.f_code is code

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def of(cells: list[str], operation: Operation, *more: str) -> Computed:
    """Of the first column; `more` are other cells of the rows."""
    rows = [f"{cell} | {other}" for cell, other in zip(cells, [*more, *[""] * len(cells)], strict=False)]
    return compute(column("A", *rows), operation)


def column(letter: str, *rows: str) -> Column:
    found = by_letter(Sheet.of(sheet("S", *rows)), letter)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("operation", "number"),
    [("sum", "10.00"), ("average", "3.3333"), ("min", "1.50"), ("max", "6.00"), ("median", "2.50"), ("count", "3")],
)
def test_every_operation(operation: Operation, number: str) -> None:
    assert of(["x", "1.50", "2.50", "6"], operation).number == number


@pytest.mark.parametrize(
    "label",
    [
        "Total",
        "TOTAL:",
        "Grand total",
        "Subtotal",
        "Sub-total",
        "Итого",
        "Итого:",
        "Всего",
        "Total for May",
        "Итого за май",
    ],
)
def test_a_total_by_its_name_is_not_counted(label: str) -> None:
    result = compute(column("B", "Item | Sum", "a | 1", "b | 2", f"{label} | 9"), "sum")
    assert (result.number, [(one.row, one.reason) for one in result.skipped]) == ("3", [(4, "total")])


def test_subtotals_and_the_grand_total_are_not_counted() -> None:
    rows = ["Item | Sum", "a | 1", "b | 2", "Subtotal | 3", "c | 4", "Subtotal | 4", "Total | 7"]
    assert compute(column("B", *rows), "sum").number == "7"


def test_a_total_without_a_name_is_one_when_it_stands_alone() -> None:
    result = compute(column("B", "Item | Sum", "a | 1", "b | 2", "| 3"), "average")
    assert (result.number, result.used) == ("1.5", (2, 3))


def test_a_last_number_that_happens_to_be_the_sum_is_counted_and_told() -> None:
    alone = of(["1", "2", "3"], "sum")
    assert (alone.number, alone.last_is_sum) == ("6", True)
    named = compute(column("B", "Item | Sum", "a | 1", "Total Energies | 4", "b | 2"), "sum")
    assert (named.number, named.skipped) == ("7", ())


@pytest.mark.parametrize(
    ("rows", "number", "row"),
    [
        (["Item | Jan | Feb", "a | 1 | 2", "b | 3 | 4", " | 4 | 6"], "4", 4),
        (["Item | Sum", "a | 33.333", "b | 33.333", "Total expenses | 66.67"], "66.666", 4),
        (["Item | Sum", "a | 0.1", "b | 0.2", "Total cost | 0.30000000000000004"], "0.3", 4),
        (["Item | Sum", "a | 0.1", "b | 0.2", " | 0.30000000000000004"], "0.3", 4),
        (["Item | Sum", "Total revenue | 9", "a | 1", "b | 2"], "3", 2),
        (["Item | Sum", "a | 1", "b | 2", "Total Energies | 4"], "3", 4),
        (["Item | Sum", "a | 10", "b | 20", "Average | 15"], "30", 4),
        (["Что | Сумма", "а | 10", "б | 20", "Среднее | 15"], "30", 4),
        (["Что | Сумма", "а | 10", "б | 20", "Средняя цена | 15"], "30", 4),
    ],
)
def test_a_row_that_sums_up_the_others_is_not_counted_and_told(rows: list[str], number: str, row: int) -> None:
    result = compute(column("B", *rows), "sum")
    assert (result.number, [(one.row, one.reason) for one in result.skipped]) == (number, [(row, "total")])


def test_a_total_above_an_average_is_one_by_its_value() -> None:
    result = compute(column("B", "Item | Sum", "a | 10", "b | 20", " | 30", "Average | 15"), "max")
    assert (result.number, result.used) == ("20", (2, 3))


TWO_TABLES = ("Date | Name | Sum", "d | a | 1", "d | b | 2", "", "", "Staff", "Name | Role | Wage", "Ann | x | 100")


def test_a_second_table_is_not_counted_and_told() -> None:
    result = compute(column("C", *TWO_TABLES), "sum")
    assert (result.number, result.next_table, result.skipped) == ("3", 7, ())
    again = compute(column("C", *TWO_TABLES[:4], TWO_TABLES[0], "d | c | 5"), "sum")
    assert (again.number, again.next_table) == ("8", 0)


def test_a_column_of_the_second_table_is_found_by_its_heading_or_its_rows() -> None:
    table = Sheet.of(sheet("S", *TWO_TABLES))
    wage = by_heading(table, "the wages", STEMS)
    assert wage is not None
    assert (wage.heading, compute(wage, "sum").number) == ("Wage", "100")
    below = compute(column("C", *TWO_TABLES), "sum", rows=(8, 8))
    assert (below.column.heading, below.number) == ("Wage", "100")


def test_groups_with_empty_rows_between_them_are_one_table() -> None:
    rows = ["Item | Note | Sum", "a | x | 1", "", "b | y | n/a", "c | z | 2", "", "Travel", "d | z | 4"]
    result = compute(column("C", *rows), "sum")
    assert (result.number, result.next_table) == ("7", 0)


def test_some_rows_only() -> None:
    rows = ["Item | Sum", "a | 1", "b | 2", "c | 4", "Total | 7"]
    assert compute(column("B", *rows), "sum", rows=(3, 5)).used == (3, 4)
    assert compute(column("B", *rows), "sum", rows=(1, 3)).skipped == ()


@pytest.mark.parametrize(
    ("test", "value", "used"),
    [
        ("above", "27.02.2026", (3, 4)),
        ("above", "2026-02-27", (3, 4)),
        ("below", "2026-03-01", (2, 3)),
        ("equals", "2026-03-01", (4,)),
        ("above", "28/02/26", (4,)),
    ],
)
def test_dates_are_compared_as_dates(test: Test, value: str, used: tuple[int, ...]) -> None:
    for days in (("05.02.2026", "28.02.2026 10:30", "01.03.2026"), ("5/2/26", "28/2/26", "1/3/26")):
        rows = ["Day | Sum", *(f"{day} | 1" for day in days)]
        assert compute(column("B", *rows), "sum", Condition(column("A", *rows), test, value)).used == used


def test_an_american_date_shows_itself() -> None:
    rows = ["Day | Sum", "2/5/2026 | 1", "2/28/2026 | 2", "12/1/2025 1:05 PM | 4"]
    assert compute(column("B", *rows), "sum", Condition(column("A", *rows), "below", "2026-01-01")).used == (4,)


@pytest.mark.parametrize(("days", "value"), [("1/2/2026", "2026-01-01"), ("Monday", "Friday"), ("1.2.2026", "2026")])
def test_what_has_no_order_is_refused(days: str, value: str) -> None:
    rows = ["Day | Sum", f"{days} | 1"]
    with pytest.raises(Refused, match="Nothing in column A"):
        compute(column("B", *rows), "sum", Condition(column("A", *rows), "above", value))


def test_different_units_are_told() -> None:
    result = of(["Price", "$5", "€5", "5"], "sum")
    assert (result.number, result.unit, result.units) == ("15", "", ("$", "€", ""))
    assert of(["Share", "5%", "7.5%"], "sum").unit == "%"


def test_nothing_to_compute_is_nothing() -> None:
    for operation in ("sum", "average", "min", "max", "median"):
        assert of(["Name", "Ann", "Bob"], operation).value is None


@pytest.mark.parametrize(
    ("rows", "letter", "heading", "row"),
    [
        (["Item | Sum", "a | 1"], "B", "Sum", 1),
        (["Report of 2025 |", "|", "Item | Sum", "a | 1"], "B", "Sum", 3),
        (["a | 1", "b | 2"], "B", "", 0),
        (["Item | 2024 | 2025", "a | 1 | 2"], "C", "2025", 1),
        (["Item | 2019 | 2024", "a | 1 | 2"], "C", "2024", 1),
        (["| 2019 | 2024", "a | 1 | 2"], "C", "2024", 1),
        (["Item | 2024", "a | 5", "b | 6"], "B", "2024", 1),
        (["Ford | 1903", "Fiat | 1899"], "B", "", 0),
        (["Item | Sum", "a | n/a", "b | 2"], "B", "Sum", 1),
        (["Sum", "1", "2"], "A", "Sum", 1),
        (["Year: | 2024 | |", "Item | Due | Sum | By", "a | b | 1 | c"], "C", "Sum", 2),
        (["Name | Town", "Ann | Oslo", "Bob | Rome"], "B", "Town", 1),
    ],
)
def test_the_heading_of_a_column(rows: list[str], letter: str, heading: str, row: int) -> None:
    found = column(letter, *rows)
    assert (found.heading, found.heading_row) == (heading, row)


def test_a_year_that_may_be_a_heading_is_told_where_it_was_counted() -> None:
    assert of(["2024", "5", "6"], "sum").counted_year == 1
    assert of(["2024", "2025"], "max").counted_year == 0


def test_the_columns_of_a_wide_sheet_are_headed_in_one_go() -> None:
    cells = range(3_000)
    rows = [" | ".join(f"Head {at}" for at in cells), *[" | ".join(map(str, cells))] * 4]
    wide = Sheet.of(sheet("S", *rows))
    with counted_calls(figure.__code__) as calls:
        assert [one.heading for one in columns(wide)] == [f"Head {at}" for at in cells]
        assert len(columns(wide, 5)) == 5
    assert calls[0] < 10 * len(cells)


@pytest.mark.parametrize(
    ("words", "letter"),
    [
        ("Amount", "B"),
        ("amount due", "C"),
        ("what is the total of the amounts", "B"),
        ("due", "C"),
        ("цене", "D"),
        ("amount where item is a", "B"),
        ("item where amount is 1", "A"),
        ("walrus", ""),
        ("", ""),
    ],
)
def test_a_column_by_words(words: str, letter: str) -> None:
    table = Sheet.of(sheet("S", "Item | Amount | Amount due | Цена", "a | 1 | 2 | 3"))
    found = by_heading(table, words, STEMS)
    assert (found.letter if found else "") == letter


def test_letters_are_those_of_the_sheet_where_columns_are_left_out() -> None:
    table = Sheet.of(Part("sheet", 1, "S", "\tB\tAA\n7\ta\t5\n9\tb\t6"))
    found = by_letter(table, "aa")
    assert found is not None
    assert compute(found, "sum").used == (7, 9)
    assert by_letter(table, "A") is None
    assert headed(table, 0).letter == "B"


def test_rows_are_told_in_runs() -> None:
    assert ranges([2, 3, 4, 6, 8, 9]) == "2–4, 6, 8–9"
    assert ranges(range(2, 42, 2)) == "2, 4, 6, 8, 10, 12, 14, 16, …"


def test_an_excerpt_is_around_the_words() -> None:
    text = "Nothing here. " * 200 + "The harbour has cranes. They are new. " + "Nothing there. " * 200
    found = excerpt(text, ["harbour", "crane"], 200)
    assert "The harbour has cranes. They are new." in found
    assert len(found) < 230
    assert excerpt("short", ["x"], 200) == "short"
