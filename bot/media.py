"""The step of a turn before anybody answers: what came with it is looked at, and what was said in it is heard."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import islice

from bot.courier import Courier
from bot.domain.errors import Blocked, EngineError, FilesAway, LeaseLost, MessengerError, StorageError
from bot.domain.media import Upload, UploadState
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.specialist import Team
from bot.domain.speech import SpeechHints
from bot.domain.thread import TurnState
from bot.inspection import Errand, Inspection
from bot.opening import read_again
from bot.running import Running
from bot.scene import Scene
from bot.told import Told
from bot.transcripts import Transcripts
from bot.work import Work
from storage.store import Store

log = logging.getLogger(__name__)

_AT_ONCE = 3
_TYPING_SECONDS = 4.0
"""Typing fades after about 5 s."""
_WORDS = 100
"""More are no hint any more, and providers read only the last few hundred tokens of them."""
_UNREACHED = "file-unreached"


class MediaStep:
    def __init__(
        self,
        store: Store,
        courier: Courier,
        inspection: Inspection,
        transcripts: Transcripts,
        team: Team,
        clock: Clock,
    ) -> None:
        self._store = store
        self._courier = courier
        self._inspection = inspection
        self._transcripts = transcripts
        self._team = team
        self._clock = clock

    async def run(self, work: Work, running: Running) -> Told | None:
        """Make something of all that waits, show what was heard, and have the scene know it. How the turn ends when it
        ends here: it was stopped, or something failed that may pass.

        What is done stays done, whatever becomes of the rest, and is not done again by another attempt. What it took
        from models is recorded in the job (`told.heard`). Raises `Blocked` when the user cannot be reached any more.
        """
        if not running.scene.uploads:
            return None
        waiting = [upload for upload in running.scene.uploads if upload.state is UploadState.WAITING]
        failed = await self._look(waiting, work, running.scene) if waiting else None
        running.scene = await read_again(self._store, running.scene)
        await self._transcripts.show(work, running.scene)
        if work.stop.is_set():
            return Told(TurnState.STOPPED)
        return None if failed is None else Told(TurnState.FAILED, sentence=failed)

    async def _look(self, waiting: Sequence[Upload], work: Work, scene: Scene) -> str | None:
        """Fluent key of what stood in the way of any; None when all are done, or it was stopped."""
        gate, hints, ours = asyncio.Semaphore(_AT_ONCE), self._hints(scene), self._courier.on_behalf_of(work.check)

        async def look(upload: Upload) -> None:
            async with gate:
                await self._inspection.look(upload, Errand(work, ours, _place(upload, scene), scene.user.id, hints))

        looking = [asyncio.create_task(look(upload)) for upload in waiting]
        typing = asyncio.create_task(self._type(ours, scene))
        stopper = asyncio.create_task(work.stop.wait())
        everything = asyncio.ensure_future(asyncio.wait(looking))
        try:
            await asyncio.wait({everything, stopper}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (everything, typing, stopper, *looking):
                task.cancel()
            await asyncio.wait({everything, typing, stopper, *looking})
        return _failure([typing, *looking])

    async def _type(self, ours: Courier, scene: Scene) -> None:
        about = scene.said[-1].ref if scene.said else None
        while True:
            await ours.typing(scene.thread.place, about)
            await self._clock.sleep(_TYPING_SECONDS)

    def _hints(self, scene: Scene) -> SpeechHints:
        """The words of whoever will answer; as long as nobody knows who that is, some of everybody's."""
        chosen = self._team.get(scene.turn.specialist or scene.thread.specialist)
        team = [chosen] if chosen is not None and chosen.vocabulary else self._team.all()
        words = dict.fromkeys(word for specialist in team for word in specialist.vocabulary)
        return SpeechHints(scene.user.locale, tuple(islice(words, _WORDS)))


def _failure(tasks: "Sequence[asyncio.Task[None]]") -> str | None:
    """Raises what is no matter of a single file."""
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    lasting = [error for error in errors if not isinstance(error, FilesAway)]
    for fatal in (LeaseLost, StorageError, Blocked):
        if found := next((error for error in lasting if isinstance(error, fatal)), None):
            raise found
    for error in errors:
        if not isinstance(error, EngineError | MessengerError | FilesAway):
            raise error
        log.warning("a file is left waiting", extra={"error": type(error).__name__, "detail": error.detail})
    if not errors:
        return None
    return errors[0].sentence if isinstance(errors[0], EngineError | FilesAway) else _UNREACHED


def _place(upload: Upload, scene: Scene) -> Place:
    """Where it was sent; its thread may go on elsewhere by now."""
    refs = (message.ref for message in scene.said if message.id == upload.message_id)
    return next((ref.place for ref in refs if ref is not None), scene.thread.place)
