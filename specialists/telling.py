"""What is said about documents without a model, in one language. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.media import Document, Part, PartKind
from bot.texts import Texts
from specialists.answer import Answer
from specialists.citing import cited, ranges, spanned
from specialists.columns import Computed, Skipped
from specialists.excerpts import shortened
from specialists.headings import body, column_to_sum
from specialists.places import end_of
from specialists.quoting import coded, escaped, named, quoted, table, written
from specialists.sheets import Column, Row, Sheet, columns
from specialists.vocabulary import Vocabulary

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
_UNSURE = 0.4
_HIGH = 0.8
_PROSE = (".txt", ".log", "")


@dataclass(frozen=True, slots=True)
class Telling:
    texts: Texts
    language: str
    words: Vocabulary

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

    def rows(self, document: Document, sheet: Sheet, rows: Sequence[Row]) -> Answer:
        where = self._sheet(sheet), self.spot("rows", [row.number for row in rows])
        told = [table(sheet, rows), self.source(document, *where)]
        return Answer("\n\n".join(told), _SURE, self.column_questions(sheet))

    def sheet(self, document: Document, sheet: Sheet) -> Answer:
        """All of it, as far as there is room."""
        told = [self._contents(sheet), table(sheet, body(sheet)), self.source(document, self._sheet(sheet))]
        return Answer("\n\n".join(told), _SURE, self.column_questions(sheet))

    def cell(self, document: Document, column: Column, row: Row) -> Answer:
        where = self._sheet(column.sheet), self._letter(column), self.spot("rows", [row.number])
        shown = (
            table(column.sheet, [row], [column]) if row.cell(column.index).strip() else self.say("reading-empty-cell")
        )
        return Answer(f"{shown}\n\n{self.source(document, *where)}", _SURE)

    def columns(self, document: Document, shown: Sequence[Column]) -> Answer:
        """What stands in columns of one sheet."""
        sheet = shown[0].sheet
        head = max(column.heading_row for column in shown)
        rows = [row for row in sheet.rows if row.number > head and any(row.cell(one.index).strip() for one in shown)]
        where = self._sheet(sheet), *map(self._letter, shown)
        told = [table(sheet, rows, shown), self.source(document, *where)]
        return Answer("\n\n".join(told), _SURE, self.column_questions(sheet))

    def part(
        self,
        document: Document,
        sheet: Sheet,
        rows: Sequence[Row],
        said: Sequence[str],
        *,
        is_found: bool,
        yields_above: float = 1.0,
    ) -> Answer:
        """Why nothing was computed of a part of a column, with the rows of that part, or any."""
        words = ", ".join(self.say("reading-said", word=escaped(named(word))) for word in said[:_SKIPPED_LISTED])
        lead = self.say("reading-part-asked" if is_found else "reading-part-not-found", words=words)
        where = self._sheet(sheet), self.spot("rows", [row.number for row in rows]) if is_found else ""
        told = [lead, table(sheet, rows), self.source(document, *where)]
        return Answer("\n\n".join(told), _UNSURE, self.column_questions(sheet), yields_above)

    def count(self, document: Document, known: Sequence[Part]) -> Answer:
        """How many pages and the like there are."""
        told = self.say("reading-count-of", file=named(document.name), extent=self.extent(document, known))
        return Answer(f"{told}\n\n{self.source(document)}", _SURE, self.questions(known[:1], known))

    def row_counts(self, document: Document, sheets: Sequence[Sheet], counts: Sequence[int]) -> Answer:
        lines = [
            ": ".join(filter(None, (escaped(self._sheet(sheet)), self.say("reading-rows-below", count=count))))
            for sheet, count in zip(sheets[:_PARTS_LISTED], counts, strict=False)
        ]
        told = ["\n".join(f"- {line}" for line in lines), self.source(document)]
        return Answer("\n\n".join(told), _SURE, self.column_questions(sheets[0]))

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
        letter = self._letter(result.column)
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
        letter = column_to_sum(sheet, self.words.unsummed, self.words.all_stems)
        if not letter:
            return ()
        return self.say("reading-ask-sum", letter=letter), self.say("reading-ask-average", letter=letter)

    def none_there(self, document: Document, known: Sequence[Part]) -> Answer:
        told = self.say("reading-none-there", file=named(document.name), extent=self.extent(document, known))
        return Answer(f"{told}\n\n{self.source(document)}", _WELL_MEANT, self.questions(known[:1], known))

    def no_sheets(self, document: Document) -> Answer:
        return Answer(self.say("reading-no-sheets", file=named(document.name)), _WELL_MEANT, (), _HIGH)

    def no_column(self, document: Document, sheets: Sequence[Sheet]) -> Answer:
        return self._columns_of("reading-no-column", document, sheets)

    def which_column(self, document: Document, sheets: Sequence[Sheet]) -> Answer:
        """Nobody said which one."""
        return self._columns_of("reading-which-column", document, sheets)

    def _columns_of(self, lead: str, document: Document, sheets: Sequence[Sheet]) -> Answer:
        told = self.say(lead, file=named(document.name))
        listed = [f"- {self._contents(sheet)}" for sheet in sheets[:_PARTS_LISTED]]
        suggestions = self.column_questions(sheets[0]) if sheets else ()
        return Answer("\n\n".join([told, "\n".join(listed)]), _WELL_MEANT, suggestions, _HIGH)

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
        first = columns(sheet, _COLUMNS_LISTED + 1)
        shown = [f"{one.letter} ({one.heading})" if one.heading else one.letter for one in first]
        more = ", …" if len(shown) > _COLUMNS_LISTED else ""
        listed = escaped(", ".join(shown[:_COLUMNS_LISTED]) + more)
        told = [escaped(self._sheet(sheet)), self.say("reading-rows-in-all", count=len(sheet.rows))]
        told += [self.say("reading-columns", columns=listed)] if shown else []
        return ", ".join(piece for piece in told if piece)

    def _ask(self, kind: PartKind, number: int) -> str:
        return self.say(f"reading-ask-{kind}", number=str(number))

    def _sheet(self, sheet: Sheet) -> str:
        return self.place(Part("sheet", sheet.number, sheet.name))

    def _letter(self, column: Column) -> str:
        return self.say("reading-column", letter=column.letter, heading="")

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
        if result.doubtful_decimals:
            yield self.say("reading-doubtful-decimals")
        if result.counted_year:
            yield self.say("reading-counted-year", row=str(result.counted_year))
        if result.next_table:
            yield self.say("reading-next-table", row=str(result.next_table))
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
