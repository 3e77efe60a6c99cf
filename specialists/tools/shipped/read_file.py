"""`read_file`: pages, slides, sheets, sections or lines of a document, word for word."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, JsonValue

from bot.domain.errors import Refused
from bot.domain.media import Document, Part
from specialists.citing import cited, mark, rows, spanned
from specialists.enclosed import quoted_name
from specialists.places import Item, end_of, items, letters, parts_between
from specialists.shelf import names, parts, which
from specialists.tools.call import Call
from specialists.tools.documents import FILE, cut_short, where_documents
from specialists.tools.tool import Result, tool

_ROOM_CHARS = 9_000
"""Of the text that one call brings, as JSON."""
_MOST_PARTS = 30
"""Looked at for one call; more never fit."""
_NO_END = 10_000_000

_FIRST = "Number of the first page, slide or section; of a text file its line, of a spreadsheet the row."
_LAST = "Number of the last one. When left out: only `first`; of lines and rows as many as fit."
_SHEET = "Name or number of the sheet, for a spreadsheet; the first one when left out."
_SKIP = "Characters of `first` to leave out, as `next` says when it alone is longer than one call brings."


@dataclass(slots=True)
class _Shown:
    """As much as fits."""

    texts: list[Item] = field(default_factory=list)
    next: dict[str, JsonValue] = field(default_factory=dict)


@tool(offered=where_documents, for_everybody=True, output_chars=14_000)
async def read_file(
    call: Call,
    file: Annotated[str, Field(description=FILE, max_length=200)] = "",
    first: Annotated[int, Field(description=_FIRST, ge=1, le=_NO_END)] = 1,
    last: Annotated[int | None, Field(description=_LAST, ge=1, le=_NO_END)] = None,
    sheet: Annotated[str, Field(description=_SHEET, max_length=100)] = "",
    skip_chars: Annotated[int, Field(description=_SKIP, ge=0, le=_NO_END)] = 0,
) -> Result:
    """Read a file of this conversation word for word: pages, slides, sections, lines, or rows of a sheet.

    Name `cite` for whatever your answer takes from it. When there is `next`, more follows: call again with it if you
    need it.
    """
    document = which(call.documents, file)
    known = await names(call.store, document)
    if not known:
        raise Refused(f"{quoted_name(document.name)} has no text.")
    kind = known[0].kind
    if kind == "sheet":
        wanted, until = [_sheet(document, known, sheet)], last or _NO_END
    else:
        until = last or (_NO_END if kind == "lines" else first)
        wanted = parts_between(known, first, until)
    found = await parts(call.store, document, wanted[:_MOST_PARTS])
    shown = _fitting(items(found, first, until), skip_chars)
    if not shown.texts:
        raise Refused(_not_there(document, known, found, first))
    if not shown.next and len(wanted) > len(found):
        shown.next = {"first": wanted[len(found)].number}
    more: dict[str, JsonValue] = {"next": {**shown.next, **({"last": last} if last else {})}} if shown.next else {}
    return {**_told(document, found, shown), **more, **cut_short(document)}


def _told(document: Document, found: Sequence[Part], shown: _Shown) -> dict[str, JsonValue]:
    match found[0].kind:
        case "sheet":
            where = mark("sheet", found[0].number, found[0].name), rows([item.number for item in shown.texts])
            text = "\n".join([letters(found[0]), *(item.text for item in shown.texts)])
            return {"cite": cited(document.name, *where), "text": text}
        case "lines":
            place = mark("lines", shown.texts[0].number, str(shown.texts[-1].number))
            return {"cite": cited(document.name, place), "text": "\n".join(item.text for item in shown.texts)}
        case "page" | "slide" | "section":
            by_number = {part.number: part for part in found}
            read: list[JsonValue] = []
            for item in shown.texts:
                part = by_number[item.number]
                read.append({"cite": cited(document.name, mark(part.kind, part.number, part.name)), "text": item.text})
            return {"parts": read}


def _fitting(found: Iterable[Item], skip_chars: int) -> _Shown:
    shown = _Shown()
    room = _ROOM_CHARS
    for item in found:
        skipped = skip_chars if not shown.texts else 0
        text = item.text[skipped:]
        size = len(json.dumps(text, ensure_ascii=False))
        if size <= room:
            shown.texts.append(Item(item.number, text))
            room -= size
            continue
        if shown.texts:
            shown.next = {"first": item.number}
        else:
            kept = text[: len(text) * room // size]
            shown.texts.append(Item(item.number, kept))
            shown.next = {"first": item.number, "skip_chars": skipped + len(kept)}
        break
    return shown


def _sheet(document: Document, known: Sequence[Part], name: str) -> Part:
    wanted = name.casefold().strip()
    for part in known:
        if not wanted or wanted in (part.name.casefold(), str(part.number)):
            return part
    there_are = ", ".join(quoted_name(part.name) if part.name else str(part.number) for part in known[:_MOST_PARTS])
    raise Refused(f"{quoted_name(document.name)} has no sheet {quoted_name(name)}. There are: {there_are}.")


def _not_there(document: Document, known: Sequence[Part], found: Sequence[Part], first: int) -> str:
    kind, file = known[0].kind, quoted_name(document.name)
    if kind == "sheet":
        name = quoted_name(found[0].name) if found[0].name else found[0].number
        return f"Sheet {name} of {file} has nothing in row {first} or below it."
    what = "line" if kind == "lines" else kind
    return f"{file} has no {what} {first}. It has {what}s {spanned(known[0].number, end_of(known[-1]))}."
