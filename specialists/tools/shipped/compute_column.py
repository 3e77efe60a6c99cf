"""`compute_column`: what the numbers of a spreadsheet's column come to, exactly."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from bot.domain.errors import Refused
from specialists.citing import cited, mark, rows
from specialists.columns import Computed, Condition, Operation, Reason, Skipped, compute
from specialists.enclosed import quoted_name
from specialists.sheets import Column
from specialists.shelf import columns_named, overview, sheets, which
from specialists.tools.call import Call
from specialists.tools.documents import FILE, cut_short, where_sheets
from specialists.tools.tool import Arguments, Result, tool
from storage.stems import Stemmer

_MOST_SKIPPED = 12
_CELL_CHARS = 60
_NO_END = 10_000_000
_WHY: dict[Reason, str] = {
    "total": "a total or an average of other rows",
    "words": "no number",
}

_SHEET = "Name or number of the sheet. When left out, the first one that has the column."
_COLUMN = "Its letter, as in `C`, or its heading."


class Where(Arguments):
    """Only rows whose cell passes."""

    column: Annotated[str, Field(description=_COLUMN, max_length=100)]
    test: Annotated[Literal["equals", "contains", "above", "below"], Field(description="`above`: greater, or later.")]
    value: Annotated[str, Field(description="A word, a number, or a date as it stands in the sheet.", max_length=100)]


@tool(offered=where_sheets, for_everybody=True, timeout_seconds=20)
async def compute_column(
    call: Call,
    column: Annotated[str, Field(description=_COLUMN, min_length=1, max_length=100)],
    operation: Operation,
    file: Annotated[str, Field(description=FILE, max_length=200)] = "",
    sheet: Annotated[str, Field(description=_SHEET, max_length=100)] = "",
    where: Annotated[Where | None, Field(description="Count only some rows.")] = None,
    first_row: Annotated[int, Field(description="Count only from this row on.", ge=1, le=_NO_END)] = 1,
    last_row: Annotated[int | None, Field(description="Count only up to this row.", ge=1, le=_NO_END)] = None,
) -> Result:
    """Compute a column of a spreadsheet or CSV file of this conversation, exactly. Never add up yourself.

    Headings, totals and words are left out and told; say so to the user when it matters. Name `cite` in your answer.
    """
    tables = [document for document in call.documents if document.part_kind == "sheet"]
    document = which(call.documents if file.strip() else tables, file)
    found = await sheets(call.store, document, sheet)
    stems = Stemmer().stems
    columns = await call.aside(lambda: columns_named(found, column, stems))
    if not columns:
        there_are = await call.aside(lambda: overview(found))
        raise Refused(f"{quoted_name(document.name)} has no column {quoted_name(column)}. There are: {there_are}.")
    within = None if last_row is None and first_row == 1 else (first_row, last_row or _NO_END)
    result = await call.aside(
        lambda: compute(columns[0], operation, _condition(columns[0], where) if where else None, rows=within)
    )
    others: dict[str, JsonValue] = {}
    if len(columns) > 1:
        others = {"same_column_in_other_sheets": [one.sheet.title for one in columns[1:]]}
    place = mark("sheet", result.column.sheet.number, result.column.sheet.name)
    return {
        "result": _result(result),
        "cite": cited(document.name, place, f"column {result.column.letter}", rows(result.used)),
        **_account(result),
        **others,
        **cut_short(document),
    }


def _condition(column: Column, where: Where) -> Condition:
    found = columns_named([column.sheet], where.column, Stemmer().stems)
    if not found:
        there_are = overview([column.sheet])
        raise Refused(f"There is no column {quoted_name(where.column)} for the condition. There are: {there_are}.")
    return Condition(found[0], where.test, where.value)


def _result(result: Computed) -> str:
    if result.value is None:
        left_out = _skipped(result.skipped) or "nothing"
        raise Refused(f"Column {result.column.letter} has no numbers there. Left out: {left_out}.")
    unit = f" {result.unit}" if result.unit else ""
    return f"{'about ' if result.is_rounded else ''}{result.number}{unit}"


def _account(result: Computed) -> dict[str, JsonValue]:
    """What was counted, and what a careful person would add."""
    account: dict[str, JsonValue] = {"heading": result.column.heading, "cells_counted": len(result.used)}
    if result.skipped:
        account["left_out"] = _skipped(result.skipped)
    remarks: list[JsonValue] = []
    if result.units:
        remarks.append(f"The numbers have different units: {', '.join(unit or 'none' for unit in result.units)}.")
    if result.doubtful:
        remarks.append("Numbers like 1,234 were taken for thousands; nothing in the sheet proves it.")
    if result.doubtful_decimals:
        remarks.append(
            "Numbers like 1.234 were taken for decimals; nothing in the file proves that they are no thousands."
        )
    if result.counted_year:
        remarks.append(f"Row {result.counted_year} was counted; its number is a year and may be a heading.")
    if result.next_table:
        remarks.append(f"Another table begins in row {result.next_table}; nothing from there on was counted.")
    if result.last_is_sum:
        remarks.append("The last number is the sum of all before it, and was counted too: it may be a total.")
    return {**account, "remarks": remarks} if remarks else account


def _skipped(skipped: tuple[Skipped, ...]) -> str:
    named = [one for one in skipped if one.reason != "other"]
    shown = [f"row {one.row} ({quoted_name(one.cell[:_CELL_CHARS])}: {_WHY[one.reason]})" for one in named]
    told = [*shown[:_MOST_SKIPPED], f"and {len(shown) - _MOST_SKIPPED} more"] if len(shown) > _MOST_SKIPPED else shown
    others = len(skipped) - len(named)
    return ", ".join([*told, f"{others} that do not meet the condition"] if others else told)
