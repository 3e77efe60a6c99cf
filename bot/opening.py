"""How a turn begins: marked as running, and all that its reply needs read in the same transaction."""

from collections.abc import Callable
from dataclasses import replace

from bot.domain.media import Upload
from bot.domain.messenger import Capabilities
from bot.domain.place import Place
from bot.domain.thread import Thread, Turn, TurnState
from bot.lanes import thread_topic
from bot.scene import Scene
from bot.work import Work
from specialists.memory import Window
from storage.pauses import Pause
from storage.store import Store, Tx

_UPLOADS = 60
"""How many files of a thread are told of."""


class Opening:
    def __init__(
        self, store: Store, window: Window, capabilities: Callable[[Place], Capabilities], *, remembers: bool
    ) -> None:
        """`window` is how much of a thread is read; `remembers`: facts that users asked to keep are."""
        self._store = store
        self._window = window
        self._capabilities = capabilities
        self._remembers = remembers

    async def open(self, work: Work) -> Scene | None:
        """Begin the turn and read what is needed; None when it has ended already (idempotency)."""
        async with self._store.begin() as tx:
            begun = await self._begin(tx, work)
            if begun is None:
                return None
            turn, pause = begun
            scene = await self._read(tx, work, turn, pause)
            pages = {f"page:{number}": {"ref": str(ref)} for number, ref in enumerate(turn.reply_refs)}
            steps = {} if "begun" in work.steps else {"begun": True, **pages}
            for step, value in steps.items():
                await tx.jobs.record(work.job, step, value)
            tx.notify(thread_topic(turn.thread_id), "running")
        work.steps.update(steps)
        return scene

    async def _begin(self, tx: Tx, work: Work) -> tuple[Turn, Pause | None] | None:
        """The turn, which is running now, and the pause that its reply goes on after; None when nothing is left to
        be done for it."""
        payload = work.job.payload
        turn = await tx.turns.get(int(payload["turn"]))
        if payload.get("again") and not turn.state.is_open and "begun" not in work.steps:
            turn = await tx.turns.requeue(turn.id)
        resumes = bool(payload.get("resume"))
        pause = await tx.turns.pause_of(turn.id) if resumes else None
        if not turn.state.is_open or (resumes and not _goes_on(turn, pause, ending=bool(payload.get("ending")))):
            return None
        if work.job.attempts > 1 and not resumes and "told" not in work.steps:
            await tx.files.drop(turn.id, turn.version)  # of the attempt that died
        return await tx.turns.begin(turn.id), pause

    async def _read(self, tx: Tx, work: Work, turn: Turn, pause: Pause | None) -> Scene:
        payload = work.job.payload
        thread = await tx.threads.get(turn.thread_id)
        recalled = await tx.memory.recall(thread.id, turn.asker)
        earlier = await tx.turns.transcript(
            thread.id, limit=self._window.messages, before_turn=turn.id, after_turn=recalled.memory.upto_turn
        )
        messages = await tx.turns.messages(turn.id)
        uploads, shelf = await _uploads(tx, turn)
        return Scene(
            turn=turn,
            thread=thread,
            user=await tx.users.get(turn.asker),
            said=tuple(message for message in messages if message.role == "user"),
            history=tuple(earlier),
            previous=await tx.turns.before(turn.id),
            summary=recalled.memory.summary,
            facts=tuple(fact.text for fact in recalled.facts) if self._remembers else (),
            choices=() if turn.specialist else tuple(await tx.examples.of(turn.asker)),
            pause=pause,
            replaced=messages[-1].text if payload.get("keeps") and messages[-1].role == "assistant" else "",
            ending=bool(payload.get("ending")),
            recipient=await self._recipient(tx, turn, thread),
            speakers=await tx.turns.names({one.turn_id for one in earlier}) if thread.shared else {},
            uploads=uploads,
            shelf=shelf,
        )

    async def _recipient(self, tx: Tx, turn: Turn, thread: Thread) -> str:
        """Streams are addressed to somebody; nothing else is."""
        streams = self._capabilities(thread.place).streaming == "streams"
        return await tx.users.known_as(turn.asker, thread.place) if streams else ""


def _goes_on(turn: Turn, pause: Pause | None, *, ending: bool) -> bool:
    """Whether a job that was put to resume the turn still has something to resume: an answer to what was asked."""
    if turn.state is TurnState.QUEUED or pause is None:
        return False
    return ending or (pause.granted is not None if pause.requests else bool(turn.specialist))


async def read_again(store: Store, scene: Scene) -> Scene:
    """The scene with what was said and what came with it as they are by now."""
    async with store.begin() as tx:
        messages = await tx.turns.messages(scene.turn.id)
        uploads, shelf = await _uploads(tx, scene.turn)
    said = tuple(message for message in messages if message.role == "user")
    return replace(scene, said=said, uploads=uploads, shelf=shelf)


async def _uploads(tx: Tx, turn: Turn) -> tuple[tuple[Upload, ...], tuple[Upload, ...]]:
    """Those of the turn in order, and the newest of the thread up to the turn."""
    newest = await tx.uploads.of_thread(turn.thread_id, limit=_UPLOADS)
    shelf = tuple(upload for upload in newest if upload.turn_id <= turn.id)
    if len(newest) == _UPLOADS:
        # Turns that wait behind this one may have brought all of them.
        return tuple(await tx.uploads.of_turn(turn.id)), shelf
    return tuple(upload for upload in reversed(shelf) if upload.turn_id == turn.id), shelf
