"""Replies that are spoken too, for those who wish it."""

import logging
from collections.abc import Callable
from dataclasses import replace

from bot.budget import Priority
from bot.courier import Courier
from bot.domain.errors import EngineError, MessengerError, NotAllowed, VoiceRefused
from bot.domain.messenger import File, Outgoing
from bot.domain.place import Ref
from bot.domain.ports import Clock
from bot.domain.speech import Speaker, Speech
from bot.domain.thread import Thread, Turn, TurnState
from bot.lanes import speech_lane, thread_topic
from bot.markdown.speakable import speakable
from bot.scene import Scene
from bot.work import Handler, Work
from storage.files import StoredFile
from storage.store import Store, Tx
from storage.vault import Vault

log = logging.getLogger(__name__)

_NAME = "reply.ogg"
_ATTEMPTS = 3


class SpokenReplies(Handler):
    """Plans the speech of a finished turn, and is the handler of jobs of kind `speech`.

    It comes after the text, which waits for nothing. What was spoken is kept with the turn, so that another attempt
    does not pay for it again, and goes with the reply when that is made anew.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        courier: Courier,
        clock: Clock,
        *,
        speaker: Speaker | None,
        entering: Callable[[], None],
    ) -> None:
        """Without a `speaker` nothing is planned. `entering` raises when a transaction is open."""
        self._store = store
        self._vault = vault
        self._courier = courier
        self._clock = clock
        self._speaker = speaker
        self._entering = entering

    async def plan(self, tx: Tx, scene: Scene, reply: str) -> None:
        """Put what is due after `reply`, in the transaction that records it. Before others nothing is spoken."""
        is_private = self._courier.capabilities(scene.thread.place).private
        if self._speaker is None or not scene.user.voice or not is_private:
            return
        if speakable(reply, self._speaker.longest_chars):
            version = scene.turn.version
            payload = {"turn": scene.turn.id, "version": version}
            dedup = f"speech:{scene.turn.id}:{version}"
            await tx.jobs.put(speech_lane(scene.thread.id), "speech", payload, dedup=dedup, priority=-5)

    async def run(self, work: Work) -> None:
        found = await self._wanted(work)
        if found is None or self._speaker is None:
            await self._unsay(work)
            return
        turn, thread, text = found
        stored = await self._spoken(work, turn)
        if stored is None:
            try:
                stored = await self._speak(work, self._speaker, turn, thread, text)
            except EngineError as error:
                # The text is there. Retryable ones come again.
                log.warning("a reply was not spoken", extra={"error": type(error).__name__, "turn": turn.id})
                if error.retryable:
                    raise
                return
        if stored is None:
            await self._unsay(work)
            return
        content = await self._vault.read(stored.blob)
        file = File(_NAME, content, stored.media_type, link=f"/files/{stored.token}")
        ref = await self._say(work, turn, thread, file)
        await self._record(work, turn, ref)

    def attempts(self, work: Work) -> int:
        return _ATTEMPTS

    async def give_up(self, work: Work, error: Exception) -> None:
        """The reply can be read."""

    async def _wanted(self, work: Work) -> tuple[Turn, Thread, str] | None:
        """The turn with its reply, if that is still the one to be spoken, and somebody wants and can hear it."""
        payload = work.job.payload
        async with self._store.begin() as tx:
            try:
                turn = await tx.turns.get(int(payload["turn"]))
                thread = await tx.threads.get(turn.thread_id)
                user = await tx.users.get(turn.asker)
            except NotAllowed:
                return None
            messages = await tx.turns.messages(turn.id)
        is_current = turn.version == payload["version"] and turn.state is TurnState.COMPLETED and thread.reachable
        reply = messages[-1].text if messages and messages[-1].role == "assistant" else ""
        text = speakable(reply, self._speaker.longest_chars if self._speaker else 0)
        return (turn, thread, text) if is_current and user.voice and text else None

    async def _unsay(self, work: Work) -> None:
        """What an attempt that died has said of a reply that is another one by now goes with that."""
        for step in (work.step("voice"), work.step("file")):
            if step.ref is not None:
                await self._courier.on_behalf_of(work.check).delete(step.ref)

    async def _spoken(self, work: Work, turn: Turn) -> StoredFile | None:
        """What an earlier attempt has paid for already."""
        kept = work.steps.get("spoken")
        if kept is None:
            return None
        async with self._store.begin() as tx:
            return next((file for file in await tx.files.of_turn(turn.id, turn.version) if file.id == kept), None)

    async def _speak(self, work: Work, speaker: Speaker, turn: Turn, thread: Thread, text: str) -> StoredFile | None:
        """None when the reply is another one by now."""
        async with self._store.begin() as tx:
            user = await tx.users.get(turn.asker)
        self._entering()
        speech = await speaker.speak(text, user.locale)
        async with self._vault.hold(speech.content) as blob:
            return await self._keep(work, turn, thread, speech, blob)

    async def _keep(self, work: Work, turn: Turn, thread: Thread, speech: Speech, blob: int) -> StoredFile | None:
        """As `_speak`; it is charged in any case."""
        work.check()
        async with self._store.begin() as tx:
            now = await tx.turns.hold(turn.id)
            usage = replace(speech.usage, specialist=turn.specialist)
            await tx.ledger.record_usage(turn.id, now.asker, thread.place.workspace, usage, self._clock.now())
            if now.version != turn.version or now.state is not TurnState.COMPLETED:
                return None
            stored = await tx.files.add(
                now.asker, _NAME, speech.media_type, len(speech.content), blob, turn_id=turn.id, version=turn.version
            )
            await tx.jobs.record(work.job, "spoken", stored.id)
        work.steps["spoken"] = stored.id
        return stored

    async def _say(self, work: Work, turn: Turn, thread: Thread, file: File) -> Ref | None:
        """As a voice message, or as a file where the user takes none. None when nobody can hear it any more."""
        ours, place = self._courier.on_behalf_of(work.check), thread.place
        after = turn.reply_refs[-1] if turn.reply_refs else None
        reply_to = after if ours.capabilities(place).quotes else None
        outgoing = Outgoing("", file=file, voice=True, reply_to=reply_to)
        try:
            try:
                return await ours.send(place, outgoing, priority=Priority.NOTICE, step=work.step("voice"), after=after)
            except VoiceRefused:
                plain_file = replace(outgoing, voice=False)
                return await ours.send(place, plain_file, priority=Priority.NOTICE, step=work.step("file"), after=after)
        except MessengerError as error:
            if error.retryable:
                raise
            log.info("nobody hears the reply", extra={"error": type(error).__name__, "turn": turn.id})
            return None

    async def _record(self, work: Work, turn: Turn, ref: Ref | None) -> None:
        """The message goes with the reply that it speaks; at once, when that has been made anew meanwhile."""
        is_shown = True
        async with work.finishing() as tx:
            if ref is not None:
                is_shown = await tx.turns.show_more(turn.id, turn.version, ref)
            tx.notify(thread_topic(turn.thread_id), "spoken")
        if ref is not None and not is_shown:
            await self._courier.delete(ref)
