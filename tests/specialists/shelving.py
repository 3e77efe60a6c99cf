"""Threads with documents on a real shelf."""

from dataclasses import dataclass, field
from typing import Any

from bot.domain.incoming import Attachment
from bot.domain.media import Document, Extract, Part
from bot.domain.place import Place
from specialists.enclosed import marked
from specialists.sheets import letter
from storage.library import Library
from storage.store import Store


def pages(*texts: str) -> tuple[Part, ...]:
    return tuple(Part("page", number, text=text) for number, text in enumerate(texts, 1))


def sheet(name: str, *rows: str, number: int = 1) -> Part:
    """Rows with their cells divided by `|`."""
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    width = max(map(len, cells))
    lines = ["\t".join(["", *map(letter, range(width))])]
    lines += ["\t".join([str(at), *row]) for at, row in enumerate(cells, 1) if any(row)]
    return Part("sheet", number, name, "\n".join(lines))


@dataclass
class Shelf:
    """One thread and its documents."""

    store: Store
    thread: int
    turn: int
    user: int
    documents: list[Document] = field(default_factory=list)
    """The newest first."""

    @classmethod
    async def open(cls, store: Store, name: str = "Ann") -> "Shelf":
        async with store.begin() as tx:
            user = await tx.users.resolve("web", "", name, name=name, locale="en")
            thread = await tx.threads.here(user.id, Place("web", name))
            turn = await tx.turns.create(thread.id, "concierge")
        return cls(store, thread.id, turn.id, user.id)

    async def put(self, name: str, *parts: Part, is_new: bool = False, short: bool = False) -> Document:
        """Shelve a document; `short` gives its whole text to the model."""
        extract = Extract(parts)
        async with self.store.begin() as tx:
            message = await tx.turns.add_message(self.turn, "user", "", None)
            (upload,) = await tx.uploads.add(message, [Attachment("document", "f", name)])
        await Library(self.store).shelve(upload, extract)
        async with self.store.begin() as tx:
            kind = parts[0].kind
            await tx.uploads.ready(upload.id, sort="document", parts=len(parts), part_kind=kind)
        text = marked(parts) if short else ""
        document = Document(upload.id, name, len(parts), kind, text, is_new)
        self.documents.insert(0, document)
        return document

    def told(self) -> dict[str, Any]:
        """What a prompt has of it."""
        return {"thread": self.thread, "turn": self.turn, "user": self.user, "documents": tuple(self.documents)}
