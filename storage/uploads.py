"""What users send besides words: what became of it, and what is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import ColumnElement, and_, delete, func, literal, null, select, update

from bot.domain.errors import NotAllowed
from bot.domain.incoming import Attachment
from bot.domain.media import Part, PartKind, Sort, Upload, UploadState
from bot.domain.place import Ref
from bot.domain.thread import Message, Turn
from storage.blobs import held_by, let_go, refer
from storage.corrections import own_message
from storage.holding import hold_turns
from storage.refs import is_at_columns, ref_columns
from storage.shelf import Shelf
from storage.stems import Stemmer
from storage.tables import documents, messages, passages, turns, uploads
from storage.turns import Turns
from storage.types import LARGEST_ID, storable
from storage.upload_rows import ADD, BY_ID, OF_MESSAGE, OF_TURN, reword, reword_anew, upload_of
from storage.wire import Wire


@dataclass(frozen=True, slots=True)
class PartHit:
    """A passage of a document that answers a query."""

    upload: Upload
    kind: PartKind
    number: int
    """Of the part that the passage is of, as `name` (see `Part`)."""
    name: str
    text: str
    """At most about 2,500 characters. Of a sheet it begins with the sheet's first line, the letters of its columns,
    and its first row."""
    score: float
    """Higher is better; only to be compared within one search."""
    coverage: float
    """0 to 1: the share of the query's distinct stems that the passage has, the rare ones weighing more."""


@dataclass(frozen=True, slots=True)
class Correction:
    turn: Turn
    is_latest: bool
    """Of its thread."""
    changed: bool
    """False when it had been heard as it was corrected."""


class Uploads:
    """An upload goes with its message, and what is in it with the upload."""

    def __init__(self, wire: Wire, stemmer: Stemmer) -> None:
        self._wire = wire
        self._stemmer = stemmer

    async def add(self, message: Message, attachments: Sequence[Attachment]) -> list[Upload]:
        """What came with that message of a user's, in order; nobody has looked at it yet."""
        return [await self._add(message, attachment) for attachment in attachments]

    async def _add(self, message: Message, attachment: Attachment) -> Upload:
        values: dict[str, object] = {
            "message_id": message.id,
            "thread_id": message.thread_id,
            "turn_id": message.turn_id,
            "kind": attachment.kind,
            "file": attachment.file,
            "name": attachment.name,
            "media_type": attachment.media_type,
            "told_bytes": attachment.size_bytes,
            "duration_seconds": attachment.duration_seconds,
            "state": UploadState.WAITING,
            "caption": message.text,
            "arguments": {},
        }
        (row,) = await self._wire.rows(ADD, values)
        return upload_of(row)

    async def get(self, upload_id: int) -> Upload:
        """NotAllowed when there is none of that id."""
        row = None
        if 0 < upload_id <= LARGEST_ID:
            row = await self._wire.row(BY_ID, {"upload": upload_id})
        if row is None:
            raise NotAllowed("no such upload")
        return upload_of(row)

    async def of_thread(self, thread_id: int, *, limit: int = 60) -> list[Upload]:
        """Newest first."""
        theirs = select(uploads).where(uploads.c.thread_id == thread_id).order_by(uploads.c.id.desc()).limit(limit)
        return [upload_of(row) for row in await self._wire.rows(theirs)]

    async def of_message(self, ref: Ref, user_id: int) -> list[Upload]:
        """What came with that message of the user's, in whichever of their threads, in order."""
        message_id = await self._wire.scalar(own_message(ref, user_id).with_only_columns(messages.c.id))
        if message_id is None:
            return []
        return [upload_of(row) for row in await self._wire.rows(OF_MESSAGE, {"of_message": message_id})]

    async def of_turn(self, turn_id: int) -> list[Upload]:
        """In the order in which they came."""
        return [upload_of(row) for row in await self._wire.rows(OF_TURN, {"turn": turn_id})]

    async def of_turns(self, turn_ids: Sequence[int]) -> list[Upload]:
        """By turn and in the order in which they came."""
        if not turn_ids:
            return []
        theirs = select(uploads).where(uploads.c.turn_id.in_(turn_ids))
        ordered = theirs.order_by(uploads.c.turn_id, uploads.c.message_id, uploads.c.id)
        return [upload_of(row) for row in await self._wire.rows(ordered)]

    async def ready(
        self,
        upload_id: int,
        *,
        sort: Sort,
        media_type: str = "",
        size_bytes: int = 0,
        blob: int | None = None,
        text: str = "",
        parts: int = 0,
        part_kind: PartKind | None = None,
        is_cut: bool = False,
    ) -> None:
        """What it is and what is in it is known; its message reads so, as if it had from the beginning.

        `blob` is from `Vault.keep`; StorageError when it was swept since. NotAllowed when the upload is gone.
        """
        found = {
            "sort": sort,
            "sniffed": media_type,
            "size_bytes": size_bytes,
            "blob_id": blob,
            "text": text,
            "parts": parts,
            "part_kind": part_kind or "",
            "cut": is_cut,
        }
        await self._settle(await self._held(upload_id), {**_NOTHING, **found, "state": UploadState.READY})

    async def refuse(self, upload_id: int, reason: str, arguments: Mapping[str, str | int]) -> None:
        """It cannot be used: `reason` is the Fluent key of the sentence that says why. Nothing in it is kept.

        NotAllowed when the upload is gone.
        """
        said = {"state": UploadState.REFUSED, "refusal": reason, "arguments": dict(arguments)}
        await self._settle(await self._held(upload_id), {**_NOTHING, **said})

    async def show(self, upload_id: int, ref: Ref) -> bool:
        """That message of ours shows what was heard; False when the upload is gone, and nobody would take it down."""
        room = {f"shown_{name}": value for name, value in ref_columns(ref).items()}
        return bool(await self._wire.count(update(uploads).where(uploads.c.id == upload_id).values(**room)))

    async def by_shown(self, ref: Ref) -> Upload | None:
        """The speech that the message `ref` shows; None when it shows none."""
        is_shown = is_at_columns(uploads.c.shown_room, uploads.c.shown_topic, uploads.c.shown_message, ref)
        exact = (uploads.c.shown_topic == ref.place.topic).desc()
        row = await self._wire.row(select(uploads).where(is_shown).order_by(exact, uploads.c.id.desc()).limit(1))
        return None if row is None else upload_of(row)

    async def correct(self, upload_id: int, user_id: int, text: str) -> Correction | None:
        """What was said in that speech of the user's is `text`; what its message read is kept as an earlier version.

        None when it is no speech of this user's that was heard.
        """
        try:
            upload = await self._held(upload_id)
        except NotAllowed:
            return None
        turn = await Turns(self._wire).get(upload.turn_id)
        if turn.asker != user_id or (upload.state, upload.sort) != (UploadState.READY, "speech"):
            return None
        is_other = upload.text != storable(text)
        if is_other:
            await self._wire.count(update(uploads).where(uploads.c.id == upload_id).values(text=text))
            await reword_anew(self._wire, upload)
        newest = await self._wire.scalar(select(func.max(turns.c.id)).where(turns.c.thread_id == turn.thread_id))
        return Correction(turn, newest == turn.id, is_other)

    async def parts(self, upload_id: int, *, first: int = 1, last: int | None = None) -> list[Part]:
        """The parts of a document with these numbers, each with the very text that was shelved. Of `lines`, those in
        which any of these lines is."""
        of_it = documents.c.upload_id == upload_id
        before = select(func.max(passages.c.part_number)).select_from(passages.join(documents))
        before = before.where(of_it, passages.c.part_kind == "lines", passages.c.part_number <= first)
        where = and_(of_it, passages.c.part_number >= func.coalesce(before.scalar_subquery(), literal(first)))
        if last is not None:
            where = and_(where, passages.c.part_number <= last)
        return await self._parts(where, passages.c.text)

    async def part_names(self, upload_id: int) -> list[Part]:
        """All parts of a document, without their texts."""
        return await self._parts(documents.c.upload_id == upload_id, literal(""))

    async def search(
        self, thread_id: int, query: str, *, upload: int | None = None, locale: str = "", limit: int = 5
    ) -> list[PartHit]:
        """The best passages of the thread's documents, or of one, best first; none when the query has no word that says
        something. No query is an error."""
        here = and_(documents.c.collection == collection_of(thread_id), uploads.c.state == UploadState.READY)
        if upload is not None:
            here = and_(here, uploads.c.id == upload)
        found = await Shelf(self._wire, self._stemmer).search(here, query, locale, limit)
        return [
            PartHit(await self.get(one.upload_id), one.kind, one.number, one.name, one.text, one.score, one.coverage)
            for one in found
        ]

    async def _parts(self, where: ColumnElement[bool], text: ColumnElement[str]) -> list[Part]:
        told = (passages.c.part_kind, passages.c.part_number, passages.c.part_name)
        wanted = select(*told, text.label("text")).select_from(passages.join(documents)).where(where)
        rows = await self._wire.rows(wanted.order_by(passages.c.position))
        return [
            Part(kind, number, name, "".join(row.text for row in group))
            for (kind, number, name), group in groupby(rows, key=lambda row: (row[0], row[1], row[2]))
        ]

    async def _held(self, upload_id: int) -> Upload:
        """It, which nobody else changes until the transaction ends."""
        upload = await self.get(upload_id)
        if self._wire.dialect == "sqlite":
            return upload
        await hold_turns(self._wire, turns.c.id == upload.turn_id)
        return await self.get(upload_id)

    async def _settle(self, upload: Upload, values: Mapping[str, object]) -> None:
        this = uploads.c.id == upload.id
        held = await held_by(self._wire, this)
        await self._wire.count(update(uploads).where(this).values(**values))
        blob = values["blob_id"]
        if isinstance(blob, int):
            await refer(self._wire, blob)
        if values["sort"] != "document":
            await self._wire.count(delete(documents).where(documents.c.upload_id == upload.id))
        if upload.blob is not None and upload.blob != blob:
            await let_go(self._wire, held)
        if values["text"] or upload.text:
            await reword(self._wire, upload)


_NOTHING: Mapping[str, object] = {
    "sort": "",
    "sniffed": "",
    "size_bytes": 0,
    "blob_id": null(),
    "text": "",
    "parts": 0,
    "part_kind": "",
    "cut": False,
    "refusal": "",
    "arguments": {},
}


def collection_of(thread_id: int) -> str:
    """Where `Library` puts the documents of a thread; nobody answers from it elsewhere."""
    return f"thread:{thread_id}"
