"""What users say becomes turns of threads; what they correct or take back changes them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.addressees import Addressees
from bot.domain.incoming import Attachment, Incoming, UserDeletion, UserEdit, UserMessage
from bot.domain.media import Upload, UploadState
from bot.domain.messenger import Capabilities
from bot.domain.place import Place
from bot.domain.ports import Clock
from bot.domain.thread import Thread, Turn, TurnState, User
from bot.lanes import thread_lane, thread_topic
from bot.queue import TurnQueue
from bot.refusals import Refusals
from bot.texts import Texts
from bot.upkeep import put_taking_down
from storage.store import Tx

log = logging.getLogger(__name__)

_ALBUM_SECONDS = 1.0
"""How long the parts of an album are waited for, where bursts are not or for less."""
_BURST_MESSAGES = 30
"""A burst longer than this is cut, so that nobody who never pauses waits for ever."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    burst_seconds: float = 0.8
    """Messages of one user that follow each other within this time are one turn."""
    waiting_turns: int = 20
    """Turns that may wait in one thread; the next one is refused with a sentence."""
    text_chars: int = 100_000
    turns_per_minute: int = 0
    """Turns that one user may begin in a minute; 0 for no limit."""
    files_per_turn: int = 10
    """Further files of one turn are left alone, and the user is told so."""


class Talk:
    """Every method works in the transaction it is given."""

    def __init__(
        self,
        *,
        clock: Clock,
        limits: IntakeLimits,
        capabilities: Callable[[Place], Capabilities],
        addressees: Addressees,
        queue: TurnQueue,
        refusals: Refusals,
        texts: Texts,
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._capabilities = capabilities
        self._addressees = addressees
        self._queue = queue
        self._refusals = refusals
        self._texts = texts

    async def thread(self, tx: Tx, user: User, place: Place) -> Thread:
        """The thread that the user speaks in at `place`, from now on if there was none."""
        thread = await tx.threads.here(user.id, place, shared=self._capabilities(place).shared)
        if not thread.reachable:
            await tx.threads.set_reachable(place, True)
        return thread

    async def hand_to(self, tx: Tx, thread_id: int, chosen: str) -> None:
        """From now on that one answers the thread, or whoever fits best when the name is empty."""
        await tx.threads.set_specialist(thread_id, chosen)
        tx.notify(thread_topic(thread_id), "assigned")

    async def message(
        self, tx: Tx, incoming: Incoming, user: User, said: UserMessage, chosen: str | None = None
    ) -> None:
        """`chosen` answers from now on (see `hand_to`), when the user has just said who should."""
        if chosen is None:
            chosen, said = self._addressees.addressed(said)
        if not said.text.strip() and not said.attachments:
            await self._refusals.refuse(tx, incoming, user, "empty-message")
            return
        if await self.is_too_long(tx, incoming, user, said.text):
            return
        thread = await self.thread(tx, user, incoming.place)
        if chosen is not None:
            await self.hand_to(tx, thread.id, chosen)
            thread = replace(thread, specialist=chosen)
        latest = await tx.turns.latest(thread.id)
        turn = None
        # Of an album any part may have the caption that says who should answer all of it.
        if chosen is None or (said.album and latest is not None and await tx.uploads.of_turn(latest.id)):
            turn = await self._merge(tx, user, latest, said, thread.place)
        if turn is not None and chosen is not None:
            await tx.turns.assign(turn.id, chosen)
        if turn is None:
            turn = await self._new_turn(tx, incoming, user, thread, said, latest)
        if turn is None:
            return
        await tx.updates.expects_reply(incoming.id, turn.id)
        tx.notify(thread_topic(thread.id), "queued")

    async def edit(self, tx: Tx, incoming: Incoming, user: User, edit: UserEdit) -> None:
        """A change of the thread's latest user message is answered anew in the same bubble; older ones are history.
        Words may be taken away altogether only from files."""
        if not edit.text.strip() and not any(one.caption for one in await tx.uploads.of_message(edit.ref, user.id)):
            log.info("an edit without text is left alone")
            return
        if await self.is_too_long(tx, incoming, user, edit.text):
            return
        chosen, said = self._addressees.addressed(UserMessage(edit.ref, edit.text))
        found = await tx.turns.replace_message(edit.ref, user.id, said.text)
        if found is None:
            return
        turn, latest = found
        if latest:
            await self.answer_anew(tx, incoming, user, turn, chosen)

    async def answer_anew(self, tx: Tx, incoming: Incoming, user: User, turn: Turn, chosen: str | None) -> None:
        """What was said in the thread's latest turn has changed: it is answered in the same bubble, by `chosen` when
        the user has said who should."""
        if not await self.within_rate(tx, user):
            await self._too_fast(tx, incoming, user)
            return
        await tx.updates.expects_reply(incoming.id, turn.id)
        if chosen is not None:
            await self.hand_to(tx, turn.thread_id, chosen)
            await tx.turns.assign(turn.id, chosen)
        await self._queue.again(tx, turn, keeps=False)

    async def deletion(self, tx: Tx, user: User, deletion: UserDeletion) -> None:
        """What the user said is not known any more, and no reply is begun or goes on that would answer it."""
        found = await tx.turns.delete_message(deletion.ref, user.id)
        if found is None:
            return
        turn, _ = found
        if await tx.threads.untitle(turn.thread_id, turn.id):
            await put_taking_down(tx, turn.thread_id)
        is_empty = all(message.role != "user" for message in await tx.turns.messages(turn.id))
        await self._queue.take_back(tx, turn, is_empty=is_empty)
        tx.notify(thread_topic(turn.thread_id), "deleted")

    async def within_rate(self, tx: Tx, user: User) -> bool:
        """Count a turn that is to begin; whether the user may have it now."""
        if not self._limits.turns_per_minute:
            return True
        minute = self._clock.now().strftime("%Y-%m-%dT%H:%M")
        return await tx.counters.add(f"turns:user:{user.id}", minute) <= self._limits.turns_per_minute

    async def is_too_long(self, tx: Tx, incoming: Incoming, user: User, text: str) -> bool:
        """Whether nobody reads that much; the user is told so."""
        if len(text) <= self._limits.text_chars:
            return False
        await self._refusals.refuse(tx, incoming, user, "too-long", limit=self._limits.text_chars)
        return True

    async def _too_fast(self, tx: Tx, incoming: Incoming, user: User) -> None:
        await self._refusals.refuse(tx, incoming, user, "too-fast", seconds=60 - self._clock.now().second)

    async def _merge(self, tx: Tx, user: User, latest: Turn | None, said: UserMessage, place: Place) -> Turn | None:
        """The turn of the burst that `said` belongs to; None when it begins a new one.

        A burst is over when its job is due, by the one clock that all processes share, the database's; or when
        somebody else has spoken. Where bursts are not, only an album makes a turn wait, and only its parts join it.
        """
        burst = self._gathering_seconds(place, said)
        if burst <= 0 or latest is None or latest.state is not TurnState.QUEUED or latest.version > 1:
            return None
        job = await tx.turns.job_of(latest.id)
        if job is None or latest.asker != user.id or len(await tx.turns.messages(latest.id)) >= _BURST_MESSAGES:
            return None
        if not await tx.jobs.postpone(job, delay_seconds=burst):
            return None
        await self._add(tx, user, latest, said)
        return latest

    async def _new_turn(
        self, tx: Tx, incoming: Incoming, user: User, thread: Thread, said: UserMessage, latest: Turn | None
    ) -> Turn | None:
        """A queued turn with its job; None when the user was told that it cannot be taken."""
        lane = thread_lane(thread.id)
        if await tx.jobs.waiting(lane) >= self._limits.waiting_turns:
            await self._refusals.refuse(tx, incoming, user, "queue-full")
            return None
        if not await self.within_rate(tx, user):
            await self._too_fast(tx, incoming, user)
            return None
        await self._end_waiting(tx, user, thread, latest)
        specialist = self._addressees.in_force(thread.specialist)
        asker = user.id if thread.shared else None
        turn = await tx.turns.create(thread.id, "" if specialist is None else specialist.name, asker=asker)
        await self._add(tx, user, turn, said)
        await self._queue.put(tx, turn, delay_seconds=self._gathering_seconds(thread.place, said))
        if specialist is not None and specialist.interrupt and await self._may_interrupt(tx, user, thread):
            await tx.jobs.stop(lane)
        return turn

    async def _may_interrupt(self, tx: Tx, user: User, thread: Thread) -> bool:
        """A new question ends the reply to an earlier one of the same person, never to somebody else's."""
        if not thread.shared:
            return True
        running = await tx.turns.running(thread.id)
        return running is not None and running.asker == user.id

    async def _end_waiting(self, tx: Tx, user: User, thread: Thread, latest: Turn | None) -> None:
        """What the one who is asked for a decision says instead is a no; what others say is none."""
        if thread.shared:
            waiting = await tx.turns.waiting_for_action(thread.id)
        else:
            waiting = [latest] if latest is not None and latest.state is TurnState.REQUIRES_ACTION else []
        for turn in waiting:
            if turn.asker == user.id:
                await self._queue.end(tx, turn)

    async def _add(self, tx: Tx, user: User, turn: Turn, said: UserMessage) -> None:
        """One message of the turn, with what came with it. Nothing of that is fetched yet, and what is no file at all
        becomes words at once."""
        message = await tx.turns.add_message(turn.id, "user", said.text, said.ref, cut=said.cut)
        if not said.attachments:
            return
        uploads = await tx.uploads.add(message, said.attachments)
        files = [upload for upload in uploads if is_file(upload.attachment)]
        for upload in uploads:
            if not is_file(upload.attachment):
                text = self._thing(user.locale, upload.attachment)
                await tx.uploads.ready(upload.id, sort="thing", text=text)
        new = {upload.id for upload in files}
        earlier = [one for one in await tx.uploads.of_turn(turn.id) if one.id not in new and _counts(one)]
        room = max(0, self._limits.files_per_turn - len(earlier))
        for upload in files[room:]:
            await tx.uploads.refuse(upload.id, "file-too-many", {"count": self._limits.files_per_turn})

    def _thing(self, locale: str, attachment: Attachment) -> str:
        if attachment.kind == "sticker":
            return attachment.name.strip() or self._texts.say(locale, "thing-sticker")
        key = f"thing-{attachment.kind}" if attachment.kind in ("location", "contact") else "thing-other"
        return self._texts.say(locale, key, what=attachment.name)

    def _gathering_seconds(self, place: Place, said: UserMessage) -> float:
        burst = self._limits.burst_seconds if self._capabilities(place).bursts else 0.0
        return max(burst, _ALBUM_SECONDS) if said.album else burst


def is_file(attachment: Attachment) -> bool:
    """Whether there is anything to fetch that says more than its name."""
    return bool(attachment.file) and attachment.kind != "sticker"


def _counts(upload: Upload) -> bool:
    return is_file(upload.attachment) and upload.state is not UploadState.REFUSED
