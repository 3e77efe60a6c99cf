"""The messages of a messenger that show one reply: pages that grow, roll over, settle, and survive a crash."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bot.budget import Priority
from bot.courier import Courier
from bot.domain.errors import MessageGone, MessengerError, Unrenderable
from bot.domain.messenger import Buttons, Delta, File, Outgoing
from bot.domain.place import Place, Ref
from bot.markdown.long_code import CodeFile, lift_long_code
from bot.markdown.pages import Page, paginate
from bot.markdown.plain import literal, plain
from bot.work import SendStep, Work

log = logging.getLogger(__name__)

_PLAIN_CHARS = 3_000
"""A page that a platform refuses to render is said again in plain pieces of this size, which every platform takes."""


@dataclass(slots=True)
class Growing:
    """A reply as far as it has come."""

    text: str = ""
    thinking: str = ""
    status: str = ""
    lead: str = ""
    """Stands above the text and is no part of it, as in who speaks."""

    @property
    def is_visible(self) -> bool:
        return bool(self.text.strip() or self.thinking.strip() or self.status)


@dataclass(slots=True)
class Bubble:
    """Shows one reply in `place`. `courier` already speaks on behalf of `work`.

    Page `n` is the message recorded as step `page:n`; finished pages never change while the text grows.
    """

    work: Work
    courier: Courier
    place: Place
    reply_to: Ref | None
    after: Ref | None
    """A message older than all of these."""
    code_note: Callable[[str], str]
    """The sentence that stands where the rest of a long code block went into a file of the given name."""
    old_files: tuple[Ref, ...] = ()
    """Messages with files of the reply that this one replaces; they go when this one is said."""
    _confirmed: dict[int, tuple[str, Buttons]] = field(default_factory=dict)
    """What finished pages read, as far as this attempt has seen it done."""
    _ends: list[int] = field(default_factory=list)
    """Where the pages that were shown in full end."""
    _shown_chars: int = 0
    _shown: tuple[str, str, str] = ("", "", "")

    async def preview(self, now: Growing, buttons: Buttons) -> None:
        """Show how far the reply has come, as well as the place allows; may do nothing."""
        text = self._lifted(now.lead + now.text)[0]
        pages = self._paginate(text)
        for page in pages[len(self._ends) : -1]:
            number = len(self._ends)
            await self._say(number, Outgoing(page.text, reply_to=self._quoted(number)), Priority.NOTICE)
            self._confirmed[number] = page.text, ()
            self._ends.append(page.end)
        await self._preview_tail(len(pages) - 1, pages[-1].text, now, buttons)

    async def settle(self, text: str, buttons: Buttons, attachments: Sequence[File] = ()) -> "Settled":
        """Make the messages say exactly `text`, `buttons` under the last, whatever was shown before.

        Files follow: what became of long code, then `attachments`.
        """
        lifted, files = self._lifted(text)
        pages = [page.text for page in self._paginate(lifted)]
        refs: list[Ref] = []
        for number, page in enumerate(pages):
            last = number == len(pages) - 1
            refs += await self._say_somehow(number, page, buttons if last else ())
        await self._delete_surplus(len(pages))
        below = [
            await self._say_file(number, file) for number, file in enumerate((*map(_code_file, files), *attachments))
        ]
        await self._delete(ref for ref in self.old_files if ref not in below)
        return Settled(tuple(refs), tuple(below))

    def _lifted(self, text: str) -> tuple[str, tuple[CodeFile, ...]]:
        limit = self.courier.capabilities(self.place).long_code_chars
        lifted = lift_long_code(text, limit, self.code_note)
        return lifted.text, lifted.files

    def _paginate(self, text: str) -> Sequence[Page]:
        ends = self._ends if not self._ends or self._ends[-1] <= len(text) else []
        return paginate(text, lambda page: self.courier.fits(self.place, page), ends) or [Page("", 0, 0)]

    def _quoted(self, number: int) -> Ref | None:
        return self.reply_to if number == 0 else None

    def _step(self, number: int) -> SendStep:
        return self.work.step(f"page:{number}")

    async def _preview_tail(self, number: int, text: str, now: Growing, buttons: Buttons) -> None:
        ref = self._step(number).ref
        facts = self.courier.capabilities(self.place)

        def latest() -> Outgoing:
            return Outgoing(text, buttons, now.thinking, now.status, streaming=True, reply_to=self._quoted(number))

        if facts.streaming == "appends":
            await self._append(await self._say(number, latest(), Priority.NOTICE) if ref is None else ref, text, now)
        elif ref is not None:
            await self.courier.preview(ref, latest)
        elif facts.streaming == "drafts":
            await self.courier.draft(self.place, draft_id(self.work.job.id, number), latest)
        else:
            await self._say(number, latest(), Priority.NOTICE)

    async def _append(self, ref: Ref, text: str, now: Growing) -> None:
        if (text, now.thinking, now.status) == self._shown:
            return
        offset = self._shown_chars if text.startswith(self._shown[0]) else 0
        if await self.courier.append(ref, lambda: Delta(offset, text[offset:], now.thinking, now.status)):
            self._shown_chars = len(text)
            self._shown = (text, now.thinking, now.status)

    async def _say(self, number: int, outgoing: Outgoing, priority: Priority) -> Ref:
        """Make page `number` read `outgoing`: by an edit when its message exists, else by sending it."""
        step = self._step(number)
        if step.ref is not None:
            try:
                return await self.courier.edit(step.ref, outgoing, priority=priority)
            except MessageGone:
                log.info("a page was deleted and is said again", extra={"page": number})
                await step.forget()
        return await self.courier.send(self.place, outgoing, priority=priority, step=step, after=self.after)

    async def _say_somehow(self, number: int, text: str, buttons: Buttons) -> list[Ref]:
        """The page as rendered Markdown or, when the platform refuses that, as plain pieces: it lands."""
        ref = self._step(number).ref
        if ref is not None and self._confirmed.get(number) == (text, buttons):
            return [ref]
        try:
            outgoing = Outgoing(text, buttons, reply_to=self._quoted(number))
            return [await self._say(number, outgoing, Priority.FINAL)]
        except Unrenderable:
            log.warning("a page was refused and goes out as plain text", extra={"page": number, "chars": len(text)})
        pieces = _plain_pieces(text)
        refs = []
        for index, piece in enumerate(pieces):
            outgoing = Outgoing(piece, buttons if index == len(pieces) - 1 else ())
            if index == 0:
                refs.append(await self._say(number, outgoing, Priority.FINAL))
            else:
                step = self.work.step(f"page:{number}.{index}")
                refs.append(await self.courier.send(self.place, outgoing, priority=Priority.FINAL, step=step))
        return refs

    async def _say_file(self, number: int, file: File) -> Ref:
        step = self.work.step(f"file:{number}")
        return await self.courier.send(self.place, Outgoing("", file=file), priority=Priority.FINAL, step=step)

    async def _delete(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            try:
                await self.courier.delete(ref)
            except MessengerError:
                log.warning("could not delete a message of the replaced reply")

    async def _delete_surplus(self, number: int) -> None:
        """Pages that an earlier, longer version of the reply needed."""
        while (ref := self._step(number).ref) is not None:
            await self._delete((ref,))
            await self._step(number).forget()
            number += 1


@dataclass(frozen=True, slots=True)
class Settled:
    """The messages that show a whole reply."""

    pages: tuple[Ref, ...]
    files: tuple[Ref, ...]


NOTHING_SHOWN = Settled((), ())


def draft_id(job_id: int, page: int) -> int:
    """Not zero, inside 31 bits, the same on every attempt."""
    return (job_id * 64 + page) % (2**31 - 1) + 1


def _code_file(file: CodeFile) -> File:
    return File(file.name, file.text.encode("utf-8", "replace"), "text/plain; charset=utf-8")


def _plain_pieces(text: str) -> list[str]:
    return [page.text for page in paginate(literal(plain(text)), lambda piece: len(piece) <= _PLAIN_CHARS)] or ["…"]
