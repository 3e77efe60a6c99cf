"""What is said about documents without a model, in one language. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.media import Document, Part, PartKind
from bot.texts import Texts
from specialists.answer import Answer
from specialists.citing import cited, ranges, spanned
from specialists.columns import Computed, Skipped
from specialists.excerpts import shortened
from specialists.places import end_of
from specialists.quoting import coded, escaped, named, quoted, table, written
from specialists.sheets import Column, Row, Sheet, column_of_figures, columns

_PARTS_LISTED = 10
_LEAD_CHARS = 160
_PLACE_CHARS = 1_800
_LEAST_CHARS = 300
_COLUMNS_LISTED = 12
_SKIPPED_LISTED = 6
_CELL_CHARS = 30
_SURE = 1.0
_WELL_MEANT = 0.6
"""Of an answer that tells why there is none."""
_PROSE = (".txt", ".log", "")


@dataclass(frozen=True, slots=True)
class Telling:
    texts: Texts
    language: str

    def say(self, key: str, **args: str | int) -> str:
        return self.texts.say(self.language, key, **args)

    # Places.

    def place(self, part: Part, last: int | None = None) -> str:
        """Where `part` is; of parts up to the number `last`, where they are."""
        match part.kind:
            case "sheet":
                return self.say("reading-sheet", name=named(part.name)) if part.name else ""
            case "lines":
                return self.spot("lines", range(part.number, end_of(part) + 1))
            case "page" | "slide" | "section":
                where = self.spot(part.kind, range(part.number, (last or part.number) + 1))
                return f"{where} ({named(part.name)})" if part.name and not last else where

    def spot(self, kind: str, numbers: Sequence[int]) -> str:
        """`page 3`, `rows 2–6, 8`."""
        return self.say(f"reading-{kind}", range=ranges(numbers), count=len(numbers))

    def source(self, document: Document, *places: str, found: float = 1.0) -> str:
        """The citation, and that the file was cut where it was. `found` is the share of the question that is there."""
        place = cited(named(document.name), *places)
        line = self.say("reading-source", place=place)
        if found < 1.0:
            line = self.say("reading-source-found", place=place, percent=round(found * 100))
        return f"{line}\n\n{self.say('reading-cut')}" if document.is_cut else line

    def extent(self, document: Document, known: Sequence[Part]) -> str:
        count = document.parts
        if document.part_kind == "lines" and known:
            count = end_of(known[-1])
        return self.say(f"reading-{_PLURAL[document.part_kind]}-in-all", count=count)

    # Answers.

    def parts(self, document: Document, parts: Sequence[Part], known: Sequence[Part]) -> Answer:
        """Pages, slides or sections, word for word as far as there is room."""
        room = max(_PLACE_CHARS // len(parts), _LEAST_CHARS)
        blocks = [self._quotation(document, part, room) for part in parts]
        after = parts[-1].number + 1
        more = after if after <= end_of(known[-1]) else 0
        return Answer("\n\n".join(blocks), _SURE, (self._ask(parts[0].kind, more),) if more else ())

    def lines(self, document: Document, lines: Sequence[tuple[int, str]]) -> Answer:
        text = "\n".join(line for _, line in lines)
        shown = shortened(text, _PLACE_CHARS)
        suffix = f".{document.name.rpartition('.')[2].lower()}" if "." in document.name else ""
        quote = quoted(shown) if suffix in _PROSE else coded(shown)
        where = self.spot("lines", [number for number, _ in lines])
        return Answer("\n\n".join([quote, *self._short(shown, text), self.source(document, where)]), _SURE)

    def rows(self, document: Document, sheet: Sheet, rows: Sequence[Row], *, whole: bool = False) -> Answer:
        """Rows of a sheet; `whole` when all of it is meant."""
        part = Part("sheet", sheet.number, sheet.name)
        where = self.place(part), "" if whole else self.spot("rows", [row.number for row in rows])
        if whole:
            rows = [row for row in rows if row.number > max((one.heading_row for one in columns(sheet)), default=0)]
        lead = [self._contents(sheet)] if whole else []
        told = [*lead, table(sheet, rows), self.source(document, *where)]
        return Answer("\n\n".join(told), _SURE, self.column_questions(sheet))

    def column(self, document: Document, column: Column) -> Answer:
        """What stands in a column."""
        rows = [row for row, cell in column.cells if cell]
        where = self._sheet(column.sheet), self.say("reading-column", letter=column.letter, heading="")
        told = [table(column.sheet, rows, [column]), self.source(document, *where)]
        return Answer("\n\n".join(told), _SURE, self.column_questions(column.sheet))

    def result(self, document: Document, result: Computed, others: Sequence[Column]) -> Answer:
        column = self._column(result.column)
        where = self._sheet(result.column.sheet), self.spot_of_column(result)
        if result.value is None:
            told = [self.say("reading-no-numbers", column=column), *self._left_out(result.skipped)]
            return Answer("\n\n".join([*told, self.source(document, *where)]), _WELL_MEANT)
        what = self.say(f"reading-{result.operation}")
        told = [self.say("reading-result", what=what, column=column, number=self._number(result))]
        told.append(" ".join([*self._counted(result), *self._left_out(result.skipped)]))
        told += self._remarks(result, others)
        told.append(self.source(document, *where))
        return Answer("\n\n".join(part for part in told if part), _SURE)

    def spot_of_column(self, result: Computed) -> str:
        letter = self.say("reading-column", letter=result.column.letter, heading="")
        return f"{letter}, {self.spot('rows', result.used)}" if result.used else letter

    def outline(self, document: Document, parts: Sequence[Part], known: Sequence[Part], *, asked: bool) -> Answer:
        """What there is; `parts` are the first ones with their text. `asked` for a summary, which there cannot be."""
        told = [self.say("reading-outline", file=named(document.name), extent=self.extent(document, known))]
        if asked:
            told.append(self.say("reading-no-model"))
        lines = [self._lead(part) for part in parts[:_PARTS_LISTED]]
        left = len(known) - len(lines)
        lines += [self.say("reading-more-parts", count=left)] if left > 0 else []
        questions = self.questions(parts, known)
        asks = [self.say("reading-ask"), "\n".join(f"- {question}" for question in questions)] if questions else []
        told += ["\n".join(f"- {line}" for line in lines), *asks, self.source(document)]
        return Answer("\n\n".join(part for part in told if part), _SURE, questions)

    def questions(self, parts: Sequence[Part], known: Sequence[Part]) -> tuple[str, ...]:
        """What can be asked about such a document."""
        if not parts:
            return ()
        if parts[0].kind == "sheet":
            return self.column_questions(Sheet.of(parts[0]))
        numbers = dict.fromkeys([known[0].number, known[min(len(known), 3) - 1].number])
        if parts[0].kind == "lines":
            until = min(end_of(known[-1]), 20)
            return (self.say("reading-ask-lines", range=spanned(known[0].number, until)),)
        return tuple(self._ask(parts[0].kind, number) for number in numbers)

    def column_questions(self, sheet: Sheet) -> tuple[str, ...]:
        letter = column_of_figures(sheet)
        if not letter:
            return ()
        return self.say("reading-ask-sum", letter=letter), self.say("reading-ask-average", letter=letter)

    def none_there(self, document: Document, known: Sequence[Part]) -> Answer:
        told = self.say("reading-none-there", file=named(document.name), extent=self.extent(document, known))
        return Answer(f"{told}\n\n{self.source(document)}", _WELL_MEANT, self.questions(known[:1], known))

    def no_sheets(self, document: Document) -> Answer:
        return Answer(self.say("reading-no-sheets", file=named(document.name)), _WELL_MEANT)

    def no_column(self, document: Document, sheets: Sequence[Sheet]) -> Answer:
        told = self.say("reading-no-column", file=named(document.name))
        listed = [f"- {self._contents(sheet)}" for sheet in sheets[:_PARTS_LISTED]]
        return Answer("\n\n".join([told, "\n".join(listed)]), _WELL_MEANT)

    # Pieces of them.

    def _quotation(self, document: Document, part: Part, room: int) -> str:
        shown = shortened(part.text.strip(), room)
        quote = quoted(shown) if shown else self.say("reading-empty-there")
        return "\n\n".join([quote, *self._short(shown, part.text.strip()), self.source(document, self.place(part))])

    def _short(self, shown: str, whole: str) -> list[str]:
        return [self.say("reading-shortened", count=len(whole))] if shown != whole else []

    def _lead(self, part: Part) -> str:
        """A part of an outline, on one line."""
        if part.kind == "sheet":
            return self._contents(Sheet.of(part))
        first = shortened(" ".join(part.text.split()), _LEAD_CHARS)
        where = escaped(self.place(part))
        return f"{where}: {escaped(first)}" if first else where

    def _contents(self, sheet: Sheet) -> str:
        """A sheet, how long it is, and its columns."""
        shown = [f"{one.letter} ({one.heading})" if one.heading else one.letter for one in columns(sheet)]
        more = ", …" if len(shown) > _COLUMNS_LISTED else ""
        listed = escaped(", ".join(shown[:_COLUMNS_LISTED]) + more)
        told = [escaped(self._sheet(sheet)), self.say("reading-rows-in-all", count=len(sheet.rows))]
        told += [self.say("reading-columns", columns=listed)] if shown else []
        return ", ".join(piece for piece in told if piece)

    def _ask(self, kind: PartKind, number: int) -> str:
        return self.say(f"reading-ask-{kind}", number=str(number))

    def _sheet(self, sheet: Sheet) -> str:
        return self.place(Part("sheet", sheet.number, sheet.name))

    def _column(self, column: Column) -> str:
        return self.say("reading-column", letter=column.letter, heading=escaped(named(column.heading)))

    def _number(self, result: Computed) -> str:
        number = written(result.number, self.language)
        unit = escaped(result.unit)
        if unit:
            gap = " " if unit.isalpha() or (not result.unit_first and unit not in ("%", "‰")) else ""
            number = f"{unit}{gap}{number}" if result.unit_first else f"{number}{gap}{unit}"
        return self.say("reading-about", number=number) if result.is_rounded else number

    def _counted(self, result: Computed) -> list[str]:
        return [] if result.operation == "count" else [self.say("reading-counted", count=len(result.used))]

    def _left_out(self, skipped: Sequence[Skipped]) -> list[str]:
        shown = [
            self.say(f"reading-left-{one.reason}", row=str(one.row), cell=escaped(named(one.cell[:_CELL_CHARS])))
            for one in skipped[:_SKIPPED_LISTED]
            if one.reason != "other"
        ]
        if len(skipped) > _SKIPPED_LISTED:
            shown.append(self.say("reading-left-more", count=len(skipped) - _SKIPPED_LISTED))
        return [self.say("reading-left-out", cells=", ".join(shown))] if shown else []

    def _remarks(self, result: Computed, others: Sequence[Column]) -> Iterable[str]:
        if result.units:
            units = ", ".join(escaped(unit) or self.say("reading-no-unit") for unit in result.units)
            yield self.say("reading-units", units=units)
        if result.doubtful:
            yield self.say("reading-doubtful")
        if result.last_is_sum and result.operation == "sum":
            yield self.say("reading-last-is-sum")
        if others:
            names = ", ".join(escaped(named(one.sheet.title)) for one in others)
            yield self.say("reading-other-sheets", names=names)


_PLURAL: dict[PartKind, str] = {
    "page": "pages",
    "slide": "slides",
    "section": "sections",
    "sheet": "sheets",
    "lines": "lines",
}
