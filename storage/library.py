"""The text of users' documents, put on the shelf where its thread finds it."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from bot.domain.errors import NotAllowed
from bot.domain.job import Job
from bot.domain.media import Extract, Part, Upload, UploadState
from storage.stems import Stemmer, folded_words
from storage.store import Store, Tx
from storage.tables import documents, passages, uploads
from storage.types import storable
from storage.uploads import collection_of

CHUNK_CHARS = 1_500
AT_ONCE = 100
"""Passages in one transaction: others write between two of them."""

_AFTER_SPACE = re.compile(r"(?<=\s)(?=\S)")


@dataclass(frozen=True, slots=True)
class _Chunk:
    part: Part
    text: str
    stems: str


class Library:
    """Never to be called inside a transaction: it opens many short ones."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def shelve(self, upload: Upload, extract: Extract, job: Job | None = None) -> None:
        """All of the document can be read and, once the upload is ready, searched. What an earlier attempt shelved is
        replaced. NotAllowed when the upload is gone or does not wait any more, or another process shelves it now;
        LeaseLost when `job`, on whose behalf this is done, is not ours any more."""
        document_id = await self._begin(upload, job)
        position = 0
        chunks = await asyncio.to_thread(_cut, upload.attachment.name, extract)
        for start in range(0, len(chunks), AT_ONCE):
            some = chunks[start : start + AT_ONCE]
            await self._write(document_id, position, some, job)
            position += len(some)

    async def _begin(self, upload: Upload, job: Job | None) -> int:
        """An empty document of the upload."""
        async with self._store.begin() as tx:
            waits = select(uploads.c.id).where(uploads.c.id == upload.id, uploads.c.state == UploadState.WAITING)
            if await tx.wire.row(waits.with_for_update(read=True)) is None:
                raise NotAllowed("no such upload waits")
            await tx.wire.lock(f"shelf {upload.id}")
            await tx.wire.count(delete(documents).where(documents.c.upload_id == upload.id))
            entry = insert(documents).values(
                collection=collection_of(upload.thread_id),
                source=f"upload:{upload.id}",
                title=upload.attachment.name,
                digest=b"",
                upload_id=upload.id,
            )
            document_id = int(await tx.wire.scalar(entry.returning(documents.c.id)))
            await _fence(tx, job)
            return document_id

    async def _write(self, document_id: int, position: int, chunks: Sequence[_Chunk], job: Job | None) -> None:
        rows: list[Mapping[str, object]] = [
            {
                "document_id": document_id,
                "position": at,
                "text": chunk.text,
                "stems": chunk.stems,
                "part_kind": chunk.part.kind,
                "part_number": chunk.part.number,
                "part_name": chunk.part.name,
            }
            for at, chunk in enumerate(chunks, position)
        ]
        async with self._store.begin() as tx:
            here = select(documents.c.id).where(documents.c.id == document_id)
            if await tx.wire.row(here.with_for_update(read=True, key_share=True)) is None:
                raise NotAllowed("the document was taken from the shelf")
            await tx.wire.each(insert(passages), rows)
            await _fence(tx, job)


async def _fence(tx: Tx, job: Job | None) -> None:
    """Last, as jobs are locked after all else."""
    if job is not None:
        await tx.jobs.hold(job)


def _cut(name: str, extract: Extract) -> list[_Chunk]:
    """The passages of all parts, in order; of a part without text an empty one, so that it is known."""
    stems = _Stems()
    title = stems.of(name)
    chunks: list[_Chunk] = []
    for part in extract.parts:
        heading = stems.of(part.name) if part.kind in ("sheet", "section") else []
        texts = pieces(storable(part.text)) or [""]
        chunks += [_Chunk(part, text, " ".join([*title, *heading, *stems.of(text)])) for text in texts]
    return chunks


class _Stems:
    """A long document has few distinct words; each is looked at once."""

    def __init__(self) -> None:
        self._stemmer = Stemmer()
        self._known: dict[str, str] = {}
        """Empty for words that say nothing."""

    def of(self, text: str) -> list[str]:
        return [stem for word in folded_words(text) if (stem := self._stem(word))]

    def _stem(self, word: str) -> str:
        stem = self._known.get(word)
        if stem is None:
            stem = self._stemmer.stem(word) if self._stemmer.says_something(word) else ""
            self._known[word] = stem
        return stem


def pieces(text: str) -> list[str]:
    """The text in pieces of at most 1,500 characters, which together are the text: cut between lines, and within a line
    only when it is longer, then between words if that can be."""
    found: list[str] = []
    held = ""
    for line in _lines(text):
        if held and len(held) + len(line) > CHUNK_CHARS:
            found.append(held)
            held = ""
        held += line
    return [*found, held] if held else found


def _lines(text: str) -> Iterator[str]:
    """With their ends; of lines that are too long, parts."""
    for line in text.splitlines(keepends=True):
        start = 0
        while len(line) - start > CHUNK_CHARS:
            end = _word_end(line, start)
            yield line[start:end]
            start = end
        yield line[start:]


def _word_end(line: str, start: int) -> int:
    """The last place, in the second half of what a piece can hold from `start` on, where a word begins."""
    whole = start + CHUNK_CHARS
    breaks = [match.start() for match in _AFTER_SPACE.finditer(line, start + CHUNK_CHARS // 2, whole + 1)]
    return min(breaks[-1], whole) if breaks else whole
