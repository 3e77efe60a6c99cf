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
        """Fix or Cancel was pressed; Fluent key of what is said at the button, None when a job says it."""
        action = FixAction.parse(press.action)
        if action is None:
            return "old-button"
        try:
            if action == NO_FIX:
                return await self._cancel(tx, user, incoming.place, press.ref)
            await self._end_asking(tx, user, incoming.place)
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
        if action is None or not await self._correct(tx, incoming, user, action.upload, filled.text, None):
            await self._refusals.refuse(tx, incoming, user, "refused-not-yours")

    async def is_meant(self, tx: Tx, incoming: Incoming, user: User, said: UserMessage) -> bool:
        """Whether `said` puts right what was heard, and not more: then it is done. Files are always something new."""
        expected = await tx.fixes.expected(user.id, incoming.place)
        upload = None
        if said.reply_to is not None and not said.attachments:
            upload = await self._answered(tx, said.reply_to)
        if upload is None and expected is not None and await self._is_next(tx, user, incoming.place, said):
            upload = expected
        if upload is not None and await self._correct(tx, incoming, user, upload, said.text, said.reply_to):
            return True
        if expected is not None:
            await tx.fixes.end(user.id, incoming.place)
        return False

    async def end(self, tx: Tx, user: User, place: Place) -> None:
        """What the user says there next is not meant to put anything right."""
        await tx.fixes.end(user.id, place)

    async def forget(self, tx: Tx, user: User, said: Ref) -> None:
        """The user has deleted the message `said`: the transcripts of what was said in it go as well, and so does the
        question for the right words. Call before it is deleted here."""
        if not self._capabilities(said.place).transcripts:
            return
        uploads = await tx.uploads.of_message(said, user.id)
        await self._take_down(tx, user, [upload.shown for upload in uploads if upload.shown is not None])
        if uploads and await tx.fixes.expected(user.id, said.place) in {upload.id for upload in uploads}:
            await self._end_asking(tx, user, said.place)

    async def _answered(self, tx: Tx, ref: Ref) -> int | None:
        """The upload whose transcript `ref` shows, or whose right words it asks for."""
        shown = await tx.uploads.by_shown(ref)
        return await tx.fixes.by_note(ref) if shown is None else shown.id

    async def _is_next(self, tx: Tx, user: User, place: Place, said: UserMessage) -> bool:
        """Whether `said` answers the question that stands there. A reply to anything else does not, unless nobody has
        written down yet where the question stands."""
        if said.attachments:
            return False
        return said.reply_to is None or await tx.fixes.note(user.id, place) is None

    async def _cancel(self, tx: Tx, user: User, place: Place, pressed: Ref | None) -> str:
        """Only whoever is asked for the right words may say that there will be none. NotAllowed."""
        asked = None if pressed is None else await tx.fixes.by_note(pressed)
        stands = await tx.fixes.note(user.id, place)
        if asked is not None:
            await tx.turns.asked_by((await tx.uploads.get(asked)).turn_id, user.id)
        elif stands is not None or await tx.fixes.expected(user.id, place) is None:
            return "old-button"
        if asked is None or _is_same(stands, pressed):
            # Of none nobody has written down yet where it stands.
            await tx.fixes.end(user.id, place)
        if pressed is not None:
            await self._take_down(tx, user, [pressed])
        return "fix-cancelled"

    async def _end_asking(self, tx: Tx, user: User, place: Place, answered: Ref | None = None) -> None:
        """No right words are waited for any more, and the question for them goes, also the old one that was
        `answered`."""
        stands = await tx.fixes.note(user.id, place)
        await tx.fixes.end(user.id, place)
        if answered is not None and not _is_same(stands, answered) and await tx.fixes.by_note(answered) is not None:
            await self._take_down(tx, user, [answered])
        if stands is not None:
            await self._take_down(tx, user, [stands])

    async def _correct(
        self, tx: Tx, incoming: Incoming, user: User, upload_id: int, text: str, answered: Ref | None
    ) -> bool:
        """False when it is not the user's to correct. `answered` is the message that `text` replies to."""
        if not text.strip():
            await self._refusals.refuse(tx, incoming, user, "fix-empty")
            return True
        if await self._talk.is_too_long(tx, incoming, user, text):
            return True
        chosen, said = self._addressees.addressed(UserMessage(None, text.strip()))
        found = await tx.uploads.correct(upload_id, user.id, said.text)
        if found is None:
            return False
        await self._end_asking(tx, user, incoming.place, answered)
        if not found.changed and chosen is None:
            await self._refusals.notice(tx, incoming, user, "fix-cancelled")
            return True
        payload = {"upload": upload_id, "locale": user.locale}
        await tx.jobs.put(fix_lane(user.id), "transcript", payload)
        tx.notify(thread_topic(found.turn.thread_id), "corrected")
        if found.is_latest:
            await self._talk.answer_anew(tx, incoming, user, found.turn, chosen)
        else:
            await self._refusals.notice(tx, incoming, user, "fix-kept")
        return True

    async def _take_down(self, tx: Tx, user: User, refs: list[Ref]) -> None:
        for ref in refs:
            await tx.jobs.put(fix_lane(user.id), "untold", {"refs": [str(ref)]})


def _is_same(one: Ref | None, other: Ref | None) -> bool:
    """Whether both are the same message, in whichever topic it is told of."""
    return one is not None and other is not None and (one.place.room, one.message) == (other.place.room, other.message)


def _is_heard(upload: Upload) -> bool:
    return upload.state is UploadState.READY and upload.sort == "speech"
