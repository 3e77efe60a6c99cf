"""One file of a user: fetched, looked at, and kept as what it turned out to be."""

import logging
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.courier import Courier
from bot.documents.findings import DocumentFound, Finding, PictureFound, SpeechFound
from bot.documents.workshop import Workshop
from bot.domain.errors import (
    AuthFailed,
    Blocked,
    ContextTooLong,
    EngineError,
    FileGone,
    FileRefused,
    FileTooLarge,
    MessengerError,
    Misconfigured,
    NotAllowed,
    StorageError,
)
from bot.domain.incoming import Attachment, AttachmentKind
from bot.domain.media import Upload
from bot.domain.place import Place
from bot.domain.reply import Usage
from bot.domain.speech import Recording, SpeechHints, Transcriber, Transcript
from bot.lanes import thread_topic
from bot.telemetry import Metrics
from bot.told import dump_usage, heard_step
from bot.work import Work
from storage.library import Library
from storage.store import Store, Tx
from storage.vault import Vault

log = logging.getLogger(__name__)

_RECORDINGS: frozenset[AttachmentKind] = frozenset({"voice", "audio", "video_note", "video"})
_MEGABYTE = 1_000_000
_GRACE_SECONDS = 1.0
"""A recorder that stops by itself at the limit stops a little after it."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    file_bytes: int = 20 * _MEGABYTE
    speech_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Errand:
    """On whose behalf a file is looked at."""

    work: Work
    courier: Courier
    """Speaks on behalf of `work`."""
    place: Place
    """Where the file was sent."""
    user: int
    """Whose file it is."""
    hints: SpeechHints


@dataclass(frozen=True, slots=True)
class _Fetched:
    path: Path
    size_bytes: int


class Inspection:
    def __init__(
        self,
        store: Store,
        vault: Vault,
        library: Library,
        workshop: Workshop,
        *,
        transcriber: Transcriber | None,
        temporary: Path,
        limits: FileLimits,
        metrics: Metrics,
        entering: Callable[[], None],
    ) -> None:
        """Without a `transcriber` nobody understands speech. `temporary` is an empty folder of this process alone; what
        is put there is gone when `look` ends. `entering` raises when a transaction is open."""
        self._store = store
        self._vault = vault
        self._library = library
        self._workshop = workshop
        self._transcriber = transcriber
        self._temporary = temporary
        self._limits = limits
        self._metrics = metrics
        self._entering = entering

    async def look(self, upload: Upload, errand: Errand) -> None:
        """Make of a waiting upload what can be made of it; it is ready or refused then.

        What this took from a model is recorded in the job with it (`heard`), so that it is charged once: only an
        attempt that dies between an answer and its record asks, and pays the provider, again.
        MessengerError, EngineError and StorageError leave it waiting: they may pass, or are no fault of the file's.
        """
        try:
            try:
                self._admit(upload.attachment)
                with self._folder() as folder:
                    fetched = await self._fetch(upload, folder / "file", errand)
                    await self._keep(upload, await self._examine(upload, fetched, errand), fetched, errand)
            except FileRefused as refusal:
                await self._refuse(upload, refusal, errand)
            await errand.courier.release(errand.place, upload.attachment.file)
        except NotAllowed:
            log.info("a file was taken back meanwhile", extra={"upload": upload.id})

    def _admit(self, attachment: Attachment) -> None:
        """By what the messenger says of the file, before any of it is fetched."""
        if not attachment.file:
            raise FileRefused("file-unsupported")
        if attachment.kind in _RECORDINGS:
            if self._transcriber is None:
                raise FileRefused("voice-no-transcriber")
            self._check_duration(attachment.duration_seconds or 0.0)
        if (attachment.size_bytes or 0) > self._limits.file_bytes:
            raise FileRefused("file-too-large")

    async def _fetch(self, upload: Upload, path: Path, errand: Errand) -> _Fetched:
        file = upload.attachment.file
        try:
            size = await errand.courier.fetch(errand.place, file, path, self._limits.file_bytes)
        except FileTooLarge as error:
            raise FileRefused("file-too-large") from error
        except FileGone as error:
            raise FileRefused("file-gone") from error
        except MessengerError as error:
            if error.retryable or isinstance(error, Blocked | Misconfigured):
                raise
            raise FileRefused("file-gone", type(error).__name__) from error
        log.info("fetched a file", extra={"upload": upload.id, "bytes": size})
        return _Fetched(path, size)

    async def _examine(self, upload: Upload, fetched: _Fetched, errand: Errand) -> Finding:
        self._entering()
        try:
            return await self._workshop.examine(fetched.path, upload.attachment, owner=errand.user)
        except (FileRefused, StorageError):
            raise
        except Exception as error:
            # Our mistake, and no reason to leave what else was said unanswered.
            log.exception("a file could not be examined", extra={"upload": upload.id})
            raise FileRefused("file-damaged") from error

    async def _keep(self, upload: Upload, found: Finding, fetched: _Fetched, errand: Errand) -> None:
        match found:
            case SpeechFound():
                await self._hear(upload, found, errand)
            case PictureFound(content, media_type):
                async with self._vault.hold(content) as blob:
                    await self._write(
                        upload,
                        errand,
                        lambda tx: tx.uploads.ready(
                            upload.id, sort="picture", media_type=media_type, size_bytes=len(content), blob=blob
                        ),
                    )
            case DocumentFound():
                await self._shelve(upload, found, fetched, errand)

    async def _hear(self, upload: Upload, found: SpeechFound, errand: Errand) -> None:
        if self._transcriber is None:
            raise FileRefused("voice-no-transcriber")
        self._check_duration(found.duration_seconds)
        transcript = await self._transcribe(self._transcriber, found, errand.hints)
        text = transcript.text.strip()
        if not text:
            await self._refuse(upload, FileRefused("voice-silent"), errand, transcript.usage)
            return
        await self._write(
            upload,
            errand,
            lambda tx: tx.uploads.ready(upload.id, sort="speech", media_type=found.media_type, text=text),
            transcript.usage,
        )

    async def _transcribe(self, transcriber: Transcriber, found: SpeechFound, hints: SpeechHints) -> Transcript:
        self._entering()
        recording = Recording(found.path, found.media_type, found.duration_seconds)
        try:
            return await transcriber.transcribe(recording, hints)
        except ContextTooLong as error:
            raise FileRefused("voice-too-big") from error
        except EngineError as error:
            if error.retryable or isinstance(error, AuthFailed):
                raise
            raise FileRefused("voice-failed", type(error).__name__) from error

    async def _shelve(self, upload: Upload, found: DocumentFound, fetched: _Fetched, errand: Errand) -> None:
        parts = found.extract.parts
        if not parts:
            raise FileRefused("file-empty")
        async with self._vault.hold(fetched.path) as blob:
            errand.work.check()
            await self._library.shelve(upload, found.extract, errand.work.job)
            await self._write(
                upload,
                errand,
                lambda tx: tx.uploads.ready(
                    upload.id,
                    sort="document",
                    media_type=found.media_type,
                    size_bytes=fetched.size_bytes,
                    blob=blob,
                    parts=len(parts),
                    part_kind=parts[0].kind,
                    is_cut=found.extract.is_cut,
                ),
            )

    async def _refuse(self, upload: Upload, refusal: FileRefused, errand: Errand, usage: Usage | None = None) -> None:
        log.info("a file is refused", extra={"upload": upload.id, "reason": refusal.reason, "detail": str(refusal)})
        self._metrics.refusals_total.labels(refusal.reason).inc()
        megabytes, minutes = self._limits.file_bytes // _MEGABYTE, round(self._limits.speech_seconds / 60)
        arguments = {"megabytes": megabytes, "minutes": minutes, **refusal.arguments}
        await self._write(upload, errand, lambda tx: tx.uploads.refuse(upload.id, refusal.reason, arguments), usage)

    async def _write(
        self, upload: Upload, errand: Errand, write: Callable[[Tx], Awaitable[None]], usage: Usage | None = None
    ) -> None:
        """Only while the job is ours, by our own clock and by the database's. NotAllowed when the upload is gone."""
        step, value = heard_step(upload.id), None if usage is None else dump_usage(usage)
        errand.work.check()
        async with self._store.begin() as tx:
            await write(tx)
            tx.notify(thread_topic(upload.thread_id), "looked")
            await tx.jobs.record(errand.work.job, step, value)
        errand.work.steps[step] = value

    def _check_duration(self, seconds: float) -> None:
        if seconds > self._limits.speech_seconds + _GRACE_SECONDS:
            raise FileRefused("file-too-long")

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """A folder for one file, and what is made of it; gone at the end, whatever happens."""
        folder = Path(tempfile.mkdtemp(dir=self._temporary))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
