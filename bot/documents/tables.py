"""Tables of text: values separated by commas, semicolons, tabs or bars."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bot.documents.decoding import decode
from bot.documents.findings import DocumentFound
from bot.documents.forms import Form
from bot.documents.gathering import clean, gather
from bot.documents.grid import Grid
from bot.documents.limits import Limits

_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 50


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    text = clean(decode(path))
    # The reader's own limit is meant for other uses: a cell here is as long as it is.
    csv.field_size_limit(max(len(text), 1))
    grid = Grid(limits)
    rows = enumerate(_rows(text, _separator(text)), start=1)
    return DocumentFound(gather(grid.parts([("", 0, rows)]), limits), form.media_type)


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(text.split("\n"), delimiter=separator)


def _separator(text: str) -> str:
    """The one by which most of the first rows have the same number of cells, and more than one."""

    def fit(separator: str) -> tuple[int, int]:
        widths = [len(row) for row in islice(_rows(text, separator), _SAMPLE_ROWS) if row]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_SEPARATORS, key=fit)
