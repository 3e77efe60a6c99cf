"""The documents of a thread: which one is meant, and what stands in it."""

import asyncio
from collections.abc import Sequence
from pathlib import PurePath

from bot.domain.errors import Refused
from bot.domain.media import Document, Part
from specialists.citing import mark
from specialists.enclosed import quoted_name
from specialists.sheets import Column, Sheet, Stems, by_heading, by_letter, columns
from storage.store import Store

_LISTED = 20


def which(documents: Sequence[Document], file: str) -> Document:
    """The document with the number or name `file`, a part of the name included; of several with one name the newest.

    Refused, with the list of all, when none is meant or several may be.
    """
    wanted = _folded(file)
    if not wanted and len(documents) == 1:
        return documents[0]
    number = wanted.removeprefix("file ").removeprefix("#")
    for document in documents:
        if number == str(document.upload):
            return document
    ways = (
        [one for one in documents if _folded(one.name) == wanted],
        [one for one in documents if _folded(PurePath(one.name).stem) == wanted],
        [one for one in documents if wanted and wanted in _folded(one.name)],
    )
    for found in ways:
        if len({_folded(one.name) for one in found}) == 1:
            return found[0]
    raise Refused(f"Which file is meant? There are: {listed(documents)}. Give its number or its whole name.")


def listed(documents: Sequence[Document]) -> str:
    """For a model: numbers and names."""
    shown = [f"{document.upload} ({quoted_name(document.name)})" for document in documents[:_LISTED]]
    return ", ".join([*shown, "…"] if len(documents) > _LISTED else shown)


async def names(store: Store, document: Document) -> list[Part]:
    """The parts in order, without their text."""
    async with store.begin() as tx:
        return await tx.uploads.part_names(document.upload)


async def parts(store: Store, document: Document, wanted: Sequence[Part]) -> list[Part]:
    """The parts `wanted` (of `names`, in order and next to each other) with their text."""
    if not wanted:
        return []
    async with store.begin() as tx:
        return await tx.uploads.parts(document.upload, first=wanted[0].number, last=wanted[-1].number)


async def sheets(store: Store, document: Document, name: str = "") -> list[Sheet]:
    """All sheets, or the one with the name or number `name`. Refused, with the list, when there is no such sheet."""
    known = [part for part in await names(store, document) if part.kind == "sheet"]
    if not known:
        raise Refused(f"{quoted_name(document.name)} has no sheets, so it has no columns that can be computed.")
    wanted = [part for part in known if name and _folded(name) in (_folded(part.name), str(part.number))]
    if name and not wanted:
        there_are = ", ".join(quoted_name(part.name) if part.name else str(part.number) for part in known[:_LISTED])
        raise Refused(f"{quoted_name(document.name)} has no sheet {quoted_name(name)}. There are: {there_are}.")
    found = await parts(store, document, wanted[:1] or known)
    return await asyncio.to_thread(lambda: list(map(Sheet.of, found)))


def columns_named(sheets: Sequence[Sheet], name: str, stems: Stems) -> list[Column]:
    """In each sheet the column that `name` stands for: a letter, or (words of) a heading."""
    by_letters = [found for sheet in sheets if (found := by_letter(sheet, name))]
    return by_letters or [found for sheet in sheets if (found := by_heading(sheet, name, stems))]


def overview(sheets: Sequence[Sheet]) -> str:
    """For a model: which columns there are."""
    told = []
    for sheet in sheets[:_LISTED]:
        first = columns(sheet, _LISTED)
        shown = [f"{one.letter} ({quoted_name(one.heading)})" if one.heading else one.letter for one in first]
        place = f"sheet {quoted_name(sheet.name)}" if sheet.name else mark("sheet", sheet.number)
        told.append(f"{place}: {', '.join(shown) or 'empty'}")
    return "; ".join(told)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split()).strip(" \"'«»“”„`")
