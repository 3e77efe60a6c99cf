"""What a reply is given of the files of its thread: pictures to look at, documents to read or to look into."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.errors import StorageError
from bot.domain.media import Document, Picture, Upload, UploadState
from bot.mentions import short_name
from bot.scene import Scene
from specialists.enclosed import marked
from specialists.memory import estimate_tokens
from storage.store import Store, Tx
from storage.vault import Vault

log = logging.getLogger(__name__)

_PICTURES = 8
_PICTURE_TURNS = 10
"""Pictures of a turn are shown again while it is among this many that came last."""
_TEXT_TOKENS = 6_000
"""Short documents that take no more than this together are told whole."""
_CHARS_OF_A_TOKEN = 8
"""More than any text has, so that nobody counts the tokens of what is too long for certain."""
_PARTS = 60


class Enclosures:
    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def enclose(self, scene: Scene) -> Scene:
        """The scene with pictures and documents. Call outside transactions. StorageError."""
        ready = [upload for upload in scene.shelf if upload.state is UploadState.READY]
        if not ready:
            return scene
        shown = _shown(scene, ready)
        pictures = [await self._picture(upload) for upload in shown]
        documents = await self._documents(scene, [upload for upload in ready if upload.sort == "document"])
        return replace(
            scene,
            pictures=tuple(one for one in pictures if one is not None),
            old_pictures=any(upload.turn_id != scene.turn.id for upload in shown),
            documents=documents,
        )

    async def _picture(self, upload: Upload) -> Picture | None:
        """None when it is not kept any more."""
        if upload.blob is None:
            return None
        try:
            content = await self._vault.read(upload.blob)
        except StorageError as error:
            if error.retryable:
                raise
            log.warning("a picture is not there", extra={"upload": upload.id})
            return None
        return Picture(short_name(upload), content, upload.media_type)

    async def _documents(self, scene: Scene, uploads: Sequence[Upload]) -> tuple[Document, ...]:
        texts: dict[int, str] = {}
        new = [upload for upload in uploads if upload.turn_id == scene.turn.id]
        if new:
            async with self._store.begin() as tx:
                texts = await _texts(tx, sorted(new, key=lambda one: one.id))
        return tuple(_document(upload, scene, texts.get(upload.id, "")) for upload in uploads)


async def _texts(tx: Tx, uploads: Sequence[Upload]) -> dict[int, str]:
    """All text of those that are short, as long as they are so together, by upload."""
    texts: dict[int, str] = {}
    left = _TEXT_TOKENS
    for upload in uploads:
        if upload.parts > _PARTS:
            continue
        text = marked(await tx.uploads.parts(upload.id))
        if len(text) > left * _CHARS_OF_A_TOKEN or (tokens := estimate_tokens(text)) > left:
            continue
        texts[upload.id] = text
        left -= tokens
    return texts


def _document(upload: Upload, scene: Scene, text: str) -> Document:
    return Document(
        upload.id,
        short_name(upload),
        upload.parts,
        upload.part_kind or "lines",
        text,
        is_new=upload.turn_id == scene.turn.id,
        is_cut=upload.is_cut,
    )


def _shown(scene: Scene, ready: Sequence[Upload]) -> Sequence[Upload]:
    """The pictures of this turn in order; when it has none, those of the newest turn with any that is not long past."""
    pictures = [upload for upload in ready if upload.sort == "picture"]
    recent = [scene.turn.id, *dict.fromkeys(message.turn_id for message in reversed(scene.history))]
    for turn_id in recent[: 1 + _PICTURE_TURNS]:
        if found := [upload for upload in pictures if upload.turn_id == turn_id]:
            return sorted(found, key=lambda upload: upload.id)[:_PICTURES]
    return []
