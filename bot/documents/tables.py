"""Tables of text: values separated by commas, semicolons, tabs or bars."""

import csv
import io
import re
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
_SAMPLE_CHARS = 200_000
_SAID = re.compile(r"sep=(.)\n", re.IGNORECASE)
"""A first line by which some programs tell Excel the separator; Excel does not count it as a row."""
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")


def read(path: Path, form: Form, limits: Limits) -> DocumentFound:
    text = clean(decode(path))
    # The reader's own limit is meant for other uses: a cell here is as long as it is.
    csv.field_size_limit(max(len(text), 1))
    said = _SAID.match(text)
    text = text[said.end() :] if said else text
    rows = enumerate(map(enumerate, _rows(text, said[1] if said else _separator(text))), start=1)
    return DocumentFound(gather(Grid(limits).parts([(1, "", rows)]), limits), form.media_type)


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _separator(text: str) -> str:
    """The one by which most of the first rows have the same number of cells, and more than one.

    Among several, commas between digits count as those of numbers.
    """
    sample = text[:_SAMPLE_CHARS]
    bare = _DECIMAL_COMMA.sub("", sample)

    def fit(separator: str) -> tuple[int, tuple[int, int], bool]:
        rows, usual = _usual_width(sample, separator)
        is_comma = separator == ","
        return rows, _usual_width(bare, separator) if is_comma else (rows, usual), not is_comma and rows > 0

    return max(_SEPARATORS, key=fit)


def _usual_width(text: str, separator: str) -> tuple[int, int]:
    """How many rows have as many cells as most have, and how many these are; zeros when it separates nothing."""
    widths = [len(row) for row in islice(_rows(text, separator), _SAMPLE_ROWS) if row]
    usual = max(set(widths), key=widths.count, default=1)
    return (widths.count(usual), usual) if usual > 1 else (0, 0)
