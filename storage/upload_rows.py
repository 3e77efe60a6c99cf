"""Uploads as their rows read, and the texts of their messages put together anew."""

from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from bot.domain.incoming import Attachment
from bot.domain.media import Upload, UploadState, worded
from storage.refs import ref_of
from storage.tables import message_versions, messages, uploads
from storage.types import NOW
from storage.wire import Wire

BY_ID = select(uploads).where(uploads.c.id == bindparam("upload"))
OF_MESSAGE = select(uploads).where(uploads.c.message_id == bindparam("of_message")).order_by(uploads.c.id)
OF_TURN = select(uploads).where(uploads.c.turn_id == bindparam("turn")).order_by(uploads.c.message_id, uploads.c.id)
ADD = insert(uploads).values(created_at=NOW).returning(uploads)


def upload_of(row: Row[*tuple[Any, ...]]) -> Upload:
    return Upload(
        id=row.id,
        thread_id=row.thread_id,
        turn_id=row.turn_id,
        message_id=row.message_id,
        attachment=Attachment(
            kind=row.kind,
            file=row.file,
            name=row.name,
            media_type=row.media_type,
            size_bytes=row.told_bytes,
            duration_seconds=row.duration_seconds,
        ),
        state=UploadState(row.state),
        sort=row.sort,
        text=row.text,
        caption=row.caption,
        blob=row.blob_id,
        media_type=row.sniffed,
        size_bytes=row.size_bytes,
        parts=row.parts,
        part_kind=row.part_kind or None,
        is_cut=row.cut,
        refusal=row.refusal,
        arguments=dict(row.arguments),
        shown=ref_of(row.shown_room, row.shown_topic, row.shown_message),
    )


async def recaption(wire: Wire, message_id: int, caption: str) -> str:
    """The user wrote `caption` in that message; what it reads with what was heard in its uploads."""
    rows = await wire.rows(OF_MESSAGE, {"of_message": message_id})
    if rows:
        await wire.count(update(uploads).where(uploads.c.message_id == message_id).values(caption=caption))
    return worded(caption, map(upload_of, rows))


async def reword(wire: Wire, upload: Upload) -> None:
    """The upload's message reads what its uploads say now, and never read anything else."""
    text = await _composed(wire, upload)
    await wire.count(
        update(messages).where(messages.c.id == upload.message_id, messages.c.text != text).values(text=text)
    )


async def reword_anew(wire: Wire, upload: Upload) -> None:
    """The same, and what it read before is kept as an earlier version."""
    text = await _composed(wire, upload)
    row = await wire.row(select(messages).where(messages.c.id == upload.message_id))
    if row is not None and row.text != text:
        await write_version(wire, row, text)


async def write_version(wire: Wire, row: Row[*tuple[Any, ...]], text: str) -> None:
    """The message of that row reads `text` now."""
    earlier = insert(message_versions).values(
        message_id=row.id, version=row.version, text=row.text, replaced_at=wire.now()
    )
    await wire.count(earlier)
    await wire.count(update(messages).where(messages.c.id == row.id).values(text=text, version=row.version + 1))


async def _composed(wire: Wire, upload: Upload) -> str:
    rows = await wire.rows(OF_MESSAGE, {"of_message": upload.message_id})
    return worded(upload.caption, map(upload_of, rows))
