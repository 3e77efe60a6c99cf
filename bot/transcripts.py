"""What was heard, shown to whoever said it, with a way to put it right."""

import logging
from collections.abc import Callable

from bot.budget import Priority
from bot.courier import Courier
from bot.domain.action import FixAction
from bot.domain.errors import Blocked, MessengerError, NotAllowed
from bot.domain.media import Upload, UploadState
from bot.domain.messenger import Button, Buttons, Dialog, Outgoing
from bot.domain.place import Place, Ref
from bot.fixing import NO_FIX
from bot.lanes import fix_lane
from bot.markdown.plain import literal
from bot.scene import Scene
from bot.texts import Texts
from bot.work import Handler, Work
from storage.store import Store

log = logging.getLogger(__name__)

FIX_SECONDS = 600.0
"""How long the next message of whoever wants to put something right is taken for that."""


class Transcripts(Handler):
    """Shows transcripts in the course of a turn, and is the handler of jobs about those that are shown.

    `fix` (`user`, `place`, `press`, `upload`, `locale`): ask for the right words. `transcript` (`upload`, `locale`):
    the message reads what was heard as it is now. `untold` (`refs`): those messages go.
    """

    def __init__(self, store: Store, courier: Courier, texts: Texts) -> None:
        self._store = store
        self._courier = courier
        self._texts = texts

    async def show(self, work: Work, scene: Scene) -> None:
        """Say what was heard in this turn and is not shown yet, in order, where the place does not show it itself.

        Only what ends the conversation is raised, and what may pass; a transcript that cannot be said holds up nothing.
        """
        place = scene.thread.place
        if not self._courier.capabilities(place).transcripts:
            return
        new = [
            one for one in scene.uploads if one.state is UploadState.READY and one.sort == "speech" and not one.shown
        ]
        if new:
            await self._make_room(work)
        for upload in new:
            await self._show(work, scene, upload)

    async def _make_room(self, work: Work) -> None:
        """What was heard stands above what answers it; so a reply that failed before, in an earlier job, is not there
        any more."""
        number = 0
        while (ref := (page := work.step(f"page:{number}")).ref) is not None:
            try:
                await self._courier.on_behalf_of(work.check).delete(ref)
            except Blocked:
                raise
            except MessengerError as error:
                log.info("a failed reply stays", extra={"error": type(error).__name__})
                return
            await page.forget()
            number += 1

    async def _show(self, work: Work, scene: Scene, upload: Upload) -> None:
        place, ours = scene.thread.place, self._courier.on_behalf_of(work.check)
        voice = next((message.ref for message in scene.said if message.id == upload.message_id), None)
        outgoing = self._transcript(place, scene.user.locale, upload)
        if voice is not None and ours.capabilities(place).quotes:
            outgoing = Outgoing(outgoing.text, outgoing.buttons, reply_to=voice)
        after = scene.said[-1].ref if scene.said else None
        try:
            step = work.step(f"transcript:{upload.id}")
            ref = await ours.send(place, outgoing, priority=Priority.NOTICE, step=step, after=after)
        except Blocked:
            raise
        except MessengerError as error:
            if error.retryable:
                raise
            log.warning("a transcript is not shown", extra={"upload": upload.id, "error": type(error).__name__})
            return
        work.check()
        async with self._store.begin() as tx:
            if not await tx.uploads.show(upload.id, ref):
                # It was taken back while it was being said.
                await tx.jobs.put(fix_lane(scene.user.id), "untold", {"refs": [str(ref)]})

    async def run(self, work: Work) -> None:
        match work.job.kind:
            case "fix":
                await self._ask(work)
            case "transcript":
                await self._correct(work)
            case _:
                for ref in map(Ref.parse, work.job.payload["refs"]):
                    await self._courier.on_behalf_of(work.check).delete(ref)

    async def give_up(self, work: Work, error: Exception) -> None:
        """What stands in the chat is old then; the worker logs it."""

    async def _ask(self, work: Work) -> None:
        """By a dialog where there are such; else by a note, whose answer is awaited."""
        payload = work.job.payload
        place, press, locale = Place.parse(payload["place"]), payload["press"], payload["locale"]
        upload = await self._find(int(payload["upload"]))
        if upload is None:
            await self._courier.acknowledge(place, press, self._texts.say(locale, "old-button"))
            return
        if not await self._courier.ask(place, press, self._dialog(locale, upload)):
            await self._courier.acknowledge(place, press, "")
            await self._send_note(work, place, locale, upload)

    async def _send_note(self, work: Work, place: Place, locale: str, upload: Upload) -> None:
        """The answer is expected before it is asked for: it may be there at once, and then the question goes."""
        user, ours, step = int(work.job.payload["user"]), self._courier.on_behalf_of(work.check), work.step("note")
        async with self._store.begin() as tx:
            said = await tx.turns.messages(upload.turn_id)
            if step.ref is None and step.begun is None:
                await tx.fixes.expect(user, place, upload.id, FIX_SECONDS, None)
        voice = next((message.ref for message in said if message.id == upload.message_id), None)
        note = Outgoing(
            self._texts.say(locale, "fix-note"),
            ((Button(self._texts.say(locale, "button-cancel-fix"), str(NO_FIX)),),),
            reply_to=voice if ours.capabilities(place).quotes else None,
            asks=self._texts.say(locale, "fix-placeholder"),
        )
        ref = await ours.send(place, note, priority=Priority.NOTICE, step=step, after=upload.shown)
        async with self._store.begin() as tx:
            is_expected = await tx.fixes.expected(user, place) == upload.id
            if is_expected:
                await tx.fixes.expect(user, place, upload.id, FIX_SECONDS, ref)
        if not is_expected:
            await ours.delete(ref)

    def _dialog(self, locale: str, upload: Upload) -> Dialog:
        title, label, submit, cancel = (
            self._texts.say(locale, key) for key in ("fix-title", "fix-label", "fix-submit", "fix-cancel")
        )
        return Dialog(title, label, submit, cancel, str(FixAction(upload.id)), upload.text)

    async def _correct(self, work: Work) -> None:
        upload = await self._find(int(work.job.payload["upload"]))
        if upload is None or upload.shown is None:
            return
        outgoing = self._transcript(upload.shown.place, work.job.payload["locale"], upload)
        await self._courier.on_behalf_of(work.check).edit(upload.shown, outgoing, priority=Priority.NOTICE)

    def _transcript(self, place: Place, locale: str, upload: Upload) -> Outgoing:
        button = Button(self._texts.say(locale, "button-fix"), str(FixAction(upload.id)))
        buttons: Buttons = ((button,),)
        return Outgoing(quoted(upload.text, lambda text: self._courier.fits(place, text)), buttons)

    async def _find(self, upload_id: int) -> Upload | None:
        try:
            async with self._store.begin() as tx:
                return await tx.uploads.get(upload_id)
        except NotAllowed:
            return None


def quoted(text: str, fits: Callable[[str], bool]) -> str:
    """What was heard as quoted lines that `fits` takes; of what is too long for one message only the beginning."""
    whole = _quoted(text)
    if fits(whole):
        return whole
    least, most = 0, len(text)
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if fits(_quoted(text[:middle] + " […]")) else (least, middle)
    return _quoted(text[:least] + " […]")


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in f"🎤 {literal(text)}".splitlines())
