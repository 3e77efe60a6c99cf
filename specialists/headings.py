"""Which column of a sheet a question means, and what else it says. Pure."""

from collections.abc import Iterable, Sequence
from itertools import islice, pairwise

from specialists.excerpts import beginnings
from specialists.figures import Custom, figure
from specialists.pointing import ColumnAsked
from specialists.sheets import Column, Row, Sheet, Stems, by_heading, by_letter, columns
from specialists.vocabulary import Token, Vocabulary

_LEAST_ALIKE = 3
_COLUMNS_WEIGHED = 30
_ROWS_WEIGHED = 20
_NUMBER_SIGN = "№"


def meant(asked: ColumnAsked, sheets: Sequence[Sheet], words: Vocabulary) -> list[list[Column]]:
    """For each column that is asked for the one of every sheet that has it; none when no sheet has any."""
    if asked.letters:
        by_letters = ([by_letter(sheet, letter) for sheet in sheets] for letter in asked.letters)
        return [there for found in by_letters if (there := [column for column in found if column])]
    by_words = _by_words(asked, sheets, words)
    if by_words or not asked.number:
        return [by_words] if by_words else []
    at = asked.number - 1 if asked.number > 0 else -1
    known = [columns(sheet) for sheet in sheets]
    by_number = [there[at] for there in known if there and at < len(there)]
    return [by_number] if by_number else []


def left(asked: ColumnAsked, column: Column, words: Vocabulary) -> list[Token]:
    """What was said that is neither the operation nor the column."""
    heading = words.all_stems(column.heading)
    return [token for token in asked.rest if not any(_alike(token.stem, stem) for stem in heading)]


def rows_with(sheet: Sheet, stems: Iterable[str]) -> list[Row]:
    """The rows below the headings with most of the words, in their order."""
    words = beginnings(frozenset(stems))
    counted = [(sum(word in " ".join(row.cells).casefold() for word in words), row) for row in body(sheet)]
    most = max((count for count, _ in counted), default=0)
    return [row for count, row in counted if count == most and count]


def body(sheet: Sheet) -> list[Row]:
    """The rows below the headings."""
    head = sheet.headings.number if sheet.headings else 0
    return [row for row in sheet.rows if row.number > head]


def column_to_sum(sheet: Sheet, unsummed: frozenset[str], words: Stems) -> str:
    """The letter of the column whose sum is most likely asked for: of those with most numbers at the beginning one
    with units or cents, else the last; never numbers that only name or count the rows. Empty when there is none."""
    best: tuple[int, bool, int] | None = None
    letter = ""
    for column in columns(sheet, _COLUMNS_WEIGHED):
        cells = [cell for _, cell in islice(column.cells, _ROWS_WEIGHED)]
        numbers = [number for cell in cells if (number := figure(cell, Custom()))]
        plain = all(not number.unit and not number.places for number in numbers)
        names_rows = plain and len(numbers) > 1 and all(b.value - a.value == 1 for a, b in pairwise(numbers))
        if (
            not numbers
            or names_rows
            or not unsummed.isdisjoint(words(column.heading))
            or _NUMBER_SIGN in column.heading
        ):
            continue
        rank = (len(numbers), any(number.unit != "%" and (number.unit or number.places) for number in numbers))
        if best is None or (*rank, column.index) > best:
            best, letter = (*rank, column.index), column.letter
    return letter


def _by_words(asked: ColumnAsked, sheets: Sequence[Sheet], words: Vocabulary) -> list[Column]:
    heads = [(column, frozenset(words.stems(column.heading))) for sheet in sheets for column in columns(sheet)]
    heads = [(column, stems) for column, stems in heads if stems]
    if asked.is_named:
        after, before = asked.after, asked.before
        runs = [after[:end] for end in range(len(after), 0, -1)] + [before[start:] for start in range(len(before))]
        for run in runs:
            wanted = frozenset(words.stems(" ".join(run)))
            equal = [column for column, stems in heads if wanted == stems]
            if equal:
                return equal
        for end in range(1, len(after) + 1):
            wanted = frozenset(words.stems(" ".join(after[:end])))
            within = [column for column, stems in heads if wanted and wanted < stems]
            if within:
                return within if _is_one_a_sheet(within) else []
    return _anywhere(asked, sheets, words)


def _anywhere(asked: ColumnAsked, sheets: Sequence[Sheet], words: Vocabulary) -> list[Column]:
    said = (*asked.before, *asked.after)
    steering = words.operations.keys() | words.compute | words.columns
    plain = [word for word in said if words.all_stems(word)[:1] and words.all_stems(word)[0] not in steering]
    operators = [word for word in said if words.all_stems(word)[:1] and words.all_stems(word)[0] in words.operations]
    for run in (plain, said, *([word] for word in operators)):
        found = [by_heading(sheet, " ".join(run), words.stems) for sheet in sheets]
        there = [column for column in found if column]
        if there:
            return there
    return []


def _is_one_a_sheet(found: Sequence[Column]) -> bool:
    return len({column.sheet.number for column in found}) == len(found)


def _alike(one: str, other: str) -> bool:
    """`рубл` is said of what is headed `руб`."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _LEAST_ALIKE and long.startswith(short))
