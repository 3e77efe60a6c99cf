"""What was heard is put right by whoever said it: by a dialog, by a reply, or by what they say when asked."""

import logging
from collections.abc import Callable

from bot.addressees import Addressees
from bot.domain.action import FixAction
from bot.domain.errors import NotAllowed
from bot.domain.incoming import Filled, Incoming, Press, UserMessage
from bot.domain.media import Upload, UploadState
from bot.domain.messenger import Capabilities
from bot.domain.place import Place, Ref
from bot.domain.thread import User
from bot.lanes import fix_lane, thread_topic
from bot.refusals import Refusals
from bot.talk import Talk
from storage.store import Tx

log = logging.getLogger(__name__)

NO_FIX = FixAction(0)
"""What the button says that takes the question for the right words back."""
_FIRST = 10
"""Priority of the job that opens a dialog: the right to do that lasts seconds."""
_LATEST_UPLOADS = 30


class Fixing:
    """Every method works in the transaction it is given, with the rights of the user who acts."""

    def __init__(
        self,
        talk: Talk,
        addressees: Addressees,
        refusals: Refusals,
        capabilities: Callable[[Place], Capabilities],
    ) -> None:
        self._talk = talk
        self._addressees = addressees
        self._refusals = refusals
        self._capabilities = capabilities

    async def press(self, tx: Tx, incoming: Incoming, user: User, press: Press) -> str | None:
        """Fix or Cancel was pressed, and the wait for right words is over; Fluent key of what is said at the button,
        None when a job says it."""
        await tx.fixes.end(user.id, incoming.place)
        action = FixAction.parse(press.action)
        if action is None:
            return "old-button"
        if action == NO_FIX:
            if press.ref is not None:
                await self._take_down(tx, user, [press.ref])
            return "fix-cancelled"
        try:
            upload = await tx.uploads.get(action.upload)
            await tx.turns.asked_by(upload.turn_id, user.id)
        except NotAllowed as error:
            log.warning("a press on what is not theirs")
            return error.sentence
        if not _is_heard(upload):
            return "old-button"
        payload = {
            "user": user.id,
            "place": str(incoming.place),
            "press": press.press,
            "upload": upload.id,
            "locale": user.locale,
        }
        await tx.jobs.put(fix_lane(user.id), "fix", payload, priority=_FIRST)
        return None

    async def filled(self, tx: Tx, incoming: Incoming, user: User, filled: Filled) -> None:
        """A dialog, or the pencil of a page."""
        action = FixAction.parse(filled.action)
        if action is None or not await self._correct(tx, incoming, user, action.upload, filled.text):
            await self._refusals.refuse(tx, incoming, user, "refused-not-yours")

    async def is_meant(self, tx: Tx, incoming: Incoming, user: User, said: UserMessage) -> bool:
        """Whether `said` puts right what was heard, and not more: then it is done. Files are always something new."""
        if said.attachments:
            await tx.fixes.end(user.id, incoming.place)
            return False
        upload = None
        if said.reply_to is not None:
            upload = await self._answered(tx, said.reply_to)
        if upload is None:
            upload = await tx.fixes.expected(user.id, incoming.place)
        if upload is None or not await self._correct(tx, incoming, user, upload, said.text):
            return False
        if said.text.strip():
            await tx.fixes.end(user.id, incoming.place)
        return True

    async def end(self, tx: Tx, user: User, place: Place) -> None:
        """What the user says there next is not meant to put anything right."""
        await tx.fixes.end(user.id, place)

    async def forget(self, tx: Tx, user: User, said: Ref) -> None:
        """The user has deleted the message `said`: the transcripts of what was said in it go as well, as far as they
        can still be found. Call before it is deleted here."""
        thread = None
        if self._capabilities(said.place).transcripts:
            thread = await tx.threads.current(user.id, said.place)
        if thread is None:
            return
        shown = [upload for upload in await tx.uploads.of_thread(thread.id, limit=_LATEST_UPLOADS) if upload.shown]
        for turn_id in dict.fromkeys(upload.turn_id for upload in shown):
            ids = {message.id for message in await tx.turns.messages(turn_id) if message.ref == said}
            refs = [upload.shown for upload in shown if upload.message_id in ids and upload.shown is not None]
            if ids:
                await self._take_down(tx, user, refs)
                return

    async def _answered(self, tx: Tx, ref: Ref) -> int | None:
        """The upload whose transcript `ref` shows, or whose right words it asks for."""
        shown = await tx.uploads.by_shown(ref)
        return await tx.fixes.by_note(ref) if shown is None else shown.id

    async def _correct(self, tx: Tx, incoming: Incoming, user: User, upload_id: int, text: str) -> bool:
        """False when it is not the user's to correct."""
        if not text.strip():
            await self._refusals.refuse(tx, incoming, user, "fix-empty")
            return True
        if await self._talk.is_too_long(tx, incoming, user, text):
            return True
        chosen, said = self._addressees.addressed(UserMessage(None, text.strip()))
        found = await tx.uploads.correct(upload_id, user.id, said.text)
        if found is None:
            return False
        turn, is_latest = found
        payload = {"upload": upload_id, "locale": user.locale}
        await tx.jobs.put(fix_lane(user.id), "transcript", payload)
        tx.notify(thread_topic(turn.thread_id), "corrected")
        if is_latest:
            await self._talk.answer_anew(tx, incoming, user, turn, chosen)
        else:
            await self._refusals.notice(tx, incoming, user, "fix-kept")
        return True

    async def _take_down(self, tx: Tx, user: User, refs: list[Ref]) -> None:
        for ref in refs:
            await tx.jobs.put(fix_lane(user.id), "untold", {"refs": [str(ref)]})


def _is_heard(upload: Upload) -> bool:
    return upload.state is UploadState.READY and upload.sort == "speech"
